"""Writes the matrix into files."""

from __future__ import annotations

import json
from pathlib import Path

from commit_conformance.clients.report import html, markdown
from commit_conformance.clients.report.matrix import Matrix

__all__ = ["write_matrix"]


def write_matrix(matrix: Matrix, out: Path) -> tuple[Path, ...]:
    """Writes ``sdks.md``, ``sdks.html`` and ``sdks.json`` into a folder; gives their paths.

    Each appears whole or not at all.

    Raises:
        OSError: The folder cannot be written to.
    """
    texts = {
        "sdks.md": markdown.render(matrix),
        "sdks.html": html.render(matrix),
        "sdks.json": json.dumps(matrix.as_json(), indent=2) + "\n",
    }
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        temporary = out / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8", newline="\n")
        written.append(temporary.replace(out / name))
    return tuple(written)
