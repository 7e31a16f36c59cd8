"""What a run tells while it goes on, fed with verdict events as they are written.

On a terminal a view that changes (:mod:`.live`); elsewhere (CI, a pipe, a dumb terminal) lines that stay, one for each
group of rules and few besides, so that a log file stays a log file.
"""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from commit_conformance.report.live import MOST_NAMED, LiveProgress, verdict_line
from commit_conformance.report.plain import count_text, plain_line
from commit_conformance.report.running import Now, Outlook, Standing
from commit_conformance.report.verdicts import VERDICTS

#: Waits shorter than this are not told in a log. Seconds.
_LONG_WAIT = 5.0
#: Waits are told, and a sign of life is given, once in so many seconds: often enough for CI systems that end what is
#: silent for some minutes, and 60 lines an hour.
_SELDOM = 60.0


class Progress(Protocol):
    """What a run tells while it goes on."""

    def begin(self, look: Callable[[], Now], outlook: Outlook) -> None:
        """Begins; ``look`` gives the run at the moment it is called, from any thread."""

    def expect(self, rules: Mapping[str, str]) -> None:
        """Takes the rules that will have a verdict, each with its group."""

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Takes one verdict event, as it goes into the log."""

    def waits(self, seconds: float, why: str) -> None:
        """Takes notice that the run begins to wait so long for something."""

    def done(self) -> None:
        """Ends the output; further calls do nothing."""


def progress_on(console: Console, *, verbose: int = 0) -> Progress:
    """The progress that suits a console: live on a terminal, plain where nobody watches.

    ``FORCE_COLOR`` makes a pipe take colours, and not a view that changes.
    """
    forced = bool(os.environ.get("FORCE_COLOR")) and not console.file.isatty()
    live = console.is_interactive and not forced and not os.environ.get("CI") and not console.options.ascii_only
    return LiveProgress(console, verbose=verbose) if live else PlainProgress(console, verbose=verbose)


class PlainProgress:
    """Prints ``digest  17 passed, 1 failed  (83 requests)`` when the last verdict of a group has arrived.

    Tests of a group need not follow one another; `expect` says how many there will be. Without it a group is told at
    the end. Rules in trouble are named at once, long waits and, where little happens, how far the run is, now and then.

    Args:
        verbose: 1 or more names every rule, with its verdict.
        clock: Seconds that only ever grow.
    """

    def __init__(self, console: Console, *, verbose: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._verbose = verbose
        self._clock = clock
        self._began = self._told = clock()
        self._told_wait: float | None = None
        self._look: Callable[[], Now] = Now
        self._standing = Standing()
        self._named = 0
        self._tallies: dict[str, _Tally] = {}
        self._expected: Mapping[str, int] = {}

    def begin(self, look: Callable[[], Now], outlook: Outlook) -> None:
        """Takes what is asked for a sign of life."""
        self._look = look
        self._began = self._told = self._clock()
        self._standing.outlook = outlook

    def expect(self, rules: Mapping[str, str]) -> None:
        """Takes the rules that will have a verdict, each with its group."""
        self._expected = Counter(_plain_group(group) for group in rules.values())
        self._standing.expect(rules)

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict; prints its group when this was the last one of it."""
        self._standing.add(event)
        trouble = event.get("verdict") in ("failed", "errored")
        self._named += trouble
        if self._verbose or (trouble and self._named <= MOST_NAMED):
            self._line(verdict_line(event))
        elif trouble and self._named == MOST_NAMED + 1:
            self._line("further ones are in the report")
        group = _plain_group(str(event.get("group") or "other"))
        tally = self._tallies.setdefault(group, _Tally(group))
        tally.add(event)
        if tally.counts.total() == self._expected.get(group):
            self._line(self._tallies.pop(group).line())
        elif self._clock() - self._told >= _SELDOM:
            self._line(", ".join(self._standing.told(self._look(), self._clock() - self._began)))

    def waits(self, seconds: float, why: str) -> None:
        """Prints that the run waits, where it is long and was not told just before."""
        now = self._clock()
        if seconds < _LONG_WAIT or (self._told_wait is not None and now - self._told_wait < _SELDOM):
            return
        self._told_wait = now
        self._line(f"waiting {math.ceil(seconds)} s for {plain_line(why, 200)}")

    def done(self) -> None:
        """Prints the groups that are left."""
        for tally in self._tallies.values():
            self._line(tally.line())
        self._tallies = {}

    def _line(self, text: str) -> None:
        self._told = self._clock()
        self._console.print(Text(text), soft_wrap=True, highlight=False)


class _Tally:
    """Counts of the verdicts of one group."""

    def __init__(self, group: str) -> None:
        self.counts: Counter[str] = Counter()
        self._group = group
        self._requests = 0

    def add(self, event: Mapping[str, Any]) -> None:
        self.counts[str(event.get("verdict"))] += 1
        requests = event.get("requests")
        self._requests += requests if isinstance(requests, int) else 0

    def line(self) -> str:
        counts = ", ".join(f"{self.counts[word]:,} {word}" for word in reversed(VERDICTS) if self.counts[word])
        return f"{self._group:<14} {counts}  ({count_text(self._requests, 'request')})"


def _plain_group(group: str) -> str:
    return plain_line(group, 40)
