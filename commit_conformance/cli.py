"""The command ``commit-conformance``.

Thin: each subcommand reads its options, calls one function elsewhere and shows what it gives. Everything heavy is
imported inside the subcommand that needs it, so that ``--help`` and ``rules`` start at once.

Exit codes: 0 conforms, 1 does not, 2 wrong use, 3 could not be tested.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from commit_conformance.options import OPTIONS, Option, UsageProblem

WRONG_USE, NOT_TESTED = 2, 3


class Problem(click.ClickException):
    """One clear message and an exit code."""

    def __init__(self, message: str, exit_code: int = WRONG_USE) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares a class variable and reads it off instances

    def show(self, file: Any = None) -> None:
        """Prints the message, without what a terminal would obey."""
        from commit_conformance.report.plain import plain

        click.echo(f"commit-conformance: {plain(self.message)}", file=file or sys.stderr)


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds every option of a run to a command."""
    for option in reversed(OPTIONS):
        command = click.option(
            f"--{option.name}",
            option.field,
            default=None,
            help=_help(option),
            **(
                {"is_flag": True}
                if option.flag
                else {"multiple": option.many, "metavar": "|".join(option.choices) or option.metavar}
            ),
        )(command)
    return command


def _help(option: Option) -> str:
    text = option.help
    if option.default:
        text += f" Default: {option.default}."
    return f"{text} [{option.variable}]"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="box-commit-conformance")
def main() -> None:
    r"""Tells whether a server keeps the commit contract of Box's chunked upload.

    Start with `commit-conformance run`, which tests the embedded service, or point it at a server:

    \b
    export COMMIT_CONFORMANCE_TOKEN=...
    commit-conformance run --target https://upload.staging.example/api/2.0 --folder-id 123

    Every option may be given by the environment variable named beside it.
    """


@main.command()
@_run_options
@click.option("-v", "--verbose", count=True, help="Show more; twice for everything.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
def run(*, verbose: int, quiet: bool, **given: Any) -> None:
    """Tests a server and writes a report.

    Exit codes: 0 it conforms, 1 it does not, 2 wrong use, 3 it could not be tested.
    """
    try:
        from commit_conformance.runner import run_suite

        code = run_suite(given, verbose=verbose, quiet=quiet)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    sys.exit(code)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--part-size", metavar="SIZE", help="Size of a part, like 64KiB or 8MiB.")
@click.option("--fault", multiple=True, metavar="NAME", help="Be wrong in this way; see `faults`.")
@click.option("--behaviour", multiple=True, metavar="NAME[=VALUE]", help="Differ rightly in this way; see `faults`.")
def serve(*, port: int, host: str, part_size: str | None, fault: tuple[str, ...], behaviour: tuple[str, ...]) -> None:
    """Runs the reference service on a socket, as a mock server to develop against.

    The first line printed is its URL.
    """
    from commit_conformance.runner import serve_reference

    try:
        serve_reference(
            port=port,
            host=host,
            faults=list(fault),
            behaviours=[*behaviour, *([f"part-size={part_size}"] if part_size else [])],
            say=lambda line: click.echo(line),
        )
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    except OSError as error:
        raise Problem(
            f"--port {port}: cannot listen there ({error.strerror or error}); give another port", NOT_TESTED
        ) from None


@main.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Only rules of this group.")
@click.option("--level", "levels", multiple=True, metavar="LEVEL", help="Only rules of this level.")
@click.option("--effort", metavar="EFFORT", help="Only rules that are tested at this effort.")
def rules(ids: tuple[str, ...], groups: tuple[str, ...], levels: tuple[str, ...], effort: str | None) -> None:
    """Lists the rules, or explains one.

    ID is a rule's id or a pattern such as PART-*.
    """
    from commit_conformance.listing import explain_rule, list_rules
    from commit_conformance.verdict.catalogue import Catalogue, CatalogueError, Effort, Level, UnknownName

    _check_names("--level", levels, [level.value for level in Level])
    _check_names("--effort", [effort] if effort else [], [each.value for each in Effort])
    try:
        catalogue = Catalogue.load()
        chosen = catalogue.select(
            ids,
            groups=groups,
            levels=[Level(level) for level in levels],
            effort=Effort(effort) if effort else None,
        )
    except (UnknownName, CatalogueError) as error:
        raise Problem(str(error)) from None
    if len(ids) == 1 and len(chosen) == 1 and "*" not in ids[0]:
        explain_rule(chosen[0])
    else:
        list_rules(chosen)


@main.command()
@click.option("--rule", "rule_id", metavar="ID", help="Only faults that break this rule.")
def faults(rule_id: str | None) -> None:
    """Lists the faults and behaviours of the reference service."""
    from commit_conformance.listing import list_faults

    try:
        list_faults(rule_id)
    except ValueError as error:
        raise Problem(str(error)) from None


@main.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("-v", "--verbose", count=True, help="Show more; twice for everything.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
@click.option("--write", is_flag=True, help="Write report.html and junit.xml beside the log again.")
def report(log: Path, verbose: int, quiet: bool, write: bool) -> None:
    """Shows the report of an earlier run from its event log."""
    from rich.console import Console

    from commit_conformance.report import terminal
    from commit_conformance.report.log import BrokenLog, read_log
    from commit_conformance.report.write import write_reports

    path = log / "events.jsonl" if log.is_dir() else log
    try:
        found = read_log(path)
        if write:
            write_reports(path, path.parent)
    except (BrokenLog, OSError) as error:
        raise Problem(str(error)) from None
    terminal.render(found, Console(), verbose=verbose, quiet=quiet)


@main.command()
@click.argument("ledger", type=click.Path(path_type=Path))
@click.option("--token-file", metavar="FILE", help="File that holds the token, in place of COMMIT_CONFORMANCE_TOKEN.")
def sweep(ledger: Path, token_file: str | None) -> None:
    """Takes away what a run that was killed has left on its target.

    LEDGER is the ledger.jsonl of that run. Nothing but what it names is touched.
    """
    from commit_conformance.runner import sweep_ledger

    try:
        result = sweep_ledger(ledger, token_file=token_file)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    click.echo(f"{result.deleted} deleted, {len(result.left)} left")
    for left in result.left:
        click.echo(f"  left: {left}")
    sys.exit(NOT_TESTED if result.left else 0)


def _check_names(option: str, given: Any, known: list[str]) -> None:
    from difflib import get_close_matches

    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Problem(f"{option} {name!r} is not one of {', '.join(known)}{hint}")


if __name__ == "__main__":
    main()
