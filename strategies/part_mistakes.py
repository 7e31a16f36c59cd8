"""What can be done wrong to a part list: strategies for edits, from which `part_lists` and `defects` draw.

Each function gives edits of one sort. Those with a place take a strategy for places. All shrink to the smallest change
at the first place. What an edit needs to have an effect, such as a second part, is said where it is not obvious.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from strategies.entry_edits import Change, Foreign, Restyle, Set, Trim, WrongId, WrongSha1
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
    MoveBoundaries,
    MoveBoundary,
    Overdraw,
    Overlap,
    Replace,
    SameId,
    ShiftAll,
    Split,
)
from strategies.plan import ABSENT, PartEdit

INT64 = 2**63
Edits = st.SearchStrategy[PartEdit]
Places = st.SearchStrategy[int]

#: Every place of lists of up to forty parts; the last and the next to last are frequent. Simplest: the first.
PLACES: Places = st.sampled_from([*range(41), *[-1, -2] * 10, *range(-3, -41, -1)])
#: Bytes: one, a few, round numbers, anything up to a mebibyte.
STEPS = st.sampled_from([1, 2, 512, 1024, 4096]) | st.integers(1, 1 << 20)
SIGNED_STEPS = STEPS | STEPS.map(lambda step: -step)
_PARTS = st.integers(1, 3) | st.integers(-3, -1)
_NUMBERS = st.sampled_from(["offset", "size"])

_texts = st.text(max_size=20)
_fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda value: not value.is_integer())
#: JSON that is neither an object nor a whole number, with objects and numbers further inside.
_leaves = st.none() | st.booleans() | st.integers() | _fractions | _texts
_inner = st.recursive(
    _leaves,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=8), deeper, max_size=3),
    max_leaves=6,
)
_lists = st.lists(_inner, max_size=3)
_objects = st.dictionaries(st.text(max_size=8), _inner, max_size=3)
not_whole_numbers: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.text(max_size=5) | _fractions | _lists | _objects
)
not_strings: st.SearchStrategy[Any] = st.integers() | st.none() | st.booleans() | _fractions | _lists | _objects


def no_simpler(edits: Edits, *spent: st.SearchStrategy[Any]) -> Edits:
    """The same edits, with ``spent`` drawn for nothing: Hypothesis takes what has the fewest choices for simplest."""
    return st.tuples(*spent, edits).map(lambda drawn: drawn[-1])


def dropped(places: Places = PLACES, *, most: int = 1) -> Edits:
    """Parts left out, up to ``most`` in a row."""
    return st.builds(Drop, at=places, count=st.integers(1, most))


def trimmed(places: Places = PLACES) -> Edits:
    """A part that claims less than it has, at its end or at its front."""
    return st.builds(Trim, at=places, by=STEPS, front=st.booleans())


def wrong_offsets(places: Places = PLACES) -> Edits:
    """An offset that is off by bytes or by whole parts, or all of them off by as much."""
    return st.one_of(
        st.builds(Change, at=places, member=st.just("offset"), by=SIGNED_STEPS),
        st.builds(Change, at=places, member=st.just("offset"), by=_PARTS, unit=st.just("part")),
        no_simpler(st.builds(ShiftAll, by=SIGNED_STEPS), places),
    )


def wrong_sizes(places: Places = PLACES) -> Edits:
    """A size that is off by bytes or by whole parts, or none at all."""
    return st.one_of(
        st.builds(Change, at=places, member=st.just("size"), by=SIGNED_STEPS),
        st.builds(Change, at=places, member=st.just("size"), by=_PARTS, unit=st.just("part")),
        no_simpler(st.builds(Set, at=places, member=st.just("size"), value=st.just(0)), SIGNED_STEPS),
        trimmed(places),
    )


def exchanged(places: Places = PLACES, *, parts: int = 2) -> Edits:
    """The ids or the offsets of two parts exchanged; takes ``parts`` parts, two or more."""
    between = st.tuples(places, st.integers(1, parts - 1))
    member = st.sampled_from(["part_id", "offset"])
    return st.builds(lambda pair, what: Exchange(at=pair[0], other=pair[0] + pair[1], member=what), between, member)


def moved_boundaries(places: Places = PLACES) -> Edits:
    """Ranges that tile the file along other boundaries than the parts; takes two parts."""
    return st.one_of(
        st.builds(MoveBoundary, at=places, by=SIGNED_STEPS),
        no_simpler(st.builds(Join, at=places), SIGNED_STEPS),
        no_simpler(st.builds(Split, at=places), SIGNED_STEPS),
        no_simpler(st.builds(MoveBoundaries, by=SIGNED_STEPS), places),
    )


def duplicates(places: Places = PLACES) -> Edits:
    """A part once more than it was uploaded."""
    return st.builds(Duplicate, at=places, at_end=st.booleans()) | no_simpler(
        st.builds(Split, at=places), st.booleans()
    )


def stand_ins(places: Places = PLACES, *, parts: int = 2) -> Edits:
    """A part in another's place, whole or by its id, so that the count fits; takes ``parts`` parts, two or more."""
    between = st.tuples(places, st.integers(1, parts - 1))
    return st.one_of(
        no_simpler(between.map(lambda pair: Instead(at=pair[0], copy_of=pair[0] + pair[1])), st.booleans()),
        no_simpler(between.map(lambda pair: SameId(at=pair[0], as_of=pair[0] + pair[1])), st.booleans()),
    )


