"""Edits of one entry of a part list: its id, its numbers, its SHA-1.

Edits of the list as a whole are in `part_edits`. An edit says which mistake to make and where. Places count from the
front, negative ones from the end, and every place is taken modulo the list's length, so that an edit fits a list of
any length. Where another edit has left nothing to change, such as an entry that is no object, it changes nothing.

    >>> edit = Change(at=0, member="size", by=1)
    >>> CommitPlan(parts=(edit,)).build(material).parts       # the first part claims a byte too many
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from commit_conformance.model import UploadedPart
from strategies.plan import ABSENT, Material
from strategies.wording import amount_text, off_by, part_text

#: How each form of a value is told; the forms themselves are made where they are applied.
_A = {"offset": "an offset", "size": "a size"}
_STYLES = {
    "string": 'as a string, as in "8"',
    "fraction": "with a fraction, as in 8.5",
    "list": "in a list, as in [8]",
    "object": "in an object",
}
_IDS = {
    "other": "one of the same form",
    "prefix": "its own without the last character",
    "extended": "its own with a 0 behind it",
    "longer in front": "its own with a 0 before it",
    "empty": "an empty string",
    "spaced": "its own with a space behind it",
    "place": "its number in the list",
}
_SHA1S = {
    "other": "that of other content",
    "neighbour": "that of the part behind it",
    "digit": "its own with one digit changed",
    "file": "that of the whole file",
    "short": "its own without the last digit",
    "long": "its own with a 0 behind it",
    "empty": "an empty string",
    "number": "the number 7",
    "list": "its own in a list",
    "base64 of other": "that of other content, in base64",
    "upper other": "that of other content, in upper case",
}
_FORMS = {
    "plain": "as it is",
    "omitted": "left out",
    "null": "as null",
    "upper": "in upper case",
    "mixed": "in mixed case",
    "base64": "in base64",
}


def entries_of(parts: Any) -> list[Any]:
    """The entries of a claimed list; none where it is no list."""
    return parts if isinstance(parts, list) else []


def entry_at(parts: Any, at: int) -> dict[str, Any]:
    """The entry at a place, to be changed; an object of no list where there is none."""
    entries = entries_of(parts)
    entry = entries[at % len(entries)] if entries else None
    return entry if isinstance(entry, dict) else {}


def number_of(entry: dict[str, Any], member: str) -> int | None:
    """Offset or size of an entry; None where another edit has made something else of it."""
    value = entry.get(member)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def id_of(entry: Any) -> str:
    """The id of an entry; one that looks like an id where it has none."""
    value = entry.get("part_id") if isinstance(entry, dict) else None
    return value if isinstance(value, str) else "0" * 8


def other_id(own: str) -> str:
    """An id of the same form as ``own`` that no server is likely to have given."""
    digest = hashlib.sha1(b"another id than " + own.encode()).hexdigest().upper()
    return (digest * (len(own) // 40 + 1))[: max(len(own), 8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Adds ``by`` bytes, or with ``unit="part"`` that many times the part size, to offset or size of one part."""

    at: int
    member: str
    by: int
    unit: str = "byte"

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        number = number_of(entry, self.member)
        if number is not None:
            entry[self.member] = number + self.by * (material.session.part_size if self.unit == "part" else 1)
        return parts

    def __str__(self) -> str:
        unit = "whole part" if self.unit == "part" else "byte"
        return f"gives {part_text(self.at)} {_A[self.member]} {off_by(self.by, self.member, unit)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim:
    """Lets a part claim ``by`` bytes less, at its end or at its front: a hole with every part in the list."""

    at: int
    by: int
    front: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        offset, size = number_of(entry, "offset"), number_of(entry, "size")
        if offset is not None and size is not None:
            by = min(self.by, size)
            entry["size"] = size - by
            entry["offset"] = offset + (by if self.front else 0)
        return parts

    def __str__(self) -> str:
        return f"lacks {amount_text(self.by)} at the {'front' if self.front else 'end'} of {part_text(self.at)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Sets one member of one part to any JSON value, or leaves it out when the value is `ABSENT`."""

    at: int
    member: str
    value: Any

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        if self.value is ABSENT:
            entry.pop(self.member, None)
        else:
            entry[self.member] = self.value
        return parts

    def __str__(self) -> str:
        if self.value is ABSENT:
            return f"leaves out {self.member} of {part_text(self.at)}"
        return f"gives {part_text(self.at)} the {self.member} {self.value!r:.60}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restyle:
    """Writes offset or size of one part as another JSON type with the same digits: ``"8"``, ``8.5``, ``[8]``."""

    at: int
    member: str
    style: str

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        number = number_of(entry, self.member)
        if number is None or abs(number) >= 2**52:
            return parts  # a float has no fraction from there on
        styles = {"string": str(number), "fraction": number + 0.5, "list": [number], "object": {"value": number}}
        entry[self.member] = styles[self.style]
        return parts

    def __str__(self) -> str:
        return f"writes {self.member} of {part_text(self.at)} {_STYLES[self.style]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongId:
    """Gives one part an id the session does not have, made from its own in one of several ways."""

    at: int
    style: str = "other"

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        own = id_of(entry)
        styles = {
            "other": other_id(own),
            "prefix": own[:-1] or other_id(own),
            "extended": own + "0",
            "longer in front": "0" + own,
            "empty": "",
            "spaced": own + " ",
            "place": str(self.at),
        }
        made = styles[self.style]
        taken = {part.part_id for part in material.session.parts} | material.session.foreign
        if "part_id" in entry:
            entry["part_id"] = made if made not in taken else other_id(own)
        return parts

    def __str__(self) -> str:
        return f"gives {part_text(self.at)} an id that no part has: {_IDS[self.style]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """Uses a part of another session: its id alone, with its sha1, or just as it was uploaded there.

    With ``aborted`` it is one of a session that was aborted, for material that has one.
    """

    at: int
    whole: bool = False
    exact: bool = False
    aborted: bool = False

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        if "part_id" not in entry:
            return parts
        nobodys = UploadedPart(part_id=other_id(id_of(entry)), offset=0, size=0, sha1="0" * 40)
        other = (material.aborted if self.aborted else material.foreign) or nobodys
        entry["part_id"] = other.part_id
        if self.whole or self.exact:
            entry["sha1"] = other.sha1
        if self.exact:
            entry["offset"], entry["size"] = other.offset, other.size
        return parts

    def __str__(self) -> str:
        with_it = " just as it was uploaded there" if self.exact else " with its sha1" if self.whole else ""
        whose = "an aborted" if self.aborted else "another"
        return f"names a part of {whose} session in place of {part_text(self.at)}{with_it}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSha1:
    """Claims another SHA-1 for one part: of other content, of another part, with one digit changed, or not hex."""

    at: int
    style: str = "other"
    digit: int = -1

    def apply(self, parts: Any, material: Material) -> Any:
        entry = entry_at(parts, self.at)
        own = entry.get("sha1")
        if not isinstance(own, str) or len(own) != 40:
            return parts
        digit = self.digit % len(own)
        neighbour = entry_at(parts, self.at + 1).get("sha1")
        other = hashlib.sha1(own.encode()).digest()
        entry["sha1"] = {
            "other": other.hex(),
            "neighbour": neighbour if isinstance(neighbour, str) and neighbour != own else other.hex(),
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
        return parts

    def __str__(self) -> str:
        which = f" ({self.digit % 40 + 1} of 40)" if self.style == "digit" else ""
        return f"gives {part_text(self.at)} a wrong sha1: {_SHA1S[self.style]}{which}"


#: Ways to write a right SHA-1; all but the first are left open by the contract.
SHA1_FORMS = ("plain", "omitted", "null", "upper", "mixed", "base64")


def _write_sha1(entry: Any, form: str) -> None:
    own = entry.get("sha1") if isinstance(entry, dict) else None
    if not isinstance(own, str) or len(own) != 40 or form == "plain":
        return  # on a short list another edit was here first
    if form == "omitted":
        del entry["sha1"]
        return
    mixed = "".join(digit.upper() if place % 2 else digit for place, digit in enumerate(own))
    forms = {"null": None, "upper": own.upper(), "mixed": mixed}
    entry["sha1"] = base64.b64encode(bytes.fromhex(own)).decode() if form == "base64" else forms[form]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sha1Form:
    """Writes the right SHA-1 of one part in another form: left out, null, upper or mixed case, base64."""

    at: int
    form: str

    def apply(self, parts: Any, material: Material) -> Any:
        _write_sha1(entry_at(parts, self.at), self.form)
        return parts

    def __str__(self) -> str:
        return f"has the right sha1 of {part_text(self.at)} {_FORMS[self.form]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sha1Forms:
    """Writes the right SHA-1 of every part in one of these forms, in turn: with one form, all parts alike."""

    forms: tuple[str, ...]

    def apply(self, parts: Any, material: Material) -> Any:
        for place, entry in enumerate(entries_of(parts)):
            _write_sha1(entry, self.forms[place % len(self.forms)])
        return parts

    def __str__(self) -> str:
        return f"has the right sha1 of its parts, in turn {', '.join(_FORMS[form] for form in self.forms)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Adds a member to one part."""

    at: int
    member: str
    value: Any

    def apply(self, parts: Any, material: Material) -> Any:
        entry_at(parts, self.at)[self.member] = self.value
        return parts

    def __str__(self) -> str:
        return f"has {self.member} added to {part_text(self.at)}"
