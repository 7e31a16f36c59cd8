"""One request with its answer, as a verdict line of the log holds it."""

from __future__ import annotations

from dataclasses import dataclass

from commit_conformance.report.fields import Fields, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer, redacted and bounded when it was recorded. ``status`` is None when none came."""

    number: int | None
    at: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str | None
    request_bytes: int
    status: int | None
    reason: str
    response_headers: tuple[tuple[str, str], ...]
    response_body: str | None
    response_bytes: int
    truncated: bool
    seconds: float
    error: str

    @property
    def answer(self) -> str:
        """The status line without the version (``201 Created``), or the error that took its place."""
        if self.status is None:
            return self.error or "no answer"
        return f"{self.status} {self.reason}".strip()

    @classmethod
    def from_event(cls, event: object) -> Exchange:
        """Reads one exchange of a verdict event."""
        fields = Fields(event)
        request_body, response_body = fields.get("request_body"), fields.get("response_body")
        return cls(
            number=fields.integer("n"),
            at=fields.text("at"),
            method=fields.text("method"),
            url=fields.text("url"),
            request_headers=fields.pairs("request_headers"),
            request_body=None if request_body is None else text_of(request_body),
            request_bytes=fields.integer("request_bytes") or 0,
            status=fields.integer("status"),
            reason=fields.text("reason"),
            response_headers=fields.pairs("response_headers"),
            response_body=None if response_body is None else text_of(response_body),
            response_bytes=fields.integer("response_bytes") or 0,
            truncated=fields.get("truncated") is True,
            seconds=fields.number("seconds") or 0.0,
            error=fields.text("error"),
        )
