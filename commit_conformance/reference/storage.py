"""Where bytes lie: in memory while a file is small, in a temporary directory when it is large.

Owns pieces of content and their life on disk. It must not know sessions, parts or files.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["CHUNK", "Content", "Piece", "Storage", "StorageFull"]

CHUNK = 256 * 1024  # Bytes read at once from disk: large enough to be quick, small enough for many readers at a time.


class StorageFull(Exception):
    """There is no room left on the disk."""


class Piece:
    """Some bytes that were stored once and never change.

    Attributes:
        size: Length in bytes.
        sha1: Digest of the bytes, 20 bytes long.
    """

    __slots__ = ("__weakref__", "_bytes", "_path", "sha1", "size")

    def __init__(self, *, data: bytes | None, path: Path | None, size: int, sha1: bytes) -> None:
        self._bytes = data
        self._path = path
        self.size = size
        self.sha1 = sha1

    def __iter__(self) -> Iterator[bytes]:
        if self._bytes is not None:
            yield self._bytes
        elif self._path is not None:
            with self._path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    yield chunk

    def __del__(self) -> None:
        # The last reference is gone: no session, file or download needs the bytes any more.
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()


class Content:
    """Bytes of a file: pieces, one after the other."""

    __slots__ = ("_sha1", "pieces")

    def __init__(self, pieces: Iterable[Piece], *, sha1: bytes | None = None) -> None:
        self.pieces = tuple(pieces)
        self._sha1 = sha1

    @property
    def size(self) -> int:
        """Length in bytes."""
        return sum(piece.size for piece in self.pieces)

    @property
    def sha1(self) -> bytes:
        """Digest of all bytes, 20 bytes long; computed once, a chunk at a time."""
        if self._sha1 is None:
            digest = hashlib.sha1(usedforsecurity=False)
            for chunk in self:
                digest.update(chunk)
            self._sha1 = digest.digest()
        return self._sha1

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            yield from piece


class Storage:
    """Keeps pieces, and cleans up after itself.

    Args:
        directory: Where the temporary directory is made, on first need; the system's place when ``None``.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._parent = directory
        self._root: Path | None = None
        self._names = itertools.count()

    def keep(self, body: bytes | Iterable[bytes], *, limit: int | None = None, spool: bool = False) -> Piece:
        """Store a body.

        Args:
            body: The bytes or a source of them.
            limit: Refuse bodies longer than this many bytes.
            spool: Write to disk instead of holding the bytes in memory.

        Raises:
            OverflowError: The body is longer than ``limit``.
            StorageFull: There is no room for it on the disk.
        """
        try:
            return self._keep(body, limit=limit, spool=spool)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(str(error)) from error
            raise

    def _keep(self, body: bytes | Iterable[bytes], *, limit: int | None, spool: bool) -> Piece:
        source: Iterable[bytes] = (body,) if isinstance(body, bytes) else body
        digest = hashlib.sha1(usedforsecurity=False)
        size = 0
        path: Path | None = None
        chunks: list[bytes] = []
        with contextlib.ExitStack() as stack:
            if spool:
                path = self._new_path()
                file = stack.enter_context(path.open("wb"))
                # A body that breaks off must not leave its beginning behind.
                stack.push(lambda kind, error, trace: path.unlink(missing_ok=True) if kind else None)
            for chunk in source:
                size += len(chunk)
                if limit is not None and size > limit:
                    raise OverflowError(f"a body of more than {limit} bytes")
                digest.update(chunk)
                if spool:
                    file.write(chunk)
                else:
                    chunks.append(chunk)
        return Piece(data=None if spool else b"".join(chunks), path=path, size=size, sha1=digest.digest())

    def close(self) -> None:
        """Remove the temporary directory with all that is in it."""
        if self._root is not None:
            shutil.rmtree(self._root, ignore_errors=True)
            self._root = None

    def _new_path(self) -> Path:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="commit-conformance-", dir=self._parent))
        return self._root / f"{next(self._names):08d}"
