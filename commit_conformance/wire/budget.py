"""What a run may cost, and what it has cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from commit_conformance.wire.errors import BudgetSpent
from commit_conformance.wire.till import Common, Cost, Till

__all__ = ["Budget", "Cost", "Purse"]


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

    def and_more(self, other: Budget, times: int) -> Budget:
        """These limits, each raised by so many times the other's; what has no limit has none."""
        more = {name: (limit or 0) * times for name, limit in asdict(other).items()}
        return replace(self, **{name: limit + more[name] for name, limit in asdict(self).items() if limit is not None})

    def as_json(self) -> dict[str, int | None]:
        """The limits by name."""
        return asdict(self)


class Purse:
    """Counts a run's cost and refuses what the budget does not allow. Safe to share between threads.

    Args:
        clock: Seconds that only ever grow, the same for every process.
        till: What the other processes of the run have spent, where there are any: the budget is for all of them.

    Attributes:
        cost: What this process has spent.
        reserved: Tells how many requests must be left for cleaning up.
        most_files: A limit of committed files besides the budget's, for the time being; None for none.
    """

    def __init__(
        self, budget: Budget, *, clock: Callable[[], float] = time.monotonic, till: Till | None = None
    ) -> None:
        self.budget = budget
        self._own = Common()
        self.cost = self._own.cost
        self._clock = clock
        self.reserved: Callable[[], int] = lambda: 0
        self.most_files: int | None = None
        self._till = till
        self._under_way = 0
        self._lock = threading.Lock()

    @property
    def spent(self) -> Cost:
        """What the run has spent, in all its processes."""
        with self._whole() as whole:
            return replace(whole.cost)

    def spend(self, *, upload: bool, sent: int, free: bool = False) -> None:
        """Counts one request before it is sent.

        Args:
            upload: Whether it goes to an upload endpoint.
            sent: Bytes of its body.
            free: Whether it may exceed the budget: cleaning up always may.

        Raises:
            BudgetSpent: The budget does not allow it.
        """
        with self._whole() as whole:
            if whole.began is None:
                whole.began = self._clock()
            if not free:
                self._check_time(self._clock() - whole.began)
                self._check("bytes_sent", whole.cost.bytes_sent + sent - 1)
                kept = self._kept(whole)
                self._check("requests", whole.cost.requests + kept)
                if upload:
                    self._check("upload_requests", whole.cost.upload_requests + kept)
            for cost in self._costs(whole):
                cost.requests += 1
                cost.upload_requests += upload
                cost.bytes_sent += sent

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
        with self._whole() as whole:
            for cost in self._costs(whole):
                cost.committed_files += 1
            if self._till is not None:
                whole.due[self._till.name] = max(self._under_way, whole.due.get(self._till.name, 0) - 1)

    def check_files(self, more: int = 1) -> None:
        """Refuses a commit that is meant to succeed when ``more`` files would go over the budget."""
        limit = self._files()
        if limit is None:
            return
        with self._whole() as whole:
            if whole.cost.committed_files + self._due(whole) + more > limit:
                raise BudgetSpent(f"the budget of {limit} committed files is spent")
            if self._till is not None:
                whole.due[self._till.name] = self._under_way + more

    def check_bytes(self, more: int) -> None:
        """Refuses an upload of ``more`` bytes that would not come to its end within the budget."""
        limit = self.budget.bytes_sent
        if limit is not None and self.cost.bytes_sent + more > limit:
            raise BudgetSpent(f"{more} bytes more do not fit into the budget of {limit} bytes")

    def has_files(self, kept: int = 0) -> bool:
        """Whether another file may be committed, so that ``kept`` more still may be."""
        limit = self._files()
        if limit is None:
            return True
        with self._whole() as whole:
            return whole.cost.committed_files + self._due(whole) + kept < limit

    def nothing_due(self) -> None:
        """Tells the other processes that no commit is under way here: what was checked for made no file."""
        if self._till is not None and self.budget.committed_files is not None:
            with self._till.open() as whole:
                whole.due[self._till.name] = self._under_way

    @contextmanager
    def file_under_way(self) -> Iterator[None]:
        """Keeps a file for a commit that waits, while others may be made beside it."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if self._till is not None and self.budget.committed_files is not None:
                with self._till.open() as whole:
                    whole.due[self._till.name] = self._under_way + 1

    def _files(self) -> int | None:
        limits = [limit for limit in (self.budget.committed_files, self.most_files) if limit is not None]
        return min(limits, default=None)

    @contextmanager
    def _whole(self) -> Iterator[Common]:
        """What all processes of the run know; in a process that is alone, what it knows itself."""
        with self._lock:
            if self._till is None:
                yield self._own
                return
            with self._till.open() as whole:
                yield whole

    def _costs(self, whole: Common) -> tuple[Cost, ...]:
        return (self.cost,) if whole is self._own else (self.cost, whole.cost)

    def _kept(self, whole: Common) -> int:
        """Requests that are kept for cleaning up, by every process."""
        own = self.reserved()
        if self._till is not None:
            whole.reserved[self._till.name] = own
        return own + sum(each for name, each in whole.reserved.items() if not self._is_own(name))

    def _due(self, whole: Common) -> int:
        """Files that others are about to commit: other processes, and tests of this one that wait."""
        return self._under_way + sum(each for name, each in whole.due.items() if not self._is_own(name))

    def _is_own(self, name: str) -> bool:
        return self._till is not None and name == self._till.name

    def _check(self, name: str, spent: int) -> None:
        limit = getattr(self.budget, name)
        if limit is not None and spent >= limit:
            raise BudgetSpent(f"the budget of {limit} {name.replace('_', ' ')} is spent")

    def _check_time(self, passed: float) -> None:
        limit = self.budget.seconds
        if limit is not None and passed >= limit:
            raise BudgetSpent(f"the budget of {limit} seconds is spent")
