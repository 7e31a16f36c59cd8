"""What went wrong on the way to a target: what kind, how often, and how long the run has waited for it."""

from __future__ import annotations

import threading
from collections import Counter

from commit_conformance.wire.errors import Trouble
from commit_conformance.wire.exchange import Exchange

#: What cleaning up may wait beyond the run's patience, as a share of it: it should still be tried.
_CLEANING = 1.25


class NotSent(Trouble):
    """No connection was had: refused, no route, no TLS. The target knows nothing of the request."""


class Busy(Trouble):
    """However often it was asked, the target or a gateway before it answered 429, 502, 503 or 504.

    Attributes:
        exchange: The last of these answers.
    """

    def __init__(self, message: str, exchange: Exchange) -> None:
        super().__init__(message)
        self.exchange = exchange


class Outages:
    """Counts what came to nothing, and ends a run's patience. Safe to share between threads.

    Args:
        patience: Seconds that a run may spend, in all, on tries that came to nothing and on answers that trickle.

    Attributes:
        counts: Tries that came to nothing, by what went wrong.
        lost: Tries of requests that change something, and of which nobody knows what became of them.
        seconds: Time spent on all of it.
    """

    def __init__(self, patience: float) -> None:
        self.counts: Counter[str] = Counter()
        self.lost = 0
        self.seconds = 0.0
        self._patience = patience
        self._lock = threading.Lock()

    def note(self, kind: str, *, seconds: float = 0.0, lost: bool = False) -> None:
        """Counts one try.

        Args:
            kind: What went wrong, in a word or two.
            seconds: How long it took.
            lost: Whether the request may have had an effect that nobody knows of.
        """
        with self._lock:
            self.counts[kind] += 1
            self.lost += lost
            self.seconds += seconds

    def waited(self, seconds: float) -> None:
        """Takes time off the run's patience."""
        with self._lock:
            self.seconds += max(0.0, seconds)

    def check(self, *, cleaning: bool) -> None:
        """Refuses to send anything more once the run's patience has come to its end.

        Raises:
            NotSent: It has.
        """
        if self.seconds >= self._patience * (_CLEANING if cleaning else 1):
            raise NotSent(
                f"{self.seconds:.0f} seconds were lost on answers that did not come or did not end ({self}); "
                "nothing more is sent"
            )

    def __str__(self) -> str:
        return ", ".join(f"{count} × {kind}" for kind, count in self.counts.most_common()) or "nothing went wrong"
