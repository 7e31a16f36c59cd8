"""Plans as values: independent of any upload, printable, shrinking to the simplest; liberties that are still right."""

from __future__ import annotations

import copy
import random
from dataclasses import fields
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from materials import ETAG, SHAPES, claimed, expect

from strategies import bodies, digests, part_lists, preconditions
from strategies.digests import FlippedBit, Lines, OfListed
from strategies.entry_edits import Change, Set, Sha1Form, WrongId, WrongSha1
from strategies.family import Family
from strategies.liberties import LIBERTIES, Liberty, pack, together
from strategies.materials import Shape, material
from strategies.part_edits import Append, Drop, InsertEmpty, MoveBoundary, Replace
from strategies.plan import ABSENT, CommitPlan, encode
from strategies.preconditions import Tag

ALL: dict[str, Family] = {
    **{f"part_lists.{name}": family for name, family in part_lists.FAMILIES.items()},
    **{f"digests.{name}": family for name, family in digests.FAMILIES.items()},
    **{f"bodies.{name}": family for name, family in bodies.FAMILIES.items()},
    "part_lists.reordered": part_lists.reordered,
    "part_lists.in_list_order": part_lists.in_list_order,
    "digests.variants": digests.variants,
    "preconditions.stale_if_match": preconditions.stale_if_match,
}
FOUR = material(Shape(parts=4), etag=ETAG)
families = pytest.mark.parametrize("name", ALL)
LIBERTY_IDS = [f"{number}-{liberty.rule}" for number, liberty in enumerate(LIBERTIES)]


def is_one_printable_line(plan: CommitPlan) -> None:
    text = str(plan)
    assert text
    assert text.isprintable(), repr(text)
    assert "object at 0x" not in text


def is_independent_of_uploads(plan: CommitPlan) -> None:
    """Built on many uploads in turn, a plan stays as it was and makes the same request of the same upload."""
    before = repr(plan)
    first = plan.build(FOUR)
    kept = copy.deepcopy(first)
    for shape in SHAPES:
        assert plan.build(material(shape)) == plan.build(material(shape))
    assert plan.build(FOUR) == first == kept
    assert repr(plan) == before


@families
def test_every_representative_is_a_value(name: str) -> None:
    for plan in ALL[name].representatives:
        is_one_printable_line(plan)
        is_independent_of_uploads(plan)


@families
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_drawn_plan_is_a_value(name: str, data: st.DataObject) -> None:
    plan = data.draw(ALL[name].drawn)
    is_one_printable_line(plan)
    assert plan.build(FOUR) == plan.build(FOUR)
    assert "\n" not in str(plan)


@families
def test_no_two_representatives_read_alike(name: str) -> None:
    said = [str(plan) for plan in ALL[name].representatives]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("text", ["a\nb", "\x85", "\u2028", "\ud800", "\x1b[31m", "é日本", "x" * 500, "\\n"])
def test_texts_from_outside_do_not_break_the_line(text: str) -> None:
    for plan in (
        CommitPlan(attributes={"description": text}),
        CommitPlan(attributes=text),
        CommitPlan(members={text: text}),
        CommitPlan(parts=(Replace(value=text),)),
        CommitPlan(parts=(Set(at=0, member="part_id", value=text),)),
        CommitPlan(digest=Lines(values=(text, text))),
    ):
        is_one_printable_line(plan)
        assert len(str(plan)) < 300


def test_an_unchanged_plan_is_the_right_commit() -> None:
    request = CommitPlan().build(FOUR)
    assert request.headers == (("digest", FOUR.session.digest), ("content-type", "application/json"))
    assert claimed(request) == request.parts == [part.as_json() for part in FOUR.session.parts]
    assert str(CommitPlan()) == "a right commit"


