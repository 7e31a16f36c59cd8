"""Drawn bodies of the 201: the oracle takes every right one and refuses every near miss, where it is wrong and why."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from benchmarks.schema_coverage import WANTED as NEW
from benchmarks.schema_coverage import aspects_in, drawn, expected, places_told, problems_of
from commit_conformance.model import FilesSchema, FileState, Problem, WantedFile
from commit_conformance.specs import openapi, schema
from strategies.files import AGREEMENT, NEEDED, NearFile, Wrong, files, near_files, wrongs_of
from strategies.schema_places import Place, read_schema
from strategies.schema_values import draw_value

DOCUMENT = schema("CommittedFiles")
ROOT = read_schema(DOCUMENT)
JUDGED = FilesSchema(schema("Files"))
ATTRIBUTED = replace(NEW, content_modified_at=1491613088.0, content_created_at=1325395799.0, description="v2")
BEFORE = FileState(file_id="7", etag="0", sha1="0" * 40, size=3, name="Contract.pdf", version_id="100")
VERSION = replace(NEW, owner_id=None, previous=BEFORE)
UPLOADS = {"new file": NEW, "with attributes": ATTRIBUTED, "new version": VERSION}
uploads = pytest.mark.parametrize("wanted", UPLOADS.values(), ids=UPLOADS)
#: Drawing a full body on a busy machine takes longer than Hypothesis finds right.
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
#: What a message says of each kind of fault.
SAYS = {
    "type": r"\bis .*\bnot\b|is not|none of|less than",
    "null": r"\bis (null|None)\b|is not",
    "enum": r"none of|\bnot\b",
    "pattern": "does not match|characters",
    "format": "which is no ",
    "minimum": r"less than|\bnot\b",
    "minLength": "fewer than",
    "maxLength": "more than",
    "minItems": "not one",
    "maxItems": r"more than|not one",
    "required": r"has no\b",
    AGREEMENT: r"\bnot\b|is still|was|were|after|is set|for \d+ entries|token's user|folder is|content's is",
}
#: What the messages say that compare with the upload, of a value that is wrong in form as well.
COMPARES = r"content's is|were uploaded|was created for"


def problems(body: Any, wanted: WantedFile = NEW) -> list[Problem]:
    return problems_of(body, wanted, JUDGED)


def is_told(near: NearFile, wanted: WantedFile) -> None:
    """A near miss is refused at its place and nowhere else, and the message says member and reason."""
    found = problems(near.body, wanted)
    assert found, near
    assert {problem.pointer for problem in found} <= places_told(near), (near, found)
    kind = near.wrong.kind.partition(" ")[0]
    said = [problem.message for problem in found]
    assert any(re.search(SAYS[kind], text) or re.search(COMPARES, text) for text in said), (near.what, found)
    # The member is named, or what it lies in: an entry, the path.
    steps = [step for step in near.pointer.split("/") if step and not step.isdigit()][-3:]
    names = {word for step in steps for word in step.replace("entries", "entr").split("_")} or {"body"}
    names |= {step.replace("~1", "/").replace("~0", "~") for step in steps}
    names |= {"without a name"} if near.pointer.endswith("/") else set()
    assert any(name in problem.message for name in names for problem in found), (near.what, found)


# --- right bodies ---


@uploads
@given(data=st.data())
@settings(SLOW, max_examples=30)
def test_a_right_body_has_no_problem(wanted: WantedFile, data: st.DataObject) -> None:
    body = data.draw(files(DOCUMENT, wanted))
    assert problems(body, wanted) == []


def test_the_least_body_is_the_six_members_that_every_file_has() -> None:
    least = find(files(DOCUMENT, NEW, fullness="some"), lambda body: True)
    assert least.keys() == {"total_count", "entries"}
    assert set(least["entries"][0]) == set(NEEDED)


def test_the_fullest_body_has_every_member_the_schema_names() -> None:
    (body,) = drawn(files(DOCUMENT, NEW, fullness="most"), 1)
    members = openapi()["components"]["schemas"]["File"]["properties"]
    assert set(members) <= set(body["entries"][0])


@pytest.mark.parametrize(
    "form",
    [
        lambda file: any(
            isinstance(entry.get("properties", {}).get("paged"), bool)
            for entry in (file.get("representations") or {}).get("entries", ())
        ),
        lambda file: any(
            isinstance(entry.get("properties", {}).get("paged"), str)
            for entry in (file.get("representations") or {}).get("entries", ())
        ),
        lambda file: file.get("tags") == [],
        lambda file: len(file.get("tags", ())) == 100,
        lambda file: file["sha1"].isupper(),
        lambda file: file["etag"] is None,
        lambda file: "parent" in file and file["parent"] is None,
        lambda file: "shared_link" in file and file["shared_link"] is None,
        lambda file: not file.keys() <= ROOT.members["entries"].each.members.keys(),  # type: ignore[union-attr]
    ],
    ids=[
        "paged boolean",
        "paged string",
        "no tags",
        "100 tags",
        "upper case",
        "null etag",
        "null parent",
        "no link",
        "unknown",
    ],
)
def test_every_rightful_form_is_drawn(form: Any) -> None:
    assert any(form(body["entries"][0]) for body in right_bodies())


# --- near misses ---


@uploads
@given(data=st.data())
@settings(SLOW, max_examples=30)
def test_a_near_miss_is_refused_at_its_place_with_the_reason(wanted: WantedFile, data: st.DataObject) -> None:
    is_told(data.draw(near_files(DOCUMENT, wanted)), wanted)


def test_each_kind_of_fault_at_each_place_is_refused_there() -> None:
    """The coverage of faults: no kind at any place is left to chance."""
    for wrong in wrongs_of(DOCUMENT, ATTRIBUTED):
        (near,) = drawn(near_files(DOCUMENT, ATTRIBUTED, wrongs=[wrong]), 1)
        assert near.wrong == wrong
        is_told(near, ATTRIBUTED)


@pytest.mark.parametrize("wrong", [wrong for wrong in wrongs_of(DOCUMENT, VERSION) if wrong.kind == AGREEMENT], ids=str)
def test_each_disagreement_of_a_new_version_is_refused(wrong: Wrong) -> None:
    for near in drawn(near_files(DOCUMENT, VERSION, wrongs=[wrong]), 5):
        is_told(near, VERSION)


def leaves(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield steps, value if not isinstance(value, dict | list) else type(value)
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in below:
        yield from leaves(inner, (*steps, step))


def test_a_near_miss_shrinks_to_the_least_body_that_has_its_fault() -> None:
    wrong = Wrong(path=("entries", "*", "lock", "created_by", "id"), kind="type")
    near = find(near_files(DOCUMENT, NEW, wrongs=[wrong], fullness="some"), lambda near: True)
    (file,) = near.body["entries"]
    assert set(file) == {*NEEDED, "lock"}
    assert set(file["lock"]) == {"created_by"}
    assert set(file["lock"]["created_by"]) == {"id", "type"}
    assert near.pointer == "/entries/0/lock/created_by/id"


def test_what_fails_is_shrunk_to_the_least_body_that_fails() -> None:
    body = find(files(DOCUMENT, NEW, fullness="some"), lambda body: "tags" in body["entries"][0])
    assert set(body["entries"][0]) == {*NEEDED, "tags"}
    assert body["entries"][0]["tags"] == []


def test_a_near_miss_of_free_names_is_told_by_an_escaped_pointer() -> None:
    wrong = Wrong(path=("entries", "*", "metadata", "*", "*", "$version"), kind="minimum")
    found = drawn(near_files(DOCUMENT, NEW, wrongs=[wrong]), 30)
    assert any("~1" in near.pointer or "~0" in near.pointer for near in found)
    for near in found:
        is_told(near, NEW)


# --- coverage ---


@cache
def right_bodies() -> list[Any]:
    """Always the same bodies, enough for every place of the schema."""
    return drawn(files(DOCUMENT, NEW), 120)


def test_every_place_of_the_schema_is_drawn_right_and_broken() -> None:
    shown = {place for body in right_bodies() for place, aspect in aspects_in(body, ROOT) if aspect != "left out"}
    places = {str(place) for place in ROOT.below()}
    assert shown == places
    broken = {wrong.path for wrong in wrongs_of(DOCUMENT, NEW)}
    assert {place.path for place in ROOT.below() if place.faults} <= broken
    # What has no fault of its own takes any value: there is no such place in this schema.
    assert {str(place) for place in ROOT.below() if not place.faults} == set()


def test_all_that_the_schema_allows_is_known() -> None:
    wanted = expected(ROOT)
    impossible = [key for key, reason in wanted.items() if reason]
    seen = {key for body in right_bodies() for key in aspects_in(body, ROOT)}
    assert seen & set(impossible) == set()
    assert len(seen) > 0.8 * len(wanted)


# --- reading schemas ---


def test_a_keyword_that_is_not_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="/a: the keyword 'oneOf'"):
        read_schema({"properties": {"a": {"oneOf": [{}, {"type": "string"}]}}})
    with pytest.raises(ValueError, match="one File"):
        files(schema("Files"), NEW)


def test_what_stands_beside_a_reference_holds_too() -> None:
    parent = next(place for place in ROOT.below() if str(place) == "/entries/*/parent")
    assert set(parent.types) == {"object", "null"}
    assert parent.required == ("id", "type")
    assert ROOT.members["total_count"].words == (1,)
    assert ROOT.members["entries"].bounds == {"minItems": 1, "maxItems": 1}


BOUNDED = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3, "maximum": 5}}, "required": ["n"]}


@given(data=st.data())
def test_a_number_keeps_both_of_its_bounds(data: st.DataObject) -> None:
    value, _ = draw_value(data.draw, read_schema(BOUNDED), fullness="least")
    assert 3 <= value["n"] <= 5


def test_a_place_prints_as_a_pointer() -> None:
    assert str(Place(path=("a/b", "*", "~"))) == "/a~1b/*/~0"
    assert (
        json.dumps([str(wrong) for wrong in wrongs_of(DOCUMENT, NEW)][:2])
        == '["/: required total_count", "/: required entries"]'
    )


# --- a server that answers with them ---

SERVER = Path(__file__).parent / "drawn_server.py"
CHECKOUT = Path(__file__).parents[3]


def failed_on_a_server(out: Path, *fault: str) -> tuple[int, dict[str, Any]]:
    """Run the suite on a service that answers with drawn bodies; the exit code, and the failures by rule."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}
    done = subprocess.run(
        [sys.executable, str(SERVER), str(out), *fault],
        capture_output=True,
        text=True,
        env={**environment, "PYTHONPATH": str(CHECKOUT)},
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    events = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    failures = {event["rule"]: event["failure"] for event in events if event.get("verdict") == "failed"}
    return done.returncode, failures


def test_a_server_with_right_bodies_of_every_form_conforms(tmp_path: Path) -> None:
    assert failed_on_a_server(tmp_path) == (0, {})


def test_a_server_with_near_misses_fails_the_rule_of_their_place_alone(tmp_path: Path) -> None:
    code, failures = failed_on_a_server(tmp_path, "entries/*/permissions/can_share", "type")
    assert code == 1
    assert set(failures) == {"CREATED-SCHEMA"}
    shown = json.dumps(failures["CREATED-SCHEMA"])
    assert "/entries/0/permissions/can_share" in shown
    assert "not a boolean" in shown
