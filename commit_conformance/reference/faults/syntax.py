"""Faults in what no schema would let pass, and in what every schema does: those that only a generator asks for."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.world import Session

#: Members of attributes that a published request or schema shows; the last two are passed over by a correct service.
_DOCUMENTED = frozenset({"description", "content_created_at", "content_modified_at", "name", "parent"})


class TakesBlankPartIds(Fault, rules="SYNTAX-NEGATIVE"):
    """A part_id that is null, false or zero is taken for that of the part at its offset."""

    def part_id(self, session: Session, entry: dict[str, Any]) -> str:
        given, offset = entry.get("part_id", ""), entry.get("offset")
        part = session.by_offset.get(offset) if isinstance(offset, int) else None
        if not given and not isinstance(given, str) and part is not None:
            return part.id
        return super().part_id(session, entry)


class RefusesUnknownAttributes(Fault, rules="SYNTAX-POSITIVE"):
    """Attributes with a member nobody documented are refused."""

    def attributes(self, document: dict[str, Any]) -> Given:
        given = document.get("attributes")
        if isinstance(given, dict) and given.keys() - _DOCUMENTED:
            raise self.bad_attribute("The attributes have a member that is not known.")
        return super().attributes(document)
