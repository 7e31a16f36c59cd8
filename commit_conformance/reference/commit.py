"""The commit: the one decision everything else here is for.

Owns the order in which a commit is judged and what it does. A commit that is refused changes nothing. The order:

1. the session, by its id (`uploads`)
2. the body: content type, JSON, an object (`bodies`)
3. the list of parts (`part_lists`), then the digest (`digests`), then the attributes (`attributes`)
4. the destination: still there, still allowed, not locked
5. the preconditions (`preconditions`), then the name
6. 202 as often as the session is to answer it; then the file, and 201
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from commit_conformance.reference.attributes import Attributes, Given
from commit_conformance.reference.calls import Call
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.part_lists import PartLists
from commit_conformance.reference.preconditions import Preconditions
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Content
from commit_conformance.reference.uploads import Uploads
from commit_conformance.reference.world import File, Part, Session, Version

__all__ = ["Commit"]


class Commit(Uploads, PartLists, Attributes, Preconditions):
    """Decides about commits."""

    def commit(self, call: Call) -> Response:
        """Make a file of a session.

        Raises:
            Problem: Every refusal.
        """
        session = self.session(call)
        self.committable(session)
        try:
            parts, given = self.judge_upload(call, session)
            if session.state == "committed":
                return self.repeated(session)
            self.judge_destination(call, session)
        except Problem as problem:
            return self.refuse(call, session, problem)
        if session.accepted < self.promised_answers(session):
            return self.accept(call, session, parts, given)
        return self.create(call, session, parts, given)

    def committable(self, session: Session) -> None:
        """Raise when a session has ended otherwise than by a commit."""
        self.check_not_dead(session)

    # -- judging ------------------------------------------------------------------------------------------------

    def judge_upload(self, call: Call, session: Session) -> tuple[list[Part], Given]:
        """Raise unless the request describes what was uploaded."""
        document = self.document(call.request, call.body)
        claims = self.claims(session, document)
        self.check_uploaded(session)
        parts = self.check_list(session, claims)
        self.check_digest(call.request, call.body, session)
        return parts, self.attributes(document)

    def judge_destination(self, call: Call, session: Session) -> None:
        """Raise unless the file may be put where the session says, under the conditions of the request."""
        self.check_permission(session)
        self.check_target(session)
        self.check_lock(session)
        self.check_preconditions(call.request, session)
        self.check_name_free(session)

    def check_permission(self, session: Session) -> None:
        """Raise when the user may no longer write in the folder."""
        if not self.may_write(session.owner, session.folder):
            message = "You may not upload to this folder."
            raise Problem(403, "access_denied_insufficient_permissions", message, subject="access")

    def check_target(self, session: Session) -> None:
        """Raise when the folder, or the file that was to get a version, has been deleted."""
        if any(folder.trashed for folder in session.folder.lineage()):
            raise Problem(404, "not_found", "The folder has been deleted.", subject="destination")
        if session.file is not None and session.file.trashed:
            raise Problem(404, "trashed", "The file has been moved to the trash.", subject="destination")

    def check_lock(self, session: Session) -> None:
        """Raise when somebody else has locked the file."""
        if session.file is not None:
            self.not_locked(session.owner, session.file)

    def check_name_free(self, session: Session) -> None:
        """Raise 409 when another item has the name."""
        if session.file is not None and not session.renames:
            return
        for item in session.folder.named(session.name):
            if item is not session.file:
                raise self.name_in_use(item)

    # -- answers ------------------------------------------------------------------------------------------------

    def refuse(self, call: Call, session: Session, problem: Problem) -> Response:
        """Refuse a commit. The session lives on, unless the refusal is a 410."""
        if self.pends(call, session, problem):
            return self.accepted_answer()
        if session.state == "open" and (problem.status == 410 or problem.ends_session):
            session.end("failed" if problem.status == 410 else "gone")
            self.world.ended(session)
        raise problem

    def pends(self, call: Call, session: Session, problem: Problem) -> bool:
        """Whether a wrong request is answered 202 first: once for each, where validation is asynchronous."""
        if not self.settings.async_validation or problem.subject not in ("part-list", "digest"):
            return False
        fingerprint = hashlib.sha1(call.body, usedforsecurity=False)
        fingerprint.update(repr(self.digest_lines(call.request)).encode("utf-8", "surrogateescape"))
        key = fingerprint.hexdigest()
        first = key not in session.pended
        session.pended.add(key)
        return first

    def accept(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        """Put a right commit off: the parts are still being processed."""
        session.accepted += 1
        session.looked = False
        return self.accepted_answer()

    def accepted_answer(self) -> Response:
        """A 202: when to ask again, and no body."""
        return Response(status=202, headers=(("Retry-After", str(self.settings.retry_after)),))

    def create(self, call: Call, session: Session, parts: list[Part], given: Given) -> Response:
        """Make the file, close the session, answer 201."""
        file = self.put_file(session, parts, given)
        session.result = file
        session.answer = self.files_view(file)
        session.end("committed")
        self.world.ended(session)
        return self.created_answer(session)

    def created_answer(self, session: Session) -> Response:
        """The 201 of a session."""
        return json_response(201, session.answer or {})

    def repeated(self, session: Session) -> Response:
        """Answer to a right commit of a session that has been committed: nothing happens a second time."""
        if self.settings.repeat != "same":
            raise self.repeat_refused(int(self.settings.repeat))
        if session.result is None or session.result.trashed:
            raise self.ended(404, "The upload session has been committed, and its file deleted.")
        return self.created_answer(session)

    def repeat_refused(self, status: int) -> Problem:
        """A refusal of a second commit."""
        code = {404: "not_found", 409: "conflict", 410: "gone"}[status]
        return Problem(status, code, "The upload session has been committed.", subject="session")

    # -- the file -----------------------------------------------------------------------------------------------

    def put_file(self, session: Session, parts: list[Part], given: Given) -> File:
        """Store the file or version a session has become."""
        version = Version(
            id=self.world.number(),
            content=self.assemble(session, parts),
            created_at=self.now(),
            author=session.owner,
        )
        return (
            self.new_file(session, version, given)
            if session.file is None
            else self.new_version(session, version, given)
        )

    def assemble(self, session: Session, parts: list[Part]) -> Content:
        """The bytes of the file, by offset."""
        return session.content()

    def new_file(self, session: Session, version: Version, given: Given) -> File:
        """A file that was not there before."""
        now = self.now()
        file = File(
            id=self.file_id(session),
            name=given.name or session.name,
            parent=session.folder,
            owner=session.folder.owner,
            versions=[version],
            created_at=now,
            modified_at=now,
            content_created_at=given.content_created_at or self.default_content_date(),
            content_modified_at=given.content_modified_at or self.default_content_date(),
            description=given.description or "",
        )
        self.world.files[file.id] = file
        session.folder.add(file)
        return file

    def file_id(self, session: Session) -> str:
        """An id for a new file."""
        return self.world.number()

    def new_version(self, session: Session, version: Version, given: Given) -> File:
        """A new version of the file a session was created for."""
        file = session.file
        assert file is not None
        now = self.now()
        file.versions.append(version)
        file.etag += 1
        file.modified_at = now
        file.content_modified_at = given.content_modified_at or self.default_content_date()
        file.content_created_at = given.content_created_at or file.content_created_at
        file.description = given.description if given.description is not None else file.description
        if session.renames or given.name:
            file.parent.remove(file)
            file.name = given.name or session.name
            file.parent.add(file)
        return file

    def default_content_date(self) -> datetime | None:
        """The content dates of a file whose client gave none: the moment of the upload."""
        return self.now()
