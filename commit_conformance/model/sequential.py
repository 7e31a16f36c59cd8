"""The visible world of one folder, and what each operation may be answered in it and makes of it.

A `World` is what a client who has seen every answer knows: sessions with their parts, files with their versions. An
operation is held against it together with the answer it got. The step either gives the worlds that may be there
afterwards, or says what would have been right. Where the contract leaves a choice the answer decides: a world that it
does not fit is none. There may be several worlds afterwards, as when nobody can tell yet whether a part that was sent
twice was kept or replaced.

Operations follow each other here; what comes at the same time is put in order by `history`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from commit_conformance.model.expectation import Expectation, Outcome, classify, expect_commit
from commit_conformance.model.types import Answer, CommitRequest, FileState, UploadedPart, UploadedSession

_REFUSALS = frozenset({Outcome.REFUSED, Outcome.NOT_FOUND})


class Life(StrEnum):
    """What has become of a session."""

    LIVE = "live"
    COMMITTED = "committed"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A session as it stands.

    Attributes:
        session: What was uploaded to it.
        made: Id of the file its commit has made.
        doubtful: Whether its name was taken at some time, so that nobody says whether it commits once the name is free.
    """

    session: UploadedSession
    life: Life = Life.LIVE
    made: str | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPart:
    """A part as a list of parts shows it; None where it does not say."""

    part_id: str
    offset: int | None = None
    size: int | None = None
    sha1: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, as far as it says something about the world.

    Attributes:
        session: The session that was opened.
        part: The part that was taken.
        parts: Every part of a session, as listed.
        file: The file that was made, changed or read.
        files: Every file of the folder, as listed.
        sha1: Digest of the bytes that were read.
        versions: How many former versions were listed.
        said: The answer in a few words.
    """

    status: int
    session: UploadedSession | None = None
    part: UploadedPart | None = None
    parts: tuple[ListedPart, ...] | None = None
    file: FileState | None = None
    files: tuple[FileState, ...] | None = None
    sha1: str | None = None
    versions: int | None = None
    said: str = ""

    @property
    def done(self) -> bool:
        """Whether it says that what was asked for was done: any 2xx but 202."""
        return 200 <= self.status <= 299 and self.status != 202

    @property
    def refused(self) -> bool:
        """Whether it refuses, and speaks of what was asked for and not of the caller."""
        return classify(Answer(status=self.status)) in _REFUSALS

    def __str__(self) -> str:
        return self.said or str(self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Sessions by the names they are called by, and files by their ids.

    Attributes:
        deleted: Ids of files that were there once.
        former: How many versions each file has had before its current one.
    """

    sessions: Mapping[str, SessionState] = field(default_factory=dict)
    files: Mapping[str, FileState] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    former: Mapping[str, int] = field(default_factory=dict)

    def with_session(self, key: str, state: SessionState) -> World:
        """The world with a session as it is now."""
        return replace(self, sessions={**self.sessions, key: state})

    def with_file(self, file: FileState) -> World:
        """The world with a file as it is now."""
        return replace(self, files={**self.files, file.file_id: file})

    def without_file(self, file_id: str) -> World:
        """The world without a file."""
        files = {known: file for known, file in self.files.items() if known != file_id}
        return replace(self, files=files, deleted=self.deleted | {file_id})

    def holder(self, name: str, *, but: str | None = None) -> FileState | None:
        """The file that has a name, without regard to case."""
        for file in self.files.values():
            if file.file_id != but and file.name is not None and file.name.casefold() == name.casefold():
                return file
        return None

    def reserved(self, name: str) -> bool:
        """Whether a live session for a new file has this name."""
        return any(
            state.life is Life.LIVE
            and state.session.new_version_of is None
            and state.session.name.casefold() == name.casefold()
            for state in self.sessions.values()
        )

    def orphaned(self, state: SessionState) -> bool:
        """Whether the file a session was to make a version of has been deleted."""
        return state.session.new_version_of in self.deleted

    def expect(self, key: str, request: CommitRequest) -> Expectation:
        """What a commit of a session that has not been committed may be answered."""
        state = self.sessions[key]
        session = state.session
        over: tuple[str, ...] = ()
        if state.life is Life.GONE:
            over = ("the session is over",)
        elif self.orphaned(state):
            over = ("the file has been deleted",)
        if over:
            return Expectation(_REFUSALS | {Outcome.ACCEPTED, Outcome.FORBIDDEN}, over)
        target = session.new_version_of
        current = self.files.get(target) if target is not None else None
        taken = target is None and self.holder(session.name) is not None
        expected = expect_commit(request, session, current=current, name_taken=taken)
        if expected.must_create and state.doubtful:
            said = ("the name of this session was taken before",)
            return Expectation(expected.outcomes | {Outcome.REFUSED}, open=said)
        return expected


