"""The part-list ruler: byte ranges uploaded above, byte ranges claimed below, so that a hole can be *seen*.

:func:`lay_out` turns the part list of a failure into places on a scale. It is a pure function and takes any JSON:
claimed lists are wrong on purpose. Which entries are wrong is the log's word (``defects``); what geometry shows by
itself (gaps, overlaps, ranges past the end) is worked out here. Drawing is left to
:mod:`commit_conformance.report.ruler.text` and :mod:`commit_conformance.report.ruler.svg`.

A long list is made short twice: when all the trouble sits in a small stretch, only that stretch is shown; and
neighbours about which there is nothing to say become one segment (``3-40``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from commit_conformance.report.plain import count_text, plain_line

MAX_DRAWN = 40
"""Segments a row can hold before they are too narrow to be told apart."""
MAX_LANES = 3
"""Rows for claimed ranges that overlap; a fourth adds height, not insight."""
MAX_NOTES = 8
_ZOOM_FROM = 12
"""Parts from which on a small stretch is worth a closer look."""
_LARGEST = 2**128
"""Far beyond int64, which some lists exceed on purpose, and far below the numbers Python refuses to print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A range of bytes on a row: ``start`` included, ``end`` not. A zero-length one has ``start == end``."""

    start: int
    end: int
    label: str
    detail: str
    wrong: tuple[str, ...] = ()
    lane: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A range no entry covers (``gap``), several cover (``overlap``), or that lies ``past the end`` of the file."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line below the ruler: what kind of defect, and the sentence."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A ruler, ready to be drawn.

    Attributes:
        file_size: Bytes of the file.
        start: First byte shown.
        end: First byte no longer shown; always greater than ``start``.
        placeholder: What to write instead of claimed segments when the list is no list.
        outside: Claimed entries that lie outside the stretch shown.
    """

    file_size: int
    start: int
    end: int
    uploaded: tuple[Segment, ...]
    claimed: tuple[Segment, ...]
    zones: tuple[Zone, ...]
    notes: tuple[Note, ...]
    placeholder: str = ""
    outside: int = 0

    @property
    def lanes(self) -> int:
        """Rows needed for the claimed segments, at least one."""
        return 1 + max((segment.lane for segment in self.claimed), default=0)

    @property
    def description(self) -> str:
        """The ruler in words, for who cannot see it."""
        parts, entries = (sum(segment.count for segment in row) for row in (self.uploaded, self.claimed))
        shown = f"Bytes {self.start:,} to {self.end:,} of a file of {count_text(self.file_size, 'byte')}: "
        rows = f"{count_text(parts, 'part')} uploaded, {count_text(entries, 'entry', 'entries')} claimed. "
        return shown + rows + " ".join(f"{note.kind}: {note.text}." for note in self.notes)

    def ticks(self) -> tuple[int, ...]:
        """Bytes worth a number on the scale, the most telling ones first."""
        ends = [self.start, self.end, self.file_size]
        ends += [edge for zone in self.zones for edge in (zone.start, zone.end)]
        ends += [edge for segment in self.claimed if segment.wrong for edge in (segment.start, segment.end)]
        ends += [segment.start for segment in self.uploaded]
        return tuple(dict.fromkeys(edge for edge in ends if self.start <= edge <= self.end))


