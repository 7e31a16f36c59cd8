"""Draws a part-list ruler as SVG, for the HTML report.

Places are percentages and heights are pixels: the picture takes any width while its letters keep their size. Colours
come from the page's style sheet through classes, so light and dark need no second picture.
"""

from __future__ import annotations

from markupsafe import Markup

from commit_conformance.report.ruler.layout import Layout, Segment, Zone
from commit_conformance.report.ruler.scale import Scale, scale_of

_ROW = 24
_GAP = 6
_LETTERS = 18
_TEXT = Markup('<text class="{}" x="{}" y="{}">{}</text>')
_NARROWEST_LABEL = 0.06
"""Share of the width below which a label would leave its segment on a phone."""
_TICK_DISTANCE = 0.24
"""Share of the width that keeps numbers of nine digits apart on a phone."""


def ruler_svg(layout: Layout, name: str = "ruler") -> Markup:
    """Draws a ruler.

    Args:
        layout: What to draw.
        name: Prefix of the ids in the picture; give each ruler of a page its own.

    Returns:
        An ``svg`` element with title and description. All text in it is escaped.
    """
    return _Drawing(layout).whole(name)


class _Drawing:
    """A ruler on its scale."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._scale: Scale = scale_of(layout)
        self._claimed_top = _LETTERS + _ROW + _GAP + _LETTERS
        self._bottom = self._claimed_top + layout.lanes * (_ROW + 2)

    def whole(self, name: str) -> Markup:
        layout, top, bottom = self._layout, self._claimed_top, self._bottom
        drawn: list[Markup] = [_caption("uploaded", _LETTERS - 5)]
        drawn += [self._segment(segment, _LETTERS) for segment in layout.uploaded]
        drawn.append(_caption("claimed", top - 5))
        if layout.placeholder:
            drawn.append(_TEXT.format("wrong", "0", top + 17, layout.placeholder))
        drawn += [self._zone(zone, top, _ROW) for zone in layout.zones if zone.kind == "gap"]
        drawn += [self._segment(segment, top + segment.lane * (_ROW + 2)) for segment in layout.claimed]
        drawn += [self._zone(zone, top - 3, bottom - top + 4) for zone in layout.zones if zone.kind != "gap"]
        # Where the uploaded parts end: an entry that stops short of such a line, or reaches across, is off its part.
        drawn += [self._guide(segment.end) for segment in layout.uploaded[:-1]]
        if layout.start < layout.file_size < layout.end:
            x = _percent(self._scale.place(layout.file_size))
            drawn.append(Markup('<line class="end" x1="{0}" y1="4" x2="{0}" y2="{1}"/>').format(x, bottom + 6))
        drawn += self._ticks()
        head = Markup('<svg class="ruler" role="img" width="100%" height="{0}" aria-labelledby="{1}-t {1}-d">').format(
            bottom + 30, name
        )
        title = Markup('<title id="{0}-t">Uploaded and claimed byte ranges</title><desc id="{0}-d">{1}</desc>').format(
            name, layout.description
        )
        return head + title + Markup("").join(drawn) + Markup("</svg>")

    def _segment(self, segment: Segment, top: int) -> Markup:
        left, right = self._scale.place(segment.start), self._scale.place(segment.end)
        kind = "segment wrong" if segment.wrong else "segment"
        rect = _rect(kind, left, right, top, _ROW, segment.detail)
        if right - left < _NARROWEST_LABEL + 0.012 * len(segment.label):
            return rect
        return rect + _TEXT.format("label", _percent((left + right) / 2), top + 16, segment.label)

    def _zone(self, zone: Zone, top: int, height: int) -> Markup:
        left, right = self._scale.place(zone.start), self._scale.place(zone.end)
        rect = _rect(f"zone {zone.kind.split()[0]}", left, right, top, height, zone.kind)
        if zone.kind != "gap" or right - left < _NARROWEST_LABEL + 0.03:
            return rect
        return rect + _TEXT.format("label gap", _percent((left + right) / 2), top + 16, zone.kind)

    def _guide(self, byte: int) -> Markup:
        x = _percent(self._scale.place(byte))
        line = Markup('<line class="guide" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>')
        return line.format(x, _LETTERS + _ROW, self._bottom)

    def _ticks(self) -> list[Markup]:
        drawn: list[Markup] = []
        taken: list[float] = []
        for byte in self._layout.ticks():
            at = self._scale.place(byte)
            if any(abs(at - other) < _TICK_DISTANCE for other in taken):
                continue
            taken.append(at)
            x = _percent(at)
            anchor = "start" if at < 0.1 else "end" if at > 0.9 else "middle"
            tick = Markup('<line class="tick" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>')
            drawn.append(tick.format(x, self._bottom, self._bottom + 6))
            drawn.append(_TEXT.format(f"tick {anchor}", x, self._bottom + 20, f"{byte:,}"))
        return drawn


def _percent(share: float) -> str:
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def _caption(text: str, y: int) -> Markup:
    return _TEXT.format("caption", "0", y, text)


def _rect(kind: str, left: float, right: float, top: int, height: int, title: str) -> Markup:
    # Nothing may be too narrow to be seen, and nothing may fall off the right edge for being so.
    width = max(right - left, 0.004)
    left = min(left, 1 - width)
    rect = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>')
    return rect.format(kind, _percent(left), top, _percent(width), height, title)
