"""The suite on a server as a web framework leads to, with faults thought up without a look at the suite."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.suite.framework_server.server import FAULTS
from tests.suite.runs.commands import commit_conformance

ROOT = Path(__file__).parents[3]
GIVEN = {
    "COMMIT_CONFORMANCE_SECOND_TOKEN": "bo-token",
    "COMMIT_CONFORMANCE_LIMITED_TOKEN": "ada-readonly-token",
    "COMMIT_CONFORMANCE_EXPIRED_SESSION": "0d5e3f7a-0000-4000-8000-000000000410",
}

# The rules of which at least one has to fail: what somebody who knows the fault would call it.
NAMES = {
    "part-lookup-without-session": {"PART-FOREIGN", "PART-OTHER-USER"},
    "naive-datetime": {"ATTR-MODIFIED-AT", "ATTR-CREATED-AT"},
    "nocase-collation": {"CONFLICT-CASE"},
    "answer-from-old-row": {"CREATED-NEW-VERSION", "CREATED-READ-BACK"},
    "framework-etags": {"IF-MATCH-STALE", "IF-NONE-MATCH-CURRENT"},
    "page-border": {"SESSION-LIST-PARTS"},
    "update-before-precondition": {"IF-MATCH-STALE", "REJECTED-NO-TRACE", "LIFE-CYCLE-MODEL"},
    "first-digest-verdict": {"DIGEST-RETRY", "DIGEST-MISMATCH", "REJECTED-SESSION-LIVES"},
    "session-not-reread": {"REPEAT-CONCURRENT", "REPEAT-ONE-FILE", "IF-MATCH-RACE"},
    "abort-frees-shared-blobs": {"LIFE-CYCLE-MODEL", "ERROR-ABORTED"},
    "reserved-row-listed": {"ACCEPTED-NO-FILE", "SESSION-NO-EARLY-FILE", "REJECTED-NO-TRACE"},
    "errors-lose-headers": {"ERROR-METHOD", "AUTH-CHALLENGE"},
}

# Faults of which none of these rules tells yet, and why. An entry that is not true any more fails.
MISSED = {
    "nocase-collation": "the contract does not say what the same letter in another case is beyond ASCII",
}


@contextmanager
def serving(*faults: str) -> Iterator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.suite.framework_server.server", "--port", "0"]
    command += [word for fault in faults for word in ("--fault", fault)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def run_on(url: str, out: Path, *more: str) -> tuple[int, set[str]]:
    """The exit code of a run on this server, and the rules that failed."""
    words = ("run", "--target", url, "--out", str(out), "--seed", "1", "--gate", "documented,implied,rfc", "-q", *more)
    run = commit_conformance(*words, token="ada-token", environment=GIVEN)
    events = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return run.returncode, {event["rule"] for event in events if event.get("verdict") == "failed"}


def test_a_right_server_of_another_make_conforms(tmp_path: Path) -> None:
    with serving() as url:
        code, failed = run_on(url, tmp_path)
    assert failed == set()
    assert code == 0


def test_every_fault_has_names() -> None:
    assert set(NAMES) == set(FAULTS)
    assert set(MISSED) <= set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named(fault: str, tmp_path: Path) -> None:
    with serving(fault) as url:
        code, failed = run_on(url, tmp_path)
    if fault in MISSED:
        assert not failed & NAMES[fault], f"{fault} is found by now; take it off MISSED"
        return
    assert code == 1
    assert failed & NAMES[fault], failed
