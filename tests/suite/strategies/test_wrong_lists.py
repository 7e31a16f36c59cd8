"""Part lists drawn from their defects: what is promised is drawn, is named by the model, and shrinks to the least."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from materials import expect, smallest

from commit_conformance.model import DefectKind, Oddity, read_part_list
from strategies import part_mistakes as mistakes
from strategies.defects import SOURCES, wrong_lists
from strategies.digests import OfListed
from strategies.entry_edits import SHA1_FORMS, Change, Foreign, Restyle, Set, Trim, WrongId, WrongSha1
from strategies.materials import Shape, material, materials
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
    Shuffle,
    Split,
)
from strategies.part_mistakes import PLACES
from strategies.plan import ABSENT, CommitPlan, Material, PartEdit
from strategies.right_lists import orders, right_lists, sha1_forms

K = DefectKind
FOUR = material(Shape(parts=4))
thorough = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
kinds = pytest.mark.parametrize("kind", K, ids=lambda kind: kind.name)


def kinds_of(plan: CommitPlan, upload: Material) -> frozenset[DefectKind]:
    return read_part_list(plan.build(upload).parts, upload.session).kinds


# What is drawn is wrong, and for the reason that was asked for


@kinds
@settings(thorough, max_examples=40)
@given(data=st.data())
def test_the_model_names_the_kind_that_was_asked_for(kind: DefectKind, data: st.DataObject) -> None:
    upload = data.draw(materials())
    plan = data.draw(wrong_lists(kinds={kind}, material=upload))
    assert kind in kinds_of(plan, upload)
    assert expect(plan, upload).must_refuse
    assert str(plan).isprintable()


@kinds
@settings(thorough, max_examples=40)
@given(data=st.data(), parts=st.integers(1, 4))
def test_without_a_material_the_kind_is_named_on_any_upload(kind: DefectKind, data: st.DataObject, parts: int) -> None:
    plan = data.draw(wrong_lists(kinds={kind}, parts=parts))
    upload = data.draw(materials(least=parts, most=9))
    assert kind in kinds_of(plan, upload), str(plan)


@settings(thorough, max_examples=250)
@given(data=st.data())
def test_a_combination_must_be_refused_for_its_list(data: st.DataObject) -> None:
    upload = data.draw(materials())
    plan = data.draw(wrong_lists(at_most=4, material=upload))
    assert kinds_of(plan, upload)
    assert expect(plan, upload).must_refuse
    assert 1 <= len(plan.parts) <= 4


@settings(thorough, max_examples=200)
@given(plan=wrong_lists(at_most=3), upload=materials(least=2, most=9))
def test_a_combination_for_any_upload_must_be_refused(plan: CommitPlan, upload: Material) -> None:
    assert expect(plan, upload).must_refuse, str(plan)


@settings(thorough, max_examples=50)
@given(plan=wrong_lists(kinds={K.WRONG_SHA1}, places=st.just(-2), at_most=2))
def test_nothing_but_the_chosen_place_is_wrong(plan: CommitPlan) -> None:
    found = read_part_list(plan.build(FOUR).parts, FOUR.session).defects
    assert {(defect.kind, defect.index) for defect in found} == {(K.WRONG_SHA1, 2)}


def test_every_kind_of_the_model_has_a_source_that_any_upload_can_have() -> None:
    assert {source.kind for source in SOURCES if source.parts == 1} == set(K)


@pytest.mark.parametrize("pair", [(K.GAP, K.WRONG_SHA1), (K.DUPLICATE, K.UNKNOWN_PART), (K.OVERLAP, K.GAP)], ids=str)
def test_several_kinds_come_together(pair: tuple[DefectKind, DefectKind]) -> None:
    def both(plan: CommitPlan) -> bool:
        return len(plan.parts) == 2 and kinds_of(plan, FOUR) >= set(pair)

    assert len(smallest(wrong_lists(kinds=pair, at_most=2), both).parts) == 2


def test_a_list_comes_with_the_digest_of_the_file_and_with_that_of_what_it_lists() -> None:
    assert smallest(wrong_lists(), lambda plan: plan.digest == OfListed())
    assert smallest(wrong_lists(), lambda plan: plan.digest is None)


@settings(thorough, max_examples=40)
@given(plan=wrong_lists(listed=False))
def test_the_digest_can_be_kept_right(plan: CommitPlan) -> None:
    assert plan.digest is None


# What cannot be had is said


def test_a_part_of_another_session_needs_one() -> None:
    alone = replace(FOUR, foreign=None)
    with pytest.raises(ValueError, match="no part of another session"):
        wrong_lists(kinds={K.FOREIGN_PART}, material=alone)
    assert K.FOREIGN_PART not in kinds_of(smallest(wrong_lists(kinds={K.FOREIGN_PART, K.GAP}, material=alone)), alone)


@pytest.mark.parametrize("wrong", [{"kinds": ()}, {"at_most": 0}, {"parts": 0}], ids=str)
def test_nothing_to_draw_is_a_usage_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"draw|at_most is 0|uploads of 0 parts"):
        wrong_lists(**wrong)


# Shrinking


def least(edit: PartEdit) -> CommitPlan:
    return CommitPlan(parts=(edit,))


SIMPLEST: dict[DefectKind, PartEdit] = {
    K.GAP: Drop(at=0),
    K.OVERLAP: Overlap(at=0, by=1),
    K.WRONG_SIZE: Change(at=0, member="size", by=1),
    K.WRONG_OFFSET: Change(at=0, member="offset", by=1),
    K.DUPLICATE: Duplicate(at=0),
    K.UNKNOWN_PART: WrongId(at=0),
    K.FOREIGN_PART: Foreign(at=0),
    K.WRONG_SHA1: WrongSha1(at=0),
    K.PAST_END: Append(size=1),
    K.MALFORMED: Set(at=0, member="part_id", value=ABSENT),
    K.EMPTY: Replace(value=[]),
}


@kinds
@pytest.mark.parametrize("upload", [None, FOUR], ids=["any upload", "four parts"])
def test_a_server_blind_to_a_kind_is_shown_its_simplest_defect(kind: DefectKind, upload: Material | None) -> None:
    """The server commits whatever has that kind of defect."""
    found = smallest(
        wrong_lists(kinds={kind}, at_most=3, material=upload), lambda plan: kind in kinds_of(plan, upload or FOUR)
    )
    assert found == least(SIMPLEST[kind])


def test_of_all_defects_a_missing_first_part_is_the_simplest() -> None:
    assert smallest(wrong_lists(at_most=3)) == least(Drop(at=0))
    assert smallest(wrong_lists(at_most=3, material=FOUR)) == least(Drop(at=0))


@pytest.mark.parametrize("place", range(4))
def test_a_failure_at_one_place_shrinks_to_that_place(place: int) -> None:
    """The server does not look at the SHA-1 of one of its parts."""

    def missed(plan: CommitPlan) -> bool:
        defects = read_part_list(plan.build(FOUR).parts, FOUR.session).defects
        return {(defect.kind, defect.index) for defect in defects} == {(K.WRONG_SHA1, place)}

    assert smallest(wrong_lists(material=FOUR), missed) == least(WrongSha1(at=place))


def test_a_hole_that_only_shows_with_its_digest_keeps_it() -> None:
    found = smallest(wrong_lists(kinds={K.GAP}), lambda plan: plan.digest is not None)
    assert found == CommitPlan(parts=(Drop(at=0),), digest=OfListed())


# Every way to be wrong is drawn


EVERY: set[type] = {
    *(Append, AsObject, Change, Drop, Duplicate, Exchange, Foreign, Inside, InsertEmpty, Instead, Join, MoveBoundaries),
    *(MoveBoundary, Overdraw, Overlap, Replace, Restyle, SameId, Set, ShiftAll, Split, Trim, WrongId, WrongSha1),
}


def test_edits_of_every_class_are_drawn() -> None:
    seen: set[type] = set()
    for source in SOURCES:

        @settings(max_examples=60, database=None, deadline=None, derandomize=True, phases=[Phase.generate])
        @given(edit=source.edits(PLACES, 3))
        def draw(edit: PartEdit) -> None:
            seen.add(type(edit))

        draw()
    assert seen == EVERY


@pytest.mark.parametrize("aborted", [True, False])
def test_a_part_of_either_session_is_drawn(aborted: bool) -> None:
    of_either = wrong_lists(kinds={K.FOREIGN_PART}, material=FOUR)
    assert smallest(of_either, lambda plan: plan.parts[0].aborted is aborted).parts == (Foreign(at=0, aborted=aborted),)


@pytest.mark.parametrize("place", [0, 1, 2, 39, 40, -1, -2, -3, -40])
def test_every_place_is_within_reach(place: int) -> None:
    assert smallest(PLACES, lambda at: at == place) == place


@pytest.mark.parametrize("digit", [0, 1, 19, 20, 38, 39])
def test_every_digit_of_a_sha1_is_within_reach(digit: int) -> None:
    wanted = WrongSha1(at=0, style="digit", digit=digit)
    assert smallest(mistakes.wrong_sha1s(st.just(0)), lambda edit: edit == wanted) == wanted


@pytest.mark.parametrize(
    "value", [None, True, False, "", [], {}, 0.5], ids=lambda value: f"{type(value).__name__}-{value}"
)
def test_every_type_takes_the_place_of_a_number(value: Any) -> None:
    def same(edit: PartEdit) -> bool:
        # Any fraction will do: it is the shrinking that ends at this one, while drawing it would be chance.
        return isinstance(edit, Set) and type(edit.value) is type(value) and (value == 0.5 or edit.value == value)

    assert smallest(mistakes.number_types(), same) == Set(at=0, member="offset", value=value)


@pytest.mark.parametrize("parts", [2, 3, 4, 8])
def test_a_part_in_anothers_place_keeps_the_count(parts: int) -> None:
    upload = material(Shape(parts=parts, last=8))

    @settings(thorough, max_examples=30)
    @given(edit=mistakes.stand_ins(parts=min(parts, 4)))
    def keeps(edit: PartEdit) -> None:
        claimed = least(edit).build(upload).parts
        assert len(claimed) == parts
        assert sum(entry["size"] for entry in claimed) == upload.session.file_size
        assert K.DUPLICATE in kinds_of(least(edit), upload)

    keeps()


@settings(thorough)
@given(edit=mistakes.moved_boundaries(), upload=materials(least=2))
def test_moved_boundaries_still_tile_the_file(edit: PartEdit, upload: Material) -> None:
    assert not kinds_of(least(edit), upload) & {K.GAP, K.OVERLAP}
    assert kinds_of(least(edit), upload) & {K.WRONG_SIZE, K.DUPLICATE}


@settings(thorough, max_examples=100)
@given(edit=mistakes.overdrawn(), upload=materials(least=2))
def test_an_overdrawn_size_is_negative_and_the_sum_fits(edit: PartEdit, upload: Material) -> None:
    sizes = [entry["size"] for entry in least(edit).build(upload).parts]
    assert sum(sizes) == upload.session.file_size
    assert min(sizes) < 0


@settings(thorough, max_examples=150)
@given(edits=st.lists(st.deferred(lambda: ANY_EDIT), max_size=5), upload=materials())
def test_edits_can_follow_each_other_in_any_order(edits: list[PartEdit], upload: Material) -> None:
    """Whatever the one before has made of the list."""
    plan = CommitPlan(parts=tuple(edits), digest=OfListed())
    assert plan.build(upload) == plan.build(upload)


ANY_EDIT: st.SearchStrategy[PartEdit] = st.one_of(
    *(source.edits(PLACES, 3) for source in SOURCES), orders, sha1_forms()
)


# Right lists


@settings(thorough)
@given(plan=right_lists(), upload=materials())
def test_a_right_list_is_never_one_that_must_be_refused(plan: CommitPlan, upload: Material) -> None:
    reading = read_part_list(plan.build(upload).parts, upload.session)
    assert not reading.defects
    assert not expect(plan, upload).must_refuse


@settings(thorough, max_examples=100)
@given(plan=right_lists(reordered=False, forms=()), upload=materials())
def test_without_order_and_forms_it_is_the_right_list(plan: CommitPlan, upload: Material) -> None:
    assert expect(plan, upload).must_create


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (1, 0, 2, 3), (2, 3, 0, 1), (0, 3, 1, 2), (3, 0, 1, 2)], ids=str)
def test_every_order_is_within_reach(order: tuple[int, ...]) -> None:
    ids = [FOUR.session.parts[place].part_id for place in order]
    found = smallest(orders, lambda edit: [part["part_id"] for part in least(edit).build(FOUR).parts] == ids)
    assert found


def test_an_exchange_of_two_parts_is_the_simplest_of_its_kind() -> None:
    def exchanges_two(edit: PartEdit) -> bool:
        return isinstance(edit, Shuffle) and least(edit).build(FOUR).parts != CommitPlan().build(FOUR).parts

    assert smallest(orders, exchanges_two) == Shuffle(exchanges=((0, 1),))


@pytest.mark.parametrize("form", SHA1_FORMS[1:])
def test_every_form_of_a_sha1_is_drawn_for_one_part_and_for_all(form: str) -> None:
    odd = {"omitted": Oddity.SHA1_OMITTED, "null": Oddity.SHA1_NULL, "base64": Oddity.SHA1_BASE64}
    words = {"omitted": "left out", "upper": "in upper case", "mixed": "in mixed case"}.get(form, form)
    plan = smallest(
        right_lists(reordered=False, forms=[form]), lambda plan: "in turn" in str(plan) and words in str(plan)
    )
    reading = read_part_list(plan.build(FOUR).parts, FOUR.session)
    assert reading.oddities == {odd.get(form, Oddity.SHA1_CASE)}
    assert smallest(sha1_forms([form]), lambda edit: "the first part" in str(edit))
