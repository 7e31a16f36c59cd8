"""Whether some order of requests that overlapped explains their answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uploaded import commit, uploaded

from commit_conformance.model import FileState
from commit_conformance.model.history import Call, Explanation, explain, history_lines, story
from commit_conformance.model.sequential import (
    Abort,
    Answered,
    Commit,
    Delete,
    Life,
    ListFolder,
    ListParts,
    Open,
    Operation,
    PutPart,
    ReadFile,
    Rename,
    SessionState,
    Status,
    World,
)

SESSION = uploaded(2)
RIGHT = commit(SESSION)
MADE = FileState(file_id="7", etag="0", sha1=SESSION.sha1, size=SESSION.file_size, name=SESSION.name)
ONE = World(sessions={"S": SessionState(session=SESSION)})
COMMIT = Commit(key="S", request=RIGHT)
CREATED = Answered(status=201, file=MADE)


def call(operation: Operation, answered: Answered | int, begin: float, end: float) -> Call:
    said = Answered(status=answered) if isinstance(answered, int) else answered
    return Call(what=type(operation).__name__, operation=operation, answered=said, begin=begin, end=end)


def folder(*files: FileState, at: float = 9.0) -> Call:
    return call(ListFolder(), Answered(status=200, files=files), at, at + 1)


def test_nothing_is_explained_by_nothing() -> None:
    assert explain(World(), []).order == ()


# -- commit and commit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [CREATED, Answered(status=404), Answered(status=409)])
def test_one_of_two_identical_commits_makes_the_file(other: Answered) -> None:
    calls = [call(COMMIT, other, 0, 3), call(COMMIT, CREATED, 1, 2), folder(MADE)]
    assert explain(ONE, calls)


def test_two_files_of_one_session_are_never_explained() -> None:
    second = replace(MADE, file_id="8")
    calls = [call(COMMIT, CREATED, 0, 3), call(COMMIT, replace(CREATED, file=second), 1, 2)]
    assert not explain(ONE, calls)
    unseen = [call(COMMIT, CREATED, 0, 3), call(COMMIT, 409, 1, 2), folder(MADE, second)]
    assert not explain(ONE, unseen)


def test_that_nobody_succeeds_is_not_explained() -> None:
    assert not explain(ONE, [call(COMMIT, 409, 0, 3), call(COMMIT, 409, 1, 2), folder()])


def test_a_refusal_that_ended_before_the_commit_began_is_not_explained_by_it() -> None:
    """Real time counts: what was over cannot have come after what had not begun."""
    assert explain(ONE, [call(COMMIT, 404, 0, 2), call(COMMIT, CREATED, 1, 3), folder(MADE)])
    assert not explain(ONE, [call(COMMIT, 404, 0, 1), call(COMMIT, CREATED, 2, 3), folder(MADE)])


# -- commit and abort -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("committed", "aborted", "files", "explained"),
    [
        (CREATED, 404, [MADE], True),
        (CREATED, 204, [MADE], True),
        (CREATED, 204, [], False),
        (CREATED, 404, [], False),
        (404, 204, [], True),
        (404, 204, [MADE], False),
        (404, 404, [], False),
        (500, 204, [], False),
    ],
)
def test_a_commit_and_an_abort(
    committed: Answered | int, aborted: int, files: list[FileState], explained: bool
) -> None:
    calls = [call(COMMIT, committed, 0, 3), call(Abort(key="S"), aborted, 1, 2), folder(*files)]
    assert bool(explain(ONE, calls)) is explained


def test_an_abort_that_ended_before_the_commit_keeps_the_file_away() -> None:
    calls = [call(Abort(key="S"), 204, 0, 1), call(COMMIT, CREATED, 2, 3), folder(MADE)]
    assert not explain(ONE, calls)


# -- two sessions ---------------------------------------------------------------------------------------------------

OTHER = replace(uploaded(2, content=bytes(range(11))), name=SESSION.name)
TWO = World(sessions={"A": SessionState(session=SESSION), "B": SessionState(session=OTHER)})
OTHER_MADE = replace(MADE, file_id="8", sha1=OTHER.sha1)


@pytest.mark.parametrize(
    ("first", "second", "explained"),
    [
        (Answered(status=201, file=MADE), Answered(status=409), True),
        (Answered(status=409), Answered(status=201, file=OTHER_MADE), True),
        (Answered(status=201, file=MADE), Answered(status=201, file=OTHER_MADE), False),
        (Answered(status=201, file=MADE), Answered(status=404), False),
        (Answered(status=409), Answered(status=409), False),
    ],
)
def test_two_sessions_for_one_name(first: Answered, second: Answered, explained: bool) -> None:
    calls = [
        call(Commit(key="A", request=RIGHT), first, 0, 3),
        call(Commit(key="B", request=commit(OTHER)), second, 1, 2),
    ]
    assert bool(explain(TWO, calls)) is explained


FILE = FileState(file_id="1", etag="4", sha1="aa", size=1, name="f")
VERSIONS = World(
    sessions={
        "A": SessionState(session=replace(SESSION, new_version_of="1", name="f")),
        "B": SessionState(session=replace(OTHER, new_version_of="1", name="f")),
    },
    files={"1": FILE},
)


@pytest.mark.parametrize(
    ("statuses", "etags", "explained"),
    [
        ((201, 412), ("5", None), True),
        ((412, 201), (None, "5"), True),
        ((201, 201), ("5", "6"), False),
        ((201, 201), ("5", "5"), False),
        ((412, 412), (None, None), False),
    ],
)
def test_two_versions_with_the_same_if_match(
    statuses: tuple[int, int], etags: tuple[str | None, str | None], explained: bool
) -> None:
    header = ("if-match", "4")
    calls = []
    for key, session, status, etag in zip("AB", (SESSION, OTHER), statuses, etags, strict=True):
        file = FileState(file_id="1", etag=etag, sha1=session.sha1, size=session.file_size, name="f")
        said = Answered(status=status, file=file if status == 201 else None)
        calls.append(call(Commit(key=key, request=commit(session, header)), said, 0, 3))
    assert bool(explain(VERSIONS, calls)) is explained


def test_three_requests_whose_only_order_is_the_last_one_tried() -> None:
    """The commit, then the new name, then the deletion, although they began the other way round."""
    named = replace(MADE, name="b", etag="1")
    calls = [
        call(Delete(file_id="7"), 204, 0, 9),
        call(Rename(file_id="7", name="b"), Answered(status=200, file=named), 1, 9),
        call(COMMIT, CREATED, 2, 9),
        folder(at=10),
    ]
    assert explain(ONE, calls).order == (2, 1, 0, 3)


# -- what is shown --------------------------------------------------------------------------------------------------


def test_a_history_can_be_read() -> None:
    calls = [
        Call(what="commit S", operation=COMMIT, answered=replace(CREATED, said="201 Created"), begin=5.0, end=5.25),
        Call(what="abort S", operation=Abort(key="S"), answered=Answered(status=204), begin=5.001, end=5.002),
        folder(),
    ]
    explanation = explain(ONE, calls)
    assert history_lines(calls, explanation) == [
        "1. sent at     0.0 ms, answered at   250.0 ms: commit S → 201 Created",
        "2. sent at     1.0 ms, answered at     2.0 ms: abort S → 204",
        "3. sent at  4000.0 ms, answered at  5000.0 ms: ListFolder → 200",
        "in no order could one request after the other have had these answers:",
        "taken in the order 1, 2, ListFolder: the folder lacks the file 7 (report.pdf)",
    ]


def test_a_history_is_told_as_a_short_story() -> None:
    calls = [
        Call(what="commit S", operation=COMMIT, answered=replace(CREATED, said="201 Created"), begin=5.003, end=5.25),
        Call(what="commit S", operation=COMMIT, answered=replace(CREATED, said="201 Created"), begin=5.0, end=5.25),
        folder(),
    ]
    assert story(calls) == "commit S → 201 Created; the same, sent 3.0 ms later → 201 Created"


def test_an_order_that_explains_is_told() -> None:
    calls = [call(COMMIT, 404, 0, 3), call(Abort(key="S"), 204, 1, 2)]
    assert history_lines(calls, explain(ONE, calls))[-1] == "explained by the order 2, 1"
    assert bool(Explanation(order=None)) is False


# -- every history that a server has answered one after the other ----------------------------------------------------


class OneAfterTheOther:
    """Answers as a right server would that takes one request after the other; it decides by the world it has."""

    def __init__(self) -> None:
        self.world = World()
        self.ids = 0

    def answers(self, operation: Operation) -> Answered:
        tried = [Answered(status=status) for status in (200, 204, 404, 409, 400, 412)]
        if isinstance(operation, Open):
            session = replace(SESSION, parts=(), name=operation.name, new_version_of=operation.file_id)
            tried.insert(0, Answered(status=201, session=session))
        if isinstance(operation, PutPart):
            part = next(part for part in SESSION.parts if part.offset == operation.offset)
            tried.insert(0, Answered(status=200, part=part))
        if isinstance(operation, Commit):
            tried.insert(0, Answered(status=201, file=self._file(operation.key)))
        if isinstance(operation, ListFolder):
            tried.insert(0, Answered(status=200, files=tuple(self.world.files.values())))
        if isinstance(operation, ReadFile):
            tried.insert(0, Answered(status=200, file=self.world.files.get(operation.file_id)))
        for answered in tried:
            worlds = operation.step(self.world, answered).worlds
            if worlds:
                self.world = worlds[0]
                return answered
        raise AssertionError(f"the model allows no answer to {operation}")

    def _file(self, key: str) -> FileState:
        state = self.world.sessions[key]
        target = state.session.new_version_of
        self.ids += 1
        before = self.world.files.get(target) if target else None
        file_id = state.made or target or f"f{self.ids}"
        name = before.name if before else state.session.name
        return replace(MADE, file_id=file_id, etag=f"{self.ids}", name=name)


KEYS = ("S1", "S2", "S3")


@st.composite
def _histories(draw: st.DrawFn) -> tuple[World, list[Call]]:
    """A world, and a few operations of which the answers came about one after the other, seen as overlapping."""
    server = OneAfterTheOther()
    for key, name in zip(KEYS, draw(st.tuples(*[st.sampled_from("ab")] * 3)), strict=True):
        server.answers(Open(key=key, name=name))
        for part in SESSION.parts[: draw(st.integers(0, 2))]:
            server.answers(PutPart(key=key, offset=part.offset, size=part.size, sha1=part.sha1))
    if draw(st.booleans()):
        server.answers(Commit(key="S1", request=RIGHT))
    start, calls = server.world, []
    keys = st.sampled_from(list(start.sessions))
    for point in range(draw(st.integers(1, 5))):
        files = [*server.world.files, "f0"]
        operation = draw(
            st.one_of(
                st.builds(Commit, key=keys, request=st.just(RIGHT)),
                st.builds(Abort, key=keys),
                st.builds(Status, key=keys),
                st.builds(
                    PutPart,
                    key=keys,
                    offset=st.just(SESSION.parts[1].offset),
                    size=st.just(SESSION.parts[1].size),
                    sha1=st.just(SESSION.parts[1].sha1),
                ),
                st.builds(Delete, file_id=st.sampled_from(files)),
                st.builds(Rename, file_id=st.sampled_from(files), name=st.sampled_from("abc")),
                st.builds(ReadFile, file_id=st.sampled_from(files)),
                st.just(ListFolder()),
            )
        )
        before, after = draw(st.floats(0, 3)), draw(st.floats(0, 3))
        calls.append(call(operation, server.answers(operation), point - before, point + after))
    return start, [calls[index] for index in draw(st.permutations(range(len(calls))))]


@given(_histories())
@settings(deadline=None, max_examples=150)
def test_what_came_one_after_the_other_is_always_explained(history: tuple[World, list[Call]]) -> None:
    world, calls = history
    explanation = explain(world, calls)
    assert explanation, history_lines(calls, explanation)
    assert explanation.order is not None
    assert sorted(explanation.order) == list(range(len(calls)))
    for place, index in enumerate(explanation.order):
        later = explanation.order[place + 1 :]
        assert all(calls[other].end >= calls[index].begin for other in later), "an order against real time"


def test_the_server_of_these_tests_does_commit() -> None:
    """Keeps the property above from being about refusals alone."""
    server = OneAfterTheOther()
    server.answers(Open(key="S1", name="a"))
    for part in SESSION.parts:
        server.answers(PutPart(key="S1", offset=part.offset, size=part.size, sha1=part.sha1))
    assert server.answers(Commit(key="S1", request=RIGHT)).status == 201
    assert server.world.sessions["S1"].life is Life.COMMITTED
    assert server.answers(Delete(file_id="f1")).status in (200, 204)
    assert server.answers(ListParts(key="S1")).status == 200
