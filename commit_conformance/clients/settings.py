"""What a run of a client is to do.

Owns the settings of one run, and what follows from them for a verdict: whether it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commit_conformance.clients.process import HELLO_SECONDS, Command
from commit_conformance.clients.verdicts import RuleVerdict
from commit_conformance.known import Entry, KnownFailures
from commit_conformance.verdict.catalogue import Level, Rule

__all__ = ["GATE", "ClientRun"]

GATE: Final = (Level.DOCUMENTED, Level.IMPLIED)
"""Levels that decide unless others are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """What a run is to do.

    Attributes:
        name: What the driver is called, in logs and folders.
        title: The SDK, for people; empty where nobody said.
        command: How the driver is started.
        replay: The command that runs this driver again, less what it is to play.
        rules: Ids or globs; empty for all.
        scenarios: Names or globs; empty for all.
        quick: Whether only the scenarios of a quick run are played.
        gate: Levels whose failures decide.
        known: Failures that are known and do not decide.
        workers: How many scenarios are played at once.
        timeout: Seconds the driver has for a scenario, in place of the scenario's own number.
        hello_seconds: Seconds it has to say hello.
        out: Folder for the event log; ``None`` writes none.
    """

    name: str
    command: Command
    replay: str
    title: str = ""
    rules: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    quick: bool = False
    gate: tuple[Level, ...] = GATE
    known: KnownFailures | None = None
    workers: int = 4
    timeout: float | None = None
    hello_seconds: float = HELLO_SECONDS
    out: Path | None = None

    def entry(self, rule: Rule) -> Entry | None:
        """The entry of the known failures that speaks of a rule, if there is one that holds."""
        return self.known.match(rule.id) if self.known else None

    def decides(self, verdict: RuleVerdict) -> bool:
        """Whether a verdict decides the run."""
        return verdict.rule.level in self.gate and not (verdict.verdict == "failed" and self.entry(verdict.rule))
