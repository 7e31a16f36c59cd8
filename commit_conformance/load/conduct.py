"""A load from beginning to end: the ground, a master of Locust and its workers, the counts, and the taking away.

Locust's processes are children of this one, on this machine. Whatever becomes of them, what was made is taken away here
afterwards: this process knows nothing of gevent, and is the last to end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from commit_conformance.load import locustfile_path
from commit_conformance.load.ground import Ground, prepare, run_name, take_away
from commit_conformance.load.report import conclude, write
from commit_conformance.load.settings import VARIABLE, LoadSettings
from commit_conformance.options import UsageProblem

#: Seconds that users have to end their task, a look over their folder included, when the load ends.
STOPPING = 30
#: Seconds that a process has to end once it was asked to.
ENDING = 15.0
#: Seconds that all workers have to start: importing takes each of them about two, on a busy machine ten.
STARTING = 90
#: Users started a second and worker; Locust advises against more than a hundred.
SPAWN_RATE = 50
_LOG, _COUNTS = "locust.log", "counts.json"


def check_locust() -> None:
    """Finds out that Locust is there, without importing it: that would patch this process.

    Raises:
        UsageProblem: It is not.
    """
    if find_spec("locust") is None:
        raise UsageProblem("a load needs the extra load; install it: pip install 'box-commit-conformance[load]'")


def carry_out(
    settings: LoadSettings, given: Mapping[str, Any], *, say: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Puts a target under load; gives the result, and writes it.

    Args:
        given: The options as they were given, for the processes of Locust.
        say: Takes lines about what is being done.

    Raises:
        TargetUnusable: The target cannot be tested.
    """
    check_locust()
    out = settings.out
    (out / _COUNTS).unlink(missing_ok=True)
    seed = settings.seed if settings.seed is not None else random.SystemRandom().randrange(10**6)
    target, ground = prepare(settings, seed=seed, run_id=run_name())
    counts: dict[str, Any] = {"workers": {}, "complete": []}
    try:
        say(f"{settings.users} users in {settings.workers} workers on {settings.target.url}, seed {seed}")
        ended = _locust(settings, ground, given)
        with suppress(OSError, ValueError):
            counts = json.loads((out / _COUNTS).read_text(encoding="utf-8"))
        say("taking away what was made")
    finally:
        cleanup = take_away(target, out)
    if not counts["workers"] and not ended:
        ended = f"Locust ended before any worker had counted anything; see {out / _LOG}: {_last_line(out / _LOG)}"
    (out / _COUNTS).unlink(missing_ok=True)
    result = conclude(settings, ground, counts, cleanup=cleanup, ended=ended)
    write(result, out)
    return result


def _locust(settings: LoadSettings, ground: Ground, given: Mapping[str, Any]) -> str:
    """Runs a master and its workers to their end; gives why they ended before it, if they did."""
    port = _free_port()
    told = {**given, "ground": ground.as_json()}
    # Options of Locust's own from files or the environment are for loads that are started by hand.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    environment["PYTHONUNBUFFERED"] = "1"
    common = [sys.executable, "-m", "locust", "-f", str(locustfile_path()), "--headless", "--only-summary"]
    common += ["--config", os.devnull]
    master = [
        *(*common, "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)),
        *("--expect-workers", str(settings.workers), "--expect-workers-max-wait", str(STARTING)),
        *("--users", str(settings.users), "--spawn-rate", str(min(settings.users, SPAWN_RATE * settings.workers))),
        *("--stop-timeout", str(STOPPING), "--html", str(settings.out / "locust.html")),
    ]
    worker = [*common, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
    with (settings.out / _LOG).open("w", encoding="utf-8") as log:
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for number in (None, *range(settings.workers)):
                variable = {VARIABLE: json.dumps({**told, "worker": number})}
                processes.append(_start(master if number is None else worker, environment | variable, log))
            code = _until_end(processes[0], processes[1:])
            return "" if code is None else f"Locust ended with {code}; see {settings.out / _LOG}: {_said(settings)}"
        except KeyboardInterrupt:
            _end(processes[:1])  # the master writes what it has, and tells the workers
            return "it was interrupted"
        finally:
            _end(processes)


def _start(words: list[str], environment: Mapping[str, str], log: IO[str]) -> subprocess.Popen[bytes]:
    # In a session of its own: Ctrl-C reaches this process alone, which then ends the others in their order.
    return subprocess.Popen(
        words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )


def _until_end(master: subprocess.Popen[bytes], workers: list[subprocess.Popen[bytes]]) -> int | None:
    """Waits for the master; gives its code where it did not end as it should. Without any worker it is ended."""
    while master.poll() is None:
        if all(worker.poll() is not None for worker in workers):
            with suppress(subprocess.TimeoutExpired):
                master.wait(timeout=ENDING)
            _end([master])
            break
        time.sleep(0.1)
    # 1 is Locust's code for failures in its statistics, which are told here as wrong answers or as trouble.
    return None if master.returncode in (0, 1, -signal.SIGTERM) else master.returncode


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _said(settings: LoadSettings) -> str:
    return _last_line(settings.out / _LOG)


def _last_line(path: Path) -> str:
    """The last line of a log that says something."""
    with suppress(OSError):
        told = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        errors = [line for line in told if "ERROR" in line]
        return (errors or told or [""])[-1][:300]
    return ""
