"""The protocol is one thing in three places: its page, its schema and the code that reads it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from commit_conformance.clients.protocol import (
    CALLS,
    OPTIONS,
    BrokenProtocol,
    problem_of,
    read_hello,
    read_result,
    written,
)
from commit_conformance.specs import suite_root

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/driver-protocol.md").read_text(encoding="utf-8")
SCHEMA = json.loads((suite_root() / "specs/driver-protocol.schema.json").read_text(encoding="utf-8"))
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
HELLO = next(each for each in EXAMPLES if each["type"] == "hello")
RESULT: dict[str, Any] = {"type": "result", "id": "a/upload", "outcome": "nothing"}


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_examples_of_the_page_are_valid() -> None:
    assert [each["type"] for each in EXAMPLES] == ["hello", "scenario", "result", "result"]
    for example in EXAMPLES:
        assert problem_of(example, example["type"]) is None
        Draft202012Validator(SCHEMA).validate(example)


def test_the_driver_file_of_the_page_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    assert problem_of(tomllib.loads(text), "driver") is None


def test_calls_and_options_are_the_same_everywhere() -> None:
    assert SCHEMA["$defs"]["call"]["enum"] == list(CALLS)
    assert SCHEMA["$defs"]["options"]["items"]["enum"] == list(OPTIONS)
    for name in (*CALLS, *OPTIONS):
        assert f"| `{name}`" in PAGE or f"`{name}`, " in PAGE or f", `{name}` |" in PAGE


@pytest.mark.parametrize("member", SCHEMA["$defs"]["scenario"]["properties"])
def test_the_page_tells_of_every_member_of_a_scenario(member: str) -> None:
    assert f'"{member}"' in PAGE
    assert member in ("type", "origin", "call", "timeout", "token") or f"`{member}" in PAGE


def test_a_hello_is_read() -> None:
    hello = read_hello(written(HELLO))
    assert (hello.name, hello.version, hello.language) == ("boxsdk", "10.18.0", "python")
    assert hello.can("commit", frozenset({"if_match"}))
    assert not hello.can("commit", frozenset({"attributes"}))
    assert not hello.can("resume")


def test_members_nobody_knows_are_passed_over() -> None:
    assert read_hello(written({**HELLO, "colour": "blue"})).name == "boxsdk"
    assert read_result(written({**RESULT, "colour": "blue"}), scenario="a/upload").outcome == "nothing"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({**HELLO, "protocol": 2}, "speaks protocol 2"),
        ({**HELLO, "calls": {"download": []}}, "download"),
        ({**HELLO, "calls": {"upload": ["wings"]}}, "wings"),
        ({key: value for key, value in HELLO.items() if key != "sdk"}, "'sdk' is a required property"),
        (RESULT, "a hello was due"),
        ([], "is no object"),
    ],
)
def test_what_is_no_hello_is_named(message: Any, why: str) -> None:
    with pytest.raises(BrokenProtocol, match=re.escape(why)):
        read_hello(written(message))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "b/upload"}, "answered 'b/upload' when 'a/upload' was asked"),
        ({"outcome": "success"}, "'success' is not one of"),
        ({"outcome": "file"}, "'file' is a required property"),
        ({"outcome": "error"}, "'error' is a required property"),
        ({"outcome": "error", "error": {"class": "E", "message": "m", "status": "409"}}, "error/status"),
        ({"outcome": "unsupported"}, "'reason' is a required property"),
        ({"changed_arguments": "parts"}, "changed_arguments"),
    ],
)
def test_what_is_no_result_is_named(change: dict[str, Any], why: str) -> None:
    with pytest.raises(BrokenProtocol, match=re.escape(why)):
        read_result(written({**RESULT, **change}), scenario="a/upload")


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"WARNING: old\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_message_is_named(line: bytes) -> None:
    with pytest.raises(BrokenProtocol, match="a result was due"):
        read_result(line, scenario="a/upload")
