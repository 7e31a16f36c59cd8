"""The scale of a ruler: where a byte is drawn.

A gap of one byte in a file of gigabytes has to be seen as well as one of a third of it. So ranges that would be too
narrow are widened, at the cost of the wide ones; order and neighbourhood stay true, and `Scale.true` says whether
lengths do.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from commit_conformance.report.ruler.layout import Layout

_NARROWEST = 0.045
"""Share of the width that can be seen, and told from its neighbours, on a phone."""
_WIDENED = 0.5
"""Share of the width that all widened ranges may take together."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Bytes in ascending order, and the place of each between 0 and 1."""

    edges: tuple[int, ...]
    places: tuple[float, ...]
    true: bool

    def place(self, byte: int) -> float:
        """The place of a byte; one outside of the scale is at its end."""
        byte = min(max(byte, self.edges[0]), self.edges[-1])
        at = min(bisect_right(self.edges, byte), len(self.edges) - 1)
        low, high = self.edges[at - 1], self.edges[at]
        left, right = self.places[at - 1], self.places[at]
        return left + (right - left) * (byte - low) / (high - low)


def scale_of(layout: Layout) -> Scale:
    """The scale on which every range of a ruler can be seen."""
    marks = {layout.start, layout.end, layout.file_size}
    for segment in (*layout.uploaded, *layout.claimed):
        marks |= {segment.start, segment.end}
    for zone in layout.zones:
        marks |= {zone.start, zone.end}
    edges = tuple(sorted(mark for mark in marks if layout.start <= mark <= layout.end))
    sizes = [high - low for low, high in pairwise(edges)]
    shares, true = _shares(sizes)
    places = [0.0]
    for share in shares:
        places.append(places[-1] + share)
    return Scale(edges, tuple(places), true)


def _shares(sizes: list[int]) -> tuple[list[float], bool]:
    """What part of the width each range gets, and whether all are in proportion."""
    floor = min(_NARROWEST, _WIDENED / len(sizes))
    narrow: set[int] = set()
    while True:
        rest = sum(size for at, size in enumerate(sizes) if at not in narrow)
        room = 1 - floor * len(narrow)
        more = {at for at, size in enumerate(sizes) if at not in narrow and size / rest * room < floor}
        if not more or len(narrow | more) == len(sizes):
            break
        narrow |= more
    return [floor if at in narrow else size / rest * room for at, size in enumerate(sizes)], not narrow
