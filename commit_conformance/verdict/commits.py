"""Asks a server to refuse and to commit.

Each method sends, lets the model judge, and ends the test with an `Ending` where the current rule is not kept. What an
answer says about *other* rules is filed with the monitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Flaky

from commit_conformance.model import (
    CommitRequest,
    Expectation,
    FileState,
    Outcome,
    Problem,
    expect_commit,
)
from commit_conformance.target.api import created_file
from commit_conformance.target.commit import Patience, follow
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload
from commit_conformance.verdict.attempt import Attempt
from commit_conformance.verdict.catalogue import Effort, Rule
from commit_conformance.verdict.evidence import describe_answer, failure_of
from commit_conformance.verdict.judge import Judge
from commit_conformance.verdict.liberties import Liberties
from commit_conformance.verdict.outcomes import Blocked, Nonconformance, Unsupported
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import REPRESENTATIVES
from commit_conformance.wire import Exchange
from strategies.family import Family
from strategies.plan import CommitPlan, Material

#: Which rule speaks of a session that does not survive the refusals of a group.
SURVIVAL = {"digest": "DIGEST-RETRY", "preconditions": "PRECONDITION-RETRY"}
#: How many right commits that are answered 202 are watched closely.
WATCHED = 3


class Commits:
    """A server under test, as the tests of rules see it.

    Args:
        run: The run it belongs to.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.rule: Rule = None  # type: ignore[assignment]  # set by `begin`
        self.judge = Judge(run, self)
        self.attempts: list[Attempt] = []
        self.watched: list[Attempt] = []
        self._sample: Attempt | None = None
        self._liberties: Liberties | None = None
        self._foreign: Upload | None = None

    def begin(self, rule: Rule) -> None:
        """Makes ``rule`` the one that is being tested, and checks that the target can do what it needs."""
        self.rule = rule
        for name in rule.needs:
            self.need(name)

    # What is there

    @property
    def target(self) -> Target:
        """The target, connected."""
        return self.run.connect()

    @property
    def sample(self) -> Attempt:
        """The run's first commit, exactly as documented: what everything else builds on."""
        if self._sample is None:
            upload = self.target.bank.open()
            self._sample = self.attempt(upload, CommitPlan(), what="a right commit, as documented")
            if self._sample.created and self._sample.file is not None:
                self.target.learn_from(self._sample.file)
        return self._sample

    @property
    def sample_content(self) -> bytes:
        """The bytes of the first commit's file."""
        return self.sample.upload.content

    @property
    def sample_file(self) -> FileState:
        """The file of the first commit, as it is now."""
        if not self.sample.created or self.sample.file is None:
            raise Blocked(f"no file could be committed: {describe_answer(self.sample.run.last)}")
        return self.target.files[self.sample.file.file_id]

    def need(self, name: str) -> None:
        """Ends the test as unsupported when the target lacks a capability."""
        if name == "many_parts":
            part_size = self.target.first_session.part_size
            if part_size > 1024 * 1024:
                raise Unsupported(f"1001 parts of {part_size} bytes are too much to upload")
            return
        if name in ("processing", "rate_limited", "locks", "collaborations", "delete_file"):
            return  # known once it has been tried
        if name in ("read_file", "read_content", "new_version"):
            _ = self.sample_file
        known = self.target.capabilities.get(name)
        if known is None or not known.available:
            detail = known.detail if known else "unknown"
            raise Unsupported(f"the target lacks {name.replace('_', ' ')}: {detail}")

    @property
    def whole_parts(self) -> int:
        """How many whole parts make a file the target takes; at least two."""
        return max(2, -(-self.target.smallest // self.target.first_session.part_size))

    def upload(self, **options: Any) -> Upload:
        """A fresh upload, see `Bank.open`."""
        return self.target.bank.open(**options)

    def usual(self) -> Upload:
        """A clean upload for a commit that is meant to succeed; an earlier one where one was kept."""
        self.target.wire.purse.check_files()
        return self.target.bank.usual()

    def take(self) -> Upload:
        """An upload for a commit that is meant to succeed, whatever bad commits it has refused."""
        self.target.wire.purse.check_files()
        return self.target.bank.take()

    def version_carrier(self) -> Upload:
        """A live upload for a new version of the first file, used again until it commits."""
        return self.target.bank.lease_version(self.sample_file)

    def new_version(self, file: FileState | None = None, **options: Any) -> Upload:
        """A fresh upload for a new version of a file, the first commit's by default."""
        return self.target.bank.open(target=file or self.sample_file, **options)

    def material(self, upload: Upload) -> Material:
        """What plans may draw on for one upload."""
        foreign = None
        if self._foreign is not None and self._foreign is not upload and self._foreign.session.parts:
            foreign = self._foreign.session.parts[0]
        return Material(session=upload.session, content=upload.content, foreign=foreign, etag=self.etag(upload))

    def etag(self, upload: Upload) -> str | None:
        """The current etag of the file an upload is a new version of."""
        current = self.current(upload)
        return current.etag if current else None

    def current(self, upload: Upload) -> FileState | None:
        """The file an upload is a new version of, as it is now."""
        return self.target.files.get(upload.target.file_id, upload.target) if upload.target else None

    def use_foreign(self, upload: Upload, carrier: Upload) -> None:
        """Lets plans for ``carrier`` use a part of ``upload``."""
        self._foreign = upload
        for part in upload.session.parts:
            carrier.know_foreign(part.part_id)

    # Commits

    def attempt(
        self,
        upload: Upload,
        plan: CommitPlan | CommitRequest,
        *,
        what: str | None = None,
        name_taken: bool = False,
        claims: Iterable[str] = (),
        **options: Any,
    ) -> Attempt:
        """Commits, follows every 202, and judges the answers in passing. Ends no test.

        Args:
            plan: How the commit differs from the right one, or a request as it is.
            what: What is sent, in words, where the plan does not say it.
            name_taken: Whether another item of the session's name is in the folder.
            claims: Rules whose problems the test wants to see itself, in the attempt, in place of the monitor.
            options: Further options of `Wire.send`.
        """
        request = plan if isinstance(plan, CommitRequest) else plan.build(self.material(upload))
        current = self.current(upload)
        expectation = expect_commit(request, upload.session, current=current, name_taken=name_taken)
        if not expectation.must_refuse and upload.state is State.LIVE:
            self.target.wire.purse.check_files()
        watch = expectation.must_create and len(self.watched) < WATCHED and "token" not in options
        limited = len(self.target.wire.rate_limited)
        run = follow(
            self.target.api,
            upload,
            request,
            patience=Patience(),
            list_folder=self.target.items if "list_folder" in self.target.capabilities else None,
            watch=watch,
            **options,
        )
        attempt = Attempt(
            upload=upload,
            request=request,
            expectation=expectation,
            run=run,
            what=what or str(plan),
            plan=plan if isinstance(plan, CommitPlan) else None,
            claims=frozenset(claims),
            limited=len(self.target.wire.rate_limited) > limited,
        )
        if watch and run.glances:
            self.watched.append(attempt)
        self.attempts.append(attempt)
        del self.attempts[:-200]
        self.settle(attempt)
        return attempt

    def settle(self, attempt: Attempt) -> None:
        """Notes what a commit has done to its session and its file, and judges it in passing."""
        upload, target = attempt.upload, self.target
        self.run.monitor.saw("example")
        attempt.repeated = upload.state is State.COMMITTED
        if attempt.took_effect:
            upload.state = State.COMMITTED
            attempt.file = created_file(attempt.answer)
            if not attempt.repeated:
                target.wire.purse.file_committed()
        elif attempt.answer.status == 410 and not attempt.repeated:
            upload.state = State.GONE
        elif attempt.expectation.reasons:
            upload.refused.append(attempt.what)
        self.judge.commit(attempt)
        if attempt.file is not None and not attempt.repeated:
            target.ledger.note(
                "file", id=attempt.file.file_id, name=upload.session.name, folder_id=upload.session.parent_id
            )
            target.files[attempt.file.file_id] = attempt.file

    def commits(self, plan: CommitPlan | None = None, *, upload: Upload | None = None, **options: Any) -> Attempt:
        """A commit that has to succeed.

        Without an upload, one that has refused bad commits before is used. Should one that has refused not commit, a
        fresh one tells whether that was the current rule's fault or that of the refusals.
        """
        plan = plan or CommitPlan()
        upload = upload or self.take()
        attempt = self.attempt(upload, plan, **options)
        if not attempt.created and not attempt.took_effect and (upload.refused or attempt.limited):
            again = self.new_version(self.current(upload)) if upload.target else self.usual()
            fresh = self.attempt(again, plan, **options)
            if fresh.created:
                self.session_died(attempt) if upload.refused else None
                attempt = fresh
        if not attempt.created:
            self.fail(f"a right commit was answered {describe_answer(attempt.run.last)}", attempt)
        return attempt

    def commits_something(self, upload: Upload) -> Attempt:
        """A commit of this upload that has to succeed, in an unusual form where one is still to be tried."""
        return self.liberties.along_with(upload) or self.commits(upload=upload)

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
        self.judge.folder(self.attempts[-1] if self.attempts else None)
        if not answered:
            raise Blocked("every answer was a 5xx; see ERROR-NO-5XX")

    def refuses_one(self, plan: CommitPlan, *, upload: Upload | None = None, name_taken: bool = False) -> bool:
        """One commit that has to be refused. Gives whether the answer said anything about it: a 5xx does not."""
        upload = upload if upload and upload.state is State.LIVE else self.target.bank.lease(self.rule.group)
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
        attempt = self.liberties.along_with(upload) or self.attempt(upload, CommitPlan())
        if not attempt.created:
            upload.state = State.GONE
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

    # Liberties

    def liberty(self) -> list[tuple[CommitPlan, Attempt]]:
        """The commits that took the current rule's liberties: the plan, and what became of it."""
        return self.liberties.of(self.rule.id)

    @property
    def liberties(self) -> Liberties:
        """The liberties of this run."""
        if self._liberties is None:
            self._liberties = Liberties(self)
        return self._liberties

    def takes_liberty(self) -> None:
        """Ends the test unless the server took the current rule's liberties, and saw through them."""
        for plan, attempt in self.liberty():
            if not attempt.created:
                said = describe_answer(attempt.run.last)
                self.fail(f"a right commit was answered {said}", attempt, what=str(plan))

    def observes_liberty(self) -> str:
        """What became of the current rule's liberties, in words."""
        said = [f"{plan}: {describe_answer(attempt.run.last)}" for plan, attempt in self.liberty()]
        if not said:
            raise Blocked("no commit of this form could be tried")
        return "; ".join(said)

    # Endings

    def seen(self) -> None:
        """Ends the test unless what the current rule speaks of has been seen; findings are the run's to raise."""
        subject = self.run.monitor.subject_of(self.rule.id)
        if self.run.monitor.seen[subject]:
            return
        if subject in ("202", "304", "410", "429"):
            raise Unsupported(f"the target never answered {subject}")
        if subject in ("owner", "401", "412", "version", "request_id", "listing"):
            raise Unsupported(f"nothing of the kind was seen ({subject})")
        raise Blocked(f"nothing of the kind was seen ({subject})")

    def fail(
        self,
        message: str,
        attempt: Attempt | None = None,
        *,
        exchange: Exchange | None = None,
        what: str | None = None,
        expected: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> NoReturn:
        """Ends the test: the current rule is not kept."""
        failure, records = failure_of(
            message,
            exchanges=self.run.exchanges,
            sent=what or (attempt.what if attempt else self.rule.statement),
            expected=expected or (self._expected(attempt.expectation) if attempt else self.rule.statement),
            exchange=exchange,
            attempt=attempt,
            problems=problems,
            replay=self.run.replay(self.rule),
        )
        raise Nonconformance(message, {**failure, "records": records})

    def session_died(self, attempt: Attempt) -> None:
        """Files that a session did not survive the refusals of its group."""
        rule = SURVIVAL.get(attempt.upload.group or "", "REJECTED-SESSION-LIVES")
        refused = attempt.upload.refused
        problem = Problem(
            rule,
            f"after {len(refused)} refused commits, the last being: {refused[-1] if refused else '-'}, "
            f"the right one was answered {describe_answer(attempt.run.last)}",
        )
        attempt.upload.state = State.GONE
        self.judge.file(problem, attempt)

    @staticmethod
    def _expected(expectation: Expectation) -> str:
        why = "; ".join(expectation.reasons[:6])
        return f"{expectation}, since {why}" if why else str(expectation)

    @property
    def thorough(self) -> bool:
        """Whether the run may take its time."""
        return self.run.settings.effort is Effort.THOROUGH
