"""One upload session with its bytes."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from commit_conformance.model import FileState, UploadedPart, UploadedSession
from commit_conformance.target.api import SessionHandle


class State(StrEnum):
    """What has become of a session."""

    LIVE = "live"
    COMMITTED = "committed"
    GONE = "gone"


@dataclass(slots=True, kw_only=True)
class Upload:
    """A session, the bytes of its file, and what was done with it.

    Attributes:
        session: What the model knows of it; replaced as parts are uploaded.
        target: The file it makes a new version of.
        refused: Short texts of the bad commits it has refused, oldest first.
        refused_digest: Whether any of them had a digest that was not the right one.
        group: The kind of bad requests it carries: ``digest``, ``preconditions``, ``general``; None for none.
        file_unknown: Whether it was committed by an answer that did not show its file.
        unsettled: Whether a commit was sent whose last answer nobody has seen: it is under way, or was cut short by the
            budget or the network.
        settled_by_looking: Whether it was committed by a commit whose answer was lost: its file was found afterwards.
        aborted: Whether the target has taken it back.
        spare: Whether it may be handed out as a clean one.
    """

    handle: SessionHandle
    session: UploadedSession
    content: bytes = field(repr=False)
    target: FileState | None = None
    state: State = State.LIVE
    refused: list[str] = field(default_factory=list)
    refused_digest: bool = False
    group: str | None = None
    file_unknown: bool = False
    unsettled: bool = False
    settled_by_looking: bool = False
    aborted: bool = False
    spare: bool = False

    @property
    def commit_url(self) -> str:
        """Where the commit goes: what the session says, never a URL built from its id."""
        return self.handle.endpoints["commit"]

    @property
    def in_memory(self) -> bool:
        """Whether ``content`` holds its bytes."""
        return True

    @property
    def lacking(self) -> list[int]:
        """Indices of the parts that were not uploaded."""
        there = {part.offset // self.session.part_size for part in self.session.parts}
        return [index for index in range(self.session.total_parts) if index not in there]

    def piece(self, index: int) -> tuple[int, bytes]:
        """Offset and bytes of one part."""
        offset = index * self.session.part_size
        return offset, self.content[offset : offset + self.session.part_size]

    def add(self, part: UploadedPart) -> None:
        """Notes an uploaded part."""
        parts = tuple(sorted((*self.session.parts, part), key=lambda p: p.offset))
        self.session = replace(self.session, parts=parts)

    def know_foreign(self, part_id: str) -> None:
        """Notes that a part id belongs to another session."""
        self.session = replace(self.session, foreign=self.session.foreign | {part_id})


def plain_digest(value: str) -> bool:
    """Whether a base64 digest has none of the characters that careless servers stumble over."""
    return "+" not in value and "/" not in value


def awkward_digest(value: str) -> bool:
    """Whether a base64 digest has both of them."""
    return "+" in value and "/" in value


def one_byte_off(content: bytes, at: int) -> bytes:
    """Bytes that differ from others in one place alone, with a digest that careless servers read rightly.

    Args:
        content: The others; not empty.
        at: Which byte is another one.
    """
    other = bytearray(content)
    hashed = hashlib.sha1(memoryview(other)[:at])
    for change in range(1, 256):
        other[at] = content[at] ^ change
        candidate = hashed.copy()
        candidate.update(memoryview(other)[at:])
        if plain_digest(base64.b64encode(candidate.digest()).decode("ascii")):
            break
    return bytes(other)


def make_content(key: str, size: int, *, wants: Callable[[str], bool] = plain_digest) -> bytes:
    """Bytes of a file: reproducible from ``key``, unlike any other key's, with a digest of the wanted form.

    Args:
        key: Anything that names this file within its run, the seed included.
        size: Bytes.
        wants: Judges the base64 of the SHA-1. Files too small to choose are taken as they come.
    """
    content = random.Random(key).randbytes(size)
    tail_size = min(4, size)
    head = content[: size - tail_size]
    hashed = hashlib.sha1(head)
    for attempt in range(4096):
        tail = random.Random(f"{key}/{attempt}").randbytes(tail_size)
        candidate = hashed.copy()
        candidate.update(tail)
        if wants(base64.b64encode(candidate.digest()).decode("ascii")):
            return head + tail
    return content
