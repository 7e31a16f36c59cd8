"""What a run may cost, and what it has cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from commit_conformance.wire.errors import BudgetSpent


@dataclass(slots=True, kw_only=True)
class Cost:
    """What was spent. Bytes are those of bodies, before compression; ``part_bytes`` those of parts among them."""

    requests: int = 0
    upload_requests: int = 0
    bytes_sent: int = 0
    part_bytes: int = 0
    bytes_received: int = 0
    sessions: int = 0
    committed_files: int = 0

    def as_json(self) -> dict[str, int]:
        """The figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of a run; None is no limit.

    Attributes:
        requests: Requests of any kind.
        upload_requests: Requests to the upload endpoints: create, upload part, list, status, abort, commit.
        committed_files: Commits that made a file or a version.
        bytes_sent: Bytes of the requests' bodies.
        seconds: Time from the run's first request to its last, cleaning up excepted.
    """

    requests: int | None = None
    upload_requests: int | None = None
    committed_files: int | None = None
    bytes_sent: int | None = None
    seconds: int | None = None

    def but(self, other: Budget) -> Budget:
        """These limits, and in their place those that the other one sets."""
        return replace(self, **{name: limit for name, limit in asdict(other).items() if limit is not None})

    def as_json(self) -> dict[str, int | None]:
        """The limits by name."""
        return asdict(self)


class Purse:
    """Counts a run's cost and refuses what the budget does not allow. Safe to share between threads.

    Args:
        clock: Seconds that only ever grow.

    Attributes:
        reserved: Tells how many requests must be left for cleaning up.
    """

    def __init__(self, budget: Budget, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.cost = Cost()
        self._clock = clock
        self._began: float | None = None
        self.reserved: Callable[[], int] = lambda: 0
        self._lock = threading.Lock()

    def spend(self, *, upload: bool, sent: int, free: bool = False) -> None:
        """Counts one request before it is sent.

        Args:
            upload: Whether it goes to an upload endpoint.
            sent: Bytes of its body.
            free: Whether it may exceed the budget: cleaning up always may.

        Raises:
            BudgetSpent: The budget does not allow it.
        """
        with self._lock:
            if self._began is None:
                self._began = self._clock()
            if not free:
                self._check_time(self._clock() - self._began)
                self._check("bytes_sent", self.cost.bytes_sent + sent - 1)
                kept = self.reserved()
                self._check("requests", self.cost.requests + kept)
                if upload:
                    self._check("upload_requests", self.cost.upload_requests + kept)
            self.cost.requests += 1
            self.cost.upload_requests += upload
            self.cost.bytes_sent += sent

    def received(self, count: int) -> None:
        """Counts bytes of an answer's body."""
        with self._lock:
            self.cost.bytes_received += count

    def part_sent(self, size: int) -> None:
        """Counts the bytes of a part that was sent, among those of all bodies."""
        with self._lock:
            self.cost.part_bytes += size

    def session_opened(self) -> None:
        """Counts an upload session."""
        with self._lock:
            self.cost.sessions += 1

    def file_committed(self) -> None:
        """Counts a committed file or version."""
        with self._lock:
            self.cost.committed_files += 1

    def check_files(self, more: int = 1) -> None:
        """Refuses a commit that is meant to succeed when ``more`` files would go over the budget."""
        limit = self.budget.committed_files
        if limit is not None and self.cost.committed_files + more > limit:
            raise BudgetSpent(f"the budget of {limit} committed files is spent")

    def check_bytes(self, more: int) -> None:
        """Refuses an upload of ``more`` bytes that would not come to its end within the budget."""
        limit = self.budget.bytes_sent
        if limit is not None and self.cost.bytes_sent + more > limit:
            raise BudgetSpent(f"{more} bytes more do not fit into the budget of {limit} bytes")

    def has_files(self, kept: int = 0) -> bool:
        """Whether another file may be committed, so that ``kept`` more still may be."""
        limit = self.budget.committed_files
        return limit is None or self.cost.committed_files + kept < limit

    def _check(self, name: str, spent: int) -> None:
        limit = getattr(self.budget, name)
        if limit is not None and spent >= limit:
            raise BudgetSpent(f"the budget of {limit} {name.replace('_', ' ')} is spent")

    def _check_time(self, passed: float) -> None:
        limit = self.budget.seconds
        if limit is not None and passed >= limit:
            raise BudgetSpent(f"the budget of {limit} seconds is spent")
