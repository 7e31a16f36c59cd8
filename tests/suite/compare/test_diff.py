from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_logs import Event, log, observed, verdict

from commit_conformance.report.runs.diff import Diff, FailOn, Kind, diff, shortened
from commit_conformance.report.runs.lines import diff_lines


def between(tmp_path: Path, before: list[Event], after: list[Event], **changes: Any) -> Diff:
    """The difference of two logs; ``changes`` are those of the later one."""
    return diff(log(tmp_path / "a", *before), log(tmp_path / "b", *after, **changes))


def sentences(found: Diff, kind: Kind) -> list[str]:
    return [change.sentence for change in found.of(kind)]


def test_drift_is_told_as_a_sentence(tmp_path: Path) -> None:
    before = [observed("REPEAT-ANSWER", "404 Not Found, code 'not_found'")]
    after = [observed("REPEAT-ANSWER", "409 Conflict, code 'session_committed'")]
    found = between(tmp_path, before, after)
    assert sentences(found, Kind.OBSERVED) == ["the second commit: 404 became 409"]
    assert "  the second commit: 404 became 409" in list(diff_lines(found))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("404 Not Found, code 'a'", "404 Not Found, code 'b'", ("404, code 'a'", "404, code 'b'")),
        ("201 Created, the same file", "409 Conflict, code 'x'", ("201, the same file", "409")),
        ("answered 412", "answered 304", ("412", "304")),
        ("168 hours", "24 hours", ("168 hours", "24 hours")),
        ("code 'a'", "no JSON", ("code 'a'", "no JSON")),
    ],
)
def test_answers_are_as_short_as_the_sentence_allows(old: str, new: str, said: tuple[str, str]) -> None:
    assert shortened(old, new) == said


def test_one_form_of_several_is_named(tmp_path: Path) -> None:
    before = [observed("DIGEST-ALGORITHM-VARIANT", "digest: sha1: 400 Bad Request; digest: sha-1: 400 Bad Request")]
    after = [observed("DIGEST-ALGORITHM-VARIANT", "digest: sha1: 400 Bad Request; digest: sha-1: 201 Created")]
    found = between(tmp_path, before, after)
    assert sentences(found, Kind.OBSERVED) == ["another name of the algorithm, digest: sha-1: 400 became 201"]


def test_what_only_one_run_has_tried_is_no_drift(tmp_path: Path) -> None:
    before = [observed("DIGEST-ALGORITHM-VARIANT", "digest: sha1: 400 Bad Request; digest: sha-1: 400 Bad Request")]
    after = [observed("DIGEST-ALGORITHM-VARIANT", "digest: sha1: 400 Bad Request")]
    assert not between(tmp_path, before, after).changes


def test_which_of_two_right_answers_a_gating_rule_got_is_drift(tmp_path: Path) -> None:
    before = [verdict("IF-NONE-MATCH-CURRENT", observation="answered 412")]
    after = [verdict("IF-NONE-MATCH-CURRENT", observation="answered 304")]
    found = between(tmp_path, before, after)
    assert sentences(found, Kind.OBSERVED) == ["the current etag in if-none-match: 412 became 304"]


def test_verdicts_that_changed(tmp_path: Path) -> None:
    before = [
        verdict("PART-GAP"),
        verdict("PART-SUM", "failed"),
        verdict("PART-SIZE"),
        verdict("PART-COUNT", "blocked"),
    ]
    after = [
        verdict("PART-GAP", "failed", reason="the server committed it"),
        verdict("PART-SUM"),
        verdict("PART-SIZE", "blocked", reason="the budget is spent"),
        verdict("PART-COUNT"),
    ]
    found = between(tmp_path, before, after)
    assert sentences(found, Kind.NEW_FAILURE) == ["PART-GAP: passed became failed (the server committed it)"]
    assert sentences(found, Kind.FIXED) == ["PART-SUM: failed became passed"]
    assert sentences(found, Kind.UNTESTED) == ["PART-SIZE: passed became blocked (the budget is spent)"]
    assert sentences(found, Kind.TESTED) == ["PART-COUNT: blocked became passed"]
    assert [change.kind for change in found.changes] == [Kind.NEW_FAILURE, Kind.FIXED, Kind.UNTESTED, Kind.TESTED]


def test_many_rules_that_share_a_reason_are_one_line(tmp_path: Path) -> None:
    rules = [f"PART-{number}" for number in range(40)]
    after = [verdict(rule, "blocked", reason="the budget is spent") for rule in rules]
    lines = list(diff_lines(between(tmp_path, [verdict(rule) for rule in rules], after)))
    assert "not tested any more (40)" in lines
    named = "  PART-0, PART-1, PART-2, PART-3, PART-4 and 35 more: passed became blocked (the budget is spent)"
    assert named in lines


def test_another_effort_is_noted_and_its_rules_are_no_trouble(tmp_path: Path) -> None:
    left = verdict("PART-GAP", "blocked", reason="not tested at effort quick: needs standard")
    found = between(tmp_path, [verdict("PART-GAP")], [left], effort="quick")
    assert found.notes == ("another effort: standard, then quick",)
    assert sentences(found, Kind.UNTESTED) == ["PART-GAP: passed became left for a higher effort"]


def test_what_the_target_can_do_and_what_it_cost(tmp_path: Path) -> None:
    first = log(tmp_path / "a", can={"abort": True, "status": False}, cost={"requests": 10})
    then = log(tmp_path / "b", can={"abort": False, "status": True}, part_size=8192, cost={"requests": 1200})
    found = diff(first, then)
    assert sentences(found, Kind.ABILITY) == [
        "the target cannot abort any more",
        "the target now can status",
        "the size of a part: 4,096 bytes became 8,192",
    ]
    assert sentences(found, Kind.COST) == ["requests: 10 became 1,200"]


FAILURE = ([verdict("PART-GAP")], [verdict("PART-GAP", "failed")])
MINOR = ([verdict("BODY-CHARSET", level="rfc")], [verdict("BODY-CHARSET", "failed", level="rfc")])
DRIFT = ([observed("CONFLICT-CODE", "code 'a'")], [observed("CONFLICT-CODE", "code 'b'")])
FIXED = ([verdict("PART-GAP", "failed")], [verdict("PART-GAP")])
UNTESTED = ([verdict("PART-GAP")], [verdict("PART-GAP", "unsupported")])
SAME = ([verdict("PART-GAP")], [verdict("PART-GAP")])


@pytest.mark.parametrize(
    ("runs", "codes"),
    [
        (FAILURE, [0, 1, 1, 1]),
        (MINOR, [0, 0, 1, 1]),
        (DRIFT, [0, 0, 1, 1]),
        (FIXED, [0, 0, 1, 1]),
        (UNTESTED, [0, 0, 0, 1]),
        (SAME, [0, 0, 0, 0]),
    ],
)
def test_what_counts(tmp_path: Path, runs: tuple[list[Event], list[Event]], codes: list[int]) -> None:
    found = between(tmp_path, *runs, cost={"requests": 99})
    assert [found.exit_code(fail_on) for fail_on in FailOn] == codes


def test_what_a_target_says_is_made_harmless(tmp_path: Path) -> None:
    found = between(tmp_path, *DRIFT[:1], [observed("CONFLICT-CODE", "code '\x1b[2J\u202e\n'")])
    text = "\n".join(diff_lines(found))
    assert "\\x1b[2J\\u202e\\n" in text
    assert not set(text) & {"\x1b", "\u202e"}
