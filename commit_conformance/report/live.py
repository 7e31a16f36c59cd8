"""The view of a run on a terminal: a few lines that change, and above them what should stay.

The view is drawn by looking, a few times a second, and never because something happened: so a run costs the same
whether anybody watches or not, and a thousand requests a second make no flicker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from commit_conformance.report.plain import plain_line
from commit_conformance.report.running import Now, Outlook, Standing, waiting_text

#: Times a second that the view is drawn: enough for a clock of seconds to run, too few to be felt.
_DRAWN = 4
#: Columns of the bar, at most.
_BAR = 40
#: Failed rules that are named while the run goes on. The report has them all.
MOST_NAMED = 20

_STYLES = {"failed": "red", "errored": "magenta"}


class LiveProgress:
    """Shows how far a run is, what it costs, what it waits for and how long it will take; names rules in trouble.

    Args:
        console: A terminal.
        verbose: 1 or more names every rule, with its verdict.
        clock: Seconds that only ever grow.
    """

    def __init__(self, console: Console, *, verbose: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._verbose = verbose
        self._clock = clock
        self._began = clock()
        self._standing = Standing()
        self._look: Callable[[], Now] = Now
        self._named = 0
        self._live: Live | None = None

    def begin(self, look: Callable[[], Now], outlook: Outlook) -> None:
        """Opens the view; ``look`` gives the run at the moment it is called."""
        self._look, self._began = look, self._clock()
        self._standing.outlook = outlook
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            refresh_per_second=_DRAWN,
            transient=True,
            vertical_overflow="crop",
        )
        self._live.start(refresh=True)

    def expect(self, rules: Mapping[str, str]) -> None:
        """Takes the rules that will have a verdict, each with its group."""
        self._standing.expect(rules)

    def verdict(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict; names its rule where it is in trouble, or where everything is to be told."""
        self._standing.add(event)
        trouble = event.get("verdict") in _STYLES
        self._named += trouble
        if self._verbose or (trouble and self._named <= MOST_NAMED):
            style = _STYLES.get(str(event.get("verdict")), "")
            self._console.print(Text(verdict_line(event), style=style), soft_wrap=True, highlight=False)
        elif trouble and self._named == MOST_NAMED + 1:
            self._console.print(Text("further ones are in the report", style="red"), soft_wrap=True)

    def waits(self, seconds: float, why: str) -> None:
        """Nothing to do: the view looks for itself."""

    def done(self) -> None:
        """Takes the view away and shows the cursor again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _drawn(self) -> RenderableType:
        """The view; a mistake in it must not end a run that costs a server hundreds of requests."""
        try:
            return self.view()
        except Exception as mistake:
            return Text(f"(the view failed: {plain_line(repr(mistake), 60)})", no_wrap=True, overflow="ellipsis")

    def view(self) -> RenderableType:
        """The lines of this moment, none longer than the terminal is wide."""
        now, width = self._look(), self._console.width - 1
        done, rules = self._standing.share
        doing = Text(plain_line(now.doing, 60), style="bold", no_wrap=True, overflow="ellipsis")
        lines: list[RenderableType] = []
        if rules:
            first = Table.grid(padding=(0, 1))
            first.add_row(ProgressBar(total=rules, completed=done, width=min(_BAR, width // 3)), doing)
            lines.append(first)
        elif doing:
            lines.append(doing)
        told = self._standing.told(now, self._clock() - self._began)
        lines += [Text(line, no_wrap=True, overflow="ellipsis") for line in _flow(told, width)]
        if waiting := waiting_text(now.waiting):
            lines.append(Text(waiting, style="yellow", no_wrap=True, overflow="ellipsis"))
        return Group(*lines)


def verdict_line(event: Mapping[str, Any]) -> str:
    """``PART-GAP failed: the server committed it``: a verdict in one line."""
    reason = plain_line(str(event.get("reason") or ""), 200)
    rule = plain_line(str(event.get("rule")), 60)
    return f"{rule} {plain_line(str(event.get('verdict')), 20)}{': ' if reason else ''}{reason}"


def _flow(phrases: Sequence[str], width: int) -> list[str]:
    """Phrases in lines of at most ``width`` columns; a phrase is not broken unless it is longer than that by itself."""
    lines: list[str] = []
    for phrase in phrases:
        if lines and len(lines[-1]) + 3 + len(phrase) <= width:
            lines[-1] += f" · {phrase}"
        else:
            lines.append(phrase)
    return lines
