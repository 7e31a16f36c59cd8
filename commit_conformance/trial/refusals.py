"""Refusals: sends what a server has to refuse, and sees to it that it leaves no trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Flaky

from commit_conformance.model import Outcome, expect_commit
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.commits import Commits
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked, Nonconformance, Unsupported
from commit_conformance.verdict.settings import REPRESENTATIVES
from commit_conformance.wire import describe_answer
from strategies.family import Family
from strategies.plan import CommitPlan


class Refusals(Commits):
    """A server that is asked to refuse."""

    def refuses(self, family: Family | Iterable[CommitPlan], *, upload: Upload | None = None) -> None:
        """Sends every commit of a family, each of which has to be refused and to leave no trace.

        Args:
            upload: The session to use; a carrier of the rule's group by default.
        """
        answered = 0
        if isinstance(family, Family):
            plans: Sequence[CommitPlan] = family.first(REPRESENTATIVES[self.run.settings.effort])
        else:
            plans = list(family)
            plans = plans[: REPRESENTATIVES[self.run.settings.effort]]
        for plan in plans:
            answered += self.refuses_one(plan, upload=upload)
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

    def refuses_one(self, plan: CommitPlan, *, upload: Upload | None = None, name_taken: bool = False) -> bool:
        """One commit that has to be refused. Gives whether the answer said anything about it: a 5xx does not."""
        if upload is None or upload.state is not State.LIVE:
            current = self.current(upload) if upload else None
            upload = self.new_version(current) if current else self.target.bank.lease(self.rule.group)
        request = plan.build(self.material(upload))
        expectation = expect_commit(request, upload.session, current=self.current(upload), name_taken=name_taken)
        if not expectation.must_refuse:
            return False  # on this upload the plan comes out right: nothing to see
        attempt = self.attempt(upload, plan, name_taken=name_taken)
        return self.was_refused(attempt)

    def was_refused(self, attempt: Attempt) -> bool:
        """Ends the test unless a commit was refused as it had to be; see `refuses_one`."""
        answer, expectation = attempt.answer, attempt.expectation
        if expectation.allows(answer):
            # Left in 202 for ever is filed under a rule of its own.
            return attempt.outcome is not Outcome.ACCEPTED
        if attempt.outcome is Outcome.SERVER_ERROR:
            return False
        if attempt.upload.target is not None and answer.status == 409:
            self.excused(attempt)
            return False
        if answer.status in (404, 401) and not self.judge.is_alive(attempt):
            return False
        if attempt.took_effect:
            self.fail(f"the server committed it: {describe_answer(attempt.run.last)}", attempt)
        self.fail(f"the answer, {describe_answer(attempt.run.last)}, is not a refusal", attempt)

    def survives(self, plans: Iterable[CommitPlan]) -> None:
        """Sends bad commits on one session until one is refused, then the right one, which has to succeed."""
        upload = self.target.bank.lease(self.rule.group)
        refused = False
        for plan in plans:
            if upload.state is not State.LIVE:
                break
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
        failures: list[Nonconformance] = []

        @hypothesis_seed(self.run.settings.seed)
        @hypothesis_settings(
            max_examples=self.run.settings.drawn,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(family.drawn)
        def drawn(plan: CommitPlan) -> None:
            nonlocal answered
            try:
                answered += self.refuses_one(plan, upload=upload)
            except Nonconformance as failure:
                failures.append(failure)
                raise

        try:
            drawn()
        except Flaky:
            raise failures[-1] from None
        return answered
