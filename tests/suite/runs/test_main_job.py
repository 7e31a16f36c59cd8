"""The main job, end to end: on the embedded service, over a socket, with pytest's own command, and cut short."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.reference import Service, Settings
from commit_conformance.reference.server import ServerThread
from commit_conformance.reference.settings import EXPIRED_SESSION, LIMITED_TOKEN, SECOND_USER_TOKEN
from commit_conformance.verdict.catalogue import Catalogue, Effort, Level
from tests.suite.runs.commands import clean_environment, commit_conformance

ROOT = Path(__file__).parents[3]
GATING = {rule.id for rule in Catalogue.load() if rule.level in (Level.DOCUMENTED, Level.IMPLIED)}


def events_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def verdicts_of(out: Path) -> dict[str, str]:
    return {event["rule"]: event["verdict"] for event in events_of(out) if event["event"] == "verdict"}


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(Settings(tokens={"token-of-user-1": "1"}, part_size=4096))
    yield service
    service.close()


def test_the_embedded_service_conforms(tmp_path: Path) -> None:
    done = commit_conformance("run", "--out", str(tmp_path), "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conforms: " in done.stdout
    header, *_, footer = events_of(tmp_path)
    assert (header["event"], header["seed"], header["effort"]) == ("header", 7, "standard")
    assert footer["event"] == "footer"
    assert footer["conclusion"] == "conforms"
    assert footer["cost"]["upload_requests"] <= 480
    assert footer["cost"]["committed_files"] <= 16
    assert footer["cleanup"]["left"] == []
    verdicts = verdicts_of(tmp_path)
    assert set(verdicts) == {rule.id for rule in Catalogue.load()}, "every rule gets a verdict"
    assert not {rule for rule, verdict in verdicts.items() if verdict in ("failed", "errored")}
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "PART-GAP" in html
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"


def test_every_gating_rule_passes_over_a_socket(tmp_path: Path, service: Service) -> None:
    """Blocked are only the rules that are left for a thorough run; unsupported only what this server never does."""
    environment = {
        "COMMIT_CONFORMANCE_SECOND_TOKEN": SECOND_USER_TOKEN,
        "COMMIT_CONFORMANCE_LIMITED_TOKEN": LIMITED_TOKEN,
        "COMMIT_CONFORMANCE_EXPIRED_SESSION": EXPIRED_SESSION,
    }
    with ServerThread(service) as server:
        target = ["--target", f"{server.url}/2.0", "--out", str(tmp_path)]
        done = commit_conformance("run", *target, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = verdicts_of(tmp_path)
    left = {rule: verdict for rule, verdict in verdicts.items() if rule in GATING and verdict != "passed"}
    thorough = {rule.id for rule in Catalogue.load() if rule.effort is Effort.THOROUGH}
    never_limited = {"ERROR-RATE-LIMIT", "RATE-LIMIT-NO-LOSS"}
    assert {rule for rule, verdict in left.items() if verdict == "blocked"} <= thorough
    assert {rule for rule, verdict in left.items() if verdict == "unsupported"} <= never_limited
    assert len(left) == len(thorough & GATING) + len(never_limited)
    footer = events_of(tmp_path)[-1]
    assert footer["cost"]["upload_requests"] <= 480
    assert footer["cost"]["committed_files"] <= 16


def test_nothing_is_left_on_the_server(tmp_path: Path, service: Service) -> None:
    with ServerThread(service) as server:
        commit_conformance("run", "--effort", "quick", "--target", server.url, "--out", str(tmp_path))
        assert folder_names(server.url) == []


def folder_names(url: str) -> list[str]:
    import httpx

    answer = httpx.get(f"{url}/folders/0/items", headers={"authorization": "Bearer token-of-user-1"})
    return [entry["name"] for entry in answer.json()["entries"]]


def test_quick_stays_under_sixty_requests(tmp_path: Path) -> None:
    done = commit_conformance("run", "--effort", "quick", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    cost = events_of(tmp_path)[-1]["cost"]
    assert 30 < cost["requests"] <= 60
    verdicts = verdicts_of(tmp_path)
    quick = {rule.id for rule in Catalogue.load() if rule.effort is Effort.QUICK}
    assert {rule for rule in quick if verdicts[rule] != "passed"} == set()


@pytest.mark.parametrize("extra", [["-k", "digest"], ["-x"], ["-m", "rule"], ["-n", "2"]])
def test_the_suite_runs_under_pytest_as_users_of_pytest_expect(tmp_path: Path, extra: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "tests/server", "-q", "-p", "no:cacheprovider", "--out", str(tmp_path)]
    done = subprocess.run(
        [*command, *extra], cwd=ROOT, capture_output=True, text=True, env=clean_environment(None), check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    verdicts = [verdict for verdict in verdicts_of(tmp_path).values() if verdict == "passed"]
    assert len(verdicts) > (10 if extra[0] == "-k" else 100)
    assert events_of(tmp_path)[-1]["event"] == "footer"


def test_a_failure_shows_what_was_sent_and_how_to_see_it_again(tmp_path: Path) -> None:
    done = commit_conformance("run", "--fault", "accepts-gap", "--out", str(tmp_path), "--seed", "3")
    assert done.returncode == 1
    failed = next(e for e in events_of(tmp_path) if e["event"] == "verdict" and e["verdict"] == "failed")
    assert failed["rule"] == "PART-GAP"
    failure = failed["failure"]
    assert "committed" in failure["message"]
    assert {defect["kind"] for defect in failure["part_list"]["defects"]} == {"gap"}
    assert failure["curl"].startswith("curl ")
    assert "$COMMIT_CONFORMANCE_TOKEN" in failure["curl"]
    sent = failed["exchanges"][failure["exchange"]]
    assert sent["status"] == 201
    assert ["authorization", "Bearer [redacted]"] in sent["request_headers"]
    replay = failure["replay"].split()
    assert replay[:2] == ["commit-conformance", "run"]
    again = commit_conformance(*replay[1:], "--out", str(tmp_path / "again"))
    assert again.returncode == 1
    assert verdicts_of(tmp_path / "again")["PART-GAP"] == "failed"


def test_the_same_seed_sends_the_same_requests(tmp_path: Path) -> None:
    bodies = []
    for name in ("one", "two"):
        out = tmp_path / name
        commit_conformance("run", "--fault", "accepts-gap", "--seed", "5", "--rule", "PART-GAP", "--out", str(out))
        failed = next(e for e in events_of(out) if e["event"] == "verdict" and e["verdict"] == "failed")
        bodies.append([(x["method"], x["request_body"]) for x in failed["exchanges"] if "commit" in x["url"]])
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_says_so(tmp_path: Path, service: Service, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "commit_conformance", "run"]
    with ServerThread(service) as server:
        process = subprocess.Popen(
            [*command, "--target", server.url, "--out", str(tmp_path), "--effort", "thorough"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment("token-of-user-1"),
        )
        log = tmp_path / "events.jsonl"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (not log.exists() or log.read_text().count("\n") < 12):
            time.sleep(0.02)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
        assert folder_names(server.url) == []
    assert process.returncode == 3, out + err
    assert "Traceback" not in out + err
    events = events_of(tmp_path)
    assert events[-1]["event"] == "truncated"
    assert "footer" not in {event["event"] for event in events}
    shown = commit_conformance("report", str(log))
    assert shown.returncode == 0
    assert "interrupted" in shown.stdout


def test_sweep_takes_away_what_a_killed_run_has_left(tmp_path: Path, service: Service) -> None:
    with ServerThread(service) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "commit_conformance", "run", "--target", server.url, "--out", str(tmp_path)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment("token-of-user-1"),
        )
        ledger = tmp_path / "ledger.jsonl"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (not ledger.exists() or ledger.read_text().count("\n") < 8):
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert folder_names(server.url) != []
        done = commit_conformance("sweep", str(ledger))
        assert done.returncode == 0, done.stdout + done.stderr
        assert folder_names(server.url) == []
    assert commit_conformance("report", str(tmp_path)).returncode == 0


def test_a_run_whose_end_goes_wrong_cleans_up_and_has_a_log_with_an_end(tmp_path: Path, service: Service) -> None:
    broken = (
        "from commit_conformance.verdict.run import Run\n"
        "def leftovers(self, tested): raise KeyError('half told')\n"
        "Run.leftovers = leftovers\n"
        "from commit_conformance.cli import main\n"
        "main()\n"
    )
    with ServerThread(service) as server:
        done = subprocess.run(
            [sys.executable, "-c", broken, "run", "--target", server.url, "--rule", "PART-GAP", "--out", str(tmp_path)],
            env=clean_environment("token-of-user-1"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert folder_names(server.url) == []
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    end = events_of(tmp_path)[-1]
    assert end["event"] == "truncated"
    assert end["reason"] == "the harness failed at the end of the run: KeyError: 'half told' (leftovers, line 2)"


def test_how_people_run_their_own_tests_is_no_matter(tmp_path: Path) -> None:
    theirs = {"PYTEST_ADDOPTS": "-n 2 --no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    done = commit_conformance("run", "--rule", "PART-GAP", "--out", str(tmp_path), environment=theirs)
    assert done.returncode == 0, done.stdout + done.stderr
