"""If-Match and If-None-Match.

Owns when a precondition holds. Etags of files are bare numbers, as the documentation's examples have them;
`quoted_etags` adds the forms of RFC 9110, section 13.1. A session for a new file has no current etag, so If-Match fails
on it and If-None-Match holds.
"""

from __future__ import annotations

import re

from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room
from commit_conformance.reference.world import Session

__all__ = ["Preconditions"]

_TAG = re.compile(r'(W/)?"([^"]*)"|([^",\s]+)')


class Preconditions(Room):
    """Decides whether the preconditions of a commit hold."""

    def check_preconditions(self, request: Request, session: Session) -> None:
        """Raise 412, or 304 where the settings say so; If-Match comes first (RFC 9110, section 13.2.2)."""
        self.check_if_match(request, session)
        self.check_if_none_match(request, session)

    def check_if_match(self, request: Request, session: Session) -> None:
        """Raise 412 when If-Match fails."""
        wanted = request.header("if-match")
        if wanted is not None and not self.if_match_holds(wanted, self.current_etag(session)):
            raise self.precondition_failed("The file has changed: its etag does not match.")

    def check_if_none_match(self, request: Request, session: Session) -> None:
        """Raise when If-None-Match fails."""
        unwanted = request.header("if-none-match")
        if unwanted is not None and not self.if_none_match_holds(unwanted, self.current_etag(session)):
            raise self.not_changed()

    def current_etag(self, session: Session) -> str | None:
        """The etag that preconditions are held against: the target's at this moment."""
        return None if session.file is None else str(session.file.etag)

    def if_match_holds(self, wanted: str, current: str | None) -> bool:
        """Whether If-Match holds."""
        return current is not None and (self.is_any(wanted) or self.tag_matches(wanted, current, weak=False))

    def if_none_match_holds(self, unwanted: str, current: str | None) -> bool:
        """Whether If-None-Match holds."""
        return current is None or not (self.is_any(unwanted) or self.tag_matches(unwanted, current, weak=True))

    def is_any(self, value: str) -> bool:
        """Whether a value stands for every existing file."""
        return value == "*"

    def tag_matches(self, value: str, current: str, *, weak: bool) -> bool:
        """Whether a header value names the current etag; weak tags count only where ``weak`` says so."""
        if not self.settings.quoted_etags:
            return value == current
        return any((found[2] or found[3]) == current and (weak or not found[1]) for found in _TAG.finditer(value))

    def precondition_failed(self, message: str) -> Problem:
        """A 412."""
        return Problem(412, "precondition_failed", message, subject="precondition")

    def not_changed(self) -> Problem:
        """The answer to an If-None-Match that fails."""
        if self.settings.precondition_status == 304:
            return Problem(304, "not_modified", "The file has not changed.", subject="precondition")
        return self.precondition_failed("The file has not changed.")
