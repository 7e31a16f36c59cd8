"""Requests at the same time, many rounds of them, each judged by whether some order explains what was seen.

A round prepares its requests, lets a thread each send one at the same moment, and reads afterwards what is there. Its
history then goes to the model. One request is held back against the other a little, another time in every round: a
window between a check and what it guards may be met by either, and at any width.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Generic, NoReturn, TypeVar

from commit_conformance.model import FileState, expect_commit
from commit_conformance.model.history import Call, Explanation, explain, history_lines, story
from commit_conformance.model.sequential import (
    Answered,
    CountVersions,
    ListFolder,
    Operation,
    ReadContent,
    World,
)
from commit_conformance.target.commit import CommitRun, Patience, follow
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial import answered
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.evidence import failure_of
from commit_conformance.trial.refusals import Refusals
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked, InDoubt, Nonconformance
from commit_conformance.wire import BudgetSpent, Exchange, describe_answer
from commit_conformance.wire.errors import Trouble
from strategies.liberties import together
from strategies.plan import CommitPlan

T = TypeVar("T")

#: What may look wrong about a file because of a race: the test of the race says it, in its own words.
RACING = frozenset({"CREATED-CONTENT", "CREATED-READ-BACK", "CREATED-UNIQUE-ID", "CREATED-LISTED"})
#: How often a race is run. One round costs a file and a session or two, all that a standard run can spare. A window
#: that one round in ten meets is missed by thirty rounds four times in a hundred (0.9 to the power of 30).
ROUNDS = {Effort.QUICK: 1, Effort.STANDARD: 1, Effort.THOROUGH: 30}
#: Seconds by which one request is held back at most: a round should not become two requests one after the other for
#: the sake of one slow answer.
LONGEST_LAG = 1.0
#: How often a round is run whose answers were lost on the way. One request in ten lost is one round in three: three
#: rounds in a row are one race in thirty.
DISTURBED = 3
#: Rules whose failure makes the list of a folder say nothing of a race.
LISTING = ("CREATED-LISTED", "SESSION-NO-EARLY-FILE", "ACCEPTED-NO-FILE", "ACCEPTED-ONE-FILE", "REJECTED-NO-TRACE")


@dataclass(frozen=True, slots=True)
class Finish(Generic[T]):
    """What one request of a race came to, and when it was sent and answered."""

    result: T
    begin: float
    end: float

    def call(self, what: str, operation: Operation, said: Answered) -> Call:
        """The request as an entry of the history."""
        return Call(what=what, operation=operation, answered=said, begin=self.begin, end=self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of a race.

    Attributes:
        attempts: The commits in it.
        calls: Its history, with what was read afterwards.
        explanation: Whether some order explains it.
        wrong: What is wrong besides; empty when the explanation says all.
        met: Whether they met for certain, since one was sent when the other had been answered 202.
    """

    attempts: Sequence[Attempt]
    calls: Sequence[Call]
    explanation: Explanation
    wrong: str = ""
    met: bool = False

    @property
    def failed(self) -> bool:
        """Whether the server did what it could not have done one request after the other."""
        return bool(self.wrong) or not self.explanation

    def told(self, wrong: str) -> Round:
        """The same round, with these words for what is wrong if anything is, and nothing was said of it yet."""
        return replace(self, wrong=wrong) if self.failed and not self.wrong else self

    @property
    def put_off(self) -> bool:
        """Whether nothing was made and a commit was answered 202 first, so that the requests hardly met."""
        waited = any(attempt.run.glances for attempt in self.attempts)
        return waited and not self.met and not any(attempt.took_effect for attempt in self.attempts)

    @property
    def message(self) -> str:
        """What is wrong, and the story of it, in one line."""
        found = self.wrong or self.explanation.found
        return f"{found}. In order: {story(self.calls)}" if self.calls else found


