"""Requests and answers as plain values.

Owns the shape in which adapters hand requests to the service and get answers back. It must not know sockets, respx,
httpx or anything of the contract: the adapters translate, the service decides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

__all__ = ["ByteSource", "Handler", "Headers", "Request", "Response", "Wire", "json_response"]

Headers = tuple[tuple[str, str], ...]
Wire = Literal["normal", "reset", "truncate"]


@runtime_checkable
class ByteSource(Protocol):
    """Bytes that arrive in pieces, so that a large body never has to lie in memory at once."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body piece by piece, once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    Attributes:
        method: The method, in capitals.
        target: The request target as it came: path and query, not decoded.
        headers: Name and value of every header line, in order, repeated lines included.
        body: The bytes, or a source of them.
        scheme: ``http`` or ``https``; the URLs in an answer repeat it.
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | Iterable[bytes] = b""
    scheme: str = "http"

    def lines(self, name: str) -> list[str]:
        """Values of all header lines of this name; names are compared without case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def header(self, name: str) -> str | None:
        """Value of a header, its lines joined by a comma, without surrounding blanks; ``None`` when absent."""
        found = self.lines(name)
        return ", ".join(value.strip(" \t") for value in found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP answer.

    Attributes:
        status: Status code.
        headers: Header lines.
        body: The bytes, or a source of them.
        wire: What the socket adapter does to the connection: send the answer, reset the connection instead, or
            break off in the middle of the body. The respx adapter raises the matching httpx error.
        undelivered: Called by the socket adapter when the client had gone before the answer could be sent.
    """

    status: int
    headers: Headers = ()
    body: bytes | Iterable[bytes] = b""
    wire: Wire = "normal"
    undelivered: Callable[[], None] | None = field(default=None, compare=False)

    def header(self, name: str) -> str | None:
        """Value of the first header line of this name, or ``None``."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def content(self) -> bytes:
        """The whole body. Drains a source, so it can be asked once."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


class Handler(Protocol):
    """Whatever answers requests: a `Service`, or a player of scenarios in its place."""

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        ...


def json_response(status: int, document: Mapping[str, object], *headers: tuple[str, str]) -> Response:
    """An answer with a JSON body; further header lines follow the content type."""
    body = json.dumps(document).encode()
    return Response(status=status, headers=(("Content-Type", "application/json"), *headers), body=body)
