"""One process, two workers and shards come to the same verdicts, spend one budget, and leave nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks.equal_verdicts import LIMITS, ROOT, WAYS, differences, run
from commit_conformance.options import out_folder
from commit_conformance.reference import configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.target.embedded import PART_SIZE
from tests.suite.runs.commands import clean_environment, commit_conformance

pytest.importorskip("xdist", reason="pytest-xdist is not installed")

#: Groups that build on one another, and rules that are judged in passing; without the layer that Schemathesis makes.
RULES = ("DIGEST-*", "PART-*", "REJECTED-*", "CREATED-*", "ERROR-*", "CONFLICT-*", "AUTH-*", "BODY-M*", "IF-*")
CHOSEN = [word for rule in RULES for word in ("--rule", rule)]


@pytest.mark.parametrize("fault", ["", "html-errors", "ignores-if-match"])
def test_however_a_run_is_spread_its_verdicts_are_the_same(tmp_path: Path, fault: str) -> None:
    options = {"rule": RULES, "seed": "7", **LIMITS, "fault": [fault] if fault else []}
    one, *others = (run(way, options, tmp_path / way.replace(" ", "-")) for way in WAYS)
    assert (one.exit_code, "failed" in one.verdicts.values()) == ((1, True) if fault else (0, False))
    for other in others:
        assert differences(one, other) == []


def test_workers_that_begin_at_the_same_moment_try_the_folder_beside_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: out_folder(str(tmp_path / "out")), range(2000))) == {tmp_path / "out"}
    assert list((tmp_path / "out").iterdir()) == []


def test_a_shard_that_no_rule_falls_to_sends_nothing_and_is_no_failure(tmp_path: Path) -> None:
    given = ["--rule", "PART-GAP", "--seed", "7", "--report", "none"]
    done = [commit_conformance("run", *given, "--shard", f"{i}/2", "--out", str(tmp_path / str(i))) for i in (1, 2)]
    assert [each.returncode for each in done] == [0, 0], done[1].stderr
    assert events(tmp_path / "2")[-1]["cost"] == {}
    merged = commit_conformance("merge", str(tmp_path / "1"), str(tmp_path / "2"), "--out", str(tmp_path / "merged"))
    assert merged.returncode == 0
    assert "conforms: 1 of 1 gating rule passed" in merged.stdout


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def two_workers(folder: Path, *options: str, environment: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The log of a run with two workers."""
    words = ["-q", "-n", "2", "-p", "no:cacheprovider", str(ROOT / "tests" / "server"), "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--seed", "7", "--report", "none", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(None, environment),
        timeout=300,
        check=False,
    )
    assert (folder / "events.jsonl").exists(), done.stdout + done.stderr
    return events(folder)


@pytest.mark.parametrize(
    ("limit", "cost"), [("max-upload-requests", "upload_requests"), ("max-files", "committed_files")]
)
def test_two_workers_have_one_budget(tmp_path: Path, limit: str, cost: str) -> None:
    """Of which neither has the half: together they get as far as it goes."""
    amount = {"max-upload-requests": 90, "max-files": 4}[limit]
    log = two_workers(tmp_path, f"--{limit}", str(amount), *CHOSEN)
    spent = log[-1]["cost"]
    cleaning = spent["sessions"] if cost == "upload_requests" else 0
    assert amount // 2 < spent[cost] <= amount + cleaning
    words = f"the budget of {amount} {cost.replace('_', ' ')} is spent"
    assert words in {event.get("reason") for event in log}
    assert not [event["rule"] for event in log if event.get("verdict") in ("failed", "errored")]
    assert log[0]["budget"][cost] == amount
    assert not [path.name for path in tmp_path.iterdir() if path.suffix in (".till", ".lock")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are ended by signals here")
def test_a_worker_that_is_killed_is_cleaned_up_after_and_its_rules_are_tested(tmp_path: Path) -> None:
    token = "token-of-user-1"
    environment = {"KILLED": str(tmp_path / "killed"), "KILL_AT": "PART-GAP", "COMMIT_CONFORMANCE_TOKEN": token}
    with configure([], [], part_size=PART_SIZE) as service, ServerThread(service) as server:
        given = ["--target", server.url, "-p", "tests.suite.runs.killing", "--rule", "PART-G*", "--rule", "PART-E*"]
        log = two_workers(tmp_path, *given, "--rule", "DIGEST-L*", environment=environment)
        left = items(server.url, token)
    assert (tmp_path / "killed").exists()
    assert log[-1]["exit_code"] == 0, log[-1]["reason"]
    assert log[-1]["cleanup"]["left"] == []
    verdicts = {event["rule"]: event["verdict"] for event in log if event["event"] == "verdict"}
    assert verdicts["PART-GAP"] == "passed"
    assert left == []


def items(url: str, token: str) -> list[Any]:
    """What lies in the folder that runs make theirs in."""
    request = urllib.request.Request(f"{url}/folders/0/items", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        entries: list[Any] = json.load(answer)["entries"]
    return entries
