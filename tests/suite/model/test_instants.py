"""RFC 3339 texts as instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_conformance.model.dates import instant, whole_second

MOMENT = 1491613088.0


@pytest.mark.parametrize(
    "text",
    [
        "2017-04-08T00:58:08Z",
        "2017-04-08t00:58:08z",
        "2017-04-08T00:58:08+00:00",
        "2017-04-08T00:58:08-00:00",
        "2017-04-07T17:58:08-07:00",
        "2017-04-08T06:28:08+05:30",
        "2017-04-08T06:43:08+05:45",
        "2017-04-07T00:59:08-23:59",
        "2017-04-09T00:57:08+23:59",
        "2017-04-08T00:58:08.0Z",
        "2017-04-08T00:58:08.000000000000Z",
    ],
)
def test_one_instant_has_many_texts(text: str) -> None:
    assert instant(text) == MOMENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("1969-12-31T23:59:59Z", -1.0),
        ("1970-01-01T00:00:00.25Z", 0.25),
        ("1970-01-01T01:00:00.5+01:00", 0.5),
        ("1970-01-01T00:00:00+00:01", -60.0),
        ("2016-12-31T23:59:60Z", 1483228800.0),
        ("2016-12-31T15:59:60.5-08:00", 1483228800.5),
        ("2020-02-29T00:00:00Z", 1582934400.0),
        ("0001-01-01T00:00:00Z", -62135596800.0),
        ("9999-12-31T23:59:59Z", 253402300799.0),
    ],
)
def test_an_instant_is_counted_from_1970(text: str, expected: float) -> None:
    assert instant(text) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", "yesterday", "2017", "2017-04-08", "2017-04-08T00:58Z", "2017-04-08T00:58:08", "20170408T005808Z"),
        *("2017-04-08 00:58:08Z", " 2017-04-08T00:58:08Z", "2017-04-08T00:58:08Z\n", "2017-04-08T00:58:08.Z"),
        *("2017-04-08T00:58:08,5Z", "2017-04-08T00:58:08+0100", "2017-04-08T00:58:08+1:00", "2017-04-08T00:58:08UTC"),
        *("2017-13-08T00:58:08Z", "2017-00-08T00:58:08Z", "2017-02-29T00:58:08Z", "2017-04-31T00:58:08Z"),
        *("2017-04-08T25:58:08Z", "2017-04-08T24:00:00Z", "2017-04-08T00:60:08Z", "2017-04-08T00:58:61Z"),
        *("2017-04-08T00:58:08+24:00", "2017-04-08T00:58:08+01:60", "2017-04-08T00:58:08+01:99"),
        *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "+2017-04-08T00:58:08Z"),
        *("٢٠١٧-04-08T00:58:08Z", "08.04.2017", "Sat, 08 Apr 2017 00:58:08 GMT"),
        *(None, True, 0, 1491613088, 1.5, [], {}, ["2017-04-08T00:58:08Z"], b"2017-04-08T00:58:08Z"),
    ],
)
def test_what_is_no_rfc_3339_text_names_no_instant(value: object) -> None:
    assert instant(value) is None


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.integers(-23 * 60, 23 * 60),
)
def test_the_offset_a_text_is_written_in_does_not_matter(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=UTC)
    elsewhere = aware.astimezone(timezone(timedelta(minutes=minutes)))
    assert instant(elsewhere.isoformat()) == aware.timestamp()


@given(st.text(max_size=30) | st.text("0123456789-:TZ+.", max_size=30))
def test_any_text_is_read_without_error(text: str) -> None:
    assert instant(text) is None or isinstance(instant(text), float)


@pytest.mark.parametrize(
    ("moment", "second"), [(0.0, 0), (0.999, 0), (-0.25, -1), (1491613088.25, 1491613088), (-1.0, -1)]
)
def test_the_second_an_instant_lies_in(moment: float, second: int) -> None:
    assert whole_second(moment) == second
