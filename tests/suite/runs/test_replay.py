"""A failure of an earlier run, tried again: on the server that was wrong, and on one that is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import commit_conformance

from commit_conformance.reference import configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.target.embedded import PART_SIZE


@pytest.fixture(scope="module")
def right() -> Iterator[str]:
    with configure(part_size=PART_SIZE) as service, ServerThread(service) as server:
        yield server.url


def run(out: Path, *arguments: str) -> Path:
    done = commit_conformance("run", "--seed", "5", "--out", str(out), "--report", "none", *arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def gap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("gap"), "--fault", "accepts-gap", "--rule", "PART-GAP")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Failures of two rules: one in passing, one that another session's part has to show."""
    faults = ("--fault", "accepts-foreign-part", "--fault", "reads-back-other-size")
    return run(tmp_path_factory.mktemp("two"), *faults, "--rule", "PART-FOREIGN", "--rule", "CREATED-READ-BACK")


def replay(log: Path, out: Path, *arguments: str, code: int) -> dict[str, Any]:
    done = commit_conformance("replay", str(log), "--json", "--out", str(out), *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    shown = json.loads(done.stdout)
    assert isinstance(shown, dict)
    return shown


def test_the_same_commit_fails_again(gap: Path, tmp_path: Path) -> None:
    shown = replay(gap, tmp_path, code=1)
    assert shown["rule"] == "PART-GAP"
    assert shown["now"]["fails"] is True
    assert shown["now"]["by"] == "example"
    assert shown["now"]["said"] == shown["then"]["failure"]["message"]
    assert [exchange["status"] for exchange in shown["now"]["exchanges"]] == [201]


def test_on_a_server_that_is_right_the_whole_test_says_so(gap: Path, right: str, tmp_path: Path) -> None:
    shown = replay(gap, tmp_path, "--target", right, code=0)
    assert shown["now"] == {
        "target": right,
        "fails": False,
        "by": "test",
        "said": "the rule is kept",
        "got": "",
        "exchanges": [],
    }


def test_then_stands_beside_now(gap: Path, tmp_path: Path) -> None:
    done = commit_conformance("replay", str(gap / "events.jsonl"), "part-gap", "--out", str(tmp_path))
    lines = done.stdout.splitlines()
    assert lines[0].startswith("PART-GAP: ")
    assert lines[-1] == "PART-GAP fails again (the same commit)"
    assert sum("answered" in line for line in lines) == 2


def test_a_part_of_another_session_is_made_anew(two: Path, tmp_path: Path) -> None:
    shown = replay(two, tmp_path, "PART-FOREIGN", code=1)
    assert shown["now"]["by"] == "example"
    assert "committed" in shown["now"]["said"]


def test_what_was_found_in_passing_is_found_again(two: Path, tmp_path: Path) -> None:
    shown = replay(two, tmp_path, "CREATED-READ-BACK", "--effort", "quick", code=1)
    assert shown["now"]["fails"] is True


def test_a_log_that_a_kill_tore_apart_still_names_what_had_failed(gap: Path, tmp_path: Path) -> None:
    torn = tmp_path / "events.jsonl"
    torn.write_bytes((gap / "events.jsonl").read_bytes() + b'{"event": "verd')
    assert replay(torn, tmp_path / "out", code=1)["rule"] == "PART-GAP"


def test_one_of_several_has_to_be_named(two: Path, tmp_path: Path) -> None:
    done = commit_conformance("replay", str(two), "--out", str(tmp_path))
    assert done.returncode == 2
    assert "2 rules have failed; name one: " in done.stderr


@pytest.mark.parametrize(
    ("rule", "told"), [("PART-OVERLAP", "PART-OVERLAP has not failed in this run; what has: PART-GAP")]
)
def test_a_rule_that_did_not_fail_is_told(gap: Path, tmp_path: Path, rule: str, told: str) -> None:
    done = commit_conformance("replay", str(gap), rule, "--out", str(tmp_path))
    assert done.returncode == 2
    assert told in done.stderr


def test_a_log_without_a_failure_and_one_that_is_none(tmp_path: Path, right: str) -> None:
    done = commit_conformance("replay", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    fine = tmp_path / "fine"
    commit_conformance("run", "--effort", "quick", "--out", str(fine), "--report", "none")
    done = commit_conformance("replay", str(fine))
    assert done.returncode == 2
    assert "nothing has failed in this run" in done.stderr


def test_a_target_that_is_not_there_any_more(gap: Path, tmp_path: Path) -> None:
    shown = replay(gap, tmp_path, "--target", "http://127.0.0.1:9", code=3)
    assert shown["now"]["fails"] is None
