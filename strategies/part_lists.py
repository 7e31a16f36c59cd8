"""Part lists, drawn from what is wrong with them.

Each constant is one kind of mistake; `FAMILIES` has them by name. The edits they are made of live in `part_edits` and
`entry_edits`; what is drawn beyond the representatives comes from `part_mistakes`, as in `defects`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from strategies import part_mistakes as mistakes
from strategies.digests import OfListed, WithForeignPart
from strategies.entry_edits import Change, Foreign, Restyle, Set, WrongId, WrongSha1
from strategies.family import Family
from strategies.part_edits import (
    Append,
    AsObject,
    Drop,
    Duplicate,
    Exchange,
    InsertEmpty,
    Inside,
    Instead,
    Join,
    MoveBoundary,
    Overdraw,
    Overlap,
    Reorder,
    Replace,
    SameId,
    Split,
)
from strategies.part_mistakes import INT64
from strategies.plan import ABSENT, USUAL, CommitPlan, PartEdit
from strategies.right_lists import orders


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


#: Places counted from the front: of a list that is longer than the place, never the last because it is the last.
_FRONT = st.integers(0, 40)

required = Family(
    name="no part list",
    representatives=(_plan(Replace(value=ABSENT)), CommitPlan(parts=(Replace(value=ABSENT),), attributes=ABSENT)),
    drawn=st.sampled_from([USUAL, ABSENT, {}]).map(
        lambda attributes: CommitPlan(parts=(Replace(value=ABSENT),), attributes=attributes)
    ),
)
not_a_list = _family(
    "something else than a list of objects",
    [
        Replace(value=None),
        AsObject(),
        Replace(value="parts"),
        Replace(value=None, at=0),
        Replace(value=[1]),
        Replace(value="part", at=-1),
        Replace(value=[], at=1),
    ],
    mistakes.not_lists() | mistakes.not_entries(),
)
empty = _family("an empty list", [Replace(value=[])], st.just(Replace(value=[])), listed=[Replace(value=[])])
missing_last = _family(
    "the last part missing",
    [Drop(at=-1), Drop(at=-1, count=2)],
    mistakes.dropped(st.just(-1), most=8),
    listed=[Drop(at=-1)],
)
gaps = _family(
    "a hole",
    [Drop(at=0), Drop(at=-2), Drop(at=1), Drop(at=0, count=2)],
    mistakes.dropped(_FRONT, most=3),
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
    mistakes.unknown_ids(),
)
#: The first part of another session just as it was uploaded there, with the digest that fits.
foreign_exactly = CommitPlan(parts=(Foreign(at=0, exact=True),), digest=WithForeignPart())
#: Parts of another session in the place of the last one.
foreign_last = (CommitPlan(parts=(Foreign(at=-1),)), CommitPlan(parts=(Foreign(at=-1, exact=True),)))
foreign = _family(
    "a part of another session",
    [Foreign(at=0), Foreign(at=0, exact=True), Foreign(at=-1, whole=True)],
    mistakes.foreign_parts(),
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
    mistakes.wrong_offsets(),
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
    mistakes.wrong_sizes(_FRONT),
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
    mistakes.wrong_sizes(st.just(-1)),
    listed=[Change(at=-1, member="size", by=-1)],
)
moved_boundaries = _family(
    "a moved boundary",
    [
        MoveBoundary(at=0, by=1),
        MoveBoundary(at=-1, by=-1),
        Exchange(at=0, other=1),
        Split(at=0),
        Join(at=0),
    ],
    mistakes.moved_boundaries() | mistakes.exchanged(),
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
    mistakes.wrong_sha1s(),
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
    mistakes.misshapen_sha1s() | mistakes.sha1_types(),
)
duplicates = _family(
    "a part twice",
    [
        Duplicate(at=0),
        Duplicate(at=-1),
        Instead(at=1, copy_of=0),
        Duplicate(at=0, at_end=True),
        Instead(at=-2, copy_of=0),
        SameId(at=1, as_of=0),
    ],
    mistakes.duplicates() | mistakes.stand_ins(),
    listed=[Duplicate(at=0), Instead(at=1, copy_of=0)],
)
overlaps = _family(
    "overlapping ranges",
    [Overlap(at=0, by=1), Overlap(at=-1, by=1), Overlap(at=0, by=1024), Inside(at=0)],
    mistakes.overlapping() | mistakes.inside(),
    listed=[Overlap(at=0, by=1)],
)
past_end = _family(
    "an entry past the end",
    [
        Append(size=1),
        Append(size=1024),
        Append(size=1, beyond=1),
        Append(size=16, known_id=True),
        Change(at=-1, member="size", by=1, unit="part"),
    ],
    mistakes.past_end(),
)
too_many = _family(
    "entries of zero bytes too many",
    [Append(size=0), InsertEmpty(at=0), InsertEmpty(at=-1), InsertEmpty(at=0, known_id=True)],
    mistakes.empty_entries(),
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
    mistakes.missing_members(),
)
number_types = _family(
    "a number of another type",
    [
        Restyle(at=0, member="size", style="string"),
        Restyle(at=1, member="offset", style="string"),
        Restyle(at=-1, member="size", style="fraction"),
        Set(at=0, member="offset", value=False),
        Set(at=0, member="size", value=None),
        Set(at=0, member="part_id", value=7),
    ],
    mistakes.number_types(),
)
negative = _family(
    "a negative number",
    [
        Set(at=0, member="offset", value=-1),
        Set(at=-1, member="size", value=-1),
        Set(at=1, member="offset", value=-4096),
        Overdraw(at=0, by=1),
    ],
    mistakes.negative_numbers() | mistakes.overdrawn(),
)
beyond_int64 = _family(
    "a number beyond int64",
    [
        Set(at=0, member="size", value=INT64),
        Change(at=-1, member="offset", by=2 * INT64),  # the right one again, for whoever keeps 64 bits of it
        Set(at=0, member="offset", value=-INT64 - 1),
        Set(at=0, member="size", value=10**400),
    ],
    mistakes.beyond_int64(),
)
#: Wrong by 32 bits exactly: whoever keeps or compares no more of a number than that takes it for right.
beyond_32_bits = _family(
    "a number beyond 32 bits",
    [
        Change(at=-1, member="offset", by=2**32),
        Change(at=0, member="size", by=2**32),
        Change(at=0, member="offset", by=2**33),
    ],
    st.builds(
        Change,
        at=st.integers(0, 40) | st.just(-1),
        member=st.sampled_from(["offset", "size"]),
        by=st.integers(1, 2**20).map(lambda times: times * 2**32),
    ),
)
#: Another order with the digest of the bytes in that order: to commit it would be to store them so.
in_list_order = Family(
    name="bytes in the order of the list",
    representatives=(_listed(Reorder()), _listed(Reorder(by=1))),
    drawn=orders.map(_listed),
)
reordered = _family(
    "another order",
    [Reorder(), Reorder(by=1)],
    orders,
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
    "beyond_32_bits": beyond_32_bits,
}
