"""Scenes that several rules share where a file is costly: what one session can show is not uploaded twice.

A scene vouches for its rules when all of it goes well. When anything in it does not, it says nothing: each of its rules
is then asked as it is elsewhere, on sessions of its own, and only that decides. So nothing that one rule has done to a
session is ever held against the server under another one. Only a wrong commit that is carried out is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from commit_conformance.model import Outcome, Problem
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.upload import State, Upload, awkward_digest
from commit_conformance.trial.judge import TELLTALE
from commit_conformance.trial.races import Races
from commit_conformance.trial.rounds import Round
from commit_conformance.verdict.outcomes import Blocked, InDoubt, Nonconformance
from commit_conformance.wire import describe_answer
from strategies import digests, part_lists, preconditions
from strategies.plan import USUAL, CommitPlan

T = TypeVar("T")
#: Where the session is kept that was opened before its file changed.
OLDER = "older version session"


class Shared(Races):
    """A server of which several rules look at one session."""

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Makes something the first time it is asked for, and gives it again later."""
        self.run.looked = self.run.looked or key in self.made
        if key not in self.made:
            self.making += 1
            try:
                self.made[key] = make()
            finally:
                self.making -= 1
        return self.made[key]  # type: ignore[no-any-return]

    def shares(self, key: str, scene: Callable[[], bool]) -> bool:
        """Whether a scene has gone well, which is played the first time it is asked for; False where files are cheap.

        Raises:
            Unsupported: The target lacks what the scene needs, and what its rules need with it.
            Trouble, BudgetSpent: It could not be played to its end.
        """
        return self.sparing and self.once(key, lambda: self._went_well(scene))

    @staticmethod
    def _went_well(scene: Callable[[], bool]) -> bool:
        try:
            return scene()
        except (Nonconformance, Blocked, InDoubt, SetupFailed):
            return False

    def refuses_each(self, upload: Upload, plans: Iterable[tuple[str, CommitPlan]]) -> bool:
        """Whether an upload refuses every one of these commits and is live afterwards. Ends no test.

        Args:
            plans: Each with the rule that speaks of it: one that is carried out is filed there, since that needs no
                second look to be wrong, and may not come again.
        """
        for rule, plan in plans:
            if upload.target is not None and plan.attributes is USUAL:
                plan = replace(plan, attributes=TELLTALE)
            attempt = self.attempt(upload, plan)
            if attempt.took_effect and attempt.expectation.must_refuse:
                said = describe_answer(attempt.run.last)
                self.judge.file(Problem(rule, f"the server committed it: {said}"), attempt)
            if attempt.outcome is not Outcome.REFUSED or attempt.in_doubt or attempt.run.glances or attempt.run.limited:
                return False
        return upload.state is State.LIVE

    def empty(self) -> Upload:
        """An upload without parts, whose last one is one byte: not meant to be committed, it takes next to nothing."""
        return self.upload(size=self.target.bank.jagged_size(self.target.first_session.part_size), parts=())

    # Scenes

    def survives_refusals(self) -> bool:
        """A file that is an exact multiple of the part size, its digest holding + and /, commits after refusals."""
        return self.shares("refused, then committed", self._survives_refusals)

    def _survives_refusals(self) -> bool:
        self.target.wire.purse.check_files()
        size = self.whole_parts * self.target.first_session.part_size
        upload = self.upload(size=size, wants=awkward_digest)
        wrong = {
            "DIGEST-MISMATCH": digests.mismatch,
            "PART-MISSING-LAST": part_lists.missing_last,
            "PART-SHA1": part_lists.wrong_sha1,
        }
        refused = self.refuses_each(upload, [(rule, family.representatives[0]) for rule, family in wrong.items()])
        return refused and self.attempt(upload, CommitPlan()).created

    def late_part(self) -> bool:
        """A file whose last part is one byte and late is refused without that part, and commits with it.

        In between another byte for that part is refused, and the digest of a file with that other byte.
        """
        return self.shares("a late part", self._late_part)

    def _late_part(self) -> bool:
        self.target.wire.purse.check_files()
        part_size, count = self.target.first_session.part_size, self.whole_parts
        upload = self.upload(size=count * part_size + 1, parts=range(count))
        plans = (CommitPlan(), CommitPlan(digest=digests.OfListed()))
        if not self.refuses_each(upload, [("PART-NOT-UPLOADED", plan) for plan in plans]):
            return False
        self.target.bank.put(upload, [count])
        return self._keeps_last_part(upload) and self.unusually_or_plainly(upload).created

    def _keeps_last_part(self, upload: Upload) -> bool:
        offset, piece = upload.piece(upload.session.total_parts - 1)
        other = bytes(255 - byte for byte in piece)
        exchange = self.target.api.upload_part(upload.handle, other, offset=offset, total=upload.session.file_size)
        if not 400 <= (exchange.status or 0) <= 499:
            upload.state = State.GONE  # it is not what it was, and no other test is to wonder why
            return False
        attempt = self.attempt(upload, CommitPlan(digest=digests.OtherContent(of="other bytes at the end")))
        refused = attempt.outcome is Outcome.REFUSED and not (attempt.in_doubt or attempt.run.glances)
        return refused and upload.state is State.LIVE

    def after_412(self) -> bool:
        """A new version is refused with a stale etag, and commits with the current one."""
        return self.shares("a stale etag, then the current one", self._after_412)

    def _after_412(self) -> bool:
        self.target.wire.purse.check_files()
        upload = self.version_carrier()
        if not self.refuses_each(upload, [("IF-MATCH-STALE", preconditions.stale_if_match.representatives[0])]):
            return False
        if self.attempts[-1].answer.status != 412:
            return False
        _ = self.older_version  # opened while the etag is another one
        return self.attempt(upload, preconditions.current_if_match).created

    @property
    def older_version(self) -> Upload:
        """An upload for a new version that was opened before another version was committed."""
        return self.once(OLDER, lambda: self.light(target=self.version_file))

    # Races that are run before their turn

    def ahead(self, name: str, one: Callable[[float], Round]) -> Round | None:
        """One round of a race whose rule comes later, because what it leaves is wanted now; None when it fails.

        The rule judges that round when its turn comes: see `in_turn`.
        """
        if not self.sparing or name in self.made:
            return None
        try:
            found = self.made[name] = one(0.0)
        except (Blocked, InDoubt, SetupFailed):
            return None
        return None if found.failed else found

    def in_turn(self, name: str, one: Callable[[float], Round]) -> Callable[[float], Round]:
        """The rounds of a race, the first being the one that was run ahead, if any was."""

        def round_of(lag: float) -> Round:
            found = self.made.pop(name, None)
            if not isinstance(found, Round):
                return one(lag)
            self.run.looked = True
            return found

        return round_of
