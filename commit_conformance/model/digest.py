"""What is wrong with the ``digest`` request header.

The header holds ``sha=`` and the base64 of the SHA-1 of the whole file (S1, S2). RFC 3230 adds that the algorithm's
name has no case and that a list of digests may be given; RFC 4648 says what base64 is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SHA1_LENGTH = 20
#: What HTTP calls white space (RFC 9110, section 5.6.3).
_BLANKS = " \t"


class DigestDefect(StrEnum):
    """What can be wrong with the header; any of these must be refused."""

    MISSING = "there is no digest"
    NO_ALGORITHM = "the digest names no algorithm"
    UNSUPPORTED = "the algorithm of the digest is not sha"
    BASE64 = "the digest is not base64"
    LENGTH = "the digest does not decode to 20 bytes"
    MISMATCH = "the digest is not that of the file"
    AMBIGUOUS = "one of several sha digests is not that of the file"


class DigestOddity(StrEnum):
    """What the documentation does not decide."""

    ALGORITHM_CASE = "the algorithm is not written in lower case"
    VARIANT = "sha1 or sha-1 in place of sha"
    WHITESPACE = "white space around the value"
    LIST = "more than one digest"


@dataclass(frozen=True, slots=True)
class DigestReading:
    """All that is wrong with the header, and all that is merely unusual about it."""

    defects: frozenset[DigestDefect]
    oddities: frozenset[DigestOddity]


def read_digest(values: Sequence[str], *, sha1: str) -> DigestReading:
    """Reads the header's values against the file's SHA-1.

    Args:
        values: Every ``digest`` header line of the request, in order.
        sha1: SHA-1 of the whole file, hexadecimal.
    """
    defects: set[DigestDefect] = set()
    oddities: set[DigestOddity] = set()
    members = [member for value in values for member in value.split(",")]
    if not any(member.strip(_BLANKS) for member in members):
        return DigestReading(frozenset({DigestDefect.MISSING}), frozenset())
    if len(members) > 1:
        oddities.add(DigestOddity.LIST)
    verdicts: list[DigestDefect | None] = []
    for member in members:
        if member != member.strip(_BLANKS):
            oddities.add(DigestOddity.WHITESPACE)
        verdicts.append(_read_member(member.strip(_BLANKS), sha1, oddities))
    ours = [verdict for verdict in verdicts if verdict not in (DigestDefect.UNSUPPORTED, DigestDefect.NO_ALGORITHM)]
    if not ours:
        defects.update(verdict for verdict in verdicts if verdict)
    elif None in ours and any(ours):
        defects.add(DigestDefect.AMBIGUOUS)
    else:
        defects.update(verdict for verdict in ours if verdict)
    return DigestReading(frozenset(defects), frozenset(oddities))


def _read_member(member: str, sha1: str, oddities: set[DigestOddity]) -> DigestDefect | None:
    algorithm, equals, value = member.partition("=")
    name = algorithm.rstrip(_BLANKS).lower()
    if not equals or not name or not name.replace("-", "").isalnum() or (not value.strip("=") and len(algorithm) > 20):
        return DigestDefect.NO_ALGORITHM
    if name in ("sha1", "sha-1"):
        oddities.add(DigestOddity.VARIANT)
    elif name != "sha":
        return DigestDefect.UNSUPPORTED
    elif name != algorithm.rstrip(_BLANKS):
        oddities.add(DigestOddity.ALGORITHM_CASE)
    if algorithm != algorithm.rstrip(_BLANKS):
        oddities.add(DigestOddity.WHITESPACE)
    try:
        decoded = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return DigestDefect.BASE64
    if len(decoded) != SHA1_LENGTH:
        return DigestDefect.LENGTH
    return None if decoded.hex() == sha1.lower() else DigestDefect.MISMATCH
