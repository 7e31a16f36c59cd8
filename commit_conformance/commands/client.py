"""The command ``commit-conformance client``: SDKs driven through scenarios.

Thin, like the other commands: what it needs is imported when it is used.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commit_conformance.commands.usage import NOT_TESTED, Problem

if TYPE_CHECKING:
    from commit_conformance.clients.discovery import DriverFolder
    from commit_conformance.clients.run import ClientRun

__all__ = ["client"]


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND [ARGUMENT]...]")
@click.option("--sdk", "names", multiple=True, metavar="NAME", help="A driver that comes along; see --list.")
@click.option("--all", "every", is_flag=True, help="Every driver that comes along and is installed.")
@click.option("--list", "listing", is_flag=True, help="List the drivers that come along, and the scenarios.")
@click.option("--install", is_flag=True, help="Install the SDKs of --sdk or --all into their caches, and run nothing.")
@click.option("--report", is_flag=True, help="Write the reports anew from the logs below --out, and run nothing.")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario, or those of a pattern."
)
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Only this rule, or those of a pattern.")
@click.option("--quick", is_flag=True, help="Only the scenarios that matter most.")
@click.option("--gate", metavar="LEVELS", help="Levels that decide. Default: documented,implied.")
@click.option("--known-failures", metavar="FILE", help="List of failures that are known and do not decide.")
@click.option("--workers", type=click.IntRange(1, 64), default=4, show_default=True, help="Scenarios played at once.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Time for a scenario. Default: the scenario's own.")
@click.option("--out", metavar="DIR", default="reports/client", show_default=True, help="Folder for logs and reports.")
@click.option("--json", "as_json", is_flag=True, help="Print the matrix as JSON with stable keys.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of every scenario as it ends.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
def client(*, command: tuple[str, ...], **given: Any) -> None:
    r"""Drives SDKs through scenarios and tells whether they use the contract rightly.

    \b
    commit-conformance client --list
    commit-conformance client --sdk boxsdk-10
    commit-conformance client -- python my_driver.py

    COMMAND starts a driver of your own. Exit codes: 0 conforms, 1 does not, 2 wrong use, 3 could not be tested.
    """
    from commit_conformance.clients.discovery import InstallFailed, UnknownDriver
    from commit_conformance.clients.run import NotTested
    from commit_conformance.clients.scenarios import UnknownScenario
    from commit_conformance.known import KnownFailuresProblem
    from commit_conformance.report.log import BrokenLog
    from commit_conformance.verdict.catalogue import UnknownName

    asked = _Asked(command=command, **given)
    try:
        sys.exit(asked.carry_out())
    except (UnknownDriver, UnknownScenario, UnknownName, KnownFailuresProblem, BrokenLog) as error:
        raise Problem(str(error)) from None
    except (NotTested, InstallFailed, RuntimeError) as error:
        raise Problem(str(error), NOT_TESTED) from None
    except KeyboardInterrupt:
        raise Problem("interrupted; the drivers were ended", NOT_TESTED) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for."""

    command: tuple[str, ...]
    names: tuple[str, ...]
    every: bool
    listing: bool
    install: bool
    report: bool
    scenarios: tuple[str, ...]
    rules: tuple[str, ...]
    quick: bool
    gate: str | None
    known_failures: str | None
    workers: int
    timeout: float | None
    out: str
    as_json: bool
    verbose: bool
    quiet: bool

    def carry_out(self) -> int:
        """Does it; gives the exit code."""
        if self.listing:
            _list()
            return 0
        if self.report:
            return self._show([log.parent for log in sorted(Path(self.out).glob("*/events.jsonl"))])
        if bool(self.command) + bool(self.names) + self.every != 1:
            raise Problem("say what to drive: --sdk NAME, --all, or -- COMMAND; --list shows what comes along")
        if self.install:
            return self._install()
        return self._run()

    def _folders(self) -> list[DriverFolder]:
        from commit_conformance.clients.discovery import drivers, find_driver

        if self.every:
            return [each for each in drivers() if not each.control]
        return [find_driver(name) for name in self.names]

    def _install(self) -> int:
        from commit_conformance.clients.discovery import InstallFailed, install

        if self.command:
            raise Problem("--install goes with --sdk or --all; a COMMAND has to be there already")
        failed = 0
        for folder in self._folders():
            try:
                install(folder, say=click.echo)
            except InstallFailed as problem:
                click.echo(str(problem), err=True)
                failed += 1
        # What this machine cannot run is no mistake where everything that can be installed was asked for.
        return NOT_TESTED if failed and not self.every else 0

    def _run(self) -> int:
        runs, codes = self._runs(), []
        if not runs:
            raise Problem(
                "no driver is installed; `commit-conformance client --install --all` installs them", NOT_TESTED
            )
        from commit_conformance.clients.run import NotTested, run_client

        for run in runs:
            try:
                codes.append(run_client(run, say=self._progress(run.name)).exit_code)
            except NotTested as problem:
                if len(runs) == 1:
                    raise
                click.echo(f"{run.name}: {problem}", err=True)
                codes.append(NOT_TESTED)
        told = [run.out for run in runs if run.out is not None and (run.out / "events.jsonl").is_file()]
        self._show(told)
        return 1 if 1 in codes else max(codes)

    def _runs(self) -> list[ClientRun]:
        from commit_conformance.clients.process import Command

        if self.command:
            replay = f"commit-conformance client -- {shlex.join(self.command)}"
            return [self._one("driver", Command(words=self.command), title="", replay=replay)]
        runs = []
        for folder in self._folders():
            if not folder.is_installed:
                lacks = f"needs {', '.join(folder.missing)}" if folder.missing else "is not installed"
                hint = (
                    "" if folder.missing else f"; `commit-conformance client --install --sdk {folder.name}` does that"
                )
                if not self.every:
                    raise Problem(f"{folder.name} {lacks}{hint}", NOT_TESTED)
                click.echo(f"{folder.name} {lacks}, and is left out{hint}", err=True)
                continue
            replay = f"commit-conformance client --sdk {folder.name}"
            runs.append(self._one(folder.name, folder.run(), title=folder.title, replay=replay))
        return runs

    def _one(self, name: str, command: Any, *, title: str, replay: str) -> ClientRun:
        from commit_conformance.clients.run import GATE, ClientRun
        from commit_conformance.commands.usage import check_names
        from commit_conformance.known import load
        from commit_conformance.verdict.catalogue import Level

        levels = [each.strip() for each in self.gate.split(",")] if self.gate else list(GATE)
        check_names("--gate", levels, [level.value for level in Level if level is not Level.OBSERVED])
        return ClientRun(
            name=name,
            title=title,
            command=command,
            replay=replay,
            rules=self.rules,
            scenarios=self.scenarios,
            quick=self.quick,
            gate=tuple(Level(level) for level in levels),
            known=load(Path(self.known_failures)) if self.known_failures else None,
            workers=self.workers,
            timeout=self.timeout,
            out=Path(self.out) / name,
        )

    def _progress(self, name: str) -> Any:
        return (lambda line: click.echo(f"{name}: {line}", err=True)) if self.verbose else (lambda line: None)

    def _show(self, folders: Sequence[Path]) -> int:
        import json

        from rich.console import Console

        from commit_conformance.clients.report import matrix_of, read_client_log, write_matrix
        from commit_conformance.clients.report.terminal import render

        if not folders:
            raise Problem(f"there are no logs of clients below {self.out}", NOT_TESTED)
        matrix = matrix_of([read_client_log(folder / "events.jsonl") for folder in folders])
        written = write_matrix(matrix, Path(self.out))
        if self.as_json:
            click.echo(json.dumps(matrix.as_json(), indent=2))
            return 0
        render(matrix, Console(), quiet=self.quiet)
        if not self.quiet:
            click.echo(f"reports: {', '.join(str(path) for path in written)}")
        return 0


def _list() -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from commit_conformance.clients.discovery import drivers
    from commit_conformance.clients.scenarios import SCENARIOS

    console = Console()
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("driver", "SDK", "state"):
        table.add_column(heading, overflow="fold")
    for each in drivers():
        missing = f"needs {', '.join(each.missing)}" if each.missing else "not installed"
        state = "installed" if each.is_installed else missing
        title = each.title + (" (to test the suite)" if each.control else "")
        table.add_row(Text(each.name, style="cyan"), f"{title}, {each.version}", state)
    console.print(table)
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("scenario", "calls", "what happens"):
        table.add_column(heading, overflow="fold")
    for scenario in SCENARIOS:
        table.add_row(Text(scenario.name, style="cyan"), Text(", ".join(scenario.calls), style="dim"), scenario.summary)
    console.print(table)
    console.print(f"{len(SCENARIOS)} scenarios", style="dim", highlight=False)
