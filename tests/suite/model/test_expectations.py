"""What a commit may be answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from uploaded import FOREIGN_ID, commit, listed, uploaded

from commit_conformance.model import (
    Answer,
    CommitRequest,
    Expectation,
    FileState,
    Outcome,
    classify,
    expect_commit,
)

SESSION = uploaded(3)
OTHER_DIGEST = "sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk="
FILE = FileState(file_id="7", etag="1", sha1="0" * 40, size=3, name="report.pdf")
STATUSES = (200, 201, 202, 204, 301, 304, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 415, 416, 422, 429)
SERVER_ERRORS = (500, 502, 503, 504)
REFUSALS = {400, 409, 410, 411, 412, 413, 415, 416, 422}


def allowed(expectation: Expectation) -> set[int]:
    return {status for status in (*STATUSES, *SERVER_ERRORS) if expectation.allows(Answer(status=status))}


def expect(request: CommitRequest, **known: Any) -> Expectation:
    return expect_commit(request, SESSION, **known)


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((201,), Outcome.CREATED),
        ((202,), Outcome.ACCEPTED),
        ((304,), Outcome.NOT_MODIFIED),
        ((401,), Outcome.UNAUTHORIZED),
        ((403,), Outcome.FORBIDDEN),
        ((404,), Outcome.NOT_FOUND),
        ((429,), Outcome.RATE_LIMITED),
        ((400, 402, 406, 409, 410, 412, 413, 415, 416, 418, 422, 431, 451, 499), Outcome.REFUSED),
        ((500, 501, 502, 503, 504, 599), Outcome.SERVER_ERROR),
        ((100, 200, 203, 204, 206, 301, 302, 307, 405, 408, 600), Outcome.OTHER),
    ],
)
def test_a_status_means(statuses: tuple[int, ...], outcome: Outcome) -> None:
    assert {classify(Answer(status=status)) for status in statuses} == {outcome}


@pytest.mark.parametrize("parts", range(1, 7))
def test_a_right_commit_is_created_at_once_or_later(parts: int) -> None:
    session = uploaded(parts)
    expectation = expect_commit(commit(session), session)
    assert allowed(expectation) == {201, 202}
    assert expectation.must_create
    assert not expectation.must_refuse


def _entries(at: int, **changes: Any) -> list[dict[str, Any]]:
    entries = listed(SESSION)
    entries[at] |= changes
    return entries


WRONG: dict[str, tuple[CommitRequest, str]] = {
    "no digest": (commit(SESSION, digest=None), "there is no digest"),
    "digest of another file": (commit(SESSION, digest=OTHER_DIGEST), "not that of the file"),
    "md5": (commit(SESSION, digest="md5=kAFQmDzST7DWlj99KOF/cg=="), "the algorithm of the digest is not sha"),
    "empty body": (commit(SESSION, body=b""), "the body is empty"),
    "no JSON": (commit(SESSION, body=b"{"), "the body is not JSON"),
    "a list": (commit(SESSION, body=[]), "the body is not an object"),
    "no parts": (commit(SESSION, body={}), "there is no parts"),
    "form": (commit(SESSION, ("content-type", "text/plain")), "the content type is not JSON"),
    "bad date": (commit(SESSION, attributes={"content_modified_at": "?"}), "a date"),
    "bad attributes": (commit(SESSION, attributes=[]), "attributes is not an object"),
    "parts null": (commit(SESSION, body={"parts": None}), "parts is null"),
    "no entries": (commit(SESSION, body={"parts": []}), "the list is empty"),
    "a hole": (commit(SESSION, body={"parts": listed(SESSION)[1:]}), "bytes 0 to 7 are missing"),
    "wrong size": (commit(SESSION, body={"parts": _entries(0, size=7)}), "claims size 7 where 8 bytes were uploaded"),
    "wrong sha1": (commit(SESSION, body={"parts": _entries(1, sha1="0" * 40)}), "claims sha1"),
}


@pytest.mark.parametrize(("request_", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_commit_is_refused_or_first_accepted(request_: CommitRequest, reason: str) -> None:
    expectation = expect(request_)
    assert allowed(expectation) == REFUSALS | {202}
    assert expectation.must_refuse
    assert not expectation.must_create
    assert any(reason in said for said in expectation.reasons), expectation.reasons


@pytest.mark.parametrize("part_id", ["DEADBEEF", FOREIGN_ID])
def test_a_part_the_session_does_not_have_may_be_answered_404(part_id: str) -> None:
    expectation = expect(commit(SESSION, body={"parts": _entries(0, part_id=part_id)}))
    assert allowed(expectation) == REFUSALS | {202, 404}


def test_everything_that_is_wrong_is_said() -> None:
    request = commit(SESSION, digest=OTHER_DIGEST, body={"parts": _entries(0, size=7), "attributes": []})
    assert len(expect(request).reasons) == 2, "the list is not read where the body is wrong"
    request = commit(SESSION, digest=OTHER_DIGEST, body={"parts": _entries(0, size=7)})
    assert len(expect(request).reasons) == 3
    assert len(expect(request, name_taken=True).reasons) == 4


@pytest.mark.parametrize(
    ("headers", "statuses"),
    [
        ([("if-match", "1")], {201, 202}),
        ([("If-Match", " 1 ")], {201, 202}),
        ([("if-match", "*")], {201, 202}),
        ([("if-match", "2")], {412}),
        ([("if-match", '"2"')], {412}),
        ([("if-none-match", "2")], {201, 202}),
        ([("if-none-match", "1")], {304, 412}),
        ([("if-match", "1"), ("if-none-match", "2")], {201, 202}),
        ([("if-match", "1"), ("if-none-match", "1")], {304, 412}),
        ([("if-match", "2"), ("if-none-match", "1")], {304, 412}),
        ([("if-match", "2"), ("if-none-match", "2")], {412}),
        ([("if-match", '"1"')], {201, 202} | REFUSALS),
        ([("if-none-match", "*")], {201, 202} | REFUSALS),
        ([("if-match", "1, 2")], {201, 202} | REFUSALS),
    ],
)
def test_a_precondition_on_a_new_version(headers: list[tuple[str, str]], statuses: set[int]) -> None:
    assert allowed(expect(commit(SESSION, *headers), current=FILE)) == statuses


@pytest.mark.parametrize("header", ["if-match", "if-none-match"])
@pytest.mark.parametrize("value", ["1", "*", '"1"'])
def test_a_precondition_on_a_new_file_is_open(header: str, value: str) -> None:
    expectation = expect(commit(SESSION, (header, value)))
    assert allowed(expectation) == {201, 202} | REFUSALS
    assert expectation.open == (f"{header} in a form nothing documents",)


def test_only_if_none_match_is_answered_304() -> None:
    assert Outcome.NOT_MODIFIED not in expect(commit(SESSION, ("if-match", "2")), current=FILE).outcomes
    assert Outcome.NOT_MODIFIED not in expect(commit(SESSION, digest=OTHER_DIGEST), current=FILE).outcomes


def test_a_taken_name_is_a_conflict() -> None:
    expectation = expect(commit(SESSION), name_taken=True)
    assert allowed(expectation) == {409}
    assert str(expectation) == "409"


def test_of_several_things_that_are_wrong_each_may_be_answered() -> None:
    stale = commit(SESSION, ("if-none-match", "1"))
    assert allowed(expect(stale, current=FILE, name_taken=True)) == {304, 409, 412}
    bad = commit(SESSION, ("if-none-match", "1"), digest=OTHER_DIGEST)
    assert allowed(expect(bad, current=FILE, name_taken=True)) == REFUSALS | {202, 304}


ODD: dict[str, CommitRequest] = {
    "order": commit(SESSION, body={"parts": listed(SESSION)[::-1]}),
    "null sha1": commit(SESSION, body={"parts": _entries(0, sha1=None)}),
    "float": commit(SESSION, body={"parts": _entries(0, size=8.0)}),
    "digest list": commit(SESSION, digest=f"{SESSION.digest},md5=kAFQmDzST7DWlj99KOF/cg=="),
    "sha1": commit(SESSION, digest=SESSION.digest.replace("sha=", "sha1=")),
    "blanks": commit(SESSION, digest=f" {SESSION.digest}"),
    "description": commit(SESSION, attributes={"description": "x" * 256}),
    "name": commit(SESSION, attributes={"name": "x"}),
    "twice": CommitRequest(
        headers=(("digest", SESSION.digest), ("content-type", "application/json")),
        body=b'{"parts":[],"parts":' + json.dumps(listed(SESSION)).encode() + b"}",
    ),
    "no content type": CommitRequest(
        headers=(("digest", SESSION.digest),), body=json.dumps({"parts": listed(SESSION)}).encode()
    ),
}


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
def test_what_is_not_documented_may_be_taken_or_refused(request_: CommitRequest) -> None:
    expectation = expect(request_)
    assert allowed(expectation) == {201, 202} | REFUSALS
    assert expectation.open
    assert not expectation.must_create
    assert not expectation.must_refuse


@pytest.mark.parametrize("request_", ODD.values(), ids=ODD)
def test_what_is_not_documented_may_be_refused_before_a_conflict_is(request_: CommitRequest) -> None:
    assert allowed(expect(request_, name_taken=True)) == REFUSALS


def test_another_case_of_the_algorithm_is_not_open() -> None:
    assert expect(commit(SESSION, digest=SESSION.digest.replace("sha=", "SHA="))).must_create


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        (expect(commit(SESSION)), "201 with the file or 202, still processing"),
        (expect(commit(SESSION, ("if-match", "2")), current=FILE), "412"),
        (expect(commit(SESSION, ("if-none-match", "1")), current=FILE), "412 or 304"),
        (expect(commit(SESSION, ("if-match", "2")), current=FILE, name_taken=True), "409 or 412"),
        (expect(commit(SESSION, digest=None)), f"{Outcome.REFUSED} (a 202 may come first)"),
    ],
)
def test_an_expectation_reads_as_words(expectation: Expectation, words: str) -> None:
    assert str(expectation) == words


def test_a_session_knows_its_own_sums() -> None:
    session = uploaded(3)
    assert (session.total_parts, session.complete, session.file_size) == (3, True, 19)
    assert session.parts[-1].end == session.file_size
    assert commit(session).header("DIGEST") == [session.digest]
