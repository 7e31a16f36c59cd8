"""The list of parts in a commit: its form, and whether it is what was uploaded.

Owns every refusal of a list. A list is right when it names every part of the session once, each with the offset, the
size and, where given, the sha1 it was uploaded with; nothing less covers the file, nothing more fits in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from commit_conformance.reference.bodies import INT64_MAX, whole_number
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room
from commit_conformance.reference.world import Part, Session

__all__ = ["ABSENT", "Claim", "PartLists"]

_HEX = re.compile(r"[0-9A-Fa-f]{40}", flags=re.ASCII)


class _Absent:
    """Marks a member that is not there, as opposed to one that is null."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One entry of a list: what the client says of a part."""

    part_id: str
    offset: int
    size: int
    sha1: object = ABSENT

    @property
    def end(self) -> int:
        """The first byte after the claimed range."""
        return self.offset + self.size


def claim_of(part: Part) -> Claim:
    """The right entry for a part."""
    return Claim(part_id=part.id, offset=part.offset, size=part.size)


class PartLists(Room):
    """Decides whether a list of parts is right."""

    # -- form ---------------------------------------------------------------------------------------------------

    def claims(self, session: Session, document: dict[str, Any]) -> list[Claim]:
        """The entries of a list, with the right types.

        Raises:
            Problem: The list is not there, or not of the documented form.
        """
        if "parts" not in document:
            return self.no_parts(session)
        parts = document["parts"]
        if not isinstance(parts, list) or not all(isinstance(entry, dict) for entry in parts):
            return self.not_objects(session, parts)
        if not parts:
            return self.empty_list(session)
        return [self.claim(session, entry) for entry in parts]

    def no_parts(self, session: Session) -> list[Claim]:
        """Answer to a body without parts."""
        raise self.malformed("The body needs parts.")

    def not_objects(self, session: Session, parts: object) -> list[Claim]:
        """Answer to parts that are no array of objects."""
        raise self.malformed("The parts must be an array of objects.")

    def empty_list(self, session: Session) -> list[Claim]:
        """Answer to a list of nothing."""
        raise self.mismatch("The list holds no part.")

    def claim(self, session: Session, entry: dict[str, Any]) -> Claim:
        """One entry, read."""
        self.check_members(entry)
        part_id = self.part_id(session, entry)
        offset = self.number(session, entry, "offset")
        size = self.number(session, entry, "size")
        return Claim(part_id=part_id, offset=offset, size=size, sha1=entry.get("sha1", ABSENT))

    def check_members(self, entry: dict[str, Any]) -> None:
        """Members nobody documented are let pass; newer clients may send them."""

    def part_id(self, session: Session, entry: dict[str, Any]) -> str:
        """The id an entry names."""
        if "part_id" not in entry:
            return self.no_part_id(session, entry)
        value = entry["part_id"]
        if not isinstance(value, str):
            raise self.malformed("A part_id must be a string.")
        return value

    def number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        """The offset or size an entry names."""
        if member not in entry:
            return self.no_number(session, entry, member)
        value = whole_number(entry[member])
        if value is None:
            return self.not_a_number(session, entry, member)
        if abs(value) > INT64_MAX:
            return self.huge_number(session, entry, member)
        if value < 0:
            return self.negative_number(session, entry, member)
        return value

    def no_part_id(self, session: Session, entry: dict[str, Any]) -> str:
        """Answer to an entry without part_id."""
        raise self.malformed("Every part needs a part_id.")

    def no_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        """Answer to an entry without offset or size."""
        raise self.malformed(f"Every part needs its {member}.")

    def not_a_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        """Answer to an offset or size that is no integer."""
        raise self.malformed(f"The {member} of a part must be an integer.")

    def huge_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        """Answer to an offset or size beyond 64 bits."""
        raise self.malformed(f"The {member} of a part exceeds 64 bits.")

    def negative_number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        """Answer to an offset or size below zero."""
        raise self.malformed(f"The {member} of a part must not be negative.")

    # -- meaning ------------------------------------------------------------------------------------------------

    def check_uploaded(self, session: Session) -> None:
        """Raise when parts of the file have not been uploaded yet."""
        if not session.complete:
            there, needed = len(session.by_id), session.total_parts
            raise self.mismatch(f"Of {needed} parts {there} have been uploaded.")

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        """The parts in the order in which they make the file.

        Raises:
            Problem: The list is not exactly what was uploaded.
        """
        if self.tolerates(session, claims):
            return session.sorted_parts()
        ordered = self.in_order(claims)
        previous_end, seen = 0, set()
        for claim in ordered:
            part = self.part_of(session, claim)
            if part is None:
                raise self.unknown_part(claim)
            if part.id in seen:
                raise self.mismatch(f"Part {part.id} is listed twice.", overlap=True)
            seen.add(part.id)
            if claim.offset < previous_end:
                raise self.mismatch(f"Part {part.id} overlaps the part before it.", overlap=True)
            if (part.offset, part.size) != (claim.offset, claim.size):
                raise self.mismatch(f"No matching part found for {self.shown(claim)}.")
            if claim.offset > previous_end:
                raise self.mismatch(f"Bytes {previous_end} to {claim.offset - 1} are missing.")
            self.check_sha1(claim, part)
            previous_end = claim.end
        if previous_end != session.file_size:
            raise self.mismatch(f"Bytes {previous_end} to {session.file_size - 1} are missing.")
        return session.sorted_parts()

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        """Whether a list is taken although it is not what was uploaded: never, in a correct service."""
        return False

    def in_order(self, claims: list[Claim]) -> list[Claim]:
        """The entries by offset; another order is sorted or refused, as the settings say."""
        ordered = sorted(claims, key=lambda claim: claim.offset)
        if self.settings.order == "reject" and ordered != claims:
            raise self.mismatch("The parts must be in ascending order.")
        return ordered

    def part_of(self, session: Session, claim: Claim) -> Part | None:
        """The part an entry names, in this session and no other."""
        return session.by_id.get(claim.part_id)

    def check_sha1(self, claim: Claim, part: Part) -> None:
        """Raise when an entry's sha1 is not the part's; left out or null it says nothing."""
        if claim.sha1 is ABSENT or claim.sha1 is None:
            if self.settings.sha1_required:
                raise self.mismatch(f"Part {part.id} needs its sha1.")
        elif not isinstance(claim.sha1, str) or not _HEX.fullmatch(claim.sha1):
            self.odd_sha1(claim, part)
        elif claim.sha1.lower() != part.piece.sha1.hex():
            self.wrong_sha1(claim, part)

    def odd_sha1(self, claim: Claim, part: Part) -> None:
        """Answer to a sha1 that is not 40 hexadecimal digits."""
        raise self.mismatch(f"The sha1 of part {part.id} must be 40 hexadecimal digits.")

    def wrong_sha1(self, claim: Claim, part: Part) -> None:
        """Answer to the sha1 of something else."""
        raise self.mismatch(f"No matching part found for {self.shown(claim)}.")

    # -- refusals -----------------------------------------------------------------------------------------------

    def shown(self, claim: Claim) -> str:
        """An entry as messages show it, bounded in length."""
        sha1 = claim.sha1[:40] if isinstance(claim.sha1, str) else None
        members = {"part_id": claim.part_id[:40], "offset": claim.offset, "size": claim.size, "sha1": sha1}
        return json.dumps(members)

    def unknown_part(self, claim: Claim) -> Problem:
        """A list that names a part the session does not have."""
        problem = self.mismatch(f"No matching part found for {self.shown(claim)}.")
        problem.status = self.settings.unknown_part_status or problem.status
        return problem

    def malformed(self, message: str) -> Problem:
        """A list of the wrong form."""
        return Problem(self.settings.parts_status, "bad_request", message, subject="part-list")

    def mismatch(self, message: str, *, overlap: bool = False) -> Problem:
        """A list that is not what was uploaded."""
        if overlap and self.settings.overlap_fatal:
            return Problem(410, "upload_failed", message, subject="part-list")
        return Problem(self.settings.parts_status, "parts_mismatch", message, subject="part-list")
