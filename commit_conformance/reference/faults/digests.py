"""Faults about the digest header of a commit."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

import base64
import hashlib
import re

from commit_conformance.reference.digests import encode_digest
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.world import Session

_ALGORITHMS = re.compile(r"md5|sha-?(?:224|256|384|512)|crc32c?|unix(?:ck)?sum|adler32", flags=re.IGNORECASE)
_SUBSTITUTES = ("repr-digest", "content-digest", "content-md5", "want-digest", "x-digest")


class PlusInDigestIsASpace(Fault, rules="DIGEST-ACCEPTED"):
    """A digest whose base64 begins with a plus or slash, or holds both, is refused, as if it had been URL-decoded."""

    # Not every plus: then most commits would fail, and nobody would learn why.
    def decode_digest(self, value: str) -> bytes:
        if value[:1] in ("+", "/") or ("+" in value and "/" in value):
            value = value.replace("+", " ").replace("/", " ")
        return super().decode_digest(value)


class DigestFailureEndsSession(Fault, rules="DIGEST-RETRY"):
    """After a wrong digest the session is gone."""

    def wrong_digest(self, message: str) -> Problem:
        problem = super().wrong_digest(message)
        problem.ends_session = True
        return problem

    def bad_digest(self, message: str) -> Problem:
        problem = super().bad_digest(message)
        problem.ends_session = True
        return problem


class AcceptsMissingDigest(Fault, rules="DIGEST-MISSING"):
    """A commit without digest header is committed."""

    def missing_digest(self, request: Request) -> None:
        if any(request.lines(name) for name in _SUBSTITUTES):
            super().missing_digest(request)


class ToleratesFlippedBit(Fault, rules="DIGEST-MISMATCH"):
    """A digest that differs from the file's in one bit is accepted."""

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        right = int.from_bytes(session.content().sha1)
        return super().digest_fits(raw, session, body) or (right ^ int.from_bytes(raw)).bit_count() == 1


class IgnoresDigest(Fault, rules="DIGEST-MISMATCH DIGEST-OF-BODY DIGEST-OF-PARTS DIGEST-CASE"):
    """Any digest of the right form is accepted, whatever its value."""

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        return True


class AcceptsDigestOfBody(Fault, rules="DIGEST-OF-BODY"):
    """The digest of the JSON request body is accepted as well."""

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        return super().digest_fits(raw, session, body) or raw == hashlib.sha1(body, usedforsecurity=False).digest()


class AcceptsDigestOfParts(Fault, rules="DIGEST-OF-PARTS"):
    """The digest of one part, or of the parts' digests one after the other, is accepted as well."""

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        digests = [part.piece.sha1 for part in session.sorted_parts()]
        joined = (b"".join(digests), "".join(digest.hex() for digest in digests).encode())
        digests += [hashlib.sha1(text, usedforsecurity=False).digest() for text in joined]
        return super().digest_fits(raw, session, body) or raw in digests


class AcceptsHexDigest(Fault, rules="DIGEST-HEX"):
    """A digest in hexadecimal is accepted."""

    def decode_digest(self, value: str) -> bytes:
        return bytes.fromhex(value) if re.fullmatch(r"[0-9A-Fa-f]{40}", value) else super().decode_digest(value)


class AcceptsBareDigest(Fault, rules="DIGEST-NO-ALGORITHM"):
    """A digest without its algorithm is accepted."""

    def digest_lines(self, request: Request) -> list[str]:
        lines = super().digest_lines(request)
        return [f"sha={line.strip()}" if re.fullmatch(r"\s*[A-Za-z0-9+/]{27}=\s*", line) else line for line in lines]


class RefusesUpperCaseAlgorithm(Fault, rules="DIGEST-ALGORITHM-CASE"):
    """The algorithm is compared with its case."""

    def is_sha(self, algorithm: str) -> bool:
        return algorithm == "sha"


class AcceptsOtherAlgorithms(Fault, rules="DIGEST-ALGORITHM-UNSUPPORTED"):
    """A digest of an algorithm that is not supported is taken as right without a look."""

    def unsupported_algorithm(self, members: list[tuple[str, str]]) -> list[bytes]:
        # A header of several members and a missing algorithm are other rules' matter.
        named = len(members) == 1 and _ALGORITHMS.fullmatch(members[0][0])
        return [] if named else super().unsupported_algorithm(members)


class LenientBase64(Fault, rules="DIGEST-BASE64"):
    """Base64 is read leniently: padding may lack, the URL-safe alphabet is taken, other characters are dropped."""

    def decode_digest(self, value: str) -> bytes:
        kept = re.sub(r"[^A-Za-z0-9+/]", "", value.replace("-", "+").replace("_", "/"))
        try:
            raw = base64.b64decode(kept + "=" * (-len(kept) % 4))
        except ValueError:
            return super().decode_digest(value)
        return raw if len(raw) == 20 else super().decode_digest(value)


class IgnoresDigestLength(Fault, rules="DIGEST-LENGTH"):
    """A digest that is too short or too long is compared as far as both go."""

    def check_length(self, raw: bytes) -> None:
        if not raw:
            super().check_length(raw)

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        if len(raw) == 20:
            return super().digest_fits(raw, session, body)
        # Forty hexadecimal digits are base64 of thirty bytes, and of other ones.
        return session.content().sha1[: len(raw)] == raw[:20]


class IgnoresDigestCase(Fault, rules="DIGEST-CASE"):
    """Base64 is compared without case."""

    def check_digest(self, request: Request, body: bytes, session: Session) -> None:
        lines = self.digest_lines(request)
        right = f"sha={encode_digest(session.content().sha1)}"
        if not (len(lines) == 1 and lines[0].strip(" \t").lower() == right.lower()):
            super().check_digest(request, body, session)


class DigestNameHasCase(Fault, rules="DIGEST-HEADER-NAME"):
    """The header's name is compared with its case: only digest and Digest are known."""

    def digest_lines(self, request: Request) -> list[str]:
        return [value for name, value in request.headers if name in ("digest", "Digest")]


class AnyDigestOfAList(Fault, rules="DIGEST-LIST"):
    """Of a list in one header line it is enough that one member is right, or of another algorithm."""

    def several_digests(self, lines: list[str], members: list[tuple[str, str]]) -> list[bytes]:
        return [] if len(lines) == 1 else super().several_digests(lines, members)


class AnyDigestLine(Fault, rules="DIGEST-TWICE"):
    """Of several digest lines it is enough that one is right."""

    def check_digest(self, request: Request, body: bytes, session: Session) -> None:
        lines = self.digest_lines(request)
        right = f"sha={encode_digest(session.content().sha1)}"
        if len(lines) > 1 and right in [line.strip() for line in lines]:
            return
        super().check_digest(request, body, session)


class AcceptsOtherDigestHeaders(Fault, rules="DIGEST-SUBSTITUTE"):
    """Repr-Digest, Content-Digest or Content-MD5 stand in for a missing digest."""

    def missing_digest(self, request: Request) -> None:
        if not any(request.lines(name) for name in _SUBSTITUTES):
            super().missing_digest(request)
