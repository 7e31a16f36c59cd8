"""The event log of a run: one JSON object a line, read line by line.

This module owns the file and the order of its events; what an event says is left to
:mod:`commit_conformance.report.events`. Events of unknown kinds are counted and passed over. A log that cannot be
trusted raises :class:`BrokenLog`; one that merely ends early is read and marked as truncated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commit_conformance.report.events import Footer, Header, Target
from commit_conformance.report.fields import Fields, text_of
from commit_conformance.report.verdicts import MOST_EXCHANGES, Verdict

FORMAT = 1


class BrokenLog(Exception):
    """An event log that cannot be read.

    Attributes:
        path: The log.
        line: Number of the line at fault, from 1; None when the file as a whole is meant.
        why: What is wrong, to follow the place in a sentence.
    """

    def __init__(self, path: Path, line: int | None, why: str) -> None:
        self.path = path
        self.line = line
        self.why = why
        place = f"{path}, line {line}" if line is not None else str(path)
        super().__init__(f"{place}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A whole event log.

    Attributes:
        truncated: Why the log ends before the run did; None for a complete one.
        skipped: How many lines held events of unknown kinds.
        outdated: What is out of date in the list of known failures, a line for each entry.
        changes: What the run has changed in that list, in lines.
    """

    path: Path
    header: Header
    target: Target | None
    verdicts: tuple[Verdict, ...]
    footer: Footer | None
    truncated: str | None
    skipped: int = 0
    outdated: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


def read_log(path: Path) -> Log:
    """Reads the log at ``path``.

    Raises:
        BrokenLog: If it cannot be opened, is empty, does not start with a header of format 1, or a line other than a
            torn last one is not a JSON object.
    """
    header: Header | None = None
    target: Target | None = None
    footer: Footer | None = None
    verdicts: list[Verdict] = []
    failed: set[str] = set()
    truncated: str | None = "the log ends before the run did"
    skipped = 0
    outdated: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    for number, event in events_of(path):
        kind = event.get("event")
        if header is None:
            header = _header(path, number, event)
            continue
        match kind:
            case "target":
                target = Target.from_event(event)
            case "verdict":
                try:
                    line = Verdict.from_event(event, keep=0 if text_of(event.get("rule")) in failed else MOST_EXCHANGES)
                    verdicts.append(line)
                    # One failure of a rule is shown; the exchanges of more of them would only take memory.
                    failed |= {line.rule} if line.verdict == "failed" else set()
                except ValueError as error:
                    raise BrokenLog(path, number, str(error)) from None
            case "footer":
                footer, truncated = Footer.from_event(event), None
            case "truncated":
                footer, truncated = Footer.from_event(event), text_of(event.get("reason")) or "the run was cut short"
            case "known-failures":
                told = [Fields(item).text("message") for item in Fields(event).list("outdated")]
                outdated = tuple(dict.fromkeys([*outdated, *told]))  # each run of a merged log has its own
                changes += Fields(event).texts("changes")
            case "torn":
                truncated = "the log breaks off in the middle of its last line"
            case "header":
                raise BrokenLog(path, number, "a second header: two runs wrote to one log")
            case _:
                skipped += 1
    if header is None:
        raise BrokenLog(path, None, "the log is empty")
    if target is not None and target.static_mock:
        header = replace(header, notes=(*header.notes, *target.notes))  # what kind of target it is comes first
    return Log(
        path=path,
        header=header,
        target=target,
        verdicts=tuple(verdicts),
        footer=footer,
        truncated=truncated,
        skipped=skipped,
        outdated=outdated,
        changes=changes,
    )


def _header(path: Path, number: int, event: dict[str, Any]) -> Header:
    if event.get("event") != "header":
        raise BrokenLog(path, number, f"a log starts with a header, this one with {text_of(event.get('event'))!r}")
    if event.get("format") != FORMAT:
        found = text_of(event.get("format")) or "unknown"
        raise BrokenLog(path, number, f"is of format {found}; this version reads format {FORMAT}")
    return Header.from_event(event)


def events_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields line numbers and events as they were written; a last line that a kill tore apart as the event ``torn``.

    Raises:
        BrokenLog: The file cannot be read, or a line other than a torn last one is not a JSON object.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                event, why = _parse(line)
                if event is not None:
                    yield number, event
                elif number > 1 and not line.endswith(b"\n"):
                    yield number, {"event": "torn"}
                else:
                    raise BrokenLog(path, number, why)
    except OSError as error:
        raise BrokenLog(path, None, f"cannot be read: {error.strerror or error}") from error


def _parse(line: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        event = json.loads(line.decode())
    except UnicodeDecodeError:
        return None, "is not UTF-8"
    except ValueError as error:
        return None, f"is not JSON: {error}"
    except RecursionError:
        return None, "is nested too deeply to be read"
    return (event, "") if isinstance(event, dict) else (None, "is not a JSON object")
