"""What ``if-match`` and ``if-none-match`` say of an etag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_conformance.model import Holds, read_if_match, read_if_none_match

YES, NO, OPEN = Holds.YES, Holds.NO, Holds.OPEN

TABLE: dict[str, tuple[list[str], Holds, Holds]] = {
    "no line": ([], YES, YES),
    "the bare etag": (["1"], YES, NO),
    "the bare etag with blanks": ([" 1\t"], YES, NO),
    "another bare etag": (["2"], NO, YES),
    "one that it begins": (["10"], NO, YES),
    "letters": (["c0ffee"], NO, YES),
    "any": (["*"], YES, OPEN),
    "any with blanks": ([" * "], YES, OPEN),
    "quoted": (['"1"'], OPEN, OPEN),
    "another, quoted": (['"2"'], NO, YES),
    "weak": (['W/"1"'], OPEN, OPEN),
    "another, weak": (['W/"2"'], NO, YES),
    "listed": (['"1", "2"'], OPEN, OPEN),
    "listed bare": (["2,1"], OPEN, OPEN),
    "others listed": (['"2", "3"'], NO, YES),
    "in two lines": (["1", "2"], OPEN, OPEN),
    "others in two lines": (["2", "3"], NO, YES),
    "any in a list": (['*, "2"'], OPEN, OPEN),
    "any, quoted": (['"*"'], OPEN, OPEN),
    "any in two lines": (["*", "*"], OPEN, OPEN),
    "an empty line": ([""], OPEN, OPEN),
    "an empty quoted one": (['""'], NO, YES),
    "an open quote": (['"1'], OPEN, OPEN),
    "a closing quote alone": (['1"'], OPEN, OPEN),
}


@pytest.mark.parametrize(("values", "if_match", "if_none_match"), TABLE.values(), ids=TABLE)
def test_a_condition_on_a_file_with_etag_1(values: list[str], if_match: Holds, if_none_match: Holds) -> None:
    assert read_if_match(values, "1") is if_match
    assert read_if_none_match(values, "1") is if_none_match


@pytest.mark.parametrize("values", [["1"], ["*"], ['"1"'], [""]])
def test_a_condition_without_a_file_is_open(values: list[str]) -> None:
    assert read_if_match(values, None) is OPEN
    assert read_if_none_match(values, None) is OPEN


def test_no_condition_holds_without_a_file_too() -> None:
    assert (read_if_match([], None), read_if_none_match([], None)) == (YES, YES)


@given(st.lists(st.text('0123456789abcW/"*, \t', max_size=12), max_size=3), st.text("0123456789abc", min_size=1))
def test_the_two_conditions_never_both_let_an_unread_tag_through(values: list[str], etag: str) -> None:
    pair = (read_if_match(values, etag), read_if_none_match(values, etag))
    assert pair in {(YES, NO), (NO, YES), (OPEN, OPEN), (YES, OPEN)} or not values


@given(st.lists(st.text(max_size=20), max_size=3), st.text(max_size=5))
def test_any_header_lines_are_read_without_error(values: list[str], etag: str) -> None:
    assert read_if_match(values, etag) in Holds
    assert read_if_none_match(values, etag) in Holds
