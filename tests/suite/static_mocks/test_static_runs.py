"""Whole runs over static mocks on a socket: what is said, what is written, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.suite.runs.commands import commit_conformance
from tests.suite.static_mocks.mocks import COMMIT, CREATE, StaticMock, given, serving

SENTENCE = "The target is a static mock: it answers from examples and remembers nothing"
#: Rules whose form every mock here shows, and one that no static mock can be asked.
FEW = ("--rule", "CREATED-*", "--rule", "ACCEPTED-RETRY-AFTER", "--rule", "PART-GAP")


def run(url: str, out: Path, *more: str) -> tuple[int, str, list[dict[str, Any]]]:
    """A run: its exit code, what it printed in one line, its log."""
    done = commit_conformance("run", "--target", url, "--out", str(out), "--seed", "7", *more, token=None)
    log = out / "events.jsonl"
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return done.returncode, " ".join(done.stdout.split()), events


def test_a_mock_that_is_found_out_never_conforms_by_itself(tmp_path: Path) -> None:
    with serving(StaticMock(validates=True)) as url:
        code, printed, events = run(url, tmp_path)
    assert code == 3
    assert SENTENCE in printed
    assert "could not be tested: no more than " in printed
    assert "gating rules could be judged on a static mock, and none failed; --static-mock yes takes that" in printed
    assert " conforms:" not in printed
    header, target, footer = events[0], events[1], events[-1]
    assert header["event"] == "header"
    assert target["notes"][0].startswith(SENTENCE)
    assert target["event"] == "target"
    assert target["static_mock"]["said"] is False
    assert len(target["static_mock"]["signs"]) >= 3
    assert footer["exit_code"] == 3
    assert footer["cost"]["upload_requests"] < 120
    assert footer["cleanup"] == {"deleted": 0, "left": []}
    verdicts = {event["rule"]: event["verdict"] for event in events if event["event"] == "verdict"}
    assert "failed" not in verdicts.values()
    assert SENTENCE in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_mock_that_is_said_to_be_one_may_pass(tmp_path: Path) -> None:
    with serving(StaticMock()) as url:
        code, printed, events = run(url, tmp_path, "--static-mock", "yes", *FEW)
    assert code == 0
    assert "nothing wrong was shown: no more than 9 of 23 gating rules could be judged on a static mock" in printed
    assert events[1]["static_mock"] == {"said": True, "signs": [], "prefers": True}


def test_a_wrong_form_fails_the_run(tmp_path: Path) -> None:
    mock = StaticMock().but(COMMIT, given(202))
    with serving(mock) as url:
        code, printed, events = run(url, tmp_path, *FEW)
    assert code == 1
    assert "does not conform: 1 failed; no more than 9 of 23 gating rules could be judged on a static mock" in printed
    failed = [event for event in events if event["event"] == "verdict" and event["verdict"] == "failed"]
    assert [event["rule"] for event in failed] == ["ACCEPTED-RETRY-AFTER"]
    assert failed[0]["failure"]["sent"] == "a right commit, asking for `code=202`"


def test_a_mock_that_ignores_prefer_is_told_so(tmp_path: Path) -> None:
    with serving(StaticMock(prefers=False)) as url:
        code, printed, _ = run(url, tmp_path, *FEW)
    assert code == 3
    assert "It takes no notice of `Prefer: code=…`" in printed


def test_a_target_that_is_said_to_be_no_mock_is_tested_like_a_server(tmp_path: Path) -> None:
    """Its sessions lead to a host that the token may not go to, and that is the end of it."""
    with serving(StaticMock()) as url:
        code, printed, events = run(url, tmp_path, "--static-mock", "no", *FEW)
    assert code == 3
    assert "named a URL on https://upload.example.com:443, which the token may not go to" in printed
    assert not any(event.get("static_mock") for event in events)


def test_the_word_is_yes_no_or_auto(tmp_path: Path) -> None:
    done = commit_conformance("run", "--static-mock", "maybe", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "--static-mock 'maybe' is not one of auto, yes, no" in done.stderr


@pytest.mark.parametrize("choice", ["auto", "yes"])
def test_a_target_that_has_nothing_is_no_mock_of_anything(tmp_path: Path, choice: str) -> None:
    with serving(lambda request: httpx.Response(404, json={"detail": "Not Found"})) as url:
        code, printed, _ = run(url, tmp_path, "--static-mock", choice)
    assert code == 3
    assert "could not be tested: " in printed
    words = (
        "no upload session could be created" if choice == "auto" else "the mock has no commit: POST http://127.0.0.1:"
    )
    assert words in printed
    assert "404" in printed


def test_a_mock_that_lacks_sessions_is_helped_on(tmp_path: Path) -> None:
    with serving(StaticMock(lacks=frozenset({CREATE}))) as url:
        code, printed, _ = run(url, tmp_path, *FEW)
    assert code == 3
    assert "no upload session could be created" in printed
    assert "--static-mock yes" in printed


def test_workers_of_xdist_find_it_out_too(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.suite.runs.commands import clean_environment

    root = Path(__file__).parents[3]
    with serving(StaticMock()) as url:
        words = ["-q", "-n", "2", str(root / "tests" / "server"), "--target", url, "--out", str(tmp_path), *FEW]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            capture_output=True,
            text=True,
            cwd=root,
            env=clean_environment(None),
            timeout=120,
            check=False,
        )
    assert done.returncode == 3, done.stdout
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert events[-1]["reason"].startswith("could not be tested: no more than 9 of 23 gating rules")
