"""A description that is no use, or disagrees with ours, is told in one message."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.specs import openapi, suite_root
from commit_conformance.syntax.description import (
    COMMIT,
    COMMIT_PATH,
    DescriptionProblem,
    check_description,
    commit_operation,
    disagreements,
    read_description,
)

OURS = suite_root() / "specs" / "commit.openapi.yaml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 3.1.0\npaths: {a: [1,\n", "neither JSON nor YAML"),
        ("- 1\n", "holds list"),
        ("", "holds NoneType"),
        ("swagger: '2.0'\npaths: {}\n", "which version of OpenAPI 3"),
        ("openapi: 3.1.0\n", "has no paths"),
        ("openapi: 3.1.0\npaths:\n  /files: {get: {}}\n", "does not describe the commit"),
    ],
)
def test_what_is_no_use_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "theirs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DescriptionProblem, match=told) as raised:
        check_description(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("source", ["no-such-file.yaml", "file:///etc/hostname", "http://127.0.0.1:9/openapi.yaml"])
def test_what_cannot_be_read_is_told(source: str) -> None:
    with pytest.raises(DescriptionProblem, match="cannot read the description"):
        read_description(source)


def test_ours_agrees_with_itself() -> None:
    check_description(OURS, against=OURS)
    assert disagreements(openapi()) == []


def test_the_commit_is_found_by_its_path_too() -> None:
    document = deepcopy(openapi())
    operation = document["paths"].pop(COMMIT_PATH)
    del operation["post"]["operationId"]
    document["paths"]["/api/v9/files/upload_sessions/{session}/commit"] = operation
    path, found = commit_operation(document)
    assert path.startswith("/api/v9")
    assert found is operation["post"]


def commit_of(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"][COMMIT_PATH]["post"]
    assert operation["operationId"] == COMMIT
    return operation


def header(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(parameter for parameter in commit_of(document)["parameters"] if parameter["name"] == name)


def forget_default(document: dict[str, Any]) -> None:
    answers = commit_of(document)["responses"]
    del answers["default"], answers["412"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: commit_of(d)["parameters"].remove(header(d, "if-match")), ["the header if-match is not described"]),
        (lambda d: header(d, "digest").update(required=False), ["the header digest is optional, and required here"]),
        (lambda d: header(d, "if-match").update(required=True), ["the header if-match is required, and optional here"]),
        (
            lambda d: commit_of(d)["parameters"].append({"name": "X-Key", "in": "header", "required": True}),
            ["the header x-key is required, and unknown here"],
        ),
        (
            lambda d: commit_of(d)["requestBody"].update(content={"text/plain": {}}),
            ["the body is not described as application/json"],
        ),
        (
            lambda d: d["components"]["schemas"]["CommitRequest"].update(required=["parts", "attributes"]),
            ["the body's member attributes is required, and optional here"],
        ),
        (forget_default, ["the answer 412 is not described", "the answer default is not described"]),
    ],
)
def test_disagreements_are_named(change: Callable[[dict[str, Any]], object], said: list[str], tmp_path: Path) -> None:
    theirs = deepcopy(openapi())
    change(theirs)
    assert disagreements(theirs) == said
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(theirs), encoding="utf-8")
    with pytest.raises(DescriptionProblem, match=r"disagrees with specs/commit\.openapi\.yaml"):
        check_description(OURS, against=path)


def test_more_answers_and_headers_are_no_disagreement() -> None:
    theirs = deepcopy(openapi())
    commit_of(theirs)["responses"]["418"] = {"description": "a teapot"}
    commit_of(theirs)["parameters"].append({"name": "x-trace", "in": "header"})
    assert disagreements(theirs) == []


@pytest.mark.parametrize(
    ("reference", "told"),
    [("#/components/parameters/Gone", "not there"), ("other.yaml#/x", "outside itself"), ("#/loop", "in a circle")],
)
def test_broken_references_are_told(reference: str, told: str) -> None:
    theirs = deepcopy(openapi())
    theirs["loop"] = {"$ref": "#/loop"}
    commit_of(theirs)["parameters"].append({"$ref": reference})
    with pytest.raises(DescriptionProblem, match=told):
        disagreements(theirs)


def test_answers_that_the_public_description_does_not_name_need_no_place_in_theirs() -> None:
    theirs = deepcopy(openapi())
    answers = theirs["paths"][COMMIT_PATH]["post"]["responses"]
    for status in ("304", "400", "401", "404", "410", "429"):
        del answers[status]
    assert disagreements(theirs) == []
    del answers["409"], answers["default"]
    assert disagreements(theirs) == ["the answer 409 is not described", "the answer default is not described"]
