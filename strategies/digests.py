"""Values of the ``digest`` header: right, wrong in one way, or right in another form."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from strategies.family import Family
from strategies.plan import CommitPlan, Material


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Sends these header lines, whatever the file is; none leaves the header out."""

    values: tuple[str, ...] = ()

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        return self.values

    def __str__(self) -> str:
        return " and ".join(repr(value[:60]) for value in self.values) or "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherContent:
    """The digest of something else than the file."""

    of: str = "other"

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        session = material.session
        contents = {
            "other": b"other " + material.content[:64],
            "empty": b"",
            "body": body,
            "first part": material.content[: session.part_size],
            "last part": material.content[(session.total_parts - 1) * session.part_size :],
            "all but the last byte": material.content[:-1],
            "part digests": b"".join(bytes.fromhex(part.sha1) for part in session.parts),
            "part digests in hex": "".join(part.sha1 for part in session.parts).encode(),
        }
        return ("sha=" + _b64(hashlib.sha1(contents[self.of]).digest()),)

    def __str__(self) -> str:
        return f"the digest of {self.of}" if self.of != "other" else "the digest of other content"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfListed:
    """The digest of the bytes that the claimed list names, in the order of the list.

    It fits what a server would store that puts the listed parts one behind the other and asks no more.
    """

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        hashed = hashlib.sha1()
        try:
            listed = json.loads(body)["parts"]
            for entry in listed:
                start, size = entry["offset"], entry["size"]
                hashed.update(material.content[max(start, 0) : max(start + size, 0)])
        except (ValueError, TypeError, KeyError):
            pass  # no list to speak of: the digest of nothing
        return ("sha=" + _b64(hashed.digest()),)

    def __str__(self) -> str:
        return "the digest of just the bytes that are listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WithForeignPart:
    """The digest of the file with its first part replaced by that of another session."""

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        mixed = material.foreign_bytes + material.content[len(material.foreign_bytes) :]
        return ("sha=" + _b64(hashlib.sha1(mixed).digest()),)

    def __str__(self) -> str:
        return "the digest of the file with that part in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlippedBit:
    """The right digest with one bit changed."""

    bit: int

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        digest = bytearray.fromhex(material.session.sha1)
        digest[self.bit // 8 % 20] ^= 1 << self.bit % 8
        return ("sha=" + _b64(bytes(digest)),)

    def __str__(self) -> str:
        return f"the right digest with bit {self.bit} flipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The right digest in another form. Forms that happen to be the right one for this file are made wrong."""

    form: str

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        digest = bytes.fromhex(material.session.sha1)
        right = _b64(digest)
        wrong = _b64(hashlib.sha1(digest).digest())
        forms: dict[str, tuple[str, ...]] = {
            "hex": (f"sha={digest.hex()}",),
            "upper hex": (f"sha={digest.hex().upper()}",),
            "bare": (right,),
            "bare hex": (digest.hex(),),
            "no padding": (f"sha={right.rstrip('=')}",),
            "much padding": (f"sha={right}==",),
            "url-safe": ("sha=" + "-_" + right[2:],),
            "illegal character": (f"sha={right[:5]}!{right[6:]}",),
            "inner space": (f"sha={right[:9]} {right[9:]}",),
            "swapped case": (f"sha={right.swapcase()}",),
            "upper case": (f"sha={right.upper()}",),
            "lower case": (f"sha={right.lower()}",),
            "truncated": ("sha=" + _b64(digest[:-1]),),
            "extended": ("sha=" + _b64(digest + b"\0"),),
            "twice over": ("sha=" + _b64(digest * 2),),
            "empty value": ("sha=",),
            "of 32 bytes": ("sha=" + _b64(hashlib.sha256(material.content).digest()),),
            "SHA": (f"SHA={right}",),
            "Sha": (f"Sha={right}",),
            "sha1": (f"sha1={right}",),
            "sha-1": (f"sha-1={right}",),
            "right then wrong line": (f"sha={right}", f"sha={wrong}"),
            "wrong then right line": (f"sha={wrong}", f"sha={right}"),
            "wrong sha in a list": (f"md5={_b64(hashlib.md5(material.content).digest())},sha={wrong}",),
            "wrong sha first in a list": (f"sha={wrong},md5={_b64(hashlib.md5(material.content).digest())}",),
            "non-ascii": (f"sha={right[:-2]}é=",),
        }
        return forms[self.form]

    def __str__(self) -> str:
        return f"{self.form}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """Another algorithm, named as such, right for the content."""

    name: str
    label: str | None = None

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        return (f"{self.label or self.name}=" + _b64(hashlib.new(self.name, material.content).digest()),)

    def __str__(self) -> str:
        return f"the right {self.label or self.name} digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mislabelled:
    """The right SHA-1 under the name of another algorithm."""

    label: str

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        return (f"{self.label}=" + _b64(bytes.fromhex(material.session.sha1)),)

    def __str__(self) -> str:
        return f"the right SHA-1 named {self.label}"


def _plan(edit: Any) -> CommitPlan:
    return CommitPlan(digest=edit)


def _family(name: str, representatives: list[Any], drawn: st.SearchStrategy[Any]) -> Family:
    return Family(name=name, representatives=tuple(map(_plan, representatives)), drawn=drawn.map(_plan))


def _forms(name: str, *forms: str) -> Family:
    return _family(name, [Form(form=form) for form in forms], st.sampled_from(forms).map(lambda f: Form(form=f)))


missing = _family("no digest", [Lines(), Lines(values=("",))], st.just(Lines()))
mismatch = _family(
    "the digest of other content",
    [OtherContent(), FlippedBit(bit=0), FlippedBit(bit=159), OtherContent(of="empty"), FlippedBit(bit=76)],
    st.builds(FlippedBit, bit=st.integers(0, 159)),
)
of_body = _family("the digest of the request body", [OtherContent(of="body")], st.just(OtherContent(of="body")))
of_parts = _family(
    "the digest of parts",
    [
        OtherContent(of="last part"),
        OtherContent(of="part digests"),
        OtherContent(of="first part"),
        OtherContent(of="all but the last byte"),
        OtherContent(of="part digests in hex"),
    ],
    st.sampled_from(["last part", "first part", "part digests"]).map(lambda of: OtherContent(of=of)),
)
hexadecimal = _forms("a hexadecimal digest", "hex", "upper hex")
no_algorithm = _forms("a digest without its algorithm", "bare", "bare hex")
unsupported = _family(
    "another algorithm",
    [
        Algorithm(name="md5"),
        Algorithm(name="sha256", label="sha-256"),
        Mislabelled(label="md5"),
        Algorithm(name="sha512", label="sha-512"),
        Mislabelled(label="sha256"),
    ],
    st.one_of(
        st.sampled_from(["md5", "sha-256", "sha-512", "unixsum", "sha224", "crc32c", "adler32"]).map(
            lambda label: Mislabelled(label=label)
        ),
        st.sampled_from(["md5", "sha256", "sha512", "sha224", "sha384"]).map(lambda name: Algorithm(name=name)),
    ),
)
variants = _forms("a variant of the algorithm's name", "sha1", "sha-1")
bad_base64 = _forms("bad base64", "illegal character", "url-safe", "inner space", "no padding", "non-ascii")
wrong_length = _forms("a digest of another length", "truncated", "extended", "empty value", "of 32 bytes", "twice over")
wrong_case = _forms("base64 in another case", "swapped case", "upper case", "lower case")
lists = _forms("a wrong digest in a list", "wrong sha in a list", "wrong sha first in a list")
twice = _forms("two digests", "right then wrong line", "wrong then right line")


def _substitute(name: str, encode: Any) -> CommitPlan:
    return CommitPlan(digest=Lines(), headers=((name, encode),))


def substitutes(sha1: str) -> tuple[CommitPlan, ...]:
    """Plans that leave ``digest`` out and send the file's digest in a header that is not it.

    Args:
        sha1: The file's SHA-1, hexadecimal.
    """
    value = _b64(bytes.fromhex(sha1))
    return (
        _substitute("repr-digest", f"sha=:{value}:"),
        _substitute("content-digest", f"sha=:{value}:"),
        _substitute("content-md5", value),
        _substitute("x-digest", f"sha={value}"),
    )


#: Every family of digests that must be refused.
FAMILIES: dict[str, Family] = {
    "missing": missing,
    "mismatch": mismatch,
    "of_body": of_body,
    "of_parts": of_parts,
    "hexadecimal": hexadecimal,
    "no_algorithm": no_algorithm,
    "unsupported": unsupported,
    "bad_base64": bad_base64,
    "wrong_length": wrong_length,
    "wrong_case": wrong_case,
    "lists": lists,
    "twice": twice,
}
