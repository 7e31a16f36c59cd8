"""A run over the embedded service, one rule at a time, without pytest's own machinery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commit_conformance.target.settings import CHEAP_PART, TargetSettings
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings


@dataclass(frozen=True)
class Trial:
    """A server on trial."""

    run: Run
    server: Server

    def examine(self, rule_id: str, test: Callable[[Server], object]) -> dict[str, Any]:
        """The verdict on a rule, as the event log holds it."""
        rule = self.run.catalogue.get(rule_id)

        def body() -> None:
            self.server.begin(rule)
            test(self.server)

        return self.run.examine(rule, body, test="")


@contextmanager
def trial(
    *behaviours: str,
    fault: str = "",
    effort: Effort = Effort.STANDARD,
    seed: int = 1,
    large_file: int | None = None,
    cheap_part: int = CHEAP_PART,
) -> Iterator[Trial]:
    """A run that leaves nothing behind; that is asserted at its end."""
    target = TargetSettings(
        behaviours=behaviours, faults=(fault,) if fault else (), large_file=large_file, cheap_part=cheap_part
    )
    run = Run(RunSettings(target=target, effort=effort, seed=seed))
    try:
        yield Trial(run, Server(run))
    finally:
        run.close()
    if run.target is None:
        return
    assert run.cleanup is not None
    assert run.cleanup.left == []
