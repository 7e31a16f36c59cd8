"""The picture of the architecture: its rooms are those that there are, and imports go down."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "commit_conformance"
PAGE = ROOT / "docs/architecture.md"
#: What a code host or the theme of the site may put behind the picture.
BACKGROUNDS = ("#ffffff", "#131416", "#0d1117")


def load_picture() -> ModuleType:
    path = ROOT / "docs/site/architecture_picture.py"
    spec = importlib.util.spec_from_file_location("architecture_picture", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module


picture = load_picture()
FLOOR_OF = {held: number for number, floor in enumerate(picture.FLOORS) for room in floor for held in room.holds}
ROOM_OF = {held: room.name for floor in picture.FLOORS for room in floor for held in room.holds}


def rooms() -> dict[str, list[Path]]:
    """The files of each package and module of the project."""
    found = {
        path.stem: [path] if path.is_file() else sorted(path.rglob("*.py"))
        for path in PACKAGE.iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists()))
    }
    for folder in ("strategies", "tests/server"):
        found[folder] = sorted((ROOT / folder).rglob("*.py"))
    return found


def imports_of(path: Path) -> Iterator[str]:
    """The rooms that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{name.name}" for name in node.names]
        for name in names:
            words = name.split(".")
            if words[0] == "strategies":
                yield "strategies"
            elif words[0] == "commit_conformance" and words[1] in FLOOR_OF:
                yield words[1]


def test_the_rooms_of_the_picture_are_those_that_there_are() -> None:
    assert FLOOR_OF.keys() == rooms().keys()
    assert len(FLOOR_OF) == sum(len(room.holds) for floor in picture.FLOORS for room in floor)


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_imports_only_from_floors_below(room: str) -> None:
    files = rooms()[room]
    assert files
    for path in files:
        for other in imports_of(path):
            if ROOM_OF[other] != ROOM_OF[room]:
                assert FLOOR_OF[other] > FLOOR_OF[room], f"{path.relative_to(ROOT)} imports {other}"


def test_the_file_is_what_the_script_draws() -> None:
    kept = picture.PICTURE.read_text(encoding="utf-8")
    assert kept == picture.drawing(), "write it anew: python docs/site/architecture_picture.py"


def test_the_page_names_every_room() -> None:
    text = PAGE.read_text(encoding="utf-8")
    packages = {name for name in rooms() if (PACKAGE / name).is_dir()}
    in_table = set(re.findall(r"^\| `(?:commit_conformance/)?([a-z_/]+?)/?` \|", text, re.M))
    assert in_table == packages | {"specs", "strategies", "tests/server", "tests/suite"}
    found = re.search(r"!\[([^\]]+)\]\(architecture\.svg\)", text)
    assert found is not None
    described = set(re.findall(r"[a-z_/]+", found[1]))
    assert packages | {"specs", "strategies", "tests/server"} <= described


def test_it_is_read_on_white_and_on_black() -> None:
    for colour in picture.COLOURS.values():
        assert contrast(colour, "#ffffff") >= 4.5
    for background in BACKGROUNDS:
        assert contrast(picture.GREY, background) >= 4


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG, from 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
