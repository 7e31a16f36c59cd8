"""Steady pacing: so many requests a minute and no more, evenly spread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Spreads requests evenly over time. Safe to share between threads.

    A server that allows 240 requests a minute may still refuse 240 in one second; and a run that is refused waits
    longer than one that never asked for too much.

    Args:
        per_minute: Most requests a minute; None for no limit.
        clock: Seconds that only ever grow.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        per_minute: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._clock = clock
        self._sleep = sleep
        self._next: float | None = None
        self._saved = 0
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
        now = self._clock()
        first = now if self._next is None else max(now, self._next)
        last = first + (count - 1) * self._gap
        self._next = last + self._gap
        return last - now

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
