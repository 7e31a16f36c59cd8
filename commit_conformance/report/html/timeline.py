"""When the exchanges of a failure took place: how long each took, and which ran at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from commit_conformance.report.exchanges import Exchange

_NARROWEST = 0.006


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One exchange on the time line.

    Attributes:
        offset: Seconds after the first one began; None where the log does not say when.
        left, width: Its place on the line, from 0 to 1.
    """

    exchange: Exchange
    offset: float | None
    left: float
    width: float

    @property
    def bar(self) -> Markup:
        """A bar of the line's whole width, in which this exchange's share is filled."""
        bar = Markup(
            '<svg class="bar" width="100%" height="8" aria-hidden="true"><rect x="{}%" width="{}%" height="8"/></svg>'
        )
        return bar.format(round(self.left * 100, 2), round(self.width * 100, 2))

    @property
    def when(self) -> str:
        """When it began and how long it took, in words."""
        took = f"took {self.exchange.seconds * 1000:,.0f} ms"
        return took if self.offset is None else f"at {self.offset * 1000:,.0f} ms, {took}"


def timeline(exchanges: Sequence[Exchange]) -> tuple[Row, ...]:
    """The exchanges on one line, in their order."""
    begun = [_instant(exchange.at) for exchange in exchanges]
    known = [at for at in begun if at is not None]
    if not known:
        return tuple(Row(exchange=exchange, offset=None, left=0, width=0) for exchange in exchanges)
    first = min(known)
    took = [min(max(exchange.seconds, 0.0), 1e6) for exchange in exchanges]
    offsets = [None if at is None else at - first for at in begun]
    whole = max(
        (offset + seconds for offset, seconds in zip(offsets, took, strict=True) if offset is not None), default=0
    )
    rows = []
    for exchange, offset, seconds in zip(exchanges, offsets, took, strict=True):
        left, width = ((offset or 0) / whole, seconds / whole) if whole else (0.0, 1.0)
        width = max(width, _NARROWEST)
        rows.append(Row(exchange=exchange, offset=offset, left=min(left, 1 - width), width=min(width, 1.0)))
    return tuple(rows)


def _instant(at: str) -> float | None:
    """Seconds since 1970, or None for what is no time."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
