"""A user of Locust, and what the processes of Locust tell each other. The one module that imports it.

Importing Locust patches threads, locks and sockets for gevent, so that many users share a process: whatever is imported
after it is patched too, the client and its connections among them. That is why nothing else here imports it, and why
every load has processes of its own.

The master, or the one process where there is no master, prepares the ground and writes what all workers have counted.
Workers send their counts with Locust's own reports, and once more when their users have stopped.
"""

from __future__ import annotations

import itertools
import json
import logging
import math
import os
import random
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import gevent
from locust import User, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import (
    STATE_INIT,
    STATE_RUNNING,
    STATE_SPAWNING,
    LocalRunner,
    MasterRunner,
    Runner,
    WorkerRunner,
)

from commit_conformance.load.ground import Ground, make_wire, prepare, run_name, take_away, worker_ledger
from commit_conformance.load.mistakes import Asks
from commit_conformance.load.names import companion_name
from commit_conformance.load.settings import VARIABLE, LoadSettings, load_settings
from commit_conformance.load.tally import Tally
from commit_conformance.load.work import Enough, Said, Work
from commit_conformance.options import PREFIX, UsageProblem
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.connect import Target
from commit_conformance.target.ledger import Ledger
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.wire import Exchange, Wire, WireError

__all__ = ["Uploader", "listen"]

log = logging.getLogger("commit_conformance.load")
#: Names of messages between master and workers.
GROUND, TALLY, DONE = "commit-conformance-ground", "commit-conformance-tally", "commit-conformance-done"
#: Seconds that a worker waits for the ground, and a master for the last counts of its workers.
PATIENCE = 60.0
#: What the master writes for whoever has started it.
COUNTS = "counts.json"


class Wrong(Exception):
    """A wrong answer, for Locust's statistics: its text is the id of the rule."""


@dataclass(slots=True)
class _Process:
    """What one process of Locust knows.

    Attributes:
        tally: What its own users have counted.
        tallies: The master's: what every worker has sent last.
        last: Workers whose last counts have arrived.
        done: Workers that have sent as many commits as were asked of them.
    """

    settings: LoadSettings
    runner: Runner
    ground: Ground | None = None
    target: Target | None = None
    wire: Wire | None = None
    ledger: Ledger | None = None
    tally: Tally = field(default_factory=Tally)
    tallies: dict[str, Tally] = field(default_factory=dict)
    last: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    finished: bool = False
    stack: ExitStack = field(default_factory=ExitStack)
    users: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def index(self) -> int:
        """The number of this worker, 0 where there is one process only."""
        return max(0, int(getattr(self.runner, "worker_index", 0)))

    @property
    def enough(self) -> bool:
        """Whether this process has sent its share of the commits."""
        limit = self.settings.commits
        return limit is not None and self.tally.commits >= math.ceil(limit / self.settings.workers)

    def open(self, environment: Environment) -> None:
        """Makes what the users of this process share, once the ground is known."""
        assert self.ground is not None
        if self.wire is not None:
            return
        self.ledger = worker_ledger(self.settings, self.ground, f"worker-{self.index}")
        self.wire = make_wire(self.settings, share=self.settings.workers)
        self.stack.enter_context(self.wire.listening(lambda exchange: _companion(environment, exchange)))

    def close(self) -> None:
        """Closes them."""
        self.stack.close()
        if self.wire is not None:
            self.wire.close()
        if self.ledger is not None:
            self.ledger.close()


_process: _Process | None = None
_asks: Asks | None = None


