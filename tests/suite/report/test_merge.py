"""Shards in one log: the worst verdict counts, costs add up, and what is missing is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.report.log import Log
from commit_conformance.report.runs.merge import NotMergeable, merge
from commit_conformance.report.summary import RuleResult, summarize
from tests.suite.report.event_logs import Event, failed, failure, footer, header, target, verdict, write

LATER = "not tested at effort quick: needs standard"


def shard(folder: Path, name: str, *verdicts: Event, end: Event | None = None, **changes: Any) -> Path:
    """A log of a run of that name; without ``end`` it ends as its verdicts say."""
    (folder / name).mkdir()
    lines = [header(run=name, **changes), target(), *verdicts]
    return write(folder / name, *lines, *([footer(exit_code=None)] if end is None else [end] if end else []))


def merged(folder: Path, *logs: Path) -> Log:
    return merge(logs, folder / "merged" / "events.jsonl")


def rule(log: Log, name: str) -> RuleResult:
    return next(result for result in summarize(log).rules if result.rule == name)


def test_the_worst_verdict_of_a_rule_counts_and_says_which_run_it_is_from(tmp_path: Path) -> None:
    log = merged(
        tmp_path,
        shard(tmp_path, "one", verdict("PART-GAP"), verdict("PART-SUM", "blocked", reason="no session")),
        shard(tmp_path, "two", failed(), verdict("PART-SUM")),
    )

    assert (rule(log, "PART-GAP").verdict, rule(log, "PART-GAP").worst.run) == ("failed", "two")
    assert rule(log, "PART-GAP").elsewhere == "passed in 1 run"
    assert rule(log, "PART-SUM").verdict == "blocked"
    assert summarize(log).exit_code == 1
    assert log.footer is not None
    assert log.footer.exit_code == 1


def test_costs_add_up_and_budgets_with_them(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, "one", verdict("A")), shard(tmp_path, "two", verdict("B")))
    spent = {each.name: (each.amount, each.limit) for each in summarize(log).cost}

    assert spent["requests"] == (800, None)
    assert spent["upload requests"] == (600, 960)
    assert spent["committed files"] == (28, 32)
    assert log.footer is not None
    assert log.footer.seconds == pytest.approx(8.4)
    assert log.footer.deleted == 28


def test_a_budget_without_a_limit_leaves_the_whole_without_one(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, "one", verdict("A")), shard(tmp_path, "two", verdict("B"), budget={}))

    assert log.header.upload_requests is None


def test_what_one_run_left_for_later_counts_by_what_another_found_out(tmp_path: Path) -> None:
    later = {"reason": LATER, "test": ""}
    one = shard(tmp_path, "one", verdict("A"), verdict("B", "blocked", **later), verdict("C", "blocked", **later))
    two = shard(tmp_path, "two", verdict("A"), verdict("B"), verdict("C", "blocked", **later), effort="thorough")
    log = merged(tmp_path, one, two)

    assert rule(log, "B").verdict == "passed"
    assert len(rule(log, "C").lines) == 1
    assert log.header.effort == "standard, thorough"


def test_what_failed_now_and_then_is_flaky(tmp_path: Path) -> None:
    at_times = failed("WITHIN", failure=failure(times={"failed": 1, "asked": 2}))
    one = shard(tmp_path, "one", failed("BETWEEN"), failed("ALWAYS"), at_times)
    two = shard(tmp_path, "two", verdict("BETWEEN"), failed("ALWAYS"), verdict("WITHIN", "unsupported"))
    log = merged(tmp_path, one, two)

    assert {result.rule: result.flaky for result in summarize(log).failed} == {
        "BETWEEN": True,
        "ALWAYS": False,
        "WITHIN": True,
    }


def test_a_log_that_was_cut_short_is_said_so(tmp_path: Path) -> None:
    whole = shard(tmp_path, "one", verdict("A"))
    torn = shard(tmp_path, "two", verdict("B"), end={})
    log = merged(tmp_path, whole, torn)

    assert log.truncated is not None
    assert log.truncated.startswith("1 of 2 logs is cut short")
    assert str(torn) in log.truncated
    assert summarize(log).exit_code == 3
    assert [each.truncated for each in log.header.merged] == ["", "the log ends before the run did"]


def test_a_failure_counts_also_where_another_log_was_cut_short(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, "one", failed()), shard(tmp_path, "two", end={}))

    assert summarize(log).exit_code == 1


def test_a_run_that_reached_no_target_is_not_hidden_by_the_others(tmp_path: Path) -> None:
    lost = footer(
        exit_code=3, conclusion="could not be tested", reason="could not be tested: no answer from the target"
    )
    two = shard(tmp_path, "two", verdict("B", "blocked", reason=LATER), end=lost)
    log = merged(tmp_path, shard(tmp_path, "one", verdict("A")), two)

    assert summarize(log).exit_code == 3
    assert "no answer from the target" in summarize(log).conclusion


def test_a_shard_without_rules_that_decide_does_no_harm(tmp_path: Path) -> None:
    own = footer(exit_code=3, conclusion="could not be tested", reason="could not be tested: no gating rule was run")
    two = shard(tmp_path, "two", verdict("B", "observed", level="observed", observation="x"), end=own)
    log = merged(tmp_path, shard(tmp_path, "one", verdict("A")), two)

    assert summarize(log).exit_code == 0


def test_selections_are_joined(tmp_path: Path) -> None:
    one, two = (shard(tmp_path, name, verdict(name.upper()), selected=[name.upper()]) for name in ("one", "two"))

    assert merged(tmp_path, one, two).header.selected == ("ONE", "TWO")
    all_rules = shard(tmp_path, "three", verdict("THREE"))
    assert merged(tmp_path, one, all_rules).header.selected is None


def test_a_merged_log_can_be_merged_again(tmp_path: Path) -> None:
    one, two, three = (shard(tmp_path, name, verdict("A"), verdict(name.upper())) for name in ("one", "two", "three"))
    first = merge([one, two], tmp_path / "first.jsonl")
    log = merge([first.path, three], tmp_path / "second.jsonl")

    assert [each.run for each in log.header.merged] == ["one", "two", "three"]
    assert [line.run for line in rule(log, "A").lines] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target": {"url": "https://other.example.test"}}, "its target is https://other.example.test"),
        ({"target": {**header()["target"], "faults": ["accepts-gap"]}}, "its target is .* faults=accepts-gap"),
        ({"gate": ["rfc"]}, "its gate is rfc"),
        ({"run": "one"}, "the run one is in .* already"),
    ],
)
def test_logs_that_say_nothing_together_are_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    one = shard(tmp_path, "one", verdict("A"))
    (tmp_path / "two").mkdir()
    two = write(tmp_path / "two", header(**{"run": "two", **changes}), verdict("B"), footer())

    with pytest.raises(NotMergeable, match=told):
        merged(tmp_path, one, two)
    assert not (tmp_path / "merged" / "events.jsonl").exists()


def test_events_and_members_of_a_later_version_are_kept(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    one = write(tmp_path / "one", header(), verdict("A", colour="green"), {"event": "weather", "sun": True}, footer())
    merged(tmp_path, one)
    events = [json.loads(line) for line in (tmp_path / "merged" / "events.jsonl").read_text().splitlines()]

    assert {"event": "weather", "sun": True} in events
    assert next(event for event in events if event["event"] == "verdict")["colour"] == "green"


def test_a_known_failure_that_another_shard_still_sees_is_not_out_of_date(tmp_path: Path) -> None:
    stale = {"event": "known-failures", "outdated": [{"kind": "stale", "rule": "PART-*", "message": "PART-* passes"}]}
    known = {"reason": "ticket 7"}
    one = shard(tmp_path, "one", verdict("PART-SUM"), stale)
    two = shard(tmp_path, "two", failed(known=known, gating=False), verdict("B"))
    three = shard(tmp_path, "three", verdict("B"))

    assert merge([one, two], tmp_path / "a.jsonl").outdated == ()
    assert merge([one, three], tmp_path / "b.jsonl").outdated == ("PART-* passes",)
