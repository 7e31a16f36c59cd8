from __future__ import annotations

import json

from sides import compared, screen

from commit_conformance.compare.comparison import Comparison, Played
from commit_conformance.compare.differences import Blame, Difference, Group
from commit_conformance.compare.screen import LINES, as_json
from commit_conformance.compare.seen import Aspect
from commit_conformance.target.embedded import TOKEN
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.wire import Cost

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202etxt.exe\r\nA wrong: [bold]you[/bold] \x9b31m"


def made_up(text: str, *, kinds: int = 1, **changes: object) -> Comparison:
    """A comparison in which every foreign text is ``text``."""
    difference = Difference(
        aspect=Aspect.OUTCOME,
        blame=Blame.B,
        label="A refused, B committed",
        subject=text,
        sent=text,
        a=text,
        b=text,
        allowed=text,
    )
    played = Played(label=text, unasked=(text,), cost=Cost(requests=1), cleanup=CleanupResult(left=[text]), seconds=1.0)
    groups = tuple(Group(example=difference) for _ in range(kinds))
    told = {"seed": 1, "a": played, "b": played, "compared": 2, "differing": 1, "wrong_alike": 1, "groups": groups}
    return Comparison(**{**told, **changes})  # type: ignore[arg-type]


def test_what_a_target_says_is_made_harmless() -> None:
    lines = screen(made_up(HOSTILE), every=True, width=200)
    assert not set("".join(lines)) & {"\x1b", "\x07", "\u202e", "\r", "\x9b"}
    assert sum(line.startswith("B wrong") for line in lines) == 1
    assert not any(line.startswith("A wrong") for line in lines)
    assert any("[bold]you[/bold]" in line for line in lines)


def test_as_json_it_is_plain_ascii() -> None:
    assert json.dumps(as_json(made_up(HOSTILE))).isascii()


def test_it_fits_one_screen_however_much_differs_and_however_long_texts_are() -> None:
    for kinds in (0, 1, 2, 3, 4, 5, 8, 30):
        for text in ("short", "long " * 200, "x" * 3000):
            lines = screen(made_up(text, kinds=kinds), width=80)
            assert len(lines) <= LINES
            assert max(map(len, lines)) <= 80


def test_what_is_left_and_what_could_not_be_asked_is_told() -> None:
    lines = screen(made_up("this"))
    assert "1 request could not be asked: this" in lines
    assert {"left on A: this", "left on B: this"} <= set(lines)


def test_a_token_that_is_echoed_does_not_get_into_the_comparison() -> None:
    found = compared("mock", "mock:fault=echoes-token")
    assert any("TOKEN-ECHO" in group.example.rules for group in found.groups)
    assert TOKEN not in json.dumps(as_json(found))
