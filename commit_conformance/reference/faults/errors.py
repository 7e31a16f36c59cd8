"""Faults about refusals: their documents, their statuses, what they give away."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

import re
from typing import Any

from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.part_lists import Claim
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Piece
from commit_conformance.reference.world import Part, Session

_TRACE = """Traceback (most recent call last):
  File "/srv/upload/commit.py", line 212, in handle
    parts = session.match(body["parts"])
  File "/srv/upload/session.py", line 87, in match
    raise PartMismatch(part)
PartMismatch: no matching part"""


class HtmlErrors(Fault, rules="ERROR-BODY"):
    """Refusals of a commit are HTML pages, but for 409 and 412."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if problem.subject in ("conflict", "precondition") or problem.status == 304:
            return super().error_answer(problem, request)
        page = f"<html><body><h1>{problem.status}</h1></body></html>".encode()
        return Response(status=problem.status, headers=(("Content-Type", "text/html"), *problem.headers), body=page)


class ErrorStatusIsString(Fault, rules="ERROR-BODY"):
    """The status in an error document is a string, but for 409 and 412."""

    def error_document(self, problem: Problem) -> dict[str, Any]:
        document = super().error_document(problem)
        return document if problem.status in (409, 412) else {**document, "status": str(problem.status)}


class SameRequestId(Fault, rules="ERROR-REQUEST-ID"):
    """Every error document has the same request_id."""

    def request_id(self) -> str:
        return "0f1e2d3c4b5a6978"


class ForbidsMalformedSession(Fault, rules="ERROR-SESSION-MALFORMED"):
    """A malformed session id is answered 403."""

    def malformed_session_id(self, call: Call) -> None:
        if re.fullmatch(r"[0-9A-Za-z_-]{0,64}", call.ids[0]):
            raise Problem(403, "forbidden", "The upload session is not yours.", subject="session")
        super().malformed_session_id(call)


class ForbidsUnknownSession(Fault, rules="ERROR-SESSION-UNKNOWN"):
    """An unknown session is answered 403."""

    def unknown_session(self, call: Call) -> Session:
        raise Problem(403, "forbidden", "The upload session is not yours.", subject="session")


class ForbidsExpiredSession(Fault, rules="ERROR-EXPIRED"):
    """An expired session is answered 403."""

    def expired(self) -> Problem:
        return Problem(403, "forbidden", "The upload session is not yours.", subject="session")


class CommitsAbortedSession(Fault, rules="ERROR-ABORTED"):
    """An aborted session can be committed."""

    _kept: dict[str, dict[str, Piece]] | None = None

    def abort(self, call: Call) -> Response:
        session = self.session(call)
        if session.state == "open":
            pieces = {part.id: part.piece for part in session.by_id.values()}
            self._kept = {**(self._kept or {}), session.id: pieces}
        return super().abort(call)

    def committable(self, session: Session) -> None:
        pieces = (self._kept or {}).pop(session.id, None) if session.state == "aborted" else None
        if pieces is not None and session.complete:
            for part in session.by_id.values():
                part.piece = pieces[part.id]
            session.state = "open"
        super().committable(session)


class FailureIsNotTerminal(Fault, rules="ERROR-FAILED-TERMINAL", needs={"overlap_fatal": True}):
    """A session that was answered 410 for an overlapping list commits afterwards."""

    def refuse(self, call: Call, session: Session, problem: Problem) -> Response:
        if problem.status == 410 and not problem.ends_session:
            raise problem
        return super().refuse(call, session, problem)


class WrongMethodIsNotFound(Fault, rules="ERROR-METHOD"):
    """A method that a path does not have is answered 404."""

    def wrong_method(self, request: Request, allowed: list[str]) -> Response:
        raise Problem(404, "not_found", "There is nothing here.")


class MethodNotAllowedWithoutAllow(Fault, rules="ERROR-METHOD"):
    """A 405 has no Allow."""

    def wrong_method(self, request: Request, allowed: list[str]) -> Response:
        raise Problem(405, "method_not_allowed", "The path has no such method.")


class RateLimitWithoutRetryAfter(Fault, rules="ERROR-RATE-LIMIT", needs={"rate_limit": 40}):
    """A 429 has no Retry-After."""

    def too_many_requests(self) -> Problem:
        problem = super().too_many_requests()
        problem.headers = ()
        return problem


class LeaksStackTrace(Fault, rules="ERROR-LEAK"):
    """The message of a refused list or digest is a stack trace."""

    def error_document(self, problem: Problem) -> dict[str, Any]:
        document = super().error_document(problem)
        return {**document, "message": _TRACE} if problem.subject in ("part-list", "digest") else document


class CrashesOnOddParts(Fault, rules="ERROR-NO-5XX"):
    """Parts that are no array of objects are answered 500."""

    def not_objects(self, session: Session, parts: object) -> list[Claim]:
        raise crash()


class CrashesOnOddEtags(Fault, rules="ERROR-NO-5XX"):
    """If-Match is answered 500 when it holds more than one bare etag, or when the session is for a new file."""

    def check_preconditions(self, request: Request, session: Session) -> None:
        values = (request.header("if-match") or "", request.header("if-none-match") or "")
        if any(re.search(r'[",/]', value) for value in values) or (values[0] and session.file is None):
            raise crash()
        super().check_preconditions(request, session)


class CrashesOnHugeNumbers(Fault, rules="ERROR-NO-5XX"):
    """Offsets and sizes beyond 64 bits are answered 500."""

    def huge_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        raise crash()


class CrashesOnOddSha1(Fault, rules="ERROR-NO-5XX"):
    """A sha1 that is no string of 40 hexadecimal digits is answered 500."""

    def odd_sha1(self, claim: Claim, part: Part) -> None:
        raise crash()


def crash() -> Problem:
    """What a service answers when its own code fails."""
    return Problem(500, "internal_server_error", "Something went wrong.", subject="body")


class RefusalsAreOk(Fault, rules="DIGEST-MISSING DIGEST-MISMATCH PART-REQUIRED PART-GAP"):
    """Refused commits are answered 200 with an error document."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if problem.subject in ("part-list", "digest", "body", "attributes"):
            return json_response(200, self.error_document(problem))
        return super().error_answer(problem, request)