@dataclass(frozen=True, slots=True)
class Step:
    """What an operation and its answer come to.

    Attributes:
        worlds: Every world that may be there afterwards; none when the answer fits nothing.
        wrong: Then, what is wrong with it.
    """

    worlds: tuple[World, ...] = ()
    wrong: str = ""


def _wrong(answered: Answered, expected: str) -> Step:
    return Step(wrong=f"answered {answered}, where {expected} was due")


def _refused_or(answered: Answered, world: World, *, also: bool = False, why: str) -> Step:
    """The world unchanged, if the answer refuses, or is a success where that is allowed too."""
    if answered.refused or (also and answered.done):
        return Step((world,))
    return _wrong(answered, f"a refusal{' or the same again' if also else ''} ({why})")


class Operation(Protocol):
    """Something a client asks for."""

    def step(self, world: World, answered: Answered) -> Step:
        """Holds an answer against the world as it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Opens a session: for a new file of a name, or for a new version of a file."""

    key: str
    name: str = ""
    file_id: str | None = None

    def step(self, world: World, answered: Answered) -> Step:
        """A name that is free has to be given; one that is taken or spoken for may be refused now or at the commit."""
        if self.file_id is not None and self.file_id not in world.files:
            return _refused_or(answered, world, why="there is no such file")
        taken = self.file_id is None and world.holder(self.name) is not None
        another = any(
            state.session.new_version_of == self.file_id and state.life is Life.LIVE
            for state in world.sessions.values()
            if self.file_id is not None
        )
        silent = taken or another or (self.file_id is None and world.reserved(self.name))
        if answered.done and answered.session is not None:
            state = SessionState(session=answered.session, doubtful=taken)
            return Step((world.with_session(self.key, state),))
        if silent and answered.refused:
            return Step((world,))
        return _wrong(answered, "a session")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPart:
    """Uploads a part.

    Attributes:
        right: Whether its digest fits its bytes.
        busy: Whether another request for the session is under way, for whose sake it may be put off with a 4xx.
    """

    key: str
    offset: int
    size: int
    sha1: str
    right: bool = True
    busy: bool = False

    def step(self, world: World, answered: Answered) -> Step:
        """Parts are taken once, by a live session, and never change."""
        state = world.sessions[self.key]
        if state.life is not Life.LIVE:
            return _refused_or(answered, world, why=f"the session is {state.life}")
        if not self.right:
            return _refused_or(answered, world, why="the digest does not fit the part")
        known = next((part for part in state.session.parts if part.offset == self.offset), None)
        if known is not None and known.sha1 != self.sha1:
            return _refused_or(answered, world, why="other bytes are there already")
        if answered.refused and (known is not None or world.orphaned(state) or self.busy):
            return Step((world,))
        if not answered.done or answered.part is None:
            return _wrong(answered, "the part")
        taken_ids = {part.part_id for part in state.session.parts if part is not known}
        if answered.part.part_id in taken_ids:
            return Step(wrong=f"two parts of one session have the id {answered.part.part_id}")
        fresh = UploadedPart(part_id=answered.part.part_id, offset=self.offset, size=self.size, sha1=self.sha1)
        others = tuple(part for part in state.session.parts if part is not known)
        parts = tuple(sorted((*others, fresh), key=lambda part: part.offset))
        changed = world.with_session(self.key, replace(state, session=replace(state.session, parts=parts)))
        if known is None or known.part_id == fresh.part_id:
            return Step((changed,))
        return Step((world, changed))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParts:
    """Lists a session's parts, all of them."""

    key: str

    def step(self, world: World, answered: Answered) -> Step:
        """A live session shows what was uploaded, once each."""
        state = world.sessions[self.key]
        if state.life is Life.GONE:
            return _refused_or(answered, world, why="the session is over")
        if state.life is Life.COMMITTED or (world.orphaned(state) and answered.refused):
            return _refused_or(answered, world, also=True, why="the session has been committed")
        if not answered.done or answered.parts is None:
            return _wrong(answered, "the list of parts")
        wanted = {part.part_id: part for part in state.session.parts}
        shown = [part.part_id for part in answered.parts]
        if sorted(shown) != sorted(wanted):
            said = ", ".join(shown) or "none"
            return Step(wrong=f"the list shows {len(shown)} parts ({said}), {len(wanted)} were uploaded")
        for part in answered.parts:
            right = wanted[part.part_id]
            for name in ("offset", "size", "sha1"):
                found = getattr(part, name)
                if found is not None and found != getattr(right, name):
                    return Step(wrong=f"the list shows {name} {found} for a part uploaded with {getattr(right, name)}")
        return Step((world,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Asks for a session."""

    key: str

    def step(self, world: World, answered: Answered) -> Step:
        """A live session is shown, one that is over is not; what a committed one shows is left to the server."""
        state = world.sessions[self.key]
        if state.life is Life.GONE:
            return _refused_or(answered, world, why="the session is over")
        if state.life is Life.COMMITTED or (world.orphaned(state) and answered.refused):
            return _refused_or(answered, world, also=True, why="the session has been committed")
        return Step((world,)) if answered.done else _wrong(answered, "the session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """Aborts a session. ``busy`` as in `PutPart`."""

    key: str
    busy: bool = False

    def step(self, world: World, answered: Answered) -> Step:
        """A live session ends; one that has ended stays as it is, whatever is answered."""
        state = world.sessions[self.key]
        if state.life is not Life.LIVE:
            return _refused_or(answered, world, also=True, why=f"the session is {state.life}")
        if answered.done:
            return Step((world.with_session(self.key, replace(state, life=Life.GONE)),))
        if answered.refused and (self.busy or world.orphaned(state)):
            return Step((world,))
        return _wrong(answered, "the end of the session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Commits a session; the answer is the one that ended it, after any 202.

    Attributes:
        busy: As in `PutPart`.
        on_the_way: Whether the list leaves out a part that is on its way: then the whole file may come of it too.
    """

    key: str
    request: CommitRequest
    busy: bool = False
    on_the_way: bool = False

    def step(self, world: World, answered: Answered) -> Step:
        """One session makes one file or version; a refusal changes nothing, and 410 ends the session."""
        state = world.sessions[self.key]
        if state.life is Life.COMMITTED:
            return self._again(world, state, answered)
        expected = world.expect(self.key, self.request)
        if answered.done:
            whole = self.on_the_way and state.session.complete
            if Outcome.CREATED in expected.outcomes or whole:
                return self._made(world, state, answered)
            return _wrong(answered, f"{expected} (since {'; '.join(expected.reasons[:3])})")
        if answered.refused and self.busy:
            return Step((world,))
        if not expected.allows(Answer(status=answered.status)) or answered.status == 202:
            since = f" (since {'; '.join(expected.reasons[:3])})" if expected.reasons else ""
            return _wrong(answered, f"{expected}{since}")
        if answered.status == 410 and state.life is Life.LIVE:
            return Step((world.with_session(self.key, replace(state, life=Life.GONE)),))
        if answered.refused and world.holder(state.session.name, but=state.session.new_version_of):
            return Step((world.with_session(self.key, replace(state, doubtful=True)),))
        return Step((world,))

    def _again(self, world: World, state: SessionState, answered: Answered) -> Step:
        shown = answered.file.file_id if answered.file else None
        if answered.done and shown not in (None, state.made):
            return Step(wrong=f"a committed session was answered {answered}, another file than its own, {state.made}")
        # A condition may have changed meanwhile; 304 and 412 are refusals like others here.
        if answered.status == 304:
            return Step((world,))
        return _refused_or(answered, world, also=True, why="the session has been committed")

    def _made(self, world: World, state: SessionState, answered: Answered) -> Step:
        session, file = state.session, answered.file
        if file is None:
            return _wrong(answered, "the file")
        target = session.new_version_of
        if target is None and (file.file_id in world.files or file.file_id in world.deleted):
            return Step(wrong=f"answered {answered}, and the file is not a new one")
        if target is not None and file.file_id != target:
            return Step(wrong=f"answered {answered}, and a version of {target} was due")
        before = world.files[target] if target is not None else None
        made = FileState(
            file_id=file.file_id,
            etag=file.etag,
            sha1=session.sha1,
            size=session.file_size,
            name=before.name if before else session.name,
            parent_id=session.parent_id or None,
            version_id=file.version_id,
        )
        wrong = differences(file, made)
        if wrong:
            return Step(wrong=f"the answer shows {wrong}")
        if before is not None and before.etag is not None and before.etag == made.etag:
            return Step(wrong=f"the file was changed, and its etag still is {made.etag}")
        after = world.with_file(made).with_session(self.key, replace(state, life=Life.COMMITTED, made=made.file_id))
        former = world.former.get(made.file_id, -1) + 1 if before is None or made.file_id in world.former else None
        if former is not None:
            after = replace(after, former={**world.former, made.file_id: former})
        return Step((after,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Gives a file another name."""

    file_id: str
    name: str

    def step(self, world: World, answered: Answered) -> Step:
        """A free name is given, and nothing else changes but the etag; one that is spoken for may be refused."""
        file = world.files.get(self.file_id)
        if file is None:
            return _refused_or(answered, world, why="there is no such file")
        if world.holder(self.name, but=self.file_id) is not None:
            return _refused_or(answered, world, why="the name is taken")
        if answered.refused and world.reserved(self.name):
            return Step((world,))
        if not answered.done:
            return _wrong(answered, "the renamed file")
        shown = answered.file
        renamed = replace(file, name=self.name, etag=shown.etag if shown else None)
        wrong = differences(shown, renamed) if shown else ""
        return Step(wrong=f"the answer shows {wrong}") if wrong else Step((world.with_file(renamed),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Deletes a file."""

    file_id: str

    def step(self, world: World, answered: Answered) -> Step:
        """A file that is there goes."""
        if self.file_id not in world.files:
            return _refused_or(answered, world, also=True, why="there is no such file")
        if not answered.done:
            return _wrong(answered, "the end of the file")
        return Step((world.without_file(self.file_id),))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """Reads a file's fields."""

    file_id: str

    def step(self, world: World, answered: Answered) -> Step:
        """What it shows is what the operations have made; an etag nobody has seen yet is learnt."""
        file = world.files.get(self.file_id)
        if file is None:
            return _refused_or(answered, world, why="there is no such file")
        if not answered.done or answered.file is None:
            return _wrong(answered, "the file")
        wrong = differences(answered.file, file)
        if wrong:
            return Step(wrong=f"the file {self.file_id} shows {wrong}")
        learnt = replace(file, etag=file.etag or answered.file.etag)
        return Step((world.with_file(learnt),))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContent:
    """Reads a file's bytes."""

    file_id: str

    def step(self, world: World, answered: Answered) -> Step:
        """They are those of its newest version."""
        file = world.files.get(self.file_id)
        if file is None:
            return _refused_or(answered, world, why="there is no such file")
        if not answered.done or answered.sha1 is None:
            return _wrong(answered, "its content")
        if file.sha1 is not None and answered.sha1 != file.sha1:
            return Step(wrong=f"the content of {self.file_id} has sha1 {answered.sha1}, {file.sha1} was uploaded")
        return Step((world,))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountVersions:
    """Asks how many former versions a file has."""

    file_id: str

    def step(self, world: World, answered: Answered) -> Step:
        """One for each version but the last; nobody knows of files that were there before."""
        former = world.former.get(self.file_id)
        if former is None or answered.versions in (None, former):
            return Step((world,))
        return Step(wrong=f"the file has {answered.versions} former versions, {former} were made")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFolder:
    """Lists the folder."""

    def step(self, world: World, answered: Answered) -> Step:
        """Every file is there once, and nothing else is."""
        if not answered.done or answered.files is None:
            return _wrong(answered, "the files of the folder")
        shown = [file.file_id for file in answered.files]
        named = {file.file_id: file.name for file in (*answered.files, *world.files.values())}
        for file_id in sorted(set(shown) | set(world.files)):
            count, right = shown.count(file_id), int(file_id in world.files)
            if count != right:
                name = f"{file_id} ({named[file_id]})" if named[file_id] else file_id
                if not count:
                    return Step(wrong=f"the folder lacks the file {name}")
                told = f"{count} times, not once" if right else "which no answer to a commit has named"
                return Step(wrong=f"the folder shows the file {name}{', ' if not right else ' '}{told}")
        for file in answered.files:
            wrong = differences(file, world.files[file.file_id])
            if wrong:
                return Step(wrong=f"the folder shows for the file {file.file_id} {wrong}")
        return Step((world,))


def differences(shown: FileState, right: FileState) -> str:
    """Where a file is shown otherwise than it is, in words; members that one of the two does not know are let pass."""
    told = []
    for name in ("name", "size", "sha1", "etag", "version_id"):
        found, wanted = getattr(shown, name), getattr(right, name)
        if found is None or wanted is None or found == wanted:
            continue
        if name == "sha1" and found.lower() == wanted.lower():
            continue
        told.append(f"{name.replace('_', ' ')} {found}, not {wanted}")
    return " and ".join(told)
