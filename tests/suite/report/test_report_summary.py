"""What a log amounts to: worst verdicts, exit codes, conclusions, the order in which things are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from commit_conformance.report.log import read_log
from commit_conformance.report.summary import conclusion, summarize, worst
from tests.suite.report.event_logs import failed, footer, header, log_of, verdict, write

LATER = "not tested at effort quick"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["passed"], "passed"),
        (["passed", "observed"], "observed"),
        (["observed", "unsupported", "passed"], "unsupported"),
        (["unsupported", "blocked"], "blocked"),
        (["blocked", "errored"], "errored"),
        (["errored", "failed", "passed"], "failed"),
    ],
)
def test_the_worst_verdict_counts(verdicts: list[str], expected: str) -> None:
    assert worst(verdicts) == expected


@pytest.mark.parametrize(
    ("verdicts", "code", "text"),
    [
        ("passed passed", 0, "conforms: 2 of 2 gating rules passed"),
        ("passed unsupported", 0, "conforms: 1 of 2 gating rules passed, 1 unsupported by the target"),
        ("passed later", 0, "conforms: 1 of 2 gating rules passed, 1 not tested at this effort"),
        ("passed observed", 0, "conforms: 1 of 2 gating rules passed, 1 only observed"),
        ("passed failed", 1, "does not conform: 1 of 2 gating rules failed"),
        ("failed errored blocked", 1, "does not conform: 1 of 3 gating rules failed, 2 could not be tested"),
        ("failed later", 1, "does not conform: 1 of 2 gating rules failed"),
        ("passed errored", 3, "could not be tested: 2 gating rules, 1 errored"),
        ("passed blocked later", 3, "could not be tested: 3 gating rules, 1 blocked"),
        ("errored blocked", 3, "could not be tested: 2 gating rules, 1 errored and 1 blocked"),
        ("unsupported", 3, "could not be tested: none of 1 gating rule passed"),
        ("later", 3, "could not be tested: none of 1 gating rule passed"),
        ("observed", 3, "could not be tested: none of 1 gating rule passed"),
        ("", 3, "could not be tested: no gating rule was run"),
    ],
)
def test_the_conclusion_follows_from_the_gating_verdicts(tmp_path: Path, verdicts: str, code: int, text: str) -> None:
    lines = [
        verdict(f"RULE-{n}", "blocked", reason=LATER) if word == "later" else verdict(f"RULE-{n}", word)
        for n, word in enumerate(verdicts.split())
    ]

    assert conclusion(log_of(tmp_path, *lines).verdicts) == (code, text)


@pytest.mark.parametrize("word", ["failed", "errored", "blocked"])
def test_rules_that_do_not_gate_do_not_decide(tmp_path: Path, word: str) -> None:
    log = log_of(tmp_path, verdict("A"), verdict("B", word, level="rfc"))

    assert conclusion(log.verdicts)[0] == 0


def test_another_gate_can_be_applied_to_a_log(tmp_path: Path) -> None:
    log = log_of(tmp_path, verdict("A"), verdict("B", "failed", level="rfc"))

    assert conclusion(log.verdicts, {"documented"})[0] == 0
    assert conclusion(log.verdicts, {"documented", "rfc"})[0] == 1


def test_several_lines_of_a_rule_count_once_and_as_the_worst(tmp_path: Path) -> None:
    lines = [verdict("A", requests=3), failed("A", requests=4), verdict("A", requests=5), verdict("B")]
    summary = summarize(log_of(tmp_path, *lines))

    assert [(result.rule, result.verdict) for result in summary.rules] == [("A", "failed"), ("B", "passed")]
    assert summary.rules[0].requests == 12
    assert summary.rules[0].worst.failure is not None
    assert summary.conclusion == "does not conform: 1 of 2 gating rules failed"


def test_trouble_outweighs_what_was_left_for_later(tmp_path: Path) -> None:
    lines = [verdict("A"), verdict("B", "blocked", reason=LATER), verdict("B", "blocked", reason="no session")]

    assert conclusion(log_of(tmp_path, *lines).verdicts)[0] == 3


def test_failures_come_gating_first_and_by_level(tmp_path: Path) -> None:
    lines = [
        verdict("R", "failed", level="rfc"),
        verdict("I", "failed", level="implied"),
        verdict("D", "failed", level="documented"),
        verdict("K", "failed", level="documented", gating=False),
    ]
    summary = summarize(log_of(tmp_path, *lines))

    assert [result.rule for result in summary.failed] == ["D", "I", "K", "R"]
    assert [result.rule for result in summary.gating_failures] == ["D", "I"]
    assert [result.rule for result in summary.other_failures] == ["K", "R"]


def test_counts_by_group_and_level(tmp_path: Path) -> None:
    lines = [verdict("A", group="digest"), verdict("B", "failed", level="implied"), verdict("C", level="implied")]
    summary = summarize(log_of(tmp_path, *lines))

    assert {group: dict(counts) for group, counts in summary.groups.items()} == {
        "digest": {"passed": 1},
        "part-list": {"failed": 1, "passed": 1},
    }
    assert list(summary.levels) == ["documented", "implied"]
    assert summary.verdicts["passed"] == 2


def test_what_could_not_be_tested_is_grouped_by_reason_and_later_comes_last(tmp_path: Path) -> None:
    lines = [
        verdict("A", "blocked", reason=LATER),
        verdict("B", "unsupported", reason="no second user"),
        verdict("C", "unsupported", reason="no second user"),
        verdict("D", "errored", reason="timeout"),
    ]
    summary = summarize(log_of(tmp_path, *lines))

    assert [(group.verdict, group.reason, [rule.rule for rule in group.rules]) for group in summary.untested] == [
        ("errored", "timeout", ["D"]),
        ("unsupported", "no second user", ["B", "C"]),
        ("blocked", LATER, ["A"]),
    ]


def test_cost_stands_against_its_budget(tmp_path: Path) -> None:
    summary = summarize(log_of(tmp_path, verdict("A"), budget={"upload_requests": 299, "committed_files": 16}))
    cost = {spent.name: spent for spent in summary.cost}

    assert (cost["upload requests"].amount, cost["upload requests"].limit) == (300, 299)
    assert cost["upload requests"].over
    assert not cost["committed files"].over


def test_a_truncated_run_never_conforms(tmp_path: Path) -> None:
    summary = summarize(log_of(tmp_path, verdict("A"), truncated=True))

    assert summary.exit_code == 3
    assert summary.conclusion == "could not be tested: the run did not finish (the log ends before the run did)"
    assert [(spent.name, spent.amount) for spent in summary.cost] == [("requests", 7)]


def test_a_truncated_run_that_failed_does_not_conform(tmp_path: Path) -> None:
    assert summarize(log_of(tmp_path, failed(), truncated=True)).exit_code == 1


def test_a_run_that_ended_badly_is_not_talked_well(tmp_path: Path) -> None:
    log = read_log(write(tmp_path, header(), verdict("A"), footer(exit_code=3, conclusion="could not be tested")))

    summary = summarize(log)

    assert summary.exit_code == 3
    assert summary.conclusion.startswith("could not be tested: the run ended with exit code 3")


def test_a_selection_is_named(tmp_path: Path) -> None:
    summary = summarize(log_of(tmp_path, verdict("A"), selected=["A"]))

    assert summary.conclusion == "conforms: 1 of 1 gating rule passed (only 1 rule selected)"
