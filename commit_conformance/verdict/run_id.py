"""The name of a run."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def new_run_id() -> str:
    """A name for a run, and the start of the names of everything it makes."""
    return datetime.now(UTC).strftime("cc-%Y%m%d-%H%M%S-") + f"{time.time_ns() // 1000 % 46656:03x}"
