from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from box_client import TOKEN, sha

from commit_conformance.reference import Request, Response, Service, configure
from commit_conformance.reference.respx_adapter import (
    HISTORY,
    HISTORY_BYTES,
    Interrupted,
    NotServed,
    intercept,
    mock_router,
    mock_transport,
)

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


def test_of_large_bodies_few_are_remembered() -> None:
    router = mock_router(configure(part_size=HISTORY_BYTES))
    with httpx.Client(transport=httpx.MockTransport(router.handler), base_url=BASE) as client:
        for _ in range(10):
            client.put("/files/upload_sessions/A", content=bytes(HISTORY_BYTES // 2))
    assert 0 < len(router.calls) <= 3


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


class _Interrupting:
    """A service that gives no answer."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def handle(self, request: Request) -> Response:
        raise Interrupted(self.kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("no connection", httpx.ConnectError),
        ("connect timeout", httpx.ConnectTimeout),
        ("connection lost", httpx.ReadError),
        ("read timeout", httpx.ReadTimeout),
    ],
)
def test_interrupted_exchanges_are_httpx_errors(kind: str, error: type[Exception]) -> None:
    with httpx.Client(transport=mock_transport(_Interrupting(kind)), base_url=BASE) as client, pytest.raises(error):
        client.get("/users/me")


def test_every_client_is_intercepted_while_it_lasts() -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client() as older, configure() as service:
        with intercept(service, base_urls=[BASE], refuse=lambda method, url: f"{method} {url} is refused"):
            for get in (older.get, httpx.get):
                assert get(f"{BASE}/users/me", headers=headers).status_code == 200
            # The port is the scheme's own.
            assert older.get("https://mock.invalid:443/2.0/users/me", headers=headers).status_code == 200
            with pytest.raises(NotServed, match=r"^GET https://mock\.invalid:444/2\.0/users/me is refused$"):
                older.get("https://mock.invalid:444/2.0/users/me?secret=1")
        with pytest.raises(httpx.ConnectError):
            httpx.get("http://127.0.0.1:1/2.0/users/me", headers=headers)


def test_services_beside_each_other_share_what_is_stored_and_nothing_else() -> None:
    def ask(service: Service, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(transport=mock_transport(service), base_url=BASE, headers=headers) as client:
            return client.request(method, path, **more)  # type: ignore[arg-type]

    with configure(tokens={TOKEN: "1"}, part_size=16) as first:
        other = Service(configure(["no-status"], part_size=32, tokens={TOKEN: "1"}).settings, beside=first)
        wanted = {"folder_id": "0", "file_size": 20, "file_name": "a"}
        session = ask(first, "POST", "/files/upload_sessions", json=wanted).json()
        assert ask(first, "GET", f"/files/upload_sessions/{session['id']}").json()["part_size"] == 16
        assert ask(other, "GET", f"/files/upload_sessions/{session['id']}").status_code == 404
        listed = ask(other, "GET", f"/files/upload_sessions/{session['id']}/parts")
        assert listed.json()["entries"] == []
        later = ask(other, "POST", "/files/upload_sessions", json={**wanted, "file_name": "b"}).json()
        assert later["part_size"] == 32
        assert later["id"] in first.world.sessions
        assert first.decisions.lock is other.decisions.lock
