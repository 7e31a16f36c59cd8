"""Many runs in a table, the oldest first: what came of each, what was new in it, and what it cost.

A run is compared with the one before it against the same target. Only what a row shows is kept of a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commit_conformance.report.events import Cost
from commit_conformance.report.log import BrokenLog, Log, read_log
from commit_conformance.report.plain import plain_line
from commit_conformance.report.summary import summarize

FORMAT = 1
_NAMED = 4
"""Rules named in a row; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run.

    Attributes:
        verdict: ``conforms``, ``does not conform`` or ``could not be tested``.
        truncated: Why its log ends before the run did; None for a complete one.
        failed: Rules that failed, those that do not decide among them.
        new, fixed: Rules that fail now and did not in the run before, and the other way round; both empty in the first.
        requests, committed_files, seconds: What it cost; None where the log does not say.
    """

    path: Path
    started: str
    target: str
    effort: str
    exit_code: int
    verdict: str
    truncated: str | None
    failed: tuple[str, ...]
    new: tuple[str, ...]
    fixed: tuple[str, ...]
    requests: int | None
    committed_files: int | None
    seconds: float | None

    def as_json(self) -> dict[str, Any]:
        """With stable keys."""
        return {
            "log": str(self.path),
            "started": self.started,
            "target": self.target,
            "effort": self.effort,
            "exit_code": self.exit_code,
            "verdict": self.verdict,
            "truncated": self.truncated,
            "failed": list(self.failed),
            "new": list(self.new),
            "fixed": list(self.fixed),
            "requests": self.requests,
            "committed_files": self.committed_files,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Rows, the oldest first, and what could not be read."""

    rows: tuple[Row, ...]
    broken: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """With stable keys."""
        return {"format": FORMAT, "runs": [row.as_json() for row in self.rows], "broken": list(self.broken)}


def logs_below(paths: Iterable[Path]) -> Iterator[Path]:
    """The logs that some paths stand for: a file itself, of a folder every ``events.jsonl`` in it and below."""
    seen: set[Path] = set()
    for path in paths:
        for log in sorted(path.rglob("events.jsonl")) if path.is_dir() else [path]:
            if log.resolve() not in seen:
                seen.add(log.resolve())
                yield log


def history(logs: Iterable[Path]) -> History:
    """Reads logs one after the other; one that cannot be read is told and passed over."""
    rows: list[tuple[Row, frozenset[str]]] = []
    broken: list[str] = []
    for path in logs:
        try:
            rows.append(_row(read_log(path)))
        except BrokenLog as error:
            broken.append(str(error))
    rows.sort(key=lambda row: row[0].started)
    last: dict[str, Row] = {}
    told: list[Row] = []
    for row, known in rows:
        former = last.get(row.target)
        last[row.target] = row
        told.append(row if former is None else _compared(row, former, known))
    return History(rows=tuple(told), broken=tuple(broken))


def _row(log: Log) -> tuple[Row, frozenset[str]]:
    """A row, and the rules that were tested in that run and did not fail."""
    summary = summarize(log)
    cost = log.footer.cost if log.footer else Cost()
    row = Row(
        path=log.path,
        started=log.header.started,
        target=log.header.target,
        effort=log.header.effort,
        exit_code=summary.exit_code,
        verdict=summary.conclusion.partition(":")[0],
        truncated=log.truncated,
        failed=tuple(result.rule for result in summary.failed),
        new=(),
        fixed=(),
        requests=cost.requests,
        committed_files=cost.committed_files,
        seconds=log.footer.seconds if log.footer else None,
    )
    return row, frozenset(result.rule for result in summary.rules if result.verdict in ("passed", "observed"))


def _compared(row: Row, former: Row, kept: frozenset[str]) -> Row:
    new = tuple(rule for rule in row.failed if rule not in former.failed)
    # A rule that was not tested this time is not fixed by that.
    return replace(row, new=new, fixed=tuple(rule for rule in former.failed if rule in kept))


def history_lines(found: History) -> Iterator[str]:
    """The table for a terminal, a line each, made harmless."""
    heads = ("date", "target", "effort", "verdict", "failed", "new", "fixed", "requests", "files", "seconds")
    rows = [_cells(row) for row in found.rows]
    widths = [max(len(cells[at]) for cells in [heads, *rows]) for at in range(len(heads))]
    for cells in [heads, *rows] if rows else []:
        numbers = range(7, len(heads))
        yield "  ".join(
            cell.rjust(width) if at in numbers else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
    for reason in found.broken:
        yield plain_line(f"not read: {reason}", 400)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = row.verdict + (" (cut short)" if row.truncated is not None else "")
    amounts = (row.requests, row.committed_files)
    return (
        plain_line(row.started[:19], 19),
        plain_line(row.target, 60),
        plain_line(row.effort, 20),
        plain_line(verdict, 40),
        f"{len(row.failed):,}",
        _named(row.new),
        _named(row.fixed),
        *("" if amount is None else f"{amount:,}" for amount in amounts),
        "" if row.seconds is None else f"{row.seconds:,.1f}",
    )


def _named(rules: Sequence[str]) -> str:
    more = len(rules) - _NAMED
    names = ", ".join(plain_line(rule, 40) for rule in rules[:_NAMED])
    return f"{names} and {more} more" if more > 0 else names or "-"
