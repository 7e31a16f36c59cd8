"""The part-list ruler: every kind of defect can be seen, and no list is too strange to be drawn."""

from __future__ import annotations

import time
from typing import Any
from xml.etree import ElementTree

import pytest

from commit_conformance.report.ruler.layout import MAX_DRAWN, Layout, lay_out
from commit_conformance.report.ruler.svg import ruler_svg
from commit_conformance.report.ruler.text import ruler_text
from tests.suite.report.event_logs import HOSTILE, part_list, uploaded

P = uploaded()  # three parts of 65,536, 65,536 and 64,536 bytes
SIZE = 195_608


def laid(claimed: Any, *defects: dict[str, Any], parts: Any = None) -> Layout:
    layout = lay_out(part_list(claimed, P if parts is None else parts, list(defects)))
    assert layout is not None
    return layout


def zones(layout: Layout) -> list[tuple[str, int, int]]:
    return [(zone.kind, zone.start, zone.end) for zone in layout.zones]


def test_a_right_list_shows_nothing_wrong() -> None:
    layout = laid(P)

    assert zones(layout) == []
    assert [(segment.label, segment.start, segment.end, segment.wrong) for segment in layout.claimed] == [
        ("1", 0, 65_536, ()),
        ("2", 65_536, 131_072, ()),
        ("3", 131_072, SIZE, ()),
    ]
    assert layout.notes == ()


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (P[1:], [("gap", 0, 65_536)]),
        ([P[0], P[2]], [("gap", 65_536, 131_072)]),
        (P[:2], [("gap", 131_072, SIZE)]),
        ([], [("gap", 0, SIZE)]),
        ([P[0], {**P[1], "offset": 60_000}, P[2]], [("overlap", 60_000, 65_536), ("gap", 125_536, 131_072)]),
        ([P[0], {**P[1], "size": 65_537}, P[2]], [("overlap", 131_072, 131_073)]),
        ([P[0], {**P[1], "size": 65_535}, P[2]], [("gap", 131_071, 131_072)]),
        ([P[0], P[0], P[1], P[2]], [("overlap", 0, 65_536)]),
        ([P[0], P[0], P[0], P[1], P[2]], [("overlap", 0, 65_536)]),
        ([*P, {"part_id": "X", "offset": SIZE, "size": 10}], [("past the end", SIZE, SIZE + 10)]),
        ([{"part_id": "X", "offset": 0, "size": 2**63}], [("past the end", SIZE, 2**63)]),
        (list(reversed(P)), []),
        ([*P, {**P[1], "size": 0}], []),
    ],
    ids=[
        "gap first",
        "gap middle",
        "gap last",
        "empty",
        "moved part",
        "size too large",
        "size too small",
        "duplicate",
        "triplicate",
        "past the end",
        "beyond int64",
        "other order",
        "zero length",
    ],
)
def test_geometry_shows_by_itself(claimed: list[Any], expected: list[tuple[str, int, int]]) -> None:
    layout = laid(claimed)

    assert zones(layout) == expected
    assert [note.kind for note in layout.notes] == [kind for kind, _, _ in expected]


def test_defects_mark_their_entries_and_are_told_in_the_words_of_the_log() -> None:
    layout = laid(
        [P[0], {**P[1], "sha1": "0" * 40}, P[2]],
        {"kind": "wrong part sha1", "index": 1, "message": "entry 1: another sha1"},
        {"kind": "wrong size", "index": 1, "message": "entry 1: another size"},
    )

    assert [segment.wrong for segment in layout.claimed] == [(), ("wrong part sha1", "wrong size"), ()]
    assert [(note.kind, note.text) for note in layout.notes] == [
        ("wrong part sha1", "entry 1: another sha1"),
        ("wrong size", "entry 1: another size"),
    ]


def test_the_label_is_the_uploaded_part_an_entry_names() -> None:
    swapped = [{**P[0], "part_id": "P1"}, {**P[1], "part_id": "P0"}, {**P[2], "part_id": "stranger"}]

    assert [segment.label for segment in laid(swapped).claimed] == ["2", "1", "?"]


