"""Sessions that Schemathesis has opened along the links of the description, with the bytes that belong into them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from commit_conformance.model import Answer, UploadedSession
from commit_conformance.target.api import part_of
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload, make_content

#: How much larger than a usual file one may be that is uploaded along a link.
_MOST = 4


class Linked:
    """The sessions of one run that links have led to.

    Args:
        target: Where they are.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._known: dict[str, Upload] = {}

    def ready(self, session_id: str) -> Upload | None:
        """A live session with all its parts, those uploaded that were missing: a link leads from one to the commit.

        Raises:
            SetupFailed: The target does not take a part.
            WireError: It does not answer, or the budget is spent.
        """
        upload = self._known.get(session_id)
        if upload is None or upload.state is not State.LIVE:
            return None
        there = {part.offset for part in upload.session.parts}
        missing = [i for i in range(upload.session.total_parts) if i * upload.session.part_size not in there]
        self.target.bank.put(upload, missing)
        return upload

    def new_session(self) -> dict[str, Any]:
        """A right body for the creation of a session for a new file."""
        target = self.target
        name = target.bank.name()
        target.ledger.note("name", name=name, folder_id=target.folder_id)
        return {"folder_id": target.folder_id, "file_name": name, "file_size": target.bank.light_size}

    def opened(self, answer: Answer, asked: Mapping[str, Any], *, version_of: str | None = None) -> None:
        """Notes a session that Schemathesis has opened."""
        target = self.target
        handle = target.api.session_of(answer)
        size = asked.get("file_size")
        if handle is None:
            return
        target.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
        file = target.files.get(version_of) if version_of is not None else None
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= _MOST * target.bank.file_size:
            return  # what a lax server opens for a size nobody can upload is only aborted
        if version_of is not None and file is None:
            return
        content = make_content(f"{target.seed}/linked/{len(self._known)}", size)
        session = UploadedSession(
            file_size=size,
            part_size=handle.part_size,
            parts=(),
            sha1=hashlib.sha1(content).hexdigest(),
            name=str(asked.get("file_name") or (file.name if file else "")),
            parent_id=target.bank.homes.get(version_of or "", target.folder_id),
            new_version_of=version_of,
        )
        upload = Upload(handle=handle, session=session, content=content, target=file)
        target.bank.uploads.append(upload)
        self._known[handle.session_id] = upload

    def part(self, session_id: str) -> tuple[dict[str, str], bytes] | None:
        """Headers and bytes of the next part of a session along a link; None for a session that is not known."""
        upload = self._known.get(session_id)
        if upload is None:
            return None
        there = {part.offset for part in upload.session.parts}
        pieces = [upload.piece(index) for index in range(upload.session.total_parts)]
        offset, piece = next((one for one in pieces if one[0] not in there), pieces[0])
        return _part_headers(upload, offset, piece), piece

    def stored(self, session_id: str, answer: Answer, offset: int) -> None:
        """Notes a part that Schemathesis has uploaded."""
        upload = self._known.get(session_id)
        if upload is None or any(part.offset == offset for part in upload.session.parts):
            return
        piece = upload.content[offset : offset + upload.session.part_size]
        part = part_of(answer, offset=offset, content=piece)
        if part is not None:
            upload.add(part)

    def aborted(self, session_id: str) -> None:
        """Notes a session that Schemathesis has aborted: links may lead to any session of the run."""
        for upload in self.target.bank.uploads:
            if upload.handle.session_id == session_id and upload.state is State.LIVE:
                upload.state, upload.aborted = State.GONE, True
                self.target.ledger.note("gone", of="session", id=session_id)


def _part_headers(upload: Upload, offset: int, piece: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha1(piece).digest()).decode("ascii")
    total = upload.session.file_size
    return {"digest": f"sha={digest}", "content-range": f"bytes {offset}-{offset + len(piece) - 1}/{total}"}
