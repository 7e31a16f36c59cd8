"""Part lists, drawn from what is wrong with them.

Each constant is one kind of mistake; `FAMILIES` has them by name. The edits they are made of live in `part_edits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from strategies.digests import OfListed, WithForeignPart
from strategies.family import Family
from strategies.part_edits import (
    Append,
    AsObject,
    Change,
    Drop,
    Duplicate,
    Foreign,
    InsertEmpty,
    Instead,
    MoveBoundary,
    Overlap,
    Reorder,
    Replace,
    Restyle,
    Set,
    Split,
    SwapIds,
    WrongId,
    WrongSha1,
)
from strategies.plan import ABSENT, CommitPlan, PartEdit

INT64 = 2**63


def _plan(*edits: PartEdit) -> CommitPlan:
    return CommitPlan(parts=edits)


def _listed(edit: PartEdit) -> CommitPlan:
    """With the digest of what is listed: only the list gives the mistake away."""
    return CommitPlan(parts=(edit,), digest=OfListed())


def _family(
    name: str, representatives: list[Any], drawn: st.SearchStrategy[Any], *, listed: Sequence[PartEdit] = ()
) -> Family:
    """Plans with the digest of the whole file, and for ``listed`` also with that of just what is listed."""
    plans = [_plan(edit) for edit in representatives] + [_listed(edit) for edit in listed]
    both = drawn.map(_plan) | drawn.map(_listed) if listed else drawn.map(_plan)
    return Family(name=name, representatives=tuple(plans), drawn=both)


_places = st.integers(0, 40) | st.integers(-40, -1)
_steps = st.one_of(st.sampled_from([1, -1, 2, 512, 1024, 4096]), st.integers(1, 1 << 20)).filter(bool)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_not_entries = _json.filter(lambda value: not isinstance(value, dict))

required = _family(
    "no part list",
    [Replace(value=ABSENT)],
    st.just(Replace(value=ABSENT)),
)
not_a_list = _family(
    "something else than a list of objects",
    [
        Replace(value=None),
        AsObject(),
        Replace(value="parts"),
        Replace(value=None, at=0),
        Replace(value=[1]),
        Replace(value={}),
        Replace(value="part", at=-1),
        Replace(value=7),
        Replace(value=[], at=1),
    ],
    st.builds(Replace, value=_json.filter(lambda value: not isinstance(value, list)))
    | st.builds(Replace, value=_not_entries, at=_places),
)
empty = _family("an empty list", [Replace(value=[])], st.just(Replace(value=[])), listed=[Replace(value=[])])
missing_last = _family(
    "the last part missing",
    [Drop(at=-1), Drop(at=-1, count=2)],
    st.builds(Drop, at=st.just(-1), count=st.integers(1, 8)),
    listed=[Drop(at=-1)],
)
gaps = _family(
    "a hole",
    [Drop(at=0), Drop(at=-2), Drop(at=1), Drop(at=0, count=2)],
    st.builds(Drop, at=st.integers(0, 40), count=st.integers(1, 3)),
    listed=[Drop(at=1), Drop(at=0)],
)
unknown = _family(
    "an unknown part",
    [
        WrongId(at=0),
        WrongId(at=-1),
        WrongId(at=1, style="prefix"),
        WrongId(at=0, style="extended"),
        WrongId(at=-1, style="empty"),
    ],
    st.builds(WrongId, at=_places, style=st.sampled_from(["other", "prefix", "extended", "empty", "spaced"])),
)
#: The first part of another session just as it was uploaded there, with the digest that fits.
foreign_exactly = CommitPlan(parts=(Foreign(at=0, exact=True),), digest=WithForeignPart())
foreign = _family(
    "a part of another session",
    [Foreign(at=0), Foreign(at=-1, whole=True), Foreign(at=1, whole=True)],
    st.builds(Foreign, at=_places, whole=st.booleans()),
)
wrong_offset = _family(
    "a wrong offset",
    [
        Change(at=0, member="offset", by=1),
        Change(at=-1, member="offset", by=1),
        Change(at=1, member="offset", by=-1),
        Change(at=-1, member="offset", by=1024),
        Set(at=-1, member="offset", value=0),
    ],
    st.builds(Change, at=_places, member=st.just("offset"), by=_steps),
    listed=[Change(at=-1, member="offset", by=-1)],
)
wrong_size = _family(
    "a wrong size",
    [
        Change(at=0, member="size", by=1),
        Change(at=0, member="size", by=-1),
        Change(at=-2, member="size", by=1),
        Set(at=1, member="size", value=0),
        Change(at=-2, member="size", by=-1),
    ],
    st.builds(Change, at=st.integers(0, 40), member=st.just("size"), by=_steps),
    listed=[Change(at=0, member="size", by=-1)],
)
wrong_sum = _family(
    "a wrong size of the last part",
    [
        Change(at=-1, member="size", by=-1),
        Change(at=-1, member="size", by=1),
        Set(at=-1, member="size", value=0),
        Change(at=-1, member="size", by=4096),
    ],
    st.builds(Change, at=st.just(-1), member=st.just("size"), by=_steps | _steps.map(lambda n: -n)),
    listed=[Change(at=-1, member="size", by=-1)],
)
moved_boundaries = _family(
    "a moved boundary",
    [
        MoveBoundary(at=0, by=1),
        MoveBoundary(at=-1, by=-1),
        SwapIds(at=0, other=1),
        Split(at=0),
        MoveBoundary(at=1, by=512),
    ],
    st.builds(MoveBoundary, at=_places, by=_steps | _steps.map(lambda n: -n)),
)
wrong_sha1 = _family(
    "a wrong part sha1",
    [
        WrongSha1(at=0, style="other"),
        WrongSha1(at=-1, style="digit", digit=-1),
        WrongSha1(at=1, style="neighbour"),
        WrongSha1(at=0, style="digit", digit=0),
        WrongSha1(at=-1, style="upper other"),
        WrongSha1(at=0, style="file"),
    ],
    st.builds(
        WrongSha1,
        at=_places,
        style=st.sampled_from(["other", "neighbour", "digit", "upper other", "file"]),
        digit=st.integers(0, 39),
    ),
)
malformed_sha1 = _family(
    "a sha1 that no reading makes right",
    [
        WrongSha1(at=0, style="short"),
        WrongSha1(at=-1, style="long"),
        WrongSha1(at=0, style="number"),
        WrongSha1(at=1, style="base64 of other"),
        WrongSha1(at=0, style="list"),
    ],
    st.builds(WrongSha1, at=_places, style=st.sampled_from(["short", "long", "number", "base64 of other", "list"])),
)
duplicates = _family(
    "a part twice",
    [
        Duplicate(at=0),
        Duplicate(at=-1),
        Instead(at=1, copy_of=0),
        Duplicate(at=0, at_end=True),
        Instead(at=-2, copy_of=0),
    ],
    st.builds(Duplicate, at=_places, at_end=st.booleans()),
    listed=[Duplicate(at=0), Instead(at=1, copy_of=0)],
)
overlaps = _family(
    "overlapping ranges",
    [Overlap(at=0, by=1), Overlap(at=-1, by=1), Overlap(at=0, by=1024)],
    st.builds(Overlap, at=_places, by=_steps.map(abs)),
    listed=[Overlap(at=0, by=1)],
)
past_end = _family(
    "an entry past the end",
    [Append(size=1), Append(size=1024), Append(size=1, beyond=1), Append(size=16, known_id=True)],
    st.builds(Append, size=st.integers(1, 1 << 20), beyond=st.integers(0, 1 << 20), known_id=st.booleans()),
)
too_many = _family(
    "entries of zero bytes too many",
    [Append(size=0), InsertEmpty(at=0), InsertEmpty(at=-1)],
    st.builds(InsertEmpty, at=_places),
)
missing_members = _family(
    "a member left out",
    [
        Set(at=0, member="part_id", value=ABSENT),
        Set(at=1, member="offset", value=ABSENT),
        Set(at=-1, member="size", value=ABSENT),
        Set(at=0, member="offset", value=ABSENT),
        Set(at=-1, member="part_id", value=ABSENT),
        Replace(value={}, at=0),
    ],
    st.builds(Set, at=_places, member=st.sampled_from(["part_id", "offset", "size"]), value=st.just(ABSENT)),
)
number_types = _family(
    "a number of another type",
    [
        Restyle(at=0, member="size", style="string"),
        Restyle(at=1, member="offset", style="string"),
        Restyle(at=-1, member="size", style="fraction"),
        Set(at=0, member="offset", value=False),
        Set(at=0, member="size", value=None),
        Restyle(at=0, member="offset", style="list"),
        Set(at=0, member="part_id", value=7),
    ],
    st.builds(
        Restyle,
        at=_places,
        member=st.sampled_from(["offset", "size"]),
        style=st.sampled_from(["string", "fraction", "list", "object"]),
    )
    | st.builds(
        Set,
        at=_places,
        member=st.sampled_from(["offset", "size"]),
        value=st.booleans() | st.none() | st.text(max_size=5),
    ),
)
negative = _family(
    "a negative number",
    [
        Set(at=0, member="offset", value=-1),
        Set(at=-1, member="size", value=-1),
        Set(at=1, member="offset", value=-4096),
    ],
    st.builds(Set, at=_places, member=st.sampled_from(["offset", "size"]), value=st.integers(-INT64, -1)),
)
beyond_int64 = _family(
    "a number beyond int64",
    [
        Set(at=0, member="size", value=INT64),
        Set(at=-1, member="offset", value=2 * INT64),
        Set(at=0, member="offset", value=-INT64 - 1),
        Set(at=0, member="size", value=10**400),
    ],
    st.builds(
        Set,
        at=_places,
        member=st.sampled_from(["offset", "size"]),
        value=st.integers(INT64, INT64**3) | st.integers(-(INT64**3), -INT64 - 1),
    ),
)
#: Another order with the digest of the bytes in that order: to commit it would be to store them so.
in_list_order = Family(
    name="bytes in the order of the list",
    representatives=(_listed(Reorder()), _listed(Reorder(by=1))),
    drawn=st.builds(Reorder, by=st.integers(0, 40)).map(_listed),
)
reordered = _family(
    "another order",
    [Reorder(), Reorder(by=1)],
    st.builds(Reorder, by=st.integers(0, 40)),
)

#: Every family of bad part lists, by name of the constant above. `reordered` is not among them: it may be right.
FAMILIES: dict[str, Family] = {
    "required": required,
    "not_a_list": not_a_list,
    "empty": empty,
    "missing_last": missing_last,
    "gaps": gaps,
    "unknown": unknown,
    "foreign": foreign,
    "wrong_offset": wrong_offset,
    "wrong_size": wrong_size,
    "wrong_sum": wrong_sum,
    "moved_boundaries": moved_boundaries,
    "wrong_sha1": wrong_sha1,
    "malformed_sha1": malformed_sha1,
    "duplicates": duplicates,
    "overlaps": overlaps,
    "past_end": past_end,
    "too_many": too_many,
    "missing_members": missing_members,
    "number_types": number_types,
    "negative": negative,
    "beyond_int64": beyond_int64,
}
