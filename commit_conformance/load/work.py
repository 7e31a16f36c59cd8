"""What one user of a load does: uploads, wrong commits and right ones, and a look at what was stored.

A user works in a folder of its own, below that of the load, and goes to a fresh one when it holds enough: then the old
one is looked over and deleted, so that a long load fills nobody's storage. Whatever is answered is judged by the model.
Where an answer was lost on the way, or nobody can know what came first, nothing is said.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commit_conformance.compare.judging import problems_of, wanted_of
from commit_conformance.compare.read_back import read_back
from commit_conformance.load.ground import Ground, files_schema
from commit_conformance.load.mistakes import Ask, Asks
from commit_conformance.load.settings import LoadSettings
from commit_conformance.load.tally import Tally
from commit_conformance.model import Answer, Expectation, FileState, Outcome, Problem, classify, expect_commit
from commit_conformance.target.api import created_file, file_state, id_of, is_gone
from commit_conformance.target.bank import Bank, SetupFailed
from commit_conformance.target.commit import CommitRun, Patience, follow
from commit_conformance.target.connect import Target
from commit_conformance.target.ledger import Ledger
from commit_conformance.target.settings import CHEAP_PART
from commit_conformance.target.upload import State, Upload, make_content
from commit_conformance.wire import TokenExpired, Wire, WireError, describe_answer
from strategies.plan import CommitPlan, Material
from strategies.preconditions import current_if_match, stale_if_match

#: Files in a folder before a user goes to another one: few enough to be listed after every meeting of requests.
FILES = 50
#: Most wrong commits that one session refuses before its right one.
REFUSALS = 4
#: Seconds that a user waits after a task that came to nothing, so that a server in trouble is not held down.
PAUSE = 1.0
#: Told of what was judged.
Heard = Callable[["Said"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is told of one commit or meeting as it ends.

    Attributes:
        kind: ``COMMIT`` or ``MEETING``.
        name: What it was, one of a few.
        seconds: Time for its answers, without what was waited after a 202 or 429.
        size: Bytes of the answers.
        rule: The rule it broke, or several with commas; empty where it was held, or says nothing.
    """

    kind: str
    name: str
    seconds: float
    size: int = 0
    rule: str = ""


class Enough(Exception):
    """The load has come to its end for this user: the token is not accepted any more."""


