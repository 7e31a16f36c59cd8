"""What a static mock shows is judged by its form: every rule that is judged can fail, and a right mock fails none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from commit_conformance.static_mock.shapes import JUDGED, OBSERVED
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.catalogue import Catalogue, Effort
from commit_conformance.verdict.settings import RunSettings
from tests.suite.static_mocks.mocks import (
    COMMIT,
    CREATE,
    PART,
    PARTS,
    STATUS,
    URL,
    Given,
    StaticMock,
    example_body,
    given,
    trial_of,
    verdicts_of,
)

ROOT = Path(__file__).parents[3]
RIGHT = StaticMock(validates=True)


def created(**members: Any) -> Given:
    """A 201 whose file has other members; ``...`` takes one away."""
    body = example_body("StandardFile")
    file = {**body["entries"][0], **members}
    return given(201, {**body, "entries": [{name: value for name, value in file.items() if value is not ...}]})


def session(**members: Any) -> Given:
    """A session just opened, with other members."""
    body = {**example_body("SessionFresh"), **members}
    return given(201, {name: value for name, value in body.items() if value is not ...})


def error(status: int, /, **members: Any) -> Given:
    """An error with other members."""
    return given(status, {"type": "error", "status": status, "code": "some_code", **members})


def unless(holds: Callable[[httpx.Request], bool], answer: Given) -> Callable[[httpx.Request], Given]:
    """The usual 201, unless the request is of a certain form."""
    return lambda request: answer if holds(request) else created()


def is_chunked(request: httpx.Request) -> bool:
    """Whether a body came in chunks."""
    return "chunked" in request.headers.get("transfer-encoding", "")


def members_of(request: httpx.Request) -> dict[str, Any]:
    """The members of a commit's body."""
    body = json.loads(request.content)
    return body if isinstance(body, dict) else {}


