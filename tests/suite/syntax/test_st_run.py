"""`st run` with our hooks and configuration, as a user of Schemathesis calls it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from commit_conformance.reference import configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.specs import openapi, suite_root
from tests.suite.runs.commands import clean_environment

SPECS = suite_root() / "specs"
TOKEN = "token-of-user-1"


def st(
    *arguments: str, token: str | None = TOKEN, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command that Schemathesis installs, from another folder than ours."""
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "st"),
            *("--config-file", str(SPECS / "schemathesis.toml"), "--no-color"),
            *("run", *arguments),
        ],
        capture_output=True,
        text=True,
        env=clean_environment(token, environment),
        cwd=SPECS.parent / "docs" if (SPECS.parent / "docs").exists() else None,
        timeout=240,
        check=False,
    )


def run_on(*behaviours: str, fault: str = "", options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs it, briefly, on a server of its own; what it made is taken away, which is asserted."""
    service = configure(behaviours, [fault] if fault else [], tokens={TOKEN: "1"}, part_size=4096, seed=1)
    with service, ServerThread(service) as server:
        url = f"{server.url}/2.0"
        done = st(str(SPECS / "commit.openapi.yaml"), "--url", url, "--seed=1", "--max-examples=4", *options)
        items = httpx.get(f"{url}/folders/0/items", headers={"authorization": f"Bearer {TOKEN}"}).json()
    assert items["entries"] == [], done.stdout
    return done


def statuses(output: str) -> Counter[int]:
    """The summary's count of answers by status."""
    (line,) = re.findall(r"^answered (.*)$", output, re.MULTILINE)
    return Counter({int(status): int(count) for status, count in re.findall(r"(\d+): (\d+)", line)})


@pytest.mark.parametrize("behaviour", ["processing=1", "commit-path"])
def test_a_right_server_raises_no_alarm_and_every_answer_is_reached(behaviour: str) -> None:
    done = run_on(behaviour)
    assert done.returncode == 0, done.stdout
    reached = statuses(done.stdout)
    assert all(reached[status] for status in (201, 202, 400, 409, 412)), reached
    assert "rules broken: none" in done.stdout
    sent = re.search(r"commits sent: \d+ \((\d+) \w.*, (\d+) \w", done.stdout)
    assert sent is not None
    assert int(sent[1]) > 10
    assert int(sent[2]) > 10


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("takes-blank-part-ids", "SYNTAX-NEGATIVE"),
        ("wrong-sha1", "CREATED-SHA1"),
        ("accepts-gap", "PART-GAP"),
        ("ignores-digest", "DIGEST-MISMATCH"),
        ("ignores-if-match", "IF-MATCH-STALE"),
        ("html-errors", "ERROR-BODY"),
    ],
)
def test_a_fault_is_told_by_the_rule_it_breaks(fault: str, rule: str) -> None:
    done = run_on(fault=fault, options=("--phases=coverage",))
    assert done.returncode == 1, done.stdout
    assert f"{rule}: " in done.stdout


def test_a_run_that_sends_no_commit_fails() -> None:
    done = run_on(options=("--phases=stateful", "--include-operation-id=post_files_upload_sessions"))
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 3.1.0\npaths: {a: [1,\n", "neither JSON nor YAML"),
        ("openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths:\n  /a: {get: {responses: {}}}\n", "the commit"),
    ],
)
def test_a_description_that_is_no_use_is_told_in_one_message(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "theirs.yaml"
    path.write_text(text, encoding="utf-8")
    done = st(str(path), "--url", "http://127.0.0.1:9/2.0")
    assert done.returncode == 2
    (message,) = done.stderr.strip().splitlines()
    assert told in message


def test_a_target_that_describes_itself_otherwise_is_told_in_one_message(tmp_path: Path) -> None:
    theirs = json.loads(json.dumps(openapi()))
    theirs["paths"]["/files/upload_sessions/{upload_session_id}/commit"]["post"]["parameters"].pop(0)
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(theirs), encoding="utf-8")
    done = st(
        str(SPECS / "commit.openapi.yaml"),
        "--url",
        "http://127.0.0.1:9/2.0",
        environment={"COMMIT_CONFORMANCE_TARGET_DESCRIPTION": str(path)},
    )
    assert done.returncode == 2
    (message,) = done.stderr.strip().splitlines()
    assert "the header digest is not described" in message


@pytest.mark.parametrize(
    ("url", "told"),
    [("http://127.0.0.1:9/2.0", "does not answer"), ("https://upload.box.com/api/2.0", "production")],
)
def test_a_target_that_cannot_be_tested_is_told_in_one_message(url: str, told: str) -> None:
    done = st(str(SPECS / "commit.openapi.yaml"), "--url", url, "--phases=examples")
    assert done.returncode == 2
    assert told in done.stderr


def test_without_a_token_the_variable_is_named() -> None:
    done = st(str(SPECS / "commit.openapi.yaml"), "--url", "http://127.0.0.1:9/2.0", token=None)
    assert done.returncode != 0
    assert "COMMIT_CONFORMANCE_TOKEN" in done.stdout + done.stderr
