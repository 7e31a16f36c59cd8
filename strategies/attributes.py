"""The ``attributes`` member of a commit: right ones, unusual ones, and wrong ones.

Dates are texts as RFC 3339 writes instants, from 1970 on; a description has up to 255 characters. What a server does
with members it does not know, with null and with a longer description is left open by the contract.

    >>> CommitPlan(attributes=draw(right()))        # has to be committed
    >>> CommitPlan(attributes=draw(wrong()))        # has to be refused
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from strategies.family import Family
from strategies.plan import CommitPlan

DATE_MEMBERS = ("content_modified_at", "content_created_at")
#: Characters that a description may have.
DESCRIPTION_LIMIT = 255
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 4102444799  # the end of 2099: later years have met too few clocks to be everybody's duty
_SECOND_DAY = 86400
_members = st.sampled_from(DATE_MEMBERS)
#: Offsets in use on earth, in minutes, and those between them.
_offsets = st.sampled_from([0, 60, -480, 330, -210, 345, 840, -720]) | st.integers(-48, 56).map(lambda n: n * 15)


def _written(second: int, offset: int, fraction: str) -> str:
    zone = timezone(timedelta(minutes=offset))
    text = (_EPOCH + timedelta(seconds=second)).astimezone(zone).isoformat()
    return f"{text[:19]}{fraction}{text[19:]}"


def instants(*, first: int = _SECOND_DAY, last: int = _LAST_SECOND) -> st.SearchStrategy[str]:
    """Instants as every server has to take them: any offset, up to milliseconds, ``Z`` or numbers for UTC.

    Args:
        first, last: Seconds since 1970-01-01 UTC, both inclusive. By default local time is past the epoch too.
    """
    seconds = st.integers(first, last)
    fractions = st.just("") | st.integers(0, 999).map(lambda n: f".{n:03d}") | st.integers(0, 9).map(lambda n: f".{n}")
    in_utc = seconds.map(lambda second: _written(second, 0, "").replace("+00:00", "Z"))
    return in_utc | st.builds(_written, seconds, _offsets, fractions)


def unusual_instants() -> st.SearchStrategy[str]:
    """Instants that RFC 3339 has and few clients write: lower case, leap seconds, many digits, a local time in 1969."""
    return st.one_of(
        instants().map(str.lower),
        instants().map(lambda text: f"{text[:19]}.{'123456789' * 3}Z"),
        instants(first=0, last=_SECOND_DAY),
        st.just("9999-12-31T23:59:59Z"),
        st.just("2016-12-31T23:59:60Z"),
        instants(first=2 * _SECOND_DAY).map(lambda text: f"{text[:19]}-00:00"),
    )


def instants_before_1970() -> st.SearchStrategy[str]:
    """Dates in form, but from before there are dates: years 1 to 1969, in any offset."""
    seconds = st.integers(-62_000_000_000, -1)
    return st.builds(_written, seconds, _offsets, st.just("")) | seconds.map(
        lambda second: _written(second, 0, "").replace("+00:00", "Z")
    )


def _replaced(start: int, length: int, values: list[str]) -> st.SearchStrategy[str]:
    """A right date with one field out of its range. Every month has a third day."""
    right = "2017-04-03T00:58:08Z"
    return st.sampled_from(values).map(lambda value: right[:start] + value + right[start + length :])


#: Texts that are not in the documented form or name no instant. A date without its time or its offset is not among
#: them: some read it, in a time zone of their own.
impossible_instants: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(
        [
            "yesterday",
            "2017-02-30T00:58:08Z",
            "2017-02-29T00:58:08Z",
            "2017-04-31T00:58:08Z",
            "08.04.2017",
            "04/08/2017",
            "Sat, 08 Apr 2017 00:58:08 GMT",
            "2017-04-08T00:58:08+2",
            "2017-04-08T00:58:08 02:00",
            "17-04-08T00:58:08Z",
            "2017-4-8T00:58:08Z",
            "2017-04-08T00:58Zulu",
            "now",
            "null",
            "1491613088",
        ]
    ),
    _replaced(5, 2, ["13", "00", "99"]),
    _replaced(8, 2, ["32", "00", "99"]),
    _replaced(11, 2, ["25", "99"]),
    _replaced(14, 2, ["60", "99"]),
    _replaced(17, 2, ["61", "99"]),
    _replaced(0, 4, ["٢٠١٧", "201a", "-001"]),
    st.text(max_size=12).filter(lambda text: not any(char.isdigit() for char in text)),
)
#: Values that are no text. Null is not among them: the contract leaves it open.
not_dates: st.SearchStrategy[Any] = st.one_of(
    st.integers(0, _LAST_SECOND * 1000),
    st.booleans(),
    st.lists(st.just("2017-04-08T00:58:08Z"), max_size=2),
    st.sampled_from([{"date": "2017-04-08T00:58:08Z"}, {}]),
)


_visible = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Cf", "Zl", "Zp", "Zs"))


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Text of any script that no store has a reason to change: composed, no controls, no blanks at its ends."""
    words = draw(st.lists(st.text(_visible, min_size=1, max_size=12), max_size=4))
    return unicodedata.normalize("NFC", " ".join(words))


