"""Commits that have to succeed: the first one of a run, on which others build, and what else a failure may be due to.

A test ends with an `Ending` where the current rule is not kept. What an answer says about *other* rules is filed with
the monitor. How a commit is sent stands in ``sending``, what a server has to refuse in ``refusals``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from commit_conformance.model import Expectation, FileState, Problem
from commit_conformance.target.api import SessionHandle
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.evidence import failure_of
from commit_conformance.trial.judge import Judge
from commit_conformance.trial.liberties import Liberties
from commit_conformance.trial.sending import Sending
from commit_conformance.verdict.catalogue import Effort, Rule
from commit_conformance.verdict.outcomes import Blocked, InDoubt, Nonconformance, Unsupported, Verdict
from commit_conformance.verdict.run import Run
from commit_conformance.wire import Exchange, describe_answer
from strategies.plan import CommitPlan

#: Which rule speaks of a session that does not survive the refusals of a group.
SURVIVAL = {"digest": "DIGEST-RETRY", "preconditions": "PRECONDITION-RETRY"}


class Commits(Sending):
    """A server under test, as the tests of rules see it.

    Args:
        run: The run it belongs to.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.judge = Judge(run, self)
        self._liberties: Liberties | None = None
        self._version_file = ""

    def begin(self, rule: Rule) -> None:
        """Makes ``rule`` the one that is being tested, and checks that the target can do what it needs."""
        self.rule = rule
        for name in rule.needs:
            self.need(name)
        self.leans = False
        self._limit()
        self.look_again()

    def renew(self) -> None:
        """Puts away what the current test has made and may use again, so that it can be asked in fresh state."""
        self.leans = False
        self.made.clear()
        if self._sample is not None and not self._sample.created:
            self._sample = None
        for upload in self.target.bank.carriers():
            upload.group = None
        self.liberties.forget(self.rule.id)

    # What is there

    @property
    def sample(self) -> Attempt:
        """The run's first commit, exactly as documented: what everything else builds on.

        Where another right commit went well before it was asked for, it is that one, whatever its session had refused.
        """
        self.run.looked = True
        if self._sample is None:
            self._sample = next(filter(self._is_as_documented, self.attempts), None)
        if self._sample is None:
            upload = self.target.bank.open()
            what = "a right commit, as documented"
            self._sample = self.attempt(upload, CommitPlan(), what=what)
            if not self._sample.created and not self._sample.took_effect and self.excused(self._sample):
                self._sample = self.attempt(self.upload(), CommitPlan(), what=what)
            if self._sample.in_doubt:
                attempt, self._sample = self._sample, None
                self.doubt(attempt)
        self.leans = self.leans or self._sample.created
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
        if self.sample.file.file_id not in self.target.files:
            raise Blocked("the first file is gone")
        return self.target.files[self.sample.file.file_id]

    @property
    def version_file(self) -> FileState:
        """The file that new versions are made of: the first one, which stays.

        Where uploads are shared it is another one, as long as it is there: a session for it can end with its deletion.
        """
        if not self.sparing:
            return self.sample_file
        if self._version_file not in self.target.files:
            other = next((attempt.file for attempt in self.attempts if self._is_plain(attempt)), None)
            self._version_file = (other or self.sample_file).file_id
        return self.target.files[self._version_file]

    def _is_plain(self, attempt: Attempt) -> bool:
        """Whether a commit made a new file of the run's folder, other than the first, that is as it has made it."""
        session, file = attempt.upload.session, attempt.file
        usual = not (attempt.repeated or attempt.stray or attempt.others or attempt.expectation.reasons)
        ours = attempt.upload.target is None and session.parent_id == self.target.folder_id
        current = file is not None and self.target.files.get(file.file_id) is file
        return attempt.created and usual and ours and current and attempt is not self._sample

    def _is_as_documented(self, attempt: Attempt) -> bool:
        """Whether a commit was sent as documented, but for headers that others need not send, and made a usual file."""
        usual = attempt.plan is not None and replace(attempt.plan, headers=()) == CommitPlan()
        whole = attempt.upload.session.file_size == self.target.bank.file_size
        return usual and whole and not attempt.barred and self._is_plain(attempt)

    def need(self, name: str) -> None:
        """Ends the test as unsupported when the target lacks a capability."""
        if name in ("processing", "rate_limited", "locks", "collaborations", "delete_file"):
            return  # known once it has been tried
        if name == "new_version" and self.target.capabilities.get(name) is None:
            self.target.try_new_version(self.sample_file)
        if name in ("read_file", "read_content"):
            _ = self.sample_file  # read when it was committed
        known = self.target.capabilities.get(name)
        if known is None or not known.available:
            detail = known.detail if known else "unknown"
            raise Unsupported(f"the target lacks {name.replace('_', ' ')}: {detail}")

    def can(self, name: str) -> bool:
        """Whether the target can do something; asks where nobody has asked yet."""
        try:
            self.need(name)
        except Unsupported:
            return False
        return True

    @property
    def whole_parts(self) -> int:
        """How many whole parts make a file the target takes; at least two."""
        return max(2, -(-self.target.smallest // self.target.first_session.part_size))

    # Uploads

    def upload(self, **options: Any) -> Upload:
        """A fresh upload, see `Bank.open`."""
        return self.target.bank.open(**options)

    def light(self, **options: Any) -> Upload:
        """A fresh upload of as few parts as can still be told apart, for tests in which the list does not matter."""
        return self.target.bank.open(size=self.target.bank.light_size, **options)

    def usual(self) -> Upload:
        """A clean upload for a commit that is meant to succeed; an earlier one where one was kept."""
        self.target.wire.purse.check_files()
        return self.target.bank.usual()

    def for_a_form(self) -> Upload:
        """An upload for a right commit in an unusual form: a clean one.

        Where a file is costly, the one that has refused wrong digests and is to be committed anyway.
        """
        self.target.wire.purse.check_files()
        return self.target.bank.take("digest") if self.sparing else self.target.bank.usual()

    def take(self) -> Upload:
        """An upload for a commit that is meant to succeed, whatever bad commits it has refused."""
        self.target.wire.purse.check_files()
        return self.target.bank.take()

    def version_carrier(self) -> Upload:
        """A live upload for a new version, used again until it commits."""
        return self.target.bank.lease_version(self.version_file)

    def new_version(self, file: FileState | None = None, **options: Any) -> Upload:
        """A fresh upload for a new version of a file, the first commit's by default."""
        return self.target.bank.open(target=file or self.sample_file, **options)

    def is_current(self, attempt: Attempt) -> bool:
        """Whether a commit's file is still as that commit has made it."""
        return attempt.file is not None and self.target.files.get(attempt.file.file_id) is attempt.file

    @property
    def light_content(self) -> bytes | None:
        """The bytes of a file of few parts that the run has made, as they are in it now; None while there is none."""
        light = (one for one in self.attempts if one.upload.session.file_size == self.target.bank.light_size)
        return next((one.upload.content for one in light if one.created and self.is_current(one)), None)

    def looking_at(self, attempts: list[Attempt]) -> list[Attempt]:
        """Notes that the current test looks at answers of earlier ones, and gives them back."""
        self.run.looked = self.run.looked or bool(attempts)
        self.leans = self.leans or bool(attempts)
        return attempts

    @property
    def watched(self) -> list[Attempt]:
        """Right commits that were answered 202 and watched meanwhile."""
        return self.looking_at(self._watched)

    @property
    def first_session(self) -> SessionHandle:
        """The run's first session, as its creation showed it."""
        self.run.looked = True
        return self.target.first_session

    # Commits that have to succeed

    def commits(self, plan: CommitPlan | None = None, *, upload: Upload | None = None, **options: Any) -> Attempt:
        """A commit that has to succeed, and ends the test when it does not.

        Without an upload, one that has refused bad commits before is used. What else may be to blame is ruled out by
        asking again on a fresh session: the refusals it has borne, a 202 that led to nothing, a 429.
        """
        plan = plan or CommitPlan()
        attempt = self.attempt(upload or self.take(), plan, **options)
        for _ in range(2):
            if attempt.created or attempt.took_effect:
                break
            excused = self.excused(attempt)
            if not excused and not attempt.upload.refused:
                break
            fresh = self.attempt(self.like(attempt.upload), plan, **options)
            if fresh.created and not excused:
                self.session_died(attempt)
            attempt = fresh
        if attempt.in_doubt:
            self.doubt(attempt)
        if not attempt.created and attempt.upload.target is not None and attempt.answer.status == 409:
            raise Blocked("new versions conflict with their own file; see CONFLICT-OWN-NAME")
        if not attempt.created:
            self.fail(f"a right commit was answered {describe_answer(attempt.run.last)}", attempt)
        return attempt

    def like(self, upload: Upload) -> Upload:
        """A fresh upload in place of one that did not commit: for the same file, or of the same name and size."""
        current = self.current(upload)
        if current is not None:
            return self.new_version(current)
        if upload.state is State.LIVE:
            upload.state = State.GONE  # its name is given away
        taken = upload.unsettled or upload.settled_by_looking  # or may be: by a commit whose answer was lost
        return self.upload(size=upload.session.file_size, name=None if taken else upload.session.name)

    def excused(self, attempt: Attempt) -> bool:
        """Whether a right commit may have failed for a reason that other rules speak of; files it there."""
        said = describe_answer(attempt.run.last)
        if attempt.in_doubt:
            if attempt.upload.state is State.LIVE:
                attempt.upload.state = State.GONE
            return True  # nothing to file: it may be for the lost answer alone
        if attempt.run.limited:
            attempt.upload.state = State.GONE  # what the 429 has done was filed when it was judged
            return True
        if attempt.upload.target is not None and attempt.answer.status == 409:
            self.judge.file(Problem("CONFLICT-OWN-NAME", f"a new version was answered {said}"), attempt)
            return True
        if attempt.run.early and len(attempt.run.exchanges) == 2:
            attempt.upload.state = State.GONE
            problem = Problem("ACCEPTED-EARLY-RETRY", f"asked again before the time, the server answered {said}")
            self.judge.file(problem, attempt)
            return True
        if attempt.run.glances:
            tries = len(attempt.run.exchanges)
            problem = Problem("ACCEPTED-COMPLETES", f"a right commit got 202 first, and after {tries} tries {said}")
            self.judge.file(problem, attempt)
            attempt.upload.state = State.GONE
            return True
        return False

    def unusually_or_plainly(self, upload: Upload) -> Attempt:
        """One right commit of this upload and no other: in an unusual form if that is taken, else plainly."""
        attempt = self.liberties.along_with(upload)
        if attempt is not None:
            return attempt
        if upload.unsettled or upload.settled_by_looking:
            raise InDoubt("the answer to a commit of the session was lost on the way")
        if upload.state is not State.LIVE:
            raise Blocked("the session ended in a 202, 409 or 429 that led to nothing")
        accepted = any(known.upload is upload and known.run.glances for known in self.attempts)
        attempt = self.attempt(upload, CommitPlan())
        if accepted and not attempt.created:
            raise Blocked("an unusual commit was answered 202 and refused, and the session is not what it was")
        return attempt

    def commits_something(self, upload: Upload, *, what: str | None = None) -> Attempt:
        """A commit of this upload that has to succeed, in an unusual form where one is still to be tried."""
        attempt = self.liberties.along_with(upload)
        if attempt is not None:
            return attempt
        # After a 202 that led to a refusal the session may not be what it was.
        accepted = any(known.upload is upload and known.run.glances for known in self.attempts)
        if accepted or upload.state is not State.LIVE:
            upload = self.like(upload)
        return self.commits(upload=upload, what=what)

    def misfit(self, attempt: Attempt) -> NoReturn:
        """Files that a right commit failed for the size of its file, and ends the test: it says nothing of its rule."""
        if attempt.in_doubt:
            self.doubt(attempt)
        session, said = attempt.upload.session, describe_answer(attempt.run.last)
        size = f"{session.file_size} bytes in parts of {session.part_size}"
        self.judge.file(Problem("PART-SIZES", f"a right commit of {size} was answered {said}"), attempt)
        raise Blocked(f"files of {size} do not commit; see PART-SIZES")

    # Liberties

    def liberty(self, rule_id: str | None = None) -> list[tuple[CommitPlan, Attempt]]:
        """The commits that took a rule's liberties, the current one's by default: the plan, and what became of it."""
        self.run.looked = True
        return self.liberties.of(rule_id or self.rule.id)

    @property
    def liberties(self) -> Liberties:
        """The liberties of this run."""
        if self._liberties is None:
            self._liberties = Liberties(self)
        return self._liberties

    def takes_liberty(self, *, or_else: Collection[int] = ()) -> None:
        """Ends the test unless the server took the current rule's liberties, and saw through them.

        Args:
            or_else: Statuses that are as right as 201.
        """
        taken = self.liberty()
        if not taken:
            raise Blocked("no commit of this form could be tried")
        for plan, attempt in taken:
            if not attempt.created and attempt.answer.status not in or_else:
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
        if not self.run.monitor.seen[subject]:
            _ = self.sample  # nothing was committed yet: this rule is tested alone
        if self.run.monitor.seen[subject]:
            self.run.looked = True
            return
        if subject in ("202", "304", "410", "429"):
            raise Unsupported(f"the target never answered {subject}", awaits=subject)
        if subject in ("owner", "401", "412", "version", "request_id", "listing"):
            raise Unsupported(f"nothing of the kind was seen ({subject})", awaits=subject)
        raise Blocked(f"nothing of the kind was seen ({subject})", awaits=subject)

    def fail(
        self,
        message: str,
        attempt: Attempt | None = None,
        *,
        exchange: Exchange | None = None,
        what: str | None = None,
        expected: str | None = None,
        problems: Sequence[Problem] = (),
        times: tuple[int, int] = (1, 1),
    ) -> NoReturn:
        """Ends the test: the current rule is not kept.

        Args:
            times: How often the example failed, and how often it was asked.
        """
        if attempt is not None and attempt.in_doubt:
            self.doubt(attempt, message)
        failure, records = failure_of(
            message,
            exchanges=self.run.exchanges,
            sent=what or (attempt.what if attempt else self.rule.statement),
            expected=expected or (self._expected(attempt.expectation) if attempt else self.rule.statement),
            exchange=exchange,
            attempt=attempt,
            problems=problems,
            replay=self.run.replay(self.rule),
            times=times,
        )
        raise Nonconformance(message, {**failure, "records": records})

    def session_died(self, attempt: Attempt) -> None:
        """Files that a session did not survive the refusals of its group."""
        if attempt.in_doubt:
            attempt.upload.state = State.GONE  # perhaps by a commit whose answer was lost
            return
        group = attempt.upload.group or ""
        unless: tuple[str, ...] = ()
        if attempt.upload.refused_digest and group != "digest":
            retry = SURVIVAL["digest"]
            group = "digest" if self.run.verdicts.get(retry) is Verdict.FAILED else group
            unless = () if retry in self.run.verdicts else (retry,)
        rule = SURVIVAL.get(group, "REJECTED-SESSION-LIVES")
        refused = attempt.upload.refused
        problem = Problem(
            rule,
            f"after {len(refused)} refused commits, the last being: {refused[-1] if refused else '-'}, "
            f"the right one was answered {describe_answer(attempt.run.last)}",
        )
        attempt.upload.state = State.GONE
        self.judge.file(problem, attempt, unless=unless)

    @staticmethod
    def _expected(expectation: Expectation) -> str:
        why = "; ".join(expectation.reasons[:6])
        return f"{expectation}, since {why}" if why else str(expectation)

    @property
    def thorough(self) -> bool:
        """Whether the run may take its time."""
        return self.run.settings.effort is Effort.THOROUGH
