"""Behaviours alone, with every value they may have, and two at a time.

A server differs from the reference in more than one respect, and what is harmless alone need not be harmless together:
a session that answers 202 first, and a list that ends its session. Owns which runs there are; what comes of them is
judged in `benchmarks.detection` and in ``tests/suite/runs``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmarks.many_runs import Job
from commit_conformance.reference import BEHAVIOURS, Settings, apply_behaviours, parse_behaviour

#: What a server does over several requests, or asks for beyond the usual. The rest is how its answers look.
COURSE = frozenset(
    {
        "processing",
        "processing-every",
        "async-validation",
        "retry-after",
        "rate-limit",
        "order",
        "overlap",
        "repeat",
        "sha1-required",
        "quoted-etags",
        "digest-lists",
        "part-size",
        "min-file-size",
        "commit-path",
    }
)
#: Values of those that take a number or an offset: the usual server that never answers 202, and a few odd ones.
MORE_VALUES = ("processing=0", "processing-every=1", "rate-limit=3", "part-size=1KiB", "dates=+05:45")


def behaviour_names() -> list[str]:
    """Every behaviour with a value that differs from the default."""
    return [f"{b.name}={b.example}" if b.syntax else b.name for b in BEHAVIOURS.values()]


def value_names() -> list[str]:
    """Further values that differ from the default: all where there are few, such as ``repeat=410``, else some."""
    few = [
        f"{behaviour.name}={value}"
        for behaviour in BEHAVIOURS.values()
        if "|" in behaviour.syntax
        for value in behaviour.syntax.split("|")
        if value.isalnum() and value != behaviour.example
    ]
    return [text for text in [*few, *MORE_VALUES] if apply_behaviours([text]) != Settings()]


def kind(text: str) -> str:
    """What a behaviour is about: ``lacks`` an operation, the ``course`` of things, or how ``answers`` look."""
    name = text.partition("=")[0]
    if name.startswith("no-"):
        return "lacks"
    return "course" if name in COURSE else "answers"


def why_not(one: str, other: str) -> str | None:
    """Why two behaviours cannot be had together, or ``None`` if they can.

    The service has one value of each setting. Where both set the same one, the later undoes the earlier, at least in
    part, and what runs is not what the pair says. Operations that are missing add up.
    """
    first, second = parse_behaviour(one).settings, parse_behaviour(other).settings
    both = sorted(name for name in set(first) & set(second) - {"missing"} if first[name] != second[name])
    return f"both set {', '.join(both)}" if both else None


def all_pairs() -> list[tuple[str, str]]:
    """Every two different behaviours that can be had together, each pair once, in the order of `BEHAVIOURS`."""
    return [pair for pair in itertools.combinations(behaviour_names(), 2) if not why_not(*pair)]


def left_out() -> dict[str, str]:
    """The other pairs, with the reason."""
    pairs = itertools.combinations(behaviour_names(), 2)
    return {f"{one} + {other}": why for one, other in pairs if (why := why_not(one, other))}


def sample_pairs() -> list[tuple[str, str]]:
    """Some sixty pairs, the same every time.

    Every behaviour is paired with one of each other kind, and those that concern the course of things, which are the
    likeliest to get into each other's way, with one of their own kind as well.
    """
    kinds: dict[str, list[str]] = {"course": [], "answers": [], "lacks": []}
    for text in behaviour_names():
        kinds[kind(text)].append(text)
    chosen: dict[frozenset[str], tuple[str, str]] = {}
    for one, other in itertools.combinations(kinds.values(), 2):
        longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
        for index, text in enumerate(longer):
            _choose(text, shorter, index, chosen)
    for index, text in enumerate(kinds["course"]):
        _choose(text, kinds["course"], index + 1, chosen)
    return list(chosen.values())


def pair_jobs(which: str) -> list[Job]:
    """The jobs of ``all``, ``sample`` or ``none``."""
    pairs: Sequence[tuple[str, str]] = {"all": all_pairs, "sample": sample_pairs, "none": list}[which]()
    return [Job(name=f"pair {one} + {other}", behaviours=(one, other)) for one, other in pairs]


def value_jobs() -> list[Job]:
    """One job for each further value."""
    return [Job(name=f"behaviour {text}", behaviours=(text,)) for text in value_names()]


def _choose(text: str, partners: Sequence[str], start: int, chosen: dict[frozenset[str], tuple[str, str]]) -> None:
    """Pairs a behaviour with the first partner from `start` on that goes with it."""
    for step in range(len(partners)):
        partner = partners[(start + step) % len(partners)]
        pair = frozenset({text, partner})
        if partner != text and pair not in chosen and not why_not(text, partner):
            chosen[pair] = (text, partner)
            return
