"""The digest header: ``sha=`` and the base64 of a SHA-1.

Owns how the header is read and when it fits. Sources: the operation's parameter text, RFC 3230 section 4.1.1 for the
algorithm's case, RFC 4648 section 4 for the base64.
"""

from __future__ import annotations

import base64
import re

from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room
from commit_conformance.reference.world import Session

__all__ = ["Digests", "encode_digest"]

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", flags=re.ASCII)


def encode_digest(sha1: bytes) -> str:
    """A digest as the header writes it, without its algorithm."""
    return base64.b64encode(sha1).decode()


class Digests(Room):
    """Decides whether a digest header is right."""

    def digest_lines(self, request: Request) -> list[str]:
        """Values of the header lines that count as the digest."""
        return request.lines("digest")

    def trim_digest(self, value: str) -> str:
        """A header value without the blanks around it, which do not belong to it (RFC 9110, section 5.5)."""
        return value.strip(" \t")

    def digest_members(self, lines: list[str]) -> list[tuple[str, str]]:
        """Algorithm and value of every member of the header.

        Raises:
            Problem: 400, for a member without algorithm.
        """
        found = []
        for line in lines:
            for member in self.split_digest(line):
                algorithm, equals, value = self.trim_digest(member).partition("=")
                if not equals:
                    raise self.bad_digest("The digest names no algorithm.")
                found.append((algorithm, value))
        return found

    def split_digest(self, line: str) -> list[str]:
        """The members of one header line."""
        return line.split(",")

    def is_sha(self, algorithm: str) -> bool:
        """Whether an algorithm token is SHA-1's; its case does not matter."""
        return algorithm.lower() == "sha"

    def decode_digest(self, value: str) -> bytes:
        """The bytes of a base64 value, strictly.

        Raises:
            Problem: 400, for anything that is not padded standard base64.
        """
        raw = base64.b64decode(value) if _BASE64.fullmatch(value) else None
        # Bits that no byte needs must be zero, or two texts would be one digest (RFC 4648, section 3.5).
        if raw is None or encode_digest(raw) != value:
            raise self.bad_digest("The digest is not base64.")
        return raw

    def check_length(self, raw: bytes) -> None:
        """Raise 400 when a value is not as long as a SHA-1."""
        if len(raw) != 20:
            raise self.bad_digest(f"A SHA-1 has 20 bytes, this digest {len(raw)}.")

    def sha_value(self, lines: list[str]) -> list[bytes]:
        """The SHA-1 values a header holds, at least one.

        Raises:
            Problem: 400, for anything but the documented form.
        """
        members = self.digest_members(lines)
        if len(members) > 1 and not self.settings.digest_lists:
            return self.several_digests(lines, members)
        values = [self.decode_digest(value) for algorithm, value in members if self.is_sha(algorithm)]
        if not values:
            return self.unsupported_algorithm(members)
        for raw in values:
            self.check_length(raw)
        return values

    def several_digests(self, lines: list[str], members: list[tuple[str, str]]) -> list[bytes]:
        """Answer to a header of more than one member."""
        raise self.bad_digest("The digest must be one value.")

    def unsupported_algorithm(self, members: list[tuple[str, str]]) -> list[bytes]:
        """Answer to a header without a SHA-1; an empty list means that there is nothing to compare."""
        raise self.bad_digest("The only algorithm supported is sha.")

    def check_digest(self, request: Request, body: bytes, session: Session) -> None:
        """Raise when the digest of a commit is missing, malformed or not the file's."""
        lines = self.digest_lines(request)
        if not lines:
            self.missing_digest(request)
            return
        for raw in self.sha_value(lines):
            if not self.digest_fits(raw, session, body):
                actual = encode_digest(session.content().sha1)
                message = f"The digest does not fit the file. Actual: {actual} Expected: {encode_digest(raw)}"
                raise self.wrong_digest(message)

    def missing_digest(self, request: Request) -> None:
        """Answer to a commit without digest."""
        raise self.bad_digest("The request needs a digest header.")

    def digest_fits(self, raw: bytes, session: Session, body: bytes) -> bool:
        """Whether a digest is the whole file's."""
        return raw == session.content().sha1

    def bad_digest(self, message: str) -> Problem:
        """A digest that cannot be read."""
        return Problem(self.settings.digest_status, "bad_digest", message, subject="digest")

    def wrong_digest(self, message: str) -> Problem:
        """A digest of something else."""
        return Problem(self.settings.digest_status, "digest_mismatch", message, subject="digest")
