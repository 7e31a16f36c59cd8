"""What check-profile says where a run could not begin, and that it stays within ten requests."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commit_conformance.cli import main
from commit_conformance.reference import Service, Settings
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.server import ServerThread
from tests.suite.profiles.login import CLIENT, SECRET

TOKEN = "canary-token-of-user-1"


def check(*arguments: str, **environment: str) -> Result:
    mine: dict[str, str | None] = {key: None for key in os.environ if key.startswith("COMMIT_CONFORMANCE_")}
    mine |= {"COMMIT_CONFORMANCE_TOKEN": TOKEN, **environment}
    return CliRunner().invoke(main, ["check-profile", *arguments], env=mine)


def flat(result: Result) -> str:
    assert isinstance(result.exception, SystemExit | None), "anything else would have been a traceback"
    assert "canary" not in result.output
    return " ".join(result.output.split())


class Stubborn:
    """A server that lets everybody in and gives no upload session; whatever it names is hostile."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    def handle(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.target}")
        if request.target == "/oauth2/token":
            return json_response(200, {"access_token": TOKEN, "token_type": "bearer"})
        if request.method == "GET":
            return json_response(200, {"id": "7", "name": "a\x1b[31m\nfolder", "login": "\u202euser"})
        return json_response(400, {"type": "error", "code": "file_too_small", "message": "no"})


def test_a_target_that_gives_no_session_gets_ten_requests_at_most(tmp_path: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    stubborn = Stubborn()
    with ServerThread(stubborn) as server:
        secrets = {
            "COMMIT_CONFORMANCE_TOKEN": "",
            "COMMIT_CONFORMANCE_CLIENT_SECRET": SECRET,
            "COMMIT_CONFORMANCE_SECOND_TOKEN": "canary-second",
            "COMMIT_CONFORMANCE_LIMITED_TOKEN": "canary-limited",
        }
        client = ["--token-url", f"{server.url}/oauth2/token", "--client-id", CLIENT]
        done = check("--target", server.url, *client, "--out", str(tmp_path), **secrets)
    said = flat(done)
    assert done.exit_code == 3
    assert "a run could not begin: no upload session was given, POST" in said
    assert "was answered 400 Bad Request, code 'file_too_small'" in said
    assert len(stubborn.requests) <= 10
    assert said.endswith(f"{len(stubborn.requests)} requests were sent to find this out")
    assert "\x1b" not in done.output
    assert "\u202e" not in done.output
    assert "7 (a" in said


def test_a_token_that_is_not_accepted(tmp_path: Path) -> None:
    with ServerThread(Service(Settings(tokens={"another": "1"}))) as server:
        done = check("--target", server.url, "--out", str(tmp_path))
    assert done.exit_code == 3
    assert "a run could not begin: GET" in flat(done)
    assert "the token is not accepted" in flat(done)


def test_a_second_token_that_is_not_accepted_is_told_and_stops_nothing(tmp_path: Path) -> None:
    with ServerThread(Service(Settings(tokens={TOKEN: "1"}, part_size=4096))) as server:
        second = {"COMMIT_CONFORMANCE_SECOND_TOKEN": "canary-second"}
        done = check("--target", server.url, "--out", str(tmp_path), **second)
    assert done.exit_code == 0
    said = flat(done)
    assert "second token another user's token is not accepted" in said
    assert "at most 480 upload requests, 16 committed files" in said
    usually = re.search(r"usually ([\d,]+) requests, (\d+) to the upload endpoints (\d+) upload sessions", said)
    assert usually is not None, "what a run takes is told, not only its limits"
    assert 0 < int(usually[2]) <= 480


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    done = check("--target", f"http://127.0.0.1:{port}", "--out", str(tmp_path))
    assert done.exit_code == 3
    assert "the target does not answer" in flat(done)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--config", "/nowhere/profiles.toml"], "/nowhere/profiles.toml: the profile cannot be read"),
        (["--profile", "staging"], "commit-conformance.toml: the profile cannot be read"),
        (["--effort", "standart"], "--effort 'standart' is not one of"),
        (["--target", "https://upload.box.com/api/2.0"], "add --allow-production"),
        (["--target", "https://a.example", "--token-env", "MISSING_ONE"], "--token-env MISSING_ONE: this environment"),
    ],
)
def test_wrong_use(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = check(*arguments, "--out", str(tmp_path))
    assert done.exit_code == 2
    assert said in flat(done)
    assert len(done.stderr.strip().splitlines()) <= 3


def test_what_is_not_used_is_told(tmp_path: Path) -> None:
    profile = tmp_path / "profiles.toml"
    profile.write_text('[profile.staging]\ntarget = "https://a.example"\ntoken-env = "T"\nfolder-id = "7"\n')
    more: dict[str, Any] = {"COMMIT_CONFORMANCE_TAGRET": "mock", "COMMIT_CONFORMANCE_TARGET": "mock"}
    done = check("--config", str(profile), "--profile", "staging", "--out", str(tmp_path), **more)
    said = flat(done)
    assert done.exit_code == 0
    assert "not used, since the profile speaks of another target: token-env, folder-id" in said
    assert "not used, since nothing is called so: COMMIT_CONFORMANCE_TAGRET" in said
    assert "target mock COMMIT_CONFORMANCE_TARGET" in said


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    service = Service(Settings(tokens={TOKEN: "1"}, part_size=4096))
    with ServerThread(service) as server:
        done = check("--target", server.url, "--out", str(tmp_path))
    assert done.exit_code == 0
    assert "upload session parts of 4,096 bytes" in flat(done)
    assert not service.world.files
    assert not service.world.folders
    assert [session.state for session in service.world.sessions.values() if session.state == "open"] == []
    assert list(tmp_path.iterdir()) == []
