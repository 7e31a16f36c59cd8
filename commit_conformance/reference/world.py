"""What the service remembers: users, folders, files, sessions and parts.

Owns the data and the indexes over it. It decides nothing: no status, no message, no rule lives here.
"""

from __future__ import annotations

import hashlib
import random
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from commit_conformance.reference.storage import Content, Piece, Storage

__all__ = ["File", "Folder", "Item", "Lock", "Part", "Session", "State", "User", "Version", "World"]

State = Literal["open", "committed", "aborted", "failed", "gone"]
REMEMBERED = 4096  # Ended sessions and trashed files are remembered for their answers; more would only cost memory.


@dataclass(slots=True, eq=False)
class User:
    """Somebody who holds tokens."""

    id: str
    name: str
    login: str


@dataclass(slots=True, eq=False)
class Lock:
    """A lock on a file."""

    id: str
    owner: User
    created_at: datetime
    expires_at: datetime | None
    prevents_download: bool


@dataclass(slots=True, eq=False)
class Version:
    """One version of a file."""

    id: str
    content: Content
    created_at: datetime
    author: User


@dataclass(slots=True, eq=False)
class File:
    """A file with all its versions, oldest first. ``etag`` grows with every change."""

    id: str
    name: str
    parent: Folder
    owner: User
    versions: list[Version]
    created_at: datetime
    modified_at: datetime
    content_created_at: datetime | None
    content_modified_at: datetime | None
    description: str = ""
    etag: int = 0
    lock: Lock | None = None
    trashed: bool = False

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]


@dataclass(slots=True, eq=False)
class Folder:
    """A folder. Names are unique in it without case, as long as the service is a correct one."""

    id: str
    name: str
    parent: Folder | None
    owner: User
    created_at: datetime
    etag: int = 0
    trashed: bool = False
    editors: dict[str, User] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    _names: dict[str, list[Item]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Put an item into this folder."""
        self.items[id(item)] = item
        self._names.setdefault(item.name.casefold(), []).append(item)

    def remove(self, item: Item) -> None:
        """Take an item out of this folder."""
        if self.items.pop(id(item), None) is not None:
            same = self._names[item.name.casefold()]
            same.remove(item)
            if not same:
                del self._names[item.name.casefold()]

    def named(self, name: str) -> list[Item]:
        """Items of this name, without case."""
        return list(self._names.get(name.casefold(), ()))

    def lineage(self) -> list[Folder]:
        """The folders from the root down to this one."""
        above = self.parent.lineage() if self.parent else []
        return [*above, self]


Item = File | Folder


@dataclass(slots=True, eq=False)
class Part:
    """An uploaded part; immutable."""

    id: str
    offset: int
    piece: Piece

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.piece.size


@dataclass(slots=True, eq=False)
class Session:
    """An upload session: where the file will go, what it will be, and what is there of it.

    Attributes:
        number: 1 for the first session of the service, 2 for the next.
        file: The file that gets a new version; ``None`` for a new file.
        base_etag: Etag of that file when the session was created.
        accepted: How many 202 answers its commit has had.
        looked: Whether its status has been asked for since the last of them.
        answer: What the commit was answered, once it was 201.
        result: The file it became.
        pended: Fingerprints of wrong requests that were answered 202 first.
    """

    id: str
    number: int
    owner: User
    folder: Folder
    file: File | None
    base_etag: int | None
    name: str
    renames: bool
    file_size: int
    part_size: int
    created_at: datetime
    expires_at: datetime
    state: State = "open"
    accepted: int = 0
    looked: bool = False
    answer: dict[str, object] | None = None
    result: File | None = None
    pended: set[str] = field(default_factory=set)
    by_offset: dict[int, Part] = field(default_factory=dict)
    by_id: dict[str, Part] = field(default_factory=dict)
    _hashed: int = 0
    _hash: hashlib._Hash = field(default_factory=lambda: hashlib.sha1(usedforsecurity=False))

    @property
    def total_parts(self) -> int:
        """How many parts the file has."""
        return -(-self.file_size // self.part_size)

    @property
    def complete(self) -> bool:
        """Whether every part is there."""
        return len(self.by_id) == self.total_parts

    def store(self, part: Part) -> None:
        """Take a part, and hash the file as far as it is there without a hole."""
        self.by_offset[part.offset] = part
        self.by_id[part.id] = part
        self._hash_on()

    def replace(self, part: Part) -> None:
        """Put a part in the place of the one at its offset. A correct service has no use for this."""
        self.by_id.pop(self.by_offset[part.offset].id, None)
        self._hashed, self._hash = 0, hashlib.sha1(usedforsecurity=False)
        self.store(part)

    def _hash_on(self) -> None:
        while (following := self.by_offset.get(self._hashed)) is not None:
            for chunk in following.piece:
                self._hash.update(chunk)
            self._hashed += following.size
            if not following.size:
                break

    def sorted_parts(self) -> list[Part]:
        """The parts by offset."""
        return [self.by_offset[offset] for offset in sorted(self.by_offset)]

    def content(self) -> Content:
        """The bytes that are there, in the order of the file; its digest is known when the session is complete."""
        digest = self._hash.digest() if self.complete and self._hashed == self.file_size else None
        return Content((part.piece for part in self.sorted_parts()), sha1=digest)

    def end(self, state: State) -> None:
        """Close the session. The bytes go unless a file holds them; ids and ranges stay known."""
        self.state = state
        for part in self.by_id.values():
            part.piece = Piece(data=b"", path=None, size=part.size, sha1=part.piece.sha1)


class World:
    """All of it together."""

    def __init__(self, *, storage: Storage, seed: int | None) -> None:
        self.storage = storage
        self.random: random.Random = random.Random(seed) if seed is not None else random.SystemRandom()
        self.users: dict[str, User] = {}
        self.roots: dict[str, Folder] = {}
        self.folders: dict[str, Folder] = {}
        self.files: dict[str, File] = {}
        self.sessions: dict[str, Session] = {}
        self.collaborations: dict[str, tuple[Folder, User]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._trash: OrderedDict[str, None] = OrderedDict()
        self._number = 1_000_000_000
        self.session_count = 0

    def number(self) -> str:
        """A new numeric id."""
        self._number += self.random.randint(1, 9)
        return str(self._number)

    def hexadecimal(self, digits: int) -> str:
        """A new id of upper-case hexadecimal digits."""
        return f"{self.random.getrandbits(4 * digits):0{digits}X}"

    def ended(self, session: Session) -> None:
        """Note that a session has ended, and forget the one that ended longest ago when there are too many."""
        self._ended[session.id] = None
        self._ended.move_to_end(session.id)
        while len(self._ended) > REMEMBERED:
            oldest, _ = self._ended.popitem(last=False)
            self.sessions.pop(oldest, None)

    def trashed(self, file: File) -> None:
        """Note that a file is in the trash, and forget the one that has been there longest when there are too many."""
        self._trash[file.id] = None
        while len(self._trash) > REMEMBERED:
            oldest, _ = self._trash.popitem(last=False)
            self.files.pop(oldest, None)

    def foreign_parts(self, part_id: str, than: Session) -> Iterator[Session]:
        """Other sessions that have, or had, a part of this id."""
        return (session for session in self.sessions.values() if session is not than and part_id in session.by_id)
