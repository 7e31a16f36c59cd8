"""Sends commits, follows what is put off, and judges what comes back in passing. Ends no test but for lost answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from hypothesis import currently_in_test_context

from commit_conformance.model import CommitRequest, Expectation, FileState, expect_commit
from commit_conformance.target.api import created_file, file_state
from commit_conformance.target.commit import COMMIT_PASSING, Patience, follow
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.judge import Judge
from commit_conformance.verdict.catalogue import Effort, Level, Rule
from commit_conformance.verdict.outcomes import InDoubt
from commit_conformance.verdict.run import Run
from commit_conformance.wire import describe_answer
from commit_conformance.wire.errors import Trouble
from commit_conformance.wire.outages import Busy
from strategies.plan import CommitPlan, Material

#: How many right commits that are answered 202 are watched closely.
WATCHED = 3
#: Why nothing is uploaded for a rule that decides nothing, where a file is costly.
_ONLY_RECORDED = "what is only recorded has to do with the sessions that are left, where a file takes"
#: Commits that are remembered, and bytes of the answers to them: what a hostile target sends has to fit into memory.
REMEMBERED, REMEMBERED_BYTES = 200, 8 * 1024 * 1024


class Sending:
    """A target that commits are sent to, and what is known of them.

    Args:
        run: The run it belongs to.

    Attributes:
        rule: The rule that is being tested.
        judge: Who judges what comes back.
        attempts: The latest commits, oldest first.
        made: What is made once a run, by name.
        leans: Whether the current test has used a commit of an earlier one, which is not made again for it.
        making: How many things are being made for `made` at this moment, one inside the other.
    """

    rule: Rule
    judge: Judge

    def __init__(self, run: Run) -> None:
        self.run = run
        self.attempts: list[Attempt] = []
        self._watched: list[Attempt] = []
        self._sample: Attempt | None = None
        self._foreign: Upload | None = None
        self._commits_bad_ones = False
        self._unsure: set[str] = set()
        self.leans = False
        self.made: dict[str, Any] = {}
        self.making = 0

    @property
    def target(self) -> Target:
        """The target, connected."""
        return self.run.connect()

    @property
    def sparing(self) -> bool:
        """Whether rules share what is uploaded wherever they can: in a standard run, where a file is costly."""
        bank = self.target.bank
        return bank.costly and bank.reuses and self.run.settings.effort is Effort.STANDARD

    def _limit(self) -> None:
        """Sets what the test of the current rule may cost: one that decides nothing has what others leave."""
        recorded = self.rule.level is Level.OBSERVED
        self.target.wire.purse.most_files = self.run.settings.files_alone if recorded else None
        spared = self.sparing and recorded
        self.target.bank.closed = f"{_ONLY_RECORDED} {self.target.bank.light_size} bytes" if spared else ""

    # Commits

    def attempt(
        self,
        upload: Upload,
        plan: CommitPlan | CommitRequest,
        *,
        what: str | None = None,
        name_taken: bool = False,
        claims: Iterable[str] = (),
        early: bool = False,
        stray: bool = False,
        barred: bool = False,
        patience: Patience | None = None,
        **options: Any,
    ) -> Attempt:
        """Commits, follows every 202, and judges the answers in passing. Ends no test.

        Args:
            plan: How the commit differs from the right one, or a request as it is.
            what: What is sent, in words, where the plan does not say it.
            name_taken: Whether another item of the session's name is in the folder.
            claims: Rules whose problems the test wants to see itself, in the attempt, in place of the monitor.
            early: Whether to repeat it once before Retry-After has passed, when it is answered 202.
            stray: Whether it goes to no session of the run, so that no file may come of it.
            barred: Whether something besides the request decides what becomes of it; see `Attempt`.
            patience: How long a 202 is followed; the usual time by default.
            options: Further options of `Wire.send`.
        """
        request = plan if isinstance(plan, CommitRequest) else plan.build(self.material(upload))
        current = self.current(upload)
        expectation = expect_commit(request, upload.session, current=current, name_taken=name_taken)
        if not barred:
            self._check_files(upload, expectation)
        watch = expectation.must_create and len(self._watched) < WATCHED and "token" not in options
        early = early or (self._early_is_due() and expectation.must_create and self._sample is not None)
        try:
            run = follow(
                self.target.api,
                upload,
                request,
                patience=patience or Patience(),
                list_folder=self.target.items if "list_folder" in self.target.capabilities else None,
                watch=watch,
                early=early,
                meanwhile=self._meanwhile if expectation.must_create else None,
                **options,
            )
            if run.answer.status in COMMIT_PASSING and not expectation.must_refuse:
                raise Busy("right commits are answered as by a gateway whose server is away", run.last)
        except Trouble:
            self.lose(upload)
            raise
        attempt = Attempt(
            upload=upload,
            request=request,
            expectation=expectation,
            run=run,
            what=what or str(plan),
            plan=plan if isinstance(plan, CommitPlan) else None,
            claims=frozenset(claims),
            stray=stray,
            others=bool(options.get("token")),
            barred=barred or name_taken,
        )
        if watch and run.glances and not attempt.in_doubt:
            self._watched.append(attempt)
        self.remember(attempt)
        self.settle(attempt)
        return attempt

    def _early_is_due(self) -> bool:
        """Whether nobody has asked too early yet, and somebody wants to know what comes of it."""
        wanted = self.run.chosen is None or "ACCEPTED-EARLY-RETRY" in self.run.chosen
        return wanted and not any(attempt.run.early for attempt in self._watched)

    def _meanwhile(self, seconds: float) -> None:
        """Lets the run examine other rules while a right commit of this one's test waits.

        Not in the middle of what Hypothesis draws; nor, where tests share what they upload, of what others will use.
        """
        if self._sample is None or (self.making and self.sparing) or currently_in_test_context():
            return
        kept = self.rule, self.leans
        try:
            with self.run.aside(), self.target.wire.purse.file_under_way():
                self.run.meanwhile(seconds)
        finally:
            self.rule, self.leans = kept
            self._limit()

    def remember(self, attempt: Attempt) -> None:
        """Keeps a commit for tests that look back, and forgets the oldest ones."""
        self.attempts.append(attempt)
        held, kept = 0, 0
        for known in reversed(self.attempts[-REMEMBERED:]):
            held += sum(len(exchange.answer.body) for exchange in known.run.exchanges if exchange.answer)
            if kept and held > REMEMBERED_BYTES:
                break
            kept += 1
        del self.attempts[:-kept]

    def settle(self, attempt: Attempt) -> None:
        """Notes what a commit has done to its session and its file, and judges it in passing."""
        upload, target = attempt.upload, self.target
        upload.unsettled = False
        self.run.monitor.saw("example")
        attempt.repeated = upload.state is State.COMMITTED
        if attempt.took_effect:
            upload.state = State.COMMITTED
            attempt.file = created_file(attempt.answer)
            if attempt.file is not None and not attempt.repeated:
                target.shown.pop(attempt.file.file_id, None)  # read before this commit
            upload.file_unknown = attempt.file is None
            if not attempt.repeated and (attempt.file is not None or attempt.answer.status == 201):
                target.wire.purse.file_committed()
                self._commits_bad_ones = self._commits_bad_ones or attempt.expectation.must_refuse
        elif attempt.in_doubt and self._may_have_acted(attempt):
            self._look_for(attempt)
        elif attempt.answer.status == 410 and not attempt.repeated:
            upload.state = State.GONE
        elif attempt.expectation.reasons:
            upload.refused.append(attempt.what)
            upload.refused_digest = upload.refused_digest or bool(attempt.plan and attempt.plan.digest)
        try:
            self.judge.commit(attempt)
        finally:  # whatever looking closer came to: the file is there
            self._note_file(attempt)

    def _may_have_acted(self, attempt: Attempt) -> bool:
        """Whether a commit whose answer was lost may have made something that is right."""
        known = attempt.repeated or attempt.stray or attempt.others or attempt.answer.status in (401, 403)
        return not known and not attempt.expectation.must_refuse

    def _note_file(self, attempt: Attempt) -> None:
        upload, target = attempt.upload, self.target
        if attempt.file is not None and not attempt.repeated:
            target.ledger.note(
                "file", id=attempt.file.file_id, name=upload.session.name, folder_id=upload.session.parent_id
            )
            if attempt.stray:
                target.strangers.add(attempt.file.file_id)
            else:
                target.files[attempt.file.file_id] = attempt.file
                target.bank.homes.setdefault(attempt.file.file_id, upload.session.parent_id)

    def _check_files(self, upload: Upload, expectation: Expectation) -> None:
        """Keeps to the budget of files: those meant to be made, and those a lax server makes of bad commits."""
        if upload.state is not State.LIVE:
            return
        if not expectation.must_refuse or self._commits_bad_ones:
            self.target.wire.purse.check_files()

    # What plans may draw on

    def material(self, upload: Upload) -> Material:
        """What plans may draw on for one upload."""
        foreign, foreign_bytes = None, b""
        if self._foreign is not None and self._foreign is not upload and self._foreign.session.parts:
            foreign = self._foreign.session.parts[0]
            foreign_bytes = self._foreign.content[foreign.offset : foreign.end]
        return Material(
            session=upload.session,
            content=upload.content,
            foreign=foreign,
            foreign_bytes=foreign_bytes,
            etag=self.etag(upload),
        )

    def etag(self, upload: Upload) -> str | None:
        """The current etag of the file an upload is a new version of."""
        current = self.current(upload)
        return current.etag if current else None

    def current(self, upload: Upload) -> FileState | None:
        """The file an upload is a new version of, as it is now."""
        return self.target.files.get(upload.target.file_id, upload.target) if upload.target else None

    def refresh(self, upload: Upload) -> None:
        """Reads the file again that an upload is a new version of: something has changed it without saying so."""
        current = self.current(upload)
        if current is not None:
            self.read_anew(current.file_id)

    def read_anew(self, file_id: str) -> None:
        """Takes a file for what it reads as now."""
        exchange = self.target.api.get_file(file_id)
        shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
        if shown is not None:
            self.target.files[shown.file_id] = self.target.shown[shown.file_id] = shown

    def use_foreign(self, upload: Upload, carrier: Upload) -> None:
        """Lets plans for ``carrier`` use a part of ``upload``."""
        self._foreign = upload
        for part in upload.session.parts:
            carrier.know_foreign(part.part_id)

    # Lost answers

    def lose(self, upload: Upload) -> None:
        """Puts an upload away of whose commit no answer was had, and doubts what that commit may have changed."""
        if upload.state is State.LIVE:
            upload.state = State.GONE
        if upload.target is not None:
            self._unsure.add(upload.target.file_id)

    def look_again(self) -> None:
        """Reads files again that a commit or another request may have changed whose answer was lost."""
        for file_id in sorted(self._unsure):
            exchange = self.target.api.get_file(file_id)
            shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
            if shown is not None:
                self.target.files[file_id] = self.target.shown[file_id] = shown
            elif file_id in self.target.files:
                self.target.files.pop(file_id)
                self.target.strangers.add(file_id)
            self._unsure.discard(file_id)

    def doubts_file(self, file_id: str) -> None:
        """Has a file read again before the next test: the answer to changing or deleting it was lost."""
        self._unsure.add(file_id)

    def doubt(self, attempt: Attempt, message: str = "") -> NoReturn:
        """Ends the test: a commit was sent again because an answer was lost, and its answer says little now.

        Raises:
            InDoubt: Always.
        """
        said = message or f"a commit was answered {describe_answer(attempt.run.last)}"
        raise InDoubt(f"{said}, when it was sent again because the answer to it had been lost on the way")

    def _look_for(self, attempt: Attempt) -> None:
        """Looks at the target for what a commit has made whose answer was lost; without it nothing is known."""
        upload, target = attempt.upload, self.target
        upload.unsettled = True
        self.lose(upload)
        session = upload.session
        if upload.target is not None:
            before = self.current(upload)
            self.look_again()
            now = self.current(upload)
            same = before is None or now is None or (now.etag, now.version_id) == (before.etag, before.version_id)
            attempt.file = None if same or now is None or now.sha1 not in (None, session.sha1) else now
        else:
            listed = target.api.folder_items(session.parent_id) if "list_folder" in target.capabilities else []
            items = listed if isinstance(listed, list) else []
            states = [file_state(item) for item in items if item.get("type", "file") == "file"]
            found = [state for state in states if state is not None and state.name == session.name]
            attempt.file = next((state for state in found if state.file_id not in target.files), None)
        if attempt.file is not None:
            upload.state, upload.unsettled, upload.settled_by_looking = State.COMMITTED, False, True
            target.wire.purse.file_committed()
