"""The folder a load works in, and what is known of the target: found out once, told to every worker.

What is made is written to ledgers first: that of the folder by whoever makes it, and one by each worker. The folder is
deleted at the end with all that lies in it, and sessions that are still open are aborted.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commit_conformance.load.settings import LoadSettings
from commit_conformance.model import FilesSchema
from commit_conformance.specs import schema
from commit_conformance.target.connect import Target
from commit_conformance.target.ledger import CleanupResult, Ledger, LedgerError, clean_up, read_ledger
from commit_conformance.wire import Limits, Wire

#: What a user may ask of a target, where it can.
WANTED = ("whoami", "status", "list_folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where to work, and what is known of the target.

    Attributes:
        folder_id: The folder of the whole load; users make their own below it, where ``able`` has ``create_folder``.
        seed: What is drawn and every file's bytes follow from it.
        light_size, file_size: Bytes of a file of few parts, and of one of more.
        able: Names of what the target can do.
    """

    run_id: str
    folder_id: str
    seed: int
    part_size: int
    light_size: int
    file_size: int
    owner_id: str | None
    able: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For a message to the workers."""
        return {**asdict(self), "able": list(self.able)}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Ground:
        """From such a message."""
        return cls(**{**document, "able": tuple(document["able"])})


def files_schema() -> FilesSchema:
    """The schema of a 201's body."""
    return FilesSchema(schema("Files"))


def make_wire(settings: LoadSettings, *, share: int = 1) -> Wire:
    """The connections of one process.

    Args:
        share: Among how many processes the rate is divided.
    """
    target = settings.target
    rate = max(1, target.rate // share) if target.rate else None
    # A load has its end by time or number, and waits of many users add up: no sum of them ends it.
    endless = Limits(patience=math.inf, follow=math.inf, connections=settings.connections, kept=settings.connections)
    return Wire(
        token=target.token,
        credentials=target.credentials,
        origins=[url for url in (target.url, target.api_url, *target.allowed_origins) if url],
        rate=rate,
        limits=endless,
    )


def run_name() -> str:
    """A name for what a load makes, that no other one has."""
    return datetime.now(UTC).strftime("cc-load-%Y%m%d-%H%M%S-") + f"{time.time_ns() // 1000 % 46656:03x}"


def prepare(settings: LoadSettings, *, seed: int, run_id: str) -> tuple[Target, Ground]:
    """Asks the target what it can do, and makes the folder of the load.

    Raises:
        TargetUnusable: It cannot be tested; the message says why.
    """
    for old in settings.out.glob("ledger*.jsonl"):
        old.unlink()
    target = Target(
        settings.target, make_wire(settings), run_id=run_id, seed=seed, ledger_path=settings.out / "ledger.jsonl"
    )
    try:
        target.connect(wanted=WANTED)
    except BaseException:
        target.close()
        raise
    able = [str(each["name"]) for each in target.capabilities.as_json() if each["available"]]
    ground = Ground(
        run_id=run_id,
        folder_id=target.folder_id,
        seed=seed,
        part_size=target.first_session.part_size,
        light_size=target.bank.light_size,
        file_size=target.bank.file_size,
        owner_id=target.owner_id,
        able=tuple(able),
    )
    return target, ground


def worker_ledger(settings: LoadSettings, ground: Ground, name: str) -> Ledger:
    """The ledger of one worker, in the same form as that of a run."""
    target = settings.target
    header = {"url": target.url, "api_url": target.api_url, "run": ground.run_id, "folder_id": target.folder_id}
    return Ledger(settings.out / f"ledger-{name}.jsonl", target=header)


def take_away(target: Target, out: Path) -> CleanupResult:
    """Takes away what the ledgers of a load name: the folder, what lies in it, and sessions that are open.

    A ledger that cannot be read is told of, and the others are swept all the same.
    """
    entries: list[dict[str, Any]] = []
    unread: list[str] = []
    for path in sorted(out.glob("ledger-*.jsonl")):
        try:
            entries += read_ledger(path)[1]
        except LedgerError as error:
            unread.append(str(error))
    try:
        result = clean_up(target.api, [*target.ledger.entries, *entries])
    finally:
        target.ledger.close()
        target.wire.close()
    result.left += unread
    return result
