"""HTTP/1.1 messages as bytes on a socket, as much of it as a proxy or a server of a test needs."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or an answer, whole, as it came.

    Attributes:
        head: Start line and header lines, with the empty line that ends them.
        body: What follows, chunk sizes included.
    """

    head: bytes
    body: bytes

    @property
    def start(self) -> list[str]:
        """The words of the start line."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Header lines: names as they came, and values."""
        raw = self.head.decode("latin-1").split("\r\n")[1:-2]
        return [(name, value.strip()) for name, _, value in (line.partition(":") for line in raw)]

    def header(self, name: str) -> str:
        """The first value of a header; empty without one."""
        return next((value for key, value in self.lines if key.lower() == name), "")

    @property
    def content(self) -> bytes:
        """The body without chunk sizes."""
        if "chunked" not in self.header("transfer-encoding"):
            return self.body
        content, rest = b"", self.body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            content, rest = content + rest[:length], rest[length + 2 :]
            if not length:
                break
        return content


def read_message(connection: socket.socket, *, answer_to: str = "") -> Message | None:
    """Reads one message; None when the other side has nothing more to say.

    Args:
        answer_to: The method of the request, when it is an answer that is read.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    message = Message(head=head + b"\r\n\r\n", body=b"")
    if answer_to and (answer_to == "HEAD" or message.start[1] in ("204", "304")):
        return message
    if "chunked" in message.header("transfer-encoding"):
        while not rest.endswith(b"0\r\n\r\n"):
            rest += _more(connection)
    else:
        length = int(message.header("content-length") or 0)
        while len(rest) < length:
            rest += _more(connection)
    return Message(head=message.head, body=rest)


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("cut off within a body")
    return piece


def answer(status: int, body: bytes = b"", *lines: tuple[str, str], length: bool = True) -> bytes:
    """An answer as bytes."""
    head = [f"HTTP/1.1 {status} Whatever"] + [f"{name}: {value}" for name, value in lines]
    head += [f"Content-Length: {len(body)}"] if length and status not in (204, 304) else []
    return "\r\n".join([*head, "", ""]).encode("latin-1") + (body if status not in (204, 304) else b"")


def reset(connection: socket.socket) -> None:
    """Ends a connection with RST: no lingering, so the kernel says it at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
