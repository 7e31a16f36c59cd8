"""Faults about If-Match and If-None-Match."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.world import Part, Session


class IfMatchAlwaysFails(Fault, rules="IF-MATCH-CURRENT"):
    """A commit with If-Match is always answered 412."""

    def if_match_holds(self, wanted: str, current: str | None) -> bool:
        return False


class IfMatchComparesPrefix(Fault, rules="IF-MATCH-STALE"):
    """It is enough that one of the etag and If-Match begins with the other."""

    def if_match_holds(self, wanted: str, current: str | None) -> bool:
        alike = current is not None and bool(wanted) and (wanted.startswith(current) or current.startswith(wanted))
        return super().if_match_holds(wanted, current) or alike


class IgnoresIfMatch(Fault, rules="IF-MATCH-STALE"):
    """If-Match is not looked at."""

    def check_if_match(self, request: Request, session: Session) -> None:
        return


class PreconditionEndsSession(Fault, rules="PRECONDITION-RETRY"):
    """After a 412 the session is gone."""

    def precondition_failed(self, message: str) -> Problem:
        problem = super().precondition_failed(message)
        problem.ends_session = True
        return problem


class IgnoresIfNoneMatch(Fault, rules="IF-NONE-MATCH-CURRENT"):
    """If-None-Match is not looked at."""

    def check_if_none_match(self, request: Request, session: Session) -> None:
        return


class IfNoneMatchAlwaysFails(Fault, rules="IF-NONE-MATCH-OTHER"):
    """A commit with If-None-Match always fails."""

    def if_none_match_holds(self, unwanted: str, current: str | None) -> bool:
        return current is None


class IfMatchAnyIsLiteral(Fault, rules="IF-MATCH-ANY"):
    """The asterisk in If-Match is compared like an etag."""

    def if_match_holds(self, wanted: str, current: str | None) -> bool:
        return wanted != "*" and super().if_match_holds(wanted, current)


class IfNoneMatchFirst(Fault, rules="PRECONDITION-ORDER", needs={"precondition_status": 304}):
    """If-None-Match is judged, and answered 304, before If-Match."""

    def check_preconditions(self, request: Request, session: Session) -> None:
        self.check_if_none_match(request, session)
        self.check_if_match(request, session)


class PreconditionsBeforeAll(Fault, rules="PRECONDITION-LAST"):
    """Preconditions are judged before list and digest."""

    def judge_upload(self, call: Call, session: Session) -> tuple[list[Part], Given]:
        if session.state == "open":
            self.check_preconditions(call.request, session)
        return super().judge_upload(call, session)


class NotModifiedHasBody(Fault, rules="NOT-MODIFIED-EMPTY", needs={"precondition_status": 304}):
    """A 304 carries an error document."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if problem.status == 304:
            return json_response(304, self.error_document(problem))
        return super().error_answer(problem, request)


class PreconditionAtCreation(Fault, rules="PRECONDITION-AT-COMMIT"):
    """Preconditions are held against the etag the file had when the session was created."""

    def current_etag(self, session: Session) -> str | None:
        return None if session.base_etag is None else str(session.base_etag)


class PreconditionBeforeAccepted(Fault, rules="PRECONDITION-AT-COMMIT", needs={"processing": 2, "processing_every": 1}):
    """A commit that was answered 202 is carried out though its precondition fails by then."""

    def check_preconditions(self, request: Request, session: Session) -> None:
        if not session.accepted:
            super().check_preconditions(request, session)


class IfMatchRace(Fault, rules="IF-MATCH-RACE"):
    """Between the check of If-Match and the new version another commit may be checked with the same etag."""

    def create(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        if session.file is not None and call.request.header("if-match") is not None:
            with self.window():
                pass
            # Its own second commit, an abort and a deletion are other rules' matter.
            if session.state == "committed":
                return self.repeated(session)
            self.check_not_dead(session)
            self.check_target(session)
        return super().create(call, session, parts, given)


class PreconditionWithoutBody(Fault, rules="PRECONDITION-BODY"):
    """A 412 has no error document."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if problem.status == 412 and problem.subject == "precondition":
            return Response(status=412)
        return super().error_answer(problem, request)


class PreconditionBodySaysOtherStatus(Fault, rules="PRECONDITION-BODY"):
    """The error document of a 412 says 400."""

    def error_document(self, problem: Problem) -> dict[str, Any]:
        document = super().error_document(problem)
        return {**document, "status": 400} if problem.subject == "precondition" else document