class Rounds(Refusals):
    """A server that can be asked several things at once, as often as the effort allows."""

    _pace = 0.0

    def races(self, one: Callable[[float], Round]) -> None:
        """Runs a race as many rounds as the effort allows, and ends the test unless every round can be explained.

        Args:
            one: Runs one round, in which one request is held back by so many seconds, or the other by as many if
                negative.
        """
        rounds, failed, stuck = 0, list[Round](), None
        shares = self._shares()
        for turn, share in enumerate([*shares, 0.0]):
            # The last is for a race that no round has run yet, because a 202 or 429 came between. Where a file is
            # costly, one that a 202 has put off has to do.
            if turn == len(shares) and (stuck is None or failed or (self.sparing and rounds)):
                break
            try:
                found = self._undisturbed(one, share * min(self._pace, LONGEST_LAG))
            except Blocked as blocked:
                stuck = stuck or blocked
                continue
            except BudgetSpent:
                if not rounds:
                    raise
                break
            rounds += 1
            failed += [found] * found.failed
            stuck = None if not found.put_off else stuck or Blocked("the commits were put off by a 202")
        if failed:
            self._unexplained(failed, rounds)
        if not rounds and stuck is not None:
            raise stuck

    def _undisturbed(self, one: Callable[[float], Round], lag: float) -> Round:
        """A round that says something: one that fails after an answer was lost on the way is run again.

        Raises:
            InDoubt: Answers were lost each time.
        """
        outages = self.target.wire.outages
        for _ in range(DISTURBED):
            before = outages.lost
            try:
                found = one(lag)
                if not found.failed or outages.lost == before:
                    return found
                self.forget_all(found.attempts)
                said = found.message
            except (Blocked, InDoubt, Trouble) as error:
                if isinstance(error, Blocked) and outages.lost == before:
                    raise
                said = str(error)
            self._put_away()
        raise InDoubt(f"an answer was lost on the way in each of {DISTURBED} rounds; of the last one: {said}")

    def _put_away(self) -> None:
        """Uses no session again that a round has left without an answer, and reads again what it may have changed."""
        for upload in self.target.bank.uploads:
            if upload.unsettled:
                self.lose(upload)
        for file_id in {self._sample.file.file_id if self._sample and self._sample.file else "", self._version_file}:
            if file_id:
                self.doubts_file(file_id)
        self.look_again()

    def _shares(self) -> list[float]:
        """By how much of the time that a request takes one is held back against the other, round by round."""
        chance = random.Random(f"{self.run.settings.seed}/{self.rule.id}")
        # Squared, since most windows are short and lie close to the moment at which both are sent.
        further = range(ROUNDS[self.run.settings.effort] - 1)
        return [0.0, *(chance.choice((-1, 1)) * chance.random() ** 2 for _ in further)]

    def _unexplained(self, failed: Sequence[Round], rounds: int) -> NoReturn:
        first = failed[0]
        self.forget_all(attempt for one in failed for attempt in one.attempts)
        message = first.message + (f" (in {len(failed)} of {rounds} rounds)" if rounds > 1 else "")
        failure, records = failure_of(
            message,
            exchanges=self.run.exchanges,
            sent=f"at the same time: {_sent(first)}",
            expected=f"{self.rule.statement} Every answer, and what is there afterwards, is as if the requests had come"
            " one after the other, whichever of them was first.",
            attempt=first.attempts[0],
            replay=self.run.replay(self.rule),
            times=(len(failed), rounds),
            history=history_lines(first.calls, first.explanation),
        )
        raise Nonconformance(message, {**failure, "records": records})

    def at_once(self, sends: Sequence[Callable[[], T]], *, lag: float = 0.0) -> list[Finish[T]]:
        """Sends requests at the same time, each in a thread of its own; gives what came of them, in their order.

        Args:
            lag: Seconds by which each is held back against the one before it; negative the other way round.
        """
        self.target.wire.pace.save(len(sends))
        barrier = threading.Barrier(len(sends))
        delays = [abs(lag) * (index if lag >= 0 else len(sends) - 1 - index) for index in range(len(sends))]

        def send(index: int) -> Finish[T]:
            barrier.wait()
            if delays[index]:
                time.sleep(delays[index])
            begin = time.monotonic()
            return Finish(sends[index](), begin, time.monotonic())

        # The first goes out from here: it arrives at the barrier last, so it is the one that leaves it at once.
        with ThreadPoolExecutor(len(sends) - 1) as pool:
            others = pool.map(send, range(1, len(sends)))
            while barrier.n_waiting < len(sends) - 1:
                time.sleep(0)
            finishes = [send(0), *others]
        self._pace = max(finish.end - finish.begin for finish in finishes)
        return finishes

    def _both(
        self, commit: Callable[[], CommitRun], other: Callable[[], Exchange], lag: float
    ) -> tuple[Finish[CommitRun], Finish[Exchange]]:
        sends: list[Callable[[], CommitRun | Exchange]] = [commit, other]
        first, second = self.at_once(sends, lag=lag)
        assert isinstance(first.result, CommitRun)
        assert isinstance(second.result, Exchange)
        return Finish(first.result, first.begin, first.end), Finish(second.result, second.begin, second.end)

    def _committed_at_once(
        self,
        uploads: Sequence[Upload],
        what: str,
        *,
        lag: float,
        plainly: bool = False,
        claims: Iterable[str] = RACING,
    ) -> tuple[list[Finish[CommitRun]], list[Attempt]]:
        """Right commits of uploads at the same time.

        Where a file is costly they are written in unusual forms that are still to be tried. If none of them makes
        anything, they are sent plainly, and only that is the race.
        """
        unusual = self.sparing and not plainly
        members = self.liberties.untried(uploads[0], doubtful=False) if unusual else []
        for form in (members, []) if members else ([],):
            plan = together(form)
            finishes = self.at_once([self._sender(upload, plan) for upload in uploads], lag=lag)
            pairs = [(upload, finish.result) for upload, finish in zip(uploads, finishes, strict=True)]
            attempts = self._settled(pairs, what, claims=claims, plan=plan)
            made = next((attempt for attempt in attempts if attempt.took_effect), None)
            if made is not None:
                self.liberties.tried(form, made)
                break
            if form and not all(attempt.upload.state is State.LIVE for attempt in attempts):
                raise Blocked("commits of unusual forms ended their sessions, so there was nothing left to race with")
            for upload in {id(upload): upload for upload in uploads if form}.values():
                upload.refused.append(str(plan))  # should it not commit now, this may be why
        return finishes, attempts

    def _racer(self, *, fresh: bool = False) -> Upload:
        """An upload for a race: in a standard run one that was kept, where there is one."""
        if self.thorough or fresh:
            self.target.wire.purse.check_files()
            return self.light()
        return self.usual()

    def _sender(
        self, upload: Upload, plan: CommitPlan, go: Callable[[], object] | None = None
    ) -> Callable[[], CommitRun]:
        """Commits an upload, with a request that is built now and not when it is sent.

        Args:
            go: Called at the first 202 or, without any, at the end.
        """
        request = plan.build(self.material(upload))

        def send() -> CommitRun:
            try:
                return follow(self.target.api, upload, request, patience=Patience(), accepted=go)
            finally:
                if go is not None:
                    go()

        return send

    def _settled(
        self,
        pairs: Sequence[tuple[Upload, CommitRun]],
        what: str,
        *,
        claims: Iterable[str] = RACING,
        plan: CommitPlan | None = None,
    ) -> list[Attempt]:
        """Notes what the commits of a race have done, those that made something first."""
        attempts = [
            Attempt(
                upload=upload,
                request=run.request,
                expectation=expect_commit(run.request, upload.session, current=self.current(upload)),
                run=run,
                what=what,
                plan=plan or CommitPlan(),
                claims=frozenset(claims),
                barred=True,
            )
            for upload, run in pairs
        ]
        for attempt in sorted(attempts, key=lambda attempt: not attempt.took_effect):
            self.attempts.append(attempt)
            self.settle(attempt)
        if any(attempt.took_effect and attempt.file is None for attempt in attempts):
            raise Blocked("a commit succeeded and did not show its file; see CREATED-LIST")
        return attempts

    def _forward(self, attempts: Sequence[Attempt]) -> None:
        """Ends a round in which a commit was sent elsewhere: that is told by another rule."""
        if any(300 <= attempt.answer.status <= 399 for attempt in attempts):
            raise Blocked("a commit was answered with a redirect; see NO-REDIRECT")

    def _former(self, file_id: str) -> int | None:
        """How many versions a file had before its current one; None where the target does not tell."""
        exchange = self.target.api.versions(file_id)
        body = exchange.answer.json if exchange.answer and exchange.status == 200 else None
        count = body.get("total_count") if isinstance(body, dict) else None
        return count if isinstance(count, int) and not isinstance(count, bool) else None

    def _excuse(self, attempts: Sequence[Attempt]) -> None:
        """Ends a round in which a commit came to nothing that was answered 202 or 429 first, or not at first."""
        for attempt in attempts:
            if attempt.in_doubt:
                self.doubt(attempt)
            if (
                not attempt.took_effect
                and attempt.answer.status != 409
                and (attempt.run.glances or attempt.run.limited)
            ):
                raise Blocked("a commit was answered 202 or 429 first and then not 201; see ACCEPTED-COMPLETES")

    def _explained(self, world: World, attempts: Sequence[Attempt], calls: Sequence[Call], wrong: str = "") -> Round:
        calls = [replace(call, answered=answered.bare(call.answered)) for call in calls]
        return Round(attempts=attempts, calls=calls, explanation=explain(world, calls), wrong=wrong)

    def _read(self, what: str, operation: Operation, read: Callable[[], Answered]) -> Call:
        """Something that is read after the race, as an entry of its history."""
        begin = time.monotonic()
        said = read()
        return Call(what=what, operation=operation, answered=said, begin=begin, end=time.monotonic())

    def _listing(self, attempts: Sequence[Attempt], *, always: bool = False) -> list[Call]:
        """The folder after the race, where its list says something."""
        known = self.run.monitor.findings
        if "list_folder" not in self.target.capabilities or (not always and any(known.get(rule) for rule in LISTING)):
            return []
        names = [attempt.upload.session.name for attempt in attempts]
        # By their names, since ids may be given twice; where names are known to be lost, by their ids.
        made = [attempt.file.file_id for attempt in attempts if attempt.file is not None]
        ids = made if known.get("CREATED-NAME") else []

        def read() -> Answered:
            return answered.of_listing(self.target.items() or [], names=names, ids=ids)

        return [self._read("list the folder afterwards", ListFolder(), read)]

    def _versions(self, ids: Iterable[str]) -> list[Call]:
        """The number of former versions, where the target tells it."""
        if "read_file" not in self.target.capabilities:
            return []
        calls = []
        for file_id in ids:

            def read(file_id: str = file_id) -> Answered:
                exchange = self.target.api.versions(file_id)
                if exchange.status != 200:  # the target does not tell
                    return Answered(status=200, said=describe_answer(exchange))
                return answered.of_versions(exchange)

            calls.append(self._read("count the former versions afterwards", CountVersions(file_id=file_id), read))
        return calls

    def _content(self, attempt: Attempt) -> list[Call]:
        """The bytes of a file, where the target gives them and has given those of other commits rightly."""
        file = attempt.file
        known = self.run.monitor.findings
        if file is None or "read_content" not in self.target.capabilities or known.get("CREATED-CONTENT"):
            return []
        limit = attempt.upload.session.file_size + 4096

        def read() -> Answered:
            return answered.of_content(self.target.api.get_content(file.file_id, limit=limit))

        return [self._read("read the content afterwards", ReadContent(file_id=file.file_id), read)]

    # What is left afterwards

    def named(self, upload: Upload) -> list[dict[str, Any]]:
        """The files of a session's name in the run's folder."""
        return [item for item in self.target.items() or [] if item.get("name") == upload.session.name]

    def forget(self, file: FileState) -> None:
        """Stops expecting anything of a file that was changed or lost, so that it is told once."""
        self.target.files.pop(file.file_id, None)
        self.target.strangers.add(file.file_id)

    def forget_all(self, attempts: Iterable[Attempt]) -> None:
        """Stops expecting anything of the files that some commits may have made, whatever their answers said."""
        for attempt in attempts:
            if attempt.upload.target is not None:
                continue  # it was there before, and is read again
            if attempt.file is not None:
                self.forget(attempt.file)
            self.target.strangers.update(str(item.get("id")) for item in self.named(attempt.upload))


def _sent(one: Round) -> str:
    """The requests that were sent at once, each once, and how often where that was more."""
    first_end = min(call.end for call in one.calls)
    sent = Counter(call.what for call in one.calls if call.begin <= first_end)
    return " and ".join(f"{what}, {count} times" if count > 1 else what for what, count in sent.items())
