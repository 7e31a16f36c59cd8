"""Faults about files of many parts and of many bytes.

What is kept in 32 bits ends at byte 2^32: with parts of 8 MiB, at part 512. A service with smaller parts has these
faults at part 512 as well, so that they can be tried without gigabytes.
"""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from typing import Any

from commit_conformance.reference.calls import Call
from commit_conformance.reference.decisions import Decisions
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.part_lists import Claim, claim_of
from commit_conformance.reference.world import File, Part, Session

PAGE = 1000  # parts that a page of the list of parts holds at most


def width(decisions: Decisions) -> int:
    """How many bytes a number can tell that has 32 bits, or stands for one."""
    return min(2**32, 512 * decisions.settings.part_size)


class NarrowNumbersInList(Fault, rules="PART-WIDE-NUMBERS"):
    """Of offsets and sizes in a list the lower 32 bits are read."""

    def number(self, session: Session, entry: dict[str, Any], member: str) -> int:
        return super().number(session, entry, member) % 2**32


class ChecksFirstThousandParts(Fault, rules="PART-MANY-WRONG"):
    """Of a list of more than a thousand parts the first thousand are looked at."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        behind = session.sorted_parts()[PAGE:]
        if behind:
            claims = [*self.in_order(claims)[:PAGE], *(claim_of(part) for part in behind)]
        return super().check_list(session, claims)


class ListPartsEndsAtAThousand(Fault, rules="SESSION-LIST-PARTS-PAGES"):
    """The list of parts ends with its first page of a thousand."""

    def listed_parts(self, session: Session) -> list[Part]:
        return super().listed_parts(session)[:PAGE]


class NarrowPartOffsets(Fault, rules="SESSION-LARGE"):
    """The offset of a part is kept in 32 bits."""

    def part_range(self, call: Call, session: Session) -> tuple[int, int]:
        offset, size = super().part_range(call, session)
        return offset % width(self), size


class NarrowTotalParts(Fault, rules="SESSION-LARGE"):
    """A session's total_parts is reckoned from a file size of 32 bits."""

    def total_parts(self, session: Session) -> int:
        return -(-(session.file_size % width(self)) // session.part_size)


class NarrowSumOfSizes(Fault, rules="PART-LARGE"):
    """The sizes in a list are added up in 32 bits, so that those of a large file never fit it."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        parts, total = super().check_list(session, claims), sum(claim.size for claim in claims) % width(self)
        if total != session.file_size:
            raise self.mismatch(f"The parts have {total} bytes, the file {session.file_size}.")
        return parts


class NarrowComparisonOfOffsets(Fault, rules="PART-LARGE-WRONG"):
    """An offset within the file is compared in 32 bits with that of the part."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return super().tolerates(session, claims) or (
            session.file_size > width(self)
            and sorted(claim.part_id for claim in claims) == sorted(session.by_id)
            and all(self._fits(session.by_id[claim.part_id], claim, session) for claim in claims)
        )

    def _fits(self, part: Part, claim: Claim, session: Session) -> bool:
        self.check_sha1(claim, part)
        near = (claim.offset - part.offset) % width(self) == 0 and claim.offset < session.file_size
        return near and claim.size == part.size


class NarrowFileSize(Fault, rules="CREATED-LARGE-SIZE"):
    """The size of a file is shown as a number of 32 bits with a sign."""

    def file_members(self, file: File) -> dict[str, Any]:
        members, half = super().file_members(file), width(self) // 2
        return members | {"size": (members["size"] + half) % (2 * half) - half}


class LargeFilesAreNotHashed(Fault, rules="DIGEST-LARGE"):
    """The digest of a file beyond 32 bits is not compared."""

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        return session.file_size > width(self) or super().digest_fits(raw, session, body)
