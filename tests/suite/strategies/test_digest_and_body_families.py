"""Every family of digests, bodies and preconditions: refused, for the defect its name promises."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from materials import SHAPES, claimed, expect

from commit_conformance.model import DefectKind, Outcome, read_body, read_digest, read_part_list
from commit_conformance.model.body import BodyDefect as B
from commit_conformance.model.digest import DigestDefect as D
from strategies import bodies, digests, preconditions
from strategies.digests import OtherContent
from strategies.materials import Shape, material
from strategies.plan import CommitPlan, Material

DIGESTS: dict[str, set[D]] = {
    "missing": {D.MISSING},
    "mismatch": {D.MISMATCH},
    "of_body": {D.MISMATCH},
    "of_parts": {D.MISMATCH},
    "hexadecimal": {D.LENGTH},
    "no_algorithm": {D.NO_ALGORITHM},
    "unsupported": {D.UNSUPPORTED},
    "bad_base64": {D.BASE64},
    "wrong_length": {D.LENGTH},
    "wrong_case": {D.MISMATCH, D.LENGTH, D.BASE64},
    "lists": {D.MISMATCH},
    "twice": {D.AMBIGUOUS},
}
BODIES: dict[str, set[B]] = {
    "malformed": {B.NOT_JSON},
    "empty": {B.EMPTY},
    "top_level": {B.TOP_LEVEL},
    "duplicate_keys": set(),  # the last list counts, and it is empty: a defect of the list
    "content_types": {B.CONTENT_TYPE},
    "invalid_dates": {B.DATE},
    "not_attributes": {B.ATTRIBUTES},
}
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ETAGS = ("0", "1", "3", "9", "10", "07", "c0ffee", "abc", "a", "")
FOUR = material(Shape(parts=4))


def digest_is_refused(name: str, plan: CommitPlan, upload: Material) -> None:
    if isinstance(plan.digest, OtherContent) and plan.digest.of in ("first part", "last part"):
        whole = len(upload.session.parts) == 1  # the only part is the file
        assert expect(plan, upload).must_create == whole
        if whole:
            return
    request = plan.build(upload)
    assert expect(plan, upload).must_refuse, str(plan)
    found = read_digest(request.header("digest"), sha1=upload.session.sha1).defects
    assert found & DIGESTS[name], f"{plan}: {found}"


def body_is_refused(name: str, plan: CommitPlan, upload: Material) -> None:
    request = plan.build(upload)
    assert expect(plan, upload).must_refuse, str(plan)
    if name == "duplicate_keys":
        assert read_part_list(claimed(request), upload.session).kinds == {DefectKind.EMPTY}
        return
    assert read_body(request.body, request.header("content-type")).defects == BODIES[name], str(plan)


def test_every_family_has_its_promise() -> None:
    assert set(DIGESTS) == set(digests.FAMILIES)
    assert set(BODIES) == set(bodies.FAMILIES)


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_representative_digest_must_be_refused(name: str, shape: Shape) -> None:
    for plan in digests.FAMILIES[name].representatives:
        digest_is_refused(name, plan, material(shape))


@pytest.mark.parametrize("name", DIGESTS)
@quick
@given(data=st.data())
def test_every_drawn_digest_must_be_refused(name: str, data: st.DataObject) -> None:
    upload = material(data.draw(st.sampled_from(SHAPES)), salt=str(data.draw(st.integers(0, 1000))))
    digest_is_refused(name, data.draw(digests.FAMILIES[name].drawn), upload)


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_representative_body_must_be_refused(name: str, shape: Shape) -> None:
    for plan in bodies.FAMILIES[name].representatives:
        body_is_refused(name, plan, material(shape))


@pytest.mark.parametrize("name", BODIES)
@quick
@given(data=st.data())
def test_every_drawn_body_must_be_refused(name: str, data: st.DataObject) -> None:
    body_is_refused(name, data.draw(bodies.FAMILIES[name].drawn), material(data.draw(st.sampled_from(SHAPES))))


@pytest.mark.parametrize("plan", bodies.large.representatives, ids=str)
def test_a_very_large_body_must_be_refused(plan: CommitPlan) -> None:
    assert expect(plan, FOUR).must_refuse


@pytest.mark.parametrize("how", ["NaN", "form"])
def test_a_body_spoiled_in_a_rarer_way_must_be_refused(how: str) -> None:
    body_is_refused("malformed", CommitPlan(body=bodies.Spoiled(how=how)), FOUR)


@pytest.mark.parametrize("index", range(4))
def test_another_header_is_no_digest(index: int) -> None:
    plan = digests.substitutes(FOUR.session.sha1)[index]
    assert expect(plan, FOUR).reasons == (str(D.MISSING),)


@pytest.mark.parametrize("plan", digests.variants.representatives, ids=str)
def test_a_variant_of_the_name_is_open(plan: CommitPlan) -> None:
    expectation = expect(plan, FOUR)
    assert not expectation.must_refuse
    assert expectation.open


def test_no_content_type_is_open() -> None:
    assert expect(bodies.NO_CONTENT_TYPE, FOUR).open == ("no content type",)


@pytest.mark.parametrize("etag", ETAGS[:-1])
def test_every_stale_etag_fails_the_precondition(etag: str) -> None:
    upload = material(Shape(parts=2), etag=etag)
    for plan in preconditions.stale_if_match.representatives:
        expectation = expect(plan, upload)
        assert expectation.outcomes == {Outcome.REFUSED}, str(plan)
        assert expectation.statuses == {412}, str(plan)


@pytest.mark.parametrize("etag", ETAGS)
@pytest.mark.parametrize("form", ["older", "newer", "random", "extended", "prefix", "first"])
def test_a_stale_etag_is_another_one_even_as_a_number(etag: str, form: str) -> None:
    stale = preconditions.Tag(form=form).render(etag)
    assert stale != etag
    assert stale
    assert not (stale.isdecimal() and etag.isdecimal() and int(stale) == int(etag))


@quick
@given(preconditions.stale_if_match.drawn, st.sampled_from(ETAGS[:-1]), st.sampled_from(SHAPES))
def test_every_drawn_precondition_must_be_refused(plan: CommitPlan, etag: str, shape: Shape) -> None:
    assert expect(plan, material(shape, etag=etag)).must_refuse


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (preconditions.current_if_match, None),
        (preconditions.other_if_none_match, None),
        (preconditions.any_if_match, None),
        (preconditions.current_if_none_match, "412 or 304"),
        (preconditions.both_false, "412 or 304"),
    ],
    ids=str,
)
def test_a_precondition_decides(plan: CommitPlan, words: str | None) -> None:
    expectation = expect(plan, material(Shape(parts=2), etag="3"))
    assert expectation.must_create == (words is None)
    if words:
        assert str(expectation) == words


def test_any_if_none_match_is_open() -> None:
    assert expect(preconditions.any_if_none_match, material(Shape(parts=2), etag="3")).open
