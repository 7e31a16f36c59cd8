"""Named ways in which the reference service can be wrong.

Every fault aims at one rule where that is possible; a gross one names several. `FAULTS` has them all, in the order of
the rules' groups.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from commit_conformance.reference.decisions import Decisions
from commit_conformance.reference.faults import (
    accepted,
    access,
    bodies,
    conflicts,
    created,
    digests,
    errors,
    gross,
    large,
    limits,
    part_entries,
    part_lists,
    preconditions,
    repeats,
    sequences,
    sessions,
    syntax,
)
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.settings import Settings

__all__ = ["FAULTS", "Fault", "decisions_with", "find_fault", "settings_with"]

_MODULES: tuple[ModuleType, ...] = (
    digests,
    part_lists,
    part_entries,
    bodies,
    syntax,
    preconditions,
    created,
    accepted,
    conflicts,
    errors,
    sessions,
    sequences,
    repeats,
    access,
    limits,
    large,
    gross,
)


def _collect() -> dict[str, type[Fault]]:
    found: dict[str, type[Fault]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Fault)
                and value.__module__ == module.__name__
                and value.name
            ):
                if value.name in found:
                    raise RuntimeError(f"two faults are named {value.name}")
                found[value.name] = value
    return found


FAULTS: Mapping[str, type[Fault]] = MappingProxyType(_collect())
"""Every fault by its name."""


def find_fault(name: str) -> type[Fault]:
    """The fault of a name.

    Raises:
        ValueError: There is none; the message names the nearest.
    """
    try:
        return FAULTS[name]
    except KeyError:
        near = difflib.get_close_matches(name, FAULTS, n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"there is no fault {name!r}{hint}") from None


def decisions_with(names: Iterable[str]) -> type[Decisions]:
    """The decisions of a service with these faults; the correct ones when there are none."""
    kinds = tuple(dict.fromkeys(find_fault(name) for name in names))
    return type("FaultyDecisions", kinds, {}) if kinds else Decisions


def settings_with(names: Iterable[str], settings: Settings) -> Settings:
    """Settings in which these faults show. What was set to something else than its default is left as it is."""
    usual = Settings()
    changes = {
        field: value
        for name in names
        for field, value in find_fault(name).needs.items()
        if getattr(settings, field) == getattr(usual, field)
    }
    return dataclasses.replace(settings, **changes) if changes else settings
