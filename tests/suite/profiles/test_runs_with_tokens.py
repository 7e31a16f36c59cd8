"""Runs over a socket with tokens that end: those that can be renewed, and those that cannot."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.server import ServerThread
from tests.suite.profiles.login import CLIENT, SECRET, TOKEN, Login
from tests.suite.runs.commands import commit_conformance

PROFILE = """\
[profile.staging]
target = "{url}"
token-url = "{url}/oauth2/token"
client-id = "{client}"
client-secret-env = "STAGING_SECRET"
token-parameter = {{ box_subject_type = "enterprise", box_subject_id = "12345" }}
effort = "standard"
rule = ["PART-*", "DIGEST-M*"]
out = "reports"
"""


def run_of(folder: Path, *more: str, secret: str = SECRET, command: str = "run") -> subprocess.CompletedProcess[str]:
    profile = ["--config", str(folder / "profiles.toml"), "--profile", "staging", "--seed", "1"]
    return commit_conformance(command, *profile, *more, token=None, environment={"STAGING_SECRET": secret})


def profile_of(folder: Path, url: str) -> None:
    (folder / "profiles.toml").write_text(PROFILE.format(url=url, client=CLIENT), encoding="utf-8")


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def everything_written(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "profiles.toml":
            yield path.name, path.read_bytes().decode("utf-8", "replace")


def test_a_run_outlives_its_tokens_and_shows_none(tmp_path: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    login = Login(requests=40)
    with ServerThread(login) as server:
        profile_of(tmp_path, server.url)
        done = run_of(tmp_path, "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    assert login.given >= 3
    assert (login.asked["box_subject_type"], login.asked["box_subject_id"]) == ("enterprise", "12345")
    header, *_, footer = events(tmp_path / "reports")
    assert header["profile"] == {"name": "staging", "path": str(tmp_path / "profiles.toml")}
    assert footer["cleanup"]["left"] == [], "cleaning up has a token, too"
    written = dict(everything_written(tmp_path))
    assert {"events.jsonl", "ledger.jsonl", "report.html", "junit.xml"} <= set(written)
    for name, text in {**written, "stdout": done.stdout, "stderr": done.stderr}.items():
        assert "canary" not in text, name


def test_a_wrong_secret_is_told_and_not_shown(tmp_path: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    with ServerThread(Login()) as server:
        profile_of(tmp_path, server.url)
        done = run_of(tmp_path, secret="canary-of-another-secret")
    assert done.returncode == 3
    assert "answered 401: invalid_client" in " ".join(done.stdout.split())
    for name, text in {**dict(everything_written(tmp_path)), "stdout": done.stdout, "stderr": done.stderr}.items():
        assert "canary" not in text, name


def test_a_token_that_ends_in_mid_run_makes_errors_and_no_failures(tmp_path: Path) -> None:
    token = f"{TOKEN}0"
    with ServerThread(Login(requests=90, token=token)) as server:
        arguments = ["--target", server.url, "--out", str(tmp_path), "--seed", "1"]
        done = commit_conformance("run", *arguments, token=token)
    assert done.returncode == 3, done.stdout
    found = events(tmp_path)
    verdicts = [event for event in found if event["event"] == "verdict" and event["test"]]
    assert {event["verdict"] for event in verdicts} == {"passed", "observed", "unsupported", "errored"}
    errored = [event for event in verdicts if event["verdict"] == "errored"]
    assert len(errored) > 50
    assert len({event["reason"] for event in errored}) == 1, "one reason, so that a report tells it once"
    assert "the token is not accepted any more" in errored[0]["reason"]
    first = verdicts.index(errored[0])
    later = {event["verdict"] for event in verdicts[first:] if event["requests"]}
    assert later <= {"errored", "passed", "observed"}
    assert found[-1]["cleanup"]["left"], "what could not be taken away is told"
    assert "canary" not in done.stdout


class Unkind(Login):
    """Answers 401 to a commit without a digest, though the token is good."""

    def handle(self, request: Request) -> Response:
        if request.target.endswith("/commit") and request.header("digest") is None:
            return json_response(401, {"type": "error", "status": 401, "code": "unauthorized"})
        return super().handle(request)


def test_a_server_that_answers_401_for_another_reason_is_still_found_out(tmp_path: Path) -> None:
    with ServerThread(Unkind(token=f"{TOKEN}0")) as server:
        arguments = ["--target", server.url, "--out", str(tmp_path), "--seed", "1"]
        rules = ["--rule", "DIGEST-MISSING", "--rule", "PART-GAP"]
        done = commit_conformance("run", *arguments, *rules, token=f"{TOKEN}0")
    assert done.returncode == 1, done.stdout
    verdicts = {event["rule"]: event["verdict"] for event in events(tmp_path) if event["event"] == "verdict"}
    assert verdicts == {"DIGEST-MISSING": "failed", "PART-GAP": "passed"}


def test_what_such_a_run_has_left_is_swept_with_the_profile(tmp_path: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    login = Login(requests=90, token=f"{TOKEN}0")
    with ServerThread(login) as server:
        arguments = ["--target", server.url, "--out", str(tmp_path / "reports"), "--seed", "1", "--rule", "PART-*"]
        commit_conformance("run", *arguments, token=f"{TOKEN}0")
        profile_of(tmp_path, server.url)
        ledger = str(tmp_path / "reports" / "ledger.jsonl")
        done = commit_conformance(
            *("sweep", ledger, "--config", str(tmp_path / "profiles.toml"), "--profile", "staging"),
            token=None,
            environment={"STAGING_SECRET": SECRET},
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert login.given == 1
    assert "0 left" in done.stdout
    folders = login.service.world.folders.values()
    assert [folder.name for folder in folders if folder.name.startswith("cc-") and not folder.trashed] == []


def test_check_profile_tells_what_a_run_would_do_in_ten_requests(tmp_path: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    with ServerThread(Login()) as server:
        profile_of(tmp_path, server.url)
        done = run_of(tmp_path, "--folder-id", "0", command="check-profile")
        assert server.url in done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line.strip()}
    assert lines["folder-id"] == "0 --folder-id"
    assert lines["seed"] == "1 --seed"
    assert lines["token-parameter"].startswith("box_subject_type, box_subject_id ")
    assert lines["effort"].endswith("profiles.toml [profile.staging]")
    assert lines["token"] == f"client credentials of {CLIENT}, from {server.url}/oauth2/token"
    assert lines["who"] == "am I 1 (user1@example.com)"
    assert lines["folder"] == "0 (All Files)"
    assert "480 upload requests, 16 committed files" in done.stdout
    assert "files of 14,337" in done.stdout
    assert int(done.stdout.splitlines()[-1].split()[0]) <= 10
    assert "canary" not in done.stdout + done.stderr
