"""Every defect of a claimed part list against an uploaded session.

The list may be any JSON value. One pass reads the entries and looks each one up by its id, one sort by offset lets a
sweep find gaps and overlaps: O(n log n) time, O(n) memory.

What the contract leaves open is an *oddity*, not a defect: a list with oddities alone may be committed or refused.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from commit_conformance.model.types import UploadedPart, UploadedSession

INT64_MAX = 2**63 - 1
_MEMBERS = ("part_id", "offset", "size")


class DefectKind(StrEnum):
    """What can be wrong with a part list."""

    MALFORMED = "malformed"
    EMPTY = "empty"
    GAP = "gap"
    OVERLAP = "overlap"
    WRONG_SIZE = "wrong size"
    WRONG_OFFSET = "wrong offset"
    DUPLICATE = "duplicate"
    UNKNOWN_PART = "unknown part"
    FOREIGN_PART = "foreign part"
    WRONG_SHA1 = "wrong part sha1"
    PAST_END = "past the end"


class Oddity(StrEnum):
    """What the contract does not decide about a part list."""

    ORDER = "not in ascending order of offsets"
    SHA1_OMITTED = "sha1 left out"
    SHA1_NULL = "sha1 is null"
    SHA1_CASE = "sha1 in upper case"
    SHA1_BASE64 = "right sha1 in base64"
    INTEGRAL_FLOAT = "whole number written as a float"
    SHA512 = "sha512 given"


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect. ``index`` is the entry's place in the claimed list, None where the list as a whole is meant."""

    kind: DefectKind
    message: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class PartListReading:
    """All that is wrong with a list, and all that is merely unusual about it."""

    defects: tuple[Defect, ...]
    oddities: frozenset[Oddity]

    @property
    def kinds(self) -> frozenset[DefectKind]:
        """The kinds of defects present."""
        return frozenset(defect.kind for defect in self.defects)


#: A claimed range: first byte, first byte after it, place in the list. A bare tuple, since there is one for each entry:
#: it sorts by offset and end as it is, and the garbage collector leaves it alone.
_Range = tuple[int, int, int]


def read_part_list(claimed: Any, session: UploadedSession) -> PartListReading:
    """Names all the defects and oddities of ``claimed``, which may be any JSON value.

    A list without defects and oddities is exactly the session's uploaded parts in ascending order, with their ids,
    offsets, sizes and lower-case hexadecimal SHA-1 digests.
    """
    if not isinstance(claimed, list):
        return PartListReading(
            (Defect(DefectKind.MALFORMED, f"parts is {_kind_of(claimed)}, not a list"),), frozenset()
        )
    if not claimed:
        if session.file_size:
            return PartListReading((Defect(DefectKind.EMPTY, "the list is empty"),), frozenset())
        return PartListReading((), frozenset())

    uploaded = {part.part_id: part for part in session.parts}
    seen: set[str] = set()
    defects: list[Defect] = []
    oddities: set[Oddity] = set()
    ranges: list[_Range] = []
    for index, entry in enumerate(claimed):
        where = _Where(index + 1, len(claimed))
        offset, size = _read_entry(entry, index, where, defects, oddities)
        if offset is not None and size is not None and offset >= 0 and size >= 0:
            ranges.append((offset, offset + size, index))
        if not isinstance(entry, dict) or not isinstance(entry.get("part_id"), str):
            continue
        part_id = entry["part_id"]
        if part_id in seen:
            defects.append(Defect(DefectKind.DUPLICATE, f"{where} lists part {part_id} once more", index))
        seen.add(part_id)
        part = uploaded.get(part_id)
        if part is None:
            kind = DefectKind.FOREIGN_PART if part_id in session.foreign else DefectKind.UNKNOWN_PART
            owner = "belongs to another session" if part_id in session.foreign else "was never uploaded"
            defects.append(Defect(kind, f"{where} names part {part_id!r}, which {owner}", index))
        else:
            _compare(entry, part, offset, size, index, where, defects, oddities)
    if any(left[0] > right[0] for left, right in pairwise(ranges)):
        oddities.add(Oddity.ORDER)
    if len(ranges) == len(claimed):
        defects.extend(_sweep(ranges, session.file_size))
    return PartListReading(tuple(defects), frozenset(oddities))


class _Where(NamedTuple):
    """An entry for a message, counted from 1 as people count; made for every entry, and put in words for few."""

    number: int
    of: int

    def __str__(self) -> str:
        if self.of == 1:
            return "the only entry"
        return f"the last of {self.of} entries" if self.number == self.of else f"entry {self.number} of {self.of}"


