"""The processes of a driver: as many as scenarios are played at once.

Owns which thread has which process. One that has ended is replaced when its thread needs one again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from commit_conformance.clients.process import Command, Driver

__all__ = ["Crew"]


@dataclass(slots=True)
class Crew:
    """The processes of a driver: one for each thread, started when it is needed."""

    command: Command
    hello_seconds: float
    _own: threading.local = field(default_factory=threading.local)
    _all: list[Driver] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: list[Driver] = field(default_factory=list)

    def add(self, driver: Driver) -> None:
        """A process that is running already."""
        with self._lock:
            self._all.append(driver)
            self._idle.append(driver)

    def driver(self) -> Driver:
        """The process of this thread."""
        found: Driver | None = getattr(self._own, "driver", None)
        if found is None:
            with self._lock:
                found = self._idle.pop() if self._idle else None
            if found is None:
                found = Driver(self.command, hello_seconds=self.hello_seconds)
                with self._lock:
                    self._all.append(found)
            self._own.driver = found
        return found

    def forget(self) -> None:
        """The process of this thread has ended."""
        self._own.driver = None

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            running, self._all = self._all, []
        for driver in running:
            driver.finish()

    def kill(self) -> None:
        """End all processes at once."""
        with self._lock:
            running, self._all = self._all, []
        for driver in running:
            driver.stop()
