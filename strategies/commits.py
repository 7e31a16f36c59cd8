"""Whole commits: wrong ones with up to several mistakes anywhere, and right ones in any form that has to be taken.

    >>> wrong_commits()                          # for any upload of two parts or more
    >>> wrong_commits(material=upload)           # for this one: parts of other sessions and preconditions as well
    >>> right_commits(material=upload)

What is drawn is a `CommitPlan`; `CommitPlan.build` makes the request.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from hypothesis import strategies as st

from strategies import attributes, bodies, digests, preconditions
from strategies.defects import wrong_lists
from strategies.liberties import LIBERTIES, EveryPart
from strategies.part_lists import required
from strategies.plan import CommitPlan, Material

#: Families of `bodies` that no document of the contract decides, only a standard that it builds on.
STANDARD_BODIES = frozenset({"duplicate_keys", "content_types"})
_Plans = st.SearchStrategy[CommitPlan]
_CASES = ("DIGEST", "Digest", "dIgEsT", "digesT")
_names = st.text("abcdefgh_", min_size=1, max_size=12).map(lambda name: f"x_{name}")
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=5), deeper, max_size=2),
    max_leaves=4,
)


def wrong_commits(
    *, material: Material | None = None, at_most: int = 3, parts: int = 2, standards: bool = False
) -> st.SearchStrategy[CommitPlan]:
    """Commits that every server has to refuse: with one mistake, or with up to ``at_most`` of them.

    A mistake is one of the part list (of which there may be several), of the digest, of the body or its attributes,
    or, for a new version, a precondition that fails. Shrinks to one mistake; the simplest is a digest left out.

    Args:
        material: Draw for this upload. Without one, commits are wrong for every upload of at least ``parts`` parts,
            name no parts of other sessions, and have no preconditions.
        at_most: How many sorts of mistakes one commit may have, and how many defects its list.
        parts: How many parts uploads have at least, where no ``material`` is given.
        standards: Whether to draw what no document of the contract forbids, but a standard it builds on: twisted
            base64, two digests, two part lists, other content types.

    Raises:
        ValueError: ``at_most`` or ``parts`` is less than one.
    """
    lists = wrong_lists(material=material, at_most=at_most, parts=parts)
    single = (len(material.session.parts) if material else parts) < 2
    return _wrong(lists, _beside_lists(standards, bool(material and material.etag is not None), single), at_most)


@st.composite
def _wrong(
    draw: st.DrawFn,
    lists: st.SearchStrategy[CommitPlan],
    others: tuple[_Plans, ...],
    at_most: int,
) -> CommitPlan:
    """Mistakes of different sorts, one after the other; what cannot be had together with the first is left out."""
    mistakes = (*others, lists, lists, lists)  # as often of the list as of all else
    plan = CommitPlan()
    for sort in draw(st.lists(st.integers(0, len(mistakes) - 1), min_size=1, max_size=at_most)):
        mistake = draw(mistakes[sort])
        if (not plan.parts and not plan.conflicts(mistake)) or (not mistake.parts and not plan.conflicts(mistake)):
            plan = plan.merge(mistake)
    return plan


@lru_cache(maxsize=8)
def _beside_lists(standards: bool, version: bool, single: bool) -> tuple[_Plans, ...]:
    """Mistakes that are none of the list, by sort."""
    of_bodies = [family.drawn for name, family in bodies.FAMILIES.items() if standards or name not in STANDARD_BODIES]
    sorts = (digests.wrong(standards=standards, parts=1 if single else 2), st.one_of(of_bodies), required.drawn)
    return (*sorts, preconditions.wrong()) if version else sorts


def right_commits(*, material: Material | None = None, version: bool | None = None) -> st.SearchStrategy[CommitPlan]:
    """Commits that every server has to carry out: any combination of the forms it is bound to take.

    Args:
        material: The upload they are for, which tells whether they may have preconditions.
        version: Whether they are for a new version, where there is no ``material``.
    """
    if material is not None:
        version = material.etag is not None
    return _right(bool(version))


@st.composite
def _right(draw: st.DrawFn, version: bool) -> CommitPlan:
    plan = CommitPlan()
    for form in draw(st.lists(st.sampled_from(_free_forms(version)), max_size=6, unique_by=id)):
        drawn = draw(form)
        if not plan.conflicts(drawn):
            plan = plan.merge(drawn)
    return plan


@lru_cache(maxsize=2)
def _free_forms(version: bool) -> tuple[_Plans, ...]:
    """One strategy for each thing that a right commit is free to do, those of the liberties among them."""
    fixed = [liberty.plan for liberty in LIBERTIES if liberty.binding and (version or not liberty.version)]
    free: Iterable[_Plans] = (
        st.builds(CommitPlan, attributes=attributes.right()),
        st.builds(CommitPlan, digest_header=st.sampled_from(_CASES)),
        st.builds(CommitPlan, members=st.dictionaries(_names, _values, min_size=1, max_size=3)),
        st.builds(lambda member, value: CommitPlan(parts=(EveryPart(member=member, value=value),)), _names, _values),
    )
    return (*(st.just(plan) for plan in fixed), *free, *([preconditions.right()] if version else []))
