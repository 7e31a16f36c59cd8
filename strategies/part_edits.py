"""Edits of a part list as a whole: which entries it has, in which order, and where their boundaries lie.

Edits of single entries are in `entry_edits`, which also says how places are counted.

    >>> edit = MoveBoundary(at=0, by=1)
    >>> CommitPlan(parts=(edit,)).build(material).parts       # still tiles the file, with every id known
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from typing import Any

from strategies.entry_edits import entries_of, entry_at, id_of, number_of, other_id
from strategies.plan import ABSENT, Material
from strategies.wording import amount_text, off_by, part_text


def _ranges(*entries: Any) -> bool:
    """Whether all these have an offset and a size to be changed."""
    return all(
        isinstance(entry, dict) and number_of(entry, "offset") is not None and number_of(entry, "size") is not None
        for entry in entries
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Leaves out ``count`` parts from ``at`` on."""

    at: int
    count: int = 1

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        start = self.at % len(entries) if entries else 0
        start = min(start, max(len(entries) - self.count, 0)) if self.at < 0 else start
        return entries[:start] + entries[start + self.count :]

    def __str__(self) -> str:
        if self.count == 1:
            return f"lacks {part_text(self.at)}"
        return f"lacks {self.count} parts, of which {part_text(self.at)} is the first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Lists a part twice: right after itself, or at the end of the list."""

    at: int
    at_end: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if not entries:
            return entries
        index = self.at % len(entries)
        again = copy.copy(entries[index])
        return [*entries, again] if self.at_end else [*entries[: index + 1], again, *entries[index + 1 :]]

    def __str__(self) -> str:
        return f"has {part_text(self.at)} twice{', the second time at the end' if self.at_end else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """Puts a copy of one part in the place of another, so that the count (and often the sum) still fits."""

    at: int
    copy_of: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if entries:
            entries[self.at % len(entries)] = copy.copy(entries[self.copy_of % len(entries)])
        return entries

    def __str__(self) -> str:
        return f"has {part_text(self.copy_of)} again where {part_text(self.at)} belongs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SameId:
    """Gives one part the id of another; count, ranges and digests still fit."""

    at: int
    as_of: int

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        if "part_id" in entry:
            entry["part_id"] = id_of(entry_at(parts, self.as_of))
        return parts

    def __str__(self) -> str:
        return f"gives {part_text(self.at)} the id of {part_text(self.as_of)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBoundary:
    """Moves the boundary between a part and the next by ``by`` bytes: ranges still tile the file."""

    at: int
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if len(entries) < 2:
            return parts
        left = self.at % (len(entries) - 1)
        if _ranges(first := entries[left], second := entries[left + 1]):
            by = max(-first["size"] + 1, min(self.by, second["size"] - 1)) or 1
            first["size"] += by
            second["offset"] += by
            second["size"] -= by
        return entries

    def __str__(self) -> str:
        return f"moves the boundary behind {part_text(self.at)}: it is {off_by(self.by, 'offset')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBoundaries:
    """Moves every boundary by ``by`` bytes: ranges still tile the file, and all but two sizes are right."""

    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if len(entries) < 2 or not _ranges(*entries):
            return parts
        by = max(-entries[0]["size"] + 1, min(self.by, entries[-1]["size"] - 1)) or 1
        entries[0]["size"] += by
        entries[-1]["size"] -= by
        for entry in entries[1:]:
            entry["offset"] += by
        return entries

    def __str__(self) -> str:
        return f"moves every boundary: each is {off_by(self.by, 'offset')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdraw:
    """Lets a part claim all of the next and ``by`` bytes more, and the next minus ``by``: the sum still fits."""

    at: int
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if len(entries) < 2:
            return parts
        left = self.at % (len(entries) - 1)
        if _ranges(first := entries[left], second := entries[left + 1]):
            first["size"] += second["size"] + self.by
            second["offset"] = first["offset"] + first["size"]
            second["size"] = -self.by
        return entries

    def __str__(self) -> str:
        return f"gives the part behind {part_text(self.at)} a size of {-self.by}, and {part_text(self.at)} what is left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Gives two parts each other's id (or offset, or sha1); everything else stays where it belongs."""

    at: int
    other: int
    member: str = "part_id"

    def apply(self, parts: Any, material: Material) -> Any:
        a, b = entry_at(parts, self.at), entry_at(parts, self.other)
        if self.member in a and self.member in b:
            a[self.member], b[self.member] = b[self.member], a[self.member]
        return parts

    def __str__(self) -> str:
        named = {"part_id": "the ids", "offset": "the offsets"}.get(self.member, self.member)
        return f"has {named} of {part_text(self.at)} and {part_text(self.other)} exchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Claims one part as two halves under the same id."""

    at: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        whole = entry_at(parts, self.at)
        if not _ranges(whole):
            return parts
        index = self.at % len(entries)
        half = whole["size"] // 2
        first = {**whole, "size": half}
        second = {**whole, "offset": whole["offset"] + half, "size": whole["size"] - half}
        return [*entries[:index], first, second, *entries[index + 1 :]]

    def __str__(self) -> str:
        return f"has {part_text(self.at)} as two halves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Claims a part and the next as one, under the id of the first: ranges still tile the file."""

    at: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if len(entries) < 2:
            return parts
        left = self.at % (len(entries) - 1)
        if not _ranges(first := entries[left], second := entries[left + 1]):
            return parts
        first["size"] += second["size"]
        return [*entries[: left + 1], *entries[left + 2 :]]

    def __str__(self) -> str:
        return f"has {part_text(self.at)} and the next as one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Lets a part begin ``by`` bytes early, and be as much longer, so that it covers bytes of the one before."""

    at: int
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if len(entries) < 2:
            return parts
        if _ranges(entry := entries[1 + self.at % (len(entries) - 1)]):
            by = min(self.by, entry["offset"])
            entry["offset"] -= by
            entry["size"] += by
        return entries

    def __str__(self) -> str:
        return f"lets the part behind {part_text(self.at)} begin {amount_text(self.by)} early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Adds an entry under an unknown id that lies within the range of a part."""

    at: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        around = entry_at(parts, self.at)
        if not _ranges(around):
            return parts
        index = self.at % len(entries)
        start = around["offset"] + around["size"] // 4
        size = max(around["size"] // 2, 1)
        content = material.content[max(start, 0) : max(start + size, 0)]
        sha1 = hashlib.sha1(content).hexdigest()
        within = {"part_id": other_id(id_of(around)), "offset": start, "size": size, "sha1": sha1}
        return [*entries[: index + 1], within, *entries[index + 1 :]]

    def __str__(self) -> str:
        return f"has an entry more within the range of {part_text(self.at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAll:
    """Adds ``by`` to every offset, as a count does that begins at one."""

    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        for entry in entries_of(parts):
            if _ranges(entry):
                entry["offset"] += self.by
        return parts

    def __str__(self) -> str:
        return f"has every offset {off_by(self.by, 'offset')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Adds an entry of ``size`` bytes that begins where the file ends, ``beyond`` bytes further on."""

    size: int
    beyond: int = 0
    known_id: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        own = id_of(entry_at(parts, -1))
        part_id = own if self.known_id else other_id(own)
        content = b"\0" * min(self.size, 1 << 20)
        offset = material.session.file_size + self.beyond
        extra = {"part_id": part_id, "offset": offset, "size": self.size, "sha1": hashlib.sha1(content).hexdigest()}
        return [*entries, extra]

    def __str__(self) -> str:
        whose = " under the id of the last part" if self.known_id else ""
        where = f"{amount_text(self.beyond)} behind the end of the file" if self.beyond else "where the file ends"
        return f"has one entry more{whose}, of {amount_text(self.size)}, {where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertEmpty:
    """Adds an entry of zero bytes before the part at ``at``, under an unknown id or its own: ranges still tile."""

    at: int
    known_id: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        next_one = entry_at(parts, self.at)
        if not _ranges(next_one):
            return parts
        index = self.at % len(entries)
        own = id_of(next_one)
        empty = {
            "part_id": own if self.known_id else other_id(own),
            "offset": next_one["offset"],
            "size": 0,
            "sha1": hashlib.sha1(b"").hexdigest(),
        }
        return [*entries[:index], empty, *entries[index:]]

    def __str__(self) -> str:
        whose = ", under its id" if self.known_id else ""
        return f"has an entry of zero bytes before {part_text(self.at)}{whose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder:
    """The same entries in another order: reversed, or rotated by ``by``."""

    by: int = 0

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if self.by == 0 or not entries:
            return entries[::-1]
        turn = self.by % len(entries) or 1
        return entries[turn:] + entries[:turn]

    def __str__(self) -> str:
        return (
            "is in reverse order"
            if self.by == 0
            else f"begins with {part_text(self.by)}, and those before it come last"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffle:
    """The same entries with these pairs of places exchanged in turn; enough pairs make any order."""

    exchanges: tuple[tuple[int, int], ...]

    def apply(self, parts: Any, material: Material) -> Any:
        entries = entries_of(parts)
        if entries:
            for a, b in self.exchanges:
                left, right = a % len(entries), b % len(entries)
                entries[left], entries[right] = entries[right], entries[left]
        return entries

    def __str__(self) -> str:
        pairs = ", then ".join(f"{part_text(a)} and {part_text(b)}" for a, b in self.exchanges)
        return f"has the entries of {pairs} exchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Any JSON value in place of the list, or of one entry when ``at`` is given."""

    value: Any
    at: int | None = None

    def apply(self, parts: Any, material: Material) -> Any:
        # A copy: what comes after may change it in place, and a plan is used many times.
        value = self.value if self.value is ABSENT else copy.deepcopy(self.value)
        if self.at is None:
            return value
        entries = entries_of(parts)
        if entries:
            entries[self.at % len(entries)] = value
        return entries

    def __str__(self) -> str:
        if self.value is ABSENT:
            return "is left out"
        return (
            f"is {self.value!r:.60}" if self.at is None else f"has {self.value!r:.60} in place of {part_text(self.at)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AsObject:
    """The list as an object, keyed by place: what some form encoders make of a list."""

    def apply(self, parts: Any, material: Material) -> Any:
        return {str(index): entry for index, entry in enumerate(entries_of(parts))}

    def __str__(self) -> str:
        return "is an object whose keys are 0, 1, 2 and so on"
