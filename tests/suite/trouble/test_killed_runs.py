"""A run that is killed at any moment leaves a ledger with which everything of it is taken away, and nothing else."""

from __future__ import annotations

import os
import random
import signal
from functools import partial
from pathlib import Path

from commit_conformance.reference import configure
from commit_conformance.reference.server import ServerThread
from tests.suite.trouble.furnished import Household
from tests.suite.trouble.messages import Message
from tests.suite.trouble.road import Road
from tests.suite.trouble.watched import TOKEN, Runs

#: Requests of the run that is killed: the moments are drawn among them.
REQUESTS = 70
#: How often it is killed.
MOMENTS = 10
RULES = ("--rule", "PART-GAP", "--rule", "CONFLICT-*", "--rule", "IF-MATCH-*", "--rule", "REPEAT-ONE-FILE")


def test_sweep_leaves_the_server_as_it_was_whenever_the_run_was_killed(runs: Runs, tmp_path: Path) -> None:
    """On one server, run after run, so that what one has left would be in the way of the next.

    The moment is that of a request: killed before the server hears of it, or once it has done it and before the run
    hears of that. The second is the worse one, since the run has had no time to write down an id.
    """
    chance = random.Random(20)
    service = configure((), (), tokens={TOKEN: "1"}, part_size=4096, seed=5)
    house = Household(service)
    house.furnish()
    before = house.inventory()
    victim: list[int] = []
    leftovers = 0

    with service, ServerThread(service) as server:
        # The first four requests look at the folder, make one, list it and open a session: none of them is left out.
        for moment in [2, 4, *(chance.randrange(5, REQUESTS) for _ in range(MOMENTS - 2))]:
            done_first = chance.random() < 0.7

            def killing(number: int, request: Message, moment: int = moment, late: bool = done_first) -> str:
                if number < moment:
                    return "pass"
                if number == moment and not late:
                    os.kill(victim[-1], signal.SIGKILL)
                return "lose answer" if late else "lose request"

            out = tmp_path / f"{moment}-{done_first}"
            with Road(server.url, fate=killing, done=partial(_kill_late, victim)) as road:
                killed = runs.run("run", "--target", road.url, *RULES, out=out, limit=30, started=victim.append)
            assert killed.code == -signal.SIGKILL
            leftovers += house.inventory() != before
            ledger = out / "ledger.jsonl"
            # The road is gone; what it led to is not.
            ledger.write_text(ledger.read_text(encoding="utf-8").replace(road.url, server.url), encoding="utf-8")
            swept = runs.run("sweep", str(ledger), limit=30)
            assert swept.code == 0
            assert house.inventory() == before, f"killed at request {moment}, {'after' if done_first else 'before'} it"
            report = runs.run("report", str(out), limit=30)
            assert report.code in (0, 1, 3)
    assert leftovers >= MOMENTS - 2


def _kill_late(victim: list[int], fate: str) -> None:
    if fate == "lose answer":
        os.kill(victim[-1], signal.SIGKILL)
