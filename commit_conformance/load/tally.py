"""What a load was answered, counted: what was held, what was wrong, and what says nothing.

A tally is kept by each worker and sent whole, so that one that arrives twice, or late, does no harm: the last one of
every worker counts. All of it is JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Wrong answers that are kept with their exchanges, for each rule and worker. The others are counted.
EXAMPLES = 3


@dataclass(slots=True)
class Tally:
    """Counts of one worker, or of several together.

    Attributes:
        began: When the first commit was sent, in seconds since 1970; None before it.
        ended: When the last answer was judged.
        sent: Commits sent, by what they were: ``right``, ``wrong``, ``again``, ``meeting``.
        held: Commits and meetings that were answered as the contract has it.
        meetings: Meetings of requests, by their name.
        statuses: Answers to commits, by their status; every 202 and 429 on the way included.
        wrong: What was wrong, by rule: how often, when first, and a few examples.
        unjudged: Answers that say nothing, by why.
        trouble: Tasks that came to nothing, by why.
        files: Files and versions committed.
    """

    began: float | None = None
    ended: float | None = None
    sent: Counter[str] = field(default_factory=Counter)
    held: int = 0
    meetings: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, dict[str, Any]] = field(default_factory=dict)
    unjudged: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)
    tasks: int = 0
    files: int = 0

    @property
    def commits(self) -> int:
        """Commits sent."""
        return self.sent.total()

    @property
    def broken(self) -> int:
        """Wrong answers."""
        return sum(int(found["count"]) for found in self.wrong.values())

    @property
    def judged(self) -> int:
        """Commits and meetings that say something of the server."""
        return self.held + self.broken

    @property
    def seconds(self) -> float:
        """From the first commit to the last answer."""
        return (self.ended - self.began) if self.began is not None and self.ended is not None else 0.0

    def goes_out(self, kind: str, *, now: float, count: int = 1) -> None:
        """Notes that commits are sent."""
        self.began = now if self.began is None else self.began
        self.sent[kind] += count

    def breaks(self, rule: str, message: str, *, now: float, example: dict[str, Any]) -> None:
        """Notes a wrong answer.

        Args:
            example: What was sent and answered, redacted; kept where there are few of this rule.
        """
        self.ended = now
        found = self.wrong.setdefault(
            rule,
            {
                "count": 0,
                "first_seconds": now - (self.began if self.began is not None else now),
                "first_commits": self.commits,
                "at": now,
                "message": message,
                "examples": [],
            },
        )
        found["count"] += 1
        if len(found["examples"]) < EXAMPLES:
            found["examples"].append({"message": message, **example})

    def holds(self, *, now: float) -> None:
        """Notes a right answer."""
        self.held += 1
        self.ended = now

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        plain = {name: getattr(self, name) for name in ("began", "ended", "held", "tasks", "files", "wrong")}
        return {**plain, **counters}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Tally:
        """A tally from its JSON."""
        values: dict[str, Any] = dict(document)
        values.update({name: Counter(document[name]) for name in _COUNTERS})
        return cls(**values)


_COUNTERS = ("sent", "meetings", "statuses", "unjudged", "trouble")


def together(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one. What was first in any of them is told as of the beginning of all."""
    whole = Tally()
    several = list(tallies)
    whole.began = min((each.began for each in several if each.began is not None), default=None)
    whole.ended = max((each.ended for each in several if each.ended is not None), default=None)
    for each in several:
        for name in _COUNTERS:
            getattr(whole, name).update(getattr(each, name))
        whole.held += each.held
        whole.tasks += each.tasks
        whole.files += each.files
        for rule, found in each.wrong.items():
            _add(whole, rule, found, workers=len(several))
    return whole


def _add(whole: Tally, rule: str, found: dict[str, Any], *, workers: int) -> None:
    began = whole.began if whole.began is not None else found["at"]
    # Each worker knows how many it had sent itself: with several, all together are taken to have been as quick.
    fresh = {**found, "first_seconds": found["at"] - began, "first_commits": found["first_commits"] * workers}
    known = whole.wrong.get(rule)
    if known is None:
        whole.wrong[rule] = {**fresh, "examples": list(found["examples"])}
        return
    first, other = (known, fresh) if known["at"] <= fresh["at"] else (fresh, known)
    examples = [*first["examples"], *other["examples"]][:EXAMPLES]
    whole.wrong[rule] = {**first, "count": known["count"] + fresh["count"], "examples": examples}
