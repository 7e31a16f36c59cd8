"""The families that the tests of the rules send, read off their parameters."""

from __future__ import annotations

import ast
from pathlib import Path

from strategies import bodies, digests, part_lists
from strategies.family import Family

ROOT = Path(__file__).parents[3]
_ROOMS = {"part_lists": part_lists, "digests": digests, "bodies": bodies}


def families_of_tests() -> dict[str, Family]:
    """Every family that stands beside a rule's id in a table of a test, by that id."""
    found: dict[str, Family] = {}
    for path in sorted((ROOT / "tests" / "server").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Dict):
                continue
            for key, value in zip(node.keys, node.values, strict=True):
                named = isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name)
                if isinstance(key, ast.Constant) and named and value.value.id in _ROOMS:
                    family = getattr(_ROOMS[value.value.id], value.attr)
                    assert isinstance(family, Family)
                    found[key.value] = family
    assert found
    return found
