"""What a run may cost, and what it has cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass

from commit_conformance.wire.errors import BudgetSpent


@dataclass(slots=True, kw_only=True)
class Cost:
    """What was spent. Bytes are those of bodies, before compression."""

    requests: int = 0
    upload_requests: int = 0
    bytes_sent: int = 0
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
    """

    requests: int | None = None
    upload_requests: int | None = None
    committed_files: int | None = None

    def as_json(self) -> dict[str, int | None]:
        """The limits by name."""
        return asdict(self)


class Purse:
    """Counts a run's cost and refuses what the budget does not allow. Safe to share between threads.

    Attributes:
        reserved: Tells how many requests must be left for cleaning up.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.cost = Cost()
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
            if not free:
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

    def has_files(self, kept: int = 0) -> bool:
        """Whether another file may be committed, so that ``kept`` more still may be."""
        limit = self.budget.committed_files
        return limit is None or self.cost.committed_files + kept < limit

    def _check(self, name: str, spent: int) -> None:
        limit = getattr(self.budget, name)
        if limit is not None and spent >= limit:
            raise BudgetSpent(f"the budget of {limit} {name.replace('_', ' ')} is spent")
