"""What is known of a run that goes on, told in few words. What it comes to is the business of :mod:`.summary`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from commit_conformance.report.plain import count_text, plain_line, size_text
from commit_conformance.report.time_left import time_left

#: Waits for an answer that are shorter are not told: most answers take their time. Seconds.
_SLOW_ANSWER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a run waits for: ``why``, to be read after "waiting for", and seconds; None for as long as it takes."""

    why: str
    seconds: float | None
    passed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A run at this moment.

    Attributes:
        doing: The rule at work, or another thing that the run is doing.
        cost: What was spent, by the names of the event log's ``cost``.
        waiting: What it waits for, if it does.
    """

    doing: str = ""
    cost: Mapping[str, int] = field(default_factory=dict)
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known of a run before its first verdict.

    Attributes:
        limits: The budget, by the names of the event log's ``budget``.
        rate: Upload requests a minute that it keeps to; None for no limit.
        earlier: Seconds that each rule took in an earlier run of the same kind; empty where none is known.
    """

    limits: Mapping[str, int | None] = field(default_factory=dict)
    rate: int | None = None
    earlier: Mapping[str, float] = field(default_factory=dict)


class Standing:
    """How far a run has come, counted from its verdict events.

    Attributes:
        counts: Verdicts so far.
        outlook: What was known before.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.outlook = Outlook()
        self._expected: dict[str, str] = {}
        self._groups: Counter[str] = Counter()
        self._to_come: dict[str, str] = {}
        self._requests = 0

    def expect(self, rules: Mapping[str, str]) -> None:
        """Takes the rules that will have a verdict, each with its group."""
        self._expected = dict(rules)
        self._to_come = dict(rules)
        self._groups = Counter(rules.values())

    def add(self, event: Mapping[str, Any]) -> None:
        """Counts a verdict."""
        self.counts[str(event.get("verdict"))] += 1
        self._to_come.pop(str(event.get("rule")), None)
        requests = event.get("requests")
        self._requests += requests if isinstance(requests, int) else 0

    @property
    def share(self) -> tuple[int, int]:
        """How many rules have a verdict, of how many; (0, 0) where that is not known."""
        return len(self._expected) - len(self._to_come), len(self._expected)

    def told(self, now: Now, elapsed: float) -> list[str]:
        """The run in short phrases, the most important ones first.

        Args:
            elapsed: Seconds since the run began.
        """
        done, rules = self.share
        told = []
        if rules:
            groups = len(self._groups)
            finished = groups - len(set(self._to_come.values()))
            told += [f"{done:,} of {count_text(rules, 'rule')}", f"{finished} of {count_text(groups, 'group')}"]
        elif self.counts:
            told.append(count_text(self.counts.total(), "rule"))
        told += [f"{self.counts[word]:,} {word}" for word in ("failed", "errored") if self.counts[word]]
        told += self._cost(now.cost)
        told.append(clock_text(elapsed))
        left = self._left(now, elapsed)
        return [*told, left] if left else told

    def _cost(self, cost: Mapping[str, int]) -> list[str]:
        uploads = cost.get("upload_requests", 0)
        if not cost.get("requests"):  # workers count for themselves, and tell with each verdict
            return [count_text(self._requests, "request")] if self._requests else []
        limit = self.outlook.limits.get("upload_requests")
        share = f" of {limit:,}" if limit is not None else ""
        told = [f"{uploads:,}{share} upload requests"]
        if self.outlook.rate:
            told.append(f"at most {self.outlook.rate:,} a minute")
        sent = cost.get("bytes_sent", 0)
        return [*told, f"{size_text(sent)} sent"] if sent else told

    def _left(self, now: Now, elapsed: float) -> str:
        limits = self.outlook.limits
        estimate = time_left(
            elapsed=elapsed,
            done=[rule for rule in self._expected if rule not in self._to_come],
            to_come=list(self._to_come),
            earlier=self.outlook.earlier,
            requests=(now.cost.get("upload_requests", 0), limits.get("upload_requests")),
            most=limits.get("seconds"),
        )
        if estimate is None:
            return ""
        return f"{'at most' if estimate.at_most else 'about'} {clock_text(estimate.seconds)} left"


def waiting_text(waiting: Waiting | None) -> str:
    """``waiting 12 of 30 s for …``; empty where a run waits for nothing worth telling."""
    if waiting is None or (waiting.seconds is None and waiting.passed < _SLOW_ANSWER):
        return ""
    of = "" if waiting.seconds is None else f" of {math.ceil(waiting.seconds)}"
    return f"waiting {int(waiting.passed)}{of} s for {plain_line(waiting.why, 200)}"


def clock_text(seconds: float) -> str:
    """``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