def test_overlapping_entries_get_rows_of_their_own() -> None:
    doubled = laid([P[0], P[0], P[1]])

    assert sorted((segment.label, segment.lane) for segment in doubled.claimed) == [("1", 0), ("1", 1), ("2", 0)]
    assert laid([P[0]] * 9).lanes == 3


def test_a_far_end_does_not_shrink_the_file_to_a_dot() -> None:
    layout = laid([*P, {"part_id": "X", "offset": 2**62, "size": 2**62}])

    assert SIZE < layout.end <= 2 * SIZE
    assert layout.start <= layout.claimed[-1].start < layout.claimed[-1].end == layout.end
    assert "9,223,372,036,854,775,807" in layout.notes[0].text


@pytest.mark.parametrize(
    "claimed",
    [
        None,
        True,
        12,
        float("nan"),
        "parts",
        {"parts": []},
        [None, 1, "x", [], [[[]]], {}, True],
        [{"part_id": None, "offset": None, "size": None}],
        [{"part_id": [], "offset": "0", "size": "1"}],
        [{"part_id": {}, "offset": True, "size": False}],
        [{"part_id": "P0", "offset": -1, "size": 5}, {"part_id": "P0", "offset": 0, "size": -5}],
        [{"part_id": "P0", "offset": 1e308, "size": 1e400}],
        [{"part_id": "P0", "offset": float("nan"), "size": 0.5}],
        [{"part_id": "P0", "offset": 10**4000, "size": 10**4000}],
        [{"part_id": HOSTILE, "offset": 0, "size": 1}, {"part_id": "x" * 1_000_000, "offset": HOSTILE, "size": 1}],
    ],
    ids=lambda value: repr(value)[:40],
)
@pytest.mark.parametrize("parts", [None, [], "rubbish", [{"offset": "x"}, 3]], ids=["uploaded", "none", "text", "odd"])
def test_any_claim_can_be_drawn(claimed: Any, parts: Any) -> None:
    layout = lay_out(
        {"file_size": SIZE, "uploaded": P if parts is None else parts, "claimed": claimed, "defects": None}
    )
    assert layout is not None

    lines = ruler_text(layout, 60)
    assert all(len(line) <= 60 and line.isprintable() for line in lines)
    ElementTree.fromstring(str(ruler_svg(layout)))


@pytest.mark.parametrize("file_size", [None, 0, -1, "x", 10**30])
def test_any_file_size_can_be_drawn(file_size: Any) -> None:
    layout = lay_out({"file_size": file_size, "uploaded": P, "claimed": P[:1]})
    assert layout is not None

    assert layout.end > layout.start
    assert ruler_text(layout)
    ElementTree.fromstring(str(ruler_svg(layout)))


def test_entries_without_a_place_are_told_once() -> None:
    layout = laid(
        [*P, {"part_id": "P1", "offset": -5, "size": 4}, 7],
        {"kind": "malformed", "index": 4, "message": "entry 4 is a number"},
    )

    assert [(note.kind, note.text) for note in layout.notes] == [
        ("malformed", "entry 4 is a number"),
        ("not on the scale", "entry 3 has offset -5, size 4"),
    ]


def test_no_part_list_no_ruler() -> None:
    assert lay_out(None) is None
    assert lay_out("text") is None


def test_ten_thousand_parts_show_the_stretch_around_the_gap() -> None:
    parts = uploaded(10_000)
    started = time.process_time()

    layout = laid(parts[:5000] + parts[5001:], parts=parts)

    assert time.process_time() - started < 5  # a quadratic layout would take minutes
    assert zones(layout) == [("gap", 327_680_000, 327_745_536)]
    assert (layout.start, layout.end) == (327_548_928, 327_876_608)
    assert [segment.label for segment in layout.claimed] == ["4999", "5000", "5002", "5003"]
    assert layout.outside == 9_995


