"""Tests that are run before their turn, so that waiting is not idle.

A right commit that was answered 202 waits for seconds until it is repeated. Meanwhile the run turns to tests that are
marked as fit for that, and whose verdicts are handed in when their turn comes. Where a target makes commits wait, tests
that wait for some are moved forward, to where there still is something to do beside them.

What does not go well before its turn says nothing: it is run again in its turn, alone, and only that counts. So a
server that does one thing at a time for one caller is not accused of it. From then on every test is run in its turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from commit_conformance.verdict.outcomes import Verdict

#: A wait that is shorter, or what is left of one, is waited out. Seconds.
SHORTEST = 0.1
#: Verdicts that stand, though something else went on.
_STANDS = (Verdict.PASSED, Verdict.UNSUPPORTED)


class Ahead:
    """Runs tests before their turn.

    Args:
        ready: Whether a test can be run now: it is for this process, and all that it builds on has a verdict.
        examine: Runs a test and gives its verdict as an event.
        forget: Takes back the verdict that a test was given.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        *,
        ready: Callable[[str], bool],
        examine: Callable[[str], dict[str, Any]],
        forget: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ready = ready
        self._examine = examine
        self._forget = forget
        self._clock = clock
        self._beside: list[str] = []
        self._waiting: list[str] = []
        self._events: dict[str, dict[str, Any]] = {}
        self._is_beside = False
        self._has_waited = False

    def expect(self, *, beside: Iterable[str], waiting: Iterable[str]) -> None:
        """Takes note of tests, in the order of their turns.

        Args:
            beside: Those that may be run while another one waits.
            waiting: Those that may wait, and may be moved forward.
        """
        self._beside, self._waiting = list(beside), list(waiting)

    def meanwhile(self, seconds: float) -> None:
        """Runs tests until so many seconds have passed, or there are none that can be run; the last may take longer."""
        if self._is_beside or seconds < SHORTEST:
            return
        self._has_waited = self._is_beside = True
        end = self._clock() + seconds
        try:
            while end - self._clock() >= SHORTEST and self._run_one(self._beside):
                pass
        finally:
            self._is_beside = False

    def take(self, test: str, *, forward: bool = True) -> dict[str, Any] | None:
        """The verdict of a test whose turn has come; None where it has to be run now.

        Args:
            forward: Whether tests that wait may be moved before one that can be run beside them.
        """
        while forward and self._has_waited and test in self._beside and self._run_one(self._waiting):
            pass
        for tests in (self._beside, self._waiting):
            if test in tests:
                tests.remove(test)
        return self._events.pop(test, None)

    def left(self) -> list[dict[str, Any]]:
        """Verdicts whose turn has not come, as when a run is cut short; each is given once."""
        events = list(self._events.values())
        self._events.clear()
        return events

    def _run_one(self, tests: list[str]) -> bool:
        """Runs the first of some tests that can be run; False where there is none."""
        test = next((test for test in tests if self._ready(test)), None)
        if test is None:
            return False
        tests.remove(test)
        event = self._examine(test)
        if Verdict(event["verdict"]) in _STANDS:
            self._events[test] = event
        else:
            self._forget(test)
            self.expect(beside=(), waiting=())
        return True
