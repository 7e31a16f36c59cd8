"""Digests, etags, attributes, spellings and materials: what is promised of each is drawn, and read so by the model."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from materials import expect, smallest

from commit_conformance.model import DefectKind, read_body, read_digest, read_part_list
from commit_conformance.model.body import BodyDefect, BodyOddity
from commit_conformance.model.dates import instant
from commit_conformance.model.digest import DigestDefect
from strategies import attributes, bodies, digests, preconditions, spellings
from strategies.digests import FlippedBit, OtherCharacter, OtherLength, OtherLetter
from strategies.entry_edits import SHA1_FORMS
from strategies.materials import ETAGS, Shape, material, materials, shapes
from strategies.plan import CommitPlan, Material
from strategies.preconditions import OtherTag, Tag

some = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
FOUR = material(Shape(parts=4), etag="3")
D = DigestDefect


def digest_defects(plan: CommitPlan, upload: Material = FOUR) -> frozenset[DigestDefect]:
    return read_digest(plan.build(upload).header("digest"), sha1=upload.session.sha1).defects


# Digests


@pytest.mark.parametrize("byte", range(20))
def test_a_flipped_bit_of_every_byte_is_within_reach(byte: int) -> None:
    plan = smallest(digests.mismatch.drawn, lambda plan: _flipped(plan) == byte)
    assert plan == CommitPlan(digest=FlippedBit(bit=8 * byte))
    sent = base64.b64decode(plan.build(FOUR).header("digest")[0].removeprefix("sha="))
    right = bytes.fromhex(FOUR.session.sha1)
    assert [place for place in range(20) if sent[place] != right[place]] == [byte]


def _flipped(plan: CommitPlan) -> int:
    return plan.digest.bit // 8 if isinstance(plan.digest, FlippedBit) else -1


@some
@given(plan=digests.wrong(standards=True), upload=materials(least=2))
def test_a_wrong_digest_is_wrong_on_any_upload(plan: CommitPlan, upload: Material) -> None:
    assert digest_defects(plan, upload)
    assert expect(plan, upload).must_refuse


@some
@given(plan=digests.wrong(parts=1), upload=materials(most=1))
def test_the_digest_of_the_only_part_is_no_wrong_one(plan: CommitPlan, upload: Material) -> None:
    assert digest_defects(plan, upload)


@pytest.mark.parametrize("defect", D, ids=lambda defect: defect.name)
def test_every_defect_of_a_digest_is_drawn(defect: DigestDefect) -> None:
    assert smallest(digests.wrong(standards=True), lambda plan: digest_defects(plan) == {defect})


@pytest.mark.parametrize("edit", [OtherLength(length=n) for n in (0, 1, 19, 21, 32, 40, 64)], ids=str)
def test_a_digest_of_any_other_length_is_drawn(edit: OtherLength) -> None:
    assert smallest(digests.wrong_length.drawn, lambda plan: plan.digest == edit)
    assert digest_defects(CommitPlan(digest=edit)) == {D.LENGTH}


@given(upload=materials(), at=st.integers(0, 26))
@some
def test_one_letter_in_the_other_case_is_another_digest(upload: Material, at: int) -> None:
    plan = CommitPlan(digest=OtherLetter(at=at))
    (sent,) = plan.build(upload).header("digest")
    assert sent.lower() == upload.session.digest.lower()
    assert sum(a != b for a, b in zip(sent, upload.session.digest, strict=True)) == 1
    assert digest_defects(plan, upload) == {D.MISMATCH}


@pytest.mark.parametrize("at", [0, 13, 26, 27])
@pytest.mark.parametrize("put_in", [True, False])
def test_a_character_of_no_alphabet_is_drawn_at_every_place(at: int, put_in: bool) -> None:
    edit = OtherCharacter(at=at, character="!", put_in=put_in)
    assert smallest(digests.bad_base64.drawn, lambda plan: plan.digest == edit)
    assert digest_defects(CommitPlan(digest=edit)) == {D.BASE64}


def test_without_standards_only_what_documents_forbid_is_drawn() -> None:
    of_documents = set(D) - {D.BASE64, D.AMBIGUOUS}

    @some
    @given(plan=digests.wrong())
    def forbidden(plan: CommitPlan) -> None:
        assert digest_defects(plan) <= of_documents

    forbidden()


# Preconditions


@some
@given(tag=preconditions.stale_tags(), form=preconditions.stale_forms(), etag=st.sampled_from(ETAGS))
def test_a_stale_tag_in_any_form_never_holds(tag: Any, form: Any, etag: str) -> None:
    upload = material(Shape(parts=2), etag=etag)
    assert expect(CommitPlan(if_match=tag), upload).statuses == {412}
    assert expect(CommitPlan(if_match=form), upload).must_refuse
    assert expect(CommitPlan(if_none_match=tag), upload).must_create


@pytest.mark.parametrize(("tag", "etag"), [("3", "3"), ("03", "3"), ("c0ffee", "c0ffee")])
def test_a_tag_that_happens_to_be_the_current_one_is_made_another(tag: str, etag: str) -> None:
    assert OtherTag(tag=tag).render(etag) == tag + "x"


@some
@given(right=preconditions.right(), wrong=preconditions.wrong(), upload=materials(version=True))
def test_conditions_hold_or_fail(right: CommitPlan, wrong: CommitPlan, upload: Material) -> None:
    assert expect(right, upload).must_create
    assert expect(wrong, upload).must_refuse


def test_both_headers_come_together() -> None:
    both = smallest(preconditions.wrong(), lambda plan: bool(plan.if_match and plan.if_none_match))
    assert both == CommitPlan(if_match=Tag(), if_none_match=Tag())


@pytest.mark.parametrize("tag", [Tag(form=form) for form in ("any", "quoted", "weak", "list")], ids=str)
def test_every_form_of_the_current_tag_is_drawn_and_none_must_be_refused(tag: Tag) -> None:
    assert smallest(preconditions.current_tags(), lambda drawn: drawn == tag) == tag
    assert not expect(CommitPlan(if_match=tag), FOUR).must_refuse


# Attributes


@some
@given(text=attributes.instants())
def test_an_instant_is_one_from_the_second_day_of_1970_on(text: str) -> None:
    moment = instant(text)
    assert moment is not None
    assert moment >= 86400
    assert datetime.fromisoformat(text).year >= 1970  # in local time too


@pytest.mark.parametrize("ending", ["Z", "+00:00", "+05:30", "-08:00", "+14:00", "-12:00", ".5+01:00", ".0+00:00"])
def test_instants_come_in_every_offset_and_precision(ending: str) -> None:
    assert smallest(attributes.instants(), lambda text: text.endswith(ending))


def date_defects(value: Any) -> frozenset[BodyDefect]:
    return read_body(json.dumps({"parts": [], "attributes": value}).encode()).defects


@some
@given(right=attributes.right(), wrong=attributes.wrong(), dates=attributes.wrong_dates(), unusual=attributes.unusual())
def test_attributes_are_what_they_are_called(right: Any, wrong: Any, dates: Any, unusual: Any) -> None:
    assert expect(CommitPlan(attributes=right), FOUR).must_create
    assert date_defects(wrong) in ({BodyDefect.DATE}, {BodyDefect.ATTRIBUTES})
    assert date_defects(dates) == {BodyDefect.DATE}
    assert not date_defects(unusual)


@some
@given(text=attributes.descriptions)
def test_a_right_description_is_short_in_every_unit_and_composed(text: str) -> None:
    assert 1 <= len(text) <= attributes.DESCRIPTION_LIMIT
    assert len(text.encode()) <= attributes.DESCRIPTION_LIMIT
    assert text == text.strip()


def test_a_description_shrinks_to_one_character_too_many() -> None:
    assert len(smallest(attributes.long_descriptions)) == attributes.DESCRIPTION_LIMIT + 1
    plan = CommitPlan(attributes={"description": smallest(attributes.long_descriptions)})
    assert expect(plan, FOUR).open == (BodyOddity.DESCRIPTION.value,)


@some
@given(text=attributes.instants_before_1970())
def test_before_1970_is_in_form_and_before_1970(text: str) -> None:
    moment = instant(text)
    assert moment is not None
    assert moment < 0


@pytest.mark.parametrize("value", [True, 0, [], {}, "2017-13-03T00:58:08Z", "2017-04-03T25:58:08Z"], ids=repr)
def test_a_wrong_date_may_be_of_any_type_and_wrong_in_any_field(value: Any) -> None:
    wanted = {"content_modified_at": value}

    def same(drawn: dict[str, Any]) -> bool:
        return drawn == wanted and type(drawn["content_modified_at"]) is type(value)

    assert smallest(attributes.wrong_dates(), same) == wanted


# Spellings and bodies


@some
@given(plan=spellings.unusual(), upload=materials())
def test_an_unusual_spelling_is_the_same_number_and_left_open(plan: CommitPlan, upload: Material) -> None:
    listed = json.loads(plan.build(upload).body)["parts"]
    assert listed == CommitPlan().build(upload).parts
    assert expect(plan, upload).open


@some
@given(plan=spellings.invalid(), upload=materials())
def test_an_invalid_spelling_is_no_json(plan: CommitPlan, upload: Material) -> None:
    assert read_body(plan.build(upload).body).defects == {BodyDefect.NOT_JSON}


@some
@given(plan=spellings.given_twice(), upload=materials())
def test_of_a_number_given_twice_the_last_one_counts(plan: CommitPlan, upload: Material) -> None:
    reading = read_body(plan.build(upload).body)
    assert BodyOddity.DUPLICATE_KEYS in reading.oddities
    assert read_part_list(reading.parts, upload.session).kinds & {DefectKind.WRONG_OFFSET, DefectKind.WRONG_SIZE}
    assert expect(plan, upload).must_refuse


@pytest.mark.parametrize("how", spellings.INVALID)
def test_every_invalid_spelling_is_drawn(how: str) -> None:
    assert f"is spelled {how}" in str(smallest(spellings.invalid(), lambda plan: str(plan).endswith(f"spelled {how}")))


@pytest.mark.parametrize("words", ["cut off", "between", "is spelled", "spoiled: NaN"])
def test_bodies_are_broken_in_every_way(words: str) -> None:
    assert words in str(smallest(bodies.malformed.drawn, lambda plan: words in str(plan)))


# Materials


@some
@given(upload=materials())
def test_a_material_is_a_complete_upload_with_parts_of_others(upload: Material) -> None:
    session = upload.session
    assert session.complete
    assert len(upload.content) == session.file_size
    assert len(session.parts) == session.total_parts == len({part.part_id for part in session.parts})
    assert upload.foreign is not None
    assert upload.aborted is not None
    assert {upload.foreign.part_id, upload.aborted.part_id} == session.foreign
    assert len({upload.foreign.sha1, upload.aborted.sha1, *(part.sha1 for part in session.parts)}) > 2
    assert (upload.etag is None) == (session.new_version_of is None)
    assert expect(CommitPlan(), upload).must_create


@pytest.mark.parametrize(
    "condition",
    [
        lambda shape: shape.parts == 1,
        lambda shape: shape.parts == 8 and shape.last == shape.part_size,
        lambda shape: shape.last == 1 and shape.part_size > 1,
        lambda shape: shape.same_bytes and shape.parts > 1,
        lambda shape: shape.part_size == 5000,
    ],
    ids=["one part", "exact multiple", "one byte at the end", "parts alike", "large parts"],
)
def test_uploads_of_every_kind_are_drawn(condition: Any) -> None:
    assert condition(smallest(shapes(), condition))


def test_the_simplest_upload_is_small() -> None:
    assert smallest(materials()) == material(Shape(parts=1, part_size=8, last=8), salt="0")
    assert "plain" in SHA1_FORMS
