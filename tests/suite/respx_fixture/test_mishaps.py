"""What goes wrong on the way, and the time it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from commit_conformance.mock import CommitApi, UploadedSession


def commit(api: CommitApi, session: UploadedSession) -> httpx.Response:
    headers = {"authorization": f"Bearer {api.token}", "digest": session.digest}
    return httpx.post(session.commit_url, json={"parts": session.parts}, headers=headers)


@pytest.mark.parametrize(
    ("mishap", "taken", "error", "told"),
    [
        ("drop", False, httpx.ConnectError, "no connection"),
        ("drop", True, httpx.ReadError, "connection lost"),
        ("timeout", False, httpx.ConnectTimeout, "connect timeout"),
        ("timeout", True, httpx.ReadTimeout, "read timeout"),
    ],
)
def test_connections_fail_before_or_after_the_commit_is_taken(
    api: CommitApi, mishap: str, taken: bool, error: type[Exception], told: str
) -> None:
    getattr(api, mishap)("commit", times=2, taken=taken)
    session = api.upload_session()
    for _ in range(2):
        with pytest.raises(error) as raised:
            commit(api, session)
        assert isinstance(raised.value, httpx.TransportError)
        assert raised.value.request.url == session.commit_url
        assert len(api.files) == taken
    assert commit(api, session).status_code == 201
    assert len(api.files) == 1
    assert [(each.error, each.status) for each in api.commits] == [(told, None), (told, None), (None, 201)]
    assert api.commits[0].body == api.commits[2].body


def test_asynchronous_clients_meet_them_too(api: CommitApi) -> None:
    api.timeout("whoami", taken=True)

    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"{api.api_url}/users/me", headers={"authorization": f"Bearer {api.token}"})

    with pytest.raises(httpx.ReadTimeout):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (429, "rate_limit_exceeded"), (500, "internal_server_error"), (503, "unavailable")],
)
def test_a_commit_is_refused_on_the_way_and_then_goes_through(api: CommitApi, status: int, code: str) -> None:
    api.answer("commit", status, retry_after=30)
    session = api.upload_session()
    refused = commit(api, session)
    assert (refused.status_code, refused.headers["retry-after"]) == (status, "30")
    assert (refused.json()["type"], refused.json()["status"], refused.json()["code"]) == ("error", status, code)
    assert not api.files
    assert commit(api, session).status_code == 201


def test_a_gateway_may_lose_the_answer_of_a_commit_that_was_taken(api: CommitApi) -> None:
    api.answer("commit", 502, taken=True, body=b"<html>Bad gateway</html>")
    session = api.upload_session()
    refused = commit(api, session)
    assert (refused.status_code, refused.content) == (502, b"<html>Bad gateway</html>")
    assert "retry-after" not in refused.headers
    assert len(api.files) == 1
    assert commit(api, session).json()["entries"][0]["id"] == api.files[0].id


def test_mishaps_come_in_the_order_they_were_asked_for_and_for_their_operation_only(api: CommitApi) -> None:
    api.answer("commit", 503)
    api.drop("upload_part")
    api.answer("commit", 429)
    session = api.upload_session()
    assert api.waiting == ("answer 503 for commit", "drop for upload_part", "answer 429 for commit")
    assert [commit(api, session).status_code for _ in range(3)] == [503, 429, 201]
    assert api.waiting == ("drop for upload_part",)


def test_a_status_without_a_name_is_answered_too(api: CommitApi) -> None:
    api.answer("commit", 599)
    assert commit(api, api.upload_session()).json()["status"] == 599


def test_nobody_waits(api: CommitApi, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(time, "sleep", api.clock.sleep)
    before = api.clock.now
    time.sleep(3600)
    asyncio.run(api.clock.async_sleep(1.5))
    assert (api.clock.now - before, api.clock.slept) == (3601.5, [3600, 1.5])
    with pytest.raises(ValueError, match="backwards"):
        time.sleep(-1)


def test_the_dates_of_files_are_those_of_the_clock(api: CommitApi) -> None:
    api.behave("dates", "Z")
    api.clock.advance(3600)
    file: Any = commit(api, api.upload_session()).json()["entries"][0]
    assert file["created_at"] == "2026-01-01T01:00:00Z"
