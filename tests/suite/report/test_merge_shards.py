"""The logs of shards, joined: the verdicts of one run, or what is missing for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commit_conformance.report.log import Log
from commit_conformance.report.runs.merge import NotMergeable, merge
from commit_conformance.report.runs.settle import IN_PASSING
from commit_conformance.report.summary import LEFT_TO_OTHERS, RuleResult, summarize
from tests.suite.report.event_logs import Event, failed, footer, header, target, verdict, write


def shard(folder: Path, index: int, *events: Event, count: int = 2, **changes: Any) -> Path:
    """The log of one shard; ``seen`` and ``plan`` are told where they matter, all else is its header's."""
    seen, plan, name = changes.pop("seen", {}), changes.pop("plan", "p"), changes.pop("name", f"shard-{index}")
    (folder / name).mkdir()
    part = {"index": index, "count": count, "plan": plan}
    end = {**footer(exit_code=changes.pop("exit_code", 0)), "seen": seen}
    return write(folder / name, header(run=name, shard=part, **changes), target(), *events, end)


def merged(folder: Path, *logs: Path) -> Log:
    return merge(logs, folder / "merged" / "events.jsonl")


def rule(log: Log, name: str) -> RuleResult:
    return next(result for result in summarize(log).rules if result.rule == name)


def test_two_shards_are_one_run(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, 1, verdict("A")), shard(tmp_path, 2, verdict("B")))
    summary = summarize(log)
    assert (summary.exit_code, summary.conclusion) == (0, "conforms: 2 of 2 gating rules passed")
    assert log.header.shard == ""


def test_what_another_shard_has_seen_was_tested(tmp_path: Path) -> None:
    waits = verdict("E", "blocked", awaits="bad commit", reason=f"{LEFT_TO_OTHERS}: nothing of the kind was seen")
    one, two = shard(tmp_path, 1, verdict("A"), waits), shard(tmp_path, 2, verdict("B"), seen={"bad commit": 3})
    assert rule(merged(tmp_path, one, two), "E").verdict == "passed"
    assert summarize(merged(tmp_path, one, two)).exit_code == 0


def test_what_no_shard_has_seen_is_blocked_as_in_one_run(tmp_path: Path) -> None:
    waits = verdict("E", "blocked", awaits="bad commit", reason=f"{LEFT_TO_OTHERS}: nothing of the kind was seen")
    log = merged(tmp_path, shard(tmp_path, 1, verdict("A"), waits), shard(tmp_path, 2, seen={"bad commit": 0}))
    assert (rule(log, "E").verdict, rule(log, "E").told) == ("blocked", "nothing of the kind was seen")
    assert summarize(log).exit_code == 3


def test_a_rule_is_blocked_by_a_failure_in_another_shard(tmp_path: Path) -> None:
    one = shard(tmp_path, 1, failed("A"), exit_code=1)
    two = shard(tmp_path, 2, verdict("B", builds_on=["A"]), failed("C", builds_on=["A"]), exit_code=1)
    log = merged(tmp_path, two, one)
    assert [rule(log, name).verdict for name in "ABC"] == ["failed", "blocked", "blocked"]
    assert log.footer is not None
    assert log.footer.reason.startswith("does not conform: 1 of 3 gating rules failed")


def test_a_failure_seen_in_passing_in_another_shard_is_not_flaky(tmp_path: Path) -> None:
    one = shard(tmp_path, 1, failed("A", test=IN_PASSING), exit_code=1)
    log = merged(tmp_path, one, shard(tmp_path, 2, verdict("A"), verdict("B")))
    assert (rule(log, "A").verdict, rule(log, "A").flaky) == ("failed", False)


def test_a_missing_shard_is_told_and_nothing_conforms_without_it(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, 1, verdict("A"), count=3), shard(tmp_path, 3, verdict("C"), count=3))
    summary = summarize(log)
    assert (summary.exit_code, summary.conclusion) == (3, "could not be tested: shard 2/3 is missing")
    assert log.header.notes[0].startswith("shard 2/3 is missing: its rules were not tested")


def test_what_fails_fails_whatever_is_missing(tmp_path: Path) -> None:
    log = merged(tmp_path, shard(tmp_path, 1, failed("A"), count=4, exit_code=1))
    assert log.footer is not None
    assert (log.footer.exit_code, summarize(log).exit_code) == (1, 1)
    assert log.footer.reason.endswith("3 shards are missing (2/4, 3/4, 4/4)")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"index": 1}, "shard 1/2 is in "),
        ({"count": 3}, "it is one of 3 shards, "),
        ({"plan": "q"}, "its run was divided otherwise than that of "),
        ({"seed": 124}, "its seed is 124, that of "),
        ({"effort": "quick"}, "its effort is quick, that of "),
        ({"gate": ["documented"]}, "its gate is documented, that of "),
        ({"target": {"url": "https://other.example.test"}}, "its target is https://other.example.test, that of "),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(tmp_path: Path, changes: Event, said: str) -> None:
    one = shard(tmp_path, 1, verdict("A"))
    two = shard(tmp_path, **{"index": 2, "name": "two", **changes})
    with pytest.raises(NotMergeable) as refused:
        merged(tmp_path, one, two)
    assert str(refused.value).startswith(f"{two}: {said}")


def open_entry(*rules: str) -> Event:
    item = {"kind": "stale", "rule": "P-*", "lines": [1, 4], "message": "known.toml, lines 1-4: P-*", "rules": [*rules]}
    return {
        "event": "known-failures",
        "path": "known.toml",
        "entries": 1,
        "outdated": [],
        "changes": [],
        "open": [item],
    }


def test_a_known_failure_of_which_all_rules_pass_in_one_shard_or_another_is_out_of_date(tmp_path: Path) -> None:
    entry = open_entry("P-A", "P-B")
    log = merged(tmp_path, shard(tmp_path, 1, verdict("P-A"), entry), shard(tmp_path, 2, verdict("P-B"), entry))
    assert log.outdated == ("known.toml, lines 1-4: P-*",)
    assert summarize(log).exit_code == 1


def test_a_known_failure_that_one_shard_still_sees_is_up_to_date(tmp_path: Path) -> None:
    known = {"rule": "P-*", "reason": "ticket 7", "flaky": False}
    two = shard(tmp_path, 2, failed("P-B", known=known, gating=False))
    log = merged(tmp_path, shard(tmp_path, 1, verdict("P-A"), open_entry("P-A", "P-B")), two)
    assert log.outdated == ()
    assert summarize(log).exit_code == 0
