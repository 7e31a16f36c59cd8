"""Looks again: a commit that was not refused is asked once more, in fresh state, before it counts as a failure.

What fails only sometimes is a failure all the same, but another one: it is reported with how often. And a fresh upload
may be a smaller one, so the second look ends at the fewest parts that still show the mistake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from commit_conformance.model import FileState, UploadedPart, UploadedSession, expect_commit, read_part_list
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.verdict.catalogue import Effort
from strategies.plan import CommitPlan, Material

#: What all second looks of a run may spend together, in requests to the upload endpoints: a tenth of the budget of a
#: standard run, which is enough for four failures. A quick run has nothing to spare; a thorough one asks every time.
ALLOWANCE = {Effort.QUICK: 0, Effort.STANDARD: 48, Effort.THOROUGH: 1 << 30}
#: Files that must be left for the rules still to come, when a second look may make one.
FILES_KEPT = 7
#: How often an example that failed once and not the second time is asked in all.
ASKED = 3


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a second look has shown.

    Attributes:
        attempt: The commit to report: the one with the fewest parts that failed.
        wrong: What is wrong with its answer.
        failed: How many of the commits failed that were asked alike.
        asked: How many there were.
    """

    attempt: Attempt
    wrong: str
    failed: int = 1
    asked: int = 1


class SecondLooks:
    """Takes second looks, within an allowance.

    Args:
        target: Where to look.
        effort: Decides the allowance.
        ask: Commits a fresh upload by a plan; gives the attempt, and what is wrong with its answer, if anything.
        renew: Opens a fresh upload like another one, of a number of bytes and with the same parts left out.
        knows: Gives what plans for an upload may draw on, and the file it is a new version of.
    """

    def __init__(
        self,
        target: Target,
        effort: Effort,
        *,
        ask: Callable[[Upload, CommitPlan], tuple[Attempt, str | None]],
        renew: Callable[[Upload, int], Upload],
        knows: Callable[[Upload], tuple[Material, FileState | None]],
    ) -> None:
        self._target = target
        self._left = ALLOWANCE[effort]
        self._ask = ask
        self._renew = renew
        self._knows = knows

    @property
    def affordable(self) -> bool:
        """Whether another second look is within the allowance."""
        return self._left > 0 and self._target.wire.purse.has_files(FILES_KEPT)

    def spend(self, requests: int) -> None:
        """Takes requests to the upload endpoints off the allowance."""
        self._left -= requests

    def at(self, attempt: Attempt, wrong: str, others: Sequence[CommitPlan] = ()) -> SecondLook:
        """Asks again what ``attempt`` has asked.

        Args:
            others: Plans that show the same mistake in other ways, perhaps with fewer parts.
        """
        if attempt.plan is None:
            return SecondLook(attempt, wrong)
        before = self._target.wire.purse.cost.upload_requests
        try:
            return self._smallest(attempt, attempt.plan, others) or self._alike(attempt, attempt.plan, wrong)
        finally:
            self.spend(self._target.wire.purse.cost.upload_requests - before)

    def _smallest(self, attempt: Attempt, plan: CommitPlan, others: Sequence[CommitPlan]) -> SecondLook | None:
        """The mistake on the fewest parts that show it; None when fewer parts than before do not."""
        plans = [plan, *(other for other in others if other != plan and other.parts)]
        for size in self._smaller(attempt):
            upload: Upload | None = None
            for each in plans:
                if not self._makes_sense(attempt, each, size):
                    continue
                if not self.affordable:
                    return None
                if upload is None or upload.state is not State.LIVE:
                    upload = self._renew(attempt.upload, size)
                smaller, still = self._ask(upload, each)
                if still is not None:
                    return SecondLook(smaller, still, failed=2, asked=2)
        return None

    def _alike(self, attempt: Attempt, plan: CommitPlan, wrong: str) -> SecondLook:
        failed = asked = 1
        while asked < ASKED and self.affordable:
            alike, still = self._ask(self._renew(attempt.upload, attempt.upload.session.file_size), plan)
            asked += 1
            failed += still is not None
            if failed == asked:  # twice of two is enough
                return SecondLook(alike, still or wrong, failed=failed, asked=asked)
        return SecondLook(attempt, wrong, failed=failed, asked=asked)

    def _smaller(self, attempt: Attempt) -> Iterator[int]:
        """Sizes of files with fewer parts, smallest first."""
        session, smallest = attempt.upload.session, self._target.smallest
        if not session.complete or session.part_size > self._target.settings.cheap_part:
            return
        for count in range(1, session.total_parts):
            size = (count - 1) * session.part_size + session.part_size // 2 + 1
            if count == 1 and size < smallest <= session.part_size:
                size = smallest
            if size >= smallest:
                yield size

    def _makes_sense(self, attempt: Attempt, plan: CommitPlan, size: int) -> bool:
        """Whether a plan makes the mistake of ``attempt`` on a file of this size as well."""
        material, current = self._knows(attempt.upload)
        imagined = _imagined(material, size)
        request = plan.build(imagined)
        refused = expect_commit(request, imagined.session, current=current).must_refuse
        here, there = mistake(request.parts, imagined.session), mistake(attempt.claimed, attempt.upload.session)
        return refused and here == there


def mistake(claimed: object, session: UploadedSession) -> str | None:
    """The kind of the first thing wrong with a list, which is what is said of an entry before what follows from it."""
    defects = read_part_list(claimed, session).defects
    return str(defects[0].kind) if defects else None


def _imagined(material: Material, size: int) -> Material:
    """An upload that was never made, like another one but of this size."""
    part_size = material.session.part_size
    content = bytes(index % 251 for index in range(size))
    parts = tuple(
        UploadedPart(
            part_id=f"{offset:032X}",
            offset=offset,
            size=len(content[offset : offset + part_size]),
            sha1=hashlib.sha1(content[offset : offset + part_size]).hexdigest(),
        )
        for offset in range(0, size, part_size)
    )
    sha1 = hashlib.sha1(content).hexdigest()
    session = replace(material.session, file_size=size, parts=parts, sha1=sha1)
    return replace(material, session=session, content=content)
