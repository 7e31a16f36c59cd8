"""What a run will cost, found out by rehearsing it on the embedded service.

A run does the same on every server that keeps the contract and answers at once: so the requests of a rehearsal are
those of the run. Its parts are small ones, in the same number, and their bytes are reckoned up to the target's. Where
a target answers 202 or 429, or breaks rules, which are then asked again, a run costs more, up to its budget.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commit_conformance.options import PREFIX
from commit_conformance.target.connect import wanted_size
from commit_conformance.target.settings import CHEAP_PART

if TYPE_CHECKING:
    from commit_conformance.verdict.settings import RunSettings

#: What is documented for the public service, and assumed of a target that was not asked yet. Bytes.
DOCUMENTED_PART = 8 * 1024 * 1024
DOCUMENTED_SMALLEST = 20_000_000
#: Sizes of a part in a rehearsal, where the target's are cheap and where they are not: a run is thriftier then. Bytes.
_CHEAP, _COSTLY = 4096, CHEAP_PART + 4096
#: How long a rehearsal may take. Seconds.
_PATIENCE = 600.0


class RehearsalFailed(Exception):
    """No plan was had; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run costs on a server that keeps the contract.

    Attributes:
        rules: Rules that are tested.
        part_bytes: Bytes of all parts, on the target.
        part_size, smallest: The target's part size and smallest file, in bytes.
        rate: Upload requests a minute; None for no limit.
    """

    rules: int
    requests: int
    upload_requests: int
    sessions: int
    committed_files: int
    part_bytes: int
    part_size: int
    smallest: int
    rate: int | None

    @property
    def minutes(self) -> float | None:
        """How long the upload requests take at the rate; None without one."""
        return None if self.rate is None else self.upload_requests / self.rate


def what_is_asked(settings: RunSettings) -> dict[str, Sequence[str] | str | None]:
    """The options of a run that say how much of it there is, for `rehearse`."""
    limits = settings.limits

    def told(limit: int | None) -> str | None:
        return None if limit is None else str(limit)

    return {
        "effort": str(settings.effort),
        "seed": str(settings.seed),
        "rule": list(settings.rules),
        "shard": str(settings.shard) if settings.shard else None,
        "max-requests": told(limits.requests),
        "max-upload-requests": told(limits.upload_requests),
        "max-files": told(limits.committed_files),
    }


def rehearse(
    chosen: Mapping[str, Sequence[str] | str | None],
    *,
    part_size: int = DOCUMENTED_PART,
    smallest: int = DOCUMENTED_SMALLEST,
    rate: int | None = None,
) -> Plan:
    """Runs what was chosen on the embedded service, and gives what it costs on a target with such parts.

    Args:
        chosen: Options that say what is asked, by their names without dashes, see `what_is_asked`.
        part_size, smallest: The target's part size and smallest file, in bytes.
        rate: Upload requests a minute that the run will keep to.

    Raises:
        RehearsalFailed: The rehearsal did not come to its end.
    """
    part, least, scale = _scaled(part_size, smallest)
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--target", "mock", "--out", folder, "--quiet"]
        arguments += [
            "--behaviour",
            f"part-size={part}",
            "--behaviour",
            f"min-file-size={least}",
        ]
        for name, value in chosen.items():
            for item in [value] if isinstance(value, str) else value or ():
                arguments += [f"--{name}", item]
        # Whatever is set for the real run, the profile in its folder too, is not the rehearsal's business.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        command = [sys.executable, "-m", "commit_conformance", "run", *arguments]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False, cwd=folder, env=environment
            )
            events = _events(Path(folder) / "events.jsonl")
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise RehearsalFailed(f"the rehearsal of the run did not come to its end: {error}") from None
    footer = events[-1]
    if footer.get("event") != "footer":
        raise RehearsalFailed(f"the rehearsal of the run did not come to its end: {done.stderr.strip()[-500:]}")
    cost = footer["cost"]
    return Plan(
        rules=sum(1 for event in events if event["event"] == "verdict" and event["requests"]),
        requests=cost["requests"],
        upload_requests=cost["upload_requests"],
        sessions=cost["sessions"],
        committed_files=cost["committed_files"],
        part_bytes=round(cost["part_bytes"] * scale),
        part_size=part_size,
        smallest=smallest,
        rate=rate,
    )


def _scaled(part_size: int, smallest: int) -> tuple[int, int, float]:
    """Part size and smallest file of the rehearsal, and how many bytes of the target one of its bytes stands for."""
    part = _CHEAP if part_size <= CHEAP_PART else _COSTLY
    wanted, scaled = wanted_size(part), smallest * part / part_size
    if scaled <= wanted:
        return part, max(1, round(scaled)), part_size / part
    if scaled <= 1.1 * wanted:  # as many parts; the last is a little smaller
        return part, wanted, smallest / wanted
    return part_size, smallest, 1.0


def _events(path: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if not events:
        raise ValueError("its event log is empty")
    return events
