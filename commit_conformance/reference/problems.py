"""Refusals as exceptions, one class for every refusal that carries an error body.

Owns the shape of the error document. Which refusal is right is decided by the rooms that raise it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["Problem", "Subject"]

Subject = Literal[
    "access",
    "attributes",
    "body",
    "conflict",
    "destination",
    "digest",
    "part-list",
    "precondition",
    "request",
    "session",
]


class Problem(Exception):
    """A request that is answered with an error document.

    Attributes:
        status: HTTP status, repeated in the document.
        code: Machine-readable code.
        message: One sentence for people.
        subject: What was wrong, for whoever looks at refusals as a group.
        context: Value of ``context_info``, or ``None``.
        headers: Header lines the answer needs beside the content type.
        ends_session: Whether the upload session is gone afterwards; never, in a correct service.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        subject: Subject = "request",
        context: Mapping[str, object] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.subject = subject
        self.context = context
        self.headers = headers
        self.ends_session = False

    def document(self, request_id: str) -> dict[str, object]:
        """The error body of this refusal."""
        return {
            "type": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "context_info": dict(self.context) if self.context is not None else None,
            "help_url": "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",
            "request_id": request_id,
        }
