"""Runs of the plain client, for tests: right, wrong, and different."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from commit_conformance.clients.process import Command
from commit_conformance.clients.run import ClientRun, Outcome, run_client

PLAIN = (sys.executable, "-m", "commit_conformance.clients.plain")


def plain_run(*arguments: str, name: str = "plain", **settings: Any) -> ClientRun:
    """A run of the plain client's driver."""
    words = [*PLAIN, *arguments]
    return ClientRun(
        name=name, command=Command(words=words), replay="commit-conformance client --sdk plain", **settings
    )


def outcome_of(*arguments: str, **settings: Any) -> Outcome:
    """What comes of it."""
    return run_client(plain_run(*arguments, **settings))


def verdicts_of(outcome: Outcome) -> dict[str, str]:
    """Rule id to verdict."""
    return {each.rule.id: each.verdict for each in outcome.verdicts}


def failed_in(outcome: Outcome) -> dict[str, str]:
    """Rules that failed, with what was seen."""
    return {each.rule.id: each.reason for each in outcome.verdicts if each.verdict == "failed"}


def example(name: str) -> Path:
    """A file of docs/examples."""
    return Path(__file__).parents[3] / "docs" / "examples" / name
