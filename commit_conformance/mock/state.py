"""What the mocked service holds, and sessions that are there before a test begins.

Owns the values a test sees of the service's sessions and files, and how they are prepared.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_conformance.reference import Request, Service
from commit_conformance.reference.world import File, Session

__all__ = ["FileState", "Preparation", "SessionState", "UploadedSession", "digest_of"]


def digest_of(content: bytes) -> str:
    """The value of the digest header for some bytes: ``sha=`` and the base64 of their SHA-1."""
    return "sha=" + base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as it is stored.

    Attributes:
        id: Its id.
        name: Its name.
        folder_id: Id of its folder.
        size: Length in bytes.
        sha1: SHA-1 of its bytes, in lower-case hexadecimal digits.
        etag: Its entity tag, which changes with every version.
        versions: How many versions it has.
        content: Its bytes.
    """

    id: str
    name: str
    folder_id: str
    size: int
    sha1: str
    etag: str
    versions: int
    content: bytes

    @classmethod
    def of(cls, file: File) -> FileState:
        """The state of a file at this moment."""
        content = b"".join(file.current.content)
        return cls(
            id=file.id,
            name=file.name,
            folder_id=file.parent.id,
            size=len(content),
            sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            etag=str(file.etag),
            versions=len(file.versions),
            content=content,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """An upload session at one moment.

    Attributes:
        id: Its id.
        name: Name of the file it is for.
        file_size: Length the file is to have, in bytes.
        part_size: Length of every part but the last, in bytes.
        offsets: Where the uploaded parts begin, in order.
        complete: Whether all parts have been uploaded.
        accepted: How often its commit was answered 202.
        state: ``open``, ``committed``, ``aborted``, ``failed`` (a refusal ended it) or ``gone``.
    """

    id: str
    name: str
    file_size: int
    part_size: int
    offsets: tuple[int, ...]
    complete: bool
    accepted: int
    state: str

    @classmethod
    def of(cls, session: Session) -> SessionState:
        """The state of a session at this moment."""
        return cls(
            id=session.id,
            name=session.name,
            file_size=session.file_size,
            part_size=session.part_size,
            offsets=tuple(sorted(session.by_offset)),
            complete=session.complete,
            accepted=session.accepted,
            state=session.state,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSession:
    """A session whose parts are all uploaded, and what its commit needs.

    Attributes:
        id: Its id.
        name: Name of the file it is for.
        content: The bytes that were uploaded.
        part_size: Length of every part but the last, in bytes.
        parts: The parts as their uploads were answered, for the ``parts`` of a commit.
        digest: Value of the digest header: ``sha=`` and base64.
        urls: The session's endpoints by name, as the service told them.
    """

    id: str
    name: str
    content: bytes
    part_size: int
    parts: list[dict[str, Any]]
    digest: str
    urls: Mapping[str, str]

    @property
    def commit_url(self) -> str:
        """Where the commit goes."""
        return self.urls["commit"]


class Preparation:
    """Uploads as a right client does.

    Args:
        service: A correct service; nothing that is prepared suffers from a fault.
        base_url: URL of the upload endpoints.
        token: Token of the user who uploads.
    """

    def __init__(self, service: Service, *, base_url: str, token: str) -> None:
        self._service = service
        self._base_url = base_url
        self._token = token

    def send(self, method: str, url: str, *headers: tuple[str, str], body: bytes = b"") -> dict[str, Any]:
        """One request, which has to succeed.

        Raises:
            ValueError: It was refused; the message says why.
        """
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        lines = (("host", host), ("authorization", f"Bearer {self._token}"), *headers)
        request = Request(method=method, target=f"/{path}", headers=lines, body=body, scheme=scheme)
        answer = self._service.handle(request)
        document: dict[str, Any] = json.loads(answer.content())
        if answer.status >= 300:
            raise ValueError(f"this cannot be prepared: {document.get('message', answer.status)}")
        return document

    def upload(self, content: bytes | None, *, name: str, folder_id: str, file_id: str | None) -> UploadedSession:
        """A new session with all its parts.

        Raises:
            ValueError: It was refused, since the name is in use or there is no such file or folder.
        """
        part_size = self._service.settings.part_size
        if content is None:
            # Two and a half parts, no two alike, and the same bytes each time.
            content = random.Random(0).randbytes(2 * part_size + part_size // 2)
        size = len(content)
        if file_id is None:
            url, wanted = "/files/upload_sessions", {"folder_id": folder_id, "file_size": size, "file_name": name}
        else:
            url, wanted = f"/files/{file_id}/upload_sessions", {"file_size": size, "file_name": name}
        json_type = ("content-type", "application/json")
        session = self.send("POST", self._base_url + url, json_type, body=json.dumps(wanted).encode())
        urls = session["session_endpoints"]
        parts = []
        for offset in range(0, size, part_size):
            piece = content[offset : offset + part_size]
            span = ("content-range", f"bytes {offset}-{offset + len(piece) - 1}/{size}")
            answer = self.send("PUT", urls["upload_part"], ("digest", digest_of(piece)), span, body=piece)
            parts.append(answer["part"])
        return UploadedSession(
            id=session["id"],
            name=name,
            content=content,
            part_size=part_size,
            parts=parts,
            digest=digest_of(content),
            urls=urls,
        )

    def store(self, content: bytes | None, *, name: str, folder_id: str, file_id: str | None) -> str:
        """A committed file, or a new version of one; gives its id.

        Raises:
            ValueError: As `upload`.
        """
        session = self.upload(content, name=name, folder_id=folder_id, file_id=file_id)
        headers = (("content-type", "application/json"), ("digest", session.digest))
        body = json.dumps({"parts": session.parts}).encode()
        created = self.send("POST", session.commit_url, *headers, body=body)
        # The file is there as if it had always been: no session tells of its upload.
        self._service.world.sessions.pop(session.id)
        found: str = created["entries"][0]["id"]
        return found
