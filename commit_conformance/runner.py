"""What the commands do: run the suite, serve the reference service, sweep a ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from commit_conformance.authorization import authorization
from commit_conformance.options import OPTIONS, PREFIX, UsageProblem, check_service, out_folder
from commit_conformance.process import StopSignals, collect_less
from commit_conformance.settings import run_settings, settings_of
from commit_conformance.specs import suite_root
from commit_conformance.target.ledger import CleanupResult

#: pytest's exit codes that mean that it, or we, were used wrongly: usage error, no tests.
_WRONG_USE = {4: 2, 5: 2}
#: Variables by which people tell pytest how to run their own tests.
_OF_OTHER_TESTS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def run_suite(given: Mapping[str, Any], *, verbose: int = 0, quiet: bool = False) -> int:
    """Runs the suite as the command does, and shows its report.

    Args:
        given: Options by field name.

    Returns:
        The exit code.

    Raises:
        UsageProblem: An option is wrong.
    """
    settings = run_settings(given)  # wrong use is told before pytest is even imported
    collect_less()
    import pytest

    from commit_conformance.output import Output
    from commit_conformance.report import terminal
    from commit_conformance.report.log import BrokenLog, read_log
    from commit_conformance.report.progress import progress_on

    console = Console()
    # What was given, and no more: environment and profile are read again there, and count as what they are.
    values = {**given, "seed": str(settings.seed)}
    root = suite_root()
    arguments = [
        str(root / "tests" / "server"),
        f"--rootdir={root}",
        f"--confcutdir={root}",
        "-c",
        str(Path(__file__).parent / "suite.ini"),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        "--capture=no",  # the view of a run is drawn while tests go on
    ]
    for option in OPTIONS:
        value = values.get(option.field)
        if option.flag:
            arguments += [f"--{option.name}"] if value else []
            continue
        for item in (value or ()) if option.many else [value]:
            if item is not None:
                arguments.append(f"--{option.name}={item}")
    with StopSignals() as signals:
        output = Output(None if quiet else progress_on(console, verbose=verbose), signals)
        try:
            with _without(*_OF_OTHER_TESTS):
                code = int(pytest.main(arguments, plugins=[output]))
        finally:
            if output.progress is not None:
                output.progress.done()  # whatever ended the run: the cursor is shown again
        for problem in output.problems:
            console.print(problem, highlight=False, markup=False, soft_wrap=True)
        assert settings.out is not None
        log = settings.out / "events.jsonl"
        if output.started and log.exists():
            with suppress(BrokenLog):
                terminal.render(read_log(log), console, verbose=verbose, quiet=quiet)
    if signals.asked and code == pytest.ExitCode.INTERRUPTED:  # before there was a log
        return 3
    return _WRONG_USE.get(code, code)


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """The environment without some variables, for a while."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def serve_reference(
    *,
    port: int,
    host: str,
    faults: list[str],
    behaviours: list[str],
    say: Callable[[str], None],
    store: str | None = None,
) -> None:
    """Serves the reference service until it is interrupted.

    Args:
        say: Takes lines to print; the first is the URL.
        store: Folder for what does not fit into memory; the system's place for temporary files when None.

    Raises:
        UsageProblem: A name is not known, the folder cannot be used, or the server library is not installed.
        OSError: The port is taken.
    """
    check_service(faults, behaviours)
    from commit_conformance.reference import apply_behaviours
    from commit_conformance.reference.server import serve

    settings = apply_behaviours(behaviours)
    if store:
        settings = replace(settings, spool_directory=out_folder(store, "--store"))
    token = os.environ.get(f"{PREFIX}TOKEN")
    if token:
        settings = replace(settings, tokens={token: "1"})

    def ready(url: str) -> None:
        say(url)
        say(f"token: {'that of ' + PREFIX + 'TOKEN' if token else 'the first one that is sent'}")
        if settings.second_user_token:
            say(f"second user's token ({PREFIX}SECOND_TOKEN): {settings.second_user_token}")
        if settings.limited_token:
            say(f"token without upload right ({PREFIX}LIMITED_TOKEN): {settings.limited_token}")
        if settings.expired_session:
            say(f"expired session ({PREFIX}EXPIRED_SESSION): {settings.expired_session}")

    try:
        serve(settings, faults=faults, host=host, port=port, ready=ready)
    except RuntimeError as error:  # the server library is not installed
        raise UsageProblem(str(error)) from None


def sweep_ledger(path: Path, given: Mapping[str, Any]) -> CleanupResult:
    """Takes away what a ledger names.

    Args:
        given: Options by field name that say how to have a token; the target is the ledger's.

    Raises:
        UsageProblem: The ledger or the token cannot be read.
    """
    from commit_conformance.target.api import Api
    from commit_conformance.target.ledger import LedgerError, clean_up, read_ledger
    from commit_conformance.wire import Wire

    try:
        header, entries = read_ledger(path)
    except LedgerError as error:
        raise UsageProblem(str(error)) from None
    url, api_url = str(header.get("url", "")), header.get("api_url")
    if not url.startswith(("http://", "https://")) or ".invalid" in url:
        raise UsageProblem(f"{path}: its target {url!r} has ended with its run; there is nothing to sweep")
    # Where the ledger names another target than the profile, the profile's token is not meant for it.
    settings = settings_of({**given, "target": url, "api_url": api_url})
    access = authorization(settings, settings.values, os.environ)
    wire = Wire(
        token=access.token,
        credentials=access.client.credentials() if access.client else None,
        origins=[url, *([str(api_url)] if api_url else []), *settings.value("allow_origin")],
    )
    try:
        return clean_up(Api(wire, upload_url=url, api_url=str(api_url or url)), entries)
    finally:
        wire.close()
