"""The matrix as a Markdown page, as it is published."""

from __future__ import annotations

import re

from commit_conformance.clients.report.matrix import MARKS, ClientLog, Matrix
from commit_conformance.report.plain import plain_line

__all__ = ["render"]

_LONGEST = 300
_ABOUT = """\
Each SDK was driven through the scenarios of this suite: the reference service on a loopback socket answers its commits
as a server, a gateway or a network may, and what the SDK sends and tells its caller is held against the rules for
clients. [docs/sdks.md](../docs/sdks.md) says how, and how to do it with another SDK.

A verdict is about one version of one SDK, called as its driver calls it: through its public interface, with the
settings it comes with, unless a scenario says otherwise. **passed** and **FAILED** are judged; *observed* is recorded
where the contract is silent; *blocked* could not be reached; *unsupported* means that the SDK has no such call or
option; *errored* is the driver's trouble, not the SDK's; – was not asked.
"""


def render(matrix: Matrix) -> str:
    """Gives the page: who was asked, the matrix, and of each SDK what failed and what was observed."""
    lines = ["# What SDKs make of a commit", "", _ABOUT]
    lines += _table(
        ["SDK", "version", "language", "driver", "passed", "failed", "other", "conclusion"],
        [_client_row(client) for client in matrix.clients],
    )
    lines += ["", "## Rule by SDK", ""]
    lines += _table(
        ["rule", "level", *(client.name for client in matrix.clients)],
        [[f"`{row.rule}`", row.level, *(_mark(cell.verdict) for cell in row.cells)] for row in matrix.rows],
    )
    for column, client in enumerate(matrix.clients):
        lines += _client(matrix, column, client)
    lines += _sentences(matrix)
    return "\n".join(lines).rstrip() + "\n"


def _client_row(client: ClientLog) -> list[str]:
    counts = client.counts
    passed, failed = counts["passed"], counts["failed"]
    rest = sum(counts.values()) - passed - failed
    language = f"{client.language}, {client.runtime}" if client.runtime else client.language
    return [
        _text(client.title),
        _text(client.version),
        _text(language),
        f"`{client.name}`",
        str(passed),
        str(failed),
        str(rest),
        client.conclusion,
    ]


def _client(matrix: Matrix, column: int, client: ClientLog) -> list[str]:
    lines = ["", f"## {_text(client.title)}", ""]
    calls = ", ".join(f"`{call}`" for call in client.calls) or "none"
    driven = f"driven on {_text(client.started[:10])} with version {_text(client.tool)} of this suite"
    lines.append(f"{_text(client.sdk)} {_text(client.version)}, {_text(client.language)}; calls: {calls}; {driven}.")
    if client.note:
        lines += ["", _text(client.note)]
    lines += [line for message in client.outdated for line in ("", f"Out of date: {_text(message)}")]
    told = {
        verdict: [(row, row.cells[column]) for row in matrix.rows if row.cells[column].verdict == verdict]
        for verdict in MARKS
    }
    for row, cell in told["failed"]:
        known = [f"- known: {_text(cell.known)}"] if cell.known else []
        lines += [
            "",
            f"### `{row.rule}`",
            "",
            row.statement,
            "",
            f"- seen: {_text(cell.reason)}",
            f"- what its users suffer: {row.breaks}",
            *known,
            f"- to show it: `{_code(cell.replay)}`",
        ]
    if not told["failed"]:
        lines += ["", "No rule failed."]
    for verdict in ("observed", "errored", "blocked", "unsupported"):
        if told[verdict]:
            lines += ["", f"{verdict.capitalize()}:", ""]
            lines += [f"- `{row.rule}`: {_text(cell.reason)}" for row, cell in told[verdict]]
    return lines


def _sentences(matrix: Matrix) -> list[str]:
    lines = ["", "## The rules", ""]
    return lines + _table(
        ["rule", "level", "sentence", "source"],
        [[f"`{row.rule}`", row.level, row.statement, "; ".join(row.source)] for row in matrix.rows],
    )


def _mark(verdict: str) -> str:
    mark = MARKS.get(verdict, verdict)
    return f"**{mark}**" if verdict == "failed" else mark


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
    ]


def _text(text: str) -> str:
    """A stranger's text, so that it is shown and not obeyed."""
    return re.sub(r"([\\`*_<>\[\]])", r"\\\1", plain_line(text, _LONGEST))


def _code(text: str) -> str:
    return plain_line(text, _LONGEST).replace("`", "'")