def test_every_field_of_a_plan_reaches_the_request() -> None:
    plan = CommitPlan(
        parts=(Drop(at=0), Drop(at=-1)),
        digest=Lines(values=("sha=a", "sha=b")),
        attributes=None,
        members={"x": [1]},
        if_match=Tag(),
        if_none_match=Tag(form="any"),
        content_type=ABSENT,
        digest_header="Digest",
        headers=(("x-a", "1"), ("x-a", "2")),
    )
    request = plan.build(FOUR)
    assert request.headers == (
        ("Digest", "sha=a"),
        ("Digest", "sha=b"),
        ("if-match", ETAG),
        ("if-none-match", "*"),
        ("x-a", "1"),
        ("x-a", "2"),
    )
    kept = [part.as_json() for part in FOUR.session.parts[1:3]]
    assert request.body == encode({"parts": kept, "attributes": None, "x": [1]})


def test_a_value_put_in_by_a_plan_is_not_changed_by_what_comes_after() -> None:
    entry: dict[str, Any] = {}
    plan = CommitPlan(parts=(Replace(value=entry, at=0), Set(at=0, member="size", value=1)))
    assert claimed(plan.build(FOUR))[0] == {"size": 1}
    assert entry == {}


def test_the_digest_of_what_is_listed_is_that_of_the_file_for_the_whole_list() -> None:
    assert CommitPlan(digest=OfListed()).build(FOUR).header("digest") == [FOUR.session.digest]