def lay_out(part_list: object) -> Layout | None:
    """Places the part list of a failure on a scale; None if there is nothing to place (``part_list`` is no object)."""
    if not isinstance(part_list, Mapping):
        return None
    claimed = part_list.get("claimed")
    uploaded, names = _uploaded(part_list.get("uploaded"))
    file_size = _whole(part_list.get("file_size"))
    if file_size is None or file_size < 0:
        file_size = max((segment.end for segment in uploaded), default=0)
    defects = _defects(part_list.get("defects"))
    wrong: dict[int, list[str]] = {}
    for kind, index, _ in defects:
        if index is not None and kind not in wrong.setdefault(index, []):
            wrong[index].append(kind)
    entries = claimed if isinstance(claimed, list) else []
    placed, unplaced = _claimed(entries, names, wrong)
    far = max((segment.end for segment in placed), default=0)
    longest = max((segment.end - segment.start for segment in uploaded), default=0)
    # A list that ends at 2**63 must not shrink the file to a dot: the scale goes a quarter past the end at most.
    end = max(1, file_size if far <= file_size else min(far, file_size + max(file_size // 4, longest, 1)))
    zones = _zones(placed, file_size, far) if isinstance(claimed, list) and file_size else ()
    notes = [Note(kind=kind, text=text) for kind, _, text in defects] or [_note(zone) for zone in zones]
    known = {index for _, index, _ in defects}
    notes += [Note(kind="not on the scale", text=text) for index, text in unplaced if index not in known]
    whole = Layout(
        file_size=file_size,
        start=0,
        end=end,
        uploaded=uploaded,
        claimed=_in_lanes(_kept_on_scale(segment, end) for segment in placed),
        zones=zones,
        notes=_first(notes),
        placeholder="" if isinstance(claimed, list) else _shown(claimed),
    )
    return _condensed(_zoomed(whole))


# --- reading ---------------------------------------------------------------------------------------------------------


def _whole(value: object) -> int | None:
    """A whole number that a scale can hold, or None. 65536.0 is one, as it is in JSON; true is not."""
    if isinstance(value, float) and isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= _LARGEST else None


def _shown(value: object, limit: int = 60) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        text = "something nested too deeply to be shown"
    return plain_line(text, limit)


def _uploaded(value: object) -> tuple[tuple[Segment, ...], dict[str, str]]:
    """The uploaded parts by offset, and the number by which a part's id is called on the ruler."""
    parts = [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []
    ranges: list[tuple[int, int, str]] = []
    for part in parts:
        offset, size = _whole(part.get("offset")), _whole(part.get("size"))
        if offset is not None and size is not None and offset >= 0 and size >= 0:
            ranges.append((offset, offset + size, str(part.get("part_id"))))
    ranges.sort()
    names = {part_id: str(number) for number, (_, _, part_id) in enumerate(ranges, 1)}
    segments = tuple(
        Segment(start=start, end=end, label=str(number), detail=f"part {number}: {_bytes(start, end)}")
        for number, (start, end, _) in enumerate(ranges, 1)
    )
    return segments, names


def _defects(value: object) -> list[tuple[str, int | None, str]]:
    items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    return [
        (plain_line(str(item.get("kind")), 40), _whole(item.get("index")), plain_line(str(item.get("message")), 200))
        for item in items
    ]


def _claimed(
    entries: Sequence[Any], names: Mapping[str, str], wrong: Mapping[int, Sequence[str]]
) -> tuple[list[Segment], list[tuple[int, str]]]:
    """The entries that have a place, sorted by it, and why the others have none."""
    placed: list[Segment] = []
    unplaced: list[tuple[int, str]] = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            unplaced.append((index, f"entry {index} is {_shown(entry, 40)}"))
            continue
        offset, size = _whole(entry.get("offset")), _whole(entry.get("size"))
        if offset is None or size is None or offset < 0 or size < 0:
            place = f"offset {_shown(entry.get('offset'), 30)}, size {_shown(entry.get('size'), 30)}"
            unplaced.append((index, f"entry {index} has {place}"))
            continue
        marks = tuple(wrong.get(index, ()))
        part_id = entry.get("part_id")
        label = names.get(part_id, "?") if isinstance(part_id, str) else "?"
        detail = f"entry {index}: {_bytes(offset, offset + size)}" + (f" ({', '.join(marks)})" if marks else "")
        placed.append(Segment(start=offset, end=offset + size, label=label, detail=detail, wrong=marks))
    placed.sort(key=lambda segment: (segment.start, segment.end))
    return placed, unplaced


def _zones(placed: Iterable[Segment], file_size: int, far: int) -> tuple[Zone, ...]:
    """Gaps and overlaps within the file and what lies past its end, from segments sorted by start."""
    zones: list[Zone] = []
    covered = 0
    doubled = 0
    for segment in placed:
        start, end = min(segment.start, file_size), min(segment.end, file_size)
        if start > covered:
            zones.append(Zone(start=covered, end=start, kind="gap"))
        twice_from, twice_to = max(start, doubled), min(end, covered)
        if twice_from < twice_to:
            zones.append(Zone(start=twice_from, end=twice_to, kind="overlap"))
            doubled = twice_to
        covered = max(covered, end)
    if covered < file_size:
        zones.append(Zone(start=covered, end=file_size, kind="gap"))
    if far > file_size:
        zones.append(Zone(start=file_size, end=far, kind="past the end"))
    return _joined(zones)


def _joined(zones: Iterable[Zone]) -> tuple[Zone, ...]:
    joined: list[Zone] = []
    for zone in zones:
        adjoins = joined and joined[-1].kind == zone.kind and joined[-1].end == zone.start
        joined.append(replace(joined.pop(), end=zone.end) if adjoins else zone)
    return tuple(joined)


def _note(zone: Zone) -> Note:
    told = {
        "gap": "are in no entry",
        "overlap": "are in several entries",
        "past the end": "lie past the end of the file",
    }
    return Note(kind=zone.kind, text=f"{_bytes(zone.start, zone.end)} {told[zone.kind]}")


def _bytes(start: int, end: int) -> str:
    if end <= start:
        return f"no bytes at {start:,}"
    return f"byte {start:,}" if end == start + 1 else f"bytes {start:,} to {end - 1:,}"


def _first(notes: Sequence[Note]) -> tuple[Note, ...]:
    if len(notes) <= MAX_NOTES:
        return tuple(notes)
    return (*notes[:MAX_NOTES], Note(kind="and", text=f"{len(notes) - MAX_NOTES:,} more"))


# --- placing ---------------------------------------------------------------------------------------------------------


def _kept_on_scale(segment: Segment, end: int) -> Segment:
    """A segment cut at the end of the scale; one that starts beyond it becomes a stub at the edge."""
    start = min(segment.start, end - max(end // 40, 1)) if segment.start >= end else segment.start
    return replace(segment, start=max(start, 0), end=min(segment.end, end)) if segment.end > end else segment


def _in_lanes(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    ends = [0] * MAX_LANES
    laid: list[Segment] = []
    for segment in segments:
        lane = next((lane for lane, end in enumerate(ends) if end <= segment.start), MAX_LANES - 1)
        ends[lane] = max(ends[lane], segment.end)
        laid.append(replace(segment, lane=lane))
    return tuple(laid)


def _zoomed(layout: Layout) -> Layout:
    """The stretch around all that is wrong, if that is less than a third of a long scale."""
    spans = [(zone.start, zone.end) for zone in layout.zones]
    spans += [(segment.start, segment.end) for segment in layout.claimed if segment.wrong]
    if not spans or len(layout.uploaded) < _ZOOM_FROM:
        return layout
    margin = 2 * max(segment.end - segment.start for segment in layout.uploaded)
    start = max(layout.start, min(start for start, _ in spans) - margin)
    end = min(layout.end, max(end for _, end in spans) + margin)
    if (end - start) * 3 >= layout.end - layout.start or end <= start:
        return layout
    claimed = _cut(layout.claimed, start, end)
    return replace(
        layout,
        start=start,
        end=end,
        uploaded=_cut(layout.uploaded, start, end),
        claimed=claimed,
        outside=len(layout.claimed) - len(claimed),
    )


def _cut(segments: Iterable[Segment], start: int, end: int) -> tuple[Segment, ...]:
    """The segments that touch the stretch, none longer than it."""
    return tuple(
        replace(segment, start=max(segment.start, start), end=min(segment.end, end))
        for segment in segments
        if (segment.start < end and segment.end > start) or start <= segment.start == segment.end <= end
    )


def _condensed(layout: Layout) -> Layout:
    claimed = [_fewer([s for s in layout.claimed if s.lane == lane]) for lane in range(layout.lanes)]
    zones = sorted(layout.zones, key=lambda zone: zone.start - zone.end)[:MAX_DRAWN]
    return replace(
        layout,
        uploaded=tuple(_fewer(layout.uploaded)),
        claimed=tuple(segment for lane in claimed for segment in lane),
        zones=tuple(sorted(zones, key=lambda zone: zone.start)),
    )


def _fewer(row: Sequence[Segment]) -> list[Segment]:
    """At most MAX_DRAWN segments: neighbours that are as uploaded are joined first, then whatever stands together."""
    if len(row) <= MAX_DRAWN:
        return list(row)
    joined: list[Segment] = []
    for segment in row:
        last = joined[-1] if joined else None
        if last and not last.wrong and not segment.wrong and last.end == segment.start:
            joined[-1] = _join([last, segment])
        else:
            joined.append(segment)
    step = -(-len(joined) // MAX_DRAWN)
    return [_join(joined[at : at + step]) for at in range(0, len(joined), step)]


def _join(segments: Sequence[Segment]) -> Segment:
    if len(segments) == 1:
        return segments[0]
    first, last = segments[0], segments[-1]
    count = sum(segment.count for segment in segments)
    start, end = first.start, max(segment.end for segment in segments)
    wrong = tuple(dict.fromkeys(mark for segment in segments for mark in segment.wrong))
    detail = f"{count_text(count, 'range')}: {_bytes(start, end)}" + (f" ({', '.join(wrong)})" if wrong else "")
    label = f"{first.label.split('-')[0]}-{last.label.split('-')[-1]}"
    return Segment(start=start, end=end, label=label, detail=detail, wrong=wrong, lane=first.lane, count=count)
