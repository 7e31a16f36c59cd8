"""Runs the suite many times over the embedded service, with faults and behaviours switched on.

Starting pytest and Hypothesis takes longer than a run. So one process imports them once and forks a child for each run;
two children work at a time. Used by the detection benchmark and by the tests of this project.

    python -m benchmarks.many_runs FILE     # FILE: JSON list of jobs, see `Job`; results as JSON lines on stdout
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run.

    Attributes:
        name: How to call it in the results.
        rules: Rules to test; empty for all.
    """

    name: str
    faults: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    effort: str = "standard"
    seed: int = 1
    gate: str = "documented,implied,rfc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it.

    Attributes:
        failed: Rules that failed, in the order in which their verdicts were written.
        first_after: Requests sent until the first failure had been seen; None when there was none.
        reasons: The first reason given for each failed rule.
        seconds: Wall time of the run, without the imports.
    """

    name: str
    exit_code: int
    failed: tuple[str, ...]
    verdicts: dict[str, str] = field(repr=False)
    reasons: dict[str, str] = field(repr=False)
    cost: dict[str, int]
    seconds: float
    first_after: int | None = None
    cleanup: dict[str, Any] = field(default_factory=dict)


def run_many(jobs: Iterable[Job], *, workers: int = 2, timeout: float = 3600) -> Iterator[Result]:
    """Runs jobs in a process of their own; gives results in the order of the jobs.

    Raises:
        RuntimeError: The process failed; the message holds what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.json"
        path.write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.many_runs", str(path), str(workers)]
        environment = {**os.environ, "COLUMNS": "100"}
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, env=environment, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:3])} failed:\n{done.stderr[-4000:]}")
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                fields = json.loads(line)
                yield Result(**{**fields, "failed": tuple(fields["failed"])})


def _run(job: dict[str, Any]) -> str:
    from commit_conformance.runner import run_suite

    with tempfile.TemporaryDirectory() as out:
        given = {
            "fault": job["faults"],
            "behaviour": job["behaviours"],
            "rule": job["rules"],
            "effort": job["effort"],
            "seed": str(job["seed"]),
            "gate": job["gate"],
            "out": out,
        }
        started = time.monotonic()
        code = run_suite(given, quiet=True)
        seconds = time.monotonic() - started
        events = [json.loads(line) for line in (Path(out) / "events.jsonl").read_text().splitlines()]
    verdicts: dict[str, str] = {}
    reasons: dict[str, str] = {}
    failed: list[str] = []
    sent, first_after = 0, None
    for event in events:
        if event["event"] != "verdict":
            continue
        sent += event["requests"]
        rule = event["rule"]
        if event["verdict"] == "failed" or rule not in verdicts:
            verdicts[rule] = event["verdict"]
        if event["verdict"] in ("failed", "errored"):
            reasons.setdefault(rule, event["reason"])
        if event["verdict"] == "failed" and rule not in failed:
            failed.append(rule)
            first_after = sent if first_after is None else first_after
    last = events[-1]
    return json.dumps(
        {
            "name": job["name"],
            "exit_code": code,
            "failed": failed,
            "verdicts": verdicts,
            "reasons": reasons,
            "cost": last.get("cost", {}),
            "cleanup": last.get("cleanup", {}),
            "seconds": round(seconds, 3),
            "first_after": first_after,
        }
    )


def _quiet() -> None:
    """What the runs themselves print is not wanted here."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def main() -> None:
    """Reads jobs from a file and prints a result a line."""
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    # Imported before forking, so that every child has them.
    import commit_conformance.plugin
    import commit_conformance.reference
    import commit_conformance.reference.respx_adapter
    import commit_conformance.runner  # noqa: F401

    context = multiprocessing.get_context("fork")
    with context.Pool(workers, initializer=_quiet, maxtasksperchild=1) as pool:
        for line in pool.imap(_run, jobs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
