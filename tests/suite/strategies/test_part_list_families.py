"""Every family of bad part lists: refused on any upload it applies to, for the defect its name promises."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from materials import SHAPES, claimed, expect

from commit_conformance.model import DefectKind, read_body, read_part_list
from commit_conformance.model.body import BodyDefect
from strategies.digests import OfListed
from strategies.entry_edits import Set
from strategies.materials import Shape, material
from strategies.part_edits import Exchange, Instead, Join, MoveBoundaries, MoveBoundary, Overdraw, Overlap, SameId
from strategies.part_lists import FAMILIES, in_list_order, reordered
from strategies.plan import CommitPlan, Material

K = DefectKind
#: What each family promises: every plan of it shows at least one of these.
PROMISED: dict[str, set[DefectKind]] = {
    "required": set(),  # no list at all: a defect of the body
    "not_a_list": {K.MALFORMED},
    "empty": {K.EMPTY},
    "missing_last": {K.GAP, K.EMPTY},
    "gaps": {K.GAP, K.EMPTY},
    "unknown": {K.UNKNOWN_PART},
    "foreign": {K.FOREIGN_PART},
    "wrong_offset": {K.WRONG_OFFSET},
    "wrong_size": {K.WRONG_SIZE},
    "wrong_sum": {K.WRONG_SIZE},
    "moved_boundaries": {K.WRONG_SIZE, K.WRONG_OFFSET},
    "wrong_sha1": {K.WRONG_SHA1},
    "malformed_sha1": {K.WRONG_SHA1, K.MALFORMED},
    "duplicates": {K.DUPLICATE},
    "overlaps": {K.OVERLAP},
    "past_end": {K.PAST_END},
    "too_many": {K.UNKNOWN_PART, K.DUPLICATE},
    "missing_members": {K.MALFORMED},
    "number_types": {K.MALFORMED},
    "negative": {K.MALFORMED},
    "beyond_int64": {K.MALFORMED},
    "beyond_32_bits": {K.WRONG_OFFSET, K.WRONG_SIZE},
}
#: Exactly what the simplest plan of each family shows on an upload of four parts.
SIMPLEST: dict[str, set[DefectKind]] = {
    "not_a_list": {K.MALFORMED},
    "empty": {K.EMPTY},
    "missing_last": {K.GAP},
    "gaps": {K.GAP},
    "unknown": {K.UNKNOWN_PART},
    "foreign": {K.FOREIGN_PART},
    "wrong_offset": {K.WRONG_OFFSET, K.GAP, K.OVERLAP},
    "wrong_size": {K.WRONG_SIZE, K.OVERLAP},
    "wrong_sum": {K.WRONG_SIZE, K.GAP},
    "moved_boundaries": {K.WRONG_SIZE, K.WRONG_OFFSET},
    "wrong_sha1": {K.WRONG_SHA1},
    "malformed_sha1": {K.WRONG_SHA1},
    "duplicates": {K.DUPLICATE, K.OVERLAP},
    "overlaps": {K.WRONG_SIZE, K.WRONG_OFFSET, K.OVERLAP},
    "past_end": {K.UNKNOWN_PART, K.PAST_END},
    "too_many": {K.UNKNOWN_PART, K.PAST_END},
    "missing_members": {K.MALFORMED},
    "number_types": {K.MALFORMED},
    "negative": {K.MALFORMED, K.WRONG_OFFSET},
    "beyond_int64": {K.MALFORMED},
    "beyond_32_bits": {K.WRONG_OFFSET, K.GAP, K.PAST_END},
}
FOUR = material(Shape(parts=4))
names = pytest.mark.parametrize("name", FAMILIES)


def applies(plan: CommitPlan, parts: int) -> bool:
    """Whether an edit can change a list of so many parts; what needs two different places needs two parts."""
    for edit in plan.parts:
        match edit:
            case MoveBoundary() | MoveBoundaries() | Overlap() | Overdraw() | Join():
                return parts > 1
            case Exchange():
                return edit.at % parts != edit.other % parts
            case Instead():
                return edit.at % parts != edit.copy_of % parts
            case SameId():
                return edit.at % parts != edit.as_of % parts
            case Set(member="offset", value=0) if not isinstance(edit.value, bool):
                return edit.at % parts != 0  # the first part is at offset 0 anyway
    return True


def is_refused(name: str, plan: CommitPlan, upload: Material) -> None:
    request = plan.build(upload)
    expectation = expect(plan, upload)
    if not applies(plan, len(upload.session.parts)):
        assert expectation.must_create, f"{plan}: {expectation.reasons}"
        return
    assert expectation.must_refuse, str(plan)
    if name == "required":
        assert BodyDefect.NO_PARTS in read_body(request.body).defects
        return
    found = read_part_list(claimed(request), upload.session).kinds
    assert found & PROMISED[name], f"{plan}: {found}"


def test_every_family_has_its_promise() -> None:
    assert set(PROMISED) == set(FAMILIES)
    assert set(SIMPLEST) == set(FAMILIES) - {"required"}
    assert all(family.representatives and family.name for family in FAMILIES.values())


@names
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_representative_must_be_refused(name: str, shape: Shape) -> None:
    for plan in FAMILIES[name].representatives:
        is_refused(name, plan, material(shape))


@names
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_drawn_plan_must_be_refused(name: str, data: st.DataObject) -> None:
    is_refused(name, data.draw(FAMILIES[name].drawn), material(data.draw(st.sampled_from(SHAPES))))


@pytest.mark.parametrize("name", SIMPLEST)
def test_the_simplest_plan_shows_just_its_defect(name: str) -> None:
    request = FAMILIES[name].representatives[0].build(FOUR)
    assert read_part_list(claimed(request), FOUR.session).kinds == SIMPLEST[name]


@names
def test_on_four_parts_every_representative_applies(name: str) -> None:
    assert all(expect(plan, FOUR).must_refuse for plan in FAMILIES[name].representatives)


@names
def test_the_representatives_are_different_requests(name: str) -> None:
    built = [plan.build(FOUR) for plan in FAMILIES[name].representatives]
    assert len({(request.headers, request.body) for request in built}) == len(built)


@names
def test_a_plan_with_the_digest_of_what_is_listed_is_wrong_by_its_list(name: str) -> None:
    for plan in FAMILIES[name].representatives:
        if isinstance(plan.digest, OfListed):
            assert read_part_list(claimed(plan.build(FOUR)), FOUR.session).defects


def test_the_first_representatives_are_had_by_count() -> None:
    family = FAMILIES["gaps"]
    assert family.first(2) == family.representatives[:2]
    assert family.first(None) == family.representatives


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_another_order_is_open(shape: Shape) -> None:
    for plan in reordered.representatives:
        expectation = expect(plan, material(shape))
        assert not expectation.must_refuse
        assert bool(expectation.open) == (shape.parts > 1)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if not shape.same_bytes], ids=str)
def test_the_digest_of_another_order_must_be_refused(shape: Shape) -> None:
    for plan in in_list_order.representatives:
        assert expect(plan, material(shape)).must_refuse == (shape.parts > 1)
