"""The matrix as data: a row for each rule, a column for each SDK, a cell for what was seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commit_conformance.report.fields import Fields
from commit_conformance.report.log import BrokenLog

__all__ = ["MARKS", "NOT_JUDGED", "Cell", "ClientLog", "Matrix", "Row", "matrix_of", "read_client_log"]

NOT_JUDGED: Final = "not judged"
MARKS: Final = {
    "passed": "passed",
    "failed": "FAILED",
    "errored": "errored",
    "blocked": "blocked",
    "unsupported": "unsupported",
    "observed": "observed",
    NOT_JUDGED: "–",
}
"""What stands in a cell."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What was found out about one rule and one SDK.

    Attributes:
        verdict: As in the log, or `NOT_JUDGED` where the run left the rule out.
        gating: Whether it decided the run.
        known: Why a failure did not decide although its level does: reason, owner and last day; empty otherwise.
        reason: What was seen.
        replay: The command that shows it.
    """

    verdict: str
    gating: bool = False
    known: str = ""
    reason: str = ""
    replay: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule.

    Attributes:
        cells: One for each SDK, in the order of the matrix.
    """

    rule: str
    group: str
    level: str
    statement: str
    why: str
    breaks: str
    source: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLog:
    """The log of one run of a client.

    Attributes:
        name: What the driver is called.
        title: The SDK, for people.
        sdk, version, language, runtime, note: As the driver said.
        calls: Calls with their options.
        started: When the run began, RFC 3339.
        tool: Version of this suite.
        verdicts: The verdict events, in order.
        conclusion: How the run ended; that it was cut short, if it was.
        reason: The conclusion in a sentence.
        outdated: What is wrong with entries of the known failures.
        exit_code: 0, 1 or 3; ``None`` of a run that was cut short.
        plays: How many scenarios were played.
        seconds: How long it took.
    """

    path: Path
    name: str
    title: str
    sdk: str
    version: str
    language: str
    runtime: str
    note: str
    calls: dict[str, tuple[str, ...]]
    started: str
    tool: str
    verdicts: tuple[Fields, ...]
    conclusion: str
    reason: str
    outdated: tuple[str, ...]
    exit_code: int | None
    plays: int
    seconds: float

    @property
    def counts(self) -> Counter[str]:
        """How many rules have which verdict."""
        return Counter(each.text("verdict") for each in self.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Rules by SDK."""

    clients: tuple[ClientLog, ...]
    rows: tuple[Row, ...]

    def as_json(self) -> dict[str, Any]:
        """With stable keys."""
        return {
            "format": _FORMAT,
            "clients": [
                {
                    "name": client.name,
                    "title": client.title,
                    "sdk": client.sdk,
                    "version": client.version,
                    "language": client.language,
                    "runtime": client.runtime,
                    "note": client.note,
                    "calls": {call: list(options) for call, options in client.calls.items()},
                    "started": client.started,
                    "conclusion": client.conclusion,
                    "reason": client.reason,
                    "outdated_known_failures": list(client.outdated),
                    "exit_code": client.exit_code,
                    "plays": client.plays,
                    "seconds": client.seconds,
                    "verdicts": dict(sorted(client.counts.items())),
                }
                for client in self.clients
            ],
            "rules": [
                {
                    "rule": row.rule,
                    "group": row.group,
                    "level": row.level,
                    "statement": row.statement,
                    "breaks": row.breaks,
                    "source": list(row.source),
                    "clients": {
                        client.name: {
                            "verdict": cell.verdict,
                            "gating": cell.gating,
                            "known": cell.known,
                            "reason": cell.reason,
                            "replay": cell.replay,
                        }
                        for client, cell in zip(self.clients, row.cells, strict=True)
                    },
                }
                for row in self.rows
            ],
        }


def read_client_log(path: Path) -> ClientLog:
    """Reads the event log of one client.

    Raises:
        BrokenLog: It cannot be read, or is none of a client.
    """
    header: Fields | None = None
    verdicts: list[Fields] = []
    footer = Fields({})
    for number, event in enumerate(_events(path), 1):
        kind = event.text("event")
        if header is None:
            if kind != "header" or event.text("kind") != "client":
                raise BrokenLog(path, number, "is not the log of a client; `commit-conformance report` reads others")
            if event.integer("format") != _FORMAT:
                raise BrokenLog(path, number, f"is of format {event.text('format')}; this version reads {_FORMAT}")
            header = event
        elif kind == "verdict":
            verdicts.append(event)
        elif kind == "footer":
            footer = event
    if header is None:
        raise BrokenLog(path, None, "the log is empty")
    client, calls = header.inner("client"), header.inner("client").get("calls")
    named = calls.items() if isinstance(calls, dict) else ()
    return ClientLog(
        path=path,
        name=client.text("name") or path.parent.name,
        title=client.text("title"),
        sdk=client.text("sdk"),
        version=client.text("version"),
        language=client.text("language"),
        runtime=client.text("runtime"),
        note=client.text("note"),
        calls={str(call): tuple(str(each) for each in options) for call, options in named if isinstance(options, list)},
        started=header.text("started"),
        tool=header.inner("tool").text("version"),
        verdicts=tuple(verdicts),
        conclusion=footer.text("conclusion") or "was cut short",
        reason=footer.text("reason"),
        outdated=tuple(Fields(each).text("message") for each in footer.list("known_failures")),
        exit_code=footer.integer("exit_code"),
        plays=footer.integer("plays") or 0,
        seconds=footer.number("seconds") or 0.0,
    )


def matrix_of(clients: Sequence[ClientLog]) -> Matrix:
    """The matrix of some logs. Rules stand in the order in which the logs give them."""
    found: dict[str, dict[int, Fields]] = {}
    for column, client in enumerate(clients):
        for event in client.verdicts:
            found.setdefault(event.text("rule"), {})[column] = event
    ordered = _in_one_order([[event.text("rule") for event in client.verdicts] for client in clients])
    return Matrix(clients=tuple(clients), rows=tuple(_row(rule, found[rule], columns=len(clients)) for rule in ordered))


def _row(rule: str, events: dict[int, Fields], *, columns: int) -> Row:
    told = next(iter(events.values()))
    return Row(
        rule=rule,
        group=told.text("group"),
        level=told.text("level"),
        statement=told.text("statement"),
        why=told.text("why"),
        breaks=told.text("breaks"),
        source=told.texts("source"),
        cells=tuple(_cell(events.get(column)) for column in range(columns)),
    )


def _cell(event: Fields | None) -> Cell:
    if event is None:
        return Cell(verdict=NOT_JUDGED)
    known = event.inner("known")
    told = f"{known.text('reason')} ({known.text('owner')}, until {known.text('expires') or 'further notice'})"
    return Cell(
        verdict=event.text("verdict"),
        gating=event.get("gating") is True,
        known=told if known.text("rule") else "",
        reason=event.text("reason"),
        replay=event.text("replay"),
    )


def _in_one_order(lists: Iterable[list[str]]) -> list[str]:
    """All names of some lists that agree in their order, as far as they do."""
    merged: list[str] = []
    for names in lists:
        at = 0
        for name in names:
            if name in merged:
                at = merged.index(name) + 1
            else:
                merged.insert(at, name)
                at += 1
    return merged


def _events(path: Path) -> Iterable[Fields]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BrokenLog(path, None, f"cannot be read: {error.strerror or error}") from None
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            if number == len(lines) and number > 1:
                return  # torn by a kill
            raise BrokenLog(path, number, "is not JSON") from None
        yield Fields(event)
