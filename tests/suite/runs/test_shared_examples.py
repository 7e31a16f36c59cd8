"""Failing examples in a Redis: what one machine has found another one tries first, and no password is shown."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from commands import commit_conformance

from commit_conformance.options import UsageProblem
from commit_conformance.settings import run_settings
from commit_conformance.target.settings import TargetSettings
from commit_conformance.trial.kept import Kept
from commit_conformance.trial.server import Server
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.verdict.shared_examples import NoSharedExamples, check_shared, without_password
from strategies import part_lists
from strategies.part_lists import gaps

pytest.importorskip("redis", reason="the extra redis is not installed")
from redis import Redis
from redis.exceptions import RedisError

PASSWORD = "hunter2-of-this-test"


@dataclass(frozen=True, slots=True)
class OwnRedis:
    """A Redis of this test's own."""

    process: subprocess.Popen[bytes]
    port: int

    def url(self, number: int = 0, *, password: str = PASSWORD) -> str:
        return f"redis://:{password}@127.0.0.1:{self.port}/{number}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server on this machine")
    port = free_port()
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    words += ["--requirepass", PASSWORD, "--dir", str(tmp_path_factory.mktemp("redis"))]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = OwnRedis(process, port)
        _until_it_answers(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


def _until_it_answers(server: OwnRedis) -> None:
    last = time.monotonic() + 20
    while True:
        try:
            Redis.from_url(server.url()).ping()
            return
        except (RedisError, OSError):
            if server.process.poll() is not None or time.monotonic() > last:
                pytest.fail("the redis-server of this test does not answer", pytrace=False)
            time.sleep(0.05)


@pytest.fixture
def shared(redis_server: OwnRedis) -> str:
    """The URL of an empty database."""
    Redis.from_url(redis_server.url()).flushall()
    return redis_server.url()


def run(out: Path, shared: str, *arguments: str) -> tuple[int, str, dict[str, object]]:
    """Exit code, all that was printed and written, and the verdict on PART-GAP."""
    done = commit_conformance(
        *("run", "--rule", "PART-GAP", "--seed", "7", "--out", str(out), *arguments),
        environment={"COMMIT_CONFORMANCE_EXAMPLE_DATABASE": shared},
    )
    written = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*") if path.is_file())
    events = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    verdict = next(event for event in events if event.get("rule") == "PART-GAP" and "verdict" in event)
    return done.returncode, done.stdout + done.stderr + written, verdict


def test_what_one_machine_has_found_another_tries_first(tmp_path: Path, shared: str) -> None:
    """A hole in the middle is not the first example: a quick run, which sends one, would not find it by itself."""
    wrong = ("--fault", "accepts-middle-gap")
    first, told_by_first, _ = run(tmp_path / "first", shared, *wrong)
    second, told_by_second, verdict = run(tmp_path / "second", shared, *wrong, "--effort", "quick")
    assert (first, second, verdict["verdict"]) == (1, 1, "failed")
    assert PASSWORD not in told_by_first + told_by_second


def drawn(seed: int, **kept: Any) -> tuple[list[str], str]:
    """What a run sends of holes that are drawn, to a server that takes those in the middle; and the one it tells."""
    settings = RunSettings(target=TargetSettings(faults=("accepts-middle-gap",)), seed=seed, examples=40, **kept)
    run = Run(settings)
    server, rule = Server(run), run.catalogue.get("PART-GAP")

    def test() -> None:
        server.begin(rule)
        server.refuses(replace(part_lists.gaps, representatives=()))

    try:
        event = run.examine(rule, test, test="")
    finally:
        run.close()
    return [str(attempt.plan) for attempt in server.attempts], event["failure"]["sent"]


def test_a_drawn_example_of_one_machine_is_the_first_that_the_next_one_sends(tmp_path: Path, shared: str) -> None:
    _, found = drawn(1, kept=tmp_path / "a", shared_examples=shared)
    undisturbed, _ = drawn(3)
    assert undisturbed[0] != found, "else nothing is shown"
    for kept in ({"shared_examples": shared}, {"kept": tmp_path / "a"}, {"kept": tmp_path, "shared_examples": shared}):
        sent, _ = drawn(3, **kept)
        assert sent[0] == found


def test_a_fixed_example_is_kept_in_the_folder_and_in_the_database(tmp_path: Path, shared: str) -> None:
    plan = gaps.representatives[2]
    Kept(tmp_path / "a", shared=shared).note("PART-GAP", plan, failed=True)
    for kept in (Kept(tmp_path / "a"), Kept(None, shared=shared), Kept(tmp_path / "b", shared=shared)):
        assert kept.first("PART-GAP", gaps.representatives, 1)[0] == plan
    assert Kept(tmp_path / "b").first("PART-GAP", gaps.representatives, 1)[0] == gaps.representatives[0]
    Kept(None, shared=shared).note("PART-GAP", plan, failed=False)
    assert Kept(tmp_path / "b", shared=shared).first("PART-GAP", gaps.representatives, 1) == [gaps.representatives[0]]


def test_a_redis_that_goes_away_ends_no_test(tmp_path: Path) -> None:
    kept = Kept(None, shared=f"redis://127.0.0.1:{free_port()}/0")
    plan = gaps.representatives[1]
    kept.note("PART-GAP", plan, failed=True)
    assert kept.first("PART-GAP", gaps.representatives, 1) == [gaps.representatives[0]]
    database = kept.database("PART-GAP")
    assert database is not None
    database.save(b"key", b"value")
    database.move(b"key", b"other", b"value")
    database.delete(b"other", b"value")
    assert list(database.fetch(b"key")) == []


def test_a_redis_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/3"
    done = commit_conformance("run", "--out", str(tmp_path), environment={"COMMIT_CONFORMANCE_EXAMPLE_DATABASE": url})
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "COMMIT_CONFORMANCE_EXAMPLE_DATABASE" in done.stderr
    assert "cannot be used" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_a_wrong_password_is_told_and_not_shown(redis_server: OwnRedis) -> None:
    with pytest.raises(NoSharedExamples, match="cannot be used") as caught:
        check_shared(redis_server.url(password="not-the-right-one"))
    assert "not-the-right-one" not in str(caught.value)


@pytest.mark.parametrize("url", ["reports/failing", "http://127.0.0.1:6379/0", "redis:///0", "redis://h:6379/name"])
def test_what_is_no_redis_is_wrong_use(url: str) -> None:
    with pytest.raises(UsageProblem, match=r"^--example-database: .*--keep-failing DIR"):
        run_settings({"example_database": url}, {}, profiles=False)


def test_a_password_on_the_command_line_is_refused() -> None:
    with pytest.raises(UsageProblem, match="COMMIT_CONFORMANCE_EXAMPLE_DATABASE") as caught:
        run_settings({"example_database": f"redis://:{PASSWORD}@127.0.0.1/0"}, {}, profiles=False)
    assert PASSWORD not in str(caught.value)


def test_check_profile_shows_the_database_without_its_password(shared: str) -> None:
    done = commit_conformance("check-profile", environment={"COMMIT_CONFORMANCE_EXAMPLE_DATABASE": shared})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "example-database" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@host:6379/2", "redis://host:6379/2"),
        ("rediss://user:secret@host/0?password=secret", "rediss://host/0"),
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("user:secret@host", "…@host"),
        ("redis://[secret", "redis://…"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_two_keepers_of_one_database_are_equal(tmp_path: Path, shared: str) -> None:
    assert Kept(None, shared=shared).database("A") == Kept(None, shared=shared).database("A")
    assert Kept(None, shared=shared).database("A") != Kept(None, shared=shared).database("B")


def test_without_the_client_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)
    with pytest.raises(NoSharedExamples, match=r"box-commit-conformance\[redis\]"):
        check_shared("redis://127.0.0.1:6379/0")
