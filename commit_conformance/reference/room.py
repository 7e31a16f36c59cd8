"""What every room of the service shares: settings, world, clock and the one lock.

The rooms (`access`, `bodies`, `digests`, `part_lists`, …) are classes that build on each other; `decisions` puts them
together. A room's methods are small and named after the one thing they decide, because that is where a fault takes
hold: it overrides a method, and the rest of the service goes on as before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from commit_conformance.reference.dates import write_date
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.settings import Settings
from commit_conformance.reference.world import World

__all__ = ["Room"]

# Long enough for a second request that is already under way to come in between, short enough not to slow a run.
RACE_SECONDS = 0.03


class Room:
    """The ground all rooms stand on."""

    def __init__(
        self, *, settings: Settings, world: World, clock: Callable[[], float], lock: threading.RLock | None = None
    ) -> None:
        self.settings = settings
        self.world = world
        self.clock = clock
        self.lock = lock or threading.RLock()

    def now(self) -> datetime:
        """The present moment, whole seconds, as dates in answers have them."""
        return datetime.fromtimestamp(int(self.clock()), tz=UTC)

    def date(self, moment: datetime | None) -> str | None:
        """A date as answers write it."""
        return None if moment is None else write_date(moment, self.settings.utc_offset)

    def request_id(self) -> str:
        """An id no other answer has."""
        return f"{self.world.random.getrandbits(64):016x}"

    @contextmanager
    def window(self) -> Iterator[None]:
        """Let other requests in for a moment. A correct service never does this between a check and its act."""
        self.lock.release()
        try:
            time.sleep(RACE_SECONDS)
            yield
        finally:
            self.lock.acquire()

    def error_document(self, problem: Problem) -> dict[str, object]:
        """The body of a refusal."""
        document = problem.document(self.request_id())
        if self.settings.error_codes == "other":
            document["code"] = f"service_{problem.code}"
        if self.settings.unknown_fields:
            document["trace_url"] = "https://status.invalid/"
        return document
