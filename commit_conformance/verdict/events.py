"""Writes the event log: a JSON object a line, each written whole and at once, so that a crash tears one at most."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

FORMAT = 1


def now() -> str:
    """The time of day, RFC 3339, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class EventLog:
    """An event log being written.

    Args:
        path: The file; an older log there is replaced. None keeps events in memory only.

    Attributes:
        events: Everything written so far.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None

    def write(self, event: dict[str, Any]) -> None:
        """Writes one event."""
        if self._file is None:
            return
        # Surrogates come from JSON a target sent; they have no UTF-8 form, so everything beyond ASCII is escaped.
        self._file.write(json.dumps(event, ensure_ascii=True, default=str) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
