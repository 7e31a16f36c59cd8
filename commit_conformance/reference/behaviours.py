"""Named ways in which a service may rightly differ from the reference's defaults.

Owns names, values and what each switches in `Settings`. A behaviour is never a violation of the contract; whatever is
one is a fault.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from commit_conformance.reference.routes import CAPABILITIES
from commit_conformance.reference.settings import Settings

__all__ = ["BEHAVIOURS", "Behaviour", "Chosen", "apply_behaviours", "parse_behaviour", "parse_size"]

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A way of being different.

    Attributes:
        name: Kebab-case name.
        syntax: What the value looks like; empty where there is none.
        summary: One sentence.
        example: A value that differs from the default, for trying the behaviour out.
        settings: Turns a value into the settings it stands for; raises ValueError with what is allowed.
    """

    name: str
    syntax: str
    summary: str
    example: str
    settings: Callable[[str | None], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A behaviour with its value.

    Attributes:
        behaviour: Which one.
        value: The value as given, or ``None``.
        settings: The settings it stands for.
    """

    behaviour: Behaviour
    value: str | None
    settings: Mapping[str, Any]


def parse_size(text: str) -> int:
    """Bytes of a size such as ``1024``, ``64KiB``, ``8 MiB`` or ``20MB``.

    Raises:
        ValueError: It is no size.
    """
    found = re.fullmatch(r"(\d{1,18})\s*([A-Za-z]*)", text.strip(), flags=re.ASCII)
    if found is None or found[2].lower() not in _UNITS:
        raise ValueError(f"{text!r} is no size; write bytes, or a number with kB, MB, GB, KiB, MiB or GiB")
    return int(found[1]) * _UNITS[found[2].lower()]


Maker = Callable[[str | None], Mapping[str, Any]]


def _flag(settings: Mapping[str, Any]) -> Maker:
    def make(value: str | None) -> Mapping[str, Any]:
        if value not in (None, "true", "yes", "on", "1"):
            raise ValueError(f"takes no value, and was given {value!r}")
        return settings

    return make


def _one_of(values: Mapping[str, Mapping[str, Any]]) -> Maker:
    def make(value: str | None) -> Mapping[str, Any]:
        if value is None or value not in values:
            given = "no value" if value is None else repr(value)
            raise ValueError(f"takes one of {', '.join(values)}, and was given {given}")
        return values[value]

    return make


def _number(settings: Callable[[int], Mapping[str, Any]], *, low: int, high: int) -> Maker:
    def make(value: str | None) -> Mapping[str, Any]:
        if value is None or not re.fullmatch(r"-?\d{1,9}", value, flags=re.ASCII) or not low <= int(value) <= high:
            given = "no value" if value is None else repr(value)
            raise ValueError(f"takes a whole number from {low} to {high}, and was given {given}")
        return settings(int(value))

    return make


def _size(name: str) -> Maker:
    def make(value: str | None) -> Mapping[str, Any]:
        if value is None:
            raise ValueError("takes a size, such as 64KiB or 20MB")
        size = parse_size(value)
        if size < 1:
            raise ValueError("takes a size of at least one byte")
        return {name: size}

    return make


def _offset(value: str | None) -> Mapping[str, Any]:
    if value == "Z":
        return {"utc_offset": None}
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", value or "", flags=re.ASCII)
    if found is None or int(found[2]) > 14 or int(found[3]) > 59:
        raise ValueError(f"takes Z or an offset such as -07:00, and was given {value!r}")
    minutes = int(found[2]) * 60 + int(found[3])
    return {"utc_offset": -minutes if found[1] == "-" else minutes}


def _statuses(name: str, *statuses: int) -> Maker:
    return _one_of({str(status): {name: status} for status in statuses})


def _values(name: str, *values: str) -> Maker:
    return _one_of({value: {name: value} for value in values})


def _behaviours() -> Iterable[Behaviour]:
    def make(name: str, syntax: str, example: str, summary: str, settings: Maker) -> Behaviour:
        return Behaviour(name=name, syntax=syntax, example=example, summary=summary, settings=settings)

    yield make(
        "processing",
        "N",
        "2",
        "Every session answers its right commit N times with 202 before 201; 0 means never.",
        _number(lambda n: {"processing": n, "processing_every": 1 if n else 0}, low=0, high=1000),
    )
    yield make(
        "processing-every",
        "N",
        "2",
        "Every Nth session answers 202 first; 0 means none.",
        _number(lambda n: {"processing_every": n}, low=0, high=1_000_000),
    )
    yield make(
        "async-validation",
        "",
        "",
        "A wrong list or digest is answered 202 once before it is refused.",
        _flag({"async_validation": True}),
    )
    yield make(
        "retry-after",
        "SECONDS",
        "1",
        "Value of Retry-After on 202.",
        _number(lambda n: {"retry_after": n}, low=0, high=86400),
    )
    yield make(
        "precondition-status",
        "304|412",
        "304",
        "Answer to an If-None-Match that fails.",
        _statuses("precondition_status", 304, 412),
    )
    yield make(
        "quoted-etags",
        "",
        "",
        "Quoted and weak entity tags and lists of them are understood as well as bare ones.",
        _flag({"quoted_etags": True}),
    )
    yield make(
        "digest-lists",
        "",
        "",
        "A digest header may hold several members: every sha must fit, other algorithms are passed over.",
        _flag({"digest_lists": True}),
    )
    yield make(
        "sha1-case",
        "upper|lower",
        "upper",
        "Case of hexadecimal digests in answers.",
        _one_of({"upper": {"sha1_upper": True}, "lower": {"sha1_upper": False}}),
    )
    yield make(
        "file-shape", "minimal|full", "minimal", "Members of File objects.", _values("file_shape", "minimal", "full")
    )
    yield make("unknown-fields", "", "", "Objects carry members nobody documented.", _flag({"unknown_fields": True}))
    yield make("null-fields", "", "", "Nullable File members are null.", _flag({"null_fields": True}))
    yield make("empty-tags", "", "", "A file's tags are an empty list.", _flag({"empty_tags": True}))
    yield make(
        "paged",
        "string|boolean",
        "boolean",
        "Type of paged and thumb in a file's representations.",
        _values("paged", "string", "boolean"),
    )
    yield make(
        "order",
        "sort|reject",
        "reject",
        "A list in another order is sorted by offset, or refused.",
        _values("order", "sort", "reject"),
    )
    yield make(
        "repeat",
        "same|404|409|410",
        "409",
        "Answer to a second commit after 201: the same file, or a refusal.",
        _values("repeat", "same", "404", "409", "410"),
    )
    yield make(
        "rate-limit",
        "N",
        "7",
        "Every Nth request to the upload endpoints is answered 429 once, with Retry-After 0.",
        _number(lambda n: {"rate_limit": n}, low=2, high=1_000_000),
    )
    yield make(
        "conflicts",
        "object|list|absent",
        "list",
        "Shape of context_info.conflicts in a 409.",
        _values("conflicts", "object", "list", "absent"),
    )
    yield make(
        "overlap",
        "400|410",
        "410",
        "A list with overlapping ranges is refused like any other, or with 410, which ends the session.",
        _one_of({"400": {"overlap_fatal": False}, "410": {"overlap_fatal": True}}),
    )
    yield make(
        "parts-status",
        "400|409|416|422",
        "422",
        "Status of a wrong list.",
        _statuses("parts_status", 400, 409, 416, 422),
    )
    yield make(
        "digest-status",
        "400|409|412|422",
        "422",
        "Status of a wrong digest.",
        _statuses("digest_status", 400, 409, 412, 422),
    )
    yield make(
        "unknown-part",
        "400|404",
        "404",
        "Status of a list that names a part the session does not have.",
        _statuses("unknown_part_status", 400, 404),
    )
    yield make("sha1-required", "", "", "Parts in a list must carry their sha1.", _flag({"sha1_required": True}))
    yield make(
        "error-code",
        "documented|other",
        "other",
        "Error codes the documentation does not list.",
        _one_of({"documented": {"error_codes": "documented"}, "other": {"error_codes": "other"}}),
    )
    yield make("aborted", "404|410", "410", "Status of an aborted session.", _statuses("aborted_status", 404, 410))
    yield make(
        "closed",
        "404|409|410",
        "409",
        "Status of a committed session for everything but its commit.",
        _statuses("closed_status", 404, 409, 410),
    )
    yield make(
        "part-overlap",
        "409|416",
        "416",
        "Status of a part whose range is taken.",
        _statuses("part_overlap_status", 409, 416),
    )
    yield make(
        "part-digest",
        "400|412",
        "400",
        "Status of a part whose digest does not fit.",
        _statuses("part_digest_status", 400, 412),
    )
    yield make("part-size", "SIZE", "32KiB", "Size of every part but the last.", _size("part_size"))
    yield make("min-file-size", "SIZE", "10KiB", "Smallest file that may be uploaded in parts.", _size("min_file_size"))
    yield make(
        "commit-path", "", "", "The commit URL does not follow the documented path.", _flag({"other_commit_path": True})
    )
    yield make("dates", "Z|±HH:MM", "Z", "Offset of the dates in answers.", _offset)
    for capability in CAPABILITIES:
        yield make(
            f"no-{capability}",
            "",
            "",
            f"The service lacks {capability.replace('-', ' ')}.",
            _flag({"missing": frozenset({capability})}),
        )
    yield make(
        "no-version-names",
        "",
        "",
        "A session for a new version with another name is refused.",
        _flag({"version_names": False}),
    )
    yield make(
        "no-trash",
        "",
        "",
        "A deleted file is forgotten at once and its id is unknown.",
        _flag({"keeps_trash": False}),
    )


BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType({found.name: found for found in _behaviours()})
"""Every behaviour by its name."""


def parse_behaviour(text: str) -> Chosen:
    """A behaviour written as ``NAME`` or ``NAME=VALUE``.

    Raises:
        ValueError: There is no such behaviour, or the value is none of its own; the message says what is allowed.
    """
    name, equals, given = text.partition("=")
    behaviour = BEHAVIOURS.get(name)
    if behaviour is None:
        near = difflib.get_close_matches(name, BEHAVIOURS, n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else f"; there are {', '.join(BEHAVIOURS)}"
        raise ValueError(f"there is no behaviour {name!r}{hint}")
    value = given if equals else None
    try:
        settings = behaviour.settings(value)
    except ValueError as error:
        raise ValueError(f"behaviour {name} {error}") from None
    return Chosen(behaviour=behaviour, value=value, settings=settings)


def apply_behaviours(texts: Iterable[str], settings: Settings | None = None) -> Settings:
    """Settings with behaviours; later ones win, and lacking operations add up.

    Raises:
        ValueError: As `parse_behaviour`, or two behaviours that do not go together.
    """
    result = settings or Settings()
    for text in texts:
        changes = dict(parse_behaviour(text).settings)
        if "missing" in changes:
            changes["missing"] = result.missing | changes["missing"]
        result = dataclasses.replace(result, **changes)
    return result
