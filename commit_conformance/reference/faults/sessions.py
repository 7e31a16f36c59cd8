"""Faults about the life of an upload session."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from dataclasses import replace

from commit_conformance.reference.calls import Call
from commit_conformance.reference.decisions import Decisions
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Content, Piece
from commit_conformance.reference.world import File, Folder, Item, Part, Session, Version


def waiting(decisions: Decisions, folder: Folder) -> list[Session]:
    """Sessions for new files in a folder that have all their parts and have not been committed."""
    sessions = decisions.world.sessions.values()
    return [s for s in sessions if s.folder is folder and s.state == "open" and s.file is None and s.complete]


def unborn(decisions: Decisions, session: Session, content: Content | None = None) -> File:
    """A file that no commit has made."""
    now = decisions.now()
    version = Version(id="1", content=content or session.content(), created_at=now, author=session.owner)
    return File(
        id=f"9{session.number:09d}",
        name=session.name,
        parent=session.folder,
        owner=session.owner,
        versions=[version],
        created_at=now,
        modified_at=now,
        content_created_at=now,
        content_modified_at=now,
    )


class RefusalEndsSession(Fault, rules="REJECTED-SESSION-LIVES"):
    """After a refused list or body the session is gone."""

    def refuse(self, call: Call, session: Session, problem: Problem) -> Response:
        if problem.subject in ("part-list", "body"):
            problem.ends_session = True
        return super().refuse(call, session, problem)


class RefusalLeavesAFile(Fault, rules="REJECTED-NO-TRACE"):
    """After a refused list the folder has an empty file beside the one that was to be."""

    def refuse(self, call: Call, session: Session, problem: Problem) -> Response:
        if problem.subject == "part-list" and session.state == "open" and session.file is None:
            name = f"{session.name}.partial"
            if not session.folder.named(name):
                file = unborn(self, session, Content(()))
                file.id, file.name = self.world.number(), name
                self.world.files[file.id] = file
                session.folder.add(file)
        return super().refuse(call, session, problem)


class FileVisibleBeforeCommit(Fault, rules="SESSION-NO-EARLY-FILE"):
    """The folder lists a file as soon as all its parts are there."""

    def listed_items(self, folder: Folder) -> list[Item]:
        # What a folder lists while a commit is put off is another rule's matter.
        early = [session for session in waiting(self, folder) if not session.accepted]
        return [*super().listed_items(folder), *(unborn(self, session) for session in early)]


class PartsAfterCommit(Fault, rules="SESSION-CLOSED"):
    """Parts can be uploaded after the commit."""

    def upload_part(self, call: Call) -> Response:
        session = self.session(call)
        if session.state != "committed":
            return super().upload_part(call)
        offset, size = self.part_range(call, session)
        part = {"part_id": self.world.hexadecimal(8), "offset": offset, "size": size, "sha1": bytes(20).hex()}
        return json_response(200, {"part": part})


class AbortAfterCommitDeletesFile(Fault, rules="SESSION-ABORT-AFTER"):
    """Deleting a committed session deletes its file."""

    def abort(self, call: Call) -> Response:
        session = self.session(call)
        if session.state != "committed" or session.result is None or session.result.trashed:
            return super().abort(call)
        self.trash_file(session.result)
        return Response(status=204)


class ProgressStartsFull(Fault, rules="SESSION-PROGRESS"):
    """A new session says that all its parts have been processed."""

    def parts_processed(self, session: Session) -> int:
        return super().parts_processed(session) if session.by_id else session.total_parts


class TotalPartsRoundedDown(Fault, rules="SESSION-PROGRESS"):
    """A session's total_parts does not count a short last part."""

    def total_parts(self, session: Session) -> int:
        return max(1, session.file_size // session.part_size)


class ListPartsIgnoresOffset(Fault, rules="SESSION-LIST-PARTS"):
    """Every page of the list of parts is the first."""

    def page(self, parts: list[Part], offset: int, limit: int) -> list[Part]:
        return super().page(parts, 0, limit)


class ListPartsLacksLast(Fault, rules="SESSION-LIST-PARTS"):
    """The list of parts lacks the one that was uploaded last."""

    def listed_parts(self, session: Session) -> list[Part]:
        newest = list(session.by_id)[-1:]
        return [part for part in super().listed_parts(session) if part.id not in newest]


class PartsCanBeReplaced(Fault, rules="SESSION-PART-IMMUTABLE"):
    """A part whose range is taken takes the place of the one that is there."""

    def range_taken(self, session: Session, part: Part, piece: Piece) -> Response:
        fresh = Part(id=self.world.hexadecimal(8), offset=part.offset, piece=piece)
        session.replace(fresh)
        return json_response(200, {"part": self.part_view(fresh)})


class StoresPartOfWrongDigest(Fault, rules="SESSION-PART-DIGEST"):
    """A part that is refused because of its digest is stored all the same."""

    def part_digest_differs(self, session: Session, offset: int, piece: Piece, digest: bytes) -> Response:
        self.store_part(session, offset, piece)
        return super().part_digest_differs(session, offset, piece, digest)


class IgnoresPartDigest(Fault, rules="SESSION-PART-DIGEST"):
    """A part is stored whatever its digest."""

    def part_digest_differs(self, session: Session, offset: int, piece: Piece, digest: bytes) -> Response:
        return self.store_part(session, offset, piece)


class StatusNamesOtherSession(Fault, rules="SESSION-ENDPOINTS"):
    """The status of a session names the URLs of another one."""

    def session_status(self, call: Call) -> Response:
        response = super().session_status(call)
        session = self.session(call)
        own = self.session_view(session, call.base)
        endpoints = {name: url.replace(session.id, "F" * 32) for name, url in own["session_endpoints"].items()}
        return replace(response, body=json_response(200, own | {"session_endpoints": endpoints}).body)
