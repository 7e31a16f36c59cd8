"""Upload sessions and their parts: create, upload, list, inspect, abort.

Owns the life of a session up to its commit, which is `commit`'s.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from commit_conformance.reference.access import Access
from commit_conformance.reference.bodies import INT64_MAX, Bodies, whole_number
from commit_conformance.reference.calls import Call, page_of
from commit_conformance.reference.digests import Digests, encode_digest
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Piece
from commit_conformance.reference.views import Views
from commit_conformance.reference.world import File, Folder, Item, Part, Session

__all__ = ["Uploads", "check_name"]

_SESSION_ID = re.compile(r"[0-9A-F]{32}", flags=re.ASCII)
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", flags=re.ASCII)
NAME_LIMIT = 255  # characters


def check_name(name: object) -> str:
    """A name an item may have.

    Raises:
        Problem: 400, for anything else.
    """
    if not isinstance(name, str) or not name.strip() or name in (".", ".."):
        raise Problem(400, "item_name_invalid", "The item needs a name.")
    if len(name) > NAME_LIMIT:
        raise Problem(400, "item_name_too_long", f"The name exceeds {NAME_LIMIT} characters.")
    if re.search(r"[/\\\x00-\x1f\x7f\ud800-\udfff]", name) or name != name.strip():
        raise Problem(400, "item_name_invalid", "The name holds characters a name must not hold.")
    return name


class Uploads(Views, Access, Digests, Bodies):
    """Operations on upload sessions."""

    # -- finding a session --------------------------------------------------------------------------------------

    def session(self, call: Call) -> Session:
        """The session a request is about, whatever its state.

        Raises:
            Problem: 400 malformed id, 404 unknown, 403 another user's.
        """
        session_id = call.ids[0]
        if not _SESSION_ID.fullmatch(session_id):
            self.malformed_session_id(call)
        self.need_upload_scope(call.caller)
        if session_id == self.settings.expired_session:
            raise self.expired()
        session = self.world.sessions.get(session_id)
        if session is None:
            return self.unknown_session(call)
        self.owns_session(call.caller, session)
        return session

    def live_session(self, call: Call) -> Session:
        """The open session a request is about.

        Raises:
            Problem: As `session`, and 404 or 410 for one that has ended.
        """
        session = self.session(call)
        self.check_open(session)
        return session

    def check_open(self, session: Session) -> None:
        """Raise when a session has ended."""
        if session.state == "committed":
            raise self.ended(self.settings.closed_status, "The upload session has been committed.")
        self.check_not_dead(session)

    def check_not_dead(self, session: Session) -> None:
        """Raise when a session has ended otherwise than by a commit."""
        if session.state == "aborted":
            raise self.ended(self.settings.aborted_status, "The upload session has been aborted.")
        if session.state == "failed":
            raise Problem(410, "upload_failed", "The upload session has failed.", subject="session")
        if session.state == "gone":
            raise self.ended(404, "There is no such upload session.")
        if session.state == "open" and self.now() >= session.expires_at:
            raise self.expired()

    def ended(self, status: int, message: str) -> Problem:
        """A refusal for a session that is over."""
        return Problem(status, "gone" if status == 410 else "not_found", message, subject="session")

    def expired(self) -> Problem:
        """A refusal for a session whose time is over."""
        message = "The upload session has expired and can no longer be used."
        return Problem(410, "session_expired", message, subject="session")

    def malformed_session_id(self, call: Call) -> None:
        """Answer to an id that is none."""
        raise Problem(400, "invalid_upload_session_id", "That is no id of an upload session.", subject="session")

    def unknown_session(self, call: Call) -> Session:
        """Answer to an id that is nobody's."""
        raise Problem(404, "not_found", "There is no such upload session.", subject="session")

    # -- create -------------------------------------------------------------------------------------------------

    def create_session(self, call: Call) -> Response:
        """Open a session for a new file."""
        self.need_upload_scope(call.caller)
        document = self.document(call.request, call.body)
        folder_id = document.get("folder_id")
        if folder_id is None:
            raise Problem(400, "missing_destination", "The request needs a folder_id.")
        if not isinstance(folder_id, str) or not re.fullmatch(r"\d{1,20}", folder_id, flags=re.ASCII):
            raise Problem(400, "invalid_folder_id", "The folder_id must be a string of digits.")
        if "file_name" not in document:
            raise Problem(400, "missing_file_name", "The request needs a file_name.")
        size, name = self.announced_size(document), check_name(document["file_name"])
        folder = self.folder(call.caller.user, folder_id)
        for item in folder.named(name):
            raise self.name_in_use(item)
        return self.open_session(call, folder=folder, file=None, name=name, size=size)

    def create_version_session(self, call: Call) -> Response:
        """Open a session for a new version of a file."""
        self.need_upload_scope(call.caller)
        document = self.document(call.request, call.body)
        size = self.announced_size(document)
        file = self.file(call.caller.user, call.ids[0])
        self.not_locked(call.caller.user, file)
        name = check_name(document["file_name"]) if "file_name" in document else file.name
        if name != file.name and not self.settings.version_names:
            raise Problem(400, "bad_request", "A new version cannot give its file another name.")
        for item in file.parent.named(name):
            if item is not file:
                raise self.name_in_use(item)
        return self.open_session(call, folder=file.parent, file=file, name=name, size=size)

    def announced_size(self, document: dict[str, Any]) -> int:
        """The file size a session is created for."""
        if "file_size" not in document:
            raise Problem(400, "missing_file_size", "The request needs a file_size.")
        size = whole_number(document["file_size"])
        if size is None or not 0 <= size <= INT64_MAX:
            raise Problem(400, "invalid_file_size", "The file_size must be a number of bytes.")
        if size < self.settings.min_file_size:
            least = self.settings.min_file_size
            raise Problem(400, "file_size_too_small", f"Files below {least} bytes are not uploaded in parts.")
        if -(-size // self.settings.part_size) > self.settings.max_parts:
            raise Problem(403, "file_size_limit_exceeded", "The file would have too many parts.")
        return size

    def open_session(self, call: Call, *, folder: Folder, file: File | None, name: str, size: int) -> Response:
        """Make the session and answer with it."""
        self.world.session_count += 1
        now = self.now()
        session = Session(
            id=self.world.hexadecimal(32),
            number=self.world.session_count,
            owner=call.caller.user,
            folder=folder,
            file=file,
            base_etag=file.etag if file else None,
            name=name,
            renames=file is not None and name != file.name,
            file_size=size,
            part_size=self.settings.part_size,
            created_at=now,
            expires_at=now + timedelta(seconds=self.settings.session_seconds),
        )
        self.world.sessions[session.id] = session
        return json_response(201, self.created_session_view(session, call.base))

    def created_session_view(self, session: Session, base: str) -> dict[str, Any]:
        """A session in the answer to its creation."""
        return self.session_view(session, base)

    def name_in_use(self, item: Item) -> Problem:
        """A 409 that names the item in the way."""
        shape = self.settings.conflicts
        conflicts: object = self.item_view(item) if shape == "object" else [self.item_view(item)]
        message = "An item of this name exists in the folder."
        context = None if shape == "absent" else {"conflicts": conflicts}
        return Problem(409, "item_name_in_use", message, subject="conflict", context=context)

    # -- parts --------------------------------------------------------------------------------------------------

    def part_room(self, session_id: str) -> tuple[int, bool] | None:
        """Longest body a part of this session may have, and whether it goes to disk; ``None`` without session."""
        session = self.world.sessions.get(session_id)
        if session is None or session.state != "open":
            return None
        return session.part_size, session.file_size >= self.settings.memory_limit

    def upload_part(self, call: Call) -> Response:
        """Store a part.

        Raises:
            Problem: 400 missing or malformed header, 416 range that is none of the session's, 409 taken range, 412
                digest that does not fit.
        """
        session = self.live_session(call)
        offset, size = self.part_range(call, session)
        digest = self.part_digest(call)
        piece = call.piece
        if piece is None or piece.size != size:
            raise Problem(400, "bad_request", f"The body is not the {size} bytes of its Content-Range.")
        if offset in session.by_offset:
            return self.range_taken(session, session.by_offset[offset], piece)
        if digest != piece.sha1:
            return self.part_digest_differs(session, offset, piece, digest)
        return self.store_part(session, offset, piece)

    def store_part(self, session: Session, offset: int, piece: Piece) -> Response:
        """Take a part that is right."""
        part = Part(id=self.world.hexadecimal(8), offset=offset, piece=piece)
        while part.id in session.by_id:
            part.id = self.world.hexadecimal(8)
        session.store(part)
        return json_response(200, self.extended({"part": self.part_view(part)}))

    def part_range(self, call: Call, session: Session) -> tuple[int, int]:
        """Offset and size of the part a request carries."""
        header = call.request.header("content-range")
        if header is None:
            raise Problem(400, "bad_request", "The request needs a Content-Range header.")
        found = _RANGE.fullmatch(header)
        if found is None:
            raise Problem(400, "bad_request", "The Content-Range must be of the form bytes FIRST-LAST/TOTAL.")
        first, last, total = int(found[1]), int(found[2]), int(found[3])
        if total != session.file_size or not first <= last < total:
            raise Problem(416, "invalid_range", f"The range does not lie in a file of {session.file_size} bytes.")
        if first % session.part_size or last + 1 != min(first + session.part_size, total):
            raise Problem(416, "invalid_range", f"The range is no part of {session.part_size} bytes.")
        return first, last + 1 - first

    def part_digest(self, call: Call) -> bytes:
        """The digest a part comes with."""
        lines = self.digest_lines(call.request)
        if not lines:
            raise Problem(400, "bad_digest", "The request needs a digest header.")
        algorithm, _, value = self.trim_digest(lines[0]).partition("=")
        if len(lines) > 1 or algorithm.lower() != "sha":
            raise Problem(400, "bad_digest", "The digest must be one value, of the algorithm sha.")
        return Digests.decode_digest(self, value)

    def range_taken(self, session: Session, part: Part, piece: Piece) -> Response:
        """Answer to a part whose range is taken: parts never change."""
        status = self.settings.part_overlap_status
        message = f"The part overlaps an uploaded one: {part.id} at {part.offset} of {part.size} bytes."
        raise Problem(status, "range_overlaps_existing_part", message)

    def part_digest_differs(self, session: Session, offset: int, piece: Piece, digest: bytes) -> Response:
        """Answer to a part that is not what its digest says: nothing is stored."""
        actual = encode_digest(piece.sha1)
        message = f"The digest does not fit the part. Actual: {actual} Expected: {encode_digest(digest)}"
        raise Problem(self.settings.part_digest_status, "digest_mismatch", message, subject="digest")

    def list_parts(self, call: Call) -> Response:
        """The uploaded parts, by offset, a page at a time."""
        session = self.listable_session(call)
        offset, limit = page_of(call, default=100)
        if offset > 10_000 and offset > session.total_parts:
            raise Problem(400, "invalid_offset", "The offset is beyond every part.")
        parts = self.listed_parts(session)
        page = {
            "total_count": len(parts),
            "limit": limit,
            "offset": offset,
            "order": [{"by": "offset", "direction": "ASC"}],
            "entries": [self.part_view(part) for part in self.page(parts, offset, limit)],
        }
        return json_response(200, self.extended(page))

    def listable_session(self, call: Call) -> Session:
        """The session whose parts are listed."""
        return self.live_session(call)

    def listed_parts(self, session: Session) -> list[Part]:
        """The parts a listing is made of."""
        return session.sorted_parts()

    def page(self, parts: list[Part], offset: int, limit: int) -> list[Part]:
        """One page of parts."""
        return parts[offset : offset + limit]

    # -- status and abort ---------------------------------------------------------------------------------------

    def session_status(self, call: Call) -> Response:
        """The session as it stands."""
        session = self.live_session(call)
        response = json_response(200, self.session_view(session, call.base))
        session.looked = True
        return response

    def abort(self, call: Call) -> Response:
        """End a session and forget its parts."""
        session = self.live_session(call)
        session.end("aborted")
        self.world.ended(session)
        return Response(status=204)

    def log_event(self, call: Call) -> Response:
        """Take a client's note about its upload, and do nothing with it."""
        self.live_session(call)
        return Response(status=204)
