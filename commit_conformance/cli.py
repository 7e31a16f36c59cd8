"""The command ``commit-conformance``.

Thin: each subcommand reads its options, calls one function elsewhere and shows what it gives. Everything heavy is
imported inside the subcommand that needs it, so that ``--help`` and ``rules`` start at once.

Exit codes: 0 conforms, 1 does not, 2 wrong use, 3 could not be tested.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from commit_conformance.commands.client import client
from commit_conformance.commands.load import load
from commit_conformance.commands.logs import diff, history, merge, report
from commit_conformance.commands.options import options as _options
from commit_conformance.commands.options import run_options as _run_options
from commit_conformance.commands.usage import NOT_TESTED, WRONG_USE, Problem, check_names, log_at
from commit_conformance.options import UsageProblem

#: Options that say how to have a token.
_OF_ACCESS = (
    *("config", "profile", "token-file", "token-env", "token-url", "client-id", "client-secret-file"),
    *("client-secret-env", "client-auth", "token-parameter", "allow-origin"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="box-commit-conformance")
def main() -> None:
    r"""Tells whether a server keeps the commit contract of Box's chunked upload.

    Start with `commit-conformance run`, which tests the embedded service, or point it at a server:

    \b
    export COMMIT_CONFORMANCE_TOKEN=...
    commit-conformance run --target https://upload.staging.example/api/2.0 --folder-id 123

    Every option may be given by the environment variable named beside it, or by a field of a profile.
    """


@main.command()
@_run_options
@click.option("-v", "--verbose", count=True, help="Show more; twice for everything.")
@click.option("-q", "--quiet", is_flag=True, help="Show failures and the conclusion only.")
@click.option("--dry-run", is_flag=True, help="Send nothing; tell what the run would cost.")
def run(*, verbose: int, quiet: bool, dry_run: bool, **given: Any) -> None:
    """Tests a server and writes a report.

    Exit codes: 0 it conforms, 1 it does not, 2 wrong use, 3 it could not be tested.
    """
    try:
        if dry_run:
            from commit_conformance.commands.dry_run import dry_run as tell

            sys.exit(0 if tell(given, click.echo) else NOT_TESTED)
        from commit_conformance.runner import run_suite

        code = run_suite(given, verbose=verbose, quiet=quiet)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    except KeyboardInterrupt:
        raise Problem("interrupted before anything was tested", NOT_TESTED) from None
    sys.exit(code)


@main.command("check-profile")
@_run_options
def check_profile(**given: Any) -> None:
    """Tries a profile with at most ten harmless requests, and tells what a run would do.

    Shows every setting and where it comes from, whose the token is, what the target can do, and what a run would cost.
    Exit codes: 0 a run could begin, 2 something is wrong with the profile, 3 the target cannot be tested.
    """
    from commit_conformance.commands.check_profile import check_profile as check

    try:
        usable = check(given, click.echo)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    sys.exit(0 if usable else NOT_TESTED)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--part-size", metavar="SIZE", help="Size of a part, like 64KiB or 8MiB.")
@click.option("--store", metavar="DIR", help="Folder for large files, in a folder of its own that is removed again.")
@click.option("--fault", multiple=True, metavar="NAME", help="Be wrong in this way; see `faults`.")
@click.option("--behaviour", multiple=True, metavar="NAME[=VALUE]", help="Differ rightly in this way; see `faults`.")
def serve(
    *,
    port: int,
    host: str,
    part_size: str | None,
    store: str | None,
    fault: tuple[str, ...],
    behaviour: tuple[str, ...],
) -> None:
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
            store=store,
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
@click.option("--client", "of_clients", is_flag=True, help="The rules for clients, in place of those for servers.")
def rules(
    ids: tuple[str, ...], groups: tuple[str, ...], levels: tuple[str, ...], effort: str | None, of_clients: bool
) -> None:
    """Lists the rules, or explains one.

    ID is a rule's id or a pattern such as PART-*; those of rules for clients begin with CLIENT-.
    """
    from commit_conformance.clients.catalogue import client_rules
    from commit_conformance.commands.listing import explain_rule, list_rules
    from commit_conformance.verdict.catalogue import Catalogue, CatalogueError, Effort, Level, UnknownName

    check_names("--level", levels, [level.value for level in Level])
    check_names("--effort", [effort] if effort else [], [each.value for each in Effort])
    try:
        of_clients = of_clients or any(each.upper().startswith("CLIENT-") for each in ids)
        catalogue = client_rules() if of_clients else Catalogue.load()
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
    from commit_conformance.commands.listing import list_faults

    try:
        list_faults(rule_id)
    except ValueError as error:
        raise Problem(str(error)) from None


@main.command()
@click.argument("ledger", type=click.Path(path_type=Path))
@_options(*_OF_ACCESS)
def sweep(ledger: Path, **given: Any) -> None:
    """Takes away what a run that was killed has left on its target.

    LEDGER is the ledger.jsonl of that run. Nothing but what it names is touched.
    """
    from commit_conformance.runner import sweep_ledger

    try:
        result = sweep_ledger(ledger, given)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    click.echo(f"{result.deleted} deleted, {len(result.left)} left")
    for left in result.left:
        click.echo(f"  left: {left}")
    sys.exit(NOT_TESTED if result.left else 0)


@main.command()
@click.argument("log", type=click.Path(path_type=Path))
@click.argument("failure", required=False, metavar="[RULE]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON with stable keys.")
@_run_options
def replay(*, log: Path, failure: str | None, as_json: bool, **given: Any) -> None:
    """Tries a failure of an earlier run again, and shows what happened then beside what happens now.

    LOG is the folder or the events.jsonl of that run; RULE the rule that failed, where more than one has. The state it
    needs is made anew, and the one failing commit sent; where that shows nothing, the whole test of the rule is run.
    Options are as they were in that run, but for those that are given. Tokens are given as to `run`.

    Exit codes: 0 it does not fail any more, 1 it fails again, 2 wrong use, 3 it could not be tried.
    """
    from commit_conformance.commands.replay import replay_failure

    sys.exit(replay_failure(log, failure, given, as_json=as_json))


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

    from commit_conformance.report.runs.fingerprint import fingerprint as fingerprint_of
    from commit_conformance.report.runs.lines import fingerprint_lines

    if given["target"] is not None:
        if run is not None:
            raise Problem(f"{run}: give either a run, or --target to make one")
        run = _observe(given)
    found = fingerprint_of(log_at(run or Path("reports/latest")))
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


for _command in (client, load, report, diff, merge, history):
    main.add_command(_command)


if __name__ == "__main__":
    main()
