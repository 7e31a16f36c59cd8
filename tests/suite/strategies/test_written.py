"""A plan that was written reads as the same plan."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from strategies import attributes, bodies, digests, part_lists, preconditions
from strategies.commits import right_commits, wrong_commits
from strategies.digests import Lines
from strategies.family import Family
from strategies.part_edits import Drop, Replace
from strategies.plan import ABSENT, CommitPlan
from strategies.written import NotAPlan, NotWritable, read, read_plan, written

many = settings(max_examples=300, suppress_health_check=list(HealthCheck))


def families() -> Iterator[Family]:
    for module in (part_lists, digests, bodies, preconditions, attributes):
        yield from (value for value in vars(module).values() if isinstance(value, Family))


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(written(value)))


def stays(plan: CommitPlan) -> None:
    again = read_plan(through_json(plan))
    assert repr(again) == repr(plan)
    assert str(again) == str(plan)


@pytest.mark.parametrize("family", [*families()], ids=lambda family: family.name)
def test_the_fixed_plans_of_every_family(family: Family) -> None:
    for plan in family.first(None):
        stays(plan)


@given(wrong_commits())
@many
def test_wrong_commits(plan: CommitPlan) -> None:
    stays(plan)


@given(right_commits())
@many
def test_right_commits(plan: CommitPlan) -> None:
    stays(plan)


def test_what_is_as_usual_is_left_out() -> None:
    assert written(CommitPlan()) == {"is": "CommitPlan"}
    assert written(CommitPlan(parts=(Drop(at=0),))) == {
        "is": "CommitPlan",
        "parts": {"tuple": [{"is": "Drop", "at": 0}]},
    }


@pytest.mark.parametrize(
    "value",
    [
        False,
        0,
        -0.0,
        0.0,
        math.inf,
        -math.inf,
        10**400,
        "\ud800",
        b"\xff\x00",
        ABSENT,
        {"is": "Drop"},
        {"tuple": [1]},
        {},
        [],
        (),
        [(1,), {"a": [None]}],
    ],
    ids=repr,
)
def test_values_that_are_easily_mistaken(value: Any) -> None:
    again = read(through_json(Replace(value=value))).value
    assert type(again) is type(value)
    assert repr(again) == repr(value)


def test_no_number_stays_no_number() -> None:
    assert math.isnan(read(through_json(math.nan)))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"is": "Rubbish"}, "'Rubbish' is not known here"),
        ({"is": "Drop", "speed": 3}, "Drop: .*speed"),
        ({"is": "Drop"}, "Drop: .*at"),
        ({"bytes": "%%%"}, "stands for nothing"),
        ({"value": "EVERYTHING"}, "stands for nothing"),
        ({"tuple": 3}, "stands for nothing"),
        ({}, "stands for nothing"),
        ({"object": [["a"]]}, "stands for nothing"),
        (3, "3 is not a plan|is not a plan"),
        ({"is": "Drop", "at": 0}, "is not a plan"),
    ],
)
def test_what_is_no_plan_is_told(data: Any, told: str) -> None:
    with pytest.raises(NotAPlan, match=told):
        read_plan(data)


def test_what_has_no_such_form_is_not_written() -> None:
    with pytest.raises(NotWritable, match="object cannot be written"):
        written(CommitPlan(digest=Lines(values=(object(),))))  # type: ignore[arg-type]
