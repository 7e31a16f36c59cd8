"""What users of a load say of a server: nothing of a right one however it differs, and the rule of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from loads import crew
from tests_of_rules import families_of_tests

from commit_conformance.load import encounters
from commit_conformance.load.encounters import Meeting, _judge
from commit_conformance.load.mistakes import DECIDING, FAMILIES, Asks
from commit_conformance.load.work import Work
from commit_conformance.target.ledger import read_ledger
from commit_conformance.verdict.catalogue import Catalogue

#: Rounds within which a race shows. The fault's window is open for as long as one request takes, at each of them.
ROUNDS = 20


@pytest.mark.parametrize(
    "behaviours",
    [
        (),
        ("processing=2", "retry-after=0"),
        ("rate-limit=5",),
        ("async-validation",),
        ("no-folder-create",),
        ("no-content", "no-new-version"),
        ("order=reject",),
    ],
    ids=lambda names: "+".join(names) or "none",
)
def test_a_right_server_is_accused_of_nothing(tmp_path: Path, behaviours: tuple[str, ...]) -> None:
    with crew(tmp_path, behaviours=behaviours) as found:
        found.work(10)
    tally = found.tally
    assert found.broken == set()
    assert tally.trouble.total() == 0
    assert tally.held == tally.sent["right"] + tally.sent["wrong"] + tally.sent["again"] + tally.meetings.total()
    assert tally.sent["wrong"] > 0
    assert tally.files > 0
    assert len(found.heard) == tally.held
    assert found.cleanup is not None
    assert found.cleanup.left == []
    assert found.files_left == 0


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("rounds-size", "CREATED-SIZE"),
        ("repeat-makes-a-file", "REPEAT-ONE-FILE"),
        ("answers-before-storing", "CREATED-LISTED"),
        ("refuses-right-list", "PART-COMPLETE"),
        ("digest-failure-ends-session", "REJECTED-SESSION-LIVES"),
    ],
)
def test_a_wrong_server_is_told_its_rule(tmp_path: Path, fault: str, rule: str) -> None:
    with crew(tmp_path, faults=(fault,), meetings=0) as found:
        found.work(12)
    assert rule in found.broken
    kept = found.tally.wrong[rule]
    assert kept["count"] >= len(kept["examples"]) > 0
    assert any(rule in said.rule.split(", ") for said in found.heard)


def test_a_server_that_takes_wrong_commits_is_told_their_rules(tmp_path: Path) -> None:
    with crew(tmp_path, faults=("accepts-everything",), meetings=0) as found:
        found.work(8)
    assert len(found.broken & FAMILIES.keys()) > 3


@pytest.mark.parametrize(
    ("fault", "scene", "rule"),
    [
        ("concurrent-commits-make-files", "_one_session", "REPEAT-CONCURRENT"),
        ("conflict-race", "_one_name", "CONFLICT-RACE"),
        ("upload-race", "_last_part", "REPEAT-UPLOAD-RACE"),
        ("abort-race", "_abort", "REPEAT-ABORT-RACE"),
        ("if-match-race", "_one_etag", "IF-MATCH-RACE"),
    ],
)
def test_a_race_is_met(tmp_path: Path, fault: str, scene: str, rule: str) -> None:
    met: Callable[[Work], Meeting | None] = getattr(encounters, scene)
    with crew(tmp_path, faults=(fault,), users=1, meetings=0) as found:
        (work,) = found.works
        while work.current_file() is None:
            work.step()
        assert found.broken == set(), "else it is no race"
        for _ in range(ROUNDS):
            meeting = met(work)
            assert meeting is not None
            _judge(work, meeting)
            if found.broken:
                break
    assert found.broken == {rule}
    assert found.tally.wrong[rule]["examples"][0]["history"]


def test_a_full_folder_is_looked_over_deleted_and_left_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commit_conformance.load.work.FILES", 5)
    with crew(tmp_path, users=1, meetings=0) as found:
        (work,) = found.works
        first = work.target.folder_id
        while work.target.folder_id == first:
            work.step()
        assert found.tally.files >= 5
        assert found.files_left < 5
        gone = {entry["id"] for entry in work.target.ledger.entries if entry["kind"] == "gone"}
        assert first in gone
    assert found.broken == set()


def test_what_a_worker_that_was_killed_has_left_is_taken_away(tmp_path: Path) -> None:
    with crew(tmp_path, users=1, meetings=0) as found:
        (work,) = found.works
        work.step()
        left_open = work.open(size=found.ground.light_size)
        assert found.service.world.sessions[left_open.handle.session_id].state == "open"
    assert found.service.world.sessions[left_open.handle.session_id].state == "aborted"
    assert found.files_left == 0
    header, _ = read_ledger(tmp_path / "ledger-0.jsonl")
    assert header["url"].endswith("/2.0")


def test_families_are_those_of_the_tests_of_their_rules() -> None:
    of_tests = families_of_tests()
    assert of_tests.keys() - FAMILIES.keys() == {"BODY-LARGE"}
    for rule, family in FAMILIES.items():
        if rule in of_tests:
            assert family is of_tests[rule], rule
    assert FAMILIES.keys() - of_tests.keys() == {"PART-FOREIGN"}


def test_only_rules_that_decide_accuse() -> None:
    asks, rules = Asks("7", drawn=2), Catalogue.load()
    assert {rules.get(rule).level for rule in asks.wrong} <= DECIDING
    assert {rules.get(ask.rule).level for ask in asks.right} <= DECIDING
    assert asks.wrong.keys() < FAMILIES.keys(), "some families stand in a standard alone"


def test_one_seed_draws_the_same_commits() -> None:
    first, again, other = (Asks(seed, drawn=3).wrong for seed in ("7", "7", "8"))
    assert first == again
    assert first != other
