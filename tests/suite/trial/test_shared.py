"""Where a file is costly: what counts as that, what rules then share, and what a scene that goes wrong says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from commit_conformance.target.upload import State, Upload
from commit_conformance.trial import walk
from commit_conformance.trial.server import Server
from commit_conformance.trial.walker import Walker
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.wire import BudgetSpent
from strategies.plan import CommitPlan
from tests.suite.trial.embedded_runs import Trial, trial

#: As parts of 8 MiB and files of 20 MB are to the usual limit: three parts, the last one the smallest.
PART, SMALLEST, CHEAP = 4096, 9558, 1024


@contextmanager
def costly(fault: str = "", effort: Effort = Effort.STANDARD) -> Iterator[Trial]:
    """A run over a service whose small files are taken for costly; it never answers 202."""
    sizes = (f"min-file-size={SMALLEST}", "processing=0")
    with trial(*sizes, fault=fault, effort=effort, cheap_part=CHEAP) as one:
        yield one


def part_bytes(one: Trial) -> int:
    return one.server.target.wire.purse.cost.part_bytes


# What is costly


@pytest.mark.parametrize(
    ("part", "least", "cheap", "expected"),
    [(PART, 1, PART, False), (PART, 1, PART - 1, True), (PART, 9 * PART, PART, True), (PART, 3 * PART, PART, False)],
    ids=["cheap parts", "parts above the limit", "many cheap parts", "a few cheap parts"],
)
def test_a_file_is_costly_by_its_parts_or_by_how_many_it_takes(
    part: int, least: int, cheap: int, expected: bool
) -> None:
    with trial(f"part-size={part}", f"min-file-size={least}", cheap_part=cheap) as one:
        assert one.server.target.bank.costly is expected
        assert one.server.sparing is expected


def test_only_a_standard_run_is_sparing() -> None:
    for effort in Effort:
        with costly(effort=effort) as one:
            assert one.server.target.bank.costly
            assert one.server.sparing is (effort is Effort.STANDARD)


# Scenes


def test_a_scene_is_played_once_and_vouches_for_every_rule_that_asks() -> None:
    with costly() as one:
        _ = one.server.sample_file
        before = part_bytes(one)

        def test(server: Server) -> None:
            assert server.survives_refusals()

        for rule in ("DIGEST-ACCEPTED", "DIGEST-RETRY", "REJECTED-SESSION-LIVES"):
            assert one.examine(rule, test)["verdict"] == "passed"
        assert part_bytes(one) - before == 3 * PART


def test_where_files_are_cheap_no_scene_is_played() -> None:
    with trial() as one:
        assert not one.server.survives_refusals()
        assert one.server.made == {}


@pytest.mark.parametrize(
    ("fault", "scene", "told"),
    [
        ("digest-failure-ends-session", Server.survives_refusals, []),
        ("refusal-ends-session", Server.survives_refusals, []),
        ("ignores-digest", Server.survives_refusals, ["DIGEST-MISMATCH"]),
        ("precondition-ends-session", Server.after_412, []),
        ("ignores-if-match", Server.after_412, ["IF-MATCH-STALE"]),
    ],
)
def test_a_scene_that_goes_wrong_tells_of_nothing_but_wrong_commits_that_were_carried_out(
    fault: str, scene: Callable[[Server], bool], told: list[str]
) -> None:
    with costly(fault) as one:
        assert one.server.can("new_version")
        one.server.begin(one.run.catalogue.get("DIGEST-ACCEPTED"))
        assert not scene(one.server)
        assert list(one.run.monitor.findings) == told


def test_a_new_version_is_refused_and_committed_while_another_session_grows_old() -> None:
    with costly() as one:
        assert one.server.can("new_version")
        assert one.server.survives_refusals()
        file = one.server.version_file
        assert file.file_id != one.server.sample_file.file_id
        assert one.server.after_412()
        older = one.server.older_version
        assert older.state is State.LIVE
        assert older.target is not None
        assert (older.target.file_id, older.target.etag) == (file.file_id, file.etag)
        assert one.server.version_file.etag != file.etag


def test_new_versions_go_to_the_first_file_once_the_other_is_gone() -> None:
    with costly() as one:
        _ = one.server.sample_file
        assert one.server.survives_refusals()
        one.server.delete(one.server.version_file)
        assert one.server.version_file == one.server.sample_file


# Races


def test_a_race_that_was_run_ahead_is_judged_in_its_turn() -> None:
    with costly() as one:
        _ = one.server.sample_file
        found = one.server.ahead("a race", one.server.commits_for_one_name)
        assert found is not None
        sessions = len(one.server.target.bank.uploads)
        turn = one.server.in_turn("a race", one.server.commits_for_one_name)
        assert turn(0.0) is found
        assert len(one.server.target.bank.uploads) == sessions
        assert turn(0.0) is not found  # that one was run for nobody but this rule


def test_what_the_race_of_the_last_part_leaves_is_used_again() -> None:
    with costly() as one:
        _ = one.server.sample_file
        found = one.server.commit_and_last_part(0.0)
        assert not found.failed
        upload = found.attempts[0].upload
        assert upload.session.complete
        assert one.server.target.bank.usual() is upload
        assert one.server.commits(CommitPlan(), upload=upload).created


def test_commits_at_once_take_unusual_forms_along_and_go_plainly_where_those_are_refused() -> None:
    for fault, forms in (("", 1), ("refuses-unknown-members", 2)):
        with costly(fault) as one:
            _ = one.server.sample_file
            before = len(one.server.attempts)
            assert not one.server.identical_commits(0.0).failed
            plans = [attempt.plan for attempt in one.server.attempts[before:]]
            assert len(plans) == 3 * forms
            assert (plans[-1] == CommitPlan()) is (forms == 2)


# What decides nothing


def test_what_is_only_recorded_uploads_nothing() -> None:
    with costly() as one:
        _ = one.server.sample_file
        before = part_bytes(one)
        one.server.begin(one.run.catalogue.get("DIGEST-ALGORITHM-VARIANT"))
        with pytest.raises(BudgetSpent, match="only recorded"):
            one.server.liberty()
        assert part_bytes(one) == before
        one.server.begin(one.run.catalogue.get("PART-GAP"))
        assert one.server.upload().session.complete


# The walk


def walked(one: Trial, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Upload], set[str], int]:
    """The sessions of the only walk, the kinds of steps it had, and the bytes it took."""
    walkers: list[Walker] = []
    end = Walker.end

    def noted(self: Walker) -> None:
        if self not in walkers:
            walkers.append(self)
        end(self)

    monkeypatch.setattr(Walker, "end", noted)
    _ = one.server.sample_file
    assert one.server.survives_refusals()
    one.server.can("new_version")
    before = part_bytes(one)
    event = one.examine("LIFE-CYCLE-MODEL", walk.walks)
    assert event["verdict"] == "passed", event["reason"]
    (walker,) = walkers
    kinds = {step.split(". ")[1].split()[0] for step in walker.steps}
    return list(walker.uploads.values()), kinds, part_bytes(one) - before


def test_a_walk_uploads_one_file_and_still_has_every_kind_of_step(monkeypatch: pytest.MonkeyPatch) -> None:
    with costly() as one:
        uploads, kinds, spent = walked(one, monkeypatch)
    assert {"open", "put", "list", "commit", "abort", "rename", "delete"} <= kinds
    whole = [upload for upload in uploads[1:] if upload.session.complete]
    assert [upload.state for upload in whole] == [State.COMMITTED]
    assert SMALLEST < spent < 1.2 * SMALLEST


@pytest.mark.parametrize(
    "fault",
    ["version-undoes-rename", "abort-ends-siblings", "repeated-part-listed-twice", "session-inherits-aborted-parts"],
)
def test_the_shorter_walk_finds_what_the_longer_one_does(fault: str) -> None:
    with costly(fault) as one:
        _ = one.server.sample_file
        one.server.survives_refusals()
        assert one.examine("LIFE-CYCLE-MODEL", walk.walks)["verdict"] == "failed"