REFUSED = error(400)
#: Mocks that are wrong in one place: the rule that has to fail, the mock, and words of what is told.
WRONG: list[tuple[str, StaticMock, str]] = [
    (
        "CREATED-STATUS",
        RIGHT.but(COMMIT, given(200, example_body("MinimalFile")), status=201),
        "success was answered 200",
    ),
    (
        "CREATED-CONTENT-TYPE",
        RIGHT.but(COMMIT, given(201, example_body("MinimalFile"), content_type="text/json")),
        "the content type is text/json",
    ),
    (
        "CREATED-LIST",
        RIGHT.but(COMMIT, given(201, example_body("MinimalFile")["entries"][0])),
        "the body has no entries",
    ),
    ("CREATED-LIST", RIGHT.but(COMMIT, given(201, {"total_count": 3, "entries": []})), "there are 0 entries"),
    ("CREATED-LIST", RIGHT.but(COMMIT, Given(201, (("content-type", "application/json"),), b"{")), "is not JSON"),
    ("CREATED-SCHEMA", RIGHT.but(COMMIT, created(extension=7)), "extension is 7"),
    ("CREATED-FIELDS", RIGHT.but(COMMIT, created(sha1=...)), "the File has no sha1"),
    ("CREATED-FIELDS", RIGHT.but(COMMIT, created(type="folder")), "type is 'folder'"),
    ("CREATED-STRING-IDS", RIGHT.but(COMMIT, created(id=12345)), "id is 12345"),
    ("CREATED-STRING-IDS", RIGHT.but(COMMIT, created(created_by={"id": 7, "type": "user"})), "id is 7"),
    ("CREATED-DATES", RIGHT.but(COMMIT, created(created_at="2026-01-02")), "created_at is '2026-01-02'"),
    ("CREATED-DATES", RIGHT.but(COMMIT, created(created_at="2026-01-03T00:00:00Z")), "created_at is after modified_at"),
    (
        "CREATED-PATH",
        RIGHT.but(
            COMMIT, created(path_collection={"total_count": 7, "entries": [{"id": "4410277", "type": "folder"}]})
        ),
        "total_count is 7 for 1 entries",
    ),
    (
        "CREATED-PATH",
        RIGHT.but(COMMIT, created(path_collection={"total_count": 1, "entries": [{"id": "9", "type": "folder"}]})),
        "the path does not end with the session's folder",
    ),
    ("CREATED-SHA1", RIGHT.but(COMMIT, created(sha1="da39a3ee")), "sha1 is 'da39a3ee'"),
    ("CREATED-SHA1", RIGHT.but(COMMIT, created(sha1=12)), "sha1 is 12, not a text of 40"),
    ("CREATED-SIZE", RIGHT.but(COMMIT, created(size="10")), "size is '10'"),
    ("CREATED-SIZE", RIGHT.but(COMMIT, created(size=-1)), "size is -1"),
    ("CREATED-SIZE", RIGHT.but(COMMIT, created(size=True)), "size is True, not a number"),
    ("CREATED-NAME", RIGHT.but(COMMIT, created(name=7)), "name is 7"),
    (
        "CREATED-VERSION-SHA1",
        RIGHT.but(COMMIT, created(file_version={"id": "1", "type": "file_version", "sha1": "none"})),
        "sha1 is 'none'",
    ),
    ("ACCEPTED-RETRY-AFTER", RIGHT.but(COMMIT, given(202)), "the 202 has no Retry-After header"),
    ("ACCEPTED-RETRY-AFTER", RIGHT.but(COMMIT, given(202, retry_after="1m")), "Retry-After is '1m'"),
    ("ACCEPTED-EMPTY", RIGHT.but(COMMIT, given(202, {}, retry_after="1")), "the 202 has a body"),
    ("NOT-MODIFIED-EMPTY", RIGHT.but(COMMIT, given(304, {})), "the 304 has a body"),
    ("CONFLICT-BODY", RIGHT.but(COMMIT, error(409, status=400)), "status is 400, the answer's is 409"),
    ("CONFLICT-BODY", RIGHT.but(COMMIT, given(409)), "the body of the 409 is not JSON"),
    ("CONFLICT-BODY", RIGHT.but(PART, error(409, type="conflict")), "type is 'conflict'"),
    ("PRECONDITION-BODY", RIGHT.but(COMMIT, error(412, context_info=[1])), "context_info is"),
    ("ERROR-BODY", RIGHT.but(COMMIT, error(410, type="gone")), "type is 'gone'"),
    ("ERROR-BODY", RIGHT.but(CREATE, error(400, code=17)), "code is 17"),
    ("ERROR-BODY", StaticMock(validates=True, bad=error(422, status=400)), "status is 400, the answer's is 422"),
    (
        "ERROR-LEAK",
        RIGHT.but(COMMIT, error(404, message="Traceback (most recent call last):\n")),
        "the error holds a stack trace",
    ),
    ("ERROR-NO-5XX", StaticMock(validates=True, bad=error(500)), "a bad commit was answered 500"),
    ("ERROR-RATE-LIMIT", RIGHT.but(COMMIT, error(429)), "the 429 has no Retry-After"),
    ("AUTH-CHALLENGE", RIGHT.but(COMMIT, error(401)), "the 401 has no WWW-Authenticate header"),
    ("ERROR-METHOD", StaticMock(other_method=Given(405)), "has Allow: None"),
    ("ERROR-METHOD", StaticMock(other_method=Given(405, (("allow", "GET"),))), "has Allow: 'GET'"),
    (
        "NO-REDIRECT",
        RIGHT.but(COMMIT, Given(302, (("location", "/"),)), status=201),
        "the commit is redirected with 302",
    ),
    ("TOKEN-ECHO", RIGHT.but(COMMIT, error(404, message="not for local-token")), "the body holds the token"),
    ("TOKEN-ECHO", RIGHT.but(STATUS, session(url="?token=local-token"), status=200), "the body holds the token"),
    (
        "ACCEPT-ANY",
        RIGHT.but(COMMIT, unless(lambda request: request.headers.get("accept") == "application/json", error(406))),
        "was answered 406",
    ),
    (
        "ACCEPT-ANY",
        RIGHT.but(COMMIT, unless(lambda request: "accept" not in request.headers, Given(201, (), b"<file/>"))),
        "was answered nothing, not JSON",
    ),
    (
        "ACCEPT-ENCODING",
        RIGHT.but(
            COMMIT,
            unless(
                lambda request: "gzip" in request.headers.get("accept-encoding", ""),
                Given(201, (("content-type", "application/json"), ("content-encoding", "gzip")), b"not gzip"),
            ),
        ),
        "",
    ),
    ("PART-COMPLETE", RIGHT.but(COMMIT, REFUSED, status=201), "a right commit was answered 400"),
    ("PART-COMPLETE", RIGHT.but(CREATE, session(id=...)), "no part can be sent to the session: the session has no id"),
    ("PART-COMPLETE", RIGHT.but(CREATE, session(part_size=0)), "part_size is 0"),
    ("PART-COMPLETE", RIGHT.but(CREATE, given(201, [])), "is not a JSON object"),
    ("PART-COMPLETE", RIGHT.but(PART, given(200, {"part": {"offset": 0}})), "has no part_id"),
    ("PART-COMPLETE", RIGHT.but(PART, given(200, {})), "there is no part in it"),
    ("PART-COMPLETE", RIGHT.but(PART, given(200, {"part": {"part_id": "A", "offset": "0"}})), "offset is '0'"),
    ("SESSION-ENDPOINTS", RIGHT.but(CREATE, session(session_endpoints=...)), "has no session_endpoints"),
    ("SESSION-ENDPOINTS", RIGHT.but(CREATE, session(session_endpoints={"commit": "/commit"})), "commit is '/commit'"),
    (
        "SESSION-ENDPOINTS",
        RIGHT.but(CREATE, session(session_endpoints={"commit": "https://a.example/c"})),
        "session_endpoints.upload_part is None, not a URL",
    ),
    ("SESSION-PROGRESS", RIGHT.but(CREATE, session(num_parts_processed=2)), "num_parts_processed starts at 2"),
    (
        "SESSION-PROGRESS",
        RIGHT.but(STATUS, session(num_parts_processed=9), status=200),
        "num_parts_processed is 9 of 8",
    ),
    ("SESSION-PROGRESS", RIGHT.but(CREATE, session(total_parts="8")), "total_parts is '8'"),
    ("SESSION-LIST-PARTS", RIGHT.but(PARTS, given(200, {"total_count": 0})), "the body has no entries"),
    ("SESSION-LIST-PARTS", RIGHT.but(PARTS, given(200, {"entries": [{"size": -1}]})), "size is -1"),
    (
        "BODY-CHARSET",
        RIGHT.but(COMMIT, unless(lambda r: "charset" in r.headers["content-type"], REFUSED)),
        "was answered 400",
    ),
    ("BODY-CHUNKED", RIGHT.but(COMMIT, unless(is_chunked, REFUSED)), "was answered 400"),
    (
        "BODY-UNKNOWN-MEMBER",
        RIGHT.but(COMMIT, unless(lambda r: "x_unknown" in members_of(r), REFUSED)),
        "was answered 400",
    ),
    (
        "PART-UNKNOWN-MEMBER",
        RIGHT.but(COMMIT, unless(lambda r: "x_unknown" in members_of(r)["parts"][0], REFUSED)),
        "was answered 400",
    ),
    (
        "ATTR-ABSENT",
        RIGHT.but(COMMIT, unless(lambda r: "attributes" not in members_of(r), REFUSED)),
        "was answered 400",
    ),
    ("VERSION-CURRENT", RIGHT.but(COMMIT, unless(lambda r: "box-version" in r.headers, REFUSED)), "was answered 400"),
]


