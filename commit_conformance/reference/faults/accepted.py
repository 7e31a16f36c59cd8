"""Faults about 202. They need sessions that answer it, so most have every session answer its right commit 202 twice."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from dataclasses import replace
from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.faults.sessions import unborn, waiting
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.world import File, Folder, Item, Part, Session

# Whoever finds no Retry-After waits some time of their own, so not every session is made to wait.
_OFTEN = {"processing": 1, "processing_every": 2}
_TWICE = {"processing": 2, "processing_every": 1}


class AcceptsIncompleteSession(Fault, rules="ACCEPTED-COMPLETE"):
    """A commit for which parts are still missing is answered 202, time and again."""

    def refuse(self, call: Call, session: Session, problem: Problem) -> Response:
        if session.state == "open" and not session.complete and problem.subject == "part-list":
            return self.accepted_answer()
        return super().refuse(call, session, problem)


class NoRetryAfter(Fault, rules="ACCEPTED-RETRY-AFTER", needs=_OFTEN):
    """A 202 has no Retry-After."""

    def accepted_answer(self) -> Response:
        return replace(super().accepted_answer(), headers=())


class FractionalRetryAfter(Fault, rules="ACCEPTED-RETRY-AFTER", needs=_OFTEN):
    """The Retry-After of a 202 is a fraction of a second."""

    def accepted_answer(self) -> Response:
        return replace(super().accepted_answer(), headers=(("Retry-After", "0.5"),))


class DateRetryAfter(Fault, rules="ACCEPTED-RETRY-AFTER", needs=_OFTEN):
    """The Retry-After of a 202 is a date."""

    def accepted_answer(self) -> Response:
        # A date long past, so that whoever understands it asks again at once.
        return replace(super().accepted_answer(), headers=(("Retry-After", "Mon, 01 Jan 2018 00:00:00 GMT"),))


class AcceptedHasBody(Fault, rules="ACCEPTED-EMPTY", needs=_TWICE):
    """A 202 has a JSON body."""

    def accepted_answer(self) -> Response:
        return json_response(202, {"status": "processing"}, ("Retry-After", str(self.settings.retry_after)))


class FileVisibleWhileAccepted(Fault, rules="ACCEPTED-NO-FILE", needs=_TWICE):
    """The folder lists a file as soon as its commit was answered 202."""

    def listed_items(self, folder: Folder) -> list[Item]:
        put_off = [session for session in waiting(self, folder) if session.accepted]
        return [*super().listed_items(folder), *(unborn(self, session) for session in put_off)]


class SessionGoneWhileAccepted(Fault, rules="ACCEPTED-SESSION-STAYS", needs=_TWICE):
    """The session cannot be found once its commit was answered 202, though the commit goes on."""

    def session_status(self, call: Call) -> Response:
        if self.live_session(call).accepted:
            raise self.ended(404, "There is no such upload session.")
        return super().session_status(call)


class OneAccepted(Fault, rules="ACCEPTED-IN-TURNS", needs=_TWICE):
    """A commit that is answered 202 takes the place of another session's, which begins anew."""

    _slot: Session | None = None

    def accept(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        if self._slot is not None and self._slot is not session:
            self._slot.accepted = 0
        self._slot = session
        return super().accept(call, session, parts, given)


class ProgressFalls(Fault, rules="ACCEPTED-PROGRESS", needs=_TWICE):
    """While a commit is put off, num_parts_processed falls and goes beyond the number of parts by turns."""

    _asked = 0

    def parts_processed(self, session: Session) -> int:
        if session.state != "open" or not session.accepted:
            return super().parts_processed(session)
        self._asked += 1
        return 0 if self._asked % 2 else session.total_parts + 1


class AcceptsForEver(Fault, rules="ACCEPTED-COMPLETES"):
    """Every fourth session answers its right commit 202 for ever."""

    def promised_answers(self, session: Session) -> int:
        promised = super().promised_answers(session)
        return max(promised, session.accepted + 1) if session.number % 4 == 0 else promised


class RefusesAfterAccepted(Fault, rules="ACCEPTED-COMPLETES"):
    """The commit of every fourth session is answered 202 once and refused when it is repeated."""

    def promised_answers(self, session: Session) -> int:
        return (
            max(super().promised_answers(session), 1) if session.number % 4 == 0 else super().promised_answers(session)
        )

    def judge_destination(self, call: Call, session: Session) -> None:
        super().judge_destination(call, session)
        if session.accepted and session.number % 4 == 0:
            raise self.mismatch("The parts have been used for another commit.")


class EarlyRetryKillsSession(Fault, rules="ACCEPTED-EARLY-RETRY", needs={"retry_after": 1}):
    """A commit that is repeated before its Retry-After is over loses the session."""

    _until: dict[str, float] | None = None

    def accept(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        self._until = {**(self._until or {}), session.id: self.clock() + self.settings.retry_after}
        return super().accept(call, session, parts, given)

    def committable(self, session: Session) -> None:
        # Some leeway, for clients that wait exactly as long as they were told.
        if session.state == "open" and self.clock() < (self._until or {}).get(session.id, 0.0) - 0.1:
            session.end("gone")
        super().committable(session)


class WrongDigestAcceptedForEver(Fault, rules="ACCEPTED-BAD-ENDS"):
    """A digest of something else is answered 202 for ever."""

    def pends(self, call: Call, session: Session, problem: Problem) -> bool:
        return problem.code == "digest_mismatch" or super().pends(call, session, problem)


class EveryAcceptedMakesAFile(Fault, rules="ACCEPTED-ONE-FILE", needs=_TWICE):
    """After 202 and 201 the folder has one file for each answer."""

    def new_file(self, session: Session, version: Any, given: Given) -> File:
        first = super().new_file(session, version, given)
        for _ in range(session.accepted):
            super().new_file(session, version, given)
        return first