#: Descriptions that every server has to take: of any script and short in any unit, or of ASCII letters up to the limit.
descriptions: st.SearchStrategy[str] = _texts().filter(bool) | st.integers(1, DESCRIPTION_LIMIT).map(lambda n: "x" * n)
#: Descriptions beyond the limit of 255 characters, from one character too many.
long_descriptions: st.SearchStrategy[str] = st.builds(
    lambda extra, char: char * (DESCRIPTION_LIMIT + extra), st.integers(1, 3000), st.sampled_from("xé日🗎")
)


def right() -> st.SearchStrategy[dict[str, Any]]:
    """Attributes that every server has to take and to store: at least one of two dates and a description."""
    return st.fixed_dictionaries(
        {}, optional={**dict.fromkeys(DATE_MEMBERS, instants()), "description": descriptions}
    ).filter(bool)


def unusual() -> st.SearchStrategy[dict[str, Any]]:
    """Attributes that a server may refuse or take: null, unknown members, long descriptions, none at all."""
    names = st.text("abcxyz", min_size=1, max_size=8).map(lambda name: f"x_{name}")
    unknown = st.dictionaries(names, st.none() | st.integers() | st.text(max_size=9))
    return st.one_of(
        st.just({}),
        st.builds(lambda member: {member: None}, st.sampled_from([*DATE_MEMBERS, "description"])),
        st.builds(lambda text: {"description": text}, long_descriptions),
        st.builds(lambda member, text: {member: text}, _members, unusual_instants()),
        st.builds(lambda known, more: {**known, **more}, right(), unknown.filter(bool)),
    )


def wrong_dates() -> st.SearchStrategy[dict[str, Any]]:
    """Attributes with a date that is none or lies before 1970, in either member, beside right ones or alone."""
    date = st.one_of(impossible_instants, instants_before_1970(), not_dates)
    alone = st.builds(lambda member, value: {member: value}, _members, date)
    return alone | st.builds(lambda beside, bad: {**beside, **bad}, right(), alone)


#: JSON values in the place of attributes that are no object. Null is not among them: many read it as left out.
not_objects: st.SearchStrategy[Any] = (
    st.text(max_size=9) | st.integers() | st.booleans() | st.lists(st.text(max_size=3), max_size=2)
)


def wrong() -> st.SearchStrategy[Any]:
    """Values of ``attributes`` that every server has to refuse."""
    return wrong_dates() | not_objects


def _family(name: str, values: list[Any], drawn: st.SearchStrategy[Any]) -> Family:
    return Family(
        name=name,
        representatives=tuple(CommitPlan(attributes=value) for value in values),
        drawn=drawn.map(lambda value: CommitPlan(attributes=value)),
    )


invalid_dates = _family(
    "a date that is none",
    [
        {"content_modified_at": "yesterday"},
        {"content_created_at": "2017-13-08T00:58:08Z"},
        {"content_modified_at": "1969-12-31T23:59:59Z"},
        {"content_modified_at": "2017-02-30T00:58:08Z"},
        {"content_created_at": "1969-12-31T23:59:59Z"},
        {"content_created_at": "08.04.2017"},
    ],
    wrong_dates(),
)
not_attributes = _family("attributes that are no object", ["description", ["description"], 7, True], not_objects)
