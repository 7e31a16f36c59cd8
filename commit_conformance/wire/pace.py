"""Steady pacing: so many requests a minute and no more, evenly spread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from commit_conformance.wire.till import Till


class Pace:
    """Spreads requests evenly over time. Safe to share between threads.

    A server that allows 240 requests a minute may still refuse 240 in one second; and a run that is refused waits
    longer than one that never asked for too much.

    Args:
        per_minute: Most requests a minute; None for no limit.
        clock: Seconds that only ever grow.
        sleep: Waits so many seconds.
        till: Where the turns of all processes of the run are booked, if it has several: the limit is for all of them.
    """

    def __init__(
        self,
        per_minute: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        till: Till | None = None,
    ) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next: float | None = None
        self._saved = 0
        self._till = till
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Waits until the next request may be sent."""
        if not self._gap:
            return
        with self._lock:
            if self._saved:
                self._saved -= 1
                return
            pause = self._take(1)
        self._pause(pause)

    def save(self, count: int) -> None:
        """Waits now for the turns of the next ``count`` requests, so that these can be sent at the same moment."""
        if not self._gap:
            return
        with self._lock:
            pause = self._take(count)
        self._pause(pause)
        with self._lock:
            self._saved = count

    def _take(self, count: int) -> float:
        """Books the next turns; gives how long it is until the last of them."""
        if self._till is None:
            wait, self._next = self._booked(count, self._next)
            return wait
        with self._till.open() as common:
            wait, common.turn = self._booked(count, common.turn)
        return wait

    def _booked(self, count: int, turn: float | None) -> tuple[float, float]:
        """How long it is until the last of some turns, and when the one after it is."""
        now = self._clock()
        first = now if turn is None else max(now, turn)
        last = first + (count - 1) * self._gap
        return last - now, last + self._gap

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
