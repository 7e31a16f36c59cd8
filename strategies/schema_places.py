"""A JSON Schema read as a tree of places: what may stand where, and how it can be wrong there.

A place is the member of an object, the entry of a list, or the whole value. Owns reading the schema; ``schema_values``
draws values. The vocabulary is that of ``specs/commit.openapi.yaml``. A keyword outside of it is an error, so that no
rule of a schema is overlooked without a word.

    >>> root = read_schema(document)
    >>> {str(place): place.faults for place in root.below()}["/entries/*/size"]
    ('type', 'null', 'minimum')
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

#: The step into each entry of a list, and into each member of an object whose members have no fixed names.
EACH = "*"
_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems")
_READ = {
    "type",
    "enum",
    "const",
    "pattern",
    "format",
    "required",
    "properties",
    "items",
    "additionalProperties",
    "$ref",
}
_SILENT = {"$schema", "$defs", "title", "description", "examples", "default", "deprecated"}
#: Formats that a validator judges. Others, as ``int64``, are notes for readers.
JUDGED_FORMATS = ("date-time", "uri", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a schema, and what it says of the value there.

    Attributes:
        path: The steps from the root; ``EACH`` stands for any index, and for any name where names are free.
        types: JSON types that are right, in the schema's order.
        words: The only values that are right, where the schema lists them.
        pattern: Regular expression that a text has to have somewhere.
        format: Name of the form of a text or number.
        bounds: Keywords such as ``maxLength`` with their numbers.
        required: Members that an object must have.
        members: Members with a name.
        each: Entries of a list, or members without a fixed name.
    """

    path: tuple[str, ...] = ()
    types: tuple[str, ...] = _TYPES
    words: tuple[Any, ...] | None = None
    pattern: str | None = None
    format: str | None = None
    bounds: Mapping[str, int] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    members: Mapping[str, Place] = field(default_factory=dict)
    each: Place | None = None

    def __str__(self) -> str:
        """The path, written as a JSON pointer."""
        return pointer(self.path)

    @property
    def optional(self) -> tuple[str, ...]:
        """Members with a name that may be missing."""
        return tuple(name for name in self.members if name not in self.required)

    @property
    def faults(self) -> tuple[str, ...]:
        """The ways in which one value can break this schema here; ``required NAME`` for each required member."""
        found = [f"required {name}" for name in self.required]
        if set(self.types) != set(_TYPES):
            found.append("type")
            if "null" not in self.types:
                found.append("null")
        found += ["enum"] if self.words is not None else []
        found += ["pattern"] if self.pattern is not None else []
        found += ["format"] if self.format in JUDGED_FORMATS else []
        # A text beyond its greatest length that has to fit a pattern as well breaks both: the pattern tells it.
        return (*found, *(name for name in self.bounds if self.pattern is None or not name.endswith("Length")))

    def below(self) -> Iterator[Place]:
        """This place and every place below it, depth first."""
        yield self
        for member in self.members.values():
            yield from member.below()
        if self.each is not None:
            yield from self.each.below()

    def step(self, name: str) -> Place | None:
        """The place of one member or entry; None where the schema says nothing of it."""
        return self.members.get(name, self.each)


def pointer(steps: tuple[object, ...]) -> str:
    """Steps as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def read_schema(document: Mapping[str, Any]) -> Place:
    """Read a self-contained schema.

    Args:
        document: JSON Schema of dialect 2020-12, whose references point below its own ``$defs``.

    Raises:
        ValueError: It has a keyword, a type or a composition that is not read here.
    """
    return _read(document, document.get("$defs", {}), ())


def _read(node: Mapping[str, Any], definitions: Mapping[str, Any], path: tuple[str, ...]) -> Place:
    for keyword in node:
        if keyword not in _READ and keyword not in _SILENT and keyword not in _BOUNDS and not keyword.startswith("x-"):
            raise ValueError(f"{pointer(path) or 'the root'}: the keyword {keyword!r} of the schema is not read")
    types = (node["type"],) if isinstance(node.get("type"), str) else tuple(node.get("type", _TYPES))
    if unknown := set(types) - set(_TYPES):
        raise ValueError(f"{pointer(path) or 'the root'}: {sorted(unknown)} are no JSON types")
    within = node.get("items") or node.get("additionalProperties")
    if within is not None and not isinstance(within, dict):
        raise ValueError(f"{pointer(path) or 'the root'}: items and additionalProperties are read as schemas only")
    own = Place(
        path=path,
        types=types,
        words=(node["const"],) if "const" in node else tuple(node["enum"]) if "enum" in node else None,
        pattern=node.get("pattern"),
        format=node.get("format"),
        bounds={name: node[name] for name in _BOUNDS if name in node},
        required=tuple(node.get("required", ())),
        members={name: _read(below, definitions, (*path, name)) for name, below in node.get("properties", {}).items()},
        each=_read(within, definitions, (*path, EACH)) if within is not None else None,
    )
    if "$ref" not in node:
        return own
    return _both(_read(definitions[node["$ref"].removeprefix("#/$defs/")], definitions, path), own)


def _both(base: Place, own: Place) -> Place:
    """What fits two schemas of one place: that which a reference points at, and what stands beside it."""
    for name in ("pattern", "format"):
        if getattr(base, name) is not None and getattr(own, name) not in (None, getattr(base, name)):
            raise ValueError(f"{base}: {name} stands in two schemas at once, which is not read")
    words = base.words
    if own.words is not None:
        words = own.words if words is None else tuple(word for word in words if word in own.words)
    members = dict(base.members)
    for name, member in own.members.items():
        members[name] = _both(members[name], member) if name in members else member
    each = _both(base.each, own.each) if base.each and own.each else base.each or own.each
    return replace(
        own,
        # The order is that of the schema which says more.
        types=tuple(
            name
            for name in (own.types if len(own.types) < len(base.types) else base.types)
            if name in own.types and name in base.types
        ),
        words=words,
        pattern=own.pattern or base.pattern,
        format=own.format or base.format,
        bounds={**base.bounds, **own.bounds},
        required=tuple(dict.fromkeys((*base.required, *own.required))),
        members=members,
        each=each,
    )
