from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from box_client import TOKEN, sha

from commit_conformance.reference import Request, Response, configure
from commit_conformance.reference.respx_adapter import HISTORY, mock_router, mock_transport

BASE = "https://mock.invalid/2.0"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    service = configure(part_size=16)
    headers = {"authorization": f"Bearer {TOKEN}"}
    with service, httpx.Client(transport=mock_transport(service), base_url=BASE, headers=headers) as client:
        yield client


def test_a_file_is_uploaded_through_httpx(client: httpx.Client) -> None:
    data = bytes(20)
    created = client.post("/files/upload_sessions", json={"folder_id": "0", "file_size": 20, "file_name": "a"})
    endpoints = created.json()["session_endpoints"]
    assert endpoints["commit"].startswith(f"{BASE}/files/upload_sessions/")
    parts = []
    for offset, chunk in ((0, data[:16]), (16, data[16:])):
        span = f"bytes {offset}-{offset + len(chunk) - 1}/20"
        headers = {"digest": sha(chunk), "content-range": span}
        parts.append(client.put(endpoints["upload_part"], content=chunk, headers=headers).json()["part"])
    answer = client.post(endpoints["commit"], json={"parts": parts}, headers={"digest": sha(data)})
    assert answer.status_code == 201
    assert client.get(f"/files/{answer.json()['entries'][0]['id']}/content").content == data
    assert answer.elapsed.total_seconds() >= 0


def test_repeated_header_lines_arrive_as_they_are(client: httpx.Client) -> None:
    session = client.post("/files/upload_sessions", json={"folder_id": "0", "file_size": 5, "file_name": "a"}).json()
    url = session["session_endpoints"]["upload_part"]
    span = {"digest": sha(b"12345"), "content-range": "bytes 0-4/5"}
    part = client.put(url, content=b"12345", headers=span).json()["part"]
    lines = [("digest", sha(b"12345")), ("digest", sha(b"x")), ("content-type", "application/json")]
    answer = client.post(session["session_endpoints"]["commit"], json={"parts": [part]}, headers=lines)
    assert answer.status_code == 400


def test_other_hosts_are_not_answered(client: httpx.Client) -> None:
    with pytest.raises(Exception, match="not mocked"):
        client.get("https://elsewhere.invalid/2.0/users/me")


def test_the_history_is_bounded() -> None:
    service = configure()
    router = mock_router(service)
    with httpx.Client(transport=httpx.MockTransport(router.handler), base_url=BASE) as client:
        for _ in range(HISTORY + 10):
            client.get("/users/me")
    assert 0 < len(router.calls) <= HISTORY


def test_async_clients_are_answered_too() -> None:
    async def ask() -> int:
        transport = httpx.MockTransport(mock_router(configure()).async_handler)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            return (await client.get("/users/me", headers={"authorization": "Bearer t"})).status_code

    assert asyncio.run(ask()) == 200


class _Wire:
    """A service that does something to the connection."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def handle(self, request: Request) -> Response:
        return self.response


@pytest.mark.parametrize(("wire", "error"), [("reset", httpx.ReadError), ("truncate", httpx.RemoteProtocolError)])
def test_broken_connections_are_httpx_errors(wire: str, error: type[Exception]) -> None:
    handler = _Wire(Response(status=200, body=b"0123456789", wire=wire))  # type: ignore[arg-type]
    with httpx.Client(transport=mock_transport(handler), base_url=BASE) as client, pytest.raises(error):
        client.get("/users/me")
