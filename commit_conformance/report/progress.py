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

from commit_conformance.report.plain import count_text, plain_line
from commit_conformance.report.verdicts import VERDICTS


class Progress(Protocol):
    """What a run tells while it goes on."""

    def expect(self, groups: Mapping[str, int]) -> None:
        """Takes the number of verdicts to come for each group."""

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Takes one verdict event, as it goes into the log."""

    def done(self) -> None:
        """Ends the output; further calls do nothing."""


def progress_on(console: Console) -> Progress:
    """The progress that suits a console: live on a terminal, plain where nobody watches."""
    live = console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")
    return LiveProgress(console) if live else PlainProgress(console)


class PlainProgress:
    """Prints ``digest  17 passed, 1 failed  (83 requests)`` when the last verdict of a group has arrived.

    Tests of a group need not follow one another; `expect` says how many there will be. Without it a group is told at
    the end.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tallies: dict[str, _Tally] = {}
        self._expected: Mapping[str, int] = {}

    def expect(self, groups: Mapping[str, int]) -> None:
        """Takes the number of verdicts to come for each group."""
        self._expected = groups

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict; prints its group when this was the last one of it."""
        group = _group(event)
        tally = self._tallies.setdefault(group, _Tally())
        tally.add(event)
        if tally.counts.total() == self._expected.get(group):
            self._print(self._tallies.pop(group))

    def done(self) -> None:
        """Prints the groups that are left."""
        for tally in self._tallies.values():
            self._print(tally)
        self._tallies = {}

    def _print(self, tally: _Tally) -> None:
        self._console.print(Text(tally.line()), soft_wrap=True, highlight=False)


class LiveProgress:
    """Shows a spinner with the rule at work and all counts so far; leaves a line for each rule in trouble."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._expected = 0
        self._status: Status | None = None
        self._all = _Tally()

    def expect(self, groups: Mapping[str, int]) -> None:
        """Takes the number of verdicts to come for each group."""
        self._expected = sum(groups.values())

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict and redraws the line."""
        self._all.add(event)
        rule = plain_line(str(event.get("rule")), 40)
        share = f"{self._all.counts.total()}/{self._expected} " if self._expected else ""
        text = Text(f"{share}{rule}  ", style="bold")
        text.append(self._all.told(), style="default")
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)
        if event.get("verdict") in ("failed", "errored"):
            line = f"{rule} {event['verdict']}: {plain_line(str(event.get('reason') or ''), 200)}"
            self._console.print(Text(line, style="red"), soft_wrap=True, highlight=False)

    def done(self) -> None:
        """Takes the line away."""
        if self._status is not None:
            self._status.stop()
            self._status = None


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
