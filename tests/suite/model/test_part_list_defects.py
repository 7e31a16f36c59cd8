"""Every kind of defect of a part list, alone and in company, at the first, a middle and the last place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from uploaded import FOREIGN_ID, LAST_SIZE, PART_SIZE, listed, uploaded

from commit_conformance.model import DefectKind, Oddity, UploadedSession, read_part_list

K = DefectKind
SESSION = uploaded(4)
SIZE = SESSION.file_size
PLACES = pytest.mark.parametrize("at", [0, 1, 3], ids=["first", "middle", "last"])
Parts = list[dict[str, Any]]


def kinds(claimed: Any, session: UploadedSession = SESSION) -> set[DefectKind]:
    return set(read_part_list(claimed, session).kinds)


def test_the_right_list_has_no_defects() -> None:
    reading = read_part_list(listed(SESSION), SESSION)
    assert (reading.defects, reading.oddities) == ((), frozenset())


@pytest.mark.parametrize("count", range(1, 8))
@pytest.mark.parametrize("last", [1, LAST_SIZE, PART_SIZE])
def test_the_right_list_of_any_length_has_no_defects(count: int, last: int) -> None:
    session = uploaded(count, last=last)
    assert read_part_list(listed(session), session).defects == ()


def test_an_empty_list_is_right_for_an_empty_file_only() -> None:
    assert kinds([], uploaded(0)) == set()
    assert kinds([]) == {K.EMPTY}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "the number 7"),
        (7.5, "the number 7.5"),
        pytest.param(10**5000, "a huge number", id="huge"),
        ("parts", "the string 'parts'"),
        ({}, "an object"),
        ({"0": {}}, "an object"),
    ],
)
def test_another_value_than_a_list_is_malformed_as_a_whole(value: Any, shown: str) -> None:
    (defect,) = read_part_list(value, SESSION).defects
    assert (defect.kind, defect.index) == (K.MALFORMED, None)
    assert shown in defect.message


@PLACES
@pytest.mark.parametrize("value", [None, True, 1, 1.5, "8F0966B1", [], [{}]])
def test_an_entry_that_is_no_object_is_malformed_at_its_place(value: Any, at: int) -> None:
    claimed: list[Any] = listed(SESSION)
    claimed[at] = value
    (defect,) = read_part_list(claimed, SESSION).defects
    assert (defect.kind, defect.index) == (K.MALFORMED, at)


@PLACES
@pytest.mark.parametrize("member", ["part_id", "offset", "size"])
def test_a_member_left_out_is_malformed(member: str, at: int) -> None:
    claimed = listed(SESSION)
    del claimed[at][member]
    (defect,) = read_part_list(claimed, SESSION).defects
    assert (defect.kind, defect.index) == (K.MALFORMED, at)
    assert member in defect.message


@PLACES
@pytest.mark.parametrize("member", ["offset", "size"])
@pytest.mark.parametrize(
    "value", [None, True, False, "8", "", [8], {"value": 8}, 8.5, float("inf"), 1e400], ids=lambda value: repr(value)
)
def test_a_number_of_another_type_is_malformed(member: str, value: Any, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at][member] = value
    (defect,) = read_part_list(claimed, SESSION).defects
    assert (defect.kind, defect.index) == (K.MALFORMED, at)


@PLACES
@pytest.mark.parametrize("value", [-1, -(2**63), -(2**63) - 1, 2**63, 10**400, -(10**5000), -1.0, 1e300], ids=range(8))
@pytest.mark.parametrize("member", ["offset", "size"])
def test_a_number_out_of_range_is_malformed(member: str, value: float, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at][member] = value
    assert K.MALFORMED in kinds(claimed)
    assert Oddity.INTEGRAL_FLOAT not in read_part_list(claimed, SESSION).oddities


def test_the_largest_int64_is_wrong_but_well_formed() -> None:
    claimed = listed(SESSION)
    claimed[-1]["size"] = 2**63 - 1
    assert kinds(claimed) == {K.WRONG_SIZE, K.PAST_END}


@PLACES
@pytest.mark.parametrize("value", [None, 7, True, ["8F0966B1"], {}])
def test_a_part_id_that_is_no_text_is_malformed(value: Any, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at]["part_id"] = value
    assert kinds(claimed) == {K.MALFORMED}


@PLACES
@pytest.mark.parametrize("value", ["", "8f0966b1", "8F0966B1 ", "DEADBEEF", "\ud800", "x" * 10_000])
def test_an_id_the_session_does_not_have_is_an_unknown_part(value: str, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at]["part_id"] = value
    (defect,) = read_part_list(claimed, SESSION).defects
    assert (defect.kind, defect.index) == (K.UNKNOWN_PART, at)


@PLACES
def test_an_id_of_another_session_is_a_foreign_part(at: int) -> None:
    claimed = listed(SESSION)
    claimed[at]["part_id"] = FOREIGN_ID
    assert kinds(claimed) == {K.FOREIGN_PART}


@PLACES
def test_a_part_left_out_is_a_gap_of_just_its_bytes(at: int) -> None:
    claimed = listed(SESSION)
    gone = claimed.pop(at)
    (defect,) = read_part_list(claimed, SESSION).defects
    assert defect.kind is K.GAP
    assert f"bytes {gone['offset']} to {gone['offset'] + gone['size'] - 1} are missing" in defect.message


@PLACES
def test_a_part_given_twice_is_a_duplicate_and_an_overlap(at: int) -> None:
    claimed = listed(SESSION)
    claimed.insert(at + 1, dict(claimed[at]))
    reading = read_part_list(claimed, SESSION)
    assert reading.kinds == {K.DUPLICATE, K.OVERLAP}
    assert {defect.index for defect in reading.defects if defect.kind is K.DUPLICATE} == {at + 1}


@PLACES
@pytest.mark.parametrize(
    "sha1", ["0" * 40, "", "0" * 39, "0" * 41, "not hex", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "é" * 20, "\ud800"]
)
def test_another_sha1_is_a_wrong_sha1(sha1: str, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at]["sha1"] = sha1
    (defect,) = read_part_list(claimed, SESSION).defects
    assert (defect.kind, defect.index) == (K.WRONG_SHA1, at)


@PLACES
@pytest.mark.parametrize("sha1", [7, True, [], {}, 1.5])
def test_a_sha1_that_is_no_text_is_malformed(sha1: Any, at: int) -> None:
    claimed = listed(SESSION)
    claimed[at]["sha1"] = sha1
    assert kinds(claimed) == {K.MALFORMED}


def _moved(at: int, by: int) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        parts[at]["offset"] += by

    return edit


def _resized(at: int, by: int) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        parts[at]["size"] += by

    return edit


def _exchanged(a: int, b: int) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        parts[a]["part_id"], parts[b]["part_id"] = parts[b]["part_id"], parts[a]["part_id"]

    return edit


def _appended(offset: int, size: int, part_id: str = "DEADBEEF") -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        parts.append({"part_id": part_id, "offset": offset, "size": size, "sha1": "0" * 40})

    return edit


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(_moved(0, 1), {K.WRONG_OFFSET, K.GAP, K.OVERLAP}, id="first moved up"),
        pytest.param(_moved(1, 1), {K.WRONG_OFFSET, K.GAP, K.OVERLAP}, id="middle moved up"),
        pytest.param(_moved(1, -1), {K.WRONG_OFFSET, K.GAP, K.OVERLAP}, id="middle moved down"),
        pytest.param(_moved(3, 1), {K.WRONG_OFFSET, K.GAP, K.PAST_END}, id="last moved up"),
        pytest.param(_moved(3, -1), {K.WRONG_OFFSET, K.GAP, K.OVERLAP}, id="last moved down"),
        pytest.param(_moved(3, 100), {K.WRONG_OFFSET, K.GAP, K.PAST_END}, id="last moved far"),
        pytest.param(_moved(0, -1), {K.WRONG_OFFSET, K.MALFORMED}, id="first moved below zero"),
        pytest.param(_resized(0, 1), {K.WRONG_SIZE, K.OVERLAP}, id="first longer"),
        pytest.param(_resized(0, -1), {K.WRONG_SIZE, K.GAP}, id="first shorter"),
        pytest.param(_resized(1, -8), {K.WRONG_SIZE, K.GAP}, id="middle of zero bytes"),
        pytest.param(_resized(3, 1), {K.WRONG_SIZE, K.PAST_END}, id="last longer"),
        pytest.param(_resized(3, -1), {K.WRONG_SIZE, K.GAP}, id="last shorter"),
        pytest.param(_exchanged(0, 1), {K.WRONG_OFFSET, K.WRONG_SHA1}, id="ids exchanged"),
        pytest.param(_exchanged(0, 3), {K.WRONG_OFFSET, K.WRONG_SIZE, K.WRONG_SHA1}, id="ids of other sizes exchanged"),
        pytest.param(_appended(SIZE, 1), {K.UNKNOWN_PART, K.PAST_END}, id="one byte too many"),
        pytest.param(_appended(SIZE, 0), {K.UNKNOWN_PART, K.PAST_END}, id="zero bytes at the end"),
        pytest.param(_appended(SIZE + 5, 1), {K.UNKNOWN_PART, K.PAST_END}, id="behind the end"),
        pytest.param(_appended(0, 0), {K.UNKNOWN_PART}, id="zero bytes at the front"),
        pytest.param(_appended(0, SIZE), {K.UNKNOWN_PART, K.OVERLAP}, id="the whole file again"),
        pytest.param(_appended(0, SIZE + 1, FOREIGN_ID), {K.FOREIGN_PART, K.OVERLAP, K.PAST_END}, id="all and more"),
    ],
)
def test_one_edit_brings_exactly_these_defects(edit: Callable[[Parts], None], expected: set[DefectKind]) -> None:
    claimed = listed(SESSION)
    edit(claimed)
    assert kinds(claimed) == expected


def test_several_defects_are_all_named_with_their_places() -> None:
    claimed: list[Any] = listed(SESSION)
    claimed[0]["sha1"] = "0" * 40
    claimed[1]["part_id"] = FOREIGN_ID
    claimed[2]["size"] = -3
    claimed[3]["part_id"] = "DEADBEEF"
    claimed += [dict(claimed[0]), None]
    found = {(defect.kind, defect.index) for defect in read_part_list(claimed, SESSION).defects}
    assert found == {
        (K.WRONG_SHA1, 0),
        (K.FOREIGN_PART, 1),
        (K.MALFORMED, 2),
        (K.WRONG_SIZE, 2),
        (K.UNKNOWN_PART, 3),
        (K.DUPLICATE, 4),
        (K.WRONG_SHA1, 4),
        (K.MALFORMED, 5),
    }


@pytest.mark.parametrize(
    ("edit", "oddity"),
    [
        ({"sha1": None}, Oddity.SHA1_NULL),
        ({"sha1": SESSION.parts[1].sha1.upper()}, Oddity.SHA1_CASE),
        ({"offset": float(PART_SIZE)}, Oddity.INTEGRAL_FLOAT),
        ({"size": float(PART_SIZE)}, Oddity.INTEGRAL_FLOAT),
        ({"sha512": "0" * 128}, Oddity.SHA512),
        ({"sha512": None}, Oddity.SHA512),
    ],
)
def test_what_is_not_documented_is_an_oddity_and_no_defect(edit: dict[str, Any], oddity: Oddity) -> None:
    claimed = listed(SESSION)
    claimed[1] |= edit
    reading = read_part_list(claimed, SESSION)
    assert not reading.defects
    assert reading.oddities == {oddity}


def test_a_sha1_left_out_is_an_oddity() -> None:
    claimed = listed(SESSION)
    del claimed[2]["sha1"]
    assert read_part_list(claimed, SESSION).oddities == {Oddity.SHA1_OMITTED}


def test_a_right_sha1_in_base64_is_an_oddity() -> None:
    claimed = listed(SESSION)
    claimed[0]["sha1"] = base64.b64encode(bytes.fromhex(claimed[0]["sha1"])).decode()
    reading = read_part_list(claimed, SESSION)
    assert not reading.defects
    assert reading.oddities == {Oddity.SHA1_BASE64}


def test_unknown_members_are_passed_over() -> None:
    claimed = [{**entry, "x_unknown": {"a": [1]}, "": None} for entry in listed(SESSION)]
    reading = read_part_list(claimed, SESSION)
    assert (reading.defects, reading.oddities) == ((), frozenset())


def test_a_server_may_show_its_own_sha1_in_upper_case() -> None:
    session = replace(SESSION, parts=tuple(replace(part, sha1=part.sha1.upper()) for part in SESSION.parts))
    assert read_part_list(listed(SESSION), session).oddities == frozenset()
