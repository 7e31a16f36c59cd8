"""What is wrong with the JSON body of a commit, its part list aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from commit_conformance.model.dates import instant
from commit_conformance.model.types import NOT_JSON

DESCRIPTION_LIMIT = 255
_DATES = ("content_modified_at", "content_created_at")


class BodyDefect(StrEnum):
    """What can be wrong with the body; any of these must be refused."""

    EMPTY = "the body is empty"
    NOT_JSON = "the body is not JSON"
    TOP_LEVEL = "the body is not an object"
    NO_PARTS = "there is no parts"
    ATTRIBUTES = "attributes is not an object"
    DATE = "a date in attributes is not an RFC 3339 instant from 1970 on"
    CONTENT_TYPE = "the content type is not JSON"


class BodyOddity(StrEnum):
    """What the documentation does not decide."""

    NO_CONTENT_TYPE = "no content type"
    DUPLICATE_KEYS = "a member is given twice"
    DESCRIPTION = "a description that is too long or not a string"
    DESTINATION = "attributes name a destination"
    NULL_ATTRIBUTE = "an attribute is null"


@dataclass(frozen=True, slots=True)
class BodyReading:
    """The body's parts and attributes as the last duplicate has them, with defects and oddities."""

    parts: Any
    attributes: dict[str, Any]
    defects: frozenset[BodyDefect]
    oddities: frozenset[BodyOddity]


def read_body(body: bytes, content_type: Sequence[str] = ("application/json",)) -> BodyReading:
    """Reads a commit's body as the contract does.

    Args:
        body: The bytes that were sent.
        content_type: The values of the content-type header lines; none when the header was left out.
    """
    defects: set[BodyDefect] = set()
    oddities: set[BodyOddity] = set()
    if not content_type:
        oddities.add(BodyOddity.NO_CONTENT_TYPE)
    elif content_type[0].split(";")[0].strip().lower() != "application/json":
        defects.add(BodyDefect.CONTENT_TYPE)
    value = _decode(body, oddities)
    if not body.strip():
        defects.add(BodyDefect.EMPTY)
    elif value is NOT_JSON:
        defects.add(BodyDefect.NOT_JSON)
    elif not isinstance(value, dict):
        defects.add(BodyDefect.TOP_LEVEL)
    if not isinstance(value, dict):
        return BodyReading(NOT_JSON, {}, frozenset(defects), frozenset(oddities))
    if "parts" not in value:
        defects.add(BodyDefect.NO_PARTS)
    attributes = value.get("attributes", {})
    if not isinstance(attributes, dict):
        defects.add(BodyDefect.ATTRIBUTES)
        attributes = {}
    _read_attributes(attributes, defects, oddities)
    return BodyReading(value.get("parts", NOT_JSON), attributes, frozenset(defects), frozenset(oddities))


def _decode(body: bytes, oddities: set[BodyOddity]) -> Any:
    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in members}) < len(members):
            oddities.add(BodyOddity.DUPLICATE_KEYS)
        return dict(members)

    def constant(name: str) -> Any:
        raise ValueError(name)

    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        return NOT_JSON


def _read_attributes(attributes: dict[str, Any], defects: set[BodyDefect], oddities: set[BodyOddity]) -> None:
    for name in _DATES:
        if name not in attributes:
            continue
        if attributes[name] is None:
            oddities.add(BodyOddity.NULL_ATTRIBUTE)
            continue
        moment = instant(attributes[name])
        if moment is None or moment < 0:
            defects.add(BodyDefect.DATE)
    if "description" in attributes:
        description = attributes["description"]
        if description is None:
            oddities.add(BodyOddity.NULL_ATTRIBUTE)
        elif not isinstance(description, str) or len(description) > DESCRIPTION_LIMIT:
            oddities.add(BodyOddity.DESCRIPTION)
    if "name" in attributes or "parent" in attributes:
        oddities.add(BodyOddity.DESTINATION)
