"""No real socket: whatever a client is made of, it connects to nothing while the service is in force."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import respx

from commit_conformance.mock import CommitApi, SocketRefused


@pytest.fixture
def listening() -> Iterator[tuple[str, int]]:
    """A socket that somebody could connect to."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()


async def _open_connection(host: str, port: int) -> None:
    await asyncio.open_connection(host, port)


def _datagram(host: str, port: int) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (host, port))


def _connect_ex(host: str, port: int) -> None:
    with socket.socket() as client:
        client.connect_ex((host, port))


CLIENTS: dict[str, Callable[[str, int], Any]] = {
    "socket": lambda host, port: socket.create_connection((host, port)),
    "connect_ex": _connect_ex,
    "datagram": _datagram,
    "http.client": lambda host, port: http.client.HTTPConnection(host, port).request("GET", "/"),
    "urllib": lambda host, port: urllib.request.urlopen(f"http://{host}:{port}/"),
    "asyncio": lambda host, port: asyncio.run(_open_connection(host, port)),
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_loopback_is_refused(listening: tuple[str, int], api: CommitApi, client: Callable[[str, int], Any]) -> None:
    host, port = listening
    with pytest.raises(SocketRefused) as refused:
        client(host, port)
    message = str(refused.value)
    assert f"{host}:{port}" in message
    assert "httpx2" in message
    assert "ServerThread" in message
    assert api.blocked == [message]


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_names_are_not_looked_up(api: CommitApi, client: Callable[[str, int], Any]) -> None:
    with pytest.raises(SocketRefused, match=r"upload\.invalid:443"):
        client("upload.invalid", 443)


@pytest.mark.parametrize("name", ["gethostbyname", "gethostbyname_ex"])
def test_old_look_ups_are_refused(api: CommitApi, name: str) -> None:
    with pytest.raises(SocketRefused, match=r"upload\.invalid"):
        getattr(socket, name)("upload.invalid")
    assert getattr(socket, name)("127.0.0.1")


def test_a_path_in_the_file_system_is_a_socket_as_well(api: CommitApi, tmp_path: Any) -> None:
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(SocketRefused, match=r"some\.sock"):
        client.connect(str(tmp_path / "some.sock"))


def test_other_threads_are_refused_too(listening: tuple[str, int], api: CommitApi) -> None:
    seen: list[BaseException] = []

    def connect() -> None:
        try:
            socket.create_connection(listening)
        except BaseException as error:
            seen.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    assert [type(error) for error in seen] == [SocketRefused]


def test_requests_that_another_router_lets_through_end_here(listening: tuple[str, int], api: CommitApi) -> None:
    host, port = listening
    with respx.mock() as router:
        router.get(f"http://{host}:{port}/").pass_through()
        with pytest.raises(SocketRefused):
            httpx.get(f"http://{host}:{port}/")


def test_event_loops_and_pairs_of_sockets_work(api: CommitApi) -> None:
    async def echo() -> bytes:
        left, right = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=left)
        await asyncio.get_running_loop().run_in_executor(None, right.sendall, b"hello")
        right.close()
        found = await reader.read()
        writer.close()
        return found

    assert asyncio.run(echo()) == b"hello"


def test_pairs_that_are_made_by_connecting_work(api: CommitApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on systems without pairs of their own."""
    made = api.blocked

    def by_connecting() -> tuple[socket.socket, socket.socket]:
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            client = socket.socket()
            client.connect(server.getsockname())
            return client, server.accept()[0]

    api.__exit__(None, None, None)
    monkeypatch.setattr(socket, "socketpair", by_connecting)
    with api:
        for end in socket.socketpair():
            end.close()
        with pytest.raises(SocketRefused):
            by_connecting()
    assert len(made) == 1


def test_the_guard_goes_with_the_last_service(listening: tuple[str, int]) -> None:
    names = ("connect", "connect_ex", "sendto")
    functions = ("socketpair", "getaddrinfo", "gethostbyname", "gethostbyname_ex")
    before = [getattr(socket, name) for name in functions]
    first, second = CommitApi(), CommitApi(url="https://second.invalid", api_url="https://second.invalid")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(SocketRefused):
        socket.create_connection(listening)
    assert (len(first.blocked), len(second.blocked)) == (0, 1)
    second.__exit__(None, None, None)
    assert [getattr(socket, name) for name in functions] == before
    assert not set(names) & set(vars(socket.socket))
    socket.create_connection(listening).close()


def test_the_guard_may_be_left_out(listening: tuple[str, int]) -> None:
    with CommitApi(guard=False):
        socket.create_connection(listening).close()
