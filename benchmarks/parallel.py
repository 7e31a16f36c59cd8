"""How much quicker a run is with two workers, on a target that takes its time.

    python -m benchmarks.parallel [REPEATS]     # 3 by default; the result goes into reports/parallel.md
    python -m benchmarks.parallel --weights     # what the tests of each file cost, for verdict/sharding.py

The reference service answers on loopback, every request after 30 ms, from a process of its own. One process and two
workers take turns, so that whatever else the machine does meets both.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.equal_verdicts import ROOT, Came, came_of, clean_environment, differences, write_section
from commit_conformance.reference import configure
from commit_conformance.reference.messages import Handler, Request, Response
from commit_conformance.reference.server import ServerThread
from commit_conformance.target.embedded import PART_SIZE
from commit_conformance.verdict.sharding import file_of

#: How long every answer takes, in seconds.
LATENCY = 0.03
#: More workers than two are measured for what they gain while a target makes them wait.
WORKERS = (0, 2, 4)


class Distant:
    """A service at some distance: every answer takes a while longer.

    Args:
        handler: The service.
        seconds: How much longer.
    """

    def __init__(self, handler: Handler, *, seconds: float) -> None:
        self._handler = handler
        self._seconds = seconds

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        time.sleep(self._seconds)
        return self._handler.handle(request)


def serve(behaviours: Sequence[str]) -> None:
    """Answers until standard input ends; the first line printed is the URL."""
    with (
        configure(list(behaviours), [], part_size=PART_SIZE) as service,
        ServerThread(Distant(service, seconds=LATENCY)) as server,
    ):
        print(server.url, flush=True)
        sys.stdin.read()


def timed(workers: int, behaviours: Sequence[str] = ()) -> tuple[float, Came]:
    """Wall time of one run, from the command to its end, and what came of it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.parallel", "--serve", *behaviours],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "server")]
        words += ["-n", str(workers)] if workers else []
        words += ["--target", url, "--seed", "7", "--report", "none", "--out", folder]
        started = time.monotonic()
        subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, timeout=900, check=False)
        seconds = time.monotonic() - started
        server.communicate(timeout=60)
        return seconds, came_of(Path(folder))


def measured(repeats: int, behaviours: Sequence[str] = ()) -> Iterator[str]:
    """The table for one service."""
    times: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    came: dict[int, Came] = {}
    for _ in range(repeats):
        for workers in WORKERS:
            seconds, came[workers] = timed(workers, behaviours)
            times[workers].append(seconds)
    alone = statistics.median(times[0])
    yield "| processes | median, s | from – to, s | times as fast | upload requests, files | verdicts |"
    yield "|---|---|---|---|---|---|"
    for workers in WORKERS:
        took = times[workers]
        middle = statistics.median(took)
        differs = differences(came[0], came[workers])
        told = "the same" if not differs else "<br>".join(differs)
        name = f"`-n {workers}`" if workers else "one"
        ratio, cost = f"{alone / middle:.2f}", "{}, {}".format(*came[workers].cost)
        yield f"| {name} | {middle:.1f} | {min(took):.1f} – {max(took):.1f} | {ratio} | {cost} | {told} |"


def weights() -> Iterator[str]:
    """Seconds that one test of each file takes, at each effort: on the embedded service, and so much a request.

    Where two workers share the run, since each of them needs sessions that one alone would have had already.
    """
    for effort in ("quick", "standard", "thorough"):
        took: Counter[str] = Counter()
        tests: Counter[str] = Counter()
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "tests" / "server")]
            words += ["-n", "2", "--effort", effort, "--seed", "7", "--out", folder, "--report", "none"]
            subprocess.run(words, cwd=ROOT, env=clean_environment(), capture_output=True, timeout=900, check=False)
            for line in (Path(folder) / "events.jsonl").read_text(encoding="utf-8").splitlines():
                event = json.loads(line)
                if event["event"] == "verdict" and "::" in event["test"]:
                    file = file_of(event["test"])
                    took[file] += event["requests"] * LATENCY + event["seconds"]
                    tests[file] += 1
        yield f'"{effort}": {{'
        yield from (f'    "{file}": {max(0.01, seconds / tests[file]):.2g},' for file, seconds in took.most_common())
        yield "},"


def main(arguments: Sequence[str]) -> None:
    """Measures and writes."""
    if arguments[:1] == ["--serve"]:
        serve(arguments[1:])
        return
    if arguments[:1] == ["--weights"]:
        print("\n".join(weights()))
        return
    repeats = int(arguments[0]) if arguments else 3
    body = [
        f"A standard run with seed 7 against the reference service on loopback, which answers after {LATENCY:g} s,",
        f"from the command to its end, {repeats} times each in turn. Written by `python -m benchmarks.parallel`.",
        "",
        *measured(repeats),
        "",
        "The same where every right commit is answered 202 twice, with `Retry-After: 1`. While such a commit waits,",
        "its worker goes on with other rules, as far as there are any to go on with.",
        "",
        *measured(repeats, ["processing=2", "retry-after=1"]),
    ]
    print("\n".join(body))
    write_section("Time", body)


if __name__ == "__main__":
    main(sys.argv[1:])