def name_of(case: object) -> str:
    """A rule names its case."""
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize(("rule", "mock", "words"), WRONG, ids=name_of)
def test_a_form_that_is_wrong_fails_its_rule_alone(rule: str, mock: StaticMock, words: str) -> None:
    events = verdicts_of(trial_of(mock))
    failed = {name for name, event in events.items() if event["verdict"] == "failed"}
    assert rule in failed
    assert words in events[rule]["failure"]["message"]
    # A form that cannot be read at all is wrong in more than one way, and a body that is none holds nothing else.
    assert len(failed) <= 3, failed
    failure = events[rule]["failure"]
    assert failure["sent"]
    assert rule == "ACCEPT-ENCODING" or (failure["curl"] and events[rule]["exchanges"])


def test_every_rule_that_is_judged_is_shown_to_fail() -> None:
    assert {rule for rule, _, _ in WRONG} >= set(JUDGED)


def test_a_right_mock_passes_what_can_be_judged_and_nothing_else() -> None:
    events = verdicts_of(trial_of(RIGHT))
    by_verdict = {
        verdict: {rule for rule, event in events.items() if event["verdict"] == verdict}
        for verdict in ("passed", "observed", "failed", "unsupported")
    }
    assert by_verdict["failed"] == set()
    assert by_verdict["passed"] == set(JUDGED)
    assert by_verdict["observed"] == set(OBSERVED)
    rest = {rule.id for rule in Catalogue.load()} - set(JUDGED) - set(OBSERVED)
    assert by_verdict["unsupported"] == rest
    assert all(events[rule]["reason"].startswith("the target is a static mock: ") for rule in rest)


