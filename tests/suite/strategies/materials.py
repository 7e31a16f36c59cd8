"""Uploads to build plans on: one to six parts, with ids, sizes and bytes as servers and users have them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from commit_conformance.model import (
    CommitRequest,
    Expectation,
    FileState,
    UploadedPart,
    UploadedSession,
    expect_commit,
)
from strategies.plan import CommitPlan, Material

FOREIGN = UploadedPart(part_id="F0E1D2C3", offset=0, size=8, sha1="f" * 40)
ETAG = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How an upload is cut, and what it is made of."""

    parts: int
    part_size: int = 8
    last: int = 3
    ids: str = "hex"
    same_bytes: bool = False

    def __str__(self) -> str:
        return f"{self.parts}x{self.part_size}+{self.last}-{self.ids}{'-zeros' if self.same_bytes else ''}"


SHAPES = (
    *(Shape(parts=number) for number in range(1, 7)),
    Shape(parts=4, ids="from 0"),
    Shape(parts=4, ids="from 8"),
    Shape(parts=3, ids="uuid"),
    Shape(parts=3, part_size=1, last=1, ids="from 0"),
    Shape(parts=1, part_size=1, last=1, ids="from 0"),
    Shape(parts=4, last=8, same_bytes=True),
    Shape(parts=2, part_size=5000, last=1),
)


def _id(style: str, number: int) -> str:
    digest = hashlib.sha1(bytes([number])).hexdigest().upper()
    uuid = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return {"hex": digest[:8], "from 0": str(number), "from 8": str(number + 8), "uuid": uuid}[style]


def material(shape: Shape, *, salt: str = "", etag: str | None = None) -> Material:
    """One upload of this shape; another ``salt`` is another file."""
    size = shape.part_size * (shape.parts - 1) + shape.last
    blocks = (hashlib.sha1(f"{salt}/{number}".encode()).digest() for number in range(size // 20 + 1))
    content = bytes(size) if shape.same_bytes else b"".join(blocks)[:size]
    parts = []
    for number in range(shape.parts):
        offset = number * shape.part_size
        piece = content[offset : offset + shape.part_size]
        sha1 = hashlib.sha1(piece).hexdigest()
        parts.append(UploadedPart(part_id=_id(shape.ids, number), offset=offset, size=len(piece), sha1=sha1))
    session = UploadedSession(
        file_size=size,
        part_size=shape.part_size,
        parts=tuple(parts),
        sha1=hashlib.sha1(content).hexdigest(),
        name="report.pdf",
        parent_id="11",
        new_version_of="7" if etag else None,
        foreign=frozenset({FOREIGN.part_id}),
    )
    return Material(session=session, content=content, foreign=FOREIGN, etag=etag)


def expect(plan: CommitPlan, upload: Material) -> Expectation:
    """What the plan may be answered when it is carried out on this upload."""
    return expect_request(plan.build(upload), upload)


def expect_request(request: CommitRequest, upload: Material) -> Expectation:
    file = FileState(file_id="7", etag=upload.etag, sha1=None, size=None, name=None) if upload.etag else None
    return expect_commit(request, upload.session, current=file)


def claimed(request: CommitRequest) -> Any:
    """The part list as it goes over the wire."""
    return json.loads(request.body)["parts"]