@pytest.mark.parametrize("step", [1, 2, 3])
def test_ten_thousand_parts_become_few_segments(step: int) -> None:
    parts = uploaded(10_000)
    wrong = [{"kind": "wrong size", "index": index, "message": "m"} for index in range(0, len(parts) // step, 2)]

    layout = laid(parts[::step], *wrong, parts=parts)

    assert len(layout.uploaded) <= MAX_DRAWN
    assert len(layout.claimed) <= MAX_DRAWN
    assert sum(segment.count for segment in layout.claimed) == len(parts[::step])
    assert len(layout.zones) <= MAX_DRAWN
    assert len(layout.notes) <= 9


def test_a_gap_is_seen_in_plain_characters() -> None:
    assert ruler_text(laid([P[0], P[2]]), 70) == [
        "uploaded |-------- 1 --------|-------- 2 --------|-------- 3 --------|",
        "claimed  |-------- 1 --------|....... gap .......|-------- 3 --------|",
        "         0                   65,536              131,072       195,608",
    ]


def test_an_overlap_is_seen_in_plain_characters() -> None:
    moved = {**P[1], "offset": 30_000}
    lines = ruler_text(laid([P[0], moved, P[2]], {"kind": "overlap", "index": 1, "message": "m"}), 70)

    assert lines == [
        "uploaded |-------- 1 --------|-------- 2 --------|-------- 3 --------|",
        "claimed  |-------- 1 --------|         .. gap ...|-------- 3 --------|",
        "                  |######## 2 ########|",
        "                  ^^^^^^^^^^^  overlap",
        "         0        30,000     65,536   95,536     131,072       195,608",
    ]


def test_what_lies_past_the_end_is_seen_in_plain_characters() -> None:
    extra = {"part_id": "X", "offset": SIZE, "size": 65_536}
    lines = ruler_text(laid([*P, extra], {"kind": "past the end", "index": 3, "message": "m"}), 70)

    assert lines == [
        "uploaded |----- 1 ------|----- 2 ------|----- 3 -----|",
        "claimed  |----- 1 ------|----- 2 ------|----- 3 -----|###### ? ######|",
        "                                        past the end >>>>>>>>>>>>>>>>",
        "         0              65,536         131,072       195,608   261,144",
    ]


def test_a_list_that_is_no_list_is_shown_as_it_is() -> None:
    assert ruler_text(laid("all of them"), 60)[1] == 'claimed  "all of them"'


@pytest.mark.parametrize("width", [10, 30, 40, 76, 200])
def test_no_line_is_longer_than_the_width(width: int) -> None:
    for claimed in (P, P[:1], [*P, {"part_id": "X", "offset": 2**70, "size": 1}], None):
        assert max(map(len, ruler_text(laid(claimed), width))) <= max(width, 30)


def test_the_svg_tells_in_words_what_it_shows() -> None:
    root = ElementTree.fromstring(str(ruler_svg(laid([P[0], P[2]]), "PART-GAP")))

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "PART-GAP-t PART-GAP-d"
    title, description = root[0], root[1]
    assert (title.get("id"), description.get("id")) == ("PART-GAP-t", "PART-GAP-d")
    assert "3 parts uploaded, 2 entries claimed. gap: bytes 65,536 to 131,071 are in no entry." in (
        description.text or ""
    )


def test_the_svg_marks_gaps_overlaps_and_wrong_entries() -> None:
    moved = {**P[1], "offset": 30_000}
    svg = ruler_svg(laid([P[0], moved, P[2]], {"kind": "wrong offset", "index": 1, "message": "m"}))
    classes = [element.get("class") for element in ElementTree.fromstring(str(svg)).iter("rect")]

    assert classes.count("segment") == 5
    assert classes.count("segment wrong") == 1
    assert classes.count("zone gap") == 1
    assert classes.count("zone overlap") == 1


def test_nothing_in_the_svg_leaves_the_picture() -> None:
    parts = uploaded(10_000)
    for claimed in (parts[1:], parts[:-1], parts[::2], [*parts, {"part_id": "X", "offset": 2**64, "size": 1}]):
        for rect in ElementTree.fromstring(str(ruler_svg(laid(claimed, parts=parts)))).iter("rect"):
            left, width = (float((rect.get(name) or "").removesuffix("%")) for name in ("x", "width"))
            assert left >= 0
            assert width > 0
            assert left + width <= 100.01


def test_foreign_text_in_the_svg_is_escaped() -> None:
    svg = str(ruler_svg(laid(HOSTILE, {"kind": HOSTILE, "index": None, "message": HOSTILE})))

    assert "<script" not in svg
    assert "\x1b" not in svg
    ElementTree.fromstring(svg)
