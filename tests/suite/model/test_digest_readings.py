"""The digest header, value by value. The file is the bytes ``abc``."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_conformance.model import read_digest
from commit_conformance.model.digest import DigestDefect as D
from commit_conformance.model.digest import DigestOddity as O

SHA1 = "a9993e364706816aba3e25717850c26c9cd0d89d"
RIGHT = "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="
OTHER = "2jmj7l5rSw0yVb/vlWAYkK/YBwk="
MD5 = "kAFQmDzST7DWlj99KOF/cg=="
SHA256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
NONE: frozenset[D] = frozenset()

RIGHT_ONES: dict[str, tuple[tuple[str, ...], set[O]]] = {
    "as documented": ((f"sha={RIGHT}",), set()),
    "upper-case name": ((f"SHA={RIGHT}",), {O.ALGORITHM_CASE}),
    "mixed-case name": ((f"Sha={RIGHT}",), {O.ALGORITHM_CASE}),
    "sha1": ((f"sha1={RIGHT}",), {O.VARIANT}),
    "SHA-1": ((f"SHA-1={RIGHT}",), {O.VARIANT}),
    "blanks around": ((f"  sha={RIGHT} ",), {O.WHITESPACE}),
    "tabs around": ((f"\tsha={RIGHT}\t",), {O.WHITESPACE}),
    "blank before the equals sign": ((f"sha ={RIGHT}",), {O.WHITESPACE}),
    "twice in a line": ((f"sha={RIGHT},sha={RIGHT}",), {O.LIST}),
    "twice in two lines": ((f"sha={RIGHT}", f"sha={RIGHT}"), {O.LIST}),
    "with another algorithm": ((f"sha={RIGHT},md5={MD5}",), {O.LIST}),
    "behind another algorithm": ((f"sha-256={SHA256}, sha={RIGHT}",), {O.LIST, O.WHITESPACE}),
    "with an empty member": ((f"sha={RIGHT},",), {O.LIST}),
    "with an empty line": ((f"sha={RIGHT}", ""), {O.LIST}),
}
WRONG_ONES: dict[str, tuple[tuple[str, ...], set[D]]] = {
    "no line": ((), {D.MISSING}),
    "an empty line": (("",), {D.MISSING}),
    "blanks only": ((" \t",), {D.MISSING}),
    "commas only": ((" , ,",), {D.MISSING}),
    "two empty lines": (("", ""), {D.MISSING}),
    "bare base64": ((RIGHT,), {D.NO_ALGORITHM}),
    "bare base64 of letters and digits": (("A" * 27 + "=",), {D.NO_ALGORITHM}),
    "bare base64 without padding": ((RIGHT[:-1],), {D.NO_ALGORITHM}),
    "bare hex": ((SHA1,), {D.NO_ALGORITHM}),
    "colon in place of equals": ((f"sha:{RIGHT[:-1]}",), {D.NO_ALGORITHM}),
    "structured field": ((f":{RIGHT}:",), {D.NO_ALGORITHM}),
    "quoted whole": ((f'"sha={RIGHT}"',), {D.NO_ALGORITHM}),
    "no name": ((f"={RIGHT}",), {D.NO_ALGORITHM}),
    "md5": ((f"md5={MD5}",), {D.UNSUPPORTED}),
    "sha-256": ((f"sha-256={SHA256}",), {D.UNSUPPORTED}),
    "SHA-1 named md5": ((f"md5={RIGHT}",), {D.UNSUPPORTED}),
    "SHA-1 named sha256": ((f"sha256={RIGHT}",), {D.UNSUPPORTED}),
    "SHA-1 named by a letter outside ASCII": ((f"shá={RIGHT}",), {D.UNSUPPORTED}),
    "md5 and sha-256": ((f"md5={MD5}", f"sha-256={SHA256}"), {D.UNSUPPORTED}),
    "hex": ((f"sha={SHA1}",), {D.LENGTH}),
    "upper hex": ((f"sha={SHA1.upper()}",), {D.LENGTH}),
    "empty value": (("sha=",), {D.LENGTH}),
    "19 bytes": (("sha=" + base64.b64encode(bytes(19)).decode(),), {D.LENGTH}),
    "21 bytes": (("sha=" + base64.b64encode(bytes(21)).decode(),), {D.LENGTH}),
    "32 bytes": ((f"sha={SHA256}",), {D.LENGTH}),
    "no padding": ((f"sha={RIGHT[:-1]}",), {D.BASE64}),
    "much padding": ((f"sha={RIGHT}=",), {D.BASE64}),
    "padding alone": (("sha==",), {D.BASE64}),
    "url-safe alphabet": ((f"sha={RIGHT.replace('+', '-')}",), {D.BASE64}),
    "inner blank": ((f"sha={RIGHT[:9]} {RIGHT[9:]}",), {D.BASE64}),
    "blank after the equals sign": ((f"sha= {RIGHT}",), {D.BASE64}),
    "illegal character": ((f"sha=!{RIGHT[1:]}",), {D.BASE64}),
    "quoted value": ((f'sha="{RIGHT}"',), {D.BASE64}),
    "letter outside ASCII": ((f"sha={RIGHT[:-2]}é=",), {D.BASE64}),
    "no-break space behind": ((f"sha={RIGHT}\u00a0",), {D.BASE64}),
    "semicolon parameters": ((f"sha={RIGHT};q=1",), {D.BASE64}),
    "another file": ((f"sha={OTHER}",), {D.MISMATCH}),
    "another file, named SHA": ((f"SHA={OTHER}",), {D.MISMATCH}),
    "swapped case": ((f"sha={RIGHT.swapcase()}",), {D.MISMATCH}),
    "wrong twice": ((f"sha={OTHER}", f"sha={OTHER}"), {D.MISMATCH}),
    "wrong in two ways": ((f"sha={OTHER},sha={SHA1}",), {D.MISMATCH, D.LENGTH}),
    "wrong, with a right md5": ((f"md5={MD5},sha={OTHER}",), {D.MISMATCH}),
    "right then wrong": ((f"sha={RIGHT}", f"sha={OTHER}"), {D.AMBIGUOUS}),
    "wrong then right": ((f"sha={OTHER}", f"sha={RIGHT}"), {D.AMBIGUOUS}),
    "right, then bad base64": ((f"sha={RIGHT},sha=!",), {D.AMBIGUOUS}),
    "right as sha1, wrong as sha": ((f"sha1={RIGHT},sha={OTHER}",), {D.AMBIGUOUS}),
}


@pytest.mark.parametrize(("values", "oddities"), RIGHT_ONES.values(), ids=RIGHT_ONES)
def test_a_right_digest_has_no_defect(values: tuple[str, ...], oddities: set[O]) -> None:
    reading = read_digest(values, sha1=SHA1)
    assert not reading.defects
    assert reading.oddities == oddities


@pytest.mark.parametrize(("values", "defects"), WRONG_ONES.values(), ids=WRONG_ONES)
def test_a_wrong_digest_has_just_this_defect(values: tuple[str, ...], defects: set[D]) -> None:
    assert read_digest(values, sha1=SHA1).defects == defects


@pytest.mark.parametrize("values", [(f"sha={RIGHT}",), (f"sha={OTHER}",)])
def test_the_case_of_the_hexadecimal_sha1_does_not_matter(values: tuple[str, ...]) -> None:
    assert read_digest(values, sha1=SHA1.upper()) == read_digest(values, sha1=SHA1)


@given(st.lists(st.text(max_size=40) | st.text("sha=, ABCabc019+/", max_size=60), max_size=4))
def test_any_header_lines_are_read_without_error(values: list[str]) -> None:
    reading = read_digest(values, sha1=SHA1)
    assert reading == read_digest(list(values), sha1=SHA1)
    assert reading.defects, "nobody guesses a SHA-1"


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_the_digest_of_a_file_is_right_for_that_file_alone(one: bytes, other: bytes) -> None:
    value = "sha=" + base64.b64encode(hashlib.sha1(one).digest()).decode()
    found = read_digest([value], sha1=hashlib.sha1(other).hexdigest()).defects
    assert found == (NONE if one == other else {D.MISMATCH})
