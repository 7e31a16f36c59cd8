"""Comparisons of the embedded service with itself."""

from __future__ import annotations

import io
import tempfile

from rich.console import Console

from commit_conformance.compare.comparison import Comparison, compare
from commit_conformance.compare.screen import show
from commit_conformance.compare.settings import both_sides


def compared(a: str, b: str, *, seed: int = 7) -> Comparison:
    """Two targets as ``--target`` names them."""
    with tempfile.TemporaryDirectory() as out:
        return compare(both_sides([a, b], seed=str(seed), out=out, environment={}))


def screen(comparison: Comparison, *, every: bool = False, width: int = 100) -> list[str]:
    """What is printed, line by line."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(comparison, console, every=every)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()
