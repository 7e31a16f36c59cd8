"""The JSON body of a commit, its part list aside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_conformance.model import NOT_JSON, read_body
from commit_conformance.model.body import BodyDefect as D
from commit_conformance.model.body import BodyOddity as O

RIGHT = {"parts": [{"part_id": "A"}]}


def read(value: Any, *content_type: str) -> Any:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_body(body, content_type) if content_type else read_body(body)


def test_a_right_body_has_neither_defect_nor_oddity() -> None:
    attributes = {
        "content_modified_at": "2017-04-08T00:58:08Z",
        "content_created_at": "1970-01-01T00:00:00+00:00",
        "description": "x" * 255,
        "anything": {"else": None},
    }
    reading = read({**RIGHT, "attributes": attributes, "x_unknown": 1})
    assert (reading.defects, reading.oddities) == (frozenset(), frozenset())
    assert (reading.parts, reading.attributes) == (RIGHT["parts"], attributes)


@pytest.mark.parametrize("parts", [None, [], {}, 7, "parts"])
def test_whatever_parts_is_is_handed_on(parts: Any) -> None:
    reading = read({"parts": parts})
    assert (reading.parts, reading.defects) == (parts, frozenset())


@pytest.mark.parametrize(
    ("body", "defect"),
    [
        (b"", D.EMPTY),
        (b" \r\n\t", D.EMPTY),
        (b"{", D.NOT_JSON),
        (b"{'parts':[]}", D.NOT_JSON),
        (b'{"parts":[],}', D.NOT_JSON),
        (b'{"parts":[]}{"parts":[]}', D.NOT_JSON),
        (b'{"parts":[NaN]}', D.NOT_JSON),
        (b'{"parts":[-Infinity]}', D.NOT_JSON),
        (b'{"parts":[],"x":"\xff"}', D.NOT_JSON),
        (b'\xef\xbb\xbf{"parts":[]}', D.NOT_JSON),
        ('{"parts":[]}'.encode("utf-16"), D.NOT_JSON),
        (b'parts={"parts":[]}', D.NOT_JSON),
        (b'{"parts":' + b"[" * 100_000 + b"]" * 100_000 + b"}", D.NOT_JSON),
        (b'{"parts":[' + b"9" * 5000 + b"]}", D.NOT_JSON),
        (b"null", D.TOP_LEVEL),
        (b"7", D.TOP_LEVEL),
        (b'"{}"', D.TOP_LEVEL),
        (b"[]", D.TOP_LEVEL),
        (b'[{"parts":[]}]', D.TOP_LEVEL),
        (b"false", D.TOP_LEVEL),
        (b"{}", D.NO_PARTS),
        (b'{"attributes":{}}', D.NO_PARTS),
        (b'{"Parts":[]}', D.NO_PARTS),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_body_has_just_this_defect(body: bytes, defect: D) -> None:
    reading = read(body)
    assert reading.defects == {defect}
    assert reading.parts is NOT_JSON
    assert reading.attributes == {}


@pytest.mark.parametrize("value", [None, 7, True, "description", ["description"], []])
def test_attributes_must_be_an_object(value: Any) -> None:
    reading = read({**RIGHT, "attributes": value})
    assert (reading.defects, reading.attributes) == ({D.ATTRIBUTES}, {})


@pytest.mark.parametrize("member", ["content_modified_at", "content_created_at"])
@pytest.mark.parametrize(
    "value",
    ["yesterday", "", "2017-04-08", "2017-13-08T00:58:08Z", "1969-12-31T23:59:59Z", 1491613088, True, {}, []],
)
def test_a_date_must_be_an_instant_from_1970_on(member: str, value: Any) -> None:
    assert read({**RIGHT, "attributes": {member: value}}).defects == {D.DATE}


@pytest.mark.parametrize(
    ("attributes", "oddity"),
    [
        ({"content_modified_at": None}, O.NULL_ATTRIBUTE),
        ({"content_created_at": None}, O.NULL_ATTRIBUTE),
        ({"description": None}, O.NULL_ATTRIBUTE),
        ({"description": "x" * 256}, O.DESCRIPTION),
        ({"description": 7}, O.DESCRIPTION),
        ({"description": ["x"]}, O.DESCRIPTION),
        ({"name": "other.pdf"}, O.DESTINATION),
        ({"parent": {"id": "0"}}, O.DESTINATION),
    ],
)
def test_what_is_not_documented_of_attributes_is_an_oddity(attributes: Any, oddity: O) -> None:
    reading = read({**RIGHT, "attributes": attributes})
    assert (reading.defects, reading.oddities) == (frozenset(), {oddity})


def test_the_last_of_two_members_counts() -> None:
    reading = read(b'{"parts":[1],"parts":[2]}')
    assert (reading.parts, reading.oddities) == ([2], {O.DUPLICATE_KEYS})


def test_members_given_twice_are_seen_at_any_depth() -> None:
    assert read(b'{"parts":[{"size":1,"size":2}]}').oddities == {O.DUPLICATE_KEYS}


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y"]
)
def test_a_json_content_type_is_right(content_type: str) -> None:
    reading = read(RIGHT, content_type)
    assert (reading.defects, reading.oddities) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
def test_another_content_type_is_a_defect(content_type: str) -> None:
    assert read(RIGHT, content_type).defects == {D.CONTENT_TYPE}


def test_no_content_type_is_an_oddity() -> None:
    reading = read_body(json.dumps(RIGHT).encode(), ())
    assert not reading.defects
    assert reading.oddities == {O.NO_CONTENT_TYPE}


def test_several_defects_are_all_named() -> None:
    reading = read({"attributes": {"content_modified_at": "?"}}, "text/plain")
    assert reading.defects == {D.CONTENT_TYPE, D.NO_PARTS, D.DATE}


@given(st.binary(max_size=60) | st.text('{}[]":,partsnul0189 ', max_size=60).map(str.encode), st.lists(st.text()))
def test_any_bytes_are_read_without_error(body: bytes, content_type: list[str]) -> None:
    assert read_body(body, content_type) == read_body(body, tuple(content_type))
