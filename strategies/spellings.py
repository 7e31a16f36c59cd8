"""Offsets and sizes spelled in other ways than clients do, and members of a part given twice.

JSON as a value cannot hold these: `8`, `8.0` and `8e0` are one number once they are read. So they are edits of the
body's bytes, made after everything else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from strategies.part_mistakes import PLACES, SIGNED_STEPS, Places
from strategies.plan import CommitPlan, encode
from strategies.wording import off_by, part_text

#: Spellings of whole numbers that JSON has and that nothing decides about, with ``#`` for the digits.
UNUSUAL = ("#.0", "#.000", "#e0", "#E+0", "#.0e-0")
#: Spellings of numbers that are no JSON, so that the whole body is none.
INVALID = ("0#", "+#", "0x#", "#.", ".#", "#_0", "# e0", "NaN", "Infinity", "-Infinity", "#,", "#.#.#", "--#")
_MARK = "the place of a number \u2060"


def _numbered(members: dict[str, Any], at: int, member: str, text: str) -> bytes:
    """The body with ``text`` where the number of one part stands; ``#`` in it are the digits."""
    entry = _entry(members, at)
    if entry is None or member not in entry:
        return encode(members)
    digits = json.dumps(entry[member])
    entry[member] = _MARK
    return encode(members).replace(encode(_MARK), text.replace("#", digits).encode())


def _entry(members: dict[str, Any], at: int) -> dict[str, Any] | None:
    parts = members.get("parts")
    entry = parts[at % len(parts)] if isinstance(parts, list) and parts else None
    return entry if isinstance(entry, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """Spells the right offset or size of one part in another way; ``#`` stands for its digits."""

    at: int
    member: str
    how: str

    def render(self, members: dict[str, Any]) -> bytes:
        return _numbered(members, self.at, self.member, self.how)

    def __str__(self) -> str:
        return f"{self.member} of {part_text(self.at)}, with # for its digits, is spelled {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTwice:
    """Gives offset or size of one part twice: the right one first, and then one that is off by ``by``."""

    at: int
    member: str
    by: int

    def render(self, members: dict[str, Any]) -> bytes:
        return _numbered(members, self.at, self.member, f'#,"{self.member}":{self._wrong(members)}')

    def _wrong(self, members: dict[str, Any]) -> int:
        number = (_entry(members, self.at) or {}).get(self.member, 0)
        return (number if isinstance(number, int) else 0) + self.by

    def __str__(self) -> str:
        return f"{self.member} of {part_text(self.at)} is given twice, the second time {off_by(self.by, self.member)}"


_numbers = st.sampled_from(["offset", "size"])


def _plans(edits: st.SearchStrategy[Any]) -> st.SearchStrategy[CommitPlan]:
    return edits.map(lambda edit: CommitPlan(body=edit))


def unusual(places: Places = PLACES) -> st.SearchStrategy[CommitPlan]:
    """Commits with one right number spelled as a float or with an exponent: they may be taken or refused."""
    return _plans(st.builds(Spelled, at=places, member=_numbers, how=st.sampled_from(UNUSUAL)))


def invalid(places: Places = PLACES) -> st.SearchStrategy[CommitPlan]:
    """Commits with one number spelled as JSON does not: they have to be refused."""
    return _plans(st.builds(Spelled, at=places, member=_numbers, how=st.sampled_from(INVALID)))


def given_twice(places: Places = PLACES) -> st.SearchStrategy[CommitPlan]:
    """Commits with one number given twice, the second time wrong, where RFC 8259 lets the last one count."""
    return _plans(st.builds(GivenTwice, at=places, member=_numbers, by=SIGNED_STEPS))
