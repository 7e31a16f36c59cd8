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


@main.command()
@click.argument("run", required=False, type=click.Path(path_type=Path), metavar="[RUN]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")
@_run_options
def fingerprint(*, run: Path | None, as_json: bool, **given: Any) -> None:
    """Prints what a target does where the contract leaves it a choice.

    RUN is the folder or the events.jsonl of an earlier run, reports/latest by default; nothing is sent. With --target
    the rules that only observe are run first, without a limit on requests, into reports/fingerprint; the other options
    are those of that run, and count with --target only.
    """
    import json

    from commit_conformance.report.diff import fingerprint_lines
    from commit_conformance.report.fingerprint import fingerprint as fingerprint_of

    if given["target"] is not None:
        if run is not None:
            raise Problem(f"{run}: give either a run, or --target to make one")
        run = _observe(given)
    found = fingerprint_of(_log(run or Path("reports/latest")))
    if not found.observed:
        reason = next(iter(found.unknown.values()), "no rule that observes was run")
        raise Problem(f"nothing was observed: {reason}", NOT_TESTED)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    for line in fingerprint_lines(found):
        click.echo(line)


def _observe(given: dict[str, Any]) -> Path:
    """Runs the rules that only observe, with its report on standard error; gives the run's folder."""
    from contextlib import redirect_stdout

    from commit_conformance.runner import run_suite
    from commit_conformance.verdict.catalogue import Catalogue, Level

    observing = [rule.id for rule in Catalogue.load().select(levels=[Level.OBSERVED])]
    defaults = {"rule": observing, "effort": "thorough", "out": "reports/fingerprint"}
    chosen = {**given, **{name: given[name] or value for name, value in defaults.items()}}
    try:
        with redirect_stdout(sys.stderr):
            code = run_suite(chosen, quiet=True)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    if code == WRONG_USE:
        sys.exit(code)
    return Path(chosen["out"])


def _log(path: Path) -> Any:
    """The event log of a run that is named by its folder or by the log itself."""
    from commit_conformance.report.log import BrokenLog, read_log

    try:
        return read_log(path / "events.jsonl" if path.is_dir() else path)
    except BrokenLog as error:
        raise Problem(str(error)) from None


@main.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")
@click.option(
    "--fail-on",
    default="new",
    show_default=True,
    metavar="never|new|changed|any",
    help="Exit with 1 on new failures of rules that decide; on any change of what the target does; or on rules that "
    "only one of the runs has tested as well.",
)
def diff(before: Path, after: Path, as_json: bool, fail_on: str) -> None:
    """Tells what has changed between two runs.

    BEFORE and AFTER are folders of runs, or their events.jsonl. Exit codes: 0 nothing of --fail-on has changed, 1
    something has, 2 wrong use, or a log that is missing, cut short or of another format.
    """
    import json

    from commit_conformance.report.diff import FailOn, diff_lines
    from commit_conformance.report.diff import diff as diff_of

    _check_names("--fail-on", [fail_on], [each.value for each in FailOn])
    logs = [_log(path) for path in (before, after)]
    for log in logs:
        if log.truncated is not None:
            raise Problem(f"{log.path}: {log.truncated}; only whole runs can be compared")
    found = diff_of(*logs)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        for line in diff_lines(found):
            click.echo(line)
    sys.exit(found.exit_code(FailOn(fail_on)))


@main.command()
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="A side: mock, mock:fault=NAME, or a URL.")
@click.option("--api-url", "api_urls", multiple=True, metavar="URL", help="Base URL of the read endpoints.")
@click.option("--folder-id", "folder_ids", multiple=True, metavar="ID", help="Folder to make a folder in. Default: 0.")
@click.option("--token-file", "token_files", multiple=True, metavar="FILE", help="File that holds the token.")
@click.option("--token-env", "token_variables", multiple=True, metavar="NAME", help="Variable that holds the token.")
@click.option("--allow-origin", "allow_origins", multiple=True, metavar="URL", help="Another origin for the tokens.")
@click.option("--allow-production", is_flag=True, help="Compare a public production host all the same.")
@click.option("--seed", metavar="N", help="What is drawn and every file's bytes follow from it. Default: a new one.")
@click.option("--out", default="reports/compare", show_default=True, metavar="DIR", help="Folder for the ledgers.")
@click.option("--all", "every", is_flag=True, help="Show every difference in full, beyond one screen.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")
def compare(*, every: bool, as_json: bool, **given: Any) -> None:
    r"""Sends the same commits to two targets and tells where their answers differ, and which is wrong.

    
    commit-conformance compare --target mock --target mock:fault=accepts-gap,behaviour=processing=2
    commit-conformance compare --target mock --target https://upload.staging.example/api/2.0 --folder-id 123

    --target is given twice, for A and for B. --api-url, --folder-id, --token-file and --token-env are given once for
    every side that is a URL, or twice, A's first. A side gets at most 250 requests to the upload endpoints.

    Exit codes: 0 no difference, 1 they differ, 2 wrong use, 3 they could not be compared.
    """
    import json
    import signal

    from rich.console import Console
    from rich.text import Text

    from commit_conformance.specs import suite_root

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was made is taken away, as after Ctrl-C
    if str(suite_root()) not in sys.path:  # where the strategies lie
        sys.path.insert(0, str(suite_root()))
    try:
        from commit_conformance.compare.settings import both_sides

        sides = both_sides(given.pop("targets"), **given)
        from commit_conformance.compare.comparison import NotComparable
        from commit_conformance.compare.comparison import compare as compare_sides
        from commit_conformance.compare.screen import as_json as json_of
        from commit_conformance.compare.screen import show

        with Console(stderr=True).status("connecting") as status:  # on a terminal only
            found = compare_sides(sides, say=lambda line: status.update(Text(line)))
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    except NotComparable as problem:
        raise Problem(str(problem), NOT_TESTED) from None
    except KeyboardInterrupt:
        raise Problem("interrupted; what was made was taken away again", NOT_TESTED) from None
    if as_json:
        click.echo(json.dumps(json_of(found), indent=2))
    else:
        show(found, Console(), every=every)
    sys.exit(int(bool(found.groups)))


def _check_names(option: str, given: Any, known: list[str]) -> None:
    from difflib import get_close_matches

    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Problem(f"{option} {name!r} is not one of {', '.join(known)}{hint}")


if __name__ == "__main__":
    main()
