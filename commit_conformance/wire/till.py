"""What several processes of one run have spent together, in a file that they share.

Each of them takes the file for the time of one change, under a lock that the system lets go when a process ends. A
process alone has no such file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

#: How long a process waits for the others. Each of them needs a part of a millisecond. Seconds.
_PATIENCE = 60.0


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


@dataclass(slots=True, kw_only=True)
class Common:
    """What the processes of a run know of each other.

    Attributes:
        cost: What all of them have spent.
        began: When the first request was sent, on the clock that all processes of a machine share; None before.
        turn: When the next upload request may be sent, on the same clock; None before the first.
        reserved: Requests that each of them keeps for cleaning up, by its name.
        due: Files that each of them is about to commit, by its name.
    """

    cost: Cost = field(default_factory=Cost)
    began: float | None = None
    turn: float | None = None
    reserved: dict[str, int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)


class Till:
    """The file.

    Args:
        path: Where it is; made by whoever comes first.
        name: This process, as no other of the run is called.
    """

    def __init__(self, path: Path, *, name: str) -> None:
        from filelock import FileLock

        self.name = name
        self._path = path
        self._lock = FileLock(lock_of(path), timeout=_PATIENCE)

    @contextmanager
    def open(self) -> Iterator[Common]:
        """What is in it, for this process alone until the context ends; what was changed by then is kept."""
        with self._lock:
            common = self._read()
            try:
                yield common
            finally:
                # Whole or not at all, should this process end here.
                fresh = self._path.with_suffix(f".{self.name}")
                fresh.write_text(json.dumps(asdict(common)), encoding="utf-8")
                fresh.replace(self._path)

    def _read(self) -> Common:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Common()
        return Common(**{**known, "cost": Cost(**known["cost"])})


def lock_of(path: Path) -> Path:
    """The file that is locked while a till is open."""
    return path.with_suffix(".lock")


def clear(path: Path) -> None:
    """Takes a till away when its run has ended."""
    for each in (path, lock_of(path)):
        with suppress(OSError):
            each.unlink(missing_ok=True)
