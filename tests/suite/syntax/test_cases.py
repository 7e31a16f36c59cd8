"""Schemathesis' cases, as plans: each differs from a right commit in what the case is about."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode

from commit_conformance.model import UploadedPart, UploadedSession, expect_commit, read_body, read_digest
from commit_conformance.specs import suite_root
from commit_conformance.syntax.cases import covering, drawn_of, load_operation, plan_of, write_cases
from commit_conformance.syntax.description import DescriptionProblem
from commit_conformance.syntax.drawn import CASES, Drawn, as_text, kept_cases
from commit_conformance.syntax.layer import in_turn
from strategies.plan import CommitPlan, Material

CONTENT = b"abcdefghi"
PIECES = [CONTENT[at : at + 4] for at in range(0, len(CONTENT), 4)]
MATERIAL = Material(
    session=UploadedSession(
        file_size=len(CONTENT),
        part_size=4,
        parts=tuple(
            UploadedPart(part_id=f"P{n}", offset=4 * n, size=len(piece), sha1=hashlib.sha1(piece).hexdigest())
            for n, piece in enumerate(PIECES)
        ),
        sha1=hashlib.sha1(CONTENT).hexdigest(),
    ),
    content=CONTENT,
)
PLAIN = CommitPlan().build(MATERIAL).body
OPERATION = load_operation()
EVERY = [*covering(OPERATION, positive=True), *covering(OPERATION, positive=False)]


def test_coverage_touches_every_place_of_the_body_and_the_digest() -> None:
    places = {drawn.place for drawn in EVERY if not drawn.positive}
    for member in ("part_id", "offset", "size", "sha1"):
        assert f"application/json /properties/parts/items/properties/{member}/type" in places
    assert {"digest", "application/json /required", "application/json /type"} <= places
    assert len([drawn for drawn in EVERY if not drawn.positive]) > 60


def test_the_file_of_cases_holds_what_schemathesis_makes_of_the_description() -> None:
    assert kept_cases() == tuple(EVERY), f"write {CASES} anew: python -m commit_conformance.syntax.cases"


def test_the_file_of_cases_is_written_where_it_says_something_else(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    assert write_cases(path)
    written, kept = (json.loads(file.read_bytes()) for file in (path, suite_root() / CASES))
    assert (written["description"], written["cases"]) == (kept["description"], kept["cases"])
    assert not write_cases(path)
    assert [file.name for file in tmp_path.iterdir()] == ["cases.json"]


def test_a_case_that_the_file_has_no_form_for_is_refused() -> None:
    with pytest.raises(ValueError, match="digest_header"):
        as_text([Drawn(positive=True, place="", plan=CommitPlan(digest_header="Digest"))], made_by="this test")


def test_each_commit_comes_once() -> None:
    made = [drawn.makes for drawn in EVERY]
    assert len(made) == len(set(made))


@pytest.mark.parametrize("drawn", [d for d in EVERY if not d.positive], ids=lambda drawn: str(drawn.plan)[:60])
def test_what_is_forbidden_differs_in_one_thing(drawn: Drawn) -> None:
    request = drawn.plan.build(MATERIAL)
    body = read_body(request.body, request.header("content-type"))
    digest = read_digest(request.header("digest"), sha1=MATERIAL.session.sha1)
    body_differs = bool(body.defects or body.oddities) or request.body != PLAIN
    assert [body_differs, bool(digest.defects)].count(True) == 1
    expectation = expect_commit(request, MATERIAL.session)
    # A description that is no text is forbidden by the schema, and left open by the contract.
    assert expectation.must_refuse or expectation.open


@pytest.mark.parametrize("drawn", [d for d in EVERY if d.positive], ids=lambda drawn: str(drawn.plan)[:60])
def test_what_is_allowed_is_right_or_left_open(drawn: Drawn) -> None:
    expectation = expect_commit(drawn.plan.build(MATERIAL), MATERIAL.session)
    assert not expectation.reasons


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(OPERATION.as_strategy(generation_mode=GenerationMode.POSITIVE))
def test_what_is_drawn_as_allowed_names_the_right_parts(case: Case) -> None:
    request = plan_of(case).build(MATERIAL)
    reasons = expect_commit(request, MATERIAL.session).reasons
    # Dates before 1970 are dates to a schema, and no dates to the contract.
    assert all("date" in reason for reason in reasons)


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(OPERATION.as_strategy(generation_mode=GenerationMode.NEGATIVE))
def test_what_is_drawn_as_forbidden_makes_a_request(case: Case) -> None:
    drawn = drawn_of(case)
    assert not drawn.positive
    expectation = expect_commit(drawn.plan.build(MATERIAL), MATERIAL.session)
    assert expectation.must_refuse or expectation.open


def test_the_deepest_places_come_first_and_each_in_turn() -> None:
    order = list(in_turn(drawn for drawn in EVERY if not drawn.positive))
    assert len(order) == len([drawn for drawn in EVERY if not drawn.positive])
    places = [drawn.place for drawn in order]
    first_round = places[: len(set(places))]
    assert len(set(first_round)) == len(first_round)
    depths = [place.count("/") for place in first_round]
    assert depths == sorted(depths, reverse=True)


def test_a_description_without_a_commit_is_told() -> None:
    with pytest.raises(DescriptionProblem, match="does not describe the commit"):
        load_operation({"openapi": "3.1.0", "paths": {}})
