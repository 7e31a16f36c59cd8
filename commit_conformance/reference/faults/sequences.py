"""Faults that only a sequence of several steps shows: each request by itself is answered rightly."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from dataclasses import replace
from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Piece
from commit_conformance.reference.world import File, Folder, Part, Session


class AbortEndsSiblings(Fault, rules="LIFE-CYCLE-MODEL"):
    """Aborting a session for a new version ends the other sessions for that file."""

    def abort(self, call: Call) -> Response:
        response = super().abort(call)
        aborted = self.session(call)
        for session in list(self.world.sessions.values()):
            if session.state == "open" and session.file is not None and session.file is aborted.file:
                session.end("aborted")
                self.world.ended(session)
        return response


class AbortEndsNamesakes(Fault, rules="LIFE-CYCLE-MODEL"):
    """Aborting a session for a new file ends the other sessions for that name."""

    def abort(self, call: Call) -> Response:
        response = super().abort(call)
        aborted = self.session(call)
        for session in list(self.world.sessions.values()):
            same = session.folder is aborted.folder and session.name == aborted.name
            if session.state == "open" and same and session.file is None and aborted.file is None:
                session.end("aborted")
                self.world.ended(session)
        return response


class VersionUndoesRename(Fault, rules="LIFE-CYCLE-MODEL"):
    """A new version gives a file that was renamed meanwhile its name of before."""

    def new_version(self, session: Session, version: Any, given: Given) -> File:
        file = super().new_version(session, version, given)
        if file.name != session.name and not given.name:
            file.parent.remove(file)
            file.name = session.name
            file.parent.add(file)
        return file


class RepeatRevivesDeletedFile(Fault, rules="LIFE-CYCLE-MODEL"):
    """A session whose file was deleted brings it back when its commit is repeated."""

    def repeated(self, session: Session) -> Response:
        made = session.result
        if made is not None and made.trashed and session.file is None:
            made.trashed = False
            made.parent.add(made)
            self.world.files[made.id] = made
        return super().repeated(session)


class RepeatedPartListedTwice(Fault, rules="LIFE-CYCLE-MODEL"):
    """A part that is sent a second time with the same bytes stands twice in the list of parts."""

    _repeated: dict[str, Part] | None = None

    def range_taken(self, session: Session, part: Part, piece: Piece) -> Response:
        if piece.sha1 == part.piece.sha1:
            self._repeated = {**(self._repeated or {}), session.id: part}
        return super().range_taken(session, part, piece)

    def listed_parts(self, session: Session) -> list[Part]:
        again = (self._repeated or {}).get(session.id)
        return [*super().listed_parts(session), *([again] if again is not None else [])]


class DeletionForgetsCommit(Fault, rules="LIFE-CYCLE-MODEL"):
    """Once a file is deleted, the session that made it can be committed again, and makes another one."""

    def repeated(self, session: Session) -> Response:
        made = session.result
        if made is None or not made.trashed:
            return super().repeated(session)
        again = replace(made, id=self.world.number(), trashed=False, versions=list(made.versions))
        self.world.files[again.id] = again
        again.parent.add(again)
        session.result, session.answer = again, self.files_view(again)
        return self.created_answer(session)


class OldNameStaysTaken(Fault, rules="LIFE-CYCLE-MODEL"):
    """The name that a renamed file had before cannot be given to a new file."""

    _former: frozenset[tuple[str, str]] = frozenset()

    def update_file(self, call: Call) -> Response:
        file = self.file(call.caller.user, call.ids[0])
        before = file.name
        response = super().update_file(call)
        if file.name != before:
            self._former |= {(file.parent.id, before.casefold())}
        return response

    def open_session(self, call: Call, *, folder: Folder, file: File | None, name: str, size: int) -> Response:
        if file is None and (folder.id, name.casefold()) in self._former:
            raise Problem(409, "item_name_in_use", "An item of this name exists in the folder.", subject="conflict")
        return super().open_session(call, folder=folder, file=file, name=name, size=size)


class DeletedNameStaysTaken(Fault, rules="LIFE-CYCLE-MODEL"):
    """The name of a deleted file cannot be given to a new one."""

    _former: frozenset[tuple[str, str]] = frozenset()

    def trash_file(self, file: File) -> None:
        super().trash_file(file)
        self._former |= {(file.parent.id, file.name.casefold())}

    def open_session(self, call: Call, *, folder: Folder, file: File | None, name: str, size: int) -> Response:
        if file is None and (folder.id, name.casefold()) in self._former:
            raise Problem(409, "item_name_in_use", "An item of this name exists in the folder.", subject="conflict")
        return super().open_session(call, folder=folder, file=file, name=name, size=size)


class SessionInheritsAbortedParts(Fault, rules="LIFE-CYCLE-MODEL"):
    """A new session begins with the parts of one for the same name and size that was aborted."""

    _left: dict[tuple[str, str, int], list[Part]] | None = None

    def abort(self, call: Call) -> Response:
        session = self.live_session(call)
        if session.file is None:
            self._left = self._left or {}
            self._left[session.folder.id, session.name, session.file_size] = [
                replace(part) for part in session.sorted_parts()
            ]
        return super().abort(call)

    def open_session(self, call: Call, *, folder: Folder, file: File | None, name: str, size: int) -> Response:
        response = super().open_session(call, folder=folder, file=file, name=name, size=size)
        session = list(self.world.sessions.values())[-1]
        for part in (self._left or {}).pop((folder.id, name, size), []) if file is None else ():
            session.store(part)
        return response
