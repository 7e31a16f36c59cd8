"""The scale of the ruler: nothing that matters is too narrow to be seen, and order stays true."""

from __future__ import annotations

from itertools import pairwise

import pytest

from commit_conformance.report.ruler.layout import lay_out
from commit_conformance.report.ruler.scale import Scale, scale_of
from tests.suite.report.event_logs import Event, part_list, uploaded

GIGABYTE = 10**9


def scale(claimed: list[Event], parts: list[Event]) -> Scale:
    layout = lay_out(part_list(claimed, parts))
    assert layout is not None
    return scale_of(layout)


def test_lengths_are_in_proportion_where_all_can_be_seen() -> None:
    parts = uploaded(4, size=1000, short=0)
    found = scale([parts[0], *parts[2:]], parts)

    assert found.true
    assert [round(found.place(byte), 9) for byte in (0, 500, 1000, 2000, 3500, 4000)] == [0, 0.125, 0.25, 0.5, 0.875, 1]


@pytest.mark.parametrize("change", [{"size": GIGABYTE - 1}, {"size": GIGABYTE + 1}, {"offset": GIGABYTE - 1}])
def test_a_byte_among_gigabytes_can_be_seen(change: Event) -> None:
    parts = uploaded(5, size=GIGABYTE, short=0)
    layout = lay_out(part_list([parts[0], {**parts[1], **change}, *parts[2:]], parts))
    assert layout is not None
    assert layout.zones
    found = scale_of(layout)

    assert not found.true
    for zone in layout.zones:
        assert zone.end - zone.start == 1
        assert found.place(zone.end) - found.place(zone.start) > 0.04


def test_order_stays_true_and_everything_stays_on_the_scale() -> None:
    parts = uploaded(30, size=1000, short=999)
    claimed = [{**part, "size": part["size"] + n % 3 - 1} for n, part in enumerate(parts)]
    found = scale(claimed, parts)

    assert found.places[0] == 0
    assert found.places[-1] == pytest.approx(1)
    assert all(high - low > 0.001 for low, high in pairwise(found.places))
    bytes_in_order = [found.place(byte) for byte in range(-10, 40_000, 7)]
    assert bytes_in_order == sorted(bytes_in_order)
