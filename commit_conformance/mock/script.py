"""What goes wrong on the way, as a test asks for it: lost connections, timeouts, refusals of a gateway.

Owns the queue of mishaps, and the names of operations they are asked for by. Being wrong about the contract is not its
business: that is a fault of the service.
"""

from __future__ import annotations

import difflib
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from commit_conformance.reference.problems import Problem
from commit_conformance.reference.routes import COMMIT, OTHER_COMMIT, ROUTES, find_route, split_prefix

__all__ = ["OPERATIONS", "Mishap", "Script", "check_operation", "find_operation", "refusal"]

OPERATIONS = tuple(sorted({name for route in (COMMIT, OTHER_COMMIT, *ROUTES) for name in route.operations.values()}))
"""What the service can be asked for."""

#: Where the documented code is not the name of the status.
_CODES = {429: "rate_limit_exceeded", 503: "unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """Something that happens to a request.

    Attributes:
        operation: The operation it waits for.
        effect: What happens.
        taken: Whether the service has carried out the request before.
        status: Status of an ``answer``.
        retry_after: Value of its Retry-After.
        body: Its body, instead of an error document.
    """

    operation: str
    effect: Literal["drop", "timeout", "answer"]
    taken: bool
    status: int = 0
    retry_after: int | str | None = None
    body: bytes | None = None

    def __str__(self) -> str:
        taken = " once it is taken" if self.taken else ""
        return f"{self.effect}{f' {self.status}' if self.status else ''} for {self.operation}{taken}"


class Script:
    """Mishaps that wait for their requests. Those of one operation come about in the order they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Mishap] = []
        self._lock = threading.Lock()

    def add(self, mishap: Mishap, *, times: int) -> None:
        """Have something happen to the next so many requests.

        Raises:
            ValueError: It is to happen less than once.
        """
        if isinstance(times, bool) or not isinstance(times, int) or times < 1:
            raise ValueError(f"times must be a whole number from 1, and is {times!r}")
        with self._lock:
            self._waiting += [mishap] * times

    def take(self, operation: str | None) -> Mishap | None:
        """What happens to a request of this operation, which uses it up."""
        with self._lock:
            for index, mishap in enumerate(self._waiting):
                if mishap.operation == operation:
                    return self._waiting.pop(index)
        return None

    @property
    def waiting(self) -> tuple[str, ...]:
        """What has not come about yet, in words."""
        with self._lock:
            return tuple(str(mishap) for mishap in self._waiting)

    def clear(self) -> None:
        """Let nothing happen any more."""
        with self._lock:
            self._waiting = []


def check_operation(name: str) -> str:
    """The name, if there is an operation of it.

    Raises:
        ValueError: There is none; the message names the nearest.
    """
    if name in OPERATIONS:
        return name
    near = difflib.get_close_matches(name, OPERATIONS, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(OPERATIONS)}"
    raise ValueError(f"there is no operation {name!r}; {hint}")


def find_operation(method: str, target: str, *, other_commit_path: bool) -> str | None:
    """The operation a request asks for; ``None`` when there is none."""
    _, path, _ = split_prefix(target)
    found = find_route(path, other_commit_path=other_commit_path)
    return found[0].operations.get(method) if found else None


def refusal(mishap: Mishap) -> Problem:
    """The refusal that an ``answer`` without a body of its own is."""
    status = mishap.status
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown error"
    code = _CODES.get(status, phrase.lower().replace(" ", "_").replace("-", "_"))
    headers = () if mishap.retry_after is None else (("Retry-After", str(mishap.retry_after)),)
    return Problem(status, code, f"{phrase}.", headers=headers)
