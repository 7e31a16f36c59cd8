"""Options of a run as options of a command, made of the table that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from commit_conformance.options import OPTIONS, Option

__all__ = ["options", "run_options"]


def options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds some options of a run to a command."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(OPTIONS):
            command = _option(option, command) if option.name in names else command
        return command

    return add


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds every option of a run to a command."""
    return options(*(option.name for option in OPTIONS))(command)


def _option(option: Option, command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        f"--{option.name}",
        option.field,
        default=None,
        help=_help(option),
        **(
            {"is_flag": True}
            if option.flag
            else {"multiple": option.many, "metavar": "|".join(option.choices) or option.metavar}
        ),
    )(command)


def _help(option: Option) -> str:
    text = option.help
    if option.default:
        text += f" Default: {option.default}."
    return f"{text} [{option.variable}]"
