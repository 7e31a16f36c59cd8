"""What a target can do, found out by asking.

A capability a target lacks makes rules *unsupported*, never failed. Some are known at the start, some only once a file
exists; ``processing`` and ``rate_limited`` are known when they have been seen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether a target can do something, and how that is known."""

    name: str
    available: bool
    detail: str

    def as_json(self) -> dict[str, object]:
        """For the event log."""
        return {"name": self.name, "available": self.available, "detail": self.detail}


class Capabilities:
    """The capabilities known so far."""

    def __init__(self) -> None:
        self._known: dict[str, Capability] = {}

    def learn(self, name: str, available: bool, detail: str) -> bool:
        """Notes a capability, and gives whether it is available."""
        self._known[name] = Capability(name, available, detail)
        return available

    def get(self, name: str) -> Capability | None:
        """What is known of one; None when nothing is."""
        return self._known.get(name)

    def __contains__(self, name: str) -> bool:
        known = self._known.get(name)
        return known is not None and known.available

    def as_json(self) -> list[dict[str, object]]:
        """All of them, for the event log."""
        return [capability.as_json() for capability in self._known.values()]
