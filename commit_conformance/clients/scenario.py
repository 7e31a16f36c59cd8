"""What a scenario is.

Owns the value; the list of all is in `scenarios`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from commit_conformance.clients.protocol import Call
from commit_conformance.clients.stage import Interlude

__all__ = ["BOTH", "EACH", "Scenario", "UnknownScenario"]

BOTH: Final[tuple[Call, ...]] = ("upload", "commit")
EACH: Final[tuple[Call, ...]] = ("upload", "commit", "commit_listed", "resume")


class UnknownScenario(ValueError):
    """No scenario has this name, or none matches this pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that happens to a client.

    Attributes:
        name: Its name.
        summary: What happens, in one line.
        rules: The rules that are asked there besides those that are asked everywhere.
        calls: The calls it is played with, where the SDK has them.
        script: Operation to what happens to its requests, in turn; what is not told is answered by the service.
        needs: Options that the call must be able to take.
        parts: Number of parts of the file; the last one is shorter.
        part_size: Length of a part in bytes.
        missing: Parts that are not there yet when a session is to be resumed, counted from 1.
        out_of_order: Whether the first part ends its upload last, where the uploads are not the client's.
        new_version: Whether a new version of a file is uploaded, and not a new file.
        attributes: Attributes that the caller gives.
        told_longer: How much longer than it is the caller says that the file is, in bytes.
        elsewhere: Whether the session's endpoints lie at other paths.
        patience: Whether a client that can be told how patient to be is told.
        watch: Seconds after which the play ends, and not with trouble; ``None`` waits for the driver.
        timeout: Seconds the driver has.
        quick: Whether a quick run plays it.
    """

    name: str
    summary: str
    rules: tuple[str, ...]
    calls: tuple[Call, ...] = BOTH
    script: Mapping[str, tuple[Interlude, ...]] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    parts: int = 3
    part_size: int = 4096
    missing: tuple[int, ...] = ()
    out_of_order: bool = False
    new_version: bool = False
    attributes: Mapping[str, Any] | None = None
    told_longer: int = 0
    elsewhere: bool = False
    patience: bool = False
    watch: float | None = None
    timeout: float = 60
    quick: bool = False

    @property
    def file_size(self) -> int:
        """Length of the file in bytes: whole parts, and a half one at the end."""
        return (self.parts - 1) * self.part_size + max(1, self.part_size // 2)

    def missing_for(self, call: Call) -> tuple[int, ...]:
        """Parts that are missing when this call begins; a session that is resumed lacks its last part at least."""
        if call != "resume":
            return ()
        return self.missing or (self.parts,)

    def options(self, call: Call) -> frozenset[str]:
        """Options that a call must be able to take. A prepared session is for a new version by itself."""
        return self.needs if call == "upload" else self.needs - {"new_version"}
