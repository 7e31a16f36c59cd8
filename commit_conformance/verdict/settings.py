"""What a run was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from commit_conformance.known import KnownFailures
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.catalogue import Effort, Level
from commit_conformance.verdict.sharding import Shard
from commit_conformance.wire import Budget

#: What an effort may cost. Standard fits into two minutes at 240 upload requests a minute.
BUDGETS = {
    Effort.QUICK: Budget(requests=59, committed_files=4),
    Effort.STANDARD: Budget(upload_requests=480, committed_files=16),
    Effort.THOROUGH: Budget(),
}
#: What each process beyond the first may cost more where tests are spread over several: it has a folder, sessions and
#: files of its own. As measured by ``python -m benchmarks.equal_verdicts``, and some.
PREPARING = {
    Effort.QUICK: Budget(requests=40, committed_files=3),
    Effort.STANDARD: Budget(upload_requests=100, committed_files=8),
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
        reports: Formats of the reports, as the room of reports names them.
        kept: Folder that keeps failing examples from run to run; None keeps none.
        shared_examples: URL of a Redis that keeps them too, with its password; empty for none.
        rules: Ids or globs; empty for all.
        examples: Drawn examples a family, in place of the effort's number.
        limits: What the run may cost at most, where that is not what the effort says.
        known: Failures that are known and do not decide; None for no list.
        update_known: Whether that list is written anew at the end.
        shard: The part of the rules that is tested; None for all of them.
        processes: How many processes of this machine share the run, and its budget.
        config, profile: The file of profiles and the profile chosen, if there are any.
    """

    target: TargetSettings
    effort: Effort = Effort.STANDARD
    gate: tuple[Level, ...] = (Level.DOCUMENTED, Level.IMPLIED)
    seed: int = 0
    out: Path | None = None
    reports: tuple[str, ...] = ("html", "junit")
    kept: Path | None = None
    shared_examples: str = field(default="", repr=False)
    rules: tuple[str, ...] = ()
    examples: int | None = None
    limits: Budget = field(default_factory=Budget)
    known: KnownFailures | None = None
    update_known: bool = False
    shard: Shard | None = None
    processes: int = 1
    config: Path | None = None
    profile: str = ""

    @property
    def budget(self) -> Budget:
        """What the run may cost: the effort's limits, and in their place those that were given.

        Only the effort's limits grow with the number of processes; what was given is kept to by all of them together.
        """
        return BUDGETS[self.effort].and_more(PREPARING[self.effort], self.processes - 1).but(self.limits)

    @property
    def files_alone(self) -> int | None:
        """How many files may be committed when something is still sent that decides nothing; None for no limit.

        Files that further processes need for themselves are not there for that: it would make a run that is spread more
        than a whole one, and longer.
        """
        return BUDGETS[self.effort].but(self.limits).committed_files

    @property
    def drawn(self) -> int:
        """Examples drawn for each family beyond its representatives."""
        return DRAWN[self.effort] if self.examples is None else self.examples