class Uploader(User):
    """Uploads, commits wrongly and rightly, and lets requests meet."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.work: Work | None = None

    def on_start(self) -> None:
        """Waits until it is known where to work."""
        process = _known()
        with gevent.Timeout(PATIENCE, StopUser):
            while process.ground is None:
                gevent.sleep(0.05)
        process.open(self.environment)

    def on_stop(self) -> None:
        """Looks over the last folder."""
        if self.work is not None:
            self.work.end()

    @task
    def upload(self) -> None:
        """One task of this user's."""
        process = _known()
        if process.enough:
            _tell_done(process)
            raise StopUser
        if self.work is None and not self._begin(process):
            return
        assert self.work is not None
        try:
            self.work.step()
        except Enough as end:
            log.error("a user has stopped: %s", end)
            raise StopUser from None

    def _begin(self, process: _Process) -> bool:
        """Makes a folder to work in; False where that came to nothing, to be tried again."""
        assert process.ground is not None
        assert process.wire is not None
        assert process.ledger is not None
        assert _asks is not None
        try:
            self.work = Work(
                process.settings,
                ground=process.ground,
                wire=process.wire,
                ledger=process.ledger,
                asks=_asks,
                tally=process.tally,
                name=f"W{process.index}U{next(process.users)}",
                hear=lambda said: _judged(self.environment, said),
            )
        except (WireError, SetupFailed) as error:
            process.tally.trouble["a user could not begin"] += 1
            process.tally.tasks += 1
            log.warning("a user could not begin: %s", error)
            gevent.sleep(1.0)
            return False
        return True


def listen() -> None:
    """Has Locust call what is needed here."""
    for name in ("httpx", "httpcore"):  # they would log every URL, and some open a file to whoever has them
        logging.getLogger(name).setLevel(logging.WARNING)
    global _asks
    _asks = _drawn()
    events.init.add_listener(_begin)


def _drawn() -> Asks | None:
    """What the users of this process send; None for a master that has been started by the command.

    Drawn while the Locust file is read, before a worker is known to its master: it may take seconds, in which there is
    no heartbeat, and a worker without one is given up.
    """
    told = json.loads(os.environ.get(VARIABLE, "{}"))
    ground, worker = told.get("ground"), told.get("worker")
    if ground is not None and worker is None:
        return None
    seed = ground["seed"] if ground is not None else os.environ.get(f"{PREFIX}SEED", "")
    return Asks(f"{seed}/{worker or 0}")


def _known() -> _Process:
    assert _process is not None, "Locust has not begun"
    return _process


def _begin(environment: Environment, runner: Runner, **_: Any) -> None:
    global _process
    try:
        settings = load_settings(host=environment.host)
    except UsageProblem as problem:
        log.error("%s", problem)
        sys.exit(2)
    process = _process = _Process(settings=settings, runner=runner)
    if settings.ground is not None:
        process.ground = Ground.of(dict(settings.ground))
    if isinstance(runner, WorkerRunner):
        _begin_worker(process, runner, environment)
    else:
        _begin_master(process, runner, environment)


def _begin_worker(process: _Process, runner: WorkerRunner, environment: Environment) -> None:
    def ground(msg: Any, **_: Any) -> None:
        process.ground = Ground.of(msg.data)

    def report(data: dict[str, Any], **_: Any) -> None:
        data[TALLY] = process.tally.as_json()

    def stopped(**_: Any) -> None:
        process.close()
        # Locust's own counts are sent every few seconds, and its master does not wait for the last ones: they go first.
        counts: dict[str, Any] = {}
        environment.events.report_to_master.fire(client_id=runner.client_id, data=counts)
        runner.send_message("stats", counts)
        runner.send_message(TALLY, process.tally.as_json())

    runner.register_message(GROUND, ground)
    environment.events.report_to_master.add_listener(report)
    environment.events.test_stop.add_listener(stopped)


def _begin_master(process: _Process, runner: Runner, environment: Environment) -> None:
    def report(client_id: str, data: dict[str, Any], **_: Any) -> None:
        if TALLY in data and client_id not in process.last:
            process.tallies[client_id] = Tally.of(data[TALLY])

    def last(msg: Any, **_: Any) -> None:
        process.tallies[msg.node_id] = Tally.of(msg.data)
        process.last.add(msg.node_id)

    def done(msg: Any, **_: Any) -> None:
        process.done.add(msg.node_id)

    def start(**_: Any) -> None:
        _prepare(process, environment)

    def quitting(**_: Any) -> None:
        _write(process)

    if isinstance(runner, MasterRunner):
        environment.events.worker_report.add_listener(report)
        runner.register_message(TALLY, last)
        runner.register_message(DONE, done)
    environment.events.test_start.add_listener(start)
    environment.events.quitting.add_listener(quitting)
    gevent.spawn(_watch, process)


