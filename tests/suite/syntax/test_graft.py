"""What is invalid in a generated body goes into the right one, and nothing else does."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_conformance.syntax.graft import DigestLines, Grafted, changes, graft

RIGHT: dict[str, Any] = {
    "parts": [
        {"part_id": "aa", "offset": 0, "size": 4, "sha1": "a" * 40},
        {"part_id": "bb", "offset": 4, "size": 2, "sha1": "b" * 40},
    ],
    "attributes": {"content_modified_at": "2017-04-08T00:58:08Z"},
}
STRANGE = {"part_id": "zz", "offset": 70, "size": 7, "sha1": "f" * 40}


def right_but(path: list[Any], value: Any) -> Any:
    expected = deepcopy(RIGHT)
    node: Any = expected
    for step in path[:-1]:
        node = node[step]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return expected


@pytest.mark.parametrize(
    ("generated", "expected"),
    [
        ({"parts": [STRANGE | {"offset": False}]}, right_but(["parts", 0, "offset"], False)),
        ({"parts": [STRANGE, STRANGE | {"size": "2"}]}, right_but(["parts", 1, "size"], "2")),
        ({"parts": [STRANGE, STRANGE, STRANGE | {"part_id": ""}]}, right_but(["parts", 0, "part_id"], "")),
        ({"parts": [{"offset": 70, "size": 7}]}, right_but(["parts", 0, "part_id"], ...)),
        ({"parts": []}, right_but(["parts"], [])),
        ({"parts": None}, right_but(["parts"], None)),
        ({"parts": [STRANGE, 7]}, right_but(["parts", 1], 7)),
        ({"attributes": {}}, right_but(["parts"], ...)),
        ({"parts": [STRANGE], "attributes": [1]}, right_but(["attributes"], [1])),
        (
            {"parts": [STRANGE], "attributes": {"content_modified_at": "soon"}},
            right_but(["attributes", "content_modified_at"], "soon"),
        ),
        (None, None),
        ([], []),
        (7, 7),
    ],
)
def test_only_the_invalid_place_is_taken_over(generated: Any, expected: Any) -> None:
    assert graft(RIGHT, generated) == expected


def test_of_a_valid_body_attributes_and_unknown_members_are_taken_over() -> None:
    generated = {"parts": [STRANGE | {"flavour": "mint"}], "attributes": {"description": ""}, "colour": 7}
    expected = deepcopy(RIGHT) | {"attributes": {"description": ""}, "colour": 7}
    expected["parts"][0]["flavour"] = "mint"
    assert graft(RIGHT, generated) == expected


def test_a_valid_body_without_attributes_leaves_them_out() -> None:
    assert graft(RIGHT, {"parts": [STRANGE]}) == {"parts": RIGHT["parts"]}


def test_the_arguments_stay_as_they_are() -> None:
    right, generated = deepcopy(RIGHT), {"parts": [STRANGE | {"offset": []}]}
    graft(right, generated)["parts"][0]["offset"].append(1)
    assert right == RIGHT
    assert generated == {"parts": [STRANGE | {"offset": []}]}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(_json | st.fixed_dictionaries({"parts": _json}, optional={"attributes": _json}))
def test_any_json_is_taken(generated: Any) -> None:
    made = graft(RIGHT, generated)
    assert json.loads(Grafted(generated=json.dumps(generated)).render(deepcopy(RIGHT))) == made
    assert changes(generated)


def test_another_component_can_be_meant() -> None:
    right = {"folder_id": "0", "file_name": "a", "file_size": 9}
    made = graft(right, {"folder_id": "1", "file_name": "b", "file_size": "9"}, component="CreateSessionRequest")
    assert made == right | {"file_size": "9"}


@pytest.mark.parametrize(
    ("generated", "said"),
    [
        ({"parts": [STRANGE | {"offset": False}]}, ["parts[0].offset is false"]),
        ({"parts": [{"offset": 0, "size": 1}]}, ["parts[0].part_id left out"]),
        ({}, ["parts left out"]),
        (7, ["all of it is 7"]),
        ({"parts": [STRANGE]}, ["valid, without attributes"]),
        ({"parts": [STRANGE], "attributes": {}}, ['valid, with {"attributes": {}}']),
    ],
)
def test_what_was_taken_over_is_told(generated: Any, said: list[str]) -> None:
    assert changes(generated) == said


def test_digest_lines_are_told() -> None:
    assert str(DigestLines(values=())) == "left out"
    assert str(DigestLines(values=("sha=",))) == "'sha='"
