"""The matrix on a terminal: one SDK in full, several side by side."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from commit_conformance.clients.report.matrix import MARKS, ClientLog, Matrix
from commit_conformance.report.plain import plain_line

__all__ = ["render"]

_STYLES = {
    "passed": "green",
    "failed": "bold red",
    "errored": "magenta",
    "blocked": "yellow",
    "unsupported": "dim",
    "observed": "cyan",
}
_LONGEST = 400


def render(matrix: Matrix, console: Console, *, quiet: bool = False) -> None:
    """Shows a matrix.

    Args:
        quiet: Failures and conclusions only.
    """
    if len(matrix.clients) == 1:
        _one(matrix, console, quiet=quiet)
    elif not quiet:
        _several(matrix, console)
    for column, client in enumerate(matrix.clients):
        failed = [(row, row.cells[column]) for row in matrix.rows if row.cells[column].verdict == "failed"]
        for row, cell in failed:
            console.print()
            console.print(Text.assemble((row.rule, "bold red"), "  ", (row.level, "dim"), "  ", (client.name, "dim")))
            console.print(Text(f"  {row.statement}"))
            console.print(Text(f"  seen    {plain_line(cell.reason, _LONGEST)}"))
            console.print(Text(f"  suffer  {row.breaks}"))
            if cell.known:
                console.print(Text(f"  known   {plain_line(cell.known, _LONGEST)}"))
            console.print(Text(f"  show    {plain_line(cell.replay, _LONGEST)}", style="dim"))
    console.print()
    for client in matrix.clients:
        for message in client.outdated:
            console.print(Text(plain_line(message, _LONGEST), style="yellow"))
        console.print(_conclusion(client))


def _one(matrix: Matrix, console: Console, *, quiet: bool) -> None:
    if quiet:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("what was seen", overflow="fold")
    for row in matrix.rows:
        (cell,) = row.cells
        seen = plain_line(cell.reason, 160) if cell.verdict != "failed" else "see below"
        table.add_row(Text(row.rule, style="cyan"), Text(row.level, style="dim"), _mark(cell.verdict), Text(seen))
    console.print(table)


def _several(matrix: Matrix, console: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("rule", no_wrap=True)
    for client in matrix.clients:
        table.add_column(client.name, overflow="fold")
    for row in matrix.rows:
        table.add_row(Text(row.rule, style="cyan"), *(_mark(cell.verdict) for cell in row.cells))
    console.print(table)


def _mark(verdict: str) -> Text:
    return Text(MARKS.get(verdict, verdict), style=_STYLES.get(verdict, ""))


def _conclusion(client: ClientLog) -> Text:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in client.counts.most_common())
    style = {0: "bold green", 1: "bold red"}.get(client.exit_code if client.exit_code is not None else 3, "bold yellow")
    name = plain_line(f"{client.title} {client.version}".strip(), 100)
    reason = f" ({plain_line(client.reason, _LONGEST)})" if client.reason else ""
    return Text.assemble((f"{name} {client.conclusion}", style), f": {counts}; {client.plays} scenarios{reason}")
