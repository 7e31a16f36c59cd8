"""A clock that a test moves, so that nobody waits for a Retry-After.

Owns the time of one mocked service. It stands still until it is moved.
"""

from __future__ import annotations

__all__ = ["START", "Clock"]

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z: any moment would do, as long as it is the same each time.


class Clock:
    """Seconds since 1970, as the service sees them.

    A client that waits with ``time.sleep`` is spared the waiting by one line in its test::

        monkeypatch.setattr(time, "sleep", commit_api.clock.sleep)

    Attributes:
        now: The present moment, seconds since 1970.
        slept: What `sleep` and `async_sleep` were asked for, in order, in seconds.
    """

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def __call__(self) -> float:
        """The present moment."""
        return self.now

    def __repr__(self) -> str:
        return f"<Clock {self.now - START:g} s after its start>"

    def advance(self, seconds: float) -> None:
        """Move on, as when nothing happens for a while: sessions expire a week after they were made.

        Raises:
            ValueError: The time would run backwards.
        """
        if not seconds >= 0:
            raise ValueError(f"time does not run backwards: {seconds!r} seconds")
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        """Stands in for ``time.sleep``: moves on at once.

        Raises:
            ValueError: As ``time.sleep``, for less than no time.
        """
        self.advance(seconds)
        self.slept.append(seconds)

    async def async_sleep(self, seconds: float) -> None:
        """Stands in for ``asyncio.sleep``."""
        self.sleep(seconds)

    def reset(self) -> None:
        """Back to the start."""
        self.now = START
        self.slept.clear()
