"""Uploads to read part lists and commits against: small, with ids of several forms, every byte of another value."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from commit_conformance.model import CommitRequest, UploadedPart, UploadedSession

PART_SIZE = 8
LAST_SIZE = 3
FOREIGN_ID = "F0E1D2C3"
IDS = ("8F0966B1", "6F2D3486", "0A1B2C3D", "FFFFFFFF", "00000001", "13E4A5B6", "7C7C7C7C")


def bytes_of(size: int, *, salt: int = 0) -> bytes:
    """Bytes no two parts of which are alike."""
    return b"".join(hashlib.sha1(bytes([salt, number % 251])).digest() for number in range(size // 20 + 1))[:size]


def uploaded(parts: int = 4, *, part_size: int = PART_SIZE, last: int = LAST_SIZE, content: bytes = b"") -> Any:
    """A session with all of its parts; ``last`` is the size of the last one."""
    size = part_size * (parts - 1) + last if parts else 0
    content = content or bytes_of(size)
    taken = []
    for number in range(parts):
        piece = content[number * part_size : (number + 1) * part_size]
        sha1 = hashlib.sha1(piece).hexdigest()
        taken.append(UploadedPart(part_id=IDS[number], offset=number * part_size, size=len(piece), sha1=sha1))
    return UploadedSession(
        file_size=len(content),
        part_size=part_size,
        parts=tuple(taken),
        sha1=hashlib.sha1(content).hexdigest(),
        name="report.pdf",
        parent_id="11",
        foreign=frozenset({FOREIGN_ID}),
    )


def listed(session: UploadedSession) -> list[dict[str, Any]]:
    """The right list, fresh each time."""
    return [part.as_json() for part in session.parts]


def commit(
    session: UploadedSession, *headers: tuple[str, str], digest: str | None = "", body: Any = None, **members: Any
) -> CommitRequest:
    """The right commit, but for what is given: other header lines, digest, body (bytes or JSON) or members."""
    document = {"parts": listed(session), **members} if body is None else body
    lines: list[tuple[str, str]] = []
    if digest is not None:
        lines.append(("digest", digest or session.digest))
    if not any(name.lower() == "content-type" for name, _ in headers):
        lines.append(("content-type", "application/json"))
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return CommitRequest(headers=(*lines, *headers), body=content)
