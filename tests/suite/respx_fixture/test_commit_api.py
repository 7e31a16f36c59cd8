"""The service behind a user's own client: who is answered, what is logged, and what a switch changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_conformance.mock import CommitApi, Headers, NotServed, UploadedSession, digest_of
from commit_conformance.reference import BEHAVIOURS, FAULTS, Response, Service


def bearer(api: CommitApi) -> dict[str, str]:
    return {"authorization": f"Bearer {api.token}"}


def commit(api: CommitApi, session: UploadedSession, **changes: Any) -> httpx.Response:
    headers = {**bearer(api), "digest": session.digest, **changes.get("headers", {})}
    return httpx.post(session.commit_url, json={"parts": changes.get("parts", session.parts)}, headers=headers)


# -- who is answered --------------------------------------------------------------------------------------------------


def test_a_file_is_uploaded_with_a_client_of_the_users_own(api: CommitApi) -> None:
    content = bytes(range(256)) * 5
    with httpx.Client(base_url=api.url, headers=bearer(api)) as client:
        wanted = {"folder_id": api.folder_id, "file_size": len(content), "file_name": "a.bin"}
        session = client.post("/files/upload_sessions", json=wanted).json()
        urls, parts = session["session_endpoints"], []
        for offset in range(0, len(content), session["part_size"]):
            piece = content[offset : offset + session["part_size"]]
            span = {"content-range": f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}"}
            part = client.put(urls["upload_part"], content=iter([piece]), headers={"digest": digest_of(piece), **span})
            parts.append(part.json()["part"])
        created = client.post(urls["commit"], json={"parts": parts}, headers={"digest": digest_of(content)})
    assert created.status_code == 201
    assert urls["commit"].startswith(api.url)
    (file,) = api.files
    assert (file.id, file.name, file.folder_id) == (created.json()["entries"][0]["id"], "a.bin", api.folder_id)
    assert (file.size, file.sha1) == (len(content), hashlib.sha1(content).hexdigest())
    assert (file.content, file.etag, file.versions) == (content, "0", 1)
    assert [each.operation for each in api.log] == ["create_session", "upload_part", "upload_part", "commit"]
    assert b"".join(each.body for each in api.log.of("upload_part")) == content
    (done,) = api.sessions
    assert (done.id, done.state, done.complete, done.offsets) == (session["id"], "committed", True, (0, 1024))


def test_an_asynchronous_client_is_answered(api: CommitApi) -> None:
    session = api.upload_session()

    async def ask() -> tuple[int, bytes]:
        async with httpx.AsyncClient(headers=bearer(api)) as client:

            async def body() -> Any:
                yield json.dumps({"parts": session.parts}).encode()

            headers = {"digest": session.digest, "content-type": "application/json"}
            created = await client.post(session.commit_url, content=body(), headers=headers)
            file_id = created.json()["entries"][0]["id"]
            return created.status_code, (await client.get(f"{api.api_url}/files/{file_id}/content")).content

    assert asyncio.run(ask()) == (201, session.content)
    assert api.log[-1].answer is not None
    assert api.log[-1].answer.body == session.content


def test_threads_are_answered_side_by_side(api: CommitApi) -> None:
    sessions = [api.upload_session(bytes([number]) * 1500) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda session: commit(api, session).status_code, sessions))
    assert statuses == [201] * 12
    assert [each.number for each in api.log] == list(range(1, 13))
    assert sorted(file.content for file in api.files) == [session.content for session in sessions]


def test_a_proxy_in_the_environment_changes_nothing(api: CommitApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert commit(api, api.upload_session()).status_code == 201


@pytest.mark.parametrize(
    "url",
    [
        "https://upload.box.com/api/2.0/files/upload_sessions?token=secret",
        "http://upload.invalid/api/2.0/users/me",
        "https://upload.invalid:8443/api/2.0/users/me",
        "https://127.0.0.1/users/me",
    ],
)
def test_other_places_are_not_served(api: CommitApi, url: str) -> None:
    with pytest.raises(NotServed) as refused:
        httpx.get(url)
    message = str(refused.value)
    assert message == api.blocked[-1]
    assert url.partition("?")[0] in message
    assert "secret" not in message
    assert api.url in message
    assert api.api_url in message
    assert not api.log


def test_other_places_may_be_mocked_beside_it(api: CommitApi) -> None:
    with respx.mock() as router:
        router.get("https://elsewhere.invalid/").respond(204)
        assert httpx.get("https://elsewhere.invalid/").status_code == 204
        assert httpx.get(f"{api.url}/users/me", headers=bearer(api)).status_code == 200


def test_two_services_have_a_host_each(api: CommitApi) -> None:
    with CommitApi(url="https://second.invalid/2.0", api_url="https://second.invalid/2.0") as second:
        assert commit(second, second.upload_session(b"2")).status_code == 201
        assert commit(api, api.upload_session(b"1")).status_code == 201
    assert [[file.content for file in each.files] for each in (api, second)] == [[b"1"], [b"2"]]
    assert commit(api, api.upload_session(b"3")).status_code == 201


def test_it_ends_when_the_block_does() -> None:
    with CommitApi() as api:
        session = api.upload_session()
        commit(api, session)
        with pytest.raises(RuntimeError, match="in force already"), api:
            pass
    assert len(api.log) == len(api.files) == 1
    with respx.mock(assert_all_called=False) as router:
        router.route().respond(418)
        assert commit(api, session).status_code == 418
    with api:
        assert commit(api, session).status_code == 201


def test_only_its_own_token_is_good(api: CommitApi) -> None:
    assert httpx.get(f"{api.url}/users/me", headers={"authorization": "Bearer other"}).status_code == 401
    assert httpx.get(f"{api.url}/users/me", headers=bearer(api)).status_code == 200


# -- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_tells_what_was_sent_and_answered(api: CommitApi) -> None:
    session = api.upload_session()
    commit(api, session, parts=session.parts[1:])
    api.clock.advance(5)
    commit(api, session)
    httpx.get(f"{api.url}/nowhere?a=b%20c", headers=bearer(api))
    refused, created, lost = api.log
    assert api.commits == api.log.commits == api.log.of("commit") == (refused, created)
    assert (refused.status, created.status, lost.status) == (400, 201, 404)
    assert refused.json() == {"parts": session.parts[1:]}
    assert refused.answer is not None
    assert refused.answer.json()["status"] == 400
    assert refused.answer.headers["Content-Type"] == "application/json"
    assert (created.method, session.commit_url.endswith(created.path)) == ("POST", True)
    assert created.headers["DIGEST"] == session.digest
    assert created.at - refused.at == 5
    assert (lost.operation, lost.path, lost.query) == (None, "/api/2.0/nowhere", "a=b%20c")
    assert api.log[1:] == [created, lost]


def test_the_token_is_not_shown(api: CommitApi) -> None:
    commit(api, api.upload_session(), headers={"Cookie": "session-secret"})
    (sent,) = api.log
    assert sent.headers["authorization"] == f"Bearer {api.token}"
    for shown in (repr(sent), repr(sent.headers), repr(api.log), repr(api), f"{api.log.commits}"):
        assert api.token not in shown
        assert "session-secret" not in shown
    assert "[redacted]" in repr(sent)


def test_headers_are_a_mapping_without_case() -> None:
    headers = Headers([("A", "1"), ("b", "2"), ("a", "3")])
    assert (headers["a"], headers.lines("A"), headers.get("c"), "B" in headers) == ("1, 3", ["1", "3"], None, True)
    assert dict(headers) == {"a": "1, 3", "b": "2"}
    assert len(headers) == 2
    with pytest.raises(KeyError):
        headers["c"]


@pytest.mark.parametrize(
    ("wire", "error", "told"),
    [("reset", httpx.ReadError, "connection lost"), ("truncate", httpx.RemoteProtocolError, "answer broke off")],
)
def test_a_service_may_break_connections_itself(
    api: CommitApi, monkeypatch: pytest.MonkeyPatch, wire: Any, error: type[Exception], told: str
) -> None:
    broken = Response(status=200, body=b"0123456789", wire=wire)
    monkeypatch.setattr(Service, "handle", lambda service, request: broken)
    with pytest.raises(error):
        httpx.get(f"{api.url}/users/me")
    (exchange,) = api.log
    assert (exchange.error, exchange.status) == (told, 200 if wire == "truncate" else None)
    assert told in repr(exchange)


# -- being different, being wrong -------------------------------------------------------------------------------------


def test_a_right_commit_is_answered_at_once_unless_told_otherwise(api: CommitApi) -> None:
    for _ in range(9):
        assert commit(api, api.upload_session()).status_code == 201
    api.behave("processing", 2)
    session = api.upload_session()
    assert [commit(api, session).status_code for _ in range(3)] == [202, 202, 201]
    assert api.sessions[-1].accepted == 2


def test_a_behaviour_reaches_what_is_there_already(api: CommitApi) -> None:
    session, file = api.upload_session(), api.store_file(b"1")
    api.behave("processing", 1)
    api.behave("part-size", "2KiB")
    assert commit(api, session).status_code == 202
    assert commit(api, session).status_code == 201
    assert api.upload_session().part_size == 2048
    assert session.part_size == 1024
    assert file in api.files


def test_the_last_value_of_a_behaviour_counts(api: CommitApi) -> None:
    api.behave("processing", 3)
    api.behave("processing", 0)
    assert commit(api, api.upload_session()).status_code == 201


def test_the_commit_url_is_the_one_the_service_names_by_now(api: CommitApi) -> None:
    api.behave("commit-path")
    session = api.upload_session()
    assert "/uploads/" in session.commit_url
    assert commit(api, session).status_code == 201
    assert len(api.commits) == 1


def test_faults_add_up(api: CommitApi) -> None:
    session = api.upload_session()
    assert commit(api, session, parts=session.parts[1:]).status_code == 400
    api.fault("accepts-gap")
    api.fault("ignores-digest")
    wrong = {"digest": digest_of(b"something else")}
    assert commit(api, session, parts=session.parts[1:], headers=wrong).status_code == 201


def test_a_fault_shows_though_the_plain_service_would_give_it_no_occasion(api: CommitApi) -> None:
    api.fault("no-retry-after")
    answers = [commit(api, api.upload_session()) for _ in range(4)]
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert accepted
    assert all("retry-after" not in answer.headers for answer in accepted)


def test_a_choice_made_by_name_wins_over_what_a_fault_needs(api: CommitApi) -> None:
    api.behave("processing", 0)
    api.fault("no-retry-after")
    assert [commit(api, api.upload_session()).status_code for _ in range(4)] == [201] * 4


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda api: api.behave("procesing", 2), "processing"),
        (lambda api: api.behave("processing", "often"), "whole number from 0 to 1000"),
        (lambda api: api.behave("processing"), "no value"),
        (lambda api: api.fault("accept-gap"), "accepts-gap"),
        (lambda api: api.drop("comit"), "did you mean commit"),
        (lambda api: api.timeout("upload-part"), "upload_part"),
        (lambda api: api.answer("xyz", 503), "there are abort, commit"),
        (lambda api: api.log.of("commits"), "did you mean commit"),
        (lambda api: api.answer("commit", 202), "400 to 599"),
        (lambda api: api.drop("commit", times=0), "times must be"),
        (lambda api: api.clock.advance(-1), "backwards"),
    ],
)
def test_wrong_names_and_values_are_told_and_change_nothing(api: CommitApi, wrong: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        wrong(api)
    assert commit(api, api.upload_session()).status_code == 201
    assert not api.waiting


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_switched_on_between_requests(api: CommitApi, name: str) -> None:
    prepared = api.upload_session()
    api.fault(name)
    # What is prepared is right whatever the service is like.
    after = api.upload_session()
    assert [part["offset"] for part in after.parts] == [part["offset"] for part in prepared.parts] == [0, 1024, 2048]
    assert api.store_file(b"12").content == b"12"


@pytest.mark.parametrize("name", sorted(BEHAVIOURS))
def test_every_behaviour_can_be_switched_on_between_requests(api: CommitApi, name: str) -> None:
    api.upload_session()
    api.behave(name, BEHAVIOURS[name].example or None)
    assert api.store_file(b"12").content == b"12"
    session = api.upload_session()
    assert any(commit(api, session).status_code == 201 for _ in range(4))


# -- what is there ----------------------------------------------------------------------------------------------------


def test_what_is_prepared_leaves_no_trace_in_the_log(api: CommitApi) -> None:
    api.drop("create_session")
    api.store_file(b"1", name="1")
    api.upload_session(name="2")
    assert not api.log
    assert api.waiting == ("drop for create_session",)
    assert [session.name for session in api.sessions] == ["2"]


def test_versions_are_prepared_too(api: CommitApi) -> None:
    first = api.store_file(b"one", name="a")
    session = api.upload_session(b"two", file=first)
    second = api.store_file(b"three", file=first)
    assert (second.id, second.etag, second.versions, second.content) == (first.id, "1", 2, b"three")
    assert commit(api, session, headers={"if-match": first.etag}).status_code == 412
    assert commit(api, session, headers={"if-match": second.etag}).status_code == 201
    assert [(file.content, file.versions) for file in api.files] == [(b"two", 3)]


def test_what_cannot_be_prepared_says_why(api: CommitApi) -> None:
    api.store_file(b"1", name="a")
    with pytest.raises(ValueError, match="An item of this name exists"):
        api.upload_session(name="a")
    assert api.files[0].content == b"1"


def test_sessions_expire_by_the_clock(api: CommitApi) -> None:
    session = api.upload_session()
    api.clock.advance(8 * 24 * 3600)
    assert commit(api, session).status_code == 410


def test_a_reset_forgets_everything_and_starts_the_same_way(api: CommitApi) -> None:
    def once() -> tuple[Any, ...]:
        session = api.upload_session()
        answer = commit(api, session)
        return session, answer.status_code, answer.content, repr(api.log), api.folder_id

    first = once()
    api.behave("processing", 5)
    api.fault("always-accepted")
    api.drop("commit")
    api.clock.sleep(100)
    api.store_file()
    api.reset()
    assert (len(api.log), api.files, api.sessions, api.waiting, api.clock.slept) == (0, (), (), (), [])
    assert once() == first


@settings(max_examples=15, deadline=None)
@given(content=st.binary(min_size=1, max_size=3000))
def test_examples_of_hypothesis_get_a_service_each(content: bytes) -> None:
    with CommitApi() as api:
        assert commit(api, api.upload_session(content)).status_code == 201
        assert [file.content for file in api.files] == [content]
        assert len(api.log) == 1
