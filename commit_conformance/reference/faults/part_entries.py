"""Faults about the list of parts: the form of its entries, their order, and what was uploaded of them."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from typing import Any

from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.faults.part_lists import own_claims
from commit_conformance.reference.messages import Request
from commit_conformance.reference.part_lists import Claim
from commit_conformance.reference.storage import Content
from commit_conformance.reference.world import Part, Session


def real_number(session: Session, entry: dict[str, Any], member: str) -> int:
    """The offset or size an entry ought to have: its part's, or that of the part with the other member."""
    part = session.by_id.get(str(entry.get("part_id")))
    if part is None:
        offset = entry.get("offset")
        part = session.by_offset.get(offset) if isinstance(offset, int) else None
    return 0 if part is None else part.offset if member == "offset" else part.size


class PartsOptional(Fault, rules="PART-REQUIRED"):
    """A body without parts is taken to mean all that were uploaded."""

    def no_parts(self, session: Session) -> list[Claim]:
        return own_claims(session)


class AcceptsPartsOfAnyType(Fault, rules="PART-ARRAY"):
    """Parts that are no array of objects are taken to mean all that were uploaded."""

    def not_objects(self, session: Session, parts: object) -> list[Claim]:
        return own_claims(session)


class AcceptsEmptyList(Fault, rules="PART-EMPTY"):
    """An empty list is taken to mean all parts that were uploaded."""

    def empty_list(self, session: Session) -> list[Claim]:
        return own_claims(session)


class RefusesRightList(Fault, rules="PART-COMPLETE"):
    """A list of exactly the uploaded parts is refused."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        raise self.mismatch("No matching part found.")


class AssemblesInListOrder(Fault, rules="PART-ORDER"):
    """The bytes of the parts are put together in the order of the list."""

    _order: tuple[str, ...] = ()

    def in_order(self, claims: list[Claim]) -> list[Claim]:
        self._order = tuple(claim.part_id for claim in claims)
        return super().in_order(claims)

    def _listed(self, session: Session) -> Content | None:
        ordered = [session.by_id[part_id] for part_id in self._order if part_id in session.by_id]
        as_uploaded = ordered == session.sorted_parts() or len(ordered) != session.total_parts
        return None if as_uploaded or session.state != "open" else Content(part.piece for part in ordered)

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        listed = self._listed(session)
        return super().digest_fits(raw, session, body) or (listed is not None and raw == listed.sha1)

    def assemble(self, session: Session, parts: list[Part]) -> Content:
        return self._listed(session) or super().assemble(session, parts)


class FillsInMissingMembers(Fault, rules="PART-MEMBER-MISSING"):
    """An entry without part_id, offset or size gets them from what was uploaded."""

    def no_part_id(self, session: Session, entry: dict[str, Any]) -> str:
        offset = entry.get("offset")
        part = session.by_offset.get(offset) if isinstance(offset, int) else None
        return super().no_part_id(session, entry) if part is None else part.id

    def no_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        return real_number(session, entry, member)


class CoercesNumbers(Fault, rules="PART-NUMBER-TYPE"):
    """Offsets and sizes of any type are taken for the right ones."""

    def not_a_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        return real_number(session, entry, member)


class AcceptsNegativeNumbers(Fault, rules="PART-NEGATIVE"):
    """Negative offsets and sizes are taken for the right ones."""

    def negative_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        return real_number(session, entry, member)


class AcceptsHugeNumbers(Fault, rules="PART-INT64"):
    """Offsets and sizes beyond 64 bits are taken for the right ones."""

    def huge_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        return real_number(session, entry, member)


class RefusesUnknownMembers(Fault, rules="PART-UNKNOWN-MEMBER"):
    """An entry with a member nobody documented is refused."""

    def check_members(self, entry: dict[str, Any]) -> None:
        if not entry.keys() <= {"part_id", "offset", "size", "sha1"}:
            raise self.malformed("A part has a member that is not known.")


class RefusesOneByteLastPart(Fault, rules="PART-SIZES"):
    """A file whose last part is one byte long cannot be committed."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        parts = super().check_list(session, claims)
        if parts[-1].size == 1:
            raise self.mismatch("The last part is too small.")
        return parts


class RefusesExactMultiple(Fault, rules="PART-SIZES"):
    """A file of several parts that is an exact multiple of their size cannot be committed."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        parts = super().check_list(session, claims)
        if len(parts) > 1 and session.file_size % session.part_size == 0:
            raise self.mismatch("The last part must be smaller than the others.")
        return parts


class LimitsPartsToThousand(Fault, rules="PART-MANY"):
    """A list of more than 1000 parts is refused."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        if len(claims) > 1000:
            raise self.mismatch("There are too many parts.")
        return super().check_list(session, claims)


class CommitsBeforeAllUploaded(Fault, rules="PART-NOT-UPLOADED"):
    """A file is made of the parts that have been uploaded so far."""

    def check_uploaded(self, session: Session) -> None:
        return

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return super().tolerates(session, claims) or not session.complete

    def check_digest(self, request: Request, body: bytes, session: Session) -> None:
        if session.complete or not self.digest_lines(request):
            super().check_digest(request, body, session)


class LosesLastPart(Fault, rules="CREATED-CONTENT CREATED-SIZE CREATED-SHA1"):
    """A file of several parts is stored without its last one."""

    def assemble(self, session: Session, parts: list[Part]) -> Content:
        if len(parts) < 2:
            return super().assemble(session, parts)
        return Content(part.piece for part in parts[:-1])
