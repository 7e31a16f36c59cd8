"""One request with its answer, redacted and bounded at the moment it is recorded."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from commit_conformance.model import Answer
from commit_conformance.wire.redact import Redactor

BODY_LIMIT = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was sent and what came back. ``answer`` is unredacted and never written anywhere.

    Attributes:
        n: Number of the request within the run, from 1.
        at: When it was sent, RFC 3339.
        error: What went wrong on the way, or None.
        record: The redacted form, as the event log holds it.
    """

    n: int
    at: str
    method: str
    url: str
    answer: Answer | None
    error: str | None
    record: dict[str, Any]

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
