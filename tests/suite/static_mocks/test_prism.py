"""Prism, serving our description: needs its command, as ``prism`` on the path or in ``COMMIT_CONFORMANCE_PRISM``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commit_conformance.specs import DESCRIPTION, suite_root
from tests.suite.runs.commands import commit_conformance

PRISM = os.environ.get("COMMIT_CONFORMANCE_PRISM") or shutil.which("prism")
#: Seconds for Node to start and read the description; some three are usual on a busy machine.
STARTS_WITHIN = 60.0

pytestmark = pytest.mark.skipif(
    PRISM is None,
    reason="prism is not installed: npm install -g @stoplight/prism-cli, or COMMIT_CONFORMANCE_PRISM=PATH",
)


@contextmanager
def prism() -> Iterator[str]:
    """Prism on a port of its own; gives its URL."""
    assert PRISM is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [PRISM, "mock", str(suite_root() / DESCRIPTION), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "prism ended by itself"
                assert time.monotonic() < until, "prism did not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_prism_serves_our_description_rightly(tmp_path: Path) -> None:
    """What it fails is its own and known: an error that it does not take from the description, and a 405."""
    with prism() as url:
        done = commit_conformance("run", "--target", url, "--out", str(tmp_path), "--seed", "7", token=None)
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    verdicts = {event["rule"]: event["verdict"] for event in events if event["event"] == "verdict"}
    assert events[1]["notes"][0].startswith("The target is a static mock"), done.stdout
    assert {rule for rule, verdict in verdicts.items() if verdict == "failed"} <= {"ERROR-BODY", "ERROR-METHOD"}
    for rule in ("CREATED-SCHEMA", "CREATED-DATES", "CREATED-PATH", "ACCEPTED-RETRY-AFTER", "CONFLICT-BODY"):
        assert verdicts[rule] == "passed"
    assert verdicts["PART-GAP"] == verdicts["CREATED-SHA1"] == "unsupported"
    assert done.returncode in (1, 3)
