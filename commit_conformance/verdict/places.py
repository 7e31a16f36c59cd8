"""Where the description of the API speaks of a rule: the line of ``specs/commit.openapi.yaml`` that a report points at.

Owns ``specs/places.yaml``, which names a JSON pointer for each rule, and finding the line on which a pointer's member
begins. Must not know what a report makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

from commit_conformance.specs import DESCRIPTION, suite_root

_PLACES = "specs/places.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file.

    Attributes:
        file: Path below the suite's root, with slashes.
        line: Counted from 1.
        pointer: JSON pointer to the member that begins there.
    """

    file: str
    line: int
    pointer: str

    def as_json(self) -> dict[str, Any]:
        """As the event log holds it."""
        return {"file": self.file, "line": self.line, "pointer": self.pointer}


@cache
def place_of(rule: str) -> Place:
    """Where the description speaks of a rule.

    Raises:
        LookupError: ``specs/places.yaml`` names a pointer that leads nowhere, or no pointer for this rule.
    """
    for pointer, patterns in _table():
        if any(fnmatchcase(rule, pattern) for pattern in patterns):
            if pointer not in _lines():
                raise LookupError(f"{_PLACES}: {DESCRIPTION} has nothing at {pointer}")
            return Place(file=DESCRIPTION, line=_lines()[pointer], pointer=pointer)
    raise LookupError(f"{_PLACES} has no place for {rule}")


@cache
def _table() -> tuple[tuple[str, tuple[str, ...]], ...]:
    entries = yaml.load((suite_root() / _PLACES).read_bytes(), Loader=_Loader)
    return tuple((entry["at"], tuple(entry["rules"])) for entry in entries)


@cache
def _lines() -> dict[str, int]:
    """The line of every member of the description, by pointer."""
    root = yaml.compose((suite_root() / DESCRIPTION).read_bytes(), Loader=_Loader)
    return dict(_members(root, ""))


def _members(node: Any, pointer: str) -> Iterator[tuple[str, int]]:
    """Pointers and lines below a node: a member begins where its key stands, an item where it does."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{pointer}/{str(key.value).replace('~', '~0').replace('/', '~1')}"
            yield inner, key.start_mark.line + 1
            yield from _members(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            inner = f"{pointer}/{index}"
            yield inner, value.start_mark.line + 1
            yield from _members(value, inner)
