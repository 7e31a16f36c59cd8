"""Bounds that an HTTP library does not set: on the time of a request as a whole, and on what compressed bytes become.

A read timeout is one between two pieces: a target that sends one byte a second never meets it. And a few kilobytes of
compressed zeros become gigabytes, if whoever decompresses them does not stop.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from commit_conformance.wire.errors import Trouble, Undecodable

#: Bytes written at once: between two such pieces the time is looked at.
_PIECE = 16 * 1024
#: Content codings that are undone. Nobody asks for others; what comes in them is left as it is.
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})


class Deadline:
    """The moment by which the request of each thread has to be over."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Lets this thread's request take so many seconds, from its first byte to the last one of its answer."""
        self._of_thread.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._of_thread.at = None

    def left(self, timeout: float | None) -> float | None:
        """The time that may pass until something happens; zero or less when there is none."""
        at: float | None = getattr(self._of_thread, "at", None)
        if at is None:
            return timeout
        rest = at - time.monotonic()
        return rest if timeout is None else min(timeout, rest)

    def guard(self, transports: Iterable[Any]) -> None:
        """Makes the connections of some httpx transports keep to it.

        httpx has no option for the sockets that it uses, so its connection pools are told one by one. Transports
        without such a pool have no sockets.
        """
        for transport in transports:
            pool = getattr(transport, "_pool", None)
            if pool is not None:
                pool._network_backend = _Backend(pool._network_backend, self)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(*args, **options), self._deadline)

    def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(*args, **options), self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.ReadTimeout("the answer took longer than a whole answer may")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = self._deadline.left(timeout)
            if left is not None and left <= 0:
                raise httpcore.WriteTimeout("the request was taken too slowly")
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(*args, **options), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Body:
    """An answer's body, put together and decompressed as it arrives, within a limit.

    Args:
        coding: The value of its Content-Encoding.
        limit: Bytes it may have, after decompression.
    """

    def __init__(self, coding: str, *, limit: int) -> None:
        names = [name.strip().lower() for name in coding.split(",")]
        known = [name for name in names if name in _KNOWN]
        if len(known) > 1:
            raise Trouble(f"the answer is compressed {len(known)} times over")
        self.content = bytearray()
        self._limit = limit
        self._deflate = known == ["deflate"]
        self._undo = zlib.decompressobj(zlib.MAX_WBITS | 32) if known else None

    def add(self, piece: bytes) -> None:
        """Takes the next bytes as they came over the wire.

        Raises:
            Trouble: The body is larger than it may be.
            Undecodable: It is not in its coding.
        """
        if self._undo is None:
            self.content += piece
        elif not self._undo.eof:
            self.content += self._decompressed(piece)
        if len(self.content) > self._limit:
            raise Trouble(f"the answer is larger than {self._limit} bytes")

    def end(self) -> bytes:
        """The whole of it.

        Raises:
            Undecodable: It ends within its coding.
        """
        if self._undo is not None and self.content and not self._undo.eof:
            raise Undecodable("the body ends before its compression does")
        return bytes(self.content)

    def _decompressed(self, piece: bytes) -> bytes:
        assert self._undo is not None
        most = self._limit - len(self.content) + 1
        try:
            return self._undo.decompress(piece, most)
        except zlib.error as error:
            if not self._deflate:
                raise Undecodable(str(error)) from None
        # Without its header of two bytes, as some send it.
        self._deflate, self._undo = False, zlib.decompressobj(-zlib.MAX_WBITS)
        return self._decompressed(piece)
