"""The sequential model: what each operation may be answered, and what it makes of the world."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from uploaded import commit, uploaded

from commit_conformance.model import CommitRequest, FileState, UploadedPart
from commit_conformance.model.sequential import (
    Abort,
    Answered,
    Commit,
    CountVersions,
    Delete,
    Life,
    ListedPart,
    ListFolder,
    ListParts,
    Open,
    Operation,
    PutPart,
    ReadContent,
    ReadFile,
    Rename,
    SessionState,
    Status,
    World,
    differences,
)

SESSION = uploaded(3)


def commit_of(*, parts: tuple[UploadedPart, ...] = SESSION.parts, headers: Any = ()) -> CommitRequest:
    return commit(SESSION, *headers, parts=[part.as_json() for part in parts])


F1 = FileState(file_id="1", etag="0", sha1="aa", size=3, name="old.bin")
VERSION = replace(SESSION, new_version_of="1", name="old.bin")
LIVE = World(sessions={"S": SessionState(session=SESSION)})
COMMITTED = World(sessions={"S": SessionState(session=SESSION, life=Life.COMMITTED, made="7")})
GONE = World(sessions={"S": SessionState(session=SESSION, life=Life.GONE)})
WITH_FILE = World(sessions={"S": SessionState(session=VERSION)}, files={"1": F1})
ORPHANED = World(sessions={"S": SessionState(session=VERSION)}, deleted=frozenset({"1"}))
MADE = FileState(file_id="7", etag="0", sha1=SESSION.sha1, size=SESSION.file_size, name=SESSION.name)
RIGHT = commit_of()
PARTS = tuple(
    ListedPart(part_id=part.part_id, offset=part.offset, size=part.size, sha1=part.sha1) for part in SESSION.parts
)


def answer(status: int, **shown: object) -> Answered:
    return Answered(status=status, **shown)  # type: ignore[arg-type]


def after(world: World, operation: Operation, answered: Answered) -> World:
    step = operation.step(world, answered)
    assert len(step.worlds) == 1, step.wrong
    return step.worlds[0]


def refuted(world: World, operation: Operation, answered: Answered) -> str:
    step = operation.step(world, answered)
    assert step.worlds == ()
    assert step.wrong
    return step.wrong


# -- commits --------------------------------------------------------------------------------------------------------


def test_a_right_commit_makes_the_file_that_its_answer_shows() -> None:
    world = after(LIVE, Commit(key="S", request=RIGHT), answer(201, file=MADE))
    assert (world.sessions["S"].life, world.sessions["S"].made) == (Life.COMMITTED, "7")
    assert world.files["7"].name == SESSION.name
    assert world.former["7"] == 0


@pytest.mark.parametrize("status", [400, 404, 409, 410, 412, 304, 500, 202])
def test_a_right_commit_must_not_be_refused(status: int) -> None:
    refuted(LIVE, Commit(key="S", request=RIGHT), answer(status))


def test_a_201_without_a_file_tells_nothing_that_could_be_there() -> None:
    refuted(LIVE, Commit(key="S", request=RIGHT), answer(201))


@pytest.mark.parametrize("shown", [{"size": 1}, {"sha1": "00"}, {"name": "other"}])
def test_the_file_that_is_shown_must_be_the_one_that_was_uploaded(shown: dict[str, object]) -> None:
    wrong = replace(MADE, **shown)  # type: ignore[arg-type]
    assert "shows" in refuted(LIVE, Commit(key="S", request=RIGHT), answer(201, file=wrong))


def test_a_digest_may_be_shown_in_capitals() -> None:
    after(LIVE, Commit(key="S", request=RIGHT), answer(201, file=replace(MADE, sha1=SESSION.sha1.upper())))


@pytest.mark.parametrize("status", [400, 409, 412, 422])
def test_a_wrong_commit_is_refused_and_changes_nothing(status: int) -> None:
    wrong = commit_of(parts=SESSION.parts[1:])
    assert after(LIVE, Commit(key="S", request=wrong), answer(status)) == LIVE
    refuted(LIVE, Commit(key="S", request=wrong), answer(201, file=MADE))


def test_410_ends_the_session() -> None:
    wrong = commit_of(parts=SESSION.parts[1:])
    world = after(LIVE, Commit(key="S", request=wrong), answer(410))
    assert world.sessions["S"].life is Life.GONE
    refuted(world, Commit(key="S", request=RIGHT), answer(201, file=MADE))
    after(world, Commit(key="S", request=RIGHT), answer(410))


@pytest.mark.parametrize("status", [404, 409, 410, 400])
def test_a_committed_session_refuses_or_shows_its_file_again(status: int) -> None:
    again = Commit(key="S", request=RIGHT)
    assert after(COMMITTED, again, answer(status)) == COMMITTED
    assert after(COMMITTED, again, answer(201, file=MADE)) == COMMITTED
    assert "another file" in refuted(COMMITTED, again, answer(201, file=replace(MADE, file_id="8")))
    refuted(COMMITTED, again, answer(500))


def test_an_aborted_session_commits_no_more() -> None:
    refuted(GONE, Commit(key="S", request=RIGHT), answer(201, file=MADE))
    assert after(GONE, Commit(key="S", request=RIGHT), answer(404)) == GONE


def test_a_name_that_is_taken_is_answered_409_and_the_session_may_or_may_not_commit_later() -> None:
    taken = replace(LIVE, files={"1": replace(F1, name=SESSION.name.upper())})
    commit = Commit(key="S", request=RIGHT)
    refuted(taken, commit, answer(201, file=MADE))
    refuted(taken, commit, answer(400))
    later = after(taken, commit, answer(409)).without_file("1")
    assert later.sessions["S"].doubtful
    after(later, commit, answer(201, file=MADE))
    after(later, commit, answer(409))


def test_a_new_version_keeps_the_name_the_file_has_by_now() -> None:
    renamed = after(WITH_FILE, Rename(file_id="1", name="new.bin"), answer(200, file=replace(F1, name="new.bin")))
    shown = replace(MADE, file_id="1", etag="2", name="new.bin")
    world = after(renamed, Commit(key="S", request=RIGHT), answer(201, file=shown))
    assert world.files["1"].name == "new.bin"
    refuted(renamed, Commit(key="S", request=RIGHT), answer(201, file=replace(shown, name="old.bin")))


def test_a_new_version_changes_the_etag_and_no_other_file() -> None:
    commit = Commit(key="S", request=RIGHT)
    shown = replace(MADE, file_id="1", name="old.bin")
    assert "etag" in refuted(WITH_FILE, commit, answer(201, file=replace(shown, etag="0")))
    refuted(WITH_FILE, commit, answer(201, file=replace(shown, file_id="2", etag="1")))


def test_if_match_is_held_against_the_etag_of_now() -> None:
    stale, current = (commit_of(headers=(("if-match", tag),)) for tag in ("9", "0"))
    assert after(WITH_FILE, Commit(key="S", request=stale), answer(412)) == WITH_FILE
    refuted(WITH_FILE, Commit(key="S", request=stale), answer(409))
    shown = replace(MADE, file_id="1", etag="1", name="old.bin")
    after(WITH_FILE, Commit(key="S", request=current), answer(201, file=shown))
    refuted(WITH_FILE, Commit(key="S", request=current), answer(412))


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410])
def test_a_version_of_a_deleted_file_is_refused(status: int) -> None:
    commit = Commit(key="S", request=RIGHT)
    assert commit.step(ORPHANED, answer(status)).worlds
    refuted(ORPHANED, commit, answer(201, file=replace(MADE, file_id="1")))


def test_a_request_that_is_in_the_way_of_another_may_be_put_off() -> None:
    assert after(LIVE, Commit(key="S", request=RIGHT, busy=True), answer(409)) == LIVE
    assert after(LIVE, Abort(key="S", busy=True), answer(409)) == LIVE


def test_a_list_without_the_part_on_its_way_may_make_the_whole_file_once_it_is_there() -> None:
    short = commit_of(parts=SESSION.parts[:-1])
    commit = Commit(key="S", request=short, on_the_way=True)
    after(LIVE, commit, answer(201, file=MADE))
    incomplete = World(sessions={"S": SessionState(session=replace(SESSION, parts=SESSION.parts[:-1]))})
    refuted(incomplete, commit, answer(201, file=MADE))


# -- parts ----------------------------------------------------------------------------------------------------------

FIRST = SESSION.parts[0]
EMPTY = World(sessions={"S": SessionState(session=replace(SESSION, parts=()))})


def put(**changes: object) -> PutPart:
    named = {"key": "S", "offset": FIRST.offset, "size": FIRST.size, "sha1": FIRST.sha1, **changes}
    return PutPart(**named)  # type: ignore[arg-type]


def test_a_part_is_taken_under_the_id_of_its_answer() -> None:
    world = after(EMPTY, put(), answer(200, part=FIRST))
    assert world.sessions["S"].session.parts == (FIRST,)
    refuted(EMPTY, put(), answer(409))
    refuted(EMPTY, put(), answer(200))


def test_two_parts_have_two_ids() -> None:
    world = after(EMPTY, put(), answer(200, part=FIRST))
    other = replace(SESSION.parts[1], part_id=FIRST.part_id)
    assert "two parts" in refuted(world, put(offset=other.offset, sha1=other.sha1), answer(200, part=other))


@pytest.mark.parametrize("status", [409, 416])
def test_the_same_part_again_is_kept_or_refused(status: int) -> None:
    assert after(LIVE, put(), answer(status)) == LIVE
    assert after(LIVE, put(), answer(200, part=FIRST)) == LIVE


def test_the_same_part_under_a_new_id_leaves_two_worlds_until_the_list_tells() -> None:
    fresh = replace(FIRST, part_id="FRESH")
    worlds = put().step(LIVE, answer(200, part=fresh)).worlds
    assert len(worlds) == 2
    shown = (replace(PARTS[0], part_id="FRESH"), *PARTS[1:])
    fit = [world for world in worlds if ListParts(key="S").step(world, answer(200, parts=shown)).worlds]
    assert [world.sessions["S"].session.parts[0].part_id for world in fit] == ["FRESH"]
    both = (*shown, PARTS[0])
    assert not [world for world in worlds if ListParts(key="S").step(world, answer(200, parts=both)).worlds]


def test_other_bytes_and_wrong_digests_are_refused() -> None:
    assert after(LIVE, put(sha1="f" * 40), answer(409)) == LIVE
    refuted(LIVE, put(sha1="f" * 40), answer(200, part=FIRST))
    assert after(EMPTY, put(right=False), answer(412)) == EMPTY
    refuted(EMPTY, put(right=False), answer(200, part=FIRST))


@pytest.mark.parametrize("world", [COMMITTED, GONE])
def test_a_session_that_is_over_takes_no_part(world: World) -> None:
    assert after(world, put(), answer(404)) == world
    refuted(world, put(), answer(200, part=FIRST))


@pytest.mark.parametrize(
    "parts",
    [PARTS[1:], (*PARTS, PARTS[0]), (replace(PARTS[0], size=1), *PARTS[1:]), (replace(PARTS[0], sha1="0"), *PARTS[1:])],
)
def test_the_list_of_parts_is_what_was_uploaded(parts: tuple[ListedPart, ...]) -> None:
    refuted(LIVE, ListParts(key="S"), answer(200, parts=parts))


def test_a_list_of_parts_may_say_little_and_stand_in_any_order() -> None:
    bare = tuple(ListedPart(part_id=part.part_id) for part in reversed(PARTS))
    assert after(LIVE, ListParts(key="S"), answer(200, parts=bare)) == LIVE


@pytest.mark.parametrize("operation", [ListParts(key="S"), Status(key="S")])
def test_what_can_be_seen_of_a_session_depends_on_its_life(operation: Operation) -> None:
    shown = answer(200, parts=PARTS)
    assert after(LIVE, operation, shown) == LIVE
    refuted(LIVE, operation, answer(404))
    assert after(GONE, operation, answer(410)) == GONE
    refuted(GONE, operation, shown)
    assert after(COMMITTED, operation, shown) == COMMITTED
    assert after(COMMITTED, operation, answer(404)) == COMMITTED
    assert operation.step(ORPHANED, answer(404)).worlds


def test_an_abort_ends_a_live_session_and_changes_no_other() -> None:
    assert after(LIVE, Abort(key="S"), answer(204)).sessions["S"].life is Life.GONE
    refuted(LIVE, Abort(key="S"), answer(404))
    for status in (204, 404, 409):
        assert after(COMMITTED, Abort(key="S"), answer(status)) == COMMITTED
        assert after(GONE, Abort(key="S"), answer(status)) == GONE


# -- opening --------------------------------------------------------------------------------------------------------


def test_a_free_name_gets_a_session() -> None:
    world = after(World(), Open(key="S", name="a"), answer(201, session=SESSION))
    assert world.sessions["S"].life is Life.LIVE
    refuted(World(), Open(key="S", name="a"), answer(409))
    refuted(World(), Open(key="S", name="a"), answer(201))


@pytest.mark.parametrize(
    ("world", "asked"),
    [
        (WITH_FILE, Open(key="T", name="OLD.BIN")),
        (LIVE, Open(key="T", name=SESSION.name)),
        (WITH_FILE, Open(key="T", file_id="1")),
    ],
    ids=["name taken", "name spoken for", "file spoken for"],
)
def test_what_is_taken_or_spoken_for_may_be_refused_now_or_later(world: World, asked: Open) -> None:
    assert after(world, asked, answer(409)) == world
    assert "T" in after(world, asked, answer(201, session=SESSION)).sessions


def test_a_deleted_file_gets_no_new_version() -> None:
    assert after(ORPHANED, Open(key="T", file_id="1"), answer(404)) == ORPHANED
    refuted(ORPHANED, Open(key="T", file_id="1"), answer(201, session=VERSION))


# -- files ----------------------------------------------------------------------------------------------------------


def test_a_file_is_renamed_and_nothing_else_of_it_changes() -> None:
    rename = Rename(file_id="1", name="b")
    world = after(WITH_FILE, rename, answer(200, file=replace(F1, name="b", etag="1")))
    assert (world.files["1"].name, world.files["1"].etag, world.files["1"].sha1) == ("b", "1", "aa")
    refuted(WITH_FILE, rename, answer(200, file=replace(F1, name="b", sha1="bb")))
    refuted(WITH_FILE, rename, answer(200, file=F1))
    refuted(WITH_FILE, rename, answer(409))
    assert after(ORPHANED, rename, answer(404)) == ORPHANED


def test_a_name_that_is_taken_is_not_given_and_one_that_is_spoken_for_may_be() -> None:
    two = WITH_FILE.with_file(replace(F1, file_id="2", name="b"))
    refuted(two, Rename(file_id="1", name="B"), answer(200, file=replace(F1, name="B")))
    assert after(two, Rename(file_id="1", name="B"), answer(409)) == two
    spoken = replace(LIVE, files={"1": F1})
    assert after(spoken, Rename(file_id="1", name=SESSION.name), answer(409)) == spoken
    assert Rename(file_id="1", name=SESSION.name).step(spoken, answer(200)).worlds


def test_an_etag_that_nobody_has_seen_is_learnt_by_reading() -> None:
    world = after(WITH_FILE, Rename(file_id="1", name="b"), answer(200))
    assert world.files["1"].etag is None
    learnt = after(world, ReadFile(file_id="1"), answer(200, file=replace(F1, name="b", etag="5")))
    assert learnt.files["1"].etag == "5"
    refuted(learnt, ReadFile(file_id="1"), answer(200, file=replace(F1, name="b", etag="6")))


def test_a_deleted_file_is_gone() -> None:
    world = after(WITH_FILE, Delete(file_id="1"), answer(204))
    assert world.files == {}
    refuted(WITH_FILE, Delete(file_id="1"), answer(404))
    assert after(world, ReadFile(file_id="1"), answer(404)) == world
    refuted(world, ReadFile(file_id="1"), answer(200, file=F1))
    refuted(world, ReadContent(file_id="1"), answer(200, sha1="aa"))
    for status in (204, 404):
        assert after(world, Delete(file_id="1"), answer(status)) == world


def test_a_file_has_the_bytes_of_its_newest_version() -> None:
    assert after(WITH_FILE, ReadContent(file_id="1"), answer(200, sha1="aa")) == WITH_FILE
    refuted(WITH_FILE, ReadContent(file_id="1"), answer(200, sha1="bb"))
    refuted(WITH_FILE, ReadContent(file_id="1"), answer(404))


def test_former_versions_are_counted_where_the_first_one_is_known() -> None:
    made = after(LIVE, Commit(key="S", request=RIGHT), answer(201, file=MADE))
    count = CountVersions(file_id="7")
    assert after(made, count, answer(200, versions=0)) == made
    assert after(made, count, answer(200)) == made
    refuted(made, count, answer(200, versions=1))
    assert after(WITH_FILE, CountVersions(file_id="1"), answer(200, versions=4)) == WITH_FILE


def test_a_folder_holds_every_file_once_and_no_other() -> None:
    other = replace(F1, file_id="2", name="b")
    assert after(WITH_FILE, ListFolder(), answer(200, files=(F1,))) == WITH_FILE
    assert "lacks" in refuted(WITH_FILE, ListFolder(), answer(200, files=()))
    assert "2 times" in refuted(WITH_FILE, ListFolder(), answer(200, files=(F1, F1)))
    assert "no answer to a commit has named" in refuted(WITH_FILE, ListFolder(), answer(200, files=(F1, other)))
    assert "etag 9" in refuted(WITH_FILE, ListFolder(), answer(200, files=(replace(F1, etag="9"),)))
    refuted(WITH_FILE, ListFolder(), answer(404))


def test_what_one_of_two_does_not_know_is_no_difference() -> None:
    assert differences(replace(F1, etag=None, size=None), F1) == ""
    assert differences(replace(F1, sha1="AA"), F1) == ""
    assert differences(replace(F1, name="b", size=4), F1) == "name b, not old.bin and size 4, not 3"
