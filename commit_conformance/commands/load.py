"""The command ``commit-conformance load``: many users at once, each answer judged.

Thin, like the other commands: what it needs is imported when it is used.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

import click

from commit_conformance.commands.options import options
from commit_conformance.commands.usage import NOT_TESTED, Problem
from commit_conformance.options import UsageProblem

__all__ = ["load"]

#: Options of a run that mean the same here.
OF_RUN = (
    *("target", "config", "profile", "api-url", "token-file", "token-env", "token-url", "client-id"),
    *("client-secret-file", "client-secret-env", "client-auth", "token-parameter", "folder-id", "seed", "rate"),
    *("allow-origin", "allow-production"),
)


@click.command()
@options(*OF_RUN)
@click.option("--users", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Users at the same time.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes they share.")
@click.option("--time", metavar="TIME", help="How long, like 90s, 10m or 1h. Default: 60s, or until --commits.")
@click.option("--commits", type=click.IntRange(1), metavar="N", help="End when about so many commits were sent.")
@click.option(
    "--meetings",
    type=click.IntRange(0, 100),
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="Share of the tasks in which requests meet: two commits of one session, two sessions for one name.",
)
@click.option("--out", default="reports/load", show_default=True, metavar="DIR", help="Folder for reports and ledgers.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON with stable keys.")
def load(*, as_json: bool, **given: Any) -> None:
    """Puts a server under load with Locust, and judges every commit.

    
    commit-conformance serve --port 8741 &
    commit-conformance load --target http://127.0.0.1:8741 --users 20 --time 60s

    Exit codes: 0 nothing was answered wrongly, 1 something was, 2 wrong use, 3 it could not be judged.
    """
    import json

    from commit_conformance.specs import suite_root

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was made is taken away, as after Ctrl-C
    if str(suite_root()) not in sys.path:  # where the strategies lie
        sys.path.insert(0, str(suite_root()))
    try:
        from commit_conformance.load.settings import load_settings

        settings = load_settings(given)
        from commit_conformance.load.conduct import carry_out, check_locust
        from commit_conformance.load.report import lines
        from commit_conformance.target.settings import TargetUnusable

        check_locust()
        result = carry_out(settings, given, say=lambda line: click.echo(line, err=True))
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    except TargetUnusable as problem:
        raise Problem(str(problem), NOT_TESTED) from None
    except KeyboardInterrupt:
        raise Problem("interrupted; what was made was taken away again", NOT_TESTED) from None
    if as_json:
        click.echo(json.dumps(result, indent=2))
    else:
        for line in lines(result, settings.out):
            click.echo(line)
    sys.exit(int(result["exit_code"]))
