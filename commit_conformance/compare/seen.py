"""An answer without what no client may rely on, so that answers of two servers can be compared.

Ids, times and the order of members are no behaviour. What is: the status, the error's code, which members a body has
and of which types, a few headers, and what is there afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from commit_conformance.model import NOT_JSON, Answer, Problem

_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:?\d\d)")
#: Ends an outcome that the contract does not allow: a 401 and a 409 are both refusals, but not both right.
WRONGLY = ", wrongly"
#: Depth beyond which nobody's client looks, and hostile bodies go on.
_DEEPEST = 12
#: Members of one answer that are compared.
_MOST = 400


class Aspect(StrEnum):
    """In what two answers can differ, the weightiest first."""

    OUTCOME = "outcome"
    STORED = "what is there afterwards"
    CONTRACT = "what the answer holds"
    STATUS = "status"
    CODE = "error code"
    FIRST = "202 first"
    LIMIT = "429"
    HEADERS = "headers"
    MEMBERS = "members of the body"
    ABILITY = "what the target can do"
    SIZE = "sizes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one step on one side.

    Attributes:
        said: The answer in words.
        status: Of the answer that ended the step.
        aspects: What is compared, as texts; what a side could not tell is left out, and compared with nothing.
        wrong: For each aspect, in what it breaks the contract.
        members: Types by JSON pointer of the body.
        allowed: What the contract allows here, in words.
        due: Whether the step had to be refused.
    """

    said: str
    status: int
    aspects: Mapping[Aspect, str]
    wrong: Mapping[Aspect, tuple[Problem, ...]] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    allowed: str = ""
    due: bool = False


def members_of(answer: Answer) -> dict[str, str]:
    """Types by JSON pointer of a body that is JSON, every item of a list being one and the same (``*``).

    Dates and SHA-1 digests are told by their form, since clients read them.
    """
    found: dict[str, set[str]] = {}
    if answer.json is not NOT_JSON:
        _collect(answer.json, "", found, _DEEPEST)
    return {pointer: " or ".join(sorted(types)) for pointer, types in found.items()}


def _collect(value: Any, pointer: str, found: dict[str, set[str]], depth: int) -> None:
    if len(found) >= _MOST and pointer not in found:
        return
    found.setdefault(pointer, set()).add(_type_of(value))
    if depth and isinstance(value, dict):
        for name, inner in value.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            _collect(inner, f"{pointer}/{escaped}", found, depth - 1)
    elif depth and isinstance(value, list):
        for inner in value[:50]:
            _collect(inner, f"{pointer}/*", found, depth - 1)


def _type_of(value: Any) -> str:
    if isinstance(value, str):
        return _form_of(value)
    if isinstance(value, list):
        return "list" if value else "empty list"
    named = {bool: "boolean", int: "number", float: "number", dict: "object", type(None): "null"}
    return named[type(value)]


def _form_of(text: str) -> str:
    if _SHA1.fullmatch(text) and not text.isdecimal():
        return "SHA-1 in capitals" if text.upper() == text else "SHA-1"
    date = _DATE.fullmatch(text)
    if date:
        return "date with Z" if date[1] == "Z" else "date with an offset"
    return "string"


def members_apart(a: Mapping[str, str], b: Mapping[str, str]) -> list[str]:
    """Pointers that differ. Below what is absent, null or empty on one side nothing is compared."""
    apart: list[str] = []
    for pointer in dict.fromkeys([*a, *b]):
        if a.get(pointer) != b.get(pointer) and not any(pointer.startswith(f"{above}/") for above in apart):
            apart.append(pointer)
    return apart


def headers_of(answer: Answer) -> str:
    """The headers that clients act on: content type, and whether there is an etag and a place to go."""
    said = [answer.media_type or "no content type"]
    said += [name for name in ("etag", "location") if answer.header(name)]
    return ", ".join(said)


def code_of(answer: Answer) -> str | None:
    """The code of an error; None where there is none."""
    body = answer.json
    code = body.get("code") if isinstance(body, dict) and answer.status >= 400 else None
    return code if isinstance(code, str) else None
