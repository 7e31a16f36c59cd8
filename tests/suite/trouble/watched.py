"""Runs the command many times, each time in a process of its own, and tells what came of it: time, memory, verdicts.

Importing pytest and Hypothesis takes longer than a quick run. So one process imports them once, and forks a child for
each run. It is this module as well: ``python -m tests.suite.trouble.watched``.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.suite.runs.commands import clean_environment

TOKEN = "token-of-user-1"
#: Bounds of a run that should not take its time: seconds as for `commit_conformance.wire.Limits`.
HASTY = {"connect": 2.0, "read": 0.3, "total": 0.6, "wait": 0.05, "tries": 3, "patience": 2.0, "follow": 1.0}
#: The same for a road on which much is lost: short waits, and patience for what takes its time.
SHORT_WAITS = {"connect": 5.0, "read": 20.0, "total": 30.0, "wait": 0.05, "patience": 60.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of a command.

    Attributes:
        code: Its exit code; negative for the signal that ended it.
        text: What it printed, errors too, as bytes.
        seconds: Wall time.
        processor: Seconds of processor time.
        mebibytes: The most memory it had.
        events: The event log it wrote.
    """

    code: int
    text: bytes
    seconds: float
    processor: float
    mebibytes: float
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def verdicts(self) -> dict[str, str]:
        """The worst verdict of each rule that was tested."""
        order = ("failed", "errored", "blocked", "unsupported", "observed", "passed")
        worst: dict[str, str] = {}
        for event in self.events:
            if event["event"] == "verdict" and event["test"]:
                known = worst.setdefault(event["rule"], event["verdict"])
                worst[event["rule"]] = min(known, event["verdict"], key=order.index)
        return worst

    @property
    def counts(self) -> Counter[str]:
        """How many rules have each verdict."""
        return Counter(self.verdicts.values())

    def reasons(self, verdict: str) -> dict[str, str]:
        """The reasons of one verdict, by rule."""
        return {e["rule"]: e["reason"] for e in self.events if e["event"] == "verdict" and e["verdict"] == verdict}

    @property
    def last(self) -> dict[str, Any]:
        """The event that ends the log; empty without a log."""
        return self.events[-1] if self.events else {}

    @property
    def headline(self) -> str:
        """The sentence that the run ends with; what it printed last, where there is no log."""
        printed = self.text.decode("utf-8", "replace").strip().splitlines()
        return str(self.last.get("reason") or (printed[-1] if printed else ""))


class Runs:
    """Starts runs, one at a time."""

    def __enter__(self) -> Runs:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.suite.trouble.watched"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
            env=clean_environment(TOKEN),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        self._process.kill()
        self._process.wait()

    def run(
        self,
        *arguments: str,
        out: Path | None = None,
        limit: float = 120,
        limits: Mapping[str, float] | None = None,
        environment: Mapping[str, str] | None = None,
        started: Callable[[int], None] = lambda pid: None,
    ) -> Watched:
        """Runs ``commit-conformance`` and waits for it.

        Args:
            out: Where it writes; ``--out`` is added.
            limit: Seconds after which it is killed.
            limits: Other bounds than the usual ones, see `commit_conformance.wire.Limits`.
            environment: Further environment variables.
            started: Told its process id.

        Raises:
            TimeoutError: It took longer than ``limit``.
        """
        printed = (out or Path("/dev")) / ("printed.txt" if out else "null")
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
        self._say(
            {
                "arguments": [*arguments, *(["--out", str(out)] if out else [])],
                "printed": str(printed),
                "limit": limit,
                "limits": dict(limits or {}),
                "environment": dict(environment or {}),
            }
        )
        started(int(self._heard()["pid"]))
        ended = self._heard()
        if ended["late"]:
            raise TimeoutError(f"commit-conformance {' '.join(arguments)} took more than {limit:g} seconds")
        log = out / "events.jsonl" if out else None
        lines = log.read_text(encoding="ascii").splitlines() if log and log.exists() else []
        return Watched(
            code=ended["code"],
            text=printed.read_bytes() if out else b"",
            seconds=ended["seconds"],
            processor=ended["processor"],
            mebibytes=ended["kibibytes"] / 1024,
            events=[json.loads(line, parse_constant=_refuse) for line in lines if line.endswith("}")],
        )

    def _say(self, job: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# The process that forks


def _main() -> None:
    for name in ("commit_conformance.plugin", "commit_conformance.runner", "schemathesis", "httpx"):
        importlib.import_module(name)  # once, for all children
    for line in sys.stdin.buffer:
        job = json.loads(line)
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            _child(job)
        _tell({"pid": pid})
        late = False
        while True:
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() - began > job["limit"] and not late:
                late = True
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        _tell(
            {
                "code": os.waitstatus_to_exitcode(status),
                "late": late,
                "seconds": time.monotonic() - began,
                "processor": used.ru_utime + used.ru_stime,
                "kibibytes": used.ru_maxrss,
            }
        )


def _tell(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _child(job: Mapping[str, Any]) -> None:
    """Runs one job and ends this process."""
    code = 70
    try:
        printed = os.open(job["printed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        os.environ.update(job["environment"])
        from commit_conformance.cli import main
        from commit_conformance.verdict.run import Run
        from commit_conformance.wire import Limits

        if job["limits"]:
            Run.limits = Limits(**job["limits"])
        try:
            main(job["arguments"])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0) if isinstance(end.code, int | None) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