def test_rules_about_refusing_and_about_state_have_reasons_of_their_own() -> None:
    events = verdicts_of(trial_of(StaticMock()))
    assert events["PART-GAP"]["reason"].endswith("it answers from examples, whatever a commit says")
    assert "keeps no sessions and no files" in events["REPEAT-ONE-FILE"]["reason"]


def test_what_a_mock_never_showed_is_unsupported() -> None:
    events = verdicts_of(trial_of(StaticMock(prefers=False)))
    for rule in ("CONFLICT-BODY", "ACCEPTED-RETRY-AFTER", "PRECONDITION-BODY", "ERROR-BODY", "AUTH-CHALLENGE"):
        assert events[rule]["verdict"] == "unsupported"
        assert "takes no notice of `Prefer: code=…`" in events[rule]["reason"]
    assert events["CREATED-SCHEMA"]["verdict"] == "passed"
    assert events["CREATED-DATES"]["reason"].endswith("it never showed a 201 with dates")


@pytest.mark.parametrize("example", ["seed-1-created.json", "seed-2-created.json"])
def test_a_mock_with_the_published_examples_is_not_failed_for_them(example: str) -> None:
    """They show a version of other content and an active file in the trash: examples that were put together."""
    body = json.loads((ROOT / "tests/suite/specs/data" / example).read_text(encoding="utf-8"))
    trial = trial_of(RIGHT.but(COMMIT, given(201, body)))
    assert {rule for rule, event in verdicts_of(trial).items() if event["verdict"] == "failed"} == set()
    assert any("trashed_at is set" in note for note in trial.notes)


def test_a_mock_that_has_no_such_answer_is_not_judged_by_its_word_for_that() -> None:
    """Asked for a status that it does not have, it answers an error of its own."""

    def problem(request: httpx.Request) -> Given:
        return Given(404, (("content-type", "text/plain"),), b"nothing here for you")

    mock = StaticMock()
    for status in (202, 400, 404, 409, 410, 412, 429):
        mock = mock.but(COMMIT, problem(httpx.Request("GET", URL)), status=status)
    events = verdicts_of(trial_of(mock))
    assert events["ERROR-BODY"]["verdict"] != "failed"
    assert events["CONFLICT-BODY"]["verdict"] != "failed"
    assert events["ACCEPTED-RETRY-AFTER"]["reason"].endswith("it never showed a 202")


def test_only_the_commit_need_be_there() -> None:
    lacks = frozenset({CREATE, PART, PARTS, STATUS, "post_files_id_upload_sessions", "delete_files_upload_sessions_id"})
    events = verdicts_of(trial_of(StaticMock(lacks=lacks)))
    assert events["CREATED-SCHEMA"]["verdict"] == "passed"
    assert events["CONFLICT-BODY"]["verdict"] == "passed"
    assert not [rule for rule, event in events.items() if event["verdict"] == "failed"]


def test_a_mock_that_validates_is_not_blamed_for_refusing() -> None:
    trial = trial_of(RIGHT)
    assert any("validates requests (400, 401 to commits" in note for note in trial.notes)
    events = verdicts_of(trial)
    assert {events[rule]["verdict"] for rule in ("PART-EMPTY", "DIGEST-MISSING", "AUTH-MISSING")} == {"unsupported"}


def test_where_the_urls_of_sessions_lead_is_told() -> None:
    notes = trial_of(RIGHT).notes
    assert any("lead to https://upload.example.com and not to it" in note for note in notes)
    here = {"commit": f"{URL}/c", "upload_part": f"{URL}/u"}
    right = RIGHT.but(CREATE, session(session_endpoints=here)).but(STATUS, session(session_endpoints=here), status=200)
    mine = right.but("post_files_id_upload_sessions", session(session_endpoints=here))
    assert not any("lead to" in note for note in trial_of(mine).notes)


def test_a_quick_trial_keeps_its_budget_and_judges_the_commit() -> None:
    settings = RunSettings(target=TargetSettings(url=URL, token="local-token"), effort=Effort.QUICK)
    events = verdicts_of(trial_of(RIGHT, settings=settings))
    assert 0 < sum(event["requests"] for event in events.values()) < 60
    assert {events[rule]["verdict"] for rule in ("CREATED-SCHEMA", "ERROR-BODY", "CONFLICT-BODY")} == {"passed"}