def _prepare(process: _Process, environment: Environment) -> None:
    """Makes the ground known to all workers; makes it first, where whoever has started Locust has not."""
    settings, runner = process.settings, process.runner
    if process.ground is None:
        seed = settings.seed if settings.seed is not None else random.SystemRandom().randrange(10**6)
        try:
            process.target, process.ground = prepare(settings, seed=seed, run_id=run_name())
        except TargetUnusable as problem:
            log.error("%s", problem)
            environment.process_exit_code = 3
            runner.quit()
            return
    if isinstance(runner, MasterRunner):
        runner.send_message(GROUND, process.ground.as_json())


def _watch(process: _Process) -> None:
    """Ends the load when its time is up or as many commits were sent as were asked for."""
    runner, settings = process.runner, process.settings
    while runner.state not in (STATE_SPAWNING, STATE_RUNNING):
        gevent.sleep(0.05)
    # Where Locust was started by hand, its own --run-time says how long.
    until = time.monotonic() + settings.seconds if settings.seconds and settings.ground is not None else math.inf
    while runner.state in (STATE_SPAWNING, STATE_RUNNING) and time.monotonic() < until and not _all_done(process):
        gevent.sleep(0.1)
    # Users that are still being started could not be stopped all at once.
    while runner.state == STATE_SPAWNING:
        gevent.sleep(0.05)
    if runner.state == STATE_INIT:
        return
    runner.stop()
    if isinstance(runner, MasterRunner):
        end = time.monotonic() + PATIENCE
        while not process.last >= {client.id for client in runner.clients.all} and time.monotonic() < end:
            gevent.sleep(0.05)
    runner.quit()


def _all_done(process: _Process) -> bool:
    runner = process.runner
    if isinstance(runner, MasterRunner):
        working = {client.id for client in runner.clients.spawning + runner.clients.running}
        return bool(working) and process.done >= working
    return process.finished


def _tell_done(process: _Process) -> None:
    if process.finished:
        return
    process.finished = True
    if isinstance(process.runner, WorkerRunner):
        process.runner.send_message(DONE)


def _write(process: _Process) -> None:
    """Writes what was counted; takes away what was made, where nobody else does."""
    if isinstance(process.runner, LocalRunner):
        process.close()
        process.tallies["local"] = process.tally
    counts = {
        "workers": {name: tally.as_json() for name, tally in process.tallies.items()},
        "complete": sorted(process.last | ({"local"} if isinstance(process.runner, LocalRunner) else set())),
    }
    (process.settings.out / COUNTS).write_text(json.dumps(counts), encoding="utf-8")
    if process.target is not None and process.ground is not None:
        from commit_conformance.load.report import conclude, write

        cleanup = take_away(process.target, process.settings.out)
        users = sum(process.runner.final_user_classes_count.values())
        settings = replace(process.settings, users=users, workers=len(process.tallies))
        write(conclude(settings, process.ground, counts, cleanup=cleanup), settings.out)


def _judged(environment: Environment, said: Said) -> None:
    environment.events.request.fire(
        request_type=said.kind,
        name=said.name,
        response_time=1000 * said.seconds,
        response_length=said.size,
        exception=Wrong(said.rule) if said.rule else None,
        context={},
    )


def _companion(environment: Environment, exchange: Exchange) -> None:
    """Tells Locust of a request other than a commit; commits are told of when they have been judged."""
    name = companion_name(exchange.method, exchange.url)
    if not name:
        return
    environment.events.request.fire(
        request_type=exchange.method,
        name=name,
        response_time=1000 * float(exchange.record["seconds"]),
        response_length=int(exchange.record["response_bytes"]),
        exception=None if exchange.answer is not None else Wrong("no answer"),
        context={},
    )
