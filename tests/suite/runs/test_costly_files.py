"""Where a file is costly a run uploads sixteen at most, and finds what it finds elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import commit_conformance

from commit_conformance.reference import configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.reference.settings import EXPIRED_SESSION, LIMITED_TOKEN, SECOND_USER_TOKEN
from commit_conformance.rehearsal import DOCUMENTED_SMALLEST, rehearse

#: The smallest part that counts as costly, and the smallest file that is to it as 20 MB to 8 MiB.
PART, SMALLEST = 1_052_672, 2_456_235
SIZES = ("--behaviour", f"part-size={PART}", "--behaviour", f"min-file-size={SMALLEST}")
MOST = 16


def events(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The events of a standard run over a right service."""
    out = tmp_path_factory.mktemp("costly")
    done = commit_conformance("run", *SIZES, "--seed", "2", "--out", str(out), "--report", "none", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    return events(out)


def test_a_standard_run_uploads_sixteen_files_at_most(run: list[dict[str, Any]]) -> None:
    cost = run[-1]["cost"]
    assert 10 * SMALLEST < cost["part_bytes"] <= MOST * SMALLEST
    assert cost["upload_requests"] < 450  # of 480: what is uploaded less leaves room for what is asked


def test_over_a_socket_with_every_token_as_well(tmp_path: Path) -> None:
    """There an answer can be lost and a body sent in chunks, and each of the two takes a commit."""
    service = configure(
        part_size=PART,
        min_file_size=SMALLEST,
        second_user_token=SECOND_USER_TOKEN,
        limited_token=LIMITED_TOKEN,
        expired_session=EXPIRED_SESSION,
    )
    given = {
        "COMMIT_CONFORMANCE_SECOND_TOKEN": SECOND_USER_TOKEN,
        "COMMIT_CONFORMANCE_LIMITED_TOKEN": LIMITED_TOKEN,
        "COMMIT_CONFORMANCE_EXPIRED_SESSION": EXPIRED_SESSION,
    }
    with service, ServerThread(service) as server:
        done = commit_conformance(
            *("run", "--target", server.url, "--seed", "2", "--out", str(tmp_path), "--report", "none", "--quiet"),
            environment=given,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    told = events(tmp_path)
    untested = {event["rule"] for event in told if event["event"] == "verdict" and event["verdict"] == "unsupported"}
    assert not untested & {"REPEAT-LOST-ANSWER", "BODY-CHUNKED", "CONFLICT-LOCKED", "AUTH-REVOKED", "ERROR-EXPIRED"}
    assert told[-1]["cost"]["part_bytes"] <= MOST * SMALLEST


def test_every_rule_that_decides_is_tested(run: list[dict[str, Any]]) -> None:
    """But those that ask for a longer run, a socket, or answers that this service does not give."""
    left = {
        event["rule"]: event["reason"]
        for event in run
        if event["event"] == "verdict" and event["gating"] and event["verdict"] != "passed"
    }
    unexplained = {
        rule: reason
        for rule, reason in left.items()
        if not reason.startswith(("not tested at effort", "the target lacks socket", "the target never answered"))
    }
    assert unexplained == {}


def test_it_is_told_beforehand(run: list[dict[str, Any]]) -> None:
    plan = rehearse({"effort": "standard", "seed": "2"})
    files = run[-1]["cost"]["part_bytes"] / SMALLEST
    assert plan.part_bytes / DOCUMENTED_SMALLEST == pytest.approx(files, rel=0.1)
    assert plan.part_bytes <= MOST * DOCUMENTED_SMALLEST
