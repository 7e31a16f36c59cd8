"""Faults about commits that are repeated, or run into other requests."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from dataclasses import replace
from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.commit import Commit
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.world import File, Part, Session, Version


def make_again(decisions: Commit, session: Session) -> None:
    """Put what a session has become into the folder a second time."""
    made = session.result
    if made is None or made.trashed:
        return
    if session.file is not None:
        current = made.current
        made.versions.append(replace(current, id=decisions.world.number()))
        made.etag += 1
        return
    again = replace(made, id=decisions.world.number(), versions=list(made.versions))
    decisions.world.files[again.id] = again
    again.parent.add(again)


class RepeatMakesAFile(Fault, rules="REPEAT-ONE-FILE"):
    """A commit that is repeated after 201 makes a second file or version."""

    def repeated(self, session: Session) -> Response:
        make_again(self, session)
        return super().repeated(session)


class LostAnswerMakesAFile(Fault, rules="REPEAT-LOST-ANSWER"):
    """A commit that is repeated because its answer was lost makes a second file."""

    _lost: frozenset[str] = frozenset()

    def created_answer(self, session: Session) -> Response:
        def lose() -> None:
            self._lost |= {session.id}

        return replace(super().created_answer(session), undelivered=lose)

    def commit(self, call: Call) -> Response:
        response = super().commit(call)
        if response.undelivered is not None:
            # Time for a client that goes away to be seen going.
            with self.window():
                pass
        return response

    def repeated(self, session: Session) -> Response:
        # The first answer may still be on its way to a client that has gone and asks again at once.
        for _ in range(2):
            with self.window():
                pass
        if session.id in self._lost:
            self._lost -= {session.id}
            make_again(self, session)
        return super().repeated(session)


class ConcurrentCommitsMakeFiles(Fault, rules="REPEAT-CONCURRENT"):
    """Two commits of one session at the same time make two files."""

    def create(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        with self.window():
            pass
        if session.state == "committed":
            make_again(self, session)
            return self.repeated(session)
        if session.state != "open":
            self.check_not_dead(session)
        # Two sessions for one name, or for one etag, are another rule's matter.
        self.check_preconditions(call.request, session)
        self.check_name_free(session)
        return super().create(call, session, parts, given)


class AbortRace(Fault, rules="REPEAT-ABORT-RACE"):
    """A commit and an abort at the same time both succeed, and there is no file."""

    def create(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        with self.window():
            pass
        if session.state == "committed":
            return self.repeated(session)
        if session.state != "aborted":
            # Whatever else came in between is judged as ever.
            self.judge_destination(call, session)
            return super().create(call, session, parts, given)
        version = Version(
            id=self.world.number(), content=session.content(), created_at=self.now(), author=session.owner
        )
        response = super().create(call, session, parts, given)
        if session.result is not None:
            if session.file is None:
                self.trash_file(session.result)
                self.world.files.pop(session.result.id, None)
            else:
                session.result.versions[-1] = version
        return response


class UploadRace(Fault, rules="REPEAT-UPLOAD-RACE"):
    """A commit while a part is being uploaded makes a file of the parts that are there."""

    _arriving: dict[str, int] | None = None

    def store_part(self, session: Session, offset: int, piece: Any) -> Response:
        self._arriving = self._arriving or {}
        self._arriving[session.id] = self._arriving.get(session.id, 0) + 1
        try:
            # Twice as long as a commit waits for it, so that the two meet whichever came first.
            for _ in range(2):
                with self.window():
                    pass
        finally:
            self._arriving[session.id] -= 1
        if session.state == "open" and offset in session.by_offset:
            return self.range_taken(session, session.by_offset[offset], piece)
        if session.state == "open":
            return super().store_part(session, offset, piece)
        part = Part(id=self.world.hexadecimal(8), offset=offset, piece=piece)
        return json_response(200, {"part": self.part_view(part)})

    def _races(self, session: Session) -> bool:
        return bool(session.state == "open" and not session.complete and (self._arriving or {}).get(session.id))

    def check_uploaded(self, session: Session) -> None:
        if session.state == "open" and not session.complete and not self._races(session):
            with self.window():
                pass
        if not self._races(session):
            super().check_uploaded(session)

    def tolerates(self, session: Session, claims: Any) -> bool:
        return super().tolerates(session, claims) or self._races(session)

    def check_digest(self, request: Request, body: bytes, session: Session) -> None:
        if not self._races(session):
            super().check_digest(request, body, session)


class AnswersBeforeStoring(Fault, rules="CREATED-LISTED"):
    """A file whose commit was answered 201 cannot be found."""

    def new_file(self, session: Session, version: Version, given: Given) -> File:
        file = super().new_file(session, version, given)
        file.parent.remove(file)
        self.world.files.pop(file.id, None)
        return file
