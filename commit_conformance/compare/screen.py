"""A comparison for people and for programs. What is worst comes first, and the whole fits one screen."""

from __future__ import annotations

import textwrap
from typing import Any

from rich.console import Console
from rich.text import Text

from commit_conformance.compare.comparison import Comparison, Played
from commit_conformance.compare.differences import Blame, Group
from commit_conformance.report.plain import count_text, plain_line

#: Lines of a screen, one being left to the prompt.
LINES = 23
FORMAT = 1
#: Columns beyond which a line is hard to follow.
_WIDEST = 120
_STYLES = {Blame.A: "bold red", Blame.B: "bold red", Blame.BOTH: "bold yellow", Blame.NEITHER: "cyan"}


def show(comparison: Comparison, console: Console, *, every: bool = False) -> None:
    """Prints a comparison.

    Args:
        every: Every difference in full, however long it gets.
    """
    width = min(console.width, _WIDEST)
    head, tail = _head(comparison), _tail(comparison)
    room = None if every else LINES - len(head) - len(tail)
    for text, style in [*head, *_body(comparison.groups, room, width), *tail]:
        shown = Text(plain_line(text), style=style)
        if not every:
            shown.truncate(width, overflow="ellipsis")
        console.print(shown, soft_wrap=True)


def _head(comparison: Comparison) -> list[tuple[str, str]]:
    wrong = sum(group.count for group in comparison.groups if group.example.blame is not Blame.NEITHER)
    if not comparison.groups:
        said = f"no difference in {count_text(comparison.compared, 'request')}"
    else:
        right = sum(group.count for group in comparison.groups) - wrong
        answered = f"{comparison.differing:,} of {count_text(comparison.compared, 'request')} answered differently"
        said = f"{answered}: {wrong:,} by fault, {right:,} rightly"
    return [
        (f"A  {comparison.a.label}", "bold"),
        (f"B  {comparison.b.label}", "bold"),
        (said, "bold red" if wrong else "bold"),
    ]


def _body(groups: tuple[Group, ...], room: int | None, width: int) -> list[tuple[str, str]]:
    """Groups in full as long as there is room, then a line each, then how many are left."""
    found: list[tuple[str, str]] = []
    for number, group in enumerate(groups):
        rest = len(groups) - number
        block = _block(group, None if room is None else width)
        if room is None or len(found) + len(block) + min(rest - 1, 2) <= room:
            found += block
        elif len(found) + (1 if rest == 1 else 2) <= room:
            found.append((_title(group), _STYLES[group.example.blame]))
        else:
            found.append((f"and {count_text(rest, 'more kind')} of differences; --all shows them", "dim"))
            break
    return found


def _block(group: Group, width: int | None) -> list[tuple[str, str]]:
    """A group in full; its title takes two lines where it names many subjects, more only without a ``width``."""
    example, title = group.example, plain_line(_title(group))
    titles = [title] if width is None else textwrap.wrap(title, width, subsequent_indent="  ")
    if len(titles) > 2:
        titles = [titles[0], f"{titles[1]} {titles[2].strip()}"]
    lines = [(line, _STYLES[example.blame]) for line in titles]
    lines += [("  sent     " + example.sent, "")] if example.sent else []
    lines += [("  A        " + example.a, ""), ("  B        " + example.b, "")]
    if example.sent or example.blame is not Blame.NEITHER:
        lines.append(("  allowed  " + example.allowed, "dim"))
    return lines


def _title(group: Group) -> str:
    example = group.example
    times = f" ({group.count} requests)" if group.count > 1 else ""
    rules = f" [{', '.join(example.rules)}]" if example.rules else ""
    return f"{example.blame}: {example.label}{times}{rules}: {'; '.join(group.subjects)}"


def _tail(comparison: Comparison) -> list[tuple[str, str]]:
    lines = []
    if comparison.wrong_alike:
        said = f"both wrong alike in {count_text(comparison.wrong_alike, 'request')}, which is no difference: test them"
        lines.append((f"{said} with run", "yellow"))
    unasked = max((comparison.a, comparison.b), key=lambda played: len(played.unasked)).unasked
    if unasked:
        lines.append((f"{count_text(len(unasked), 'request')} could not be asked: {unasked[-1]}", "yellow"))
    costs = "; ".join(f"{name} {_cost(played)}" for name, played in (("A", comparison.a), ("B", comparison.b)))
    lines.append((f"seed {comparison.seed}; {costs}", "dim"))
    for name, played in (("A", comparison.a), ("B", comparison.b)):
        if played.cleanup.left:
            lines.append((f"left on {name}: {', '.join(played.cleanup.left)}", "bold yellow"))
    return lines


def _cost(played: Played) -> str:
    cost = played.cost
    return f"{cost.requests:,} requests, {cost.upload_requests:,} uploading, {cost.committed_files:,} files"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison with stable keys."""
    return {
        "format": FORMAT,
        "seed": comparison.seed,
        "a": _played(comparison.a),
        "b": _played(comparison.b),
        "compared": comparison.compared,
        "differing": comparison.differing,
        "wrong_alike": comparison.wrong_alike,
        "differences": [_group(group) for group in comparison.groups],
    }


def _played(played: Played) -> dict[str, Any]:
    return {
        "target": played.label,
        "seconds": round(played.seconds, 3),
        "cost": played.cost.as_json(),
        "cleanup": played.cleanup.as_json(),
        "unasked": list(played.unasked),
    }


def _group(group: Group) -> dict[str, Any]:
    example = group.example
    return {
        "blame": example.blame.name.lower(),
        "aspect": example.aspect.name.lower(),
        "count": group.count,
        "subjects": group.subjects,
        "rules": list(example.rules),
        "sent": example.sent or None,
        "a": example.a,
        "b": example.b,
        "allowed": example.allowed,
    }
