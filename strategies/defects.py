"""Part lists drawn from their defects: which, where, how many, by how much.

    >>> wrong_lists(kinds={DefectKind.GAP})                        # lists with a hole, nothing else drawn
    >>> wrong_lists(places=st.just(-1), at_most=3)                 # up to three defects about the last part
    >>> wrong_lists(material=upload)                               # for this one upload

What is wrong is drawn first and the list is built from that, so a failure shrinks to one defect, by the smallest
amount, at the first place that shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hypothesis import strategies as st

from commit_conformance.model import DefectKind, read_part_list
from strategies import part_mistakes as mistakes
from strategies.digests import OfListed
from strategies.materials import Shape
from strategies.materials import material as upload_of
from strategies.part_edits import Append, Duplicate, InsertEmpty, Replace
from strategies.part_mistakes import PLACES, STEPS, Edits, Places, no_simpler
from strategies.plan import CommitPlan, Material, PartEdit

K = DefectKind
#: Kinds that show in ranges alone. Ranges are only compared where all can be read, so beside a malformed entry
#: these are not named.
_OF_RANGES = frozenset({K.GAP, K.OVERLAP, K.PAST_END})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Edits that bring one kind of defect.

    Attributes:
        kind: What the model names once the edit is made.
        edits: Given places and the least number of parts, the edits.
        parts: How many parts an upload must have for that.
        whole: Whether the list is replaced, so that nothing else can be wrong with it.
    """

    kind: DefectKind
    edits: Callable[[Places, int], Edits]
    parts: int = 1
    whole: bool = False


