"""Live lines while a run goes on, fed with verdict events as they are written.

On a terminal a status line that changes; elsewhere (CI, a pipe) one short line for each group of rules, so that a log
file stays a log file.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

from commit_conformance.report.events import VERDICTS
from commit_conformance.report.plain import count_text, plain_line


class Progress(Protocol):
    """What a run tells while it goes on."""

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Takes one verdict event, as it goes into the log."""

    def done(self) -> None:
        """Ends the output; further calls do nothing."""


def progress_on(console: Console) -> Progress:
    """The progress that suits a console: live on a terminal, plain where nobody watches."""
    live = console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")
    return LiveProgress(console) if live else PlainProgress(console)


class PlainProgress:
    """Prints ``digest  17 passed, 1 failed  (83 requests)`` when the first verdict of another group arrives.

    A group that comes back later gets another line, about the later verdicts only.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = _Tally()

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict; prints the group before if this one starts another."""
        if self._tally.group != _group(event):
            self.done()
        self._tally.add(event)

    def done(self) -> None:
        """Prints the last group."""
        if self._tally.counts:
            self._console.print(Text(self._tally.line()), soft_wrap=True, highlight=False)
        self._tally = _Tally()


class LiveProgress:
    """Shows a spinner with the group at work and all counts so far; leaves a line for each group that held trouble."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._all = _Tally()
        self._tally = _Tally()

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict and redraws the line."""
        if self._tally.group != _group(event):
            self._close_group()
        self._tally.add(event)
        self._all.add(event)
        text = Text(f"{self._tally.group}: {plain_line(str(event.get('rule')), 40)}  ", style="bold")
        text.append(self._all.told(), style="default")
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def done(self) -> None:
        """Takes the line away."""
        self._close_group()
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _close_group(self) -> None:
        if self._tally.counts["failed"] or self._tally.counts["errored"]:
            self._console.print(Text(self._tally.line(), style="red"), soft_wrap=True, highlight=False)
        self._tally = _Tally()


class _Tally:
    """Counts of a stretch of verdicts, of one group or of all."""

    def __init__(self) -> None:
        self.group = ""
        self.counts: Counter[str] = Counter()
        self._requests = 0

    def add(self, event: Mapping[str, Any]) -> None:
        self.group = _group(event)
        self.counts[str(event.get("verdict"))] += 1
        requests = event.get("requests")
        self._requests += requests if isinstance(requests, int) else 0

    def told(self) -> str:
        counts = ", ".join(f"{self.counts[word]:,} {word}" for word in reversed(VERDICTS) if self.counts[word])
        return f"{counts}  ({count_text(self._requests, 'request')})"

    def line(self) -> str:
        return f"{self.group:<14} {self.told()}"


def _group(event: Mapping[str, Any]) -> str:
    return plain_line(str(event.get("group") or "other"), 40)
