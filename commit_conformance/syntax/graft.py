"""Puts what is invalid in a generated body into a right one, so that it differs from the right one in nothing else.

A body that is made from a schema alone names parts nobody has uploaded, so it would be refused for that, whatever else
is wrong with it. Here its errors are found with the schema, and only the places they point at are taken over. Of a body
that is valid, what is taken over is what has no meaning of its own: attributes, and members that nobody knows.

Knows JSON and the description, no HTTP and no Schemathesis.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from commit_conformance.specs import schema
from strategies.plan import Material, encode

#: Members of an entry that name a part; the others are taken over from a valid body.
_NAMING = frozenset({"part_id", "offset", "size", "sha1", "sha512"})


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


def graft(right: Any, generated: Any, *, component: str = "CommitRequest") -> Any:
    """A right body with what is invalid in a generated one; neither argument is changed.

    Args:
        right: The body that would be right.
        generated: Any JSON value.
        component: The component schema of the description that both are held against.

    Returns:
        A JSON value. Where ``generated`` is valid, the right body with its attributes and unknown members.
    """
    result = deepcopy(right)
    errors = sorted(_validator(component).iter_errors(generated), key=lambda error: [str(at) for at in error.path])
    for error in errors:
        result = _take_over(result, error)
    return result if errors else _dressed(result, generated)


def _take_over(result: Any, error: ValidationError) -> Any:
    path = list(error.absolute_path)
    for name in _missing(error):
        result = _placed(result, [*path, name], None, remove=True)
    if error.validator == "required":
        return result
    return _placed(result, path, deepcopy(error.instance))


def changes(generated: Any, *, component: str = "CommitRequest") -> list[str]:
    """What `graft` takes over from a generated body, in words: places and values of what is invalid, or attributes."""
    said = []
    for error in _validator(component).iter_errors(generated):
        at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
        said += [f"{at}.{name} left out".lstrip(".") for name in _missing(error)]
        if error.validator != "required":
            said.append(f"{at or 'all of it'} is {_short(error.instance)}")
    if said:
        return list(dict.fromkeys(said))
    further = {key: value for key, value in generated.items() if key != "parts"} if isinstance(generated, dict) else {}
    return [f"valid, with {_short(further)}" if further else "valid, without attributes"]


def _missing(error: ValidationError) -> list[str]:
    """Members that a required-error is about."""
    wanted: Any = error.validator_value if error.validator == "required" else ()
    return [name for name in wanted if isinstance(error.instance, dict) and name not in error.instance]


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:119] + "…"


def _placed(result: Any, path: Sequence[str | int], value: Any, *, remove: bool = False) -> Any:
    """``result`` with a value at a path, or without it; an index beyond a list's end counts from its start again."""
    if not path:
        return value
    node = result
    for number, step in enumerate(path):
        last = number == len(path) - 1
        if isinstance(step, int):
            if not isinstance(node, list):
                return result
            if not node:
                node.append({})
            key: Any = step % len(node)
        else:
            if not isinstance(node, dict):
                return result
            key = step
            if not last:
                node.setdefault(step, {})
        if last and remove:
            if isinstance(node, dict):
                node.pop(key, None)
        elif last:
            node[key] = value
        else:
            node = node[key]
    return result


def _dressed(right: Any, generated: Any) -> Any:
    if not isinstance(right, dict) or not isinstance(generated, dict):
        return right
    right.pop("attributes", None)
    right.update({key: value for key, value in generated.items() if key not in right and key != "parts"})
    own, made = right.get("parts"), generated.get("parts")
    if isinstance(own, list) and own and isinstance(made, list):
        for number, entry in enumerate(made):
            unknown = {key: value for key, value in entry.items() if key not in _NAMING}
            own[number % len(own)].update(unknown)
    return right


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafted:
    """A body edit: the right body with what is invalid in a generated one.

    Attributes:
        generated: The generated body, as JSON text.
    """

    generated: str

    def render(self, members: dict[str, Any]) -> bytes:
        """The body, given the members it would have had."""
        return encode(graft(members, json.loads(self.generated)))

    def __str__(self) -> str:
        return "; ".join(changes(json.loads(self.generated)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLines:
    """A digest edit: these values, one a header line, whatever the file."""

    values: tuple[str, ...]

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        """One value a header line; none leaves the header out."""
        return self.values

    def __str__(self) -> str:
        return ", ".join(repr(value[:40]) for value in self.values) or "left out"
