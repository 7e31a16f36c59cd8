"""Faults about the request body of a commit: JSON, content type, attributes."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from commit_conformance.reference.attributes import Given
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.faults.part_lists import own_claims
from commit_conformance.reference.messages import Request
from commit_conformance.reference.part_lists import Claim
from commit_conformance.reference.world import Session

_OWN = "\x00own parts"


class _TakesOwnParts(Fault):
    """What the faults have in common that commit a body they cannot read: the session's own parts stand in for it.

    The wrong bodies of other operations are refused as ever, since these miss more than parts.
    """

    def claims(self, session: Session, document: dict[str, Any]) -> list[Claim]:
        return own_claims(session) if _OWN in document else super().claims(session, document)


class AcceptsMalformedJson(_TakesOwnParts, rules="BODY-MALFORMED"):
    """A body that is not JSON commits the uploaded parts."""

    def not_json(self, error: ValueError) -> dict[str, Any]:
        return {_OWN: True}


class AcceptsEmptyBody(_TakesOwnParts, rules="BODY-EMPTY"):
    """An empty body commits the uploaded parts."""

    def empty_body(self) -> dict[str, Any]:
        return {_OWN: True}


class AcceptsAnyTopLevel(_TakesOwnParts, rules="BODY-TOP-LEVEL"):
    """JSON that is no object commits the uploaded parts."""

    def not_an_object(self, document: Any) -> dict[str, Any]:
        return {_OWN: True}


class AcceptsDeepNesting(_TakesOwnParts, rules="BODY-LARGE"):
    """A body nested too deeply to be read commits the uploaded parts."""

    def too_deep(self) -> dict[str, Any]:
        return {_OWN: True}


class RefusesUnknownTopLevelMembers(Fault, rules="BODY-UNKNOWN-MEMBER"):
    """A body with a member nobody documented is refused."""

    def claims(self, session: Session, document: dict[str, Any]) -> list[Claim]:
        if not document.keys() <= {"parts", "attributes"}:
            raise self.bad_body("The body has a member that is not known.")
        return super().claims(session, document)


class FirstDuplicateKeyWins(Fault, rules="BODY-DUPLICATE-KEYS"):
    """Of a member given twice the first counts."""

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))


class AcceptsAnyContentType(Fault, rules="BODY-CONTENT-TYPE"):
    """A body is read as JSON whatever it says it is."""

    def is_json_type(self, content_type: str) -> bool:
        return True


class RefusesCharset(Fault, rules="BODY-CHARSET"):
    """A content type with parameters is refused."""

    def is_json_type(self, content_type: str) -> bool:
        return content_type.strip().lower() == "application/json"


class IgnoresChunkedBody(Fault, rules="BODY-CHUNKED"):
    """A body in chunked transfer encoding is taken for an empty one."""

    def read_body(self, request: Request) -> bytes:
        body = super().read_body(request)
        return b"" if "chunked" in (request.header("transfer-encoding") or "").lower() else body


class RequiresAttributes(Fault, rules="ATTR-ABSENT"):
    """A body without attributes is refused."""

    def no_attributes(self) -> Given:
        raise self.bad_attribute("The body needs attributes.")


class IgnoresContentModifiedAt(Fault, rules="ATTR-MODIFIED-AT"):
    """The file's content_modified_at is the time of its upload, whatever was given."""

    def content_date(self, given: dict[str, Any], member: str) -> datetime | None:
        date = super().content_date(given, member)
        return None if member == "content_modified_at" else date


class DropsDateOffset(Fault, rules="ATTR-MODIFIED-AT"):
    """The offset of content_modified_at is dropped and its clock time taken for UTC."""

    def content_date(self, given: dict[str, Any], member: str) -> datetime | None:
        date = super().content_date(given, member)
        return date.replace(tzinfo=UTC) if date is not None and member == "content_modified_at" else date


class IgnoresContentCreatedAt(Fault, rules="ATTR-CREATED-AT"):
    """The file's content_created_at is the time of its upload, whatever was given."""

    def content_date(self, given: dict[str, Any], member: str) -> datetime | None:
        date = super().content_date(given, member)
        return None if member == "content_created_at" else date


class NoDefaultDates(Fault, rules="ATTR-DEFAULTS"):
    """Content dates that were not given are 1970."""

    def default_content_date(self) -> datetime | None:
        return datetime(1970, 1, 2, tzinfo=UTC)


class IgnoresDescription(Fault, rules="ATTR-DESCRIPTION"):
    """The description is not stored."""

    def description(self, given: dict[str, Any]) -> str | None:
        super().description(given)
        return None


class AcceptsInvalidDates(Fault, rules="ATTR-DATE-INVALID"):
    """A date that is none counts as not given."""

    def bad_date(self, member: str, text: object) -> datetime | None:
        return None


class AttributesRename(Fault, rules="ATTR-DESTINATION"):
    """A name in the attributes renames the file."""

    def name_attribute(self, given: dict[str, Any]) -> str | None:
        name = given.get("name")
        return name if isinstance(name, str) and name else None


class AcceptsAttributesOfAnyType(Fault, rules="ATTR-TYPE"):
    """Attributes that are no object count as not given."""

    def not_attributes(self, given: object) -> Given:
        return Given()