def overlapping(places: Places = PLACES) -> Edits:
    """A part that covers bytes of the one before it; takes two parts."""
    return st.builds(Overlap, at=places, by=STEPS)


def inside(places: Places = PLACES) -> Edits:
    """An entry more within the range of a part."""
    return no_simpler(st.builds(Inside, at=places), STEPS)


def unknown_ids(places: Places = PLACES) -> Edits:
    """An id the session does not have, from one that shares nothing with the right one to one that nearly is it."""
    styles = ["other", "prefix", "extended", "longer in front", "empty", "spaced", "place"]
    return st.builds(WrongId, at=places, style=st.sampled_from(styles))


def foreign_parts(places: Places = PLACES, *, aborted: bool = False) -> Edits:
    """A part of another session, its id alone or more of it; with ``aborted`` of a session that was aborted too."""
    forms = st.sampled_from([(False, False), (True, False), (False, True)])
    whose = st.booleans() if aborted else st.just(False)
    return st.builds(
        lambda at, form, gone: Foreign(at=at, whole=form[0], exact=form[1], aborted=gone), places, forms, whose
    )


def wrong_sha1s(places: Places = PLACES) -> Edits:
    """A SHA-1 of other content: of a neighbour, of the file, or wrong in any one digit."""
    styles = st.sampled_from(["other", "neighbour", "upper other", "file"])
    return st.builds(WrongSha1, at=places, style=styles) | st.builds(
        WrongSha1, at=places, style=st.just("digit"), digit=st.integers(0, 39)
    )


def misshapen_sha1s(places: Places = PLACES) -> Edits:
    """A text for a SHA-1 that no reading makes right."""
    styles = ["short", "long", "base64 of other"]  # an empty one may pass for one that is left out
    return st.builds(WrongSha1, at=places, style=st.sampled_from(styles))


def sha1_types(places: Places = PLACES) -> Edits:
    """Something else than a text for a SHA-1. Null is not among it: the contract leaves it open."""
    return st.builds(WrongSha1, at=places, style=st.sampled_from(["number", "list"])) | st.builds(
        Set, at=places, member=st.just("sha1"), value=not_strings.filter(lambda value: value is not None)
    )


def past_end() -> Edits:
    """An entry behind the end of the file, or a last part that reaches over it."""
    return st.one_of(
        st.builds(Append, size=st.integers(1, 1 << 20), beyond=st.integers(0, 1 << 20), known_id=st.booleans()),
        st.builds(Change, at=st.just(-1), member=_NUMBERS, by=STEPS),
    )


def empty_entries(places: Places = PLACES) -> Edits:
    """An entry of zero bytes too many."""
    return st.builds(InsertEmpty, at=places, known_id=st.booleans()) | no_simpler(
        st.just(Append(size=0)), places, st.booleans()
    )


def missing_members(places: Places = PLACES) -> Edits:
    """One of the members that an entry must have left out, or all."""
    member = st.sampled_from(["part_id", "offset", "size"])
    return st.one_of(
        st.builds(Set, at=places, member=member, value=st.just(ABSENT)),
        no_simpler(st.builds(Replace, value=st.just({}), at=places), st.booleans()),
    )


def number_types(places: Places = PLACES) -> Edits:
    """Offset or size as anything but a whole number, most often with the right digits."""
    styles = st.sampled_from(["string", "fraction", "list", "object"])
    return st.one_of(
        st.builds(Restyle, at=places, member=_NUMBERS, style=styles),
        st.builds(Set, at=places, member=_NUMBERS, value=not_whole_numbers),
    )


def id_types(places: Places = PLACES) -> Edits:
    """Something else than a text for an id."""
    return st.builds(Set, at=places, member=st.just("part_id"), value=not_strings)


def negative_numbers(places: Places = PLACES) -> Edits:
    """A negative offset or size."""
    return st.builds(Set, at=places, member=_NUMBERS, value=st.integers(-INT64, -1))


def overdrawn(places: Places = PLACES) -> Edits:
    """A negative size that the part before it makes up for; takes two parts."""
    return st.builds(Overdraw, at=places, by=STEPS)


def beyond_int64(places: Places = PLACES) -> Edits:
    """An offset or a size that 64 bits do not hold."""
    huge = st.integers(INT64, INT64**3) | st.integers(-(INT64**3), -INT64 - 1) | st.sampled_from([10**100, 10**400])
    return st.builds(Set, at=places, member=_NUMBERS, value=huge)


def not_entries(places: Places = PLACES) -> Edits:
    """Something else than an object in the place of a part."""
    return st.builds(Replace, value=_leaves | _lists, at=places)


def not_lists() -> Edits:
    """Something else than a list in the place of the list."""
    return st.builds(Replace, value=_leaves | _objects) | st.just(AsObject())