class Work:
    """One user's work.

    Args:
        settings: What was asked for.
        ground: Where to work.
        wire: The connections of the worker.
        ledger: That of the worker.
        asks: What to send.
        tally: Where to count.
        name: A name that no other user of the load has.
        hear: Told of every commit and meeting.
    """

    def __init__(
        self,
        settings: LoadSettings,
        *,
        ground: Ground,
        wire: Wire,
        ledger: Ledger,
        asks: Asks,
        tally: Tally,
        name: str,
        hear: Heard = lambda said: None,
    ) -> None:
        self.ground, self.asks, self.tally, self.name = ground, asks, tally, name
        self.chance = random.Random(f"{ground.seed}/{name}")
        self.target = Target(
            settings.target, wire, run_id=f"{ground.run_id}-{name}", seed=ground.seed, ledger_path=None
        )
        self.target.ledger = ledger
        self.target.owner_id = ground.owner_id
        for able in ("list_folder", "status", "create_folder"):
            self.target.capabilities.learn(able, able in ground.able, "as the load has found out")
        self._hear = hear
        self._meetings = settings.meetings
        self._schema = files_schema()
        self._file: FileState | None = None
        self._former: Upload | None = None
        self._made: dict[str, str] = {}
        self.strangers: set[str] = set()
        self._uploads = 0
        self._folders = 0
        self._move()

    # Tasks

    def step(self) -> None:
        """One task.

        Raises:
            Enough: Nothing more can be asked.
        """
        self.tally.tasks += 1
        try:
            with self._tidied():
                if len(self._made) >= FILES:
                    self.look_over()
                    self._move()
                if self.chance.random() < self._meetings:
                    from commit_conformance.load.encounters import meet

                    meet(self)
                elif self._file is not None and self.may("new_version") and self.chance.random() < 0.2:
                    self._version()
                else:
                    self._new_file()
        except TokenExpired as error:
            self.tally.trouble[str(error)[:200]] += 1
            raise Enough(str(error)) from None
        except SetupFailed as error:
            self._in_trouble(f"{_without_number(str(error))}")
        except WireError as error:
            self._in_trouble(type(error).__name__)

    def able(self, name: str) -> bool:
        """Whether the target can do something."""
        return name in self.target.capabilities

    def may(self, name: str) -> bool:
        """Whether the target can do something as far as is known: what was never tried may be."""
        known = self.target.capabilities.get(name)
        return known is None or known.available

    def _in_trouble(self, why: str) -> None:
        self.tally.trouble[why[:200]] += 1
        self._hear(Said(kind="TASK", name="came to nothing", seconds=0.0, rule=f"no answer: {why[:150]}"))
        time.sleep(PAUSE)

    @contextmanager
    def _tidied(self) -> Iterator[None]:
        """Leaves no session open behind a task, whatever has become of it."""
        try:
            yield
        finally:
            for upload in self.target.bank.uploads:
                if upload.state is State.LIVE and not upload.aborted:
                    self._abort(upload)
                elif upload.state is State.COMMITTED:
                    self.target.ledger.note("gone", of="session", id=upload.handle.session_id)
            self.target.bank.uploads.clear()

    def _abort(self, upload: Upload) -> None:
        try:
            if is_gone(self.target.api.abort(upload.handle, free=True)):
                self.target.ledger.note("gone", of="session", id=upload.handle.session_id)
        except WireError:
            pass  # it stands in the ledger, and is tried again at the end

    def _new_file(self) -> None:
        """A new file: wrong commits on its session, then the right one, and now and then the same again."""
        many = self.ground.part_size <= CHEAP_PART and self.chance.random() < 0.3
        upload = self.open(size=self.ground.file_size if many else self.ground.light_size)
        for _ in range(self.chance.randrange(REFUSALS + 1)):
            self._refuses(upload, self.asks.a_wrong_one(self.chance))
            if upload.state is not State.LIVE:
                return
        file = self._commits(upload, self.asks.a_right_one(self.chance))
        if file is not None and self.chance.random() < 0.25:
            self._again(upload, file)
        self._former = upload if upload.state is State.COMMITTED else self._former

    def _version(self) -> None:
        """A new version of a file of this user's: a stale etag is refused, the current one is taken."""
        file = self.current_file()  # a meeting may have changed it
        if file is None:
            return
        upload = self.open_version(file)
        if upload is None:
            return
        if self.chance.random() < 0.5 and "IF-MATCH-STALE" in self.asks.deciding:
            self._refuses(upload, Ask("IF-MATCH-STALE", self.chance.choice(stale_if_match.representatives)))
        if upload.state is State.LIVE:
            self._commits(upload, Ask("IF-MATCH-CURRENT", current_if_match))

    # What tasks are made of

    def open(self, *, size: int, name: str | None = None, parts: Sequence[int] | None = None) -> Upload:
        """A session for a new file with its parts."""
        upload = self.target.bank.open(content=self._content(size), name=name or self.file_name(), parts=parts)
        if self._former is not None:
            for part in self._former.session.parts:
                upload.know_foreign(part.part_id)
        return upload

    def open_version(self, file: FileState) -> Upload | None:
        """A session for a new version with its parts; None where the target has none, which is asked for once."""
        try:
            upload = self.target.bank.open(target=file, content=self._content(self.ground.light_size))
        except SetupFailed as refused:
            if "new_version" in self.target.capabilities:
                raise
            self.target.capabilities.learn("new_version", False, str(refused))
            return None
        self.target.capabilities.learn("new_version", True, "a session for one was given")
        return upload

    def file_name(self) -> str:
        """A file name that nobody has used."""
        self._uploads += 1
        return f"{self.target.run_id}-File-{self._uploads:05d}.bin"

    def _content(self, size: int) -> bytes:
        self._uploads += 1
        return make_content(f"{self.ground.seed}/{self.name}/{self._uploads}", size)

    def material(self, upload: Upload) -> Material:
        """What plans may draw on for one upload."""
        former = self._former
        foreign = former.session.parts[0] if former is not None and former is not upload else None
        return Material(
            session=upload.session,
            content=upload.content,
            foreign=foreign,
            foreign_bytes=former.content[: foreign.size] if former is not None and foreign is not None else b"",
            etag=upload.target.etag if upload.target is not None else None,
        )

    def _send(self, upload: Upload, plan: CommitPlan, *, kind: str) -> tuple[CommitRun, Expectation]:
        request = plan.build(self.material(upload))
        expectation = expect_commit(request, upload.session, current=upload.target)
        self.tally.goes_out(kind, now=time.time())
        run = follow(self.target.api, upload, request, patience=Patience())
        upload.unsettled = False
        self.count(run)
        return run, expectation

    def count(self, run: CommitRun) -> None:
        """Counts the answers of a commit."""
        self.tally.statuses.update(str(exchange.status) for exchange in run.exchanges)

    def _refuses(self, upload: Upload, ask: Ask) -> None:
        """Sends a wrong commit, which has to be refused."""
        material = self.material(upload)
        if ask.rule == "PART-FOREIGN" and material.foreign is None:
            return
        planned = expect_commit(ask.plan.build(material), upload.session, current=upload.target)
        if not planned.must_refuse:
            return  # on this upload the plan comes out right, or the contract is silent
        run, expectation = self._send(upload, ask.plan, kind="wrong")
        answer = run.answer
        found = self._passing(run, wanted=None)
        outcome = classify(answer)
        if 200 <= answer.status <= 299 and answer.status != 202:
            self._made_one(upload, run)
            found.append(Problem(ask.rule, f"the server committed it: {describe_answer(run.last)}"))
        elif outcome is Outcome.ACCEPTED:
            found.append(Problem("ACCEPTED-BAD-ENDS", f"it was answered 202 {len(run.exchanges)} times, never refused"))
        elif outcome is Outcome.SERVER_ERROR:
            found.append(Problem("ERROR-NO-5XX", f"a bad commit was answered {describe_answer(run.last)}"))
        elif not expectation.allows(answer):
            found += self._odd_refusal(upload, ask, run)
        if answer.status == 410:
            upload.state = State.GONE
        upload.refused.append(str(ask.plan))
        self._tell("wrong commit", ask, run, found, expected=expectation)

    def _odd_refusal(self, upload: Upload, ask: Ask, run: CommitRun) -> list[Problem]:
        """What to say of a refusal that is none of those expected."""
        status = run.answer.status
        if run.lost or (status == 409 and upload.target is not None):
            self.tally.unjudged["an answer was lost, or a version had changed meanwhile"] += 1
            upload.state = State.GONE if status in (401, 404) else upload.state
            return []
        if status == 404 and self.able("status") and self.target.api.status(upload.handle).status != 200:
            upload.state = State.GONE
            return [Problem("REJECTED-SESSION-LIVES", "a session was gone after a commit that had to be refused")]
        return [Problem(ask.rule, f"the answer, {describe_answer(run.last)}, is not a refusal")]

    def _commits(self, upload: Upload, ask: Ask) -> FileState | None:
        """Sends a right commit, which has to be carried out; gives the file."""
        run, expectation = self._send(upload, ask.plan, kind="right")
        if not expectation.must_create:
            self.tally.unjudged["the contract is silent on this form"] += 1
            self._settle(upload, run)
            return None
        if classify(run.answer) is not Outcome.CREATED and not self._took_effect(run.answer):
            self._not_made(upload, ask, run, expectation)
            return None
        wanted = wanted_of(run, upload, owner_id=self.target.owner_id, previous=upload.target)
        found = self._passing(run, wanted=wanted)
        file = self._made_one(upload, run)
        if file is not None:
            stored = read_back(self.target, upload, file)
            # What the 201 has wrong as well is told of the 201.
            found += [each for each in stored.problems if each.rule != "CREATED-READ-BACK" or not found]
            self._file = self._read_again(file)
        self._tell("right commit", ask, run, found, expected=expectation)
        return file

    def _not_made(self, upload: Upload, ask: Ask, run: CommitRun, expectation: Expectation) -> None:
        """Says of a right commit that made nothing which rule that breaks."""
        if run.lost:
            self.tally.unjudged["a right commit was sent again, since an answer was lost, and made nothing then"] += 1
            upload.state = State.GONE
            self._hear(self._said("right commit", run))
            return
        answered = describe_answer(run.last)
        if run.glances:
            rule = "ACCEPTED-COMPLETES"
        elif run.limited:
            rule = "RATE-LIMIT-NO-LOSS"
        elif upload.target is not None or (ask.plan != CommitPlan() and self._plainly(upload)):
            rule = ask.rule
        elif upload.refused and self._plainly(self.open(size=upload.session.file_size)):
            rule = "REJECTED-SESSION-LIVES"
        else:
            rule = "PART-COMPLETE"
        problem = Problem(rule, f"a right commit was answered {answered}")
        self._tell("right commit", ask, run, [problem, *self._passing(run, wanted=None)], expected=expectation)
        upload.state = State.GONE if upload.state is State.LIVE else upload.state

    def _plainly(self, upload: Upload) -> bool:
        """Whether a plain right commit makes its file."""
        run, _ = self._send(upload, CommitPlan(), kind="right")
        return self._made_one(upload, run) is not None if self._took_effect(run.answer) else False

    def _again(self, upload: Upload, file: FileState) -> None:
        """The same commit again: the same file, or a 4xx."""
        run, expectation = self._send(upload, CommitPlan(), kind="again")
        ask, found = Ask("REPEAT-ONE-FILE", CommitPlan()), self._passing(run, wanted=None)
        shown = created_file(run.answer) if self._took_effect(run.answer) else None
        if shown is not None and shown.file_id != file.file_id:
            self._note(shown, upload)
            found.append(Problem("REPEAT-ONE-FILE", f"the second commit made another file, {shown.file_id}"))
        elif run.answer.status >= 500:
            found.append(Problem("REPEAT-ONE-FILE", f"the second commit was answered {describe_answer(run.last)}"))
        elif not found:
            stored = read_back(self.target, upload, file)
            found += [
                Problem("REPEAT-ONE-FILE", each.message) for each in stored.problems if each.rule == "CREATED-LISTED"
            ]
        self._tell("the same commit again", ask, run, found, expected=expectation)

    # What is said of it

    @staticmethod
    def _took_effect(answer: Answer) -> bool:
        return 200 <= answer.status <= 299 and answer.status != 202

    def _settle(self, upload: Upload, run: CommitRun) -> None:
        if self._took_effect(run.answer):
            self._made_one(upload, run)
        elif run.answer.status == 410:
            upload.state = State.GONE

    def _made_one(self, upload: Upload, run: CommitRun) -> FileState | None:
        """Notes that a session has made its file; gives it where the answer shows it."""
        upload.state = State.COMMITTED
        self.tally.files += 1
        file = created_file(run.answer)
        if file is not None and upload.target is None:
            self._note(file, upload)
        return file

    def _note(self, file: FileState, upload: Upload) -> None:
        self._made[file.file_id] = upload.session.name
        if not self.able("create_folder"):
            name, folder_id = upload.session.name, upload.session.parent_id
            self.target.ledger.note("file", id=file.file_id, name=name, folder_id=folder_id)

    def made(self, file: FileState | None, upload: Upload) -> None:
        """Notes a file that a meeting has made."""
        upload.state = State.COMMITTED
        self.tally.files += 1
        if file is not None:
            self._note(file, upload)

    def forget(self, files: Iterable[FileState | None]) -> None:
        """Stops expecting anything of files that were lost or made wrongly, so that it is told once."""
        for file in files:
            if file is not None:
                self._made.pop(file.file_id, None)
                self.strangers.add(file.file_id)

    def _read_again(self, file: FileState) -> FileState | None:
        """A file as it reads now, for a new version of it; None where it cannot be read or has no etag."""
        exchange = self.target.api.get_file(file.file_id)
        shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
        return shown if shown is not None and shown.etag is not None else None

    def current_file(self) -> FileState | None:
        """A file of this user's as it reads now."""
        return self._read_again(self._file) if self._file is not None else None

    def _passing(self, run: CommitRun, *, wanted: Any) -> list[Problem]:
        """What the answers break by themselves, of the rules that decide."""
        found = problems_of(run, token=self.target.wire.token, wanted=wanted, schema=self._schema)
        return [problem for problem in found if problem.rule in self.asks.deciding]

    def _said(self, name: str, run: CommitRun, rule: str = "") -> Said:
        return Said(
            kind="COMMIT",
            name=name,
            seconds=sum(float(exchange.record["seconds"]) for exchange in run.exchanges),
            size=sum(int(exchange.record["response_bytes"]) for exchange in run.exchanges),
            rule=rule,
        )

    def _tell(self, name: str, ask: Ask, run: CommitRun, found: Sequence[Problem], *, expected: Expectation) -> None:
        """Counts what was found, and says so."""
        now = time.time()
        what = f"{ask.plan}" if name != "the same commit again" else name
        for rule, problem in {problem.rule: problem for problem in found}.items():
            example = {
                "sent": self.safe(what),
                "got": self.safe(describe_answer(run.last)),
                "expected": self.safe(str(expected)),
                "exchanges": [exchange.record for exchange in run.exchanges[-2:]],
            }
            self.tally.breaks(rule, self.safe(problem.message), now=now, example=example)
        if not found:
            self.tally.holds(now=now)
        self._hear(self._said(name, run, ", ".join(dict.fromkeys(problem.rule for problem in found))))

    def hear(self, said: Said) -> None:
        """Passes on what a meeting came to."""
        self._hear(said)

    def safe(self, text: str) -> str:
        """A text without secrets."""
        return self.target.wire.redactor.text(text)

    # Folders

    def _move(self) -> None:
        """Goes to a fresh folder."""
        self._made.clear()
        self.strangers.clear()
        self._file = None
        self._folders += 1
        target = self.target
        target.folder_id = self.ground.folder_id
        if self.able("create_folder"):
            name = f"{target.run_id}-{self._folders}"
            exchange = target.api.create_folder(name=name, parent_id=self.ground.folder_id)
            folder_id = id_of(exchange.answer) if exchange.status == 201 else None
            if folder_id is None or folder_id == self.ground.folder_id:
                raise SetupFailed("making a folder", exchange)
            target.folder_id = folder_id
            target.ledger.note("folder", id=folder_id, name=name)
        target.bank = Bank(
            api=target.api,
            ledger=target.ledger,
            folder_id=target.folder_id,
            prefix=target.run_id,
            key=str(self.ground.seed),
            file_size=self.ground.file_size,
            light_size=self.ground.light_size,
        )

    def look_over(self) -> None:
        """Holds the folder against what its files should be, and deletes it."""
        if not self.able("create_folder"):
            return
        items = self.target.items()
        now = time.time()
        if items is not None:
            files = [item for item in items if item.get("type", "file") == "file"]
            listed = Counter(str(item.get("id")) for item in files)
            for name in sorted({name for file_id, name in self._made.items() if listed[file_id] != 1}):
                self._amiss("CREATED-LISTED", f"the folder does not list the file {name} once", now)
            names = set(self._made.values())
            known = self._made.keys() | self.strangers
            for item in files:
                if item.get("name") in names and str(item.get("id")) not in known:
                    self._amiss("REPEAT-ONE-FILE", f"the folder holds a second file {item['name']!r:.80}", now)
        folder_id = self.target.folder_id
        if is_gone(self.target.api.delete_folder(folder_id)):
            self.target.ledger.note("gone", of="folder", id=folder_id)

    def _amiss(self, rule: str, message: str, now: float) -> None:
        self.tally.breaks(rule, message, now=now, example={"sent": "a list of the folder, when its work was done"})
        self._hear(Said(kind="FOLDER", name="looked over", seconds=0.0, rule=rule))

    def end(self) -> None:
        """Looks over the last folder; what cannot be done any more is left to the taking away."""
        try:
            with self._tidied():
                self.look_over()
        except WireError:
            self.tally.unjudged["the last folder of a user could not be looked over"] += 1


def _without_number(text: str) -> str:
    """A message without what differs from one to the next, so that equal ones are counted together."""
    head, sign, rest = text.partition(" was answered ")
    return ("uploading a part" if head.startswith("uploading part") else head) + sign + rest
