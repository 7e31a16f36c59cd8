"""Faults that only show over a socket: a lost answer, a body sent in chunks; and the sizes of the real service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commit_conformance.reference import FAULTS, Service, Settings, configure
from commit_conformance.reference.server import ServerThread
from tests.suite.runs.commands import commit_conformance

SOCKET_RULES = ("REPEAT-LOST-ANSWER", "BODY-CHUNKED")
SOCKET_FAULTS = [name for name, fault in FAULTS.items() if set(fault.rules) & set(SOCKET_RULES)]


def failed_rules(out: Path) -> set[str]:
    lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    return {event["rule"] for event in events if event["event"] == "verdict" and event["verdict"] == "failed"}


def test_there_is_a_fault_for_each_of_these_rules() -> None:
    assert {rule for name in SOCKET_FAULTS for rule in FAULTS[name].rules} >= set(SOCKET_RULES)


@pytest.mark.parametrize("name", SOCKET_FAULTS)
def test_a_fault_that_needs_a_socket_makes_its_rule_fail_alone(tmp_path: Path, name: str) -> None:
    service = configure([], [name], tokens={"token-of-user-1": "1"}, part_size=4096)
    target = ["--out", str(tmp_path), "--gate", "documented,implied,rfc"]
    with service, ServerThread(service) as server:
        done = commit_conformance("run", "--target", server.url, *target)
    assert done.returncode == 1, done.stdout
    assert failed_rules(tmp_path) == set(FAULTS[name].rules)


@pytest.mark.parametrize("name", ["accepts-gap", "ignores-digest", "no-retry-after"])
def test_the_same_faults_are_found_over_a_socket(tmp_path: Path, name: str) -> None:
    if name not in FAULTS:
        pytest.fail(f"the fault {name} has gone; choose another")
    service = configure([], [name], tokens={"token-of-user-1": "1"}, part_size=4096)
    with service, ServerThread(service) as server:
        done = commit_conformance("run", "--target", server.url, "--out", str(tmp_path))
    assert done.returncode == 1, done.stdout
    assert set(FAULTS[name].rules) <= failed_rules(tmp_path) | {"DIGEST-CASE"}


def test_parts_of_eight_mebibytes_and_a_minimum_of_twenty_megabytes(tmp_path: Path) -> None:
    """The sizes of the real service: a quick run, since each session uploads 20 MB."""
    settings = Settings(tokens={"token-of-user-1": "1"}, part_size=8 * 1024 * 1024, min_file_size=20_000_000)
    with Service(settings) as service, ServerThread(service) as server:
        done = commit_conformance("run", "--target", server.url, "--effort", "quick", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "3 parts" in (tmp_path / "events.jsonl").read_text(encoding="utf-8")
