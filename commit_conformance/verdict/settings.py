"""What a run was asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.catalogue import Effort, Level
from commit_conformance.wire import Budget

#: What an effort may cost. Standard fits into two minutes at 240 upload requests a minute.
BUDGETS = {
    Effort.QUICK: Budget(requests=59, committed_files=4),
    Effort.STANDARD: Budget(upload_requests=480, committed_files=16),
    Effort.THOROUGH: Budget(),
}
#: Examples drawn for each family beyond its representatives.
DRAWN = {Effort.QUICK: 0, Effort.STANDARD: 0, Effort.THOROUGH: 50}
#: How many of a family's representatives are sent; None for all.
REPRESENTATIVES = {Effort.QUICK: 1, Effort.STANDARD: None, Effort.THOROUGH: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """A run's settings.

    Attributes:
        gate: Levels whose failures make the run fail.
        seed: Everything drawn and every file's bytes follow from it.
        out: Folder for the event log and the reports; None writes nothing.
        kept: Folder that keeps failing examples from run to run; None keeps none.
        rules: Ids or globs; empty for all.
        examples: Drawn examples a family, in place of the effort's number.
    """

    target: TargetSettings
    effort: Effort = Effort.STANDARD
    gate: tuple[Level, ...] = (Level.DOCUMENTED, Level.IMPLIED)
    seed: int = 0
    out: Path | None = None
    kept: Path | None = None
    rules: tuple[str, ...] = ()
    examples: int | None = None

    @property
    def budget(self) -> Budget:
        """What the run may cost."""
        return BUDGETS[self.effort]

    @property
    def drawn(self) -> int:
        """Examples drawn for each family beyond its representatives."""
        return DRAWN[self.effort] if self.examples is None else self.examples
