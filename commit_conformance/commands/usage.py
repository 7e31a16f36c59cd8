"""What every command shares: how wrong use is told, how names are checked, how a log is found.

Nothing heavy is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from commit_conformance.report.log import Log

WRONG_USE, NOT_TESTED = 2, 3


class Problem(click.ClickException):
    """One clear message and an exit code."""

    def __init__(self, message: str, exit_code: int = WRONG_USE) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares a class variable and reads it off instances

    def show(self, file: Any = None) -> None:
        """Prints the message, without what a terminal would obey."""
        from commit_conformance.report.plain import plain

        click.echo(f"commit-conformance: {plain(self.message)}", file=file or sys.stderr)


def check_names(option: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Checks that every name given is a known one.

    Raises:
        Problem: One is not.
    """
    from difflib import get_close_matches

    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Problem(f"{option} {name!r} is not one of {', '.join(known)}{hint}")


def path_of_log(path: Path) -> Path:
    """The event log of a run that is named by its folder or by the log itself."""
    return path / "events.jsonl" if path.is_dir() else path


def log_at(path: Path) -> Log:
    """Reads the event log of a run that is named by its folder or by the log itself.

    Raises:
        Problem: It cannot be read.
    """
    from commit_conformance.report.log import BrokenLog, read_log

    try:
        return read_log(path_of_log(path))
    except BrokenLog as error:
        raise Problem(str(error)) from None
