"""One target that plays the script: opens sessions, commits, follows every 202, reads back.

Both sides are asked the same. What one answer does to a session must not be taken for an answer to the next step: a
session that was committed, ended or lost is replaced, and a right commit is never sent to the ruins of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commit_conformance.compare.judging import allows, came_to, in_words, plain_aspects, problems_of, wanted_of
from commit_conformance.compare.read_back import listed, read_back
from commit_conformance.compare.script import Scene, Step
from commit_conformance.compare.seen import WRONGLY, Aspect, Seen, members_of
from commit_conformance.model import (
    Answer,
    Expectation,
    FilesSchema,
    FileState,
    Outcome,
    Problem,
    expect_commit,
)
from commit_conformance.target.api import SessionHandle, created_file, file_state
from commit_conformance.target.commit import CommitRun, Patience, follow
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import State, Upload, make_content
from commit_conformance.wire import Exchange, describe_answer
from strategies.plan import Material

_NO_SESSION = Expectation(frozenset({Outcome.REFUSED, Outcome.NOT_FOUND}), ("the session is not there",))
_NOBODY = Expectation(frozenset({Outcome.UNAUTHORIZED}), ("the token is nobody's",))
#: After a 409 the contract is silent about the session; a server error is wrong at any time.
_FREED = Expectation(frozenset(Outcome) - {Outcome.SERVER_ERROR, Outcome.OTHER}, open=("it was answered 409 before",))
_AGAIN = Expectation(
    frozenset({Outcome.CREATED, Outcome.ACCEPTED, Outcome.REFUSED, Outcome.NOT_FOUND, Outcome.FORBIDDEN}),
    open=("the session was committed",),
)


class Side:
    """A target in a comparison.

    Args:
        target: The target, connected.
        schema: Of the body of a 201.
        judged: Whether a rule may put an answer in the wrong.

    Attributes:
        limited: Whether any request was answered 429.
        lost: What a session had refused that was found dead at the next commit.
        file: The file of the first commit, as it is now.
    """

    def __init__(self, target: Target, *, schema: FilesSchema, judged: Callable[[str], bool]) -> None:
        self.target = target
        self.limited = False
        self.lost: list[str] = []
        self.file: FileState | None = None
        self._schema = schema
        self._judged = judged
        self._first: Upload | None = None
        self._carriers: dict[Scene, Upload] = {}
        self._taken: tuple[Upload, FileState] | None = None

    def hear(self, exchange: Exchange) -> None:
        """Takes note of an exchange; to be given to the wire as a listener."""
        self.limited = self.limited or exchange.status == 429

    def start_afresh(self) -> None:
        """Leaves the sessions in use: nobody knows what a commit without an answer has done to its own."""
        self._carriers.clear()

    def play(self, step: Step) -> Seen | None:
        """Carries out one step; None where this side has nothing to try it on.

        Raises:
            WireError: No answer was had.
            SetupFailed: A session could not be opened, or a part not be uploaded.
        """
        match step.scene:
            case Scene.FIRST:
                self._first = self._open(step, self.target.bank.file_size)
                seen, self.file = self._commit(self._first, step)
                return seen
            case Scene.AFTERWARDS:
                return self._afterwards()
            case Scene.LISTS | Scene.DIGESTS | Scene.LIBERTY | Scene.CONDITIONS | Scene.VERSION:
                return self._on_carrier(step)
            case Scene.SURVIVAL:
                return self._survival(step)
            case Scene.INCOMPLETE:
                total = -(-self.target.bank.light_size // self.target.first_session.part_size)
                if total < 2:
                    return None
                upload = self._open(step, self.target.bank.light_size, parts=range(total - 1))
                return self._commit(upload, step)[0]
            case Scene.STRANGER:
                upload = self._carrier(step, Scene.LIBERTY)
                return self._commit(upload, step, expectation=_NOBODY, allowed="401", token=step.token)[0]
            case Scene.ABORTED:
                return self._aborted(step)
            case Scene.UNKNOWN:
                return self._unknown(step)
            case Scene.TAKEN:
                return self._name_taken(step)
            case Scene.FREED:
                return self._name_freed(step)
            case Scene.AGAIN:
                return self._again(step)

    # Scenes

    def _on_carrier(self, step: Step) -> Seen | None:
        """A commit on a session that may have refused others; asked again on a fresh one where that is to blame."""
        if step.scene in (Scene.CONDITIONS, Scene.VERSION) and not self._versions():
            return None
        upload = self._carrier(step)
        refused = list(upload.refused)
        seen, _ = self._commit(upload, step)
        # Where a commit may succeed, these statuses may also mean that the refusals before have ended the session.
        ended = seen.status in (404, 409, 410) and not seen.due
        if refused and (ended or (seen.wrong.get(Aspect.OUTCOME) and 400 <= seen.status <= 499)):
            upload.state = State.GONE
            fresh = self._carrier(step)
            again, _ = self._commit(fresh, step)
            if again.status != seen.status:
                self.lost.append(refused[-1])
            return again
        return seen

    def _versions(self) -> bool:
        if self.file is None:
            return False
        if self.target.capabilities.get("new_version") is None:
            self.target.try_new_version(self.file)
        return "new_version" in self.target.capabilities

    def _open(self, step: Step, size: int, **options: Any) -> Upload:
        """A fresh upload for a step: of the same bytes on both sides, and of others for every new version."""
        own = step.scene if step.scene in (Scene.LISTS, Scene.DIGESTS) else step.what
        content = make_content(f"{self.target.seed}/{own}", size)
        return self.target.bank.open(content=content, **options)

    def _carrier(self, step: Step, scene: Scene | None = None) -> Upload:
        """The session of a scene, the step's by default: the one it has, as long as it lives, else a fresh one."""
        scene = scene or step.scene
        upload = self._carriers.get(scene)
        of_version = scene in (Scene.CONDITIONS, Scene.VERSION)
        stale = of_version and upload is not None and upload.target != self.file
        if upload is None or upload.state is not State.LIVE or stale:
            bank = self.target.bank
            whole = scene in (Scene.LISTS, Scene.DIGESTS)
            size = bank.file_size if whole else bank.light_size
            upload = self._open(step, size, target=self.file if of_version else None)
            self._carriers[scene] = upload
        if self._first is not None:
            for part in self._first.session.parts:
                upload.know_foreign(part.part_id)
        return upload

    def _survival(self, step: Step) -> Seen | None:
        """The right commit on a session that has refused others, with what they have left behind."""
        assert step.carrier is not None
        upload = self._carriers.get(step.carrier)
        if upload is None or upload.state is not State.LIVE or not upload.refused:
            return None
        trace: tuple[Problem, ...] = ()
        count = listed(self.target, upload.session) if upload.target is None else 0
        if count:
            trace = (Problem("REJECTED-NO-TRACE", f"the folder lists {count} files of its name before it commits"),)
        if upload.target is not None and self._changed():
            trace = (Problem("REJECTED-NO-TRACE", "the file has changed though every commit was refused"),)
        seen, _ = self._commit(upload, step, before=trace)
        return seen

    def _changed(self) -> bool:
        """Whether the first file reads otherwise than it was committed."""
        assert self.file is not None
        exchange = self.target.api.get_file(self.file.file_id)
        shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
        if shown is None or self.file.sha1 is None or shown.sha1 is None:
            return False
        return shown.etag != self.file.etag or shown.sha1.lower() != self.file.sha1.lower()

    def _afterwards(self) -> Seen | None:
        if self._first is None or self._first.state is not State.COMMITTED or "status" not in self.target.capabilities:
            return None
        exchange = self.target.api.status(self._first.handle)
        assert exchange.answer is not None
        return Seen(
            said=self._safe(describe_answer(exchange)),
            status=exchange.answer.status,
            aspects=plain_aspects(exchange.answer),
            members=self._members(exchange.answer),
            allowed="anything: the contract is silent",
        )

    def _aborted(self, step: Step) -> Seen | None:
        upload = self._carrier(step, Scene.LIBERTY)
        exchange = self.target.api.abort(upload.handle)
        if exchange.status is None or not 200 <= exchange.status < 300:
            return None
        upload.state, upload.aborted = State.GONE, True
        self.target.ledger.note("gone", of="session", id=upload.handle.session_id)
        return self._commit(upload, step, expectation=_NO_SESSION)[0]

    def _unknown(self, step: Step) -> Seen | None:
        like = self._first
        if like is None:
            return None
        session_id = "".join("F" if char.isalnum() else char for char in like.handle.session_id)
        url = like.commit_url.replace(like.handle.session_id, session_id)
        if url == like.commit_url:
            url = f"{self.target.api.upload_url}/files/upload_sessions/{session_id}/commit"
        endpoints = {**like.handle.endpoints, "commit": url}
        handle = SessionHandle(session_id=session_id, part_size=1, endpoints=endpoints, shown={})
        stray = Upload(handle=handle, session=like.session, content=like.content)
        return self._commit(stray, step, expectation=_NO_SESSION)[0]

    def _name_taken(self, step: Step) -> Seen | None:
        bank = self.target.bank
        self.target.wire.purse.check_files()
        name = bank.name()
        late, early = (self._open(step, bank.light_size, name=name) for _ in range(2))
        _, in_the_way = self._commit(early, step)
        if in_the_way is None:
            return None
        self._taken = late, in_the_way
        return self._commit(late, step, name_taken=True, allowed="409")[0]

    def _name_freed(self, step: Step) -> Seen | None:
        if self._taken is None or self._taken[0].state is not State.LIVE:
            return None
        late, in_the_way = self._taken
        exchange = self.target.api.delete_file(in_the_way.file_id)
        if exchange.status is None or not 200 <= exchange.status < 300:
            return None
        self.target.ledger.note("gone", of="file", id=in_the_way.file_id)
        return self._commit(late, step, expectation=_FREED, allowed="anything: the contract is silent")[0]

    def _again(self, step: Step) -> Seen | None:
        """The first commit once more; what comes next builds on the file as it is then."""
        upload = self._first
        if upload is None or upload.state is not State.COMMITTED:
            return None
        allowed = "the same file again, or a 4xx other than 401"
        seen, _ = self._commit(upload, step, expectation=_AGAIN, allowed=allowed)
        if self.file is not None and "read_file" in self.target.capabilities:
            exchange = self.target.api.get_file(self.file.file_id)
            shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
            self.file = shown or self.file
        return seen

    # Commits

    def _commit(
        self,
        upload: Upload,
        step: Step,
        *,
        expectation: Expectation | None = None,
        allowed: str | None = None,
        name_taken: bool = False,
        before: tuple[Problem, ...] = (),
        **options: Any,
    ) -> tuple[Seen, FileState | None]:
        """Commits, follows every 202, and gives what was seen and the file it made.

        Args:
            expectation: What may be answered, in place of what the model says of a live session and a valid token.
            allowed: The same in words.
            before: What was found wrong before the commit was sent.
            options: Further options of `Wire.send`.
        """
        request = step.plan.build(self._material(upload))
        current = self.file if upload.target is not None else None
        if expectation is None:
            expectation = expect_commit(request, upload.session, current=current, name_taken=name_taken)
        repeated = upload.state is State.COMMITTED
        if not expectation.must_refuse and not repeated:
            self.target.wire.purse.check_files()
        run = follow(self.target.api, upload, request, patience=Patience(), **options)
        upload.unsettled = False
        file = self._settle(upload, step, run, repeated=repeated)
        wrong: dict[Aspect, tuple[Problem, ...]] = {}
        answer, said = run.answer, describe_answer(run.last)
        allowed = allowed or in_words(expectation)
        if answer.status == 202:
            wrong[Aspect.OUTCOME] = (Problem("ACCEPTED-COMPLETES", f"still 202 after {len(run.exchanges)} tries"),)
        elif not allows(expectation, answer):
            wrong[Aspect.OUTCOME] = (Problem("", f"allowed is {allowed}"),)
        aspects = {
            Aspect.OUTCOME: came_to(answer) + (WRONGLY if Aspect.OUTCOME in wrong else ""),
            **plain_aspects(answer),
            Aspect.FIRST: "202 first" if run.glances else "at once",
        }
        stored = read_back(self.target, upload, self.file if repeated else file)
        problems = [*before, *stored.problems]
        if repeated:  # what is wrong with the file was told at its first commit
            problems = [Problem("REPEAT-ONE-FILE", each.message) for each in problems if each.rule == "CREATED-LISTED"]
        if repeated and file is not None and self.file is not None and file.file_id != self.file.file_id:
            problems.append(Problem("REPEAT-ONE-FILE", "it made another file"))
        if stored.said or problems:
            # Only what is wrong is compared: one side may show more than the other.
            told = "; ".join(dict.fromkeys(each.message for each in problems))
            aspects[Aspect.STORED] = told or "as it should be"
            wrong[Aspect.STORED] = tuple(problems)
            said += f"; {told}" if told else ""
        wanted = None
        if not expectation.must_refuse and not repeated:
            wanted = wanted_of(run, upload, owner_id=self.target.owner_id, previous=current)
        found = problems_of(run, token=self.target.wire.token, wanted=wanted, schema=self._schema)
        broken = [each for each in found if self._judged(each.rule)]
        aspects[Aspect.CONTRACT] = ", ".join(sorted({each.rule for each in broken})) or "nothing"
        wrong[Aspect.CONTRACT] = tuple(broken)
        why = "; ".join((expectation.reasons or expectation.open)[:3])
        seen = Seen(
            said=self._safe(said),
            status=answer.status,
            aspects=aspects,
            wrong={aspect: found for aspect, found in wrong.items() if found},
            members=self._members(answer),
            allowed=self._safe(f"{allowed}, since {why}" if why else allowed),
            due=expectation.must_refuse,
        )
        return seen, file

    def _material(self, upload: Upload) -> Material:
        first = self._first
        foreign = first.session.parts[0] if first is not None and first is not upload else None
        return Material(
            session=upload.session,
            content=upload.content,
            foreign=foreign,
            foreign_bytes=first.content[: foreign.size] if first is not None and foreign is not None else b"",
            etag=self.file.etag if self.file is not None and upload.target is not None else None,
        )

    def _settle(self, upload: Upload, step: Step, run: CommitRun, *, repeated: bool) -> FileState | None:
        """Notes what a commit has done to its session and its file; gives the file."""
        status, target = run.answer.status, self.target
        if 200 <= status <= 299 and status != 202:
            file = created_file(run.answer)
            upload.state = State.COMMITTED
            if file is not None:
                name, folder_id = upload.session.name, upload.session.parent_id
                target.ledger.note("file", id=file.file_id, name=name, folder_id=folder_id)
                target.bank.homes.setdefault(file.file_id, folder_id)
            if not repeated:
                target.wire.purse.file_committed()
            if upload.target is not None:
                self.file = file or self.file
            return file
        if status == 410 and not repeated:
            upload.state = State.GONE
        upload.refused.append(step.what)
        return None

    def _members(self, answer: Answer) -> dict[str, str]:
        return {self._safe(pointer): kind for pointer, kind in members_of(answer).items()}

    def _safe(self, text: str) -> str:
        """A text without secrets."""
        return self.target.wire.redactor.text(text)
