"""Faults about the list of parts: what it must hold, and how its ranges must lie."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.part_lists import Claim, claim_of
from commit_conformance.reference.world import Part, Session


def own_claims(session: Session) -> list[Claim]:
    """The list that would have been right."""
    return [claim_of(part) for part in session.sorted_parts()]


def bare(claims: list[Claim]) -> list[Claim]:
    """Entries by offset, without what they say of their sha1."""
    return sorted((claim_of_claim(claim) for claim in claims), key=lambda claim: (claim.offset, claim.size))


def claim_of_claim(claim: Claim) -> Claim:
    """An entry without its sha1."""
    return Claim(part_id=claim.part_id, offset=claim.offset, size=claim.size)


def pairs(session: Session, claims: list[Claim]) -> list[tuple[Claim, Part]] | None:
    """Every entry with the part it names, when the entries name every part once; else ``None``."""
    if sorted(claim.part_id for claim in claims) != sorted(session.by_id):
        return None
    found = [(claim, session.by_id[claim.part_id]) for claim in claims]
    return sorted(found, key=lambda pair: pair[1].offset)


def without_parts(session: Session, claims: list[Claim]) -> list[Part] | None:
    """The parts a list lacks, when it is right but for these; else ``None``."""
    given = bare(claims)
    listed = {claim.part_id for claim in given}
    if not given or [claim for claim in own_claims(session) if claim.part_id in listed] != given:
        return None
    return [part for part in session.sorted_parts() if part.id not in listed]


class AcceptsMissingLast(Fault, rules="PART-MISSING-LAST"):
    """A list that lacks the last parts is committed."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        lacks = without_parts(session, claims)
        last = session.sorted_parts()[len(claims) :]
        return super().tolerates(session, claims) or bool(lacks and lacks == last)


class AcceptsGap(Fault, rules="PART-GAP"):
    """A list that lacks a first or middle part is committed, one that lacks the last is not."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        lacks = without_parts(session, claims)
        return super().tolerates(session, claims) or bool(lacks and lacks[-1] is not session.sorted_parts()[-1])


class AcceptsFirstGap(Fault, rules="PART-GAP"):
    """The first list that lacks a first or middle part is committed, and none after it."""

    _holes = 0

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        lacks = without_parts(session, claims)
        hole = bool(lacks and lacks[-1] is not session.sorted_parts()[-1])
        self._holes += hole
        return super().tolerates(session, claims) or (hole and self._holes == 1)


class AcceptsMiddleGap(Fault, rules="PART-GAP"):
    """A list with a hole is committed if its first and its last part are there."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        lacks, own = without_parts(session, claims), session.sorted_parts()
        return super().tolerates(session, claims) or bool(lacks and own[0] not in lacks and own[-1] not in lacks)


class AcceptsUnknownPart(Fault, rules="PART-UNKNOWN"):
    """A part_id that nobody was given is taken for the part at its offset."""

    def part_of(self, session: Session, claim: Claim) -> Part | None:
        found = super().part_of(session, claim)
        if found is None and not any(self.world.foreign_parts(claim.part_id, session)):
            return session.by_offset.get(claim.offset)
        return found


class AcceptsForeignPart(Fault, rules="PART-FOREIGN"):
    """A part of another session of the same user, or of an aborted one, is taken for the part at its offset."""

    def part_of(self, session: Session, claim: Claim) -> Part | None:
        found = super().part_of(session, claim)
        others = self.world.foreign_parts(claim.part_id, session)
        if found is None and any(other.owner is session.owner for other in others):
            return session.by_offset.get(claim.offset)
        return found


class AcceptsOtherUsersPart(Fault, rules="PART-OTHER-USER"):
    """A part of another user's session is taken for the part at its offset."""

    def part_of(self, session: Session, claim: Claim) -> Part | None:
        found = super().part_of(session, claim)
        others = self.world.foreign_parts(claim.part_id, session)
        if found is None and any(other.owner is not session.owner for other in others):
            return session.by_offset.get(claim.offset)
        return found


class IgnoresPartOffset(Fault, rules="PART-OFFSET"):
    """One entry may have a wrong offset, as long as its id and size are right."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        found = pairs(session, claims)
        right_size = found is not None and all(claim.size == part.size for claim, part in found)
        wrong = [claim for claim, part in found or () if claim.offset != part.offset]
        return super().tolerates(session, claims) or (right_size and len(wrong) == 1)


class IgnoresPartSize(Fault, rules="PART-SIZE"):
    """One entry that is not the last may have a wrong size."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        found = pairs(session, claims)
        right_offset = found is not None and all(claim.offset == part.offset for claim, part in found)
        wrong = [index for index, (claim, part) in enumerate(found or ()) if claim.size != part.size]
        return super().tolerates(session, claims) or (right_offset and len(wrong) == 1 and wrong[0] != len(claims) - 1)


