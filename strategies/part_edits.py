"""Edits of a part list: one small class for each thing that can be done to one.

An edit says which mistake to make and where. Places count from the front, negative ones from the end, and every place
is taken modulo the list's length, so that an edit fits a list of any length.

    >>> edit = MoveBoundary(at=0, by=1)
    >>> CommitPlan(parts=(edit,)).build(material).parts       # still tiles the file, with every id known
"""

from __future__ import annotations

import base64
import copy
import hashlib
from dataclasses import dataclass
from typing import Any

from commit_conformance.model import UploadedPart
from strategies.plan import ABSENT, Material


def _entries(parts: Any) -> list[Any]:
    return parts if isinstance(parts, list) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Leaves out ``count`` parts from ``at`` on."""

    at: int
    count: int = 1

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        start = self.at % len(entries) if entries else 0
        start = min(start, max(len(entries) - self.count, 0)) if self.at < 0 else start
        return entries[:start] + entries[start + self.count :]

    def __str__(self) -> str:
        where = "from the end" if self.at < 0 else "from the front"
        return f"lacks {self.count} part{'s' if self.count > 1 else ''} at place {self.at} {where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Lists a part twice: right after itself, or at the end of the list."""

    at: int
    at_end: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        index = self.at % len(entries)
        copy = dict(entries[index])
        return [*entries, copy] if self.at_end else [*entries[: index + 1], copy, *entries[index + 1 :]]

    def __str__(self) -> str:
        return f"has the part at place {self.at} twice{', the second time at the end' if self.at_end else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """Puts a copy of one part in the place of another, so that the count (and often the sum) still fits."""

    at: int
    copy_of: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entries[self.at % len(entries)] = dict(entries[self.copy_of % len(entries)])
        return entries

    def __str__(self) -> str:
        return f"has the part at place {self.copy_of} again where the part at place {self.at} belongs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Adds ``by`` to offset or size of one part."""

    at: int
    member: str
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        entry[self.member] = entry[self.member] + self.by
        return entries

    def __str__(self) -> str:
        return f"claims {self.member} {self.by:+d} for the part at place {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBoundary:
    """Moves the boundary between a part and the next by ``by`` bytes: ranges still tile the file."""

    at: int
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        if len(entries) < 2:
            return entries
        left = self.at % (len(entries) - 1)
        by = max(-entries[left]["size"] + 1, min(self.by, entries[left + 1]["size"] - 1)) or 1
        entries[left]["size"] += by
        entries[left + 1]["offset"] += by
        entries[left + 1]["size"] -= by
        return entries

    def __str__(self) -> str:
        return f"moves the boundary after the part at place {self.at} by {self.by:+d} bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapIds:
    """Gives two parts each other's id; everything else stays where it belongs."""

    at: int
    other: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        a, b = entries[self.at % len(entries)], entries[self.other % len(entries)]
        a["part_id"], b["part_id"] = b["part_id"], a["part_id"]
        return entries

    def __str__(self) -> str:
        return f"has the ids of the parts at places {self.at} and {self.other} exchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Claims one part as two halves under the same id."""

    at: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        index = self.at % len(entries)
        whole = entries[index]
        half = whole["size"] // 2
        first = {**whole, "size": half}
        second = {**whole, "offset": whole["offset"] + half, "size": whole["size"] - half}
        return [*entries[:index], first, second, *entries[index + 1 :]]

    def __str__(self) -> str:
        return f"has the part at place {self.at} as two halves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Lets a part begin ``by`` bytes early, and be as much longer, so that it covers bytes of the one before."""

    at: int
    by: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        if len(entries) < 2:
            return entries
        entry = entries[1 + self.at % (len(entries) - 1)]
        by = min(self.by, entry["offset"])
        entry["offset"] -= by
        entry["size"] += by
        return entries

    def __str__(self) -> str:
        return f"lets the part after place {self.at} begin {self.by} bytes early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Adds an entry of ``size`` bytes that begins where the file ends, ``beyond`` bytes further on."""

    size: int
    beyond: int = 0
    known_id: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        last = entries[-1] if entries else {"part_id": "0" * 8}
        part_id = last["part_id"] if self.known_id else _other_id(last["part_id"])
        content = b"\0" * min(self.size, 1 << 20)
        offset = material.session.file_size + self.beyond
        extra = {"part_id": part_id, "offset": offset, "size": self.size, "sha1": hashlib.sha1(content).hexdigest()}
        return [*entries, extra]

    def __str__(self) -> str:
        return f"has one entry more, of {self.size} bytes, {self.beyond} bytes behind the end of the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertEmpty:
    """Adds an entry of zero bytes under an unknown id before the part at ``at``: the ranges still tile the file."""

    at: int

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        index = self.at % len(entries)
        next_one = entries[index]
        empty = {
            "part_id": _other_id(next_one["part_id"]),
            "offset": next_one["offset"],
            "size": 0,
            "sha1": hashlib.sha1(b"").hexdigest(),
        }
        return [*entries[:index], empty, *entries[index:]]

    def __str__(self) -> str:
        return f"has an entry of zero bytes before the part at place {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Sets one member of one part to any JSON value, or leaves it out when the value is `ABSENT`."""

    at: int
    member: str
    value: Any

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        if self.value is ABSENT:
            entry.pop(self.member, None)
        else:
            entry[self.member] = self.value
        return entries

    def __str__(self) -> str:
        if self.value is ABSENT:
            return f"leaves out {self.member} of the part at place {self.at}"
        return f"gives the part at place {self.at} {self.member} {self.value!r:.60}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restyle:
    """Writes offset or size of one part as another JSON type with the same digits: ``"8"``, ``8.5``, ``[8]``."""

    at: int
    member: str
    style: str

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        number = entry[self.member]
        styles = {"string": str(number), "fraction": number + 0.5, "list": [number], "object": {"value": number}}
        entry[self.member] = styles[self.style]
        return entries

    def __str__(self) -> str:
        return f"writes {self.member} of the part at place {self.at} as {self.style}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongId:
    """Gives one part an id the session does not have, made from its own in one of several ways."""

    at: int
    style: str = "other"

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        own = entry["part_id"]
        styles = {
            "other": _other_id(own),
            "prefix": own[:-1] or _other_id(own),
            "extended": own + "0",
            "empty": "",
            "spaced": own + " ",
        }
        entry["part_id"] = styles[self.style]
        return entries

    def __str__(self) -> str:
        return f"gives the part at place {self.at} an unknown id ({self.style})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """Uses a part of another session: its id alone, with its sha1, or just as it was uploaded there."""

    at: int
    whole: bool = False
    exact: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        other = material.foreign or UploadedPart(part_id=_other_id(entry["part_id"]), offset=0, size=0, sha1="0" * 40)
        entry["part_id"] = other.part_id
        if self.whole or self.exact:
            entry["sha1"] = other.sha1
        if self.exact:
            entry["offset"], entry["size"] = other.offset, other.size
        return entries

    def __str__(self) -> str:
        with_it = " just as it was uploaded there" if self.exact else " with its sha1" if self.whole else ""
        return f"names a part of another session at place {self.at}{with_it}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSha1:
    """Claims another SHA-1 for one part: of other content, of another part, with one digit changed, or not hex."""

    at: int
    style: str = "other"
    digit: int = -1

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        own = entry["sha1"]
        digit = self.digit % len(own)
        neighbour = entries[(self.at + 1) % len(entries)]["sha1"]
        other = hashlib.sha1(own.encode()).digest()
        entry["sha1"] = {
            "other": other.hex(),
            "neighbour": neighbour if neighbour != own else other.hex(),
            "digit": own[:digit] + format(int(own[digit], 16) ^ 1, "x") + own[digit + 1 :],
            "file": material.session.sha1 if material.session.sha1 != own else other.hex(),
            "short": own[:-1],
            "long": own + "0",
            "empty": "",
            "number": 7,
            "list": [own],
            "base64 of other": base64.b64encode(other).decode(),
            "upper other": other.hex().upper(),
        }[self.style]
        return entries

    def __str__(self) -> str:
        which = f", digit {self.digit}" if self.style == "digit" else ""
        return f"claims a wrong sha1 for the part at place {self.at} ({self.style}{which})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sha1Form:
    """Writes the right SHA-1 of one part in another form: left out, null, upper case, base64."""

    at: int
    form: str

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entry = entries[self.at % len(entries)]
        own = entry.get("sha1")
        if not isinstance(own, str) or len(own) != 40:
            return entries  # on a short list another edit was here first
        forms = {"null": None, "upper": own.upper(), "base64": base64.b64encode(bytes.fromhex(own)).decode()}
        if self.form == "omitted":
            del entry["sha1"]
        else:
            entry["sha1"] = forms[self.form]
        return entries

    def __str__(self) -> str:
        return f"has the right sha1 of the part at place {self.at} as {self.form}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder:
    """The same entries in another order: reversed, or rotated by ``by``."""

    by: int = 0

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        if self.by == 0:
            return entries[::-1]
        turn = self.by % len(entries) or 1
        return entries[turn:] + entries[:turn]

    def __str__(self) -> str:
        return "is in reverse order" if self.by == 0 else f"is rotated by {self.by}"


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
        entries = _entries(parts)
        entries[self.at % len(entries)] = value
        return entries

    def __str__(self) -> str:
        if self.value is ABSENT:
            return "is left out"
        return f"is {self.value!r:.60}" if self.at is None else f"has {self.value!r:.60} at place {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsObject:
    """The list as an object, keyed by place: what some form encoders make of a list."""

    def apply(self, parts: Any, material: Material) -> Any:
        return {str(index): entry for index, entry in enumerate(_entries(parts))}

    def __str__(self) -> str:
        return "is an object keyed by place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Adds a member to one part."""

    at: int
    member: str
    value: Any

    def apply(self, parts: Any, material: Material) -> Any:
        entries = _entries(parts)
        entries[self.at % len(entries)][self.member] = self.value
        return entries

    def __str__(self) -> str:
        return f"has {self.member} added to the part at place {self.at}"


def _other_id(own: str) -> str:
    """An id of the same form as ``own`` that no server is likely to have given."""
    digest = hashlib.sha1(b"another id than " + own.encode()).hexdigest().upper()
    return (digest * (len(own) // 40 + 1))[: max(len(own), 8)]
