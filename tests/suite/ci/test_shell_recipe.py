"""The shell recipe does what docs/ci.md says of it, with the plainest shell there is."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from commit_conformance.reference import Service
from tests.suite.ci.machine import ROOT, SECONDS, call, files_that_hold, surroundings
from tests.suite.report.test_schemas import sarif_validator

RECIPE = ROOT / "ci" / "shell" / "conformance.sh"
SHELL = shutil.which("dash") or "sh"
FEW = {"COMMIT_CONFORMANCE_RULE": "PART-GAP,PART-EMPTY,DIGEST-MISMATCH"}
WRITTEN = {"events.jsonl", "junit.xml", "report.html", "report.md", "report.sarif"}


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the recipe makes; it is there only once a test has run the recipe."""
    return tmp_path_factory.mktemp("shell") / "venv"


def recipe(folder: Path, venv: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = surroundings(VENV=str(venv), **settings)
    return call([SHELL, "-x", str(RECIPE), *arguments], cwd=folder, environment=environment)


def test_the_exit_code_is_that_of_the_run_and_the_token_in_no_command(
    wrong: tuple[str, Service], token: str, venv: Path, tmp_path: Path
) -> None:
    done = recipe(
        tmp_path, venv, "--rule", "PART-GAP", COMMIT_CONFORMANCE_TARGET=wrong[0], COMMIT_CONFORMANCE_TOKEN=token
    )

    assert done.returncode == 1, done.stdout
    out = tmp_path / "reports" / "conformance"
    assert {path.name for path in out.iterdir()} == {*WRITTEN, "ledger.jsonl"}
    sarif = json.loads((out / "report.sarif").read_text(encoding="utf-8"))
    sarif_validator().validate(sarif)
    assert [result["ruleId"] for run in sarif["runs"] for result in run["results"]] == ["PART-GAP"]
    assert token not in done.stdout, "every command is in it, with its words expanded"
    assert files_that_hold(token, tmp_path) == []


def test_shards_end_like_the_whole(venv: Path, tmp_path: Path) -> None:
    done = recipe(tmp_path, venv, "--fault", "accepts-gap", SHARDS="2", OUT="found", **FEW)

    assert done.returncode == 1, done.stdout
    assert {path.name for path in (tmp_path / "found").iterdir()} == {*WRITTEN, "shard-1", "shard-2"}


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        ([], {"SHARDS": "some"}, "SHARDS 'some' is not a number from 1 on"),
        (["--effort", "heroic"], {"SHARDS": "2"}, "heroic"),
        (["--effort", "heroic"], {}, "heroic"),
    ],
)
def test_wrong_use_ends_with_2(
    arguments: list[str], settings: dict[str, str], told: str, venv: Path, tmp_path: Path
) -> None:
    done = recipe(tmp_path, venv, *arguments, **settings)

    assert done.returncode == 2, done.stdout
    assert told in done.stdout


def test_shards_that_are_told_to_stop_clean_up_first(
    right: tuple[str, Service], token: str, venv: Path, tmp_path: Path
) -> None:
    given = {"COMMIT_CONFORMANCE_TARGET": right[0], "COMMIT_CONFORMANCE_TOKEN": token, "SHARDS": "2"}
    recipe(tmp_path, venv, "--help")  # makes the environment, where no test before has
    process = subprocess.Popen(
        [SHELL, str(RECIPE), "--effort", "thorough", "--report", "none"],
        cwd=tmp_path,
        env=surroundings(VENV=str(venv), OUT="out", **given),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    ledgers = [tmp_path / "out" / f"shard-{number}" / "ledger.jsonl" for number in (1, 2)]
    end = time.monotonic() + SECONDS
    while not all(path.is_file() and len(path.read_bytes().splitlines()) > 5 for path in ledgers):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    printed, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 3, printed
    for path in ledgers:
        ending = json.loads((path.parent / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        told = (ending["event"], printed, (path.parent / "output.txt").read_text(encoding="utf-8"))
        assert ending["event"] == "truncated", told
        assert ending["cleanup"]["left"] == [], told
