"""What a client sent to the mocked service, and what it got.

Owns the record of exchanges. Bodies are kept whole, since tests compare them; secrets are blanked where a record is
shown, not where it is kept, for a test may have to look at the token that was sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

__all__ = ["Answer", "Exchange", "Headers", "Log"]

Place = tuple[list["Exchange | None"], int]

_SECRET = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_SHOWN = 60  # Bytes of a body in a repr: enough to tell bodies apart, and a failed assertion stays readable.


class Headers(Mapping[str, str]):
    """Header lines as they were sent. Names are compared without case; secrets are not shown.

    Example:
        >>> headers = Headers([("Digest", "sha=abc"), ("Authorization", "Bearer secret")])
        >>> headers["digest"], "AUTHORIZATION" in headers
        ('sha=abc', True)
        >>> headers
        Headers([('Digest', 'sha=abc'), ('Authorization', '[redacted]')])
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        self._lines = tuple(lines)

    def lines(self, name: str) -> list[str]:
        """Values of all lines of this name, in order."""
        return [value for key, value in self._lines if key.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        """The value; several lines of a name are joined by a comma."""
        found = self.lines(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.lines(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower() for key, _ in self._lines))

    def __len__(self) -> int:
        return len({key.lower() for key, _ in self._lines})

    def __repr__(self) -> str:
        shown = [(key, "[redacted]" if key.lower() in _SECRET else value) for key, value in self._lines]
        return f"Headers({shown!r})"


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= _SHOWN else f"{body[:_SHOWN]!r}… ({len(body)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client was answered.

    Attributes:
        status: Status code.
        body: The whole body, even where the connection broke off in the middle of it.
    """

    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.status} {_short(self.body)}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and how it ended.

    Attributes:
        number: 1 for the first request.
        operation: What was asked for, such as ``commit``; ``None`` for a path or method that there is not.
        method: The method.
        path: The path as it was sent, without the query.
        query: What follows the question mark, not decoded.
        body: The body.
        at: When it arrived by the clock of the service, seconds since 1970.
        answer: What came back; ``None`` where nothing did.
        error: Why the answer did not arrive, or not whole, such as ``read timeout``; ``None`` where it did.
    """

    number: int
    operation: str | None
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    at: float
    answer: Answer | None
    error: str | None

    @property
    def status(self) -> int | None:
        """Status of the answer; ``None`` where there was none."""
        return self.answer.status if self.answer else None

    def json(self) -> Any:
        """The body of the request, read as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.body)

    def __repr__(self) -> str:
        end = " ".join(each for each in (repr(self.answer) if self.answer else None, self.error) if each)
        return f"<{self.number} {self.method} {self.path} {self.headers!r} {_short(self.body)} -> {end}>"


class Log(Sequence[Exchange]):
    """Every exchange, in the order in which the requests arrived. It grows as the client goes on.

    Args:
        check: Gives back the name of an operation, and raises ValueError for one that there is not.
    """

    def __init__(self, check: Callable[[str], str]) -> None:
        # An exchange has its place from the moment its request arrives, and fills it when it is over.
        self._places: list[Exchange | None] = []
        self._check = check
        self._lock = threading.Lock()

    def of(self, *operations: str) -> tuple[Exchange, ...]:
        """The exchanges of some operations, such as ``commit`` or ``upload_part``, up to now.

        Raises:
            ValueError: There is no operation of a name.
        """
        wanted = {self._check(name) for name in operations}
        return tuple(exchange for exchange in self if exchange.operation in wanted)

    @property
    def commits(self) -> tuple[Exchange, ...]:
        """The commits up to now."""
        return self.of("commit")

    def open(self) -> Place:
        """Keep a place for an exchange that begins."""
        with self._lock:
            self._places.append(None)
            return self._places, len(self._places) - 1

    def close(self, place: Place, exchange: Exchange) -> None:
        """Fill the place of an exchange that is over; where the log was cleared meanwhile, nobody sees it."""
        places, index = place
        with self._lock:
            places[index] = exchange

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._places = []

    def _over(self) -> list[Exchange]:
        with self._lock:
            return [exchange for exchange in self._places if exchange is not None]

    @overload
    def __getitem__(self, index: int) -> Exchange: ...

    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...

    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        return self._over()[index]

    def __len__(self) -> int:
        return len(self._over())

    def __repr__(self) -> str:
        lines = [f"{each.number} {each.method} {each.path} -> {each.error or each.status}" for each in self._over()]
        return "\n".join(["<Log", *(f"  {line}" for line in lines), ">"]) if lines else "<Log, empty>"
