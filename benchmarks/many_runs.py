"""Runs the suite many times over the reference service, with faults and behaviours switched on.

Starting pytest and Hypothesis takes longer than a run. So one process imports them once and forks a child for each run;
two children work at a time. Used by the detection benchmark and by the tests of this project.

    python -m benchmarks.many_runs FILE     # FILE: JSON list of jobs, see `Job`; results as JSON lines on stdout
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run.

    Attributes:
        name: How to call it in the results.
        rules: Rules to test; empty for all.
        socket: Whether the service listens on loopback, instead of being called within the process.
        limits: Options that limit the run, ``max_files`` for instance, with their values.
    """

    name: str
    faults: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    effort: str = "standard"
    seed: int = 1
    gate: str = "documented,implied,rfc"
    socket: bool = False
    limits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """When a rule failed.

    Attributes:
        reason: The first reason given.
        shown_by: Number of the request whose answer showed it, counted from 1; None where no request is named.
        requests: Requests that the tests had sent when the verdict was written, without those that found out what the
            target can do. Rules that every answer is held against are judged late.
        seconds: Time until then, counted alike.
        parts: Uploaded parts of the reported example; None where the list is not what mattered.
    """

    reason: str
    shown_by: int | None
    requests: int
    seconds: float
    parts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it.

    Attributes:
        failed: Rules that failed, in the order in which their verdicts were written.
        reported: The same rules in the order in which the reports show them.
        failures: When each of them failed.
        reasons: The first reason given for each rule that failed or could not be tested for errors.
        seconds: Wall time of the run, without the imports.
    """

    name: str
    exit_code: int
    failed: tuple[str, ...]
    verdicts: dict[str, str] = field(repr=False)
    reasons: dict[str, str] = field(repr=False)
    cost: dict[str, int]
    seconds: float
    reported: tuple[str, ...] = ()
    failures: dict[str, Failure] = field(default_factory=dict, repr=False)
    cleanup: dict[str, Any] = field(default_factory=dict)


def run_many(jobs: Iterable[Job], *, workers: int = 2, timeout: float = 3600) -> Iterator[Result]:
    """Runs jobs in a process of their own; gives results in the order of the jobs.

    Raises:
        RuntimeError: The process failed, or was ended after `timeout` seconds; the message holds what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.json"
        path.write_text(json.dumps([asdict(job) for job in jobs]), encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks.many_runs", str(path), str(workers)]
        # Options set in the environment would count for every run.
        ours = {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}
        with (
            (Path(folder) / "stderr").open("w+", encoding="utf-8") as said,
            subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env={**ours, "COLUMNS": "100"},
                start_new_session=True,  # so that its children can be ended with it
            ) as process,
        ):
            limit = threading.Timer(timeout, _end, [process])
            limit.start()
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith("{"):
                        yield result_of(json.loads(line))
                code = process.wait()
            finally:
                limit.cancel()
                _end(process)
            if code:
                said.seek(0)
                raise RuntimeError(f"{' '.join(command[1:3])} failed with {code}:\n{said.read()[-4000:]}")


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the process and the runs it has under way; nothing happens when it has ended."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def result_of(fields: dict[str, Any]) -> Result:
    """A result from JSON, as `asdict` made it."""
    failures = {rule: Failure(**failure) for rule, failure in fields["failures"].items()}
    lists = {name: tuple(fields[name]) for name in ("failed", "reported")}
    return Result(**{**fields, **lists, "failures": failures})


def _run(job: dict[str, Any]) -> str:
    from commit_conformance.report.log import read_log
    from commit_conformance.report.summary import summarize
    from commit_conformance.runner import run_suite

    with tempfile.TemporaryDirectory() as out, _target(job) as target:
        given = {
            **target,
            "rule": job["rules"],
            "effort": job["effort"],
            "seed": str(job["seed"]),
            "gate": job["gate"],
            **job["limits"],
            "out": out,
        }
        started = time.monotonic()
        code = run_suite(given, quiet=True)
        seconds = time.monotonic() - started
        log = Path(out) / "events.jsonl"
        events = [json.loads(line) for line in log.read_text().splitlines()]
        reported = [result.rule for result in summarize(read_log(log)).failed]
    verdicts: dict[str, str] = {}
    reasons: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    sent, spent = 0, 0.0
    for event in events:
        if event["event"] != "verdict":
            continue
        sent, spent = sent + event["requests"], spent + event["seconds"]
        rule = event["rule"]
        if event["verdict"] == "failed" or rule not in verdicts:
            verdicts[rule] = event["verdict"]
        if event["verdict"] in ("failed", "errored"):
            reasons.setdefault(rule, event["reason"])
        if event["verdict"] == "failed" and rule not in failures:
            shown = (event["failure"] or {}).get("part_list")
            failures[rule] = Failure(
                reason=event["reason"],
                shown_by=_shown_by(event),
                requests=sent,
                seconds=round(spent, 3),
                parts=len(shown["uploaded"]) if shown else None,
            )
    last = events[-1]
    result = Result(
        name=job["name"],
        exit_code=code,
        failed=tuple(failures),
        reported=tuple(reported),
        failures=failures,
        verdicts=verdicts,
        reasons=reasons,
        cost=last.get("cost", {}),
        cleanup=last.get("cleanup", {}),
        seconds=round(seconds, 3),
    )
    return json.dumps(asdict(result))


@contextmanager
def _target(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The options that say what is tested."""
    if not job["socket"]:
        yield {"fault": job["faults"], "behaviour": job["behaviours"]}
        return
    from commit_conformance.reference import configure
    from commit_conformance.reference.server import ServerThread
    from commit_conformance.target.embedded import PART_SIZE

    # Without tokens of its own the service takes the first one that comes: that which is sent to loopback.
    with configure(job["behaviours"], job["faults"], part_size=PART_SIZE) as service, ServerThread(service) as server:
        yield {"target": server.url}


def _shown_by(event: dict[str, Any]) -> int | None:
    index = (event["failure"] or {}).get("exchange")
    return event["exchanges"][index]["n"] if index is not None else None


def _quiet() -> None:
    """What the runs themselves print is not wanted here."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def main() -> None:
    """Reads jobs from a file and prints a result a line."""
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    # Imported before forking, so that every child has them; the last needs an extra, and thorough runs alone use it.
    with suppress(ModuleNotFoundError):
        for name in ("plugin", "reference", "reference.respx_adapter", "runner", "syntax.cases"):
            import_module(f"commit_conformance.{name}")

    context = multiprocessing.get_context("fork")
    with context.Pool(workers, initializer=_quiet, maxtasksperchild=1) as pool:
        for line in pool.imap(_run, jobs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
