"""How long a run still takes: from an earlier run, else at most from the budget, else not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.report.time_left import TimeLeft, earlier_seconds, time_left

EARLIER = {rule: float(number) for number, rule in enumerate("abcdefgh", 1)}


def left(**given: Any) -> TimeLeft | None:
    usual: dict[str, Any] = {
        "elapsed": 30.0,
        "done": list("abcde"),
        "to_come": list("fgh"),
        "earlier": {},
        "requests": (100, None),
        "most": None,
    }
    return time_left(**{**usual, **given})


def test_an_earlier_run_says_how_long_each_rule_takes_and_this_one_how_much_slower_it_is() -> None:
    assert left(earlier=EARLIER) == TimeLeft(seconds=30.0 / 15.0 * (6 + 7 + 8), at_most=False)


def test_a_rule_that_the_earlier_run_does_not_know_takes_as_long_as_the_others() -> None:
    known = dict.fromkeys("abcdefghij", 1.0)
    estimate = left(earlier=known, to_come=[*"fghij", "new"], elapsed=5.0)

    assert estimate is not None
    assert estimate.seconds == pytest.approx(6.0)


def test_after_a_few_rules_nothing_is_known_yet() -> None:
    assert left(earlier=EARLIER, done=list("ab")) is None


def test_an_earlier_run_of_other_rules_says_nothing() -> None:
    assert left(earlier={"a": 1.0, "f": 1.0}) is None


def test_the_budget_and_the_speed_so_far_say_how_long_at_most() -> None:
    assert left(requests=(100, 480)) == TimeLeft(seconds=(480 - 100) * 30.0 / 100, at_most=True)


@pytest.mark.parametrize(("requests", "elapsed"), [((3, 480), 30.0), ((100, 480), 1.0)])
def test_a_speed_has_to_be_known_first(requests: tuple[int, int], elapsed: float) -> None:
    assert left(requests=requests, elapsed=elapsed) is None


def test_a_limit_of_time_bounds_both() -> None:
    assert left(most=40) == TimeLeft(seconds=10.0, at_most=True)
    assert left(most=40, earlier=EARLIER) == TimeLeft(seconds=10.0, at_most=False)
    assert left(most=20) == TimeLeft(seconds=0.0, at_most=True)


def test_where_nothing_is_to_come_nothing_is_left() -> None:
    assert left(to_come=[], earlier=EARLIER) is None


def log(path: Path, *lines: str) -> Path:
    header = {"event": "header", "target": {"url": "mock"}, "effort": "quick"}
    path.write_text("\n".join([json.dumps(header), *lines]), encoding="utf-8")
    return path


RULE = json.dumps({"event": "verdict", "rule": "A", "test": "t", "seconds": 1.5})
LEFT_OUT = json.dumps({"event": "verdict", "rule": "B", "test": "", "seconds": 0.0})


def test_an_earlier_log_tells_what_each_rule_took(tmp_path: Path) -> None:
    path = log(tmp_path / "events.jsonl", RULE, LEFT_OUT)

    assert earlier_seconds(path, target="mock", effort="quick") == {"A": 1.5}


@pytest.mark.parametrize(("target", "effort"), [("http://127.0.0.1:1", "quick"), ("mock", "standard")])
def test_a_run_of_another_kind_tells_nothing(tmp_path: Path, target: str, effort: str) -> None:
    assert earlier_seconds(log(tmp_path / "events.jsonl", RULE), target=target, effort=effort) == {}


def test_a_torn_log_tells_what_it_holds(tmp_path: Path) -> None:
    path = log(tmp_path / "events.jsonl", RULE, RULE[:20])

    assert earlier_seconds(path, target="mock", effort="quick") == {"A": 1.5}


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"target": []}', "\x00"])
def test_what_is_no_log_tells_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(text, encoding="utf-8")

    assert earlier_seconds(path, target="mock", effort="quick") == {}
    assert earlier_seconds(tmp_path / "missing", target="mock", effort="quick") == {}
