"""One request with its answer, redacted and bounded at the moment it is recorded."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from commit_conformance.model import Answer
from commit_conformance.wire.redact import Redactor

BODY_LIMIT = 8192
#: Exchanges of a test that are kept, and bytes of their answers. Evidence is made of the last dozen.
RECENT, RECENT_BYTES = 100, 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was sent and what came back. ``answer`` is unredacted and never written anywhere.

    Attributes:
        n: Number of the request within the run, from 1.
        at: When it was sent, RFC 3339.
        error: What went wrong on the way, or None.
        record: The redacted form, as the event log holds it.
        lost: How often it was sent before without an answer that tells what became of it.
    """

    n: int
    at: str
    method: str
    url: str
    answer: Answer | None
    error: str | None
    record: dict[str, Any]
    lost: int = 0

    @property
    def status(self) -> int | None:
        """The answer's status; None without an answer."""
        return self.answer.status if self.answer else None

    def curl(self) -> str:
        """A command line that sends the request again, with the token taken from the environment."""
        words = ["curl", "-i", "-X", self.method, shlex.quote(self.record["url"])]
        for name, value in self.record["request_headers"]:
            if name.lower() == "authorization":
                words.append('-H "authorization: Bearer $COMMIT_CONFORMANCE_TOKEN"')
            elif name.lower() not in ("host", "user-agent", "content-length", "connection"):
                words.append("-H " + shlex.quote(f"{name}: {value}" if value else f"{name};"))
        if self.record["request_body"] is not None:
            words.append("--data-raw " + shlex.quote(self.record["request_body"]))  # --data-binary reads @FILE
        return " ".join(words)


class Recent(Sequence[Exchange]):
    """The latest exchanges of a test, oldest first: as many as evidence needs, and as fit into memory."""

    def __init__(self) -> None:
        self._kept: deque[Exchange] = deque()
        self._bytes = 0

    def append(self, exchange: Exchange) -> None:
        """Adds one, and lets the oldest go."""
        self._kept.append(exchange)
        self._bytes += _size(exchange)
        while len(self._kept) > RECENT or (self._bytes > RECENT_BYTES and len(self._kept) > 1):
            self._bytes -= _size(self._kept.popleft())

    @overload
    def __getitem__(self, index: int) -> Exchange: ...

    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...

    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        return list(self._kept)[index] if isinstance(index, slice) else self._kept[index]

    def __len__(self) -> int:
        return len(self._kept)


def _size(exchange: Exchange) -> int:
    return len(exchange.answer.body) if exchange.answer is not None else 0


def show_body(body: bytes, content_type: str, redactor: Redactor) -> tuple[str | None, bool]:
    """A body as a record holds it, and whether it was cut short."""
    if not body:
        return None, False
    head = body[: BODY_LIMIT * 4]
    if content_type.startswith("application/octet-stream") or b"\0" in head:
        return f"<{len(body)} bytes of {content_type or 'unknown type'}>", False
    # Redact before cutting: half a token must not stay behind at the cut.
    text = redactor.body(head.decode("utf-8", "replace"), cut=len(head) < len(body))
    if len(text) <= BODY_LIMIT and len(head) == len(body):
        return text, False
    return text[:BODY_LIMIT], True


def describe_answer(exchange: Exchange | None) -> str:
    """An answer in a few words: status, and the error's code where there is one."""
    if exchange is None or exchange.answer is None:
        return "no answer"
    words = f"{exchange.status} {exchange.record['reason']}".strip()
    body = exchange.answer.json
    code = body.get("code") if isinstance(body, dict) else None
    return f"{words}, code {code!r:.60}" if isinstance(code, str) else words
