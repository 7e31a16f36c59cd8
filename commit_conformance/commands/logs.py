"""The commands that work on event logs of earlier runs: ``report``, ``diff``, ``merge`` and ``history``.

Nothing is sent. Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from commit_conformance.commands.usage import Problem, check_names, log_at, path_of_log
from commit_conformance.report.formats import FORMATS, UnknownFormat, formats_of


@click.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.option("-v", "--verbose", count=True, help="Show more; twice for everything.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
@click.option("--format", "formats", multiple=True, metavar="FORMATS", help=f"Write files: {','.join(FORMATS)}.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write. Default: beside the log.")
@click.option("--link", metavar="URL", help="Where the Markdown report points for the whole. Default: report.html.")
def report(log: Path, verbose: int, quiet: bool, formats: tuple[str, ...], out: Path | None, link: str | None) -> None:
    """Shows the report of an earlier run from its event log, or writes it as files.

    LOG is the folder or the events.jsonl of a run.
    """
    from rich.console import Console

    from commit_conformance.report import terminal
    from commit_conformance.report.log import BrokenLog
    from commit_conformance.report.write import write

    try:
        chosen = formats_of(formats)
    except UnknownFormat as error:
        raise Problem(f"--format: {error}") from None
    if out is not None and not chosen:
        raise Problem(f"--out {out}: --format has to say what to write there, such as --format html,markdown")
    path = path_of_log(log)
    found = log_at(path)
    if chosen:
        try:
            written = write(path, chosen, out, link=link)
        except (BrokenLog, OSError) as error:
            raise Problem(str(error)) from None
        for name, file in written.items():
            click.echo(f"{name}: {file}")
        return
    terminal.render(found, Console(), verbose=verbose, quiet=quiet)


@click.command()
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
    from commit_conformance.report.runs.diff import FailOn
    from commit_conformance.report.runs.diff import diff as diff_of
    from commit_conformance.report.runs.lines import diff_lines

    check_names("--fail-on", [fail_on], [each.value for each in FailOn])
    logs = [log_at(path) for path in (before, after)]
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


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOG...")
@click.option("--out", default="reports/merged", show_default=True, type=click.Path(path_type=Path), metavar="DIR")
@click.option("--format", "formats", default="html,junit", show_default=True, metavar="FORMATS", help="Files to write.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
def merge(logs: tuple[Path, ...], out: Path, formats: str, quiet: bool) -> None:
    """Joins the logs of several runs against one target into one: shards of a suite.

    A LOG is the folder or the events.jsonl of a run. The worst verdict of a rule counts, costs add up. Exit codes are
    those of a run: 0 conforms, 1 does not, 2 wrong use, 3 could not be tested.
    """
    from rich.console import Console

    from commit_conformance.report import terminal
    from commit_conformance.report.log import BrokenLog
    from commit_conformance.report.runs.merge import NotMergeable
    from commit_conformance.report.runs.merge import merge as merge_logs
    from commit_conformance.report.summary import summarize
    from commit_conformance.report.write import write

    try:
        chosen = formats_of(formats)
        found = merge_logs([path_of_log(log) for log in logs], out / "events.jsonl")
        write(found.path, chosen, out)
    except UnknownFormat as error:
        raise Problem(f"--format: {error}") from None
    except (BrokenLog, NotMergeable, OSError) as error:
        raise Problem(str(error)) from None
    terminal.render(found, Console(), quiet=quiet)
    sys.exit(summarize(found).exit_code)


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="LOG|DIR...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")
def history(logs: tuple[Path, ...], as_json: bool) -> None:
    """Shows many runs in a table: date, target, verdict, failures, what was new, cost.

    A LOG is the events.jsonl of a run; of a DIR, every events.jsonl in it and below is taken.
    """
    from commit_conformance.report.runs.history import history as history_of
    from commit_conformance.report.runs.history import history_lines, logs_below

    found = history_of(logs_below(logs))
    if not found.rows:
        reason = found.broken[0] if found.broken else "there is no events.jsonl below " + ", ".join(map(str, logs))
        raise Problem(reason)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    for line in history_lines(found):
        click.echo(line)
