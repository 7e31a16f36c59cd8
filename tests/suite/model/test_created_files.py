"""The 201: one change at a time, and exactly the rule it breaks."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from commit_conformance.model import Answer, FilesSchema, FileState, Problem, WantedFile, check_created
from commit_conformance.model.dates import instant
from commit_conformance.specs import schema

SEEDS = Path(__file__).parents[1] / "specs" / "data"
SCHEMA = FilesSchema(schema("Files"))
GONE: Final = type("Gone", (), {"__repr__": lambda self: "GONE"})()
SHA1 = "134b65991ed521fcfe4724b7d814ab8ded5185dc"
SENT = "2017-04-08T00:58:08Z"
WANTED = WantedFile(name="Contract.pdf", parent_id="12345", size=629644, sha1=SHA1)
MINIMAL = {"id": "7", "type": "file", "etag": "0", "sha1": SHA1, "size": 629644, "name": "Contract.pdf"}
AT = "/entries/0"


def seed(number: int) -> dict[str, Any]:
    """A published example as the answer to this upload: what it says of other content and of the trash is set right."""
    body: dict[str, Any] = json.loads((SEEDS / f"seed-{number}-created.json").read_text(encoding="utf-8"))
    (file,) = body["entries"]
    file |= {"sha1": SHA1, "trashed_at": None, "purged_at": None, "item_status": "active"}
    folder = {"type": "folder", "id": "12345", "name": "Contracts", "sequence_id": "3", "etag": "1"}
    file |= {"parent": dict(folder), "path_collection": {"total_count": 1, "entries": [folder]}}
    return body


def minimal(**changes: Any) -> dict[str, Any]:
    return {"total_count": 1, "entries": [MINIMAL | changes]}


def changed(body: Any, pointer: str, to: Any) -> Any:
    """A copy with one place set to something else, or taken out."""
    whole = copy.deepcopy(body)
    *steps, last = pointer.split("/")[1:]
    node = whole
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    key = int(last) if isinstance(node, list) else last
    if to is GONE:
        del node[key]
    else:
        node[key] = to
    return whole


def check(body: Any, wanted: WantedFile = WANTED, content_type: str | None = "application/json") -> list[Problem]:
    headers = {"content-type": (content_type,)} if content_type else {}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return check_created(Answer(status=201, headers=headers, body=content), wanted, SCHEMA)


def rules(problems: list[Problem]) -> set[str]:
    return {problem.rule for problem in problems}


@pytest.mark.parametrize("number", [1, 2])
def test_the_published_example_adapted_to_the_upload_passes(number: int) -> None:
    assert check(seed(number)) == []


def test_a_minimal_file_passes() -> None:
    assert check(minimal()) == []


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_a_json_content_type_passes(content_type: str) -> None:
    assert check(minimal(), content_type=content_type) == []


@pytest.mark.parametrize("content_type", [None, "", "text/html", "application/problem+json", "text/json"])
def test_another_content_type_is_told(content_type: str | None) -> None:
    assert rules(check(minimal(), content_type=content_type)) == {"CREATED-CONTENT-TYPE"}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (f"{AT}/sha1", SHA1.upper()),
        (f"{AT}/file_version/sha1", SHA1.upper()),
        (f"{AT}/x_unknown", {"a": [1, None]}),
        ("/x_unknown", 7),
        ("/offset", 0),
        (f"{AT}/description", ""),
        (f"{AT}/shared_link", None),
        (f"{AT}/shared_link", GONE),
        (f"{AT}/purged_at", None),
        (f"{AT}/trashed_at", GONE),
        (f"{AT}/tags", []),
        (f"{AT}/lock", None),
        (f"{AT}/modified_by", GONE),
        (f"{AT}/parent", GONE),
        (f"{AT}/parent", None),
        (f"{AT}/path_collection", GONE),
        (f"{AT}/file_version", GONE),
        (f"{AT}/item_status", GONE),
        (f"{AT}/created_at", "2012-12-12T18:53:43Z"),
        (f"{AT}/etag", "0"),
    ],
)
def test_a_right_file_in_another_form_passes(pointer: str, value: Any) -> None:
    assert check(changed(seed(1), pointer, value)) == []


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        ("/total_count", 2, "CREATED-LIST"),
        ("/total_count", 0, "CREATED-LIST"),
        ("/total_count", "1", "CREATED-LIST"),
        ("/total_count", True, "CREATED-LIST"),
        ("/total_count", GONE, "CREATED-LIST"),
        ("/entries", [], "CREATED-LIST"),
        ("/entries", GONE, "CREATED-LIST"),
        ("/entries", None, "CREATED-LIST"),
        ("/entries", MINIMAL, "CREATED-LIST"),
        ("/entries", [MINIMAL, MINIMAL], "CREATED-LIST"),
        *((f"{AT}/{member}", GONE, "CREATED-FIELDS") for member in MINIMAL),
        (f"{AT}/type", "folder", "CREATED-FIELDS"),
        (f"{AT}/type", None, "CREATED-FIELDS"),
        (f"{AT}/sha1", "0" * 40, "CREATED-SHA1"),
        (f"{AT}/sha1", SHA1[:-1], "CREATED-SHA1"),
        (f"{AT}/sha1", None, "CREATED-SHA1"),
        (f"{AT}/sha1", 7, "CREATED-SHA1"),
        (f"{AT}/sha1", "E0tlmR7VIfz+RyS32BSrje1Rhdw=", "CREATED-SHA1"),
        (f"{AT}/file_version/sha1", "0" * 40, "CREATED-VERSION-SHA1"),
        (f"{AT}/size", 629645, "CREATED-SIZE"),
        (f"{AT}/size", "629644", "CREATED-SIZE"),
        (f"{AT}/size", 629644.5, "CREATED-SIZE"),
        (f"{AT}/size", True, "CREATED-SIZE"),
        (f"{AT}/size", None, "CREATED-SIZE"),
        (f"{AT}/name", "contract.pdf", "CREATED-NAME"),
        (f"{AT}/name", "", "CREATED-NAME"),
        (f"{AT}/name", 7, "CREATED-NAME"),
        (f"{AT}/parent/id", "0", "CREATED-PARENT"),
        (f"{AT}/path_collection/total_count", 2, "CREATED-PATH"),
        (f"{AT}/path_collection/entries/0/id", "0", "CREATED-PATH"),
        (f"{AT}/id", 12345, "CREATED-STRING-IDS"),
        (f"{AT}/etag", 1, "CREATED-STRING-IDS"),
        (f"{AT}/sequence_id", 3, "CREATED-STRING-IDS"),
        (f"{AT}/parent/id", 12345, "CREATED-STRING-IDS"),
        (f"{AT}/parent/sequence_id", 3, "CREATED-STRING-IDS"),
        (f"{AT}/owned_by/id", 11446498, "CREATED-STRING-IDS"),
        (f"{AT}/file_version/id", 12345, "CREATED-STRING-IDS"),
        (f"{AT}/created_at", "yesterday", "CREATED-DATES"),
        (f"{AT}/created_at", "2012-12-12", "CREATED-DATES"),
        (f"{AT}/modified_at", 1355338423, "CREATED-DATES"),
        (f"{AT}/created_at", "2012-12-12T10:53:44-08:00", "CREATED-DATES"),
        (f"{AT}/content_modified_at", "2012-12-12T25:53:43-08:00", "CREATED-DATES"),
        (f"{AT}/item_status", "trashed", "CREATED-ACTIVE"),
        (f"{AT}/item_status", "deleted", "CREATED-ACTIVE"),
        (f"{AT}/trashed_at", "2012-12-12T10:53:43-08:00", "CREATED-ACTIVE"),
        (f"{AT}/purged_at", "2012-12-12T10:53:43-08:00", "CREATED-ACTIVE"),
        (f"{AT}/description", "x" * 256, "CREATED-SCHEMA"),
        (f"{AT}/description", 7, "CREATED-SCHEMA"),
        (f"{AT}/tags", "approved", "CREATED-SCHEMA"),
        (f"{AT}/parent/type", "file", "CREATED-SCHEMA"),
        (f"{AT}/comment_count", "10", "CREATED-SCHEMA"),
    ],
    ids=str,
)
def test_one_change_breaks_exactly_one_rule(pointer: str, value: Any, rule: str) -> None:
    problems = check(changed(seed(1), pointer, value))
    assert rules(problems) == {rule}, problems
    assert len(problems) == len({(problem.rule, problem.pointer) for problem in problems})
    assert any(problem.pointer.startswith(pointer) or pointer.startswith(problem.pointer) for problem in problems)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"\xff", b"NaN", b"[" * 100_000])
def test_a_body_that_is_not_json_is_no_list(body: bytes) -> None:
    assert rules(check(body)) == {"CREATED-LIST"}


@pytest.mark.parametrize("body", [None, [], {}, 7, "file", MINIMAL, [MINIMAL], {"entries": [7], "total_count": 1}])
def test_another_value_is_no_list_of_one_file(body: Any) -> None:
    assert "CREATED-LIST" in rules(check(body))


def test_a_file_that_lies_in_another_folder_is_told_once() -> None:
    body = changed(changed(seed(1), f"{AT}/parent/id", "9"), f"{AT}/path_collection/entries/0/id", "9")
    assert rules(check(body)) == {"CREATED-PARENT"}
    assert rules(check(changed(body, f"{AT}/parent/id", "8"))) == {"CREATED-PARENT", "CREATED-PATH"}
    assert rules(check(changed(body, f"{AT}/parent", GONE))) == {"CREATED-PATH"}


def test_the_place_is_named_as_a_json_pointer() -> None:
    (problem,) = check(changed(seed(1), f"{AT}/owned_by/id", 7))
    assert problem.pointer == f"{AT}/owned_by/id"


def test_several_changes_are_all_told() -> None:
    body = changed(changed(changed(seed(2), f"{AT}/sha1", "0" * 40), f"{AT}/size", 1), "/total_count", 3)
    assert rules(check(body, content_type=None)) == {
        "CREATED-CONTENT-TYPE",
        "CREATED-LIST",
        "CREATED-SHA1",
        "CREATED-SIZE",
    }


ATTRIBUTES = replace(
    WANTED, content_modified_at=instant(SENT), content_created_at=instant("2011-12-31T23:30:00-05:30"), description="v2"
)


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        ({}, None),
        ({"content_modified_at": SENT}, None),
        ({"content_modified_at": "2017-04-07T17:58:08-07:00"}, None),
        ({"content_modified_at": "2017-04-08T00:58:08.75Z"}, None),
        ({"content_modified_at": "2017-04-08T00:58:09Z"}, "ATTR-MODIFIED-AT"),
        ({"content_modified_at": None}, "ATTR-MODIFIED-AT"),
        ({"content_created_at": "2012-01-01T05:00:00Z"}, None),
        ({"content_created_at": "2011-12-31T23:30:00Z"}, "ATTR-CREATED-AT"),
        ({"description": "v2"}, None),
        ({"description": "v3"}, "ATTR-DESCRIPTION"),
        ({"description": ""}, "ATTR-DESCRIPTION"),
    ],
)
def test_attributes_come_back_as_the_same_instants_and_text(shown: dict[str, Any], rule: str | None) -> None:
    assert rules(check(minimal(**shown), ATTRIBUTES)) == ({rule} if rule else set())


@pytest.mark.parametrize("member", ["created_by", "owned_by"])
def test_the_file_belongs_to_the_user_of_the_token(member: str) -> None:
    body = minimal(**{member: {"id": "42", "type": "user", "name": "A", "login": "a@example.com"}})
    assert rules(check(body, replace(WANTED, owner_id="42"))) == set()
    assert rules(check(body, replace(WANTED, owner_id="43"))) == {"CREATED-OWNER"}
    assert rules(check(body)) == set()


BEFORE = FileState(file_id="7", etag="0", sha1="0" * 40, size=3, name="Contract.pdf", version_id="100")
VERSION = minimal(etag="1", file_version={"id": "101", "type": "file_version", "sha1": SHA1})


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        (f"{AT}/etag", "2", None),
        (f"{AT}/etag", "0", "CREATED-NEW-VERSION"),
        (f"{AT}/id", "8", "CREATED-NEW-VERSION"),
        (f"{AT}/file_version/id", "100", "CREATED-NEW-VERSION"),
        (f"{AT}/file_version", GONE, None),
        (f"{AT}/created_by", {"id": "43", "type": "user"}, None),
    ],
)
def test_a_new_version_keeps_the_id_and_changes_etag_and_version(pointer: str, value: Any, rule: str | None) -> None:
    wanted = replace(WANTED, previous=BEFORE, owner_id="42")
    assert rules(check(VERSION, wanted)) == set()
    assert rules(check(changed(VERSION, pointer, value), wanted)) == ({rule} if rule else set())


def test_what_was_not_known_before_is_not_compared() -> None:
    before = FileState(file_id="7", etag=None, sha1=None, size=None, name=None)
    assert check(VERSION, replace(WANTED, previous=before)) == []


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/total_count", 1.0),
        (f"{AT}/size", 629644.0),
        (f"{AT}/created_at", "2005-12-31T15:59:60-08:00"),
        (f"{AT}/modified_at", "2016-12-31T23:59:60.5Z"),
        (f"{AT}/expires_at", "9999-12-31T23:59:59-08:00"),
        (f"{AT}/metadata", {"global": {"id": {"id": 7}}, "expires_at": {}}),
    ],
)
def test_what_rfc_3339_and_json_schema_allow_passes(pointer: str, value: Any) -> None:
    assert check(changed(seed(1), pointer, value)) == []


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        (f"{AT}/created_at", "2012-12-12T10:53:43-08:00\n", "CREATED-DATES"),
        (f"{AT}/created_at", "2005-12-31T12:10:60Z", "CREATED-DATES"),
        (f"{AT}/owned_by/login", "@", "CREATED-SCHEMA"),
        (f"{AT}/owned_by/login", "ceiling@example.com\n", "CREATED-SCHEMA"),
        (f"{AT}/shared_link/url", "https://www.example.com/s/vspke7y05sb214wjokpk\n", "CREATED-SCHEMA"),
        (f"{AT}/metadata", {"global": {"id": 7}}, "CREATED-SCHEMA"),
    ],
)
def test_what_only_looks_like_the_format_is_told(pointer: str, value: Any, rule: str) -> None:
    assert rules(check(changed(seed(1), pointer, value))) == {rule}


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        ("/entries", GONE, "the body has no entries"),
        ("/total_count", GONE, "the body has no total_count"),
        (f"{AT}/description", "x" * 300, f"description has 300 characters, more than 255: '{'x' * 59}"),
        (f"{AT}/tags", {"a": "b" * 500}, "tags is an object, not a list"),
        (f"{AT}/tags/0", None, "entry 0 of tags is null, not a string"),
        (f"{AT}/path_collection", {}, "path_collection has no total_count, entries"),
        (
            f"{AT}/lock/app_type",
            "word",
            "app_type is 'word', none of 'gsuite', 'office_wopi', 'office_wopiplus', 'other', null",
        ),
        (f"{AT}/comment_count", -1, "comment_count is -1, less than 0"),
        (f"{AT}/file_version/id", 7, "id is 7, not a string"),
    ],
)
def test_the_message_has_the_reason_however_long_the_value_is(pointer: str, value: Any, message: str) -> None:
    assert message in [problem.message for problem in check(changed(seed(1), pointer, value))]


def test_two_files_that_are_counted_as_two_are_one_problem() -> None:
    (problem,) = check({"total_count": 2, "entries": [MINIMAL, MINIMAL]})
    assert problem.pointer == "/entries"


@pytest.mark.parametrize("member", ["name", "size", "metadata"])
def test_a_value_of_any_depth_is_refused(member: str) -> None:
    """Where a value can be decoded and not be looked at depends on the stack: every depth around it is tried."""
    for depth in range(700, 1010):
        body = json.dumps(minimal(**{member: "DEEP"})).replace('"DEEP"', "[" * depth + "]" * depth)
        assert check(body.encode()) != [], depth
