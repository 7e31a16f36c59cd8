"""Where two sides differ, whose fault that is, and which differences are one.

Of one step only what matters most is told: where one side commits and the other refuses, that their bodies differ as
well says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commit_conformance.compare.script import Step
from commit_conformance.compare.seen import WRONGLY, Aspect, Seen, members_apart

#: Members named of each difference; the rest is counted.
_NAMED = 3


class Blame(StrEnum):
    """Whose fault a difference is by the contract, the weightiest first."""

    A = "A wrong"
    B = "B wrong"
    BOTH = "both wrong, differently"
    NEITHER = "both right, but different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One way in which the sides differ.

    Attributes:
        label: What is different, in a few words.
        subject: What it is about, a noun phrase.
        sent: What was sent, in words; empty where nothing was.
        a, b: What each side answered or does, in words.
        allowed: What the contract allows there, in words.
        rules: Rules that a side breaks by it.
        key: The same for differences that are told together.
    """

    aspect: Aspect
    blame: Blame
    label: str
    subject: str
    sent: str
    a: str
    b: str
    allowed: str
    rules: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Differences of one kind: the first one in full, and what else shows the same."""

    example: Difference
    others: tuple[Difference, ...] = ()

    @property
    def count(self) -> int:
        """How many differences there are."""
        return 1 + len(self.others)

    @property
    def subjects(self) -> list[str]:
        """What they are about, each once."""
        return list(dict.fromkeys(each.subject for each in (self.example, *self.others)))


def compare_step(step: Step, a: Seen, b: Seen) -> list[Difference]:
    """Every difference between what became of one step on both sides."""
    found: list[Difference] = []

    def differ(aspect: Aspect) -> bool:
        return aspect in a.aspects and aspect in b.aspects and a.aspects[aspect] != b.aspects[aspect]

    def note(aspect: Aspect, *key: str, said: tuple[str, str] | None = None, wrong: Aspect | None = None) -> None:
        left, right = (seen.wrong.get(wrong or aspect, ()) for seen in (a, b))
        blame = _blame(bool(left), bool(right))
        found.append(
            Difference(
                aspect=aspect,
                blame=blame,
                label=_label(aspect, a, b),
                subject=step.subject,
                sent=step.what,
                a=said[0] if said else a.said,
                b=said[1] if said else b.said,
                allowed=a.allowed,
                rules=tuple(sorted({each.rule for each in (*left, *right) if each.rule})),
                key=(aspect, blame, *key),
            )
        )

    if differ(Aspect.OUTCOME):
        note(Aspect.OUTCOME, str(a.status), str(b.status))
        return found
    if differ(Aspect.STORED):
        note(Aspect.STORED, *_rules(Aspect.STORED, a, b))
    if differ(Aspect.CONTRACT):
        said = tuple(_with_problems(seen) for seen in (a, b))
        note(Aspect.CONTRACT, *_rules(Aspect.CONTRACT, a, b), said=(said[0], said[1]))
    if differ(Aspect.FIRST):
        said = tuple(f"{seen.aspects[Aspect.FIRST]}, in the end {seen.said}" for seen in (a, b))
        note(Aspect.FIRST, str(a.due), said=(said[0], said[1]))
    if differ(Aspect.STATUS):
        note(Aspect.STATUS, str(a.status), str(b.status), wrong=Aspect.OUTCOME)
    elif not differ(Aspect.CONTRACT):
        if differ(Aspect.CODE):
            note(Aspect.CODE)
        if differ(Aspect.HEADERS):
            left, right = (f"{seen.status} with {seen.aspects[Aspect.HEADERS]}" for seen in (a, b))
            note(Aspect.HEADERS, a.aspects[Aspect.HEADERS], b.aspects[Aspect.HEADERS], said=(left, right))
        apart = members_apart(a.members, b.members)
        if apart:
            note(Aspect.MEMBERS, str(a.status), said=(_named(a, apart), _named(b, apart)))
    return found


def _label(aspect: Aspect, a: Seen, b: Seen) -> str:
    if aspect is not Aspect.OUTCOME:
        return str(aspect)
    left, right = (seen.aspects[aspect].removesuffix(WRONGLY) for seen in (a, b))
    return f"A {left}, B {right}" if left != right else str(Aspect.STATUS)


def _blame(a: bool, b: bool) -> Blame:
    if a and b:
        return Blame.BOTH
    return Blame.A if a else Blame.B if b else Blame.NEITHER


def _rules(aspect: Aspect, a: Seen, b: Seen) -> list[str]:
    return sorted({each.rule for seen in (a, b) for each in seen.wrong.get(aspect, ())})


def _with_problems(seen: Seen) -> str:
    problems = dict.fromkeys(f"{each.message} ({each.rule})" for each in seen.wrong.get(Aspect.CONTRACT, ()))
    return f"{seen.status}: {'; '.join(problems)}" if problems else seen.said


def _named(seen: Seen, apart: Sequence[str]) -> str:
    said = [f"{pointer or 'the body'} {seen.members.get(pointer, 'is absent')}" for pointer in apart[:_NAMED]]
    more = len(apart) - _NAMED
    return f"{seen.status}: {', '.join(said)}" + (f", and {more} more" if more > 0 else "")


def group(differences: Iterable[Difference]) -> tuple[Group, ...]:
    """Differences by kind: what is somebody's fault first, then what weighs most, then what came first."""
    kinds: dict[tuple[str, ...], list[Difference]] = {}
    for difference in differences:
        kinds.setdefault(difference.key, []).append(difference)
    groups = [Group(example=each[0], others=tuple(each[1:])) for each in kinds.values()]
    blames, aspects = list(Blame), list(Aspect)
    return tuple(
        sorted(groups, key=lambda each: (blames.index(each.example.blame) // 2, aspects.index(each.example.aspect)))
    )


def without_chance(differences: Iterable[Difference], *, ever: frozenset[str]) -> list[Difference]:
    """Without those that a server's load decides: that one session is answered 202 first and another is not.

    Args:
        ever: Which commits both sides have answered 202 first at some time: ``True`` stands for those that have to be
            refused, ``False`` for the others.
    """
    return [each for each in differences if each.aspect is not Aspect.FIRST or each.key[-1] not in ever]
