"""Instants. RFC 3339 texts are compared as the instants they name, never as strings."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:)(\d\d)(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)",
    re.ASCII,
)


def instant(text: object) -> float | None:
    """The instant an RFC 3339 text names, in seconds since 1970-01-01 UTC; None when it names none.

    A leap second counts as the first second of the next minute.
    """
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, hours_minutes, seconds, fraction, offset = match.groups()
    leap = seconds == "60"
    iso = f"{day}T{hours_minutes}{'59' if leap else seconds}{'+00:00' if offset in 'Zz' else offset}"
    try:
        moment = datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.timestamp() + leap + float(fraction or 0)


def whole_second(moment: float) -> int:
    """The second an instant lies in: the API shows whole seconds, so finer parts may be dropped."""
    return int(moment // 1)
