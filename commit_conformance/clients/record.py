"""What the client sent, when, and what it was answered.

Owns the record of one play. Bodies of parts are kept as length and SHA-1; everything else is kept whole, since rules
look into it. The tokens in it are made for one play and are worth nothing; they are blanked where a record is shown.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from commit_conformance.reference.messages import Headers, Wire

__all__ = ["Record", "Sent", "as_event"]

BODY_SHOWN = 16 * 1024  # Bytes of a body in an event log; a list of a hundred parts fits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request and what became of it.

    Attributes:
        number: 1 for the first request of the play.
        operation: What it asks for, such as ``commit``; empty for what there is not.
        method: The method.
        target: Path and query, as they were sent.
        headers: Every header line.
        body: The body; empty for a part's, which has ``size`` and ``sha1``.
        size: Length of the body in bytes.
        sha1: SHA-1 of a part's bytes, hexadecimal; empty for other requests.
        session: Id of the upload session it is about; empty for other requests.
        arrived: When it had arrived, seconds of a clock that only runs forward.
        arrived_at: The same, seconds since 1970.
        answered: When its answer was about to be sent; ``None`` as long as it is not.
        status: Status of the answer; 0 as long as there is none, or where the connection was reset.
        answer_headers: Header lines of the answer.
        answer: Body of the answer.
        wire: What happened to the connection.
        says: What the scenario put in place of the answer, in words; empty where the service answered.
        wait: Seconds that the scenario asked the client to wait; ``None`` where it did not.
        not_before: The moment before which it asked the client not to come again, seconds since 1970; else ``None``.
    """

    number: int
    operation: str
    method: str
    target: str
    headers: Headers
    body: bytes = b""
    size: int = 0
    sha1: str = ""
    session: str = ""
    arrived: float = 0.0
    arrived_at: float = 0.0
    answered: float | None = None
    status: int = 0
    answer_headers: Headers = ()
    answer: bytes = b""
    wire: Wire = "normal"
    says: str = ""
    wait: float | None = None
    not_before: float | None = None

    @property
    def path(self) -> str:
        """The path, without the query."""
        return self.target.partition("?")[0]

    def lines(self, name: str) -> list[str]:
        """Values of all header lines of this name; names are compared without case."""
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: str) -> str | None:
        """Value of a header, its lines joined; ``None`` when it is absent."""
        found = self.lines(name)
        return ", ".join(found) if found else None

    @property
    def document(self) -> Any:
        """The body as JSON; ``None`` if it is none."""
        return _json(self.body)

    @property
    def answer_document(self) -> Any:
        """The body of the answer as JSON; ``None`` if it is none."""
        return _json(self.answer)

    @property
    def arrived_whole(self) -> bool:
        """Whether the answer was sent as a whole, as far as the service can tell."""
        return self.answered is not None and self.wire == "normal"

    @property
    def is_scripted(self) -> bool:
        """Whether the scenario had a hand in the answer."""
        return bool(self.says)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


class Record:
    """All requests of one play, in the order in which they arrived. Filled by several threads."""

    def __init__(self) -> None:
        self._sent: list[Sent] = []
        self._lock = threading.Lock()

    def open(self, request: Sent) -> int:
        """Add a request that has arrived; gives its place."""
        with self._lock:
            place = len(self._sent)
            now, at = time.monotonic(), time.time()
            self._sent.append(replace(request, number=place + 1, arrived=now, arrived_at=at))
        return place

    def close(self, place: int, **answer: Any) -> None:
        """Add what it is answered."""
        with self._lock:
            self._sent[place] = replace(self._sent[place], answered=time.monotonic(), **answer)

    def sent(self) -> tuple[Sent, ...]:
        """What was sent up to now."""
        with self._lock:
            return tuple(self._sent)


def as_event(sent: Sent, *, start: float, secrets: tuple[str, ...]) -> dict[str, Any]:
    """A request and its answer as an event log has them, without the tokens.

    Args:
        start: When the play began, of the clock of `Sent.arrived`.
        secrets: Texts to blank.
    """

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "[token]")
        return text

    def body(content: bytes) -> str | None:
        return clean(content[:BODY_SHOWN].decode("utf-8", "backslashreplace")) if content else None

    answered = sent.answered
    return {
        "n": sent.number,
        "operation": sent.operation,
        "after": round(sent.arrived - start, 3),
        "seconds": None if answered is None else round(answered - sent.arrived, 3),
        "method": sent.method,
        "target": clean(sent.target),
        "request_headers": [[clean(name), clean(value)] for name, value in sent.headers],
        "request_body": f"<{sent.size} bytes, sha1 {sent.sha1}>" if sent.sha1 else body(sent.body),
        "request_bytes": sent.size,
        "status": sent.status or None,
        "response_headers": [[clean(name), clean(value)] for name, value in sent.answer_headers],
        "response_body": body(sent.answer),
        "truncated": len(sent.body) > BODY_SHOWN or len(sent.answer) > BODY_SHOWN,
        "wire": sent.wire,
        "scenario": sent.says or None,
    }
