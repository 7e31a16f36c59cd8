"""A commit as the ways in which it differs from the right one.

A `CommitPlan` holds no ids and no bytes of any upload, so one plan fits every session: it can be drawn before a server
is asked anything, repeated against another server, printed, shrunk and combined. `CommitPlan.build` applies it to
the `Material` of one upload and gives the request.

    >>> plan = CommitPlan(parts=(Drop(at=0),))
    >>> request = plan.build(material)          # everything right but for the first part, which is left out
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Protocol

from commit_conformance.model import CommitRequest, UploadedPart, UploadedSession

#: What every plan sends as attributes unless it says otherwise: the ones of the documentation's examples.
USUAL_ATTRIBUTES = MappingProxyType({"content_modified_at": "2017-04-08T00:58:08Z"})
#: A header or member that is left out, which is different from one that is null or empty.
ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()
#: Stands for `USUAL_ATTRIBUTES`.
USUAL: Any = type("Usual", (), {"__repr__": lambda self: "USUAL"})()


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One upload, as far as plans may draw on it.

    Attributes:
        session: What was uploaded.
        content: The bytes of the file.
        foreign: The first part of another session, or None where there is none.
        foreign_bytes: Its bytes.
        aborted: A part of a session that was aborted, or None where there is none.
        etag: The target file's current etag, for new-version sessions.
    """

    session: UploadedSession
    content: bytes = field(repr=False)
    foreign: UploadedPart | None = None
    foreign_bytes: bytes = field(default=b"", repr=False)
    aborted: UploadedPart | None = None
    etag: str | None = None


class PartEdit(Protocol):
    """Changes a claimed part list; ``parts`` may already be any JSON value when edits are combined."""

    def apply(self, parts: Any, material: Material) -> Any:
        """The changed list. The argument may be changed in place."""

    def __str__(self) -> str:
        """What was done, in words that continue 'the part list …'."""


class DigestEdit(Protocol):
    """Makes the values of the ``digest`` header."""

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        """One value a header line; none leaves the header out."""


class BodyEdit(Protocol):
    """Makes the bytes of the body from the right ones."""

    def render(self, members: dict[str, Any]) -> bytes:
        """The body, given the members it would have had."""


class TagForm(Protocol):
    """Makes the value of a precondition header from the current etag."""

    def render(self, etag: str | None) -> str:
        """The header's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPlan:
    """How one commit differs from the right one. Every field's default is: not at all.

    Attributes:
        parts: Edits of the part list, applied in order.
        digest: What to send as digest.
        body: What to make of the body's bytes, after everything else.
        attributes: The ``attributes`` member, any JSON value; `USUAL` ones by default, `ABSENT` for none.
        members: Further top-level members.
        if_match, if_none_match: Preconditions, rendered from the current etag.
        content_type: The content type, or `ABSENT`.
        digest_header: How the header's name is written.
        headers: Further header lines.
    """

    parts: tuple[PartEdit, ...] = ()
    digest: DigestEdit | None = None
    body: BodyEdit | None = None
    attributes: Any = USUAL
    members: Mapping[str, Any] = field(default_factory=dict)
    if_match: TagForm | None = None
    if_none_match: TagForm | None = None
    content_type: Any = "application/json"
    digest_header: str = "digest"
    headers: tuple[tuple[str, str], ...] = ()

    def build(self, material: Material) -> CommitRequest:
        """The request this plan makes of one upload."""
        claimed: Any = [part.as_json() for part in material.session.parts]
        for edit in self.parts:
            claimed = edit.apply(claimed, material)
        members: dict[str, Any] = {} if claimed is ABSENT else {"parts": claimed}
        if self.attributes is USUAL:
            members["attributes"] = dict(USUAL_ATTRIBUTES)
        elif self.attributes is not ABSENT:
            members["attributes"] = self.attributes
        members.update(self.members)
        body = self.body.render(members) if self.body else encode(members)
        headers: list[tuple[str, str]] = []
        digests = self.digest.render(material, body) if self.digest else (material.session.digest,)
        headers += [(self.digest_header, value) for value in digests]
        if self.content_type is not ABSENT:
            headers.append(("content-type", self.content_type))
        if self.if_match is not None:
            headers.append(("if-match", self.if_match.render(material.etag)))
        if self.if_none_match is not None:
            headers.append(("if-none-match", self.if_none_match.render(material.etag)))
        headers += self.headers
        return CommitRequest(headers=tuple(headers), body=body, parts=None if claimed is ABSENT else claimed)

    def conflicts(self, other: CommitPlan) -> bool:
        """Whether two plans want the same thing to be different, so that they cannot be one request."""
        default = CommitPlan()
        for item in fields(self):
            mine, theirs, usual = (getattr(plan, item.name) for plan in (self, other, default))
            if item.name in ("parts", "headers"):
                continue
            if isinstance(mine, dict) and isinstance(theirs, dict):
                empty = item.name == "attributes" and not (mine and theirs)  # an empty object is a form of its own
                if empty or mine.keys() & theirs.keys():
                    return True
            elif mine is not usual and theirs is not usual and mine != usual and theirs != usual:
                return True
        touched = {name.lower() for name, _ in self.headers} & {name.lower() for name, _ in other.headers}
        places = {getattr(edit, "at", None) for edit in self.parts} & {
            getattr(edit, "at", None) for edit in other.parts
        }
        return bool(touched) or bool(self.parts and other.parts and places)

    def merge(self, other: CommitPlan) -> CommitPlan:
        """Both plans in one request; see `conflicts`."""
        default = CommitPlan()
        changes: dict[str, Any] = {}
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if item.name in ("parts", "headers"):
                changes[item.name] = mine + theirs
            elif isinstance(mine, dict) and isinstance(theirs, dict):
                changes[item.name] = {**mine, **theirs}
            elif theirs is not getattr(default, item.name) and theirs != getattr(default, item.name):
                changes[item.name] = theirs
        return replace(self, **changes)

    def __str__(self) -> str:
        said = [f"the part list {edit}" for edit in self.parts]
        if self.digest is not None:
            said.append(f"digest: {self.digest}")
        if self.body is not None:
            said.append(f"body: {self.body}")
        if self.if_match is not None:
            said.append(f"if-match: {self.if_match}")
        if self.if_none_match is not None:
            said.append(f"if-none-match: {self.if_none_match}")
        if self.content_type != "application/json":
            said.append("no content type" if self.content_type is ABSENT else f"content type {self.content_type}")
        if self.digest_header != "digest":
            said.append(f"the header is written {self.digest_header}")
        said += [f"{name}: {value[:60]}" for name, value in self.headers]
        if self.members:
            said.append(f"with members {_short(dict(self.members))}")
        if self.attributes is not USUAL:  # last, since they are long and often beside the point
            said.append("no attributes" if self.attributes is ABSENT else f"attributes {_short(self.attributes)}")
        return "; ".join(said) or "a right commit"


def encode(value: Any) -> bytes:
    """JSON as clients send it."""
    return json.dumps(value, separators=(",", ":")).encode()


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return text if len(text) <= 90 else text[:87] + "…"
