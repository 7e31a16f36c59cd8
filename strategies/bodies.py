"""Bodies: not JSON, not an object, with members given twice, of another content type. Attributes: `attributes`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from strategies import spellings
from strategies.attributes import invalid_dates, not_attributes
from strategies.family import Family
from strategies.plan import ABSENT, CommitPlan, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """These bytes in place of the body."""

    content: bytes

    def render(self, members: dict[str, Any]) -> bytes:
        return self.content

    def __str__(self) -> str:
        return repr(self.content[:60])


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiled:
    """The right body, spoiled so that it is no JSON any more."""

    how: str

    def render(self, members: dict[str, Any]) -> bytes:
        body = encode(members)
        spoiled: dict[str, bytes] = {
            "cut short": body[:-1],
            "trailing comma": body[:-1] + b",}",
            "single quotes": body.replace(b'"', b"'"),
            "two documents": body + body,
            "NaN": body[:-1] + b',"attributes":{"x":NaN}}',
            "invalid UTF-8": body[:-1] + b',"x":"\xff"}',
            "form": b"parts=" + body,
        }
        return spoiled[self.how]

    def __str__(self) -> str:
        return f"spoiled: {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The right body cut short, so that ``share`` thousandths of it are left, but never all."""

    share: int

    def render(self, members: dict[str, Any]) -> bytes:
        body = encode(members)
        return body[: min(max(len(body) * self.share // 1000, 1), len(body) - 1)]

    def __str__(self) -> str:
        return f"cut off after {self.share} thousandths"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The right body with something before or behind it that is no white space."""

    before: bytes = b""
    behind: bytes = b""

    def render(self, members: dict[str, Any]) -> bytes:
        return self.before + encode(members) + self.behind

    def __str__(self) -> str:
        return f"between {self.before!r} and {self.behind!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """The right body inside another JSON value, so that the top level is no object with parts."""

    how: str

    def render(self, members: dict[str, Any]) -> bytes:
        wrapped: dict[str, Any] = {
            "list": [members],
            "parts alone": members.get("parts"),
            "string": json.dumps(members),
            "null": None,
        }
        return encode(wrapped[self.how])

    def __str__(self) -> str:
        return f"the body as {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateParts:
    """``parts`` twice: the right list first and an empty one last, so that the last one decides for a refusal."""

    def render(self, members: dict[str, Any]) -> bytes:
        return encode(members)[:-1] + b',"parts":[]}'

    def __str__(self) -> str:
        return "parts twice, the second time empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """Lists nested ``depth`` deep in place of the part list, or many entries."""

    depth: int = 0
    entries: int = 0

    def render(self, members: dict[str, Any]) -> bytes:
        if self.depth:
            return b'{"parts":' + b"[" * self.depth + b"]" * self.depth + b"}"
        one = encode({"part_id": "0" * 8, "offset": 0, "size": 1, "sha1": "0" * 40})
        return b'{"parts":[' + b",".join([one] * self.entries) + b"]}"

    def __str__(self) -> str:
        return f"lists nested {self.depth} deep" if self.depth else f"{self.entries} entries"


def _bodies(name: str, edits: list[Any], drawn: st.SearchStrategy[Any]) -> Family:
    return Family(
        name=name,
        representatives=tuple(CommitPlan(body=edit) for edit in edits),
        drawn=drawn.map(lambda edit: CommitPlan(body=edit)),
    )


_JUNK = st.sampled_from([b"}", b"x", b"\x00", b"]", b" null", b",", b"{}", b"\xff"])
_SPOILED = ("cut short", "trailing comma", "two documents", "invalid UTF-8", "single quotes")
malformed = _bodies(
    "a body that is not JSON",
    [Spoiled(how=how) for how in _SPOILED],
    st.sampled_from([*_SPOILED, "NaN", "form"]).map(lambda how: Spoiled(how=how))
    | st.builds(Cut, share=st.integers(1, 999))
    | st.builds(Beside, before=st.sampled_from([b"", b"x", b"\x00", b")]}',\n", b"null "]), behind=_JUNK)
    | spellings.invalid().map(lambda plan: plan.body),
)
empty = _bodies(
    "an empty body",
    [Raw(content=b""), Raw(content=b" ")],
    st.text(" \n\r\t", max_size=5).map(lambda blanks: Raw(content=blanks.encode())),
)
_WRAPPED = ("list", "parts alone", "null", "string")
top_level = _bodies(
    "a body that is not an object",
    [Wrapped(how=how) for how in _WRAPPED],
    st.sampled_from(_WRAPPED).map(lambda how: Wrapped(how=how))
    | (st.booleans() | st.integers() | st.text(max_size=9) | st.just([])).map(lambda value: Raw(content=encode(value))),
)
duplicate_keys = _bodies("parts given twice", [DuplicateParts()], st.just(DuplicateParts()))
large = _bodies(
    "a very large body",
    [Nested(depth=1000), Nested(depth=100_000), Nested(entries=100_000)],
    st.builds(Nested, depth=st.integers(100, 200_000)),
)

_CONTENT_TYPES = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x")
content_types = Family(
    name="another content type",
    representatives=tuple(CommitPlan(content_type=value) for value in _CONTENT_TYPES),
    # None that ends in +json, or has json in its name: whoever is generous with those is within reason.
    drawn=st.sampled_from(
        [*_CONTENT_TYPES, "application/xml", "application/octet-stream", "image/png", "text/csv; charset=utf-8"]
    ).map(lambda value: CommitPlan(content_type=value)),
)


#: Every family of bodies that must be refused, those of `attributes` among them.
FAMILIES: dict[str, Family] = {
    "malformed": malformed,
    "empty": empty,
    "top_level": top_level,
    "duplicate_keys": duplicate_keys,
    "content_types": content_types,
    "invalid_dates": invalid_dates,
    "not_attributes": not_attributes,
}

NO_CONTENT_TYPE = CommitPlan(content_type=ABSENT)
