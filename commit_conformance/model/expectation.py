"""The set of answers a commit request may get, given what is known of its session and its target.

Several things can be wrong with a request at once; then the answer to any of them is right. Where the contract is
silent the expectation is *open*: the commit may be carried out or refused, and what happens is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from commit_conformance.model.body import read_body
from commit_conformance.model.digest import DigestOddity, read_digest
from commit_conformance.model.parts import DefectKind, read_part_list
from commit_conformance.model.preconditions import Holds, read_if_match, read_if_none_match
from commit_conformance.model.types import Answer, CommitRequest, FileState, UploadedSession

#: 4xx answers that speak of something other than the request: they refuse the caller, not the commit.
NOT_A_REFUSAL = frozenset({401, 403, 404, 405, 408, 429})


class Outcome(StrEnum):
    """What an answer means for a commit."""

    CREATED = "201 with the file"
    ACCEPTED = "202, still processing"
    REFUSED = "a refusal (any 4xx but 401, 403, 404, 405, 408 and 429)"
    NOT_FOUND = "404"
    FORBIDDEN = "403"
    UNAUTHORIZED = "401"
    NOT_MODIFIED = "304"
    RATE_LIMITED = "429"
    SERVER_ERROR = "5xx"
    OTHER = "an answer the contract does not know here"


def classify(answer: Answer) -> Outcome:
    """What an answer's status means. 200 is not 201: it is ``OTHER``."""
    named = {
        201: Outcome.CREATED,
        202: Outcome.ACCEPTED,
        304: Outcome.NOT_MODIFIED,
        401: Outcome.UNAUTHORIZED,
        403: Outcome.FORBIDDEN,
        404: Outcome.NOT_FOUND,
        429: Outcome.RATE_LIMITED,
    }
    if answer.status in named:
        return named[answer.status]
    if 500 <= answer.status <= 599:
        return Outcome.SERVER_ERROR
    if 400 <= answer.status <= 499 and answer.status not in NOT_A_REFUSAL:
        return Outcome.REFUSED
    return Outcome.OTHER


@dataclass(frozen=True, slots=True)
class Expectation:
    """What may be answered, and why.

    Attributes:
        outcomes: Outcomes that are right.
        statuses: If not empty, a ``REFUSED`` answer must have one of these statuses.
        reasons: What is wrong with the request, in words; empty for a right one.
        open: Where the contract is silent: why. Not empty means that both carrying out and refusing are right.
    """

    outcomes: frozenset[Outcome]
    reasons: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()
    open: tuple[str, ...] = ()

    @property
    def must_create(self) -> bool:
        """Whether the request has to end in a 201."""
        return not self.reasons and not self.open

    @property
    def must_refuse(self) -> bool:
        """Whether the request must never end in a 201."""
        return Outcome.CREATED not in self.outcomes

    def allows(self, answer: Answer) -> bool:
        """Whether an answer is one of those expected."""
        outcome = classify(answer)
        if outcome is Outcome.REFUSED and self.statuses:
            return answer.status in self.statuses
        return outcome in self.outcomes

    def __str__(self) -> str:
        if self.statuses:
            named = " or ".join(str(status) for status in sorted(self.statuses))
            return named + (" or 304" if Outcome.NOT_MODIFIED in self.outcomes else "")
        if self.must_refuse:
            first = " (a 202 may come first)" if Outcome.ACCEPTED in self.outcomes else ""
            rest = [Outcome.NOT_FOUND] if Outcome.NOT_FOUND in self.outcomes else []
            return " or ".join([Outcome.REFUSED + first, *rest])
        order = [outcome for outcome in Outcome if outcome in self.outcomes]
        return " or ".join(order)


def expect_commit(
    request: CommitRequest,
    session: UploadedSession,
    *,
    current: FileState | None = None,
    name_taken: bool = False,
) -> Expectation:
    """What a commit with a valid token, for a live session, may be answered.

    Args:
        request: The request as sent.
        session: What was uploaded.
        current: The target file as it is now, for new-version sessions.
        name_taken: Whether another item of the session's name is in its folder now.
    """
    body = read_body(request.body, request.header("content-type"))
    digest = read_digest(request.header("digest"), sha1=session.sha1)
    parts = read_part_list(body.parts, session) if not body.defects else None
    wrong = [str(defect) for defect in sorted(body.defects)] + [str(defect) for defect in sorted(digest.defects)]
    silent = [str(oddity) for oddity in sorted(body.oddities)]
    silent += [str(oddity) for oddity in sorted(digest.oddities) if oddity is not DigestOddity.ALGORITHM_CASE]
    missing_part = False
    if parts is not None:
        wrong += [defect.message for defect in parts.defects]
        silent += [str(oddity) for oddity in sorted(parts.oddities)]
        missing_part = bool(parts.kinds & {DefectKind.UNKNOWN_PART, DefectKind.FOREIGN_PART})

    outcomes: set[Outcome] = set()
    if wrong:
        outcomes |= {Outcome.REFUSED, Outcome.ACCEPTED}
        if missing_part:
            outcomes.add(Outcome.NOT_FOUND)
    conditions, statuses = _conditions(request, current, silent, outcomes)
    if name_taken:
        conditions.append("an item of this name is in the folder")
        statuses.add(409)
        outcomes.add(Outcome.REFUSED)
    reasons = tuple(wrong + conditions)
    if reasons:
        # What the documentation leaves open may be refused too, and before anything else is looked at.
        free = bool(wrong or silent)
        return Expectation(frozenset(outcomes), reasons, frozenset() if free else frozenset(statuses))
    outcomes = {Outcome.CREATED, Outcome.ACCEPTED}
    if silent:
        outcomes.add(Outcome.REFUSED)
    return Expectation(frozenset(outcomes), open=tuple(silent))


def _conditions(
    request: CommitRequest, current: FileState | None, silent: list[str], outcomes: set[Outcome]
) -> tuple[list[str], set[int]]:
    """Adds what the preconditions bring: reasons, the statuses they allow, and what they leave open."""
    reasons: list[str] = []
    statuses: set[int] = set()
    etag = current.etag if current else None
    if_match = read_if_match(request.header("if-match"), etag)
    if_none_match = read_if_none_match(request.header("if-none-match"), etag)
    if if_match is Holds.NO:
        reasons.append(f"if-match is {_values(request, 'if-match')} while the current etag is {etag}")
        statuses.add(412)
        outcomes.add(Outcome.REFUSED)
    if if_none_match is Holds.NO:
        reasons.append(f"if-none-match is {_values(request, 'if-none-match')}, which names the current etag {etag}")
        statuses.add(412)
        outcomes |= {Outcome.REFUSED, Outcome.NOT_MODIFIED}
    silent += [
        f"{name} in a form nothing documents"
        for name, holds in (("if-match", if_match), ("if-none-match", if_none_match))
        if holds is Holds.OPEN
    ]
    return reasons, statuses


def _values(request: CommitRequest, name: str) -> str:
    """The values of a header of ours, for a message."""
    return ", ".join(request.header(name))[:80]
