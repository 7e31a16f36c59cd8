"""An error of our own, in words: what is told of it where a run goes on in spite of it."""

from __future__ import annotations

import traceback


def described(error: BaseException) -> str:
    """Kind, message and place of an error that was raised, such as ``KeyError: 'id' (read, line 12)``."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
