"""The service with a scenario between: it answers as the scenario says, and records what was sent and when."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from commit_conformance.clients.interludes import accepted, created, expired, limited, lost, own_conflict, raw, slow
from commit_conformance.clients.judge.waiting import EARLY, too_early
from commit_conformance.clients.largest import largest, minimal, with_nulls, with_unknown
from commit_conformance.clients.record import Sent
from commit_conformance.clients.stage import ELSEWHERE, Interlude, Stage, Tokens
from commit_conformance.mock.state import Preparation, UploadedSession
from commit_conformance.reference import Request, Response, Service, Settings
from commit_conformance.specs import schema

ORIGIN = "http://service.invalid"


def staged(*commit: Interlude, elsewhere: bool = False) -> tuple[Stage, UploadedSession]:
    """A stage, and a session that is ready to be committed."""
    tokens, accepted_tokens = Tokens(), dict[str, str]()
    settings = Settings(tokens=accepted_tokens, trust_first_token=False, processing_every=0, part_size=1024)
    stage = Stage(
        Service(settings), accepted=accepted_tokens, tokens=tokens, script={"commit": commit}, elsewhere=elsewhere
    )
    service = Preparation(stage.service, base_url=f"{ORIGIN}/api/2.0", token=tokens.access)
    return stage, service.upload(None, name="a.bin", folder_id="0", file_id=None)


def send(stage: Stage, session: UploadedSession, *, digest: str | None = None, path: str | None = None) -> Response:
    headers = (
        ("host", "service.invalid"),
        ("authorization", f"Bearer {stage.tokens.access}"),
        ("content-type", "application/json"),
        ("digest", digest or session.digest),
    )
    target = path or session.commit_url.removeprefix(ORIGIN)
    body = json.dumps({"parts": session.parts}).encode()
    return stage.handle(Request(method="POST", target=target, headers=headers, body=body))


def test_interludes_come_in_turn_and_then_the_service() -> None:
    stage, session = staged(accepted(0), limited(429, "rate_limit_exceeded", wait=1))
    assert [send(stage, session).status for _ in range(3)] == [202, 429, 201]
    said = [each.says for each in stage.record.sent()]
    assert said == ["202 with Retry-After: 0", "429 rate_limit_exceeded with Retry-After: 1", ""]
    assert [each.wait for each in stage.record.sent()] == [0, 1, None]


@pytest.mark.parametrize("interlude", [lost(taken=True), raw(201, taken=True), slow(0), created("x", minimal)])
def test_a_client_that_is_wrong_hears_of_it_whatever_the_scenario_had_in_store(interlude: Interlude) -> None:
    stage, session = staged(interlude)
    assert send(stage, session, digest="sha=AAAAAAAAAAAAAAAAAAAAAAAAAAA=").status == 400
    (sent,) = stage.record.sent()
    assert not sent.is_scripted


def test_a_lost_answer_is_of_a_commit_that_was_carried_out() -> None:
    stage, session = staged(lost(taken=True), own_conflict())
    assert send(stage, session).wire == "reset"
    (file,) = stage.service.world.files.values()
    conflict = json.loads(send(stage, session).content())["context_info"]["conflicts"]
    assert (conflict["id"], conflict["sha1"]) == (file.id, file.current.content.sha1.hex())


def test_endpoints_lie_elsewhere_and_work_there() -> None:
    stage, session = staged(elsewhere=True)
    assert send(stage, session, path=f"{ELSEWHERE}/{session.id}/commit").status == 201
    (sent,) = stage.record.sent()
    assert (sent.operation, sent.session) == ("commit", session.id)


def test_an_expired_token_is_renewed_at_the_token_endpoint() -> None:
    stage, session = staged(expired())
    assert send(stage, session).status == 401
    form = f"grant_type=refresh_token&refresh_token={stage.tokens.refresh}".encode()
    renewed = stage.handle(Request(method="POST", target="/oauth2/token", body=form))
    assert json.loads(renewed.content())["access_token"] == stage.tokens.access
    assert stage.handle(Request(method="POST", target="/oauth2/token", body=form)).status == 400
    assert send(stage, session).status == 201


@pytest.mark.parametrize("change", [minimal, largest, with_nulls, with_unknown])
def test_files_in_other_forms_keep_the_schema(change: object) -> None:
    assert callable(change)
    stage, session = staged(created("201", change))
    document = json.loads(send(stage, session).content())
    Draft202012Validator(schema("Files")).validate(document)
    assert document["entries"][0]["id"] == next(iter(stage.service.world.files))


@pytest.mark.parametrize(("gap", "early"), [(0.5, True), (2 - 2 * EARLY, True), (2 - EARLY / 2, False), (2.5, False)])
def test_a_timer_may_be_a_little_early_and_no_more(gap: float, early: bool) -> None:
    first = Sent(number=1, operation="commit", method="POST", target="/", headers=(), answered=10.0, wait=2.0)
    second = Sent(number=2, operation="commit", method="POST", target="/", headers=(), arrived=10.0 + gap)
    assert (too_early(first, second) is not None) is early
