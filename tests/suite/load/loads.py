"""A load without Locust: the work of some users, each in a thread, on the reference service behind a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from commit_conformance.load.ground import Ground, make_wire, prepare, take_away, worker_ledger
from commit_conformance.load.mistakes import Asks
from commit_conformance.load.settings import LoadSettings
from commit_conformance.load.tally import Tally
from commit_conformance.load.work import Said, Work
from commit_conformance.reference import Service, configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.target.settings import TargetSettings

PART_SIZE = 4096


@dataclass
class Crew:
    """Users at work.

    Attributes:
        heard: What was told of every commit and meeting.
        cleanup: What came of the taking away; set at the end.
    """

    service: Service
    ground: Ground
    works: list[Work]
    tally: Tally
    heard: list[Said] = field(default_factory=list)
    cleanup: CleanupResult | None = None

    def work(self, tasks: int) -> None:
        """Lets every user do so many tasks, all at the same time."""
        threads = [threading.Thread(target=_do, args=(work, tasks)) for work in self.works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @property
    def broken(self) -> set[str]:
        """The rules that were broken."""
        return set(self.tally.wrong)

    @property
    def files_left(self) -> int:
        """Files that lie on the service and in no trash."""
        return sum(not file.trashed for file in self.service.world.files.values())


@contextmanager
def crew(
    out: Path, *, faults: Sequence[str] = (), behaviours: Sequence[str] = (), users: int = 3, meetings: float = 0.3
) -> Iterator[Crew]:
    """Some users at a service; what they made is taken away at the end."""
    service = configure(behaviours, faults, part_size=PART_SIZE)
    with service, ServerThread(service) as server:
        settings = LoadSettings(
            target=TargetSettings(url=f"{server.url}/2.0", token="token"), out=out, meetings=meetings
        )
        target, ground = prepare(settings, seed=1, run_id="load")
        ledger, wire = worker_ledger(settings, ground, "0"), make_wire(settings)
        found = Crew(service=service, ground=ground, works=[], tally=Tally())
        asks = Asks("1", drawn=1)
        found.works += [
            Work(
                settings,
                ground=ground,
                wire=wire,
                ledger=ledger,
                asks=asks,
                tally=found.tally,
                name=f"U{number}",
                hear=found.heard.append,
            )
            for number in range(users)
        ]
        try:
            yield found
        finally:
            wire.close()
            ledger.close()
            found.cleanup = take_away(target, out)


def _do(work: Work, tasks: int) -> None:
    for _ in range(tasks):
        work.step()
    work.end()