@pytest.mark.parametrize(
    ("family", "simplest"),
    [
        (part_lists.missing_last, CommitPlan(parts=(Drop(at=-1),))),
        (part_lists.gaps, CommitPlan(parts=(Drop(at=0),))),
        (part_lists.unknown, CommitPlan(parts=(WrongId(at=0),))),
        (part_lists.wrong_offset, CommitPlan(parts=(Change(at=0, member="offset", by=1),))),
        (part_lists.wrong_size, CommitPlan(parts=(Change(at=0, member="size", by=1),))),
        (part_lists.moved_boundaries, CommitPlan(parts=(MoveBoundary(at=0, by=1),))),
        (part_lists.past_end, CommitPlan(parts=(Append(size=1),))),
        (part_lists.too_many, CommitPlan(parts=(InsertEmpty(at=0),))),
        (part_lists.missing_members, CommitPlan(parts=(Set(at=0, member="part_id", value=ABSENT),))),
        (part_lists.negative, CommitPlan(parts=(Set(at=0, member="offset", value=-1),))),
        (part_lists.beyond_int64, CommitPlan(parts=(Set(at=0, member="offset", value=2**63),))),
        (digests.mismatch, CommitPlan(digest=FlippedBit(bit=0))),
        (digests.missing, CommitPlan(digest=Lines())),
        (bodies.invalid_dates, CommitPlan(attributes={"content_modified_at": "yesterday"})),
        (bodies.not_attributes, CommitPlan(attributes="")),
        (preconditions.stale_if_match, CommitPlan(if_match=Tag(form="newer"))),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_a_failure_shrinks_to_the_simplest_plan(family: Family, simplest: CommitPlan) -> None:
    assert smallest(family, lambda plan: expect(plan, FOUR).must_refuse) == simplest


def smallest(family: Family, condition: Any) -> CommitPlan:
    chosen = settings(max_examples=20_000, database=None, deadline=None)
    return find(family.drawn, condition, settings=chosen, random=random.Random(0))


def test_shrinking_keeps_to_the_place_that_matters() -> None:
    """A server that looks at its first two parts only: the smallest plan it misses is about the third."""

    def missed(plan: CommitPlan) -> bool:
        right = [part.as_json() for part in FOUR.session.parts]
        return bool(claimed(plan.build(FOUR))[:2] == right[:2])

    assert smallest(part_lists.gaps, missed) == CommitPlan(parts=(Drop(at=2),))
    wrong_sha1 = smallest(part_lists.wrong_sha1, missed)
    assert wrong_sha1 == CommitPlan(parts=(WrongSha1(at=2, style="other"),))


# Liberties


def uploads_for(version: bool) -> list[Any]:
    return [material(shape, etag=ETAG if version else None) for shape in SHAPES]


@pytest.mark.parametrize("liberty", LIBERTIES, ids=LIBERTY_IDS)
def test_a_liberty_is_never_a_commit_that_must_be_refused(liberty: Liberty) -> None:
    is_one_printable_line(liberty.plan)
    is_independent_of_uploads(liberty.plan)
    for upload in uploads_for(liberty.version):
        assert not expect(liberty.plan, upload).must_refuse


@pytest.mark.parametrize("liberty", LIBERTIES, ids=LIBERTY_IDS)
def test_a_liberty_is_another_request_than_the_right_one(liberty: Liberty) -> None:
    assert liberty.plan.build(FOUR) != CommitPlan().build(FOUR)


@pytest.mark.parametrize("version", [False, True])
@pytest.mark.parametrize("doubtful", [False, True, None])
def test_every_pack_of_liberties_may_be_committed(version: bool, doubtful: bool | None) -> None:
    chosen = [item for item in LIBERTIES if item.version is version and doubtful in (None, item.doubtful)]
    packs = pack(chosen)
    assert sorted(map(id, (item for members in packs for item in members))) == sorted(map(id, chosen))
    for members in packs:
        assert not any(a.plan.conflicts(b.plan) for a, b in combinations(members, 2))
        for upload in uploads_for(version):
            assert not expect(together(members), upload).must_refuse


def union(members: list[Liberty]) -> dict[str, Any]:
    """What all plans change, field by field, put together by hand."""
    default = CommitPlan()
    changes: dict[str, Any] = {}
    for name in (item.name for item in fields(CommitPlan)):
        values = [getattr(member.plan, name) for member in members]
        if name in ("parts", "headers"):
            changes[name] = tuple(item for value in values for item in value)
            continue
        values = [value for value in values if value is not getattr(default, name) and value != getattr(default, name)]
        if values and all(isinstance(value, dict) for value in values):
            changes[name] = {key: item for value in values for key, item in value.items()}
        elif values:
            (changes[name],) = values
    return changes


@pytest.mark.parametrize("members", pack(LIBERTIES), ids=lambda members: members[0].rule)
def test_a_pack_in_one_request_is_the_union_of_its_plans(members: list[Liberty]) -> None:
    assert together(members) == CommitPlan(**union(members))
    assert together(reversed(members)).build(FOUR).body  # any order makes a request
    for member in members:
        said = str(member.plan).split("; ")
        if member.plan.attributes is ABSENT and not member.plan.members:
            assert all(words in str(together(members)) for words in said)


def plans() -> list[CommitPlan]:
    return [*(item.plan for item in LIBERTIES), *(plan for family in ALL.values() for plan in family.representatives)]


def test_conflicts_are_mutual_and_every_plan_that_changes_something_conflicts_with_itself() -> None:
    for a, b in combinations(plans(), 2):
        assert a.conflicts(b) == b.conflicts(a), f"{a} / {b}"
    assert all(plan.conflicts(plan) for plan in plans())
    assert not any(plan.conflicts(CommitPlan()) for plan in plans())


def test_merging_with_nothing_changes_nothing() -> None:
    for plan in plans():
        assert plan.merge(CommitPlan()) == CommitPlan().merge(plan) == plan


@pytest.mark.parametrize("parts", range(1, 7))
def test_forms_of_a_sha1_that_meet_on_a_short_list_do_not_fail(parts: int) -> None:
    forms = [Sha1Form(at=at, form=form) for at in (0, 1, -1) for form in ("omitted", "null", "upper", "base64")]
    upload = material(Shape(parts=parts))
    for a, b in combinations(forms, 2):
        assert not expect(CommitPlan(parts=(a, b)), upload).must_refuse