def _read_entry(
    entry: Any, index: int, where: _Where, defects: list[Defect], oddities: set[Oddity]
) -> tuple[int | None, int | None]:
    """Checks the shape of one entry; gives offset and size where they can be read as integers."""

    def malformed(message: str) -> None:
        defects.append(Defect(DefectKind.MALFORMED, message, index))

    if not isinstance(entry, dict):
        malformed(f"{where} is {_kind_of(entry)}, not an object")
        return None, None
    for member in _MEMBERS:
        if member not in entry:
            malformed(f"{where} has no {member}")
    if "part_id" in entry and not isinstance(entry["part_id"], str):
        malformed(f"{where} has {_kind_of(entry['part_id'])} as part_id, not a string")
    if "sha512" in entry:
        oddities.add(Oddity.SHA512)
    numbers: list[int | None] = []
    for member in ("offset", "size"):
        value = entry.get(member)
        number = _integer(value)
        if member in entry and number is None:
            malformed(f"{where} has {_kind_of(value)} as {member}, not a whole number")
        elif number is not None and not -INT64_MAX - 1 <= number <= INT64_MAX:
            malformed(f"{where} has a number as {member} that does not fit int64")
            number = None  # not compared with anything: it may have more digits than a message can hold
        elif number is not None and number < 0:
            malformed(f"{where} has {number} as {member}, which is negative")
        elif isinstance(value, float):
            oddities.add(Oddity.INTEGRAL_FLOAT)
        numbers.append(number)
    return numbers[0], numbers[1]


def _compare(
    entry: dict[str, Any],
    part: UploadedPart,
    offset: int | None,
    size: int | None,
    index: int,
    where: _Where,
    defects: list[Defect],
    oddities: set[Oddity],
) -> None:
    """Compares a claimed entry with the uploaded part of the same id."""
    if offset is not None and offset != part.offset:
        message = f"{where} claims offset {offset} for a part uploaded at {part.offset}"
        defects.append(Defect(DefectKind.WRONG_OFFSET, message, index))
    if size is not None and size != part.size:
        message = f"{where} claims size {size} where {part.size} bytes were uploaded"
        defects.append(Defect(DefectKind.WRONG_SIZE, message, index))
    if "sha1" not in entry:
        oddities.add(Oddity.SHA1_OMITTED)
        return
    sha1 = entry["sha1"]
    if sha1 is None:
        oddities.add(Oddity.SHA1_NULL)
    elif not isinstance(sha1, str):
        defects.append(Defect(DefectKind.MALFORMED, f"{where} has {_kind_of(sha1)} as sha1, not a string", index))
    elif sha1 != part.sha1.lower():
        if sha1.lower() == part.sha1.lower():
            oddities.add(Oddity.SHA1_CASE)
        elif _base64_hex(sha1) == part.sha1.lower():
            oddities.add(Oddity.SHA1_BASE64)
        else:
            message = f"{where} claims sha1 {sha1[:48]!r} for a part whose sha1 is {part.sha1}"
            defects.append(Defect(DefectKind.WRONG_SHA1, message, index))


def _sweep(ranges: list[_Range], file_size: int) -> list[Defect]:
    """Walks the claimed ranges by offset and names gaps, overlaps and what lies past the end."""
    defects = []
    reached = 0
    for offset, end, index in sorted(ranges):
        if offset > reached and reached < file_size:
            message = _bytes_text(reached, min(offset, file_size) - 1, "missing")
            defects.append(Defect(DefectKind.GAP, message, index))
        elif offset < reached and offset < end:
            message = _bytes_text(offset, min(reached, end) - 1, "claimed twice")
            defects.append(Defect(DefectKind.OVERLAP, message, index))
        if end > file_size or (offset >= file_size and file_size):
            defects.append(
                Defect(
                    DefectKind.PAST_END,
                    f"{_Where(index + 1, len(ranges))} reaches to {end}, and the file ends at {file_size}",
                    index,
                )
            )
        reached = max(reached, end)
    if reached < file_size:
        defects.append(Defect(DefectKind.GAP, _bytes_text(reached, file_size - 1, "missing")))
    return defects


def _bytes_text(first: int, last: int, what: str) -> str:
    return f"byte {first} is {what}" if first == last else f"bytes {first} to {last} are {what}"


def _integer(value: Any) -> int | None:
    """A JSON integer; booleans are none, and floats only when they are whole numbers (JSON Schema, ``integer``)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


def _base64_hex(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return None


def _kind_of(value: Any) -> str:
    """A JSON value's type for a message, with its value where that is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"the number {value!r}"[:60] if isinstance(value, float) or abs(value) < 10**40 else "a huge number"
    if isinstance(value, str):
        return f"the string {value[:32]!r}"
    return "a list" if isinstance(value, list) else "an object"
