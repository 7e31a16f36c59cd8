"""The wire on a real connection: what an HTTP library writes, and what it refuses to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from wires import TOKEN

from commit_conformance.wire import Unsendable, Wire
from commit_conformance.wire.errors import Trouble


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A socket that answers every connection once, and what arrived there."""
    arrived: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                arrived.append(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 202 Accepted\r\nRetry-After: 1\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n"
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", arrived
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(timeout=5)


def test_header_lines_go_over_the_wire_as_they_are(listener: tuple[str, list[bytes]]) -> None:
    url, arrived = listener
    wire = Wire(token=TOKEN, origins=[url])
    exchange = wire.send("POST", f"{url}/x", headers=[("Digest", "sha=a"), ("digest", "sha=é")], content=b"{}")
    wire.close()
    assert exchange.answer is not None
    assert exchange.answer.headers["retry-after"] == ("1", "2")
    assert b"\r\nDigest: sha=a\r\ndigest: sha=\xc3\xa9\r\n" in arrived[0]
    assert b"accept-encoding" not in arrived[0].lower()


@pytest.mark.parametrize("value", ["sha=a\r\nx-injected: 1", "sha=a\nb", "sha=\0"])
def test_a_header_value_that_would_break_the_message_is_not_sent(listener: tuple[str, list[bytes]], value: str) -> None:
    url, arrived = listener
    wire = Wire(token=TOKEN, origins=[url])
    with pytest.raises(Unsendable):
        wire.send("POST", f"{url}/x", headers=[("digest", value)], content=b"{}")
    wire.close()
    assert not any(b"injected" in message for message in arrived)


def test_a_request_may_be_left_without_waiting_for_its_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        wire = Wire(token=TOKEN, origins=[url], sleep=lambda seconds: pytest.fail("nothing to wait for"))
        with pytest.raises(Trouble, match="ReadTimeout"):
            wire.send("POST", f"{url}/x", content=b"{}", give_up_reading=True)
        connection, _ = silent.accept()
        with connection:
            assert b"POST /x" in connection.recv(65536)
        wire.close()
