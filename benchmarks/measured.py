"""Measurements as data: several values of one thing, what they are compared with, and the table and file they make.

Machines differ and are noisy, so one number says little. What is to be compared is measured in turns, round by round,
and shown as a ratio of medians beside the spread of the values.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

T = TypeVar("T")
#: Version of the file that `save` writes.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that was measured.

    Attributes:
        section: The heading it belongs under.
        name: What was measured; unique within its section.
        unit: Of the values: ``s``, ``MiB``, ``1/s`` or nothing for a plain number.
        values: One for each repeat.
        against: Name of the measure of the same section that it is set in relation to; empty for none.
        less_is_better: None where neither is better, as for a count of requests.
    """

    section: str
    name: str
    unit: str
    values: tuple[float, ...]
    against: str = ""
    less_is_better: bool | None = True

    @property
    def typical(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return min(self.values), max(self.values)


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that has ended: its wall time in seconds, and the most memory it had, in MiB.

    The system counts a process from its fork, so its memory is never less than what the measuring process had.
    """

    seconds: float
    peak: float


def in_turns(repeats: int, jobs: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Does each job once in every round, so that what disturbs the machine disturbs them alike."""
    results: dict[str, list[T]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            results[name].append(job())
    return results


def run_process(command: Sequence[str], *, codes: Iterable[int] = (0,), env: Mapping[str, str] | None = None) -> Ran:
    """Runs a command to its end.

    Args:
        codes: Exit codes that are expected.
        env: Its environment; that of this process by default.

    Raises:
        RuntimeError: It ended with another code; the message holds the end of what it printed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=None if env is None else dict(env)
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode not in codes:
        told = said.decode(errors="replace")[-1000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {told}")
    return Ran(seconds, used.ru_maxrss / 1024)


def save(path: Path, measures: Sequence[Measure], *, command: str, repeats: int) -> None:
    """Writes measures as JSON, with what is to be known about the machine."""
    document = {
        "format": FORMAT,
        "made": time.strftime("%Y-%m-%d"),
        "command": command,
        "repeats": repeats,
        "machine": {"cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "measures": [asdict(measure) for measure in measures],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> tuple[dict[str, Any], list[Measure]]:
    """Reads what `save` has written: all that is known of it, and the measures.

    Raises:
        ValueError: It is no such file; the message says why.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']!r} is not {FORMAT}")
        measures = [Measure(**{**each, "values": tuple(each["values"])}) for each in document["measures"]]
    except (OSError, KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{path}: no file of measures: {problem}") from None
    if any(not measure.values for measure in measures):
        raise ValueError(f"{path}: no file of measures: one of them has no values")
    return document, measures


def table(measures: Sequence[Measure]) -> list[str]:
    """Measures as Markdown, a table for each section."""
    lines: list[str] = []
    by_name = {(measure.section, measure.name): measure for measure in measures}
    section = ""
    for measure in measures:
        if measure.section != section:
            section = measure.section
            lines += ["", f"## {section}", "", "| | median | least to greatest | times |", "|---|---:|---:|---|"]
        least, most = measure.spread
        between = f"{shown(least, '')} to {shown(most, '')}" if least != most else ""
        other = by_name.get((section, measure.against))
        times = f"{measure.typical / other.typical:.2f} of {other.name}" if other and other.typical else ""
        lines.append(f"| {measure.name} | {shown(measure.typical, measure.unit)} | {between} | {times} |")
    return lines[1:]


def shown(value: float, unit: str) -> str:
    """A value with three digits that count, and its unit."""
    digits = f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
    return f"{digits} {unit}".strip()


def own_python(*arguments: str) -> list[str]:
    """The command of this very interpreter."""
    return [sys.executable, *arguments]
