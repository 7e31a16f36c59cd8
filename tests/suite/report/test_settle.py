"""What several processes say of one run, settled to what one would have said."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

from commit_conformance.report.runs.settle import IN_PASSING, Settlement

Line = dict[str, Any]


def line(rule: str, verdict: str = "passed", **changes: Any) -> Line:
    base = {
        "rule": rule,
        "verdict": verdict,
        "level": "implied",
        "gating": True,
        "known": None,
        "reason": "",
        "test": "t",
    }
    return {**base, **changes}


def settled(lines: Iterable[Line], seen: Iterable[str] = (), **options: Any) -> dict[str, Line]:
    settlement = Settlement(gate=["implied"], **options)
    told = [told for each in lines for told in settlement.take(each)]
    told += settlement.end(frozenset(seen))
    return {each["rule"]: each for each in told}


def test_lines_that_depend_on_nothing_are_told_at_once_and_as_they_are() -> None:
    settlement = Settlement(gate=["implied"])
    assert list(settlement.take(line("A"))) == [line("A")]
    assert list(settlement.end(())) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_rule_is_blocked_by_what_failed_elsewhere_whatever_comes_first(order: tuple[int, ...]) -> None:
    lines = [
        line("A", "failed", failure={"message": "no"}),
        line("B", "failed", builds_on=["A"], failure={"message": "no"}, observation=None),
        line("C", builds_on=["B", "A"]),
    ]
    told = settled(lines[at] for at in order)
    assert {rule: each["verdict"] for rule, each in told.items()} == {"A": "failed", "B": "blocked", "C": "blocked"}
    assert told["B"]["failure"] is None
    # B was blocked itself, so that it is A that C is blocked by.
    assert told["C"]["reason"] == "builds on A, which failed"
    assert all("builds_on" not in each for each in told.values())


def test_what_failed_in_passing_blocks_nothing() -> None:
    told = settled([line("A"), line("B", builds_on=["A"]), line("A", "failed", test=IN_PASSING)])
    assert told["B"]["verdict"] == "passed"


def test_a_rule_that_builds_on_a_known_failure_is_excused_with_it() -> None:
    known = {"rule": "A", "reason": "ticket 7", "flaky": False}
    told = settled([line("A", "failed", known=known, gating=False), line("B", builds_on=["A"])])
    assert (told["B"]["gating"], told["B"]["known"]) == (False, known)


def test_what_was_waited_for_in_vain_and_seen_elsewhere_was_tested() -> None:
    waited = [
        line("A", "unsupported", awaits="202", reason="never answered 202"),
        line("B", "blocked", awaits="409", reason="nothing of the kind"),
        line("C", "unsupported", awaits="202", level="observed", gating=False),
        line("D", "blocked", awaits="429", reason="nothing of the kind"),
    ]
    told = settled(waited, seen=["202", "409"])
    assert {rule: (each["verdict"], each["reason"]) for rule, each in told.items()} == {
        "A": ("passed", ""),
        "B": ("passed", ""),
        "C": ("observed", ""),
        "D": ("blocked", "nothing of the kind"),
    }
    assert told["D"]["awaits"] == "429"  # somebody else may still have seen it


def test_a_rule_excused_while_it_was_blocked_decides_again_once_it_passes() -> None:
    known = {"rule": "A", "reason": "ticket 7", "flaky": False}
    blocked = line("A", "blocked", awaits="409", known=known, gating=False)
    assert settled([blocked], seen=["409"])["A"]["gating"] is True
    flaky = line("A", "blocked", awaits="409", known={**known, "flaky": True}, gating=False)
    assert settled([flaky], seen=["409"])["A"]["gating"] is False


def test_what_builds_on_rules_that_never_come_is_told_in_the_end() -> None:
    told = settled([line("B", builds_on=["A"]), line("C", builds_on=["B", "A"])])
    assert told["B"] == line("B", builds_on=["A"])
    assert told["C"]["verdict"] == "passed"


@pytest.mark.parametrize("first", [True, False])
def test_a_walk_fails_only_where_nothing_else_does(first: bool) -> None:
    walk, other = line("W", "failed", yields=True, reason="lost a file"), line("A", "failed", test=IN_PASSING)
    told = settled([walk, other] if first else [other, walk])
    assert told["W"]["verdict"] == "blocked"
    assert told["W"]["reason"] == "a walk met the same or another mistake (lost a file); mend A first"
    assert settled([walk, line("A")])["W"]["verdict"] == "failed"


def test_only_rules_that_are_expected_are_waited_for() -> None:
    settlement = Settlement(gate=["implied"], expected=["B"])
    assert [each["rule"] for each in settlement.take(line("B", builds_on=["A"]))] == ["B"]


@pytest.mark.parametrize("first", [True, False])
def test_what_was_seen_by_a_test_that_would_not_have_been_run_is_void(first: bool) -> None:
    """Its own test passed; and so it did where the finding came up before that was told."""
    needed = line("A", "failed")
    passing = line("B", "failed", test=IN_PASSING, unless=["A"])
    own = line("C", "failed", unless=["A"], failure={"message": "no"})
    lines = [needed, line("B"), passing, own] if first else [own, passing, line("B"), needed]
    settlement = Settlement(gate=["implied"])
    told = [told for each in lines for told in settlement.take(each)] + list(settlement.end(()))
    assert sorted((each["rule"], each["verdict"]) for each in told) == [
        ("A", "failed"),
        ("B", "passed"),
        ("C", "passed"),
    ]
    assert next(each for each in told if each["rule"] == "C")["failure"] is None
    assert all("unless" not in each for each in told)


def test_what_was_seen_in_passing_counts_where_what_its_test_builds_on_is_kept_or_unknown() -> None:
    passing = line("B", "failed", test=IN_PASSING, unless=["A"])
    assert settled([line("A"), passing])["B"] == line("B", "failed", test=IN_PASSING)
    assert settled([passing])["B"] == passing  # somebody else may still say it
