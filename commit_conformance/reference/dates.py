"""Dates as RFC 3339 writes them.

Owns reading and writing of instants. Source of the grammar: RFC 3339, section 5.6.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["read_date", "write_date"]

_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:([Zz])|([+-])(\d\d):(\d\d))", flags=re.ASCII
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_date(text: str) -> datetime:
    """The instant a date names, with its offset kept.

    Raises:
        ValueError: The text is no RFC 3339 date, names no instant, or lies before 1970.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"not an RFC 3339 date: {text[:64]!r}")
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    offset = timedelta(0)
    if found[9]:
        if int(found[10]) > 23 or int(found[11]) > 59:
            raise ValueError(f"not an offset: {text[:64]!r}")
        offset = timedelta(hours=int(found[10]), minutes=int(found[11])) * (-1 if found[9] == "-" else 1)
    # A leap second is a valid date; the clocks here have none, so it is the first moment of the next minute.
    leap = second == 60
    micro = int((found[7] or ".0")[1:7].ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, 59 if leap else second, micro, tzinfo=timezone(offset))
        moment += timedelta(seconds=1 if leap else 0)
        early = moment < EPOCH
        moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"no such instant: {text[:64]!r}") from error
    if early:
        raise ValueError(f"before 1970: {text[:64]!r}")
    return moment


def write_date(moment: datetime, utc_offset: int | None) -> str:
    """An instant with an offset in minutes; ``None`` writes ``Z``. Fractions are written only where there are any."""
    zone = UTC if utc_offset is None else timezone(timedelta(minutes=utc_offset))
    try:
        text = moment.astimezone(zone).isoformat()
    except OverflowError:
        text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z") if utc_offset is None else text
