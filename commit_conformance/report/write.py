"""Writes the reports that are files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from commit_conformance.report.formats import DEFAULT_FORMATS, FORMATS, badge, document, har, junit, markdown, sarif
from commit_conformance.report.formats import formats_of as formats_of
from commit_conformance.report.html import page
from commit_conformance.report.log import Log, read_log

_RENDERERS: dict[str, Callable[[Log], str]] = {
    "html": page.render,
    "markdown": markdown.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "json": document.render,
    "har": har.render,
    "badge": badge.render,
}


def write(
    events: Path,
    formats: Iterable[str] = DEFAULT_FORMATS,
    directory: Path | None = None,
    *,
    link: str | None = None,
) -> dict[str, Path]:
    """Reads the log ``events`` and writes it in every format asked for.

    Each file appears whole or not at all, also when a former one is replaced while somebody reads it. The same log
    gives the same files.

    Args:
        events: The event log.
        formats: Names from `FORMATS`.
        directory: Where to write; beside the log by default. It is made where it is missing.
        link: Where the Markdown report points for the whole; the HTML report beside it by default.

    Returns:
        The files written, by format.

    Raises:
        BrokenLog: The log cannot be read; nothing is written then.
        UnknownFormat: There is no such format; nothing is written then.
        OSError: ``directory`` cannot be written to.
    """
    chosen = formats_of(formats)
    log = read_log(events)
    out = events.parent if directory is None else directory
    texts = {name: _RENDERERS[name](log) for name in chosen}
    if link is not None and "markdown" in texts:
        texts["markdown"] = markdown.render(log, link)
    out.mkdir(parents=True, exist_ok=True)
    return {name: replace_file(out / FORMATS[name], text) for name, text in texts.items()}


def replace_file(path: Path, text: str) -> Path:
    """Writes a text to ``path`` so that nobody ever sees half of it.

    Raises:
        OSError: It cannot be written; what was there stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
