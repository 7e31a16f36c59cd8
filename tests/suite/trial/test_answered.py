"""Answers as the sequential model takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commit_conformance.model import Answer
from commit_conformance.trial import answered
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import Exchange

FILE = {"type": "file", "id": 7, "name": "a", "etag": "3", "size": 2, "sha1": "AB"}


def exchange(status: int, body: Any = None) -> Exchange:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    answer = Answer(status=status, body=content)
    record = {"reason": "", "url": "https://target.test/x"}
    return Exchange(n=1, at="", method="GET", url="", answer=answer, error=None, record=record)


@pytest.mark.parametrize("status", [401, 405, 408, 429, 502, 503, 504])
def test_what_speaks_of_caller_or_gateway_says_nothing(status: int) -> None:
    with pytest.raises(Blocked, match="says nothing of the rule"):
        answered.told(exchange(status))


def test_no_answer_says_nothing() -> None:
    lost = Exchange(n=1, at="", method="GET", url="", answer=None, error="reset", record={"reason": ""})
    with pytest.raises(Blocked):
        answered.told(lost)


@pytest.mark.parametrize("status", [200, 404, 409, 410, 412, 500])
def test_every_other_answer_says_something(status: int) -> None:
    assert answered.told(exchange(status)).status == status


def test_a_file_is_taken_from_its_answer() -> None:
    said = answered.of_file(exchange(200, FILE))
    assert said.done
    assert said.file is not None
    assert (said.file.file_id, said.file.etag, said.file.name) == ("7", "3", "a")
    assert str(said).endswith("file 7 with etag 3")


@pytest.mark.parametrize("state", ["trashed", "deleted"])
def test_a_file_in_the_trash_is_not_there(state: str) -> None:
    said = answered.of_file(exchange(200, {**FILE, "item_status": state}))
    assert (said.refused, said.file) == (True, None)
    assert answered.of_file(exchange(200, {**FILE, "item_status": "active"})).file is not None


def test_a_listing_is_cut_to_the_names_and_ids_that_matter() -> None:
    items: list[dict[str, Any]] = [
        FILE,
        {**FILE, "id": "8", "name": "B"},
        {**FILE, "id": "9", "name": "c"},
        {"type": "folder", "id": "5", "name": "a"},
    ]
    found = answered.of_listing(items, names=["A", "b"], ids=["9"]).files
    assert found is not None
    assert [file.file_id for file in found] == ["7", "8", "9"]
    assert answered.of_listing(items, names=["x"]).files == ()


def test_content_is_known_by_its_digest() -> None:
    assert answered.of_content(exchange(200, b"abc")).sha1 == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert answered.of_content(exchange(404, b"abc")).sha1 is None


@pytest.mark.parametrize(("body", "count"), [({"total_count": 2}, 2), ({"total_count": True}, None), ([], None)])
def test_former_versions_are_counted_where_a_number_is_given(body: Any, count: int | None) -> None:
    assert answered.of_versions(exchange(200, body)).versions == count


@pytest.mark.parametrize("entry", [None, 7, {"part_id": 7, "offset": True, "size": "4", "sha1": None}])
def test_a_listed_part_of_any_form_is_taken_for_what_it_says(entry: Any) -> None:
    part = answered._listed(entry)
    assert (part.offset, part.size, part.sha1) == (None, None, None)
    assert part.part_id


def test_digests_of_listed_parts_are_compared_in_lower_case() -> None:
    assert answered._listed({"part_id": "A", "offset": 0, "size": 1, "sha1": "ABC"}).sha1 == "abc"
