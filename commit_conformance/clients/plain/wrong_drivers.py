"""Drivers that do not keep to the protocol, and one that does nothing.

Owns what a stranger's program may do to the suite. Each is run by name; all of them say hello first where they can.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from commit_conformance.clients.plain.client import Client
from commit_conformance.clients.plain.driver import hello, result_of, write

__all__ = ["WRONG_DRIVERS"]

#: The scenario they go wrong at; the others are played rightly, so that it shows that the suite goes on.
AT = "created/upload"


def nothing() -> None:
    """Does nothing at all, and says so."""
    write(hello("nothing", note="does nothing"))
    for line in sys.stdin:
        write({"type": "result", "id": json.loads(line)["id"], "outcome": "nothing"})


def unsupported() -> None:
    """Has no call."""
    write({**hello("unsupported"), "calls": {}})
    for _ in sys.stdin:
        return


def _at_one(wrong: Callable[[Mapping[str, Any]], None]) -> None:
    write(hello("wrong"))
    for line in sys.stdin:
        scenario = json.loads(line)
        if scenario["id"] == AT:
            sys.stderr.write("something is about to go wrong\n")
            sys.stderr.flush()
            wrong(scenario)
        else:
            write(result_of(scenario, Client))


def _raw(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _not_text(scenario: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(b"\xff\xfe\x00\n")
    sys.stdout.flush()


def _answers_twice(scenario: Mapping[str, Any]) -> None:
    result = result_of(scenario, Client)
    write(result)
    write(result)


def _flood(scenario: Mapping[str, Any]) -> None:
    while True:
        _raw("x" * 65536)


def _flood_of_lines(scenario: Mapping[str, Any]) -> None:
    while True:
        _raw('{"type": "progress"}\n' * 1000)


def _flood_of_errors(scenario: Mapping[str, Any]) -> None:
    for _ in range(2000):
        sys.stderr.write("x" * 4095 + "\n")
    write(result_of(scenario, Client))


def _leaves_a_child(scenario: Mapping[str, Any]) -> None:
    # The child keeps standard output open, so an end of the driver does not show as an end of its output.
    if os.fork() == 0:
        time.sleep(600)
    os._exit(3)


WRONG_DRIVERS: Final[Mapping[str, Callable[[], None]]] = {
    "nothing": nothing,
    "unsupported": unsupported,
    "silent": lambda: time.sleep(600),
    "other-protocol": lambda: write({**hello(), "protocol": 9}),
    "no-hello": lambda: write({"type": "result", "id": "x", "outcome": "nothing"}),
    "ends": lambda: _at_one(lambda scenario: os._exit(7)),
    "leaves-a-child": lambda: _at_one(_leaves_a_child),
    "hangs": lambda: _at_one(lambda scenario: time.sleep(600)),
    "rubbish": lambda: _at_one(lambda scenario: _raw("WARNING: something was deprecated\n")),
    "not-an-object": lambda: _at_one(lambda scenario: _raw("[1, 2]\n")),
    "not-text": lambda: _at_one(_not_text),
    "half-a-result": lambda: _at_one(lambda scenario: write({"type": "result", "id": scenario["id"]})),
    "wrong-id": lambda: _at_one(lambda scenario: write({"type": "result", "id": "x", "outcome": "nothing"})),
    "answers-twice": lambda: _at_one(_answers_twice),
    "deep": lambda: _at_one(lambda scenario: _raw("[" * 100_000 + "\n")),
    "floods": lambda: _at_one(_flood),
    "floods-lines": lambda: _at_one(_flood_of_lines),
    "floods-errors": lambda: _at_one(_flood_of_errors),
}
"""All of them by name."""
