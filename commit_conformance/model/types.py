"""The nouns of the contract: what was uploaded, what is asked, what was answered.

Plain values without behaviour beyond a few derived properties. Sizes and offsets are bytes, instants are seconds since
1970-01-01 UTC, SHA-1 digests are lower-case hexadecimal unless a name says otherwise.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

#: Levels of JSON that are looked at. A File has five.
DEEPEST = 100
#: Stands for "this body is not JSON", which is different from the JSON value null.
NOT_JSON: Any = type("NotJson", (), {"__repr__": lambda self: "NOT_JSON", "__bool__": lambda self: False})()


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedPart:
    """One part as the server answered for it when it was uploaded."""

    part_id: str
    offset: int
    size: int
    sha1: str

    @property
    def end(self) -> int:
        """The offset of the first byte after this part."""
        return self.offset + self.size

    def as_json(self) -> dict[str, Any]:
        """The part as an entry of a commit request."""
        return {"part_id": self.part_id, "offset": self.offset, "size": self.size, "sha1": self.sha1}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedSession:
    """What is known of an upload session when a commit for it is judged.

    Attributes:
        file_size: Size declared when the session was created.
        part_size: Part size the server asked for.
        parts: The parts the server has taken, by ascending offset. Fewer than the file needs while uploading goes on.
        sha1: SHA-1 of the whole file.
        foreign: Ids of parts known to belong to other sessions.
        name: File name the session was created for.
        parent_id: Folder the session was created for.
        new_version_of: Id of the file this session makes a new version of, or None for a new file.
    """

    file_size: int
    part_size: int
    parts: tuple[UploadedPart, ...]
    sha1: str
    name: str = ""
    parent_id: str = ""
    new_version_of: str | None = None
    foreign: frozenset[str] = frozenset()

    @property
    def total_parts(self) -> int:
        """How many parts the whole file has."""
        return -(-self.file_size // self.part_size)

    @property
    def complete(self) -> bool:
        """Whether every byte of the file has been uploaded."""
        return sum(part.size for part in self.parts) == self.file_size

    @property
    def digest(self) -> str:
        """The right value of the ``digest`` header."""
        return "sha=" + base64.b64encode(bytes.fromhex(self.sha1)).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as the server last showed it, its dates as it wrote them. What it does not say is None."""

    file_id: str
    etag: str | None
    sha1: str | None
    size: int | None
    name: str | None
    parent_id: str | None = None
    version_id: str | None = None
    description: str | None = None
    content_modified_at: str | None = None
    content_created_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRequest:
    """A commit as it goes over the wire: header lines in order, and the body as bytes.

    ``parts`` keeps the claimed list as JSON for reports; the bytes are what counts.
    """

    headers: tuple[tuple[str, str], ...]
    body: bytes
    parts: Any = None

    def header(self, name: str) -> list[str]:
        """Every value of one header, in order; names are compared without case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """What the File of a 201 must agree with.

    Attributes:
        not_before, not_after: The server's clock readings between which the upload took place, or None.
        content_modified_at, content_created_at: Instants sent in ``attributes``, None when not sent.
        description: Text sent in ``attributes``, None when not sent.
        owner_id: Id of the token's user where the target tells it.
        previous: The file before the commit, for new versions.
    """

    name: str
    parent_id: str
    size: int
    sha1: str
    owner_id: str | None = None
    content_modified_at: float | None = None
    content_created_at: float | None = None
    description: str | None = None
    previous: FileState | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer, with lower-case header names and its JSON decoded once."""

    status: int
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        values = self.headers.get(name.lower(), ())
        return values[0] if values else None

    @cached_property
    def json(self) -> Any:
        """The decoded body, or ``NOT_JSON``. Nesting too deep to look at and NaN count as not JSON."""
        try:
            value = json.loads(self.body, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            return NOT_JSON
        return value if _depth_within(value, DEEPEST) else NOT_JSON

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case; empty when absent."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which an answer breaks one rule. ``pointer`` is the JSON pointer of the place in the body."""

    rule: str
    message: str
    pointer: str = ""


def _finite(text: str) -> float:
    """A number, or the largest there is: JSON has no infinity, and neither may what is written about it."""
    return max(-sys.float_info.max, min(float(text), sys.float_info.max))


def _depth_within(value: Any, levels: int) -> bool:
    """Whether nothing is nested deeper, so that whatever looks at it by recursion comes to an end."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return True
    return False


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")
