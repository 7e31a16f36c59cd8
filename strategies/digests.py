"""Values of the ``digest`` header: right, wrong in one way, or right in another form."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from strategies.family import Family
from strategies.plan import CommitPlan, DigestEdit, Material


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


#: Contents whose names do not speak for themselves.
_CONTENTS = {
    "other": "other content",
    "empty": "no bytes at all",
    "body": "the request body",
    "first part": "the first part alone",
    "last part": "the last part alone",
    "all but the last byte": "the file without its last byte",
    "all but the first byte": "the file without its first byte",
    "a byte more": "the file with a byte behind it",
    "other bytes at the end": "the file with every byte of its last part flipped",
    "part digests": "the parts' digests, one behind the other",
    "part digests in hex": "the parts' digests in hexadecimal, one behind the other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherContent:
    """The digest of something else than the file."""

    of: str = "other"

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        session = material.session
        last = material.content[(session.total_parts - 1) * session.part_size :]
        contents = {
            "other": b"other " + material.content[:64],
            "empty": b"",
            "body": body,
            "first part": material.content[: session.part_size],
            "last part": last,
            "other bytes at the end": material.content[: len(material.content) - len(last)]
            + bytes(255 - byte for byte in last),
            "all but the last byte": material.content[:-1],
            "all but the first byte": material.content[1:],
            "a byte more": material.content + b"\0",
            "the file twice": material.content * 2,
            "part digests": b"".join(bytes.fromhex(part.sha1) for part in session.parts),
            "part digests in hex": "".join(part.sha1 for part in session.parts).encode(),
        }
        return ("sha=" + _b64(hashlib.sha1(contents[self.of]).digest()),)

    def __str__(self) -> str:
        return f"the digest of {_CONTENTS.get(self.of, self.of)}"


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
class OtherByte:
    """The digest of the file with one byte changed, at a place taken modulo the file's size."""

    at: int

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        content = bytearray(material.content or b"\0")
        content[self.at % len(content)] ^= 0xFF
        return ("sha=" + _b64(hashlib.sha1(content).digest()),)

    def __str__(self) -> str:
        return f"the digest of the file with one byte changed, that at offset {self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLength:
    """The right digest cut to ``length`` bytes, or repeated until it has so many; never 20."""

    length: int

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        digest = bytes.fromhex(material.session.sha1)
        return ("sha=" + _b64((digest * (self.length // 20 + 1))[: self.length]),)

    def __str__(self) -> str:
        return f"the right digest made {self.length} bytes long, in place of 20"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLetter:
    """The right base64 with one letter, the first from ``at`` on, in the other case."""

    at: int

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        right = _b64(bytes.fromhex(material.session.sha1))
        order = [(self.at + step) % 27 for step in range(27)]
        index = next((place for place in order if right[place].isalpha()), None)
        if index is None:  # no letter at all: one digest in ten to the twenty
            return FlippedBit(bit=self.at).render(material, body)
        return (f"sha={right[:index]}{right[index].swapcase()}{right[index + 1 :]}",)

    def __str__(self) -> str:
        return f"the right digest with one letter in the other case, the first one behind {self.at} characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCharacter:
    """The right base64 with a character that is none of its alphabet, put in or in the place of another."""

    at: int
    character: str
    put_in: bool = False

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        right = _b64(bytes.fromhex(material.session.sha1))
        return (f"sha={right[: self.at]}{self.character}{right[self.at + (not self.put_in) :]}",)

    def __str__(self) -> str:
        how = "put in" if self.put_in else "in place of another"
        return f"the right digest with {self.character!r} {how} behind {self.at} characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Padding:
    """The right digest with another number of signs of equality at its end than the one it needs."""

    count: int

    def render(self, material: Material, body: bytes) -> tuple[str, ...]:
        return ("sha=" + _b64(bytes.fromhex(material.session.sha1)).rstrip("=") + "=" * self.count,)

    def __str__(self) -> str:
        return f"the right digest with {self.count} = at its end in place of one"


#: How each form of the digest is told; what it looks like stands in `Form.render`.
_FORMS = {
    "hex": "the right digest in hexadecimal, not base64",
    "upper hex": "the right digest in upper-case hexadecimal, not base64",
    "bare": "the right digest without sha= before it",
    "bare hex": "the right digest in hexadecimal, without sha= before it",
    "no padding": "the right digest without the = at its end",
    "structured field": "the right digest between colons, as in RFC 9530",
    "quoted": "the right digest in quotes",
    "colon": "the right digest with a colon in place of the =",
    "blank": "the right digest with a space in place of the =",
    "no name": "the right digest with no algorithm before the =",
    "url-safe": "the right digest, but for two characters of the URL-safe alphabet at its front",
    "illegal character": "the right digest with a ! in place of one character",
    "inner space": "the right digest with a space inside",
    "swapped case": "the right digest with upper and lower case exchanged",
    "upper case": "the right digest, all in upper case",
    "lower case": "the right digest, all in lower case",
    "truncated": "the right digest, cut to 19 of its 20 bytes",
    "extended": "the right digest with a zero byte behind it, 21 bytes in all",
    "twice over": "the right digest twice over, 40 bytes in all",
    "empty value": "sha= and nothing behind it",
    "of 32 bytes": "the file's SHA-256, 32 bytes, named sha",
    "SHA": "the right digest, with the algorithm written SHA",
    "Sha": "the right digest, with the algorithm written Sha",
    "sha1": "the right digest, with the algorithm written sha1",
    "sha-1": "the right digest, with the algorithm written sha-1",
    "right then wrong line": "two header lines, the right digest and then a wrong one",
    "wrong then right line": "two header lines, a wrong digest and then the right one",
    "right, wrong, right line": "three header lines, the second of them with a wrong digest",
    "right and wrong in a list": "a list of two sha digests, the right one and then a wrong one",
    "wrong and right in a list": "a list of two sha digests, a wrong one and then the right one",
    "wrong sha in a list": "a list of the right md5 digest and a wrong sha one",
    "wrong sha first in a list": "a list of a wrong sha digest and the right md5 one",
    "non-ascii": "the right digest with an é in place of its last character",
}


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
            "structured field": (f"sha=:{right}:",),
            "quoted": (f'sha="{right}"',),
            "colon": (f"sha:{right}",),
            "blank": (f"sha {right}",),
            "no name": (f"={right}",),
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
            "right, wrong, right line": (f"sha={right}", f"sha={wrong}", f"sha={right}"),
            "right and wrong in a list": (f"sha={right},sha={wrong}",),
            "wrong and right in a list": (f"sha={wrong}, sha={right}",),
            "wrong sha in a list": (f"md5={_b64(hashlib.md5(material.content).digest())},sha={wrong}",),
            "wrong sha first in a list": (f"sha={wrong},md5={_b64(hashlib.md5(material.content).digest())}",),
            "non-ascii": (f"sha={right[:-2]}é=",),
        }
        return forms[self.form]

    def __str__(self) -> str:
        return _FORMS[self.form]


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


def _forms(name: str, *forms: str, more: Sequence[str] = ()) -> Family:
    """All these forms as representatives; ``more`` of them are drawn."""
    drawn = st.sampled_from([*forms, *more]).map(lambda form: Form(form=form))
    return _family(name, [Form(form=form) for form in forms], drawn)


missing = _family(
    "no digest",
    [Lines(), Lines(values=("",))],
    st.lists(st.sampled_from(["", ","]), max_size=2).map(lambda values: Lines(values=tuple(values))),
)


def _of_content(*names: str) -> st.SearchStrategy[DigestEdit]:
    return st.sampled_from(names).map(lambda of: OtherContent(of=of))


mismatch = _family(
    "the digest of other content",
    [OtherContent(), FlippedBit(bit=0), FlippedBit(bit=159), OtherContent(of="empty"), FlippedBit(bit=76)],
    st.one_of(
        st.builds(FlippedBit, bit=st.integers(0, 159)),
        st.builds(OtherByte, at=st.integers(0, 1 << 25) | st.integers(-40, -1)),
        _of_content("other", "empty", "all but the first byte", "a byte more", "the file twice"),
    ),
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
    _of_content("part digests", "part digests in hex", "all but the last byte", "last part", "first part"),
)
hexadecimal = _forms("a hexadecimal digest", "hex", "upper hex")
no_algorithm = _forms("a digest without its algorithm", "bare", "bare hex", more=("colon", "blank", "no name"))
_ALGORITHMS = ("md5", "sha256", "sha512", "sha224", "sha384", "blake2b")
_LABELS = ("md5", "sha-256", "sha-512", "unixsum", "sha224", "crc32c", "adler32", "sha2", "sha0", "s")
unsupported = _family(
    "another algorithm",
    [
        Algorithm(name="md5"),
        Algorithm(name="sha256", label="sha-256"),
        Mislabelled(label="md5"),
        Algorithm(name="sha512", label="sha-512"),
        Mislabelled(label="sha256"),
    ],
    st.builds(Algorithm, name=st.sampled_from(_ALGORITHMS)) | st.builds(Mislabelled, label=st.sampled_from(_LABELS)),
)
variants = _forms("a variant of the algorithm's name", "sha1", "sha-1")
bad_base64 = _family(
    "bad base64",
    [
        *(Form(form=form) for form in ("illegal character", "url-safe", "inner space", "no padding", "non-ascii")),
        Padding(count=3),
    ],
    st.one_of(
        st.builds(
            OtherCharacter, at=st.integers(0, 27), character=st.sampled_from("!-_ .*é:;\"'%&"), put_in=st.booleans()
        ),
        st.builds(Padding, count=st.sampled_from([0, 2, 3, 4])),
        st.sampled_from(["url-safe", "structured field", "quoted"]).map(lambda form: Form(form=form)),
    ),
)
wrong_length = _family(
    "a digest of another length",
    [Form(form=form) for form in ("truncated", "extended", "empty value", "of 32 bytes", "twice over")],
    st.integers(0, 64).filter(lambda length: length != 20).map(lambda length: OtherLength(length=length)),
)
wrong_case = _family(
    "base64 in another case",
    [*(Form(form=form) for form in ("swapped case", "upper case", "lower case")), OtherLetter(at=0)],
    st.builds(OtherLetter, at=st.integers(0, 26))
    | st.sampled_from(["swapped case", "upper case", "lower case"]).map(lambda form: Form(form=form)),
)
lists = _forms("a wrong digest in a list", "wrong sha in a list", "wrong sha first in a list")
twice = _forms(
    "two digests",
    "right then wrong line",
    "wrong then right line",
    more=("right, wrong, right line", "right and wrong in a list", "wrong and right in a list"),
)


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
#: Families that no document of the contract decides, only a standard that it builds on.
OF_STANDARDS = frozenset({"bad_base64", "wrong_case", "lists", "twice"})


def wrong(*, standards: bool = False, parts: int = 2) -> st.SearchStrategy[CommitPlan]:
    """Commits that are right but for their digest: every family in turn.

    Args:
        standards: Whether to draw what only a standard forbids (`OF_STANDARDS`) as well.
        parts: How many parts uploads have at least. The digest of a single part is that of the file.
    """
    chosen = {name: family.drawn for name, family in FAMILIES.items() if standards or name not in OF_STANDARDS}
    if parts < 2:
        chosen["of_parts"] = _of_content("part digests", "part digests in hex", "all but the last byte").map(_plan)
    return st.one_of(list(chosen.values()))
