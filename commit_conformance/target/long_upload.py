"""Uploads of many parts or many bytes, whose file is never in memory as a whole.

Owns their content and the way it gets to the target: parts are made one by one, when their turn comes, and forgotten
when they have arrived. What is held at any time are `AT_ONCE` parts and the block they are made of.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from commit_conformance.model import UploadedPart, UploadedSession
from commit_conformance.target.api import part_of
from commit_conformance.target.bank import AT_ONCE, Bank, PartInDoubt, SetupFailed
from commit_conformance.target.upload import State, Upload, plain_digest

__all__ = ["BOUNDARIES", "DOCUMENTED_PART", "LongContent", "LongUpload", "boundaries", "open_long"]

#: Bytes of a part of its own, at its end: enough for no two to be alike.
TAIL = 32
#: Where sizes and offsets outgrow 32 bits, with a sign and without. Bytes.
BOUNDARIES = (2**31, 2**32)
#: Bytes of a part as the documentation has it: with these, the boundaries lie at part 256 and at part 512.
DOCUMENTED_PART = 8 * 1024 * 1024
#: How often another last part is tried for a digest that careless servers read rightly: four in ten are.
_ATTEMPTS = 64


def boundaries(part_size: int, *, scaled: bool) -> tuple[int, ...]:
    """Bytes at which a file becomes a large one.

    Args:
        scaled: Whether the target is the embedded service, whose small parts stand for large ones: there the
            boundaries lie at the same parts, and its faults about narrow numbers are scaled alike.
    """
    if not scaled or part_size >= DOCUMENTED_PART:
        return BOUNDARIES
    return tuple(boundary // DOCUMENTED_PART * part_size for boundary in BOUNDARIES)


class LongContent:
    """Bytes of a file of any length: reproducible from ``key``, unlike any other key's, made a part at a time.

    Every part begins with the same bytes, drawn from SHAKE-256 once, and ends with `TAIL` bytes of its own. So a part
    costs one copy, and its SHA-1 next to nothing, since that of the beginning is known; only the SHA-1 of the whole
    file has to go through all of it. Parts that change places, or are stored twice, still show in every digest.

    Args:
        key: Anything that names this file within its run, the seed included.
        size: Bytes of the file.
        part_size: Bytes of every part but the last.
    """

    def __init__(self, key: str, *, size: int, part_size: int) -> None:
        self.size = size
        self.part_size = part_size
        self._key = key
        self._tail = min(TAIL, part_size)
        self._head = hashlib.shake_256(key.encode()).digest(part_size - self._tail)
        self._head_hashed = hashlib.sha1(self._head)
        self._lock = threading.Lock()
        self._sha1 = ""
        self._attempt = 0

    @property
    def total_parts(self) -> int:
        """How many parts the file has."""
        return -(-self.size // self.part_size)

    def piece(self, index: int) -> bytes:
        """The bytes of one part, made anew each time."""
        if index == self.total_parts - 1:
            self.sha1()  # decides how the last part ends
        head, tail = self._cut(index)
        return b"".join((head, tail))

    def sha1_of(self, index: int) -> str:
        """The SHA-1 of one part, in hexadecimal."""
        if index == self.total_parts - 1:
            return hashlib.sha1(self.piece(index)).hexdigest()
        hashed = self._head_hashed.copy()
        hashed.update(self._cut(index)[1])
        return hashed.hexdigest()

    def sha1(self) -> str:
        """The SHA-1 of the file, in hexadecimal; reckoned once, whoever asks first."""
        with self._lock:
            if not self._sha1:
                self._sha1 = self._hashed()
            return self._sha1

    def _hashed(self) -> str:
        hashed = hashlib.sha1()
        last = self.total_parts - 1
        for index in range(last):
            for part in self._cut(index):
                hashed.update(part)
        hashed.update(self._cut(last)[0])
        for self._attempt in range(_ATTEMPTS):
            candidate = hashed.copy()
            candidate.update(self._cut(last)[1])
            if plain_digest(base64.b64encode(candidate.digest()).decode("ascii")):
                break
        return candidate.hexdigest()

    def _cut(self, index: int) -> tuple[memoryview, bytes]:
        """What a part has in common with the others, and its own end."""
        last = index == self.total_parts - 1
        size = self.size - index * self.part_size if last else self.part_size
        own = f"{self._key}/{index}/{self._attempt if last else 0}"
        tail = hashlib.shake_256(own.encode()).digest(min(self._tail, size))
        return memoryview(self._head)[: size - len(tail)], tail


@dataclass(slots=True, kw_only=True)
class LongUpload(Upload):
    """An upload whose bytes are made when they are wanted. ``content`` is empty: plans must not draw on it."""

    content: bytes = field(default=b"", repr=False)
    source: LongContent

    @property
    def in_memory(self) -> bool:
        """No."""
        return False

    def piece(self, index: int) -> tuple[int, bytes]:
        """Offset and bytes of one part."""
        return index * self.session.part_size, self.source.piece(index)


def open_long(bank: Bank, *, size: int, again: int = 3) -> LongUpload:
    """Opens a session for a long file and uploads all of it, `AT_ONCE` parts at a time.

    Args:
        size: Bytes of the file.
        again: How many more sessions to open when it cannot be told whether a part has arrived.

    Raises:
        SetupFailed: The target refused the session or a part.
        BudgetSpent: The run may not send as many bytes.
        Trouble: Answers were lost on the way.
    """
    bank.api.wire.purse.check_bytes(size)
    upload = open_empty(bank, size=size)
    count = upload.source.total_parts
    try:
        # One thread more than parts are sent by: the file as a whole is hashed beside.
        with ThreadPoolExecutor(min(AT_ONCE, count) + 1) as pool:
            whole = pool.submit(upload.source.sha1)
            parts = tuple(pool.map(lambda index: put_part(bank, upload, index), range(count)))
            sha1 = whole.result()
    except PartInDoubt:
        upload.state = State.GONE
        if not again:
            raise
        return open_long(bank, size=size, again=again - 1)
    upload.session = replace(upload.session, parts=parts, sha1=sha1)
    return upload


def open_empty(bank: Bank, *, size: int) -> LongUpload:
    """Opens a session for a long file, and uploads no part of it.

    Raises:
        SetupFailed: The target refused it.
        Trouble: Its answer was lost.
    """
    name = bank.name()
    bank.ledger.note("name", name=name, folder_id=bank.folder_id)
    exchange = bank.api.create_session(name=name, size=size, folder_id=bank.folder_id)
    handle = bank.api.session_of(exchange.answer)
    if handle is None:
        raise SetupFailed(f"creating an upload session for {size} bytes", exchange)
    bank.ledger.note("session", id=handle.session_id, abort=handle.endpoints["abort"])
    bank.api.wire.purse.session_opened()
    session = UploadedSession(
        file_size=size, part_size=handle.part_size, parts=(), sha1="", name=name, parent_id=bank.folder_id
    )
    source = LongContent(f"{bank.key}/long/{len(bank.uploads)}", size=size, part_size=handle.part_size)
    upload = LongUpload(handle=handle, session=session, source=source)
    bank.uploads.append(upload)
    return upload


def put_part(bank: Bank, upload: LongUpload, index: int) -> UploadedPart:
    """Uploads one part, and gives it as the target named it.

    Raises:
        PartInDoubt: An answer was lost, and it cannot be told whether the part is there.
        SetupFailed: The target refused it.
    """
    (offset, piece), sha1 = upload.piece(index), upload.source.sha1_of(index)
    digest = "sha=" + base64.b64encode(bytes.fromhex(sha1)).decode("ascii")
    api, size = bank.api, upload.session.file_size
    exchange = api.upload_part(upload.handle, piece, offset=offset, total=size, digest=digest)
    part = part_of(exchange.answer, offset=offset, content=piece, sha1=sha1)
    if part is None and exchange.lost:  # it may be there, by the try whose answer was lost
        part = api.find_part(upload.handle, offset=offset, content=piece)
        if part is None:
            raise PartInDoubt(f"a part was answered {exchange.status} after the answer to it had been lost")
    if part is None:
        raise SetupFailed(f"uploading part {index + 1} of {upload.session.total_parts}", exchange)
    return part
