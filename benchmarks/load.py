"""The reference service under load: what is held each second, and how soon a fault is found.

Run as ``python -m benchmarks.load``, which writes ``reports/load.md``. Every line of its table is one
``commit-conformance load`` with two worker processes of Locust, on a service that is served in a process of its own on
this machine: right as it is, right in other ways, and with a fault. It ends with 1 if a right service is accused, or a
wrong one is not. Rates say something of the machine, all of it sharing its processors, and nothing of any other server.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "load.md"
USERS, WORKERS = 20, 2
#: Seconds: the right service long enough for a rate, the others for what they are to show.
LONG, SHORT, SEED = 45, 15, 7


@dataclass(frozen=True, slots=True)
class Job:
    """A service, and what should be said of it.

    Attributes:
        rules: Rules of which at least one has to be found broken, and none but these; empty for a right one.
    """

    options: tuple[str, ...]
    rules: frozenset[str]
    seconds: int = SHORT

    @property
    def name(self) -> str:
        """What to call it in the report."""
        return " ".join(word.removeprefix("--") for word in self.options) or "as it is"


def _fault(name: str, *rules: str) -> Job:
    return Job(("--fault", name), frozenset(rules))


JOBS = (
    Job((), frozenset(), LONG),
    Job(("--behaviour", "processing=2"), frozenset()),
    Job(("--behaviour", "rate-limit=7"), frozenset()),
    _fault("concurrent-commits-make-files", "REPEAT-CONCURRENT"),
    _fault("conflict-race", "CONFLICT-RACE"),
    _fault("upload-race", "REPEAT-UPLOAD-RACE"),
    _fault("abort-race", "REPEAT-ABORT-RACE"),
    _fault("if-match-race", "IF-MATCH-RACE"),
    _fault("accepts-gap", "PART-GAP"),
    _fault("rounds-size", "CREATED-SIZE"),
)


@contextmanager
def served(options: Sequence[str]) -> Iterator[str]:
    """A service in a process of its own; gives its URL."""
    words = [sys.executable, "-m", "commit_conformance", "serve", "--port", "0", "--part-size", "4KiB", *options]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)


def load(job: Job, out: Path) -> dict[str, Any]:
    """The result of one load."""
    with served(job.options) as url:
        words = [sys.executable, "-m", "commit_conformance", "load", "--target", f"{url}/2.0", "--out", str(out)]
        words += ["--users", str(USERS), "--workers", str(WORKERS), "--time", f"{job.seconds}s"]
        words += ["--seed", str(SEED), "--meetings", "20", "--json"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode == 2 or not done.stdout:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def as_it_should_be(job: Job, result: dict[str, Any]) -> bool:
    """Whether what was said of a service is right."""
    wrong = set(result["wrong"])
    judged = not result["trouble"] and not result["lost_workers"] and not result["cleanup"]["left"]
    return judged and wrong <= job.rules and bool(wrong) == bool(job.rules)


def line(job: Job, result: dict[str, Any]) -> str:
    """One line of the table."""
    first = min(result["wrong"].values(), key=lambda found: float(found["first_seconds"]), default=None)
    when = f"{first['first_seconds']:.1f} s, about {first['first_commits']} commits" if first else ""
    broken = ", ".join(f"{rule} × {found['count']}" for rule, found in result["wrong"].items()) or "nothing"
    return (
        f"| {job.name} | {result['seconds']:.0f} | {result['commits']} | {result['commits_a_second']:.0f} | "
        f"{sum(result['meetings'].values())} | {broken} | {when} |"
    )


def main() -> int:
    """Writes the report; gives 1 if anything is not as it should be."""
    lines, amiss = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, job in enumerate(JOBS):
            result = load(job, Path(folder) / str(number))
            lines.append(line(job, result))
            print(lines[-1], flush=True)
            if not as_it_should_be(job, result):
                amiss.append(job.name)
                print(f"! {result['conclusion']}; trouble {result['trouble']}", flush=True)
    head = __doc__.split("\n\n")[0] if __doc__ else ""
    text = f"""# Under load

{head}

`python -m benchmarks.load` wrote this: {USERS} users in {WORKERS} worker processes of Locust, with seed {SEED}, on the
mock server in a process of its own, all on one machine of {os.cpu_count()} processors. Rates say something of this
machine alone. A fifth of the tasks are meetings of requests. *First found* counts from the first commit.

| service | seconds | commits | a second | meetings | found broken | first found |
|---|---|---|---|---|---|---|
""" + "\n".join(lines)
    verdict = (
        f"Not as it should be: {', '.join(amiss)}."
        if amiss
        else ("Every right service was accused of nothing, and every wrong one of its own rule and no other.")
    )
    REPORT.write_text(f"{text}\n\n{verdict}\n", encoding="utf-8")
    return int(bool(amiss))


if __name__ == "__main__":
    sys.exit(main())
