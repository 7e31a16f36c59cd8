"""The walks of one run: what they may spend, how their steps are taken, and what has come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commit_conformance.target.bank import SetupFailed
from commit_conformance.trial.races import Races
from commit_conformance.trial.walker import Walker
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Ending, Nonconformance, Unsupported
from commit_conformance.wire import BudgetSpent, WireError

#: Parts that the smallest file may have: a walk opens many sessions.
MOST_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the walks of a run may spend; None is no limit.

    Attributes:
        walks: How many are drawn, at most.
        steps: Steps of each.
        requests: Requests to the upload endpoints, for all of them together.
        files: Committed files and versions, the laid down walk's among them.
        shrinking: Requests to the upload endpoints that finding a shorter failing walk may take.
        sessions_each_step: Whether live sessions are looked at after every step, and not only at the end of a walk.
    """

    walks: int
    steps: int
    requests: int | None
    files: int | None
    shrinking: int
    sessions_each_step: bool


#: A standard run has 480 requests to the upload endpoints and 16 files for all of its rules: a twelfth of the one and
#: an eighth of the other are for what only a sequence shows. Forty walks of 25 steps took 1,530 requests to the upload
#: endpoints of the embedded service, which is six and a half minutes at the documented 240 a minute.
SHARES = {
    Effort.QUICK: Share(walks=0, steps=0, requests=0, files=0, shrinking=0, sessions_each_step=False),
    Effort.STANDARD: Share(walks=3, steps=6, requests=40, files=2, shrinking=24, sessions_each_step=False),
    Effort.THOROUGH: Share(walks=40, steps=25, requests=None, files=None, shrinking=2000, sessions_each_step=True),
}


class Stop(BaseException):
    """Ends all walking at once. Hypothesis takes what is no ``Exception`` for none of its business."""


class Journey:
    """The walks of one run.

    Args:
        server: Where to walk.
        share: What they may spend.

    Attributes:
        completed: Walks that came to their end without anything wrong.
        steps: Steps of all of them.
        failure: The shortest walk that failed.
        ended_by: What else has ended the walking: a budget, the network, an answer that says nothing.
    """

    def __init__(self, server: Races, share: Share) -> None:
        self.server = server
        self.share = share
        self.completed = self.steps = 0
        self.failure: Nonconformance | None = None
        self.ended_by: Exception | None = None
        self.makes_versions = server.can("new_version")
        self._sizes = _sizes(server)
        self._shortest = 0
        self._cost = server.target.wire.purse.cost
        self._before, self._files_before = self._cost.upload_requests, self._cost.committed_files
        self._failed_at = 0

    def begin(self) -> Walker:
        """A walker at its beginning."""
        self._check_share()
        return Walker(self.server, sizes=self._sizes, has_files=self._has_files)

    def step(self, walker: Walker, take: Callable[..., object], *args: Any, **options: Any) -> None:
        """Takes one step and looks around.

        Raises:
            Nonconformance: What is there is not what the steps make.
            Stop: Nobody may walk any further.
        """
        if walker.over:
            return  # an answer said nothing of the rule; there is no going on from there
        self._check_share()
        before = len(walker.steps)
        with self._told(walker):
            take(*args, **options)
            self.steps += len(walker.steps) - before
            if len(walker.steps) > before:
                walker.look()
                if self.share.sessions_each_step:
                    walker.look_at_sessions(walker.live())

    def end(self, walker: Walker) -> None:
        """Looks at everything once more, where nothing was wrong, and leaves nothing open."""
        if walker.over:
            return
        try:
            if walker.steps:
                with self._told(walker):
                    walker.look(contents=True)
                    walker.look_at_sessions(walker.sessions if self.share.sessions_each_step else walker.live())
                self.completed += not walker.over
        finally:
            walker.end()

    @contextmanager
    def _told(self, walker: Walker) -> Iterator[None]:
        """Notes how a step ended: an answer that says nothing ends the walk, a budget or the network all walking."""
        try:
            yield
        except Nonconformance as failure:
            walker.end()
            if self.failure is None:
                self._failed_at = self._cost.upload_requests
            if self.failure is None or len(walker.steps) < self._shortest:
                self.failure, self._shortest = failure, len(walker.steps)
            raise
        except Ending as error:
            walker.end()
            self.ended_by = error
        except (BudgetSpent, SetupFailed, WireError) as error:
            walker.end()
            self.ended_by = error
            raise Stop from None

    def _has_files(self) -> bool:
        made = self._cost.committed_files - self._files_before
        purse = self.server.target.wire.purse
        return purse.has_files() and (self.share.files is None or made < self.share.files)

    def _check_share(self) -> None:
        spent, share = self._cost.upload_requests, self.share
        if self.failure is not None and spent - self._failed_at >= share.shrinking:
            raise Stop
        if self.failure is None and share.requests is not None and spent - self._before >= share.requests:
            raise Stop


def _sizes(server: Races) -> tuple[int, ...]:
    """Sizes of the files of a walk: of one part and of two where parts are small, else of as few bytes as can be."""
    part, smallest = server.target.first_session.part_size, server.target.smallest
    if -(-smallest // part) > MOST_PARTS:
        raise Unsupported(f"the smallest file has {-(-smallest // part)} parts, which is too many for walks")
    if server.sparing:
        return (smallest, server.target.bank.jagged_size(part))
    return (smallest, max(smallest, part + part // 2)) if part <= server.target.settings.cheap_part else (smallest,)
