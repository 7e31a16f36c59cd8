"""Writes the reports that are files beside their log."""

from __future__ import annotations

import secrets
from pathlib import Path

from commit_conformance.report import html, junit
from commit_conformance.report.log import read_log


def write_reports(events: Path, out: Path) -> dict[str, Path]:
    """Reads the log ``events`` and writes ``report.html`` and ``junit.xml`` into the folder ``out``.

    Each file appears whole or not at all, also when a former one is replaced while somebody reads it.

    Returns:
        The files written, under ``html`` and ``junit``.

    Raises:
        BrokenLog: If the log cannot be read; nothing is written then.
        OSError: If ``out`` cannot be written to.
    """
    log = read_log(events)
    texts = {"html": ("report.html", html.render(log)), "junit": ("junit.xml", junit.render(log))}
    out.mkdir(parents=True, exist_ok=True)
    return {kind: _replace(out / name, text) for kind, (name, text) in texts.items()}


def _replace(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
