"""What failed is asked again before it is called a failure, on as few parts as can show it; and it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import commit_conformance


def failure_of(out: Path, rule: str, *arguments: str) -> dict[str, Any]:
    """The failure of one rule; empty when it did not fail."""
    done = commit_conformance("run", "--rule", rule, "--seed", "3", "--out", str(out), "--quiet", *arguments)
    assert done.returncode in (0, 1), done.stderr
    for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["event"] == "verdict" and event["rule"] == rule and event["failure"]:
            return dict(event["failure"])
    return {}


def test_a_failure_that_comes_every_time_is_reported_on_the_fewest_parts(tmp_path: Path) -> None:
    failure = failure_of(tmp_path, "PART-GAP", "--fault", "accepts-gap")
    assert failure["times"] == {"failed": 2, "asked": 2}
    assert len(failure["part_list"]["uploaded"]) == 2
    assert len(failure["part_list"]["claimed"]) == 1


def test_a_failure_that_does_not_come_again_is_a_failure_and_called_flaky(tmp_path: Path) -> None:
    failure = failure_of(tmp_path, "PART-GAP", "--fault", "accepts-first-gap")
    assert failure["times"]["failed"] < failure["times"]["asked"]
    assert "flaky" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "flaky" in (tmp_path / "junit.xml").read_text(encoding="utf-8")


def test_a_quick_run_has_nothing_to_spare_for_asking_again(tmp_path: Path) -> None:
    failure = failure_of(tmp_path, "PART-GAP", "--fault", "accepts-gap", "--effort", "quick")
    assert failure["times"] == {"failed": 1, "asked": 1}


@pytest.mark.parametrize(
    ("fault", "rule"), [("commits-aborted-session", "ERROR-ABORTED"), ("needs-no-token", "AUTH-MISSING")]
)
def test_a_test_of_any_kind_is_asked_again(tmp_path: Path, fault: str, rule: str) -> None:
    assert failure_of(tmp_path, rule, "--fault", fault)["times"] == {"failed": 2, "asked": 2}


def test_what_was_seen_in_passing_says_in_how_many_answers(tmp_path: Path) -> None:
    times = failure_of(tmp_path, "CREATED-SIZE", "--fault", "rounds-size")["times"]
    assert times["in_passing"]
    assert 1 <= times["failed"] <= times["asked"]


def test_a_failing_example_is_kept_tried_first_and_forgotten_once_it_is_mended(tmp_path: Path) -> None:
    """A hole in the middle is not the first example: a quick run would not send it."""
    kept, out = tmp_path / "kept", tmp_path / "out"
    plain = ("--keep-failing", str(kept))
    assert failure_of(out, "PART-GAP", *plain, "--fault", "accepts-middle-gap", "--effort", "quick") == {}
    assert failure_of(out, "PART-GAP", *plain, "--fault", "accepts-middle-gap")
    assert failure_of(out, "PART-GAP", *plain, "--fault", "accepts-middle-gap", "--effort", "quick")
    assert failure_of(out, "PART-GAP", *plain) == {}
    assert list(kept.rglob("*.txt")) == []


def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = commit_conformance("run", "--keep-failing", str(file))
    assert done.returncode == 2
    assert "--keep-failing" in done.stderr
    assert "Traceback" not in done.stderr
