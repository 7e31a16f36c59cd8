"""The formats of a report, by name: which there are, and in which file each is written.

A module of this room makes one format: ``render(log)`` gives the text of the file. The HTML page has a room of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "html": "report.html",
        "markdown": "report.md",
        "junit": "junit.xml",
        "sarif": "report.sarif",
        "json": "report.json",
        "har": "failures.har",
        "badge": "badge.svg",
    }
)
"""Names of the formats, as ``--report`` and ``--format`` take them, and the file each is written to."""

DEFAULT_FORMATS: Final = ("html", "junit")
"""What a run writes when nothing else is asked for."""


class UnknownFormat(ValueError):
    """A report is asked for in a format that does not exist.

    Attributes:
        name: What was asked for.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        near = get_close_matches(name, FORMATS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        super().__init__(f"{name!r} is no report format; formats are {', '.join(FORMATS)}{hint}")


def formats_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """Formats from a list separated by commas, or from several names; each once, in the order given.

    ``none`` and nothing at all stand for no report.

    Raises:
        UnknownFormat: There is no such format.
    """
    pieces = names.split(",") if isinstance(names, str) else [each for name in names for each in name.split(",")]
    chosen = dict.fromkeys(piece.strip().lower() for piece in pieces if piece.strip())
    chosen.pop("none", None)
    for name in chosen:
        if name not in FORMATS:
            raise UnknownFormat(name)
    return tuple(chosen)