#: Where defects come from, by kind the simplest first.
SOURCES: tuple[Source, ...] = (
    Source(kind=K.GAP, parts=2, edits=lambda at, parts: mistakes.dropped(at, most=parts - 1)),
    Source(kind=K.GAP, edits=lambda at, _: mistakes.trimmed(at)),
    Source(kind=K.OVERLAP, parts=2, edits=lambda at, _: mistakes.overlapping(at)),
    Source(kind=K.OVERLAP, edits=lambda at, _: mistakes.inside(at)),
    Source(kind=K.OVERLAP, edits=lambda at, _: no_simpler(st.builds(Duplicate, at=at, at_end=st.booleans()), STEPS)),
    Source(kind=K.WRONG_SIZE, edits=lambda at, _: mistakes.wrong_sizes(at)),
    Source(kind=K.WRONG_SIZE, parts=2, edits=lambda at, _: mistakes.moved_boundaries(at)),
    Source(kind=K.WRONG_OFFSET, edits=lambda at, _: mistakes.wrong_offsets(at)),
    Source(kind=K.WRONG_OFFSET, parts=2, edits=lambda at, parts: mistakes.exchanged(at, parts=parts)),
    Source(kind=K.DUPLICATE, edits=lambda at, _: mistakes.duplicates(at)),
    Source(kind=K.DUPLICATE, parts=2, edits=lambda at, parts: mistakes.stand_ins(at, parts=parts)),
    Source(kind=K.UNKNOWN_PART, edits=lambda at, _: mistakes.unknown_ids(at)),
    Source(kind=K.UNKNOWN_PART, edits=lambda at, _: no_simpler(st.builds(InsertEmpty, at=at), st.booleans())),
    Source(kind=K.FOREIGN_PART, edits=lambda at, _: mistakes.foreign_parts(at)),
    Source(kind=K.WRONG_SHA1, edits=lambda at, _: mistakes.wrong_sha1s(at) | mistakes.misshapen_sha1s(at)),
    Source(kind=K.PAST_END, edits=lambda at, _: mistakes.past_end()),
    Source(kind=K.PAST_END, edits=lambda at, _: no_simpler(st.just(Append(size=0)), at, STEPS)),
    Source(kind=K.MALFORMED, edits=lambda at, _: mistakes.missing_members(at)),
    Source(kind=K.MALFORMED, edits=lambda at, _: mistakes.number_types(at)),
    Source(kind=K.MALFORMED, edits=lambda at, _: mistakes.negative_numbers(at) | mistakes.beyond_int64(at)),
    Source(kind=K.MALFORMED, edits=lambda at, _: mistakes.id_types(at) | mistakes.sha1_types(at)),
    Source(kind=K.MALFORMED, edits=lambda at, _: mistakes.not_entries(at)),
    Source(kind=K.MALFORMED, parts=2, edits=lambda at, _: mistakes.overdrawn(at)),
    Source(kind=K.MALFORMED, edits=lambda at, _: no_simpler(mistakes.not_lists(), at, st.booleans()), whole=True),
    Source(kind=K.EMPTY, edits=lambda at, _: no_simpler(st.just(Replace(value=[])), at, STEPS), whole=True),
)
_OF_ABORTED = Source(kind=K.FOREIGN_PART, edits=lambda at, _: mistakes.foreign_parts(at, aborted=True))


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One defect, and the edit that brings it."""

    kind: DefectKind
    edit: PartEdit
    whole: bool


_ByKind = dict[DefectKind, st.SearchStrategy[_Drawn]]


def wrong_lists(
    *,
    kinds: Collection[DefectKind] | None = None,
    places: Places | None = None,
    at_most: int = 1,
    parts: int = 2,
    material: Material | None = None,
    listed: bool = True,
) -> st.SearchStrategy[CommitPlan]:
    """Commits that are right but for their part list, which has one defect or several.

    The model's reading of the list that is built names every kind that was drawn, with one exception that the
    contract makes: in a list with a malformed entry, ranges are not compared.

    Args:
        kinds: Kinds of defects to draw from; all by default. Several of one list need not be of one kind.
        places: Places in the list to be wrong at, as edits count them: `st.just(-1)` is the last part. Defects that
            have their place by nature, such as an entry behind the end, keep it.
        at_most: How many defects one list may have.
        parts: How many parts the uploads have at least, for which plans are drawn without a ``material``.
        material: Draw for this upload. Without one, plans fit every upload of at least ``parts`` parts.
        listed: Whether some come with the digest of just the bytes that they list, which gives nothing away.

    Raises:
        ValueError: None of the ``kinds`` can be had on such an upload: parts of other sessions need a material
            with a foreign part, or a caller that asks for them by name and has one.
    """
    foreign = material is None or (
        material.foreign is not None and material.foreign.part_id in material.session.foreign
    )
    if kinds is None:
        kinds = [kind for kind in DefectKind if kind is not K.FOREIGN_PART or (material and foreign)]
    elif not foreign:
        kinds = [kind for kind in kinds if kind is not K.FOREIGN_PART]
    if not kinds:
        raise ValueError("no kind of defect to draw: this material has no part of another session to name")
    if at_most < 1:
        raise ValueError(f"at_most is {at_most}: a wrong list has at least one defect")
    count = len(material.session.parts) if material else parts
    if count < 1:
        raise ValueError(f"uploads of {count} parts have no list to be wrong")
    if places is None:
        places = PLACES if material is None else _places_of(count)
    by_kind = _edits(frozenset(kinds), places, count, material is not None and material.aborted is not None)
    uploads = (material,) if material else _probes(count)
    found = _defects(by_kind, at_most).filter(lambda drawn: all(_shows(drawn, upload) for upload in uploads))
    return _commits(found, listed)


@st.composite
def _commits(draw: st.DrawFn, found: st.SearchStrategy[list[_Drawn]], listed: bool) -> CommitPlan:
    edits = tuple(drawn.edit for drawn in draw(found))
    return CommitPlan(parts=edits, digest=OfListed() if listed and draw(st.booleans()) else None)


@st.composite
def _defects(draw: st.DrawFn, by_kind: _ByKind, at_most: int) -> list[_Drawn]:
    """One to ``at_most`` defects, each kind as often as any other; where the list is replaced, just that."""
    found: list[_Drawn] = []
    for _ in range(draw(st.integers(1, at_most))):
        drawn = draw(by_kind[draw(st.sampled_from(list(by_kind)))])
        if drawn.whole:
            return found or [drawn]
        found.append(drawn)
    return found


@lru_cache(maxsize=16)
def _places_of(count: int) -> Places:
    """Every place of a list of known length; of a long one its end and middle more often."""
    often = [count - 1, count - 2, count // 2] * (count // 8)
    return st.sampled_from([*range(count), *often])


@lru_cache(maxsize=256)
def _edits(kinds: frozenset[DefectKind], places: Places, parts: int, aborted: bool) -> _ByKind:
    """Edits for lists of at least so many parts, by kind in the order of `SOURCES`, which is from simple to odd."""
    parts = min(parts, 4)  # more parts in a row, or further apart, show nothing new
    chosen: dict[DefectKind, list[st.SearchStrategy[_Drawn]]] = {}
    for source in (*SOURCES, *([_OF_ABORTED] if aborted else [])):
        if source.kind in kinds and source.parts <= parts:
            chosen.setdefault(source.kind, []).append(_drawn_from(source, source.edits(places, parts)))
    return {kind: st.one_of(drawn) for kind, drawn in chosen.items()}


def _drawn_from(source: Source, edits: Edits) -> st.SearchStrategy[_Drawn]:
    return edits.map(lambda edit: _Drawn(source.kind, edit, source.whole))


@lru_cache(maxsize=8)
def _probes(parts: int) -> tuple[Material, ...]:
    """Uploads that a plan is tried on when the one it is for is not known: of other lengths and other bytes."""
    lengths = range(parts, max(parts, 6) + 2)
    usual = [Shape(parts=length) for length in lengths]
    odd = [
        Shape(parts=parts, last=8, same_bytes=True),
        Shape(parts=parts + 1, part_size=1, last=1, ids="from 0"),
        Shape(parts=parts, part_size=5000, last=1),
    ]
    return tuple(upload_of(shape) for shape in (*usual, *odd))


def _shows(found: Sequence[_Drawn], upload: Material) -> bool:
    """Whether the model names all that was drawn once it is built."""
    claimed: object = [part.as_json() for part in upload.session.parts]
    for drawn in found:
        claimed = drawn.edit.apply(claimed, upload)
    named = read_part_list(claimed, upload.session).kinds
    wanted = {drawn.kind for drawn in found}
    return wanted - _OF_RANGES <= named if K.MALFORMED in named else wanted <= named
