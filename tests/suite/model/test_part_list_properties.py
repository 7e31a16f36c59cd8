"""What holds for every JSON value that is read as a part list."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from uploaded import FOREIGN_ID, IDS, listed, uploaded

from commit_conformance.model import DefectKind, read_part_list

K = DefectKind
MEMBERS = ("part_id", "offset", "size", "sha1")
SESSION = uploaded(4)
SHAPES = st.builds(uploaded, st.integers(1, 6), part_size=st.integers(1, 9), last=st.just(1)) | st.builds(
    uploaded, st.integers(0, 6)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(IDS),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=20,
)
#: Entries that look right enough for every branch to be reached.
NUMBERS = st.integers(-2, 40) | st.integers() | st.floats() | st.none() | st.booleans() | st.just("8")
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "part_id": st.sampled_from((*IDS, FOREIGN_ID)) | st.text(max_size=3) | st.none(),
        "offset": NUMBERS,
        "size": NUMBERS,
        "sha1": st.sampled_from([part.sha1 for part in SESSION.parts]) | st.text(max_size=3) | st.none(),
        "sha512": st.none(),
    },
)


@given(JSON | st.lists(ENTRIES, max_size=6))
@settings(max_examples=300)
@example([[[]]])
@example([{"part_id": IDS[0], "offset": 10**4000, "size": -(10**4000), "sha1": []}])
@example([{"part_id": "\ud800", "offset": float("nan"), "size": float("-inf"), "sha1": "\udfff"}])
def test_any_value_is_read_without_error_and_twice_alike(value: Any) -> None:
    before = copy.deepcopy(value)
    first = read_part_list(value, SESSION)
    assert repr(value) == repr(before), "the argument was changed"
    assert read_part_list(value, SESSION) == first
    for defect in first.defects:
        assert defect.message
        assert defect.index is None or 0 <= defect.index < len(value)


@given(st.lists(ENTRIES, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_nothing_but_the_uploaded_parts_is_free_of_defects_and_oddities(entries: list[Any], random: Any) -> None:
    right = listed(SESSION)
    kept = [entry for entry in right if random.random() < 0.8]
    claimed = kept + [random.choice(right) for _ in entries[:1]] + (entries if random.random() < 0.5 else [])
    reading = read_part_list(claimed, SESSION)
    plain = [{name: entry[name] for name in MEMBERS if name in entry} for entry in claimed]
    assert (not reading.defects and not reading.oddities) == (plain == right)


@given(SHAPES, st.data())
def test_one_member_changed_is_always_seen(session: Any, data: st.DataObject) -> None:
    assume(session.parts)
    claimed = listed(session)
    at = data.draw(st.integers(0, len(claimed) - 1))
    member = data.draw(st.sampled_from(MEMBERS))
    value = data.draw(JSON | NUMBERS)
    assume(type(value) is not type(claimed[at][member]) or value != claimed[at][member])
    claimed[at][member] = value
    reading = read_part_list(claimed, session)
    assert reading.defects or reading.oddities


@given(SHAPES, st.randoms(use_true_random=False))
def test_the_right_list_has_no_defects_in_any_order(session: Any, random: Any) -> None:
    claimed = listed(session)
    random.shuffle(claimed)
    assert read_part_list(claimed, session).defects == ()


@given(st.lists(ENTRIES, max_size=5))
def test_reading_what_json_carries_is_reading_the_value(entries: list[Any]) -> None:
    text = json.dumps(entries)
    assume("NaN" not in text and "Infinity" not in text)
    assert read_part_list(json.loads(text), SESSION) == read_part_list(entries, SESSION)


def coverage(claimed: list[dict[str, Any]], size: int) -> Counter[int]:
    """How often each byte is claimed, one by one: slow, and plainly right."""
    counted: Counter[int] = Counter(dict.fromkeys(range(size), 0))
    for entry in claimed:
        for byte in range(entry["offset"], entry["offset"] + entry["size"]):
            counted[byte] += 1
    return counted


def told(messages: list[str]) -> set[int]:
    """The bytes that messages of the form 'bytes A to B are …' or 'byte A is …' name."""
    named: set[int] = set()
    for message in messages:
        first, *last = map(int, re.findall(r"\d+", message))
        named |= set(range(first, (last[0] if last else first) + 1))
    return named


@given(
    SHAPES,
    st.lists(st.tuples(st.integers(0, 45), st.integers(0, 20)), min_size=1, max_size=7),
)
@settings(max_examples=400)
def test_gaps_and_overlaps_are_those_of_counting_bytes(session: Any, ranges: list[tuple[int, int]]) -> None:
    claimed = [{"part_id": "X", "offset": offset, "size": size} for offset, size in ranges]
    reading = read_part_list(claimed, session)
    counted = coverage(claimed, session.file_size)
    missing = {byte for byte, times in counted.items() if times == 0}
    twice = {byte for byte, times in counted.items() if times > 1}
    behind = any(byte >= session.file_size for byte in counted)
    of = {kind: [defect.message for defect in reading.defects if defect.kind is kind] for kind in K}
    assert told(of[K.GAP]) == missing
    assert told(of[K.OVERLAP]) == twice
    assert bool(of[K.PAST_END]) >= behind
    if not behind and of[K.PAST_END]:  # then an entry of no bytes lies at the very end or behind it
        assert any(size == 0 and offset >= session.file_size for offset, size in ranges)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_ranges_that_tile_the_file_have_neither_gap_nor_overlap(sizes: list[int], random: Any) -> None:
    session = uploaded(1, part_size=sum(sizes), last=sum(sizes))
    claimed, offset = [], 0
    for size in sizes:
        claimed.append({"part_id": f"no part {offset}", "offset": offset, "size": size})
        offset += size
    random.shuffle(claimed)
    assert read_part_list(claimed, session).kinds == {K.UNKNOWN_PART}


@pytest.mark.parametrize("depth", [10, 5000])
def test_depth_does_not_matter(depth: int) -> None:
    value: Any = []
    for _ in range(depth):
        value = [value]
    assert read_part_list(value, SESSION).kinds == {K.MALFORMED}