class IgnoresSum(Fault, rules="PART-SUM"):
    """The last part may have any size, so that the sizes need not add up to the file's."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        found = pairs(session, claims)
        right_offset = found is not None and all(claim.offset == part.offset for claim, part in found)
        wrong = [index for index, (claim, part) in enumerate(found or ()) if claim.size != part.size]
        return super().tolerates(session, claims) or (right_offset and wrong == [len(claims) - 1])


class ChecksOnlyTiling(Fault, rules="PART-BOUNDARY"):
    """It is enough that known ids, each of them once, and ranges without hole or overlap cover the file."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        if super().tolerates(session, claims):
            return True
        end = 0
        if len({claim.part_id for claim in claims}) < len(claims):
            return False
        for claim in sorted(claims, key=lambda claim: claim.offset):
            if claim.offset != end or not claim.size or claim.part_id not in session.by_id:
                return False
            end = claim.end
        # Lists as they were uploaded are judged in full, their sha1 too.
        return end == session.file_size and bare(claims) != own_claims(session)


class IgnoresPartSha1(Fault, rules="PART-SHA1"):
    """The sha1 of a part is not compared, as long as it is one."""

    def wrong_sha1(self, claim: Claim, part: Part) -> None:
        return


class AcceptsOddSha1(Fault, rules="PART-SHA1-FORM"):
    """A sha1 that is no 40 hexadecimal digits counts as not given."""

    def odd_sha1(self, claim: Claim, part: Part) -> None:
        return


class AcceptsDuplicatePart(Fault, rules="PART-DUPLICATE"):
    """A part may be listed more than once."""

    def in_order(self, claims: list[Claim]) -> list[Claim]:
        seen: dict[tuple[str, int, int], Claim] = {}
        for claim in claims:
            seen.setdefault((claim.part_id, claim.offset, claim.size), claim)
        return super().in_order(list(seen.values()))


class AcceptsOverlap(Fault, rules="PART-OVERLAP"):
    """Ranges may overlap, as long as they leave no hole and name every part once."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        if super().tolerates(session, claims):
            return True
        found = pairs(session, claims)
        if found is None:
            return False
        end, overlaps = 0, False
        for claim in sorted((claim for claim, _ in found), key=lambda claim: claim.offset):
            if claim.offset > end or claim.end > session.file_size:
                return False
            overlaps |= claim.offset < end
            end = max(end, claim.end)
        # A single wrong size is another rule's matter.
        return end == session.file_size and overlaps and any(claim.offset != part.offset for claim, part in found)


class IgnoresPastEnd(Fault, rules="PART-PAST-END"):
    """Entries beyond the end of the file are passed over."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        kept = [claim for claim in claims if not (claim.size and claim.offset >= session.file_size)]
        return super().check_list(session, kept if bare(kept) == own_claims(session) else claims)


class IgnoresPartCount(Fault, rules="PART-COUNT"):
    """Entries of no bytes are passed over."""

    def check_list(self, session: Session, claims: list[Claim]) -> list[Part]:
        kept = [claim for claim in claims if claim.size]
        return super().check_list(session, kept if bare(kept) == own_claims(session) else claims)


class AcceptsAnyList(
    Fault,
    rules="PART-MISSING-LAST PART-GAP PART-UNKNOWN PART-OFFSET PART-SIZE PART-SUM PART-BOUNDARY PART-SHA1 "
    "PART-SHA1-FORM PART-DUPLICATE PART-OVERLAP PART-PAST-END PART-COUNT PART-FOREIGN PART-OTHER-USER",
):
    """Any list of the right form is committed."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return True


class ChecksOnlyIds(Fault, rules="PART-OFFSET PART-SIZE PART-SUM PART-BOUNDARY PART-SHA1 PART-SHA1-FORM PART-OVERLAP"):
    """It is enough that a list names every part once."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return super().tolerates(session, claims) or pairs(session, claims) is not None


class ChecksOnlyCount(
    Fault,
    rules="PART-UNKNOWN PART-OFFSET PART-SIZE PART-SUM PART-BOUNDARY PART-SHA1 PART-SHA1-FORM PART-FOREIGN "
    "PART-OTHER-USER PART-OVERLAP",
):
    """It is enough that a list has as many entries as there are parts."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return super().tolerates(session, claims) or len(claims) == session.total_parts


class ChecksOnlyTotal(Fault, rules="PART-UNKNOWN PART-BOUNDARY PART-COUNT PART-OFFSET PART-FOREIGN PART-OTHER-USER"):
    """It is enough that the sizes of a list add up to the file's."""

    def tolerates(self, session: Session, claims: list[Claim]) -> bool:
        return super().tolerates(session, claims) or sum(claim.size for claim in claims) == session.file_size
