"""Draws docs/architecture.svg: the rooms of this project, one floor above the other.

    python docs/site/architecture_picture.py

Owns which room is drawn on which floor. The picture says that a room imports only from floors below its own, and a
test holds that against the code, and the rooms against those that there are. Its colours are chosen to be read on white
and on black alike, since an image does not know which of the two surrounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

__all__ = ["FLOORS", "PICTURE", "Room", "drawing"]

PICTURE: Final = Path(__file__).parents[1] / "architecture.svg"

WIDTH = 880
MARGIN = 8
GAP = 10
HEIGHT = 74
#: From the floor to the next one.
STEP = HEIGHT + GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A box of the picture.

    Attributes:
        name: What is written on it.
        says: What it is for, two short lines at most.
        holds: The packages and modules in it: names below ``commit_conformance``, or folders of the checkout.
        kind: Which colour it has.
        step: Which step of a run it is, from 1; None where it is none.
        share: How wide it is, beside the others of its floor.
    """

    name: str
    says: tuple[str, ...]
    holds: tuple[str, ...]
    kind: str
    step: int | None = None
    share: float = 1


#: From the roof to the ground.
FLOORS: Final = (
    (
        Room(
            name="the command line and pytest",
            says=("cli, commands, runner, plugin, conductor: options in, exit code out",),
            holds=(
                "__main__",
                "agenda",
                "ahead",
                "cli",
                "commands",
                "conductor",
                "output",
                "plugin",
                "process",
                "pytest_api",
                "rehearsal",
                "replay",
                "runner",
                "session",
                "workers",
            ),
            kind="rim",
        ),
    ),
    (
        Room(
            name="tests/server",
            says=("one test for each rule, reading like the contract",),
            holds=("tests/server",),
            kind="run",
            share=3,
        ),
        Room(name="load", says=("many users at once,", "by Locust"), holds=("load",), kind="way"),
    ),
    (
        Room(name="syntax", says=("Schemathesis, its", "cases on live sessions"), holds=("syntax",), kind="way"),
        Room(name="static_mock", says=("mocks that answer", "from examples"), holds=("static_mock",), kind="way"),
        Room(name="compare", says=("two targets", "side by side"), holds=("compare",), kind="way"),
        Room(name="clients", says=("SDKs on trial:", "driver, scenarios"), holds=("clients",), kind="way"),
    ),
    (
        Room(
            name="trial",
            says=("a server on trial: commits, refusals,", "races, walks, evidence"),
            holds=("trial",),
            kind="run",
            share=2,
        ),
        Room(
            name="options, settings",
            says=("every option once, for command,", "pytest and profiles"),
            holds=("authorization", "options", "settings"),
            kind="rim",
            share=2,
        ),
    ),
    (
        Room(
            name="verdict",
            says=("from an answer to a verdict: catalogue, state of a run, events",),
            holds=("verdict",),
            kind="run",
            step=6,
        ),
    ),
    (
        Room(
            name="target",
            says=("a server under test: its sessions, capabilities, ledger; the request for a real upload",),
            holds=("target",),
            kind="run",
            step=3,
        ),
    ),
    (
        Room(
            name="strategies",
            says=("what to send: right", "commits and wrong ones"),
            holds=("strategies",),
            kind="run",
            step=2,
        ),
        Room(
            name="wire",
            says=("sending: budget, patience,", "redaction"),
            holds=("wire",),
            kind="run",
            step=4,
        ),
        Room(name="mock", says=("the service behind", "your own httpx client"), holds=("mock",), kind="way"),
    ),
    (
        Room(name="specs", says=("the contract as data:", "rules, OpenAPI"), holds=("specs",), kind="run", step=1),
        Room(name="model", says=("what is right:", "the first brain"), holds=("model",), kind="brain", step=5),
        Room(name="reference", says=("a correct service:", "the second brain"), holds=("reference",), kind="other"),
        Room(name="report", says=("from logs alone", "to pages and files"), holds=("report",), kind="run", step=7),
        Room(
            name="known, profiles",
            says=("files of settings, and", "of known failures"),
            holds=("known", "profiles"),
            kind="rim",
            share=1.15,
        ),
    ),
)

#: White letters on each of these have a contrast of more than 4.5.
COLOURS: Final = {"rim": "#5b6675", "run": "#2b63a0", "way": "#6d4fa3", "brain": "#23774f", "other": "#9a4f1c"}
#: On white and on the theme's black, this grey has a contrast of more than 4.
GREY: Final = "#7a7f87"
LEGEND: Final = (
    ("run", "a run, step by step"),
    ("way", "other ways to use it"),
    ("rim", "what people set"),
    ("brain", "one brain"),
    ("other", "the other brain"),
)


def drawing() -> str:
    """The picture, as SVG."""
    height = MARGIN * 2 + STEP * len(FLOORS) + 46
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' font-family="system-ui, sans-serif" text-anchor="middle">',
        "<title>The rooms of the project</title>",
        "<desc>Rooms on eight floors. A room imports only from floors below its own.</desc>",
    ]
    for number, floor in enumerate(FLOORS):
        top = MARGIN + number * STEP
        unit = (WIDTH - 2 * MARGIN - GAP * (len(floor) - 1)) / sum(room.share for room in floor)
        left = float(MARGIN)
        for room in floor:
            lines += _box(room, left, top, unit * room.share)
            left += unit * room.share + GAP
    lines += _legend(MARGIN + STEP * len(FLOORS) + 16)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _text(words: str, x: float, y: float, *, size: float, fill: str = "#fff", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}"{more}>{escape(words)}</text>'


def _box(room: Room, left: float, top: int, width: float) -> list[str]:
    middle = left + width / 2
    first = top + HEIGHT / 2 - 9 * len(room.says) + 4
    lines = [
        f'<g data-rooms="{escape(" ".join(room.holds))}">',
        f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{HEIGHT}" rx="8" fill="{COLOURS[room.kind]}"/>',
        _text(room.name, middle, first, size=17, more=' font-weight="600"'),
    ]
    for number, text in enumerate(room.says, start=1):
        lines.append(_text(text, middle, first + 2 + 18 * number, size=13.5))
    if room.step is not None:
        x, y = left + 17, top + 17
        lines += [
            f'<circle cx="{x:.1f}" cy="{y}" r="11" fill="#fff"/>',
            _text(str(room.step), x, y + 5, size=14, fill=COLOURS[room.kind], more=' font-weight="700"'),
        ]
    return [*lines, "</g>"]


def _legend(top: int) -> list[str]:
    lines = []
    unit = (WIDTH - 2 * MARGIN) / len(LEGEND)
    for number, (kind, text) in enumerate(LEGEND):
        left = MARGIN + unit * number
        lines += [
            f'<rect x="{left:.1f}" y="{top}" width="14" height="14" rx="3" fill="{COLOURS[kind]}"/>',
            _text(text, left + 20, top + 12, size=13.5, fill=GREY, more=' text-anchor="start"'),
        ]
    return lines


if __name__ == "__main__":
    PICTURE.write_text(drawing(), encoding="utf-8")
