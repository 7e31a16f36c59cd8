"""Where a rule draws its line: on plays made by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.clients.catalogue import client_rules
from commit_conformance.clients.judge import JUDGES, findings
from commit_conformance.clients.judge.finding import blocked, errored, failed, passed
from commit_conformance.clients.play import HANGS_AFTER, Play, Stored
from commit_conformance.clients.prepare import Prepared
from commit_conformance.clients.process import DriverTrouble
from commit_conformance.clients.protocol import ReportedError, Result
from commit_conformance.clients.record import Sent
from commit_conformance.clients.scenarios import LAST_TRY, chosen
from commit_conformance.clients.verdicts import sum_up

CONTENT = b"x" * 10
SHA1 = hashlib.sha1(CONTENT).hexdigest()


def sent(number: int, status: int, *, operation: str = "commit", at: float | None = None, **members: Any) -> Sent:
    moment = float(number) if at is None else at
    return Sent(
        number=number,
        operation=operation,
        method="POST",
        target="/api/2.0/files/upload_sessions/S/commit",
        headers=members.pop("headers", ()),
        session="S",
        arrived=moment,
        arrived_at=moment,
        answered=moment,
        status=status,
        says=members.pop("says", "the scenario"),
        **members,
    )


def play(scenario: str, *requests: Sent, result: Result | None = None, **members: Any) -> Play:
    (found,) = chosen([scenario])
    call = members.pop("call", "upload")
    prepared = Prepared(
        content=CONTENT, path=Path("/x"), folder_id="1", file_id=None, session=members.pop("session", None), parts=()
    )
    fields: dict[str, Any] = {
        "trouble": None,
        "cut": False,
        "errors": "",
        "stored": (),
        "tokens": ("token-1",),
        "secrets": ("token-1",),
        "commit_paths": {},
        "started": 0.0,
        "seconds": 5.0,
    }
    return Play(
        id=f"{scenario}/{call}",
        scenario=found,
        call=call,
        prepared=prepared,
        sent=requests,
        result=result,
        **fields | members,
    )


def told(status: int | None, **members: Any) -> Result:
    return Result(outcome="error", error=ReportedError(kind="Error", status=status, **members))


NOTHING, PENDING = Result(outcome="nothing"), Result(outcome="pending")
FILE = Result(outcome="file", file={"id": "7"})


def verdict(rule: str, play: Play) -> str | None:
    finding = JUDGES[rule](play)
    return finding.verdict if finding else None


@pytest.mark.parametrize(
    ("call", "result", "expected"),
    [
        ("upload", PENDING, "failed"),
        ("commit", PENDING, "passed"),
        ("commit", told(202), "passed"),
        ("commit", told(None), "failed"),
        ("commit", NOTHING, "failed"),
        ("commit", FILE, "failed"),
    ],
)
def test_only_a_call_that_commits_and_no_more_may_leave_a_202_to_its_caller(
    call: str, result: Result, expected: str
) -> None:
    one = play("accepted-1", sent(1, 202, wait=1.0), result=result, call=call)
    assert verdict("CLIENT-ACCEPTED-RETRIED", one) == expected


@pytest.mark.parametrize(
    ("call", "result", "expected"), [("upload", told(429), "failed"), ("commit", told(429), "passed")]
)
def test_the_same_goes_for_a_429(call: str, result: Result, expected: str) -> None:
    assert verdict("CLIENT-RATE-LIMIT", play("rate-limited", sent(1, 429), result=result, call=call)) == expected


@pytest.mark.parametrize(
    ("commits", "result", "expected"),
    [
        (LAST_TRY, told(400), "failed"),
        (LAST_TRY - 1, PENDING, "passed"),
        (20, None, "blocked"),
    ],
)
def test_a_patient_client_is_not_one_without_a_bound(commits: int, result: Result | None, expected: str) -> None:
    requests = [sent(number, 202) for number in range(1, commits + 1)]
    assert verdict("CLIENT-ACCEPTED-BOUND", play("accepted-for-ever", *requests, result=result)) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(1 + HANGS_AFTER - 1, "blocked"), (1 + HANGS_AFTER + 1, "failed")])
def test_a_client_hangs_when_it_neither_does_nor_tells_anything_for_long(seconds: float, expected: str) -> None:
    one = play("answer-broken-off", sent(1, 201, wire="truncate"), cut=True, seconds=seconds)
    assert verdict("CLIENT-CREATED-WHOLE", one) == expected


@pytest.mark.parametrize(("result", "expected"), [(NOTHING, "failed"), (FILE, "failed"), (told(None), "passed")])
def test_a_201_without_a_file_has_to_become_an_error(result: Result, expected: str) -> None:
    assert verdict("CLIENT-CREATED-ODD", play("created-empty", sent(1, 201), result=result)) == expected


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [((202, 201), "passed"), ((201, 201), "failed"), ((201, 404), "failed"), ((202, 202), None)],
)
def test_nothing_is_committed_after_201(statuses: tuple[int, ...], expected: str | None) -> None:
    one = play("created", *(sent(number, status) for number, status in enumerate(statuses, 1)), result=FILE)
    assert verdict("CLIENT-CREATED-ONCE", one) == expected


def test_a_201_that_was_not_received_may_be_asked_for_again() -> None:
    one = play("answer-broken-off", sent(1, 201, wire="truncate"), sent(2, 201), result=FILE)
    assert verdict("CLIENT-CREATED-ONCE", one) == "passed"


@pytest.mark.parametrize(
    ("statuses", "expected"), [((202,), "failed"), ((201,), "failed"), ((409,), None), ((202, 409), "passed")]
)
def test_an_abort_is_wrong_after_202_and_201_only(statuses: tuple[int, ...], expected: str | None) -> None:
    commits = [sent(number, status) for number, status in enumerate(statuses, 1)]
    one = play("conflict", *commits, sent(9, 204, operation="abort"), result=told(409))
    assert verdict("CLIENT-ABORT-WRONG", one) == expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"conflicts": {"sha1": SHA1.upper()}}, "passed"),
        ({"conflicts": [{"sha1": SHA1}]}, "passed"),
        ({"conflicts": [{"sha1": "0" * 40}]}, "failed"),
        (None, "failed"),
    ],
)
def test_a_conflict_with_the_own_file_is_told_with_the_evidence(context: Any, expected: str) -> None:
    error = told(409, context_info=context)
    one = play("server-error-then-conflict", sent(1, 500), sent(2, 409), result=error)
    assert verdict("CLIENT-LOST-ANSWER", one) == expected


def test_a_refusal_of_the_service_itself_blocks_what_builds_on_it() -> None:
    refused = sent(1, 400, says="", answer=b'{"message": "no digest"}', headers=())
    one = play("created", refused, result=told(400), call="commit", session={"id": "S"})
    found = findings(one)
    assert found["CLIENT-CREATED-FILE"].verdict == "blocked"
    assert "refused commit 1 with 400: no digest" in found["CLIENT-CREATED-FILE"].reason
    assert found["CLIENT-DIGEST"].verdict == "failed"


def test_a_driver_that_went_wrong_says_nothing_about_its_sdk() -> None:
    one = play("created", trouble=DriverTrouble("end", "it ended"))
    assert {rule: each.verdict for rule, each in findings(one).items()} == {"CLIENT-CREATED-FILE": "errored"}


def test_a_file_that_is_there_with_a_wrong_length_is_a_failure() -> None:
    stored = (Stored(id="7", name="report.bin", size=9, sha1="0" * 40, versions=1),)
    assert verdict("CLIENT-LENGTH", play("told-too-short", stored=stored, result=told(None))) == "failed"


def test_findings_are_summed_up_and_dependencies_respected() -> None:
    catalogue = client_rules()
    rules = [catalogue.get(name) for name in ("CLIENT-ACCEPTED-RETRIED", "CLIENT-ACCEPTED-TOLD", "CLIENT-RESUME")]
    found = {
        "CLIENT-ACCEPTED-RETRIED": [("a", passed("ok", sent(1, 201))), ("b", failed("no", sent(1, 202)))],
        "CLIENT-ACCEPTED-TOLD": [("a", failed("no", sent(1, 202)))],
        "CLIENT-RESUME": [("a", blocked("no")), ("b", errored("hm"))],
    }
    verdicts = {each.rule.id: each for each in sum_up(catalogue, rules, found)}
    assert verdicts["CLIENT-ACCEPTED-RETRIED"].verdict == "failed"
    assert verdicts["CLIENT-ACCEPTED-TOLD"].verdict == "blocked"
    assert "CLIENT-ACCEPTED-RETRIED failed" in verdicts["CLIENT-ACCEPTED-TOLD"].reason
    assert verdicts["CLIENT-RESUME"].verdict == "errored"
