"""Faults about names that are taken, and targets that have changed."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request, Response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.world import File, Folder, Part, Session


class IgnoresConflict(Fault, rules="CONFLICT-NAME"):
    """A commit makes a second file of a name that is taken."""

    def check_name_free(self, session: Session) -> None:
        return


class ConflictWithoutBody(Fault, rules="CONFLICT-BODY"):
    """A 409 has no error document."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if problem.subject == "conflict" and "/commit" in request.target:
            return Response(status=problem.status)
        return super().error_answer(problem, request)


class ConflictBodySaysOtherStatus(Fault, rules="CONFLICT-BODY"):
    """The error document of a 409 says 400."""

    def error_document(self, problem: Problem) -> dict[str, Any]:
        document = super().error_document(problem)
        return {**document, "status": 400} if problem.subject == "conflict" else document


class NamesHaveCase(Fault, rules="CONFLICT-CASE"):
    """Names are compared with their case."""

    def check_name_free(self, session: Session) -> None:
        same = [item for item in session.folder.named(session.name) if item.name == session.name]
        if any(item is not session.file for item in same):
            super().check_name_free(session)


class FoldersDoNotConflict(Fault, rules="CONFLICT-FOLDER"):
    """A file may have the name of a folder."""

    def check_name_free(self, session: Session) -> None:
        if not all(isinstance(item, Folder) for item in session.folder.named(session.name)):
            super().check_name_free(session)


class ConflictTouchesFile(Fault, rules="CONFLICT-UNTOUCHED"):
    """A 409 changes the etag of the file in the way."""

    def check_name_free(self, session: Session) -> None:
        try:
            super().check_name_free(session)
        except Problem:
            for item in session.folder.named(session.name):
                item.etag += 1
            raise


class ConflictsWithItself(Fault, rules="CONFLICT-OWN-NAME"):
    """The third and every later version of a file conflicts with its own name."""

    # Not the second: without any new version there would be nothing to tell this fault from a service without them.
    def check_name_free(self, session: Session) -> None:
        if session.file is not None and len(session.file.versions) >= 2:
            raise self.name_in_use(session.file)
        super().check_name_free(session)


class ConflictRace(Fault, rules="CONFLICT-RACE"):
    """Between the check of a name and the making of the file another commit may do the same."""

    def create(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        if session.file is None:
            with self.window():
                pass
            # Its own second commit is another rule's matter.
            if session.state == "committed":
                return self.repeated(session)
        return super().create(call, session, parts, given)


class RevivesTrashedFile(Fault, rules="CONFLICT-TRASHED"):
    """A new version of a file that was deleted brings it back."""

    def check_target(self, session: Session) -> None:
        file = session.file
        if file is None or not file.trashed:
            super().check_target(session)

    def new_version(self, session: Session, version: Any, given: Given) -> File:
        file = super().new_version(session, version, given)
        if file.trashed:
            file.trashed = False
            file.parent.add(file)
        return file


class IgnoresLock(Fault, rules="CONFLICT-LOCKED"):
    """A file that another user has locked gets a new version."""

    def check_lock(self, session: Session) -> None:
        return
