"""The command: Locust's own master and workers, what they count, and what is left behind.

Locust is never imported here: it would patch this process.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commit_conformance.load.conduct import check_locust
from commit_conformance.load.names import companion_name
from commit_conformance.load.settings import load_settings
from commit_conformance.options import PREFIX, UsageProblem
from commit_conformance.reference import Service, configure
from commit_conformance.reference.messages import Request, Response
from commit_conformance.reference.server import ServerThread

TOKEN = "a-token-that-nobody-may-read"
SECONDS = 240
needs_locust = pytest.mark.skipif(
    importlib.util.find_spec("locust") is None, reason="the extra load is not installed: pip install -e '.[load]'"
)


class Watched:
    """A service that sees how many commits it is asked at the same time.

    The first commits wait until another one is there, so that users who share a process are seen to take turns: if they
    did not, each would wait in vain.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.most = 0
        self.asked = threading.Event()
        self._inside = 0
        self._two = threading.Event()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        if not request.target.endswith("/commit"):
            return self.service.handle(request)
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
            if self._inside > 1:
                self._two.set()
        self.asked.set()
        self._two.wait(20)
        try:
            return self.service.handle(request)
        finally:
            with self._lock:
                self._inside -= 1

    @property
    def files_left(self) -> int:
        """Files that lie on the service and in no trash."""
        return sum(not file.trashed for file in self.service.world.files.values())

    @property
    def open_sessions(self) -> int:
        """Sessions that could still be committed."""
        return sum(session.state == "open" for session in self.service.world.sessions.values())


@contextmanager
def served(*faults: str) -> Iterator[tuple[Watched, str]]:
    """A service behind a socket, and its URL."""
    with configure((), faults, part_size=4096) as service:
        watched = Watched(service)
        with ServerThread(watched) as server:
            yield watched, f"{server.url}/2.0"


def words(url: str, out: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "commit_conformance", "load", "--target", url, "--out", str(out), *arguments]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "LOCUST_"))}
    return {**kept, f"{PREFIX}TOKEN": TOKEN}


def load(url: str, out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(url, out, *arguments), env=environment(), capture_output=True, text=True, timeout=SECONDS, check=False
    )


def written(out: Path) -> str:
    return "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(out.iterdir()))


@needs_locust
def test_two_workers_find_nothing_wrong_with_a_right_server_and_leave_nothing(tmp_path: Path) -> None:
    with served() as (service, url):
        done = load(url, tmp_path, "--users", "4", "--workers", "2", "--commits", "60", "--seed", "7", "--json")
    assert done.returncode == 0, done.stdout + done.stderr + written(tmp_path)
    result = json.loads(done.stdout)
    assert result == json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert (result["wrong"], result["trouble"], result["lost_workers"], result["seed"]) == ({}, {}, 0, 7)
    assert result["commits"] >= 60
    assert result["held"] > 0
    assert (service.files_left, service.open_sessions, result["cleanup"]["left"]) == (0, 0, [])
    for number in range(2):
        entries = (tmp_path / f"ledger-worker-{number}.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(entries) > 1, "both workers had work"
    assert "conforms under load" in (tmp_path / "load.md").read_text(encoding="utf-8")
    assert TOKEN not in done.stdout + done.stderr + written(tmp_path)


@needs_locust
def test_users_of_one_worker_commit_at_the_same_time_and_wrong_answers_are_failures_of_locust(tmp_path: Path) -> None:
    with served("accepts-everything") as (service, url):
        done = load(url, tmp_path, "--users", "4", "--workers", "1", "--commits", "40", "--meetings", "0")
    assert service.most > 1
    assert done.returncode == 1, done.stdout + done.stderr
    result = json.loads((tmp_path / "load.json").read_text(encoding="utf-8"))
    assert result["wrong"]
    failures = re.findall(r"Wrong\('([^']+)'\)", (tmp_path / "locust.log").read_text(encoding="utf-8"))
    told = {rule for failure in failures for rule in failure.split(", ")}
    for rule, found in result["wrong"].items():
        assert rule in told
        assert f"FAILED {rule}, {found['count']} times" in done.stdout
        assert found["examples"][0]["exchanges"], "what was sent and answered is kept"
    assert TOKEN not in done.stdout + done.stderr + written(tmp_path)


@needs_locust
def test_a_load_that_is_interrupted_takes_away_what_it_made(tmp_path: Path) -> None:
    with served() as (service, url):
        process = subprocess.Popen(
            words(url, tmp_path, "--users", "2", "--workers", "1", "--time", "10m"),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert service.asked.wait(SECONDS)
            process.send_signal(signal.SIGTERM)
            told, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        assert (service.files_left, service.open_sessions) == (0, 0)
    assert process.returncode == 3, told
    assert "interrupted" in told


def test_a_target_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    done = load("http://127.0.0.1:1/2.0", tmp_path, "--users", "1")
    assert done.returncode == (3 if importlib.util.find_spec("locust") else 2)
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "--target: a load needs a server"),
        ({"target": "https://upload.box.com/api/2.0"}, "--allow-production"),
        ({"target": "http://127.0.0.1:1", "time": "soon"}, "--time 'soon' is not understood"),
        ({"target": "https://upload.staging.example"}, "no token for"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        load_settings({**given, "out": str(tmp_path)}, {})


def test_without_locust_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commit_conformance.load.conduct.find_spec", lambda name: None)
    with pytest.raises(UsageProblem, match=r"box-commit-conformance\[load\]"):
        check_locust()


@pytest.mark.parametrize(
    ("given", "seconds"),
    [({}, 60.0), ({"time": "2m"}, 120.0), ({"commits": 5}, None), ({"commits": 5, "time": "9s"}, 9.0)],
)
def test_a_load_lasts_a_minute_where_nothing_else_is_said(
    tmp_path: Path, given: dict[str, object], seconds: float | None
) -> None:
    settings = load_settings({"target": "http://127.0.0.1:1", "out": str(tmp_path), **given}, {})
    assert settings.seconds == seconds


@pytest.mark.parametrize(
    ("environment_of", "host", "url"),
    [
        ({f"{PREFIX}TARGET": "http://127.0.0.1:1"}, None, "http://127.0.0.1:1"),
        ({f"{PREFIX}TARGET": "http://127.0.0.1:1"}, "http://127.0.0.1:2", "http://127.0.0.1:1"),
        ({}, "http://127.0.0.1:2", "http://127.0.0.1:2"),
    ],
)
def test_locust_started_by_hand_reads_the_variables_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment_of: dict[str, str], host: str | None, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(None, environment_of, host=host).target.url == url


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/2.0/files/upload_sessions", "open session"),
        ("POST", "/2.0/files/17/upload_sessions", "open session"),
        ("POST", "/2.0/files/upload_sessions/AB/commit", ""),
        ("POST", "/2.0/elsewhere/AB", ""),
        ("PUT", "/2.0/files/upload_sessions/AB", "upload part"),
        ("DELETE", "/2.0/files/upload_sessions/AB", "delete or abort"),
        ("GET", "/2.0/files/upload_sessions/AB", "read session"),
        ("GET", "/2.0/folders/1/items?limit=1000", "list folder"),
        ("GET", "/2.0/files/1/content", "read content"),
        ("GET", "/2.0/files/1", "read file"),
        ("POST", "/2.0/folders", "make folder"),
    ],
)
def test_requests_are_counted_without_their_ids(method: str, path: str, name: str) -> None:
    assert companion_name(method, f"http://127.0.0.1:1{path}") == name
