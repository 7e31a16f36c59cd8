"""What a run is waiting for at this moment, for whoever watches it. Nothing here decides how long it waits."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Shorter waits are not noted: the pauses of a steady pace are no news. Seconds.
SHORTEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One wait.

    Attributes:
        why: What is waited for, to be read after "waiting for".
        seconds: How long it lasts; None where it lasts until an answer comes.
        passed: Seconds of it that are over.
    """

    why: str
    seconds: float | None
    passed: float


@dataclass(frozen=True, slots=True)
class _Noted:
    why: Callable[[], str]
    seconds: float | None
    began: float


class Waits:
    """The waits that go on. Safe to share between threads: parts are uploaded, and races run, by several.

    Args:
        clock: Seconds that only ever grow.

    Attributes:
        tell: Is called with seconds and reason when a wait of a known length begins.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.tell: Callable[[float, str], None] = lambda seconds, why: None
        self._clock = clock
        self._going: dict[int, _Noted] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @contextmanager
    def noted(self, seconds: float, why: str) -> Iterator[None]:
        """Notes a wait of so many seconds while the context lasts."""
        if seconds < SHORTEST:
            yield
            return
        self.tell(seconds, why)
        with self._going_on(lambda: why, seconds):
            yield

    @contextmanager
    def answer(self, why: Callable[[], str]) -> Iterator[None]:
        """Notes that an answer is waited for; ``why`` is asked only when somebody looks."""
        with self._going_on(why, None):
            yield

    @contextmanager
    def _going_on(self, why: Callable[[], str], seconds: float | None) -> Iterator[None]:
        number = next(self._numbers)
        with self._lock:
            self._going[number] = _Noted(why, seconds, self._clock())
        try:
            yield
        finally:
            with self._lock:
                del self._going[number]

    def now(self) -> Wait | None:
        """The wait that matters most: of those with an end the one that ends last, else the oldest one."""
        with self._lock:
            going = list(self._going.values())
        if not going:
            return None
        ending = [wait for wait in going if wait.seconds is not None]
        chosen = (
            max(ending, key=lambda wait: wait.began + (wait.seconds or 0.0))
            if ending
            else min(going, key=lambda wait: wait.began)
        )
        return Wait(why=chosen.why(), seconds=chosen.seconds, passed=self._clock() - chosen.began)
