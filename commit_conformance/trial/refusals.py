"""Refusals: sends what a server has to refuse, and sees to it that it leaves no trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Flaky

from commit_conformance.model import Outcome, expect_commit
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.commits import Commits
from commit_conformance.trial.judge import TELLTALE
from commit_conformance.trial.kept import Kept
from commit_conformance.trial.second_look import SecondLooks
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked, Ending, Nonconformance, Unsupported, Verdict
from commit_conformance.verdict.settings import REPRESENTATIVES
from commit_conformance.wire import WireError, describe_answer
from strategies import part_lists
from strategies.family import Family
from strategies.plan import USUAL, CommitPlan

#: Rules that look wrong where a commit's attributes move or rename its file.
DESTINATION = ("CREATED-NAME", "CREATED-PARENT", "CREATED-PATH", "CREATED-READ-BACK")
#: Mistakes of one commit that a message names: the others mostly follow from them.
_NAMED = 2
#: What asking a whole test again is taken to cost, in requests to the upload endpoints: most open one session.
ASKING_AGAIN = 12


class Refusals(Commits):
    """A server that is asked to refuse."""

    _second_looks: SecondLooks | None = None
    _tolerated: Attempt | None = None

    def refuses(self, family: Family | Iterable[CommitPlan], *, upload: Upload | None = None) -> None:
        """Sends every commit of a family, each of which has to be refused and to leave no trace.

        Args:
            upload: The session to use; a carrier of the rule's group by default.
        """
        answered = 0
        every: Sequence[CommitPlan] = family.representatives if isinstance(family, Family) else list(family)
        for plan in self.kept.first(self.rule.id, every, REPRESENTATIVES[self.run.settings.effort]):
            try:
                answered += self.refuses_one(plan, upload=upload, others=every)
            except Nonconformance:
                self.kept.note(self.rule.id, plan, failed=True)
                raise
            self.kept.note(self.rule.id, plan, failed=False)
        if isinstance(family, Family) and self.run.settings.drawn:
            answered += self._draw(family, upload)
        if self.run.settings.effort is not Effort.QUICK:  # a quick run looks once, at its end
            self.judge.folder(self.attempts[-1] if self.attempts else None)
        if not answered:
            raise Blocked("no answer said anything: each was a 5xx (see ERROR-NO-5XX), or came of a session that ended")

    def refuses_version_too(self, family: Family) -> None:
        """Sends the first commit of a family for a new version, where the target has those; not in a quick run."""
        if self.run.settings.effort is not Effort.QUICK and self.can("new_version"):
            self.refuses(family.first(1), upload=self.version_carrier())

    def refuses_one(
        self,
        plan: CommitPlan,
        *,
        upload: Upload | None = None,
        name_taken: bool = False,
        once: bool = False,
        others: Sequence[CommitPlan] = (),
    ) -> bool:
        """One commit that has to be refused. Gives whether the answer said anything about it: a 5xx does not.

        Args:
            once: End the test at the first answer that is wrong, without a second look.
            others: Plans of the same family, for the second look.
        """
        if upload is None or upload.state is not State.LIVE:
            current = self.current(upload) if upload else None
            upload = self.new_version(current) if current else self.target.bank.lease(self.rule.group)
        if upload.target is not None and plan.attributes is USUAL:
            plan = replace(plan, attributes=TELLTALE)
        request = plan.build(self.material(upload))
        expectation = expect_commit(request, upload.session, current=self.current(upload), name_taken=name_taken)
        if not expectation.must_refuse:
            return False  # on this upload the plan comes out right: nothing to see
        attempt = self.attempt(upload, plan, name_taken=name_taken)
        said, wrong = self.refusal(attempt)
        if wrong is None:
            return said
        if once or name_taken or self.run.is_known(self.rule):
            self.fail(wrong, attempt)
        look = self.second_looks.at(attempt, wrong, others)
        self.fail(look.wrong, look.attempt, times=(look.failed, look.asked))

    def refusal(self, attempt: Attempt) -> tuple[bool, str | None]:
        """Whether an answer says anything of a commit that had to be refused, and what is wrong with it, if it is."""
        answer, expectation = attempt.answer, attempt.expectation
        if expectation.allows(answer):
            # Left in 202 for ever is filed under a rule of its own.
            return attempt.outcome is not Outcome.ACCEPTED, None
        if attempt.outcome is Outcome.SERVER_ERROR:
            return False, None
        if attempt.upload.target is not None and answer.status == 409:
            self.excused(attempt)
            return False, None
        if answer.status in (404, 401) and attempt.in_doubt:
            attempt.upload.state = State.GONE
            return False, None
        if answer.status in (404, 401) and not self.judge.is_alive(attempt):
            return False, None
        if attempt.took_effect:
            return True, f"the server committed it: {describe_answer(attempt.run.last)}{_although(expectation.reasons)}"
        said = describe_answer(attempt.run.last)
        wanted = f"not {expectation}" if expectation.statuses else "not a refusal"
        return True, f"the answer was {said}, {wanted}{_although(expectation.reasons)}"

    @property
    def kept(self) -> Kept:
        """Failing examples of earlier runs."""
        return Kept(self.run.settings.kept, shared=self.run.settings.shared_examples)

    @property
    def second_looks(self) -> SecondLooks:
        """What asks again before a failure is called one."""
        if self._second_looks is None:
            self._second_looks = SecondLooks(
                self.target,
                self.run.settings.effort,
                ask=self._ask,
                renew=self._renew,
                knows=lambda upload: (self.material(upload), self.current(upload)),
            )
        return self._second_looks

    def may_ask_again(self) -> bool:
        """Puts the current test back to its beginning, so that it can be asked again; False where it cannot be."""
        if self.leans or self.run.is_known(self.rule) or not self.second_looks.affordable:
            return False
        self.second_looks.spend(ASKING_AGAIN)
        self.renew()
        return True

    def _ask(self, upload: Upload, plan: CommitPlan) -> tuple[Attempt, str | None]:
        attempt = self.attempt(upload, plan)
        return attempt, self.refusal(attempt)[1]

    def _renew(self, upload: Upload, size: int) -> Upload:
        """A fresh upload like another one, of ``size`` bytes, with the same parts left out."""
        part_size = upload.session.part_size
        parts = None if upload.session.complete else [part.offset // part_size for part in upload.session.parts]
        current = self.current(upload)
        fresh = self.upload(size=size, parts=parts, **({"target": current} if current else {}))
        if self._foreign is not None and self._foreign is not upload:
            self.use_foreign(self._foreign, fresh)
        return fresh

    @property
    def another_destination(self) -> dict[str, Any]:
        """Attributes that give a file another name and another folder than its session."""
        return {"name": f"{self.target.run_id}-Moved.bin", "parent": {"id": self.target.settings.folder_id}}

    def tolerates(self, plan: CommitPlan) -> Attempt:
        """A commit that may be taken or refused: another order of the list, or another destination.

        Both go into one commit first, since a commit costs a file. Where it is taken it answers for both; where it is
        not, each is asked for alone.
        """
        if not plan.parts and self.run.verdicts.get("PART-ORDER") is Verdict.FAILED:
            return self._tolerate(plan)
        both = self._tolerated
        if both is None or (plan.parts and both.plan is not None and both.plan.parts != plan.parts):
            order = plan.parts or part_lists.reordered.representatives[0].parts
            together = CommitPlan(parts=order, attributes=self.another_destination)
            both = self._tolerated = self._tolerate(together)
        self.run.looked = True
        return both if both.created else self._tolerate(plan)

    def _tolerate(self, plan: CommitPlan) -> Attempt:
        claims = () if plan.attributes is USUAL else DESTINATION
        upload = self.target.bank.lease(self.rule.group)
        borne = bool(upload.refused)
        attempt = self.attempt(upload, plan, claims=claims)
        if borne and not attempt.created and not attempt.expectation.allows(attempt.answer):
            upload.state = State.GONE  # by what it has refused before, perhaps: a fresh one tells
            fresh = self.attempt(self.target.bank.lease(self.rule.group), plan, claims=claims)
            if fresh.created or fresh.expectation.allows(fresh.answer):
                self.session_died(attempt)
            return fresh
        return attempt

    def survives(self, plans: Iterable[CommitPlan]) -> None:
        """Sends bad commits on one session until one is refused, then the right one, which has to succeed."""
        upload = self.target.bank.lease(self.rule.group)
        refused = False
        for plan in plans:
            if upload.state is not State.LIVE:
                break
            if plan.attributes is USUAL:
                plan = replace(plan, attributes=TELLTALE)
            refused = self.attempt(upload, plan).outcome is Outcome.REFUSED or refused
        if upload.state is State.GONE:
            raise Unsupported("a refusal with 410 ends the session, as it may")
        if not refused or upload.state is not State.LIVE:
            raise Blocked("the bad commit was not refused, so there is nothing to survive")
        self.survived(upload)

    def survived(self, upload: Upload) -> None:
        """Ends the test unless a session that has refused now commits."""
        if upload.state is State.GONE:
            raise Unsupported("a refusal with 410 ends the session, as it may")
        # A wrong digest must not be confused with an unusual one, so that rule gets a plain commit.
        plainly = self.rule.id == "DIGEST-RETRY"
        attempt = self.attempt(upload, CommitPlan()) if plainly else self.unusually_or_plainly(upload)
        if attempt.created:
            return
        if attempt.in_doubt:
            self.doubt(attempt)
        upload.state = State.GONE
        if attempt.run.glances or attempt.run.limited or attempt.answer.status == 409:
            # Was it what the session had refused, or what came first now? A session that has refused nothing tells.
            fresh = self.attempt(self.like(upload), CommitPlan())
            if not fresh.created or (attempt.run.glances and not fresh.run.glances):
                self.excused(attempt)
                said = describe_answer(attempt.run.last)
                raise Blocked(f"the right commit got {said} after a 202 or 429, whatever the session had refused")
        said = describe_answer(attempt.run.last)
        self.fail(f"after a refusal the right commit was answered {said}", attempt, what=self._history(upload))

    @staticmethod
    def _history(upload: Upload) -> str:
        last = upload.refused[-1] if upload.refused else "nothing"
        return f"a bad commit ({last}), then the right one on the same session"

    def _draw(self, family: Family, upload: Upload | None) -> int:
        """Further plans of a family, drawn and, on failure, shrunk by Hypothesis."""
        answered = 0
        failing: list[tuple[CommitPlan, Nonconformance]] = []
        ended: list[Exception] = []

        @hypothesis_settings(
            max_examples=self.run.settings.drawn,
            database=self.kept.database(self.rule.id),
            deadline=None,
            phases=(Phase.reuse, Phase.generate, *([] if self.run.is_known(self.rule) else [Phase.shrink])),
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis_seed(self.run.settings.seed)  # below the settings, whose database it would take away
        @given(family.drawn)
        def drawn(plan: CommitPlan) -> None:
            nonlocal answered
            if ended:
                return
            try:
                answered += self.refuses_one(plan, upload=upload, once=True)
            except Nonconformance as failure:
                failing.append((plan, failure))
                raise
            except (Ending, SetupFailed, WireError) as error:
                ended.append(error)  # no example that fails, and nothing to make smaller

        try:
            drawn()
        except (Flaky, Nonconformance):
            plan, failure = failing[-1]
            if ended or self.run.is_known(self.rule):
                raise failure from None
            # The smallest one, with a second look.
            self.refuses_one(plan, upload=upload, others=family.representatives)
            times = {"failed": 1, "asked": 2}
            raise Nonconformance(str(failure), {**failure.failure, "times": times}) from None
        if ended:
            raise ended[0]
        return answered


def _although(reasons: Sequence[str]) -> str:
    """What was wrong with a commit, for a message that is read alone."""
    more = f", and {len(reasons) - _NAMED} more" if len(reasons) > _NAMED else ""
    return f", although {'; '.join(reasons[:_NAMED])}{more}" if reasons else ""
