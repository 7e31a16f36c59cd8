"""The command ``replay``: a failure of an earlier run, tried again, then beside now."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commit_conformance.commands.usage import Problem, log_at, path_of_log
from commit_conformance.report.plain import plain_line

if TYPE_CHECKING:
    from commit_conformance.replay import Now, Then


def replay_failure(log: Path, rule: str | None, given: dict[str, Any], *, as_json: bool) -> int:
    """Tries a failure again and shows what came of it; gives the exit code.

    Raises:
        Problem: The log, the rule or an option is wrong.
    """
    from commit_conformance.options import UsageProblem
    from commit_conformance.replay import find_failure, replay
    from commit_conformance.specs import suite_root

    if str(suite_root()) not in sys.path:  # where the strategies lie
        sys.path.insert(0, str(suite_root()))
    log_at(log)  # a log that cannot be read is told as everywhere
    try:
        then = find_failure(path_of_log(log), rule)
        now = replay(then, given)
    except UsageProblem as problem:
        raise Problem(str(problem)) from None
    if as_json:
        click.echo(json.dumps(_as_json(then, now), indent=2))
    else:
        for line in replay_lines(then, now):
            click.echo(line)
    return now.exit_code


def replay_lines(then: Then, now: Now) -> Iterator[str]:
    """Then beside now, for people."""
    failure = then.failure
    yield plain_line(f"{then.rule}: {then.verdict.get('statement', '')}", 400)
    yield plain_line(f"  sent          {failure.get('sent', '')}", 400)
    yield plain_line(f"  allowed       {failure.get('expected', '')}", 400)
    yield plain_line(f"  then, on      {then.target.get('url', '')} ({then.header.get('started', '')})", 400)
    yield plain_line(f"    answered    {failure.get('got', '')}", 400)
    yield plain_line(f"    said        {then.verdict.get('reason', '')}", 400)
    yield plain_line(f"  now, on       {now.target}", 400)
    if now.got:
        yield plain_line(f"    answered    {now.got}", 400)
    yield plain_line(f"    said        {now.said}", 400)
    how = {"example": "the same commit", "test": "the whole test of the rule, same seed"}.get(now.by, "the whole run")
    told = {True: "fails again", False: "does not fail any more", None: "could not be tried"}[now.fails]
    yield f"{then.rule} {told} ({how})"


def _as_json(then: Then, now: Now) -> dict[str, Any]:
    return {
        "format": 1,
        "rule": then.rule,
        "then": {"run": then.header.get("run"), "target": then.target.get("url"), "failure": then.failure},
        "now": {
            "target": now.target,
            "fails": now.fails,
            "by": now.by,
            "said": now.said,
            "got": now.got,
            "exchanges": now.exchanges,
        },
    }
