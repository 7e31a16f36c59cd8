"""Uploads without a server: material to build plans on, made from a shape or drawn.

An upload here is complete, with ids, sizes and bytes as servers and users have them: one part or many, a last part that
is full, short or a single byte, ids of several forms, parts that are all alike. Beside it there is a part of another
session and one of a session that was aborted, so that commits can name them.

    >>> upload = material(Shape(parts=3, part_size=8, last=1))
    >>> upload.session.file_size
    17
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hypothesis import strategies as st

from commit_conformance.model import UploadedPart, UploadedSession
from strategies.plan import Material

FOREIGN_ID = "F0E1D2C3"
ABORTED_ID = "ABAD1DEA"
ID_STYLES = ("hex", "from 0", "from 8", "uuid")
#: Current etags that files are drawn with: numbers as Box has them, and what other servers have.
ETAGS = ("0", "1", "3", "9", "10", "07", "c0ffee", "abc", "a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How an upload is cut, and what it is made of.

    Attributes:
        parts: How many parts it has.
        part_size: Bytes of every part but the last.
        last: Bytes of the last part, from 1 to the part size. Of a single part, its size.
        ids: How parts are named: one of `ID_STYLES`.
        same_bytes: Whether all bytes are zero, so that parts of one size have one SHA-1.
    """

    parts: int
    part_size: int = 8
    last: int = 3
    ids: str = "hex"
    same_bytes: bool = False

    def __str__(self) -> str:
        return f"{self.parts}x{self.part_size}+{self.last}-{self.ids}{'-zeros' if self.same_bytes else ''}"


def _id(style: str, number: int) -> str:
    digest = hashlib.sha1(str(number).encode()).hexdigest().upper()
    uuid = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return {"hex": digest[:8], "from 0": str(number), "from 8": str(number + 8), "uuid": uuid}[style]


def _bytes(size: int, salt: str) -> bytes:
    """Bytes without a pattern; another ``salt`` gives others."""
    blocks = (hashlib.sha1(f"{salt}/{number}".encode()).digest() for number in range(size // 20 + 1))
    return b"".join(blocks)[:size]


@lru_cache(maxsize=512)
def material(shape: Shape, *, salt: str = "", etag: str | None = None) -> Material:
    """One upload of this shape.

    Args:
        salt: Another one makes another file.
        etag: The current etag of the file that the upload is a new version of; None for a new file.
    """
    size = shape.part_size * (shape.parts - 1) + shape.last
    content = bytes(size) if shape.same_bytes else _bytes(size, salt)
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
        new_version_of="7" if etag is not None else None,
        foreign=frozenset({FOREIGN_ID, ABORTED_ID}),
    )
    others = _bytes(parts[0].size, f"{salt}/of another session")
    aborted = _bytes(parts[0].size, f"{salt}/of an aborted session")
    return Material(
        session=session,
        content=content,
        foreign=_first(FOREIGN_ID, others),
        foreign_bytes=others,
        aborted=_first(ABORTED_ID, aborted),
        etag=etag,
    )


def _first(part_id: str, content: bytes) -> UploadedPart:
    return UploadedPart(part_id=part_id, offset=0, size=len(content), sha1=hashlib.sha1(content).hexdigest())


@st.composite
def shapes(draw: st.DrawFn, *, least: int = 1, most: int = 8) -> Shape:
    """Shapes of ``least`` to ``most`` parts; last parts that are full or a single byte are frequent."""
    part_size = draw(st.sampled_from([8, 1, 2, 64, 5000]) | st.integers(1, 100))
    return Shape(
        parts=draw(st.integers(least, most)),
        part_size=part_size,
        last=draw(st.sampled_from([part_size, 1]) | st.integers(1, part_size)),
        ids=draw(st.sampled_from(ID_STYLES)),
        same_bytes=draw(st.booleans()),
    )


def materials(
    *, least: int = 1, most: int = 8, version: bool | None = None, etags: Sequence[str] = ETAGS
) -> st.SearchStrategy[Material]:
    """Uploads of ``least`` to ``most`` parts.

    Args:
        version: Whether they are for a new version of a file, and so have an etag; None draws both.
        etags: Current etags to choose from.
    """
    chosen: dict[bool | None, st.SearchStrategy[str | None]] = {
        True: st.sampled_from(etags),
        False: st.none(),
        None: st.none() | st.sampled_from(etags),
    }
    salts = st.integers(0, 1000).map(str)
    return st.builds(material, shapes(least=least, most=most), salt=salts, etag=chosen[version])
