"""Members of a JSON object, read as the types wanted, whatever they are.

A log may come from another version or have been edited. A member of another type counts as one that is missing: what a
report cannot show is no reason to show nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fields:
    """Reads the members of an event as the types wanted, whatever they are."""

    event: object = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """The member as it is; None if there is none."""
        return self.event.get(key) if isinstance(self.event, Mapping) else None

    def text(self, key: str) -> str:
        """The member as text, empty if there is none; numbers and containers as JSON."""
        return text_of(self.get(key))

    def integer(self, key: str) -> int | None:
        """A whole number. True and false are none."""
        value = self.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        """A number that seconds could be: finite and not absurd."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e15 < value < 1e15:
            return None
        return float(value)

    def inner(self, key: str) -> Fields:
        """The members of an object inside; none if it is something else."""
        return Fields(self.get(key))

    def list(self, key: str) -> tuple[Any, ...]:
        """The items of a list; none if it is something else."""
        value = self.get(key)
        return tuple(value) if isinstance(value, list | tuple) else ()

    def texts(self, key: str) -> tuple[str, ...]:
        """The items of a list as texts."""
        return tuple(text_of(item) for item in self.list(key))

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """The items of a list that are pairs, as texts."""
        pairs = (item for item in self.list(key) if isinstance(item, list | tuple) and len(item) == 2)
        return tuple((text_of(name), text_of(value)) for name, value in pairs)


def text_of(value: object) -> str:
    """A JSON value as text: strings as they are, null as nothing, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
