"""What a run will cost is told before anything is sent, and it is what the run then costs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from commands import commit_conformance

from commit_conformance.rehearsal import RehearsalFailed, rehearse


def figures(text: str) -> tuple[int, int, int]:
    found = re.search(r"requests +([\d,]+), of which (\d+) to", text), re.search(r"committed files +(\d+)", text)
    assert found[0] is not None, text
    assert found[1] is not None, text
    return int(found[0][1].replace(",", "")), int(found[0][2]), int(found[1][1])


@pytest.mark.parametrize("arguments", [("--effort", "quick"), ("--rule", "PART-*")], ids=["quick", "some rules"])
def test_a_run_costs_what_was_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = commit_conformance("run", "--dry-run", "--seed", "4", *arguments, "--out", str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert not (tmp_path / "events.jsonl").exists()
    commit_conformance("run", "--seed", "4", *arguments, "--out", str(tmp_path), "--report", "none")
    cost = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[-1])["cost"]
    requests, uploads, files = figures(told.stdout)
    assert abs(files - cost["committed_files"]) <= 1
    assert abs(uploads - cost["upload_requests"]) <= 15  # races, and what is told in a 202, may take some more or less
    assert abs(requests - cost["requests"]) <= 25


def test_nothing_is_sent_to_a_target_and_its_bytes_are_reckoned(tmp_path: Path) -> None:
    """Nobody listens there; parts of 8 MiB and files of 20 MB are what is documented."""
    arguments = ("--target", "http://127.0.0.1:9", "--effort", "quick", "--rate", "60", "--out", str(tmp_path))
    told = commit_conformance("run", "--dry-run", *arguments)
    assert told.returncode == 0, told.stderr
    _, uploads, files = figures(told.stdout)
    assert f"{uploads / 60:.1f} minutes at 60 upload requests a minute" in told.stdout
    megabytes = re.search(r"bytes of parts +([\d.]+) MB", told.stdout)
    assert megabytes is not None
    assert files * 20 <= float(megabytes[1]) <= 200


def test_what_the_rehearsal_cannot_do_is_told(tmp_path: Path) -> None:
    with pytest.raises(RehearsalFailed, match="did not come to its end"):
        rehearse({"effort": "enormous"})


def test_a_wrong_option_is_told_at_once(tmp_path: Path) -> None:
    told = commit_conformance("run", "--dry-run", "--max-bytes", "many", "--out", str(tmp_path))
    assert told.returncode == 2
    assert "--max-bytes 'many' is not understood" in told.stderr
