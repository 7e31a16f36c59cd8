"""Draws a part-list ruler with plain characters, for terminals and text in JUnit files."""

from __future__ import annotations

from collections.abc import Iterable

from commit_conformance.report.plain import count_text
from commit_conformance.report.ruler.layout import Layout, Segment, Zone


def ruler_text(layout: Layout, width: int = 76) -> list[str]:
    """Draws a ruler with plain characters.

    ``-`` fills a range that is as uploaded, ``#`` one that is wrong, ``.`` a gap; ``^`` underlines an overlap and ``>``
    what lies past the end.

    Args:
        layout: What to draw.
        width: Columns to use, at least 30.

    Returns:
        Lines without trailing spaces, none longer than ``width``.
    """
    columns = max(width, 30) - 10
    rows = [("uploaded", _row(layout, layout.uploaded, (), columns))]
    for lane in range(layout.lanes):
        segments = [segment for segment in layout.claimed if segment.lane == lane]
        gaps = [zone for zone in layout.zones if zone.kind == "gap"] if lane == 0 else []
        rows.append(("" if lane else "claimed", _row(layout, segments, gaps, columns)))
    if layout.placeholder:
        rows[1] = ("claimed", layout.placeholder[:columns])
    rows.append(("", _underlines(layout, columns)))
    rows.append(("", _scale(layout, columns)))
    lines = [f"{name:<9}{drawn}".rstrip() for name, drawn in rows if drawn.strip()]
    if layout.outside:
        lines.append(f"{'':9}{count_text(layout.outside, 'entry', 'entries')} outside of this stretch left out"[:width])
    return lines


def _column(layout: Layout, byte: int, columns: int) -> int:
    """The column of a byte on a scale of ``columns`` columns, 0 for the first byte shown, ``columns`` for the end."""
    byte = min(max(byte, layout.start), layout.end)
    return (byte - layout.start) * columns // (layout.end - layout.start)


def _row(layout: Layout, segments: Iterable[Segment], gaps: Iterable[Zone], columns: int) -> str:
    cells = [" "] * (columns + 1)
    for gap in gaps:
        _box(cells, _column(layout, gap.start, columns), _column(layout, gap.end, columns), ".", "gap", edges=False)
    for segment in segments:
        left, right = _column(layout, segment.start, columns), _column(layout, segment.end, columns)
        _box(cells, left, right, "#" if segment.wrong else "-", segment.label)
    return "".join(cells)


def _box(cells: list[str], left: int, right: int, fill: str, label: str, *, edges: bool = True) -> None:
    for at in range(left + 1, right):
        cells[at] = fill
    if edges:
        cells[left] = cells[right] = "|"
    elif right - left <= 1:
        # A gap too narrow for a column of its own still has to be seen.
        cells[left] = fill
    room = right - left - 3
    if room >= len(label):
        start = left + 1 + (right - left - 1 - len(label) - 2) // 2
        cells[start : start + len(label) + 2] = f" {label} "


def _underlines(layout: Layout, columns: int) -> str:
    cells = [" "] * (columns + 1)
    told: list[tuple[int, str]] = []
    for zone in layout.zones:
        sign = {"overlap": "^", "past the end": ">"}.get(zone.kind)
        if sign:
            left, right = _column(layout, zone.start, columns), _column(layout, zone.end, columns)
            for at in range(left, max(right, left + 1)):
                cells[min(at, columns)] = sign
            told.append((right, zone.kind))
    if len(told) == 1:
        right, kind = told[0]
        before = "".join(cells).find("^" if kind == "overlap" else ">") - len(kind) - 1
        at = right + 2 if right + 2 + len(kind) <= columns else before
        if at >= 0:
            cells[at : at + len(kind)] = kind
    return "".join(cells)


def _scale(layout: Layout, columns: int) -> str:
    cells = [" "] * (columns + 1)
    for byte in layout.ticks():
        text = f"{byte:,}"
        at = min(_column(layout, byte, columns), columns + 1 - len(text))
        if at >= 0 and all(cell == " " for cell in cells[max(at - 1, 0) : at + len(text) + 1]):
            cells[at : at + len(text)] = text
    return "".join(cells)
