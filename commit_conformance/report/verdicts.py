"""The verdict lines of a log as values: what a test found out about a rule, and the evidence of a failure.

Every class reads itself from its event. Keys that are not known are passed over and optional ones may be missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.fields import Fields, text_of

VERDICTS = ("failed", "errored", "blocked", "unsupported", "observed", "passed")
"""Every verdict, worst first."""
MOST_EXCHANGES = 20
"""Exchanges kept of a failure. A run writes a dozen; a log from elsewhere may hold any number, and memory must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with an answer. ``pointer`` is a JSON pointer into its body, empty for the body as a whole."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The smallest example that failed a rule. ``part_list`` is raw JSON, see :mod:`.ruler`."""

    message: str
    sent: str
    expected: str
    got: str
    part_list: Any
    problems: tuple[Problem, ...]
    curl: str
    replay: str
    exchange: int | None
    history: tuple[str, ...] = ()
    failed: int = 1
    asked: int = 1
    in_passing: bool = False

    @property
    def times(self) -> str:
        """How often it failed, in words; empty when it was asked once."""
        if self.in_passing:
            return f"in {self.failed} of {self.asked} answers that could show it" if self.asked > 1 else ""
        if self.asked < 2:
            return ""
        if self.failed < self.asked:
            return f"flaky: it failed {self.failed} of {self.asked} times it was asked"
        return f"each of the {self.asked} times it was asked"

    @classmethod
    def from_event(cls, event: object) -> Failure:
        """Reads the failure of a verdict event."""
        fields = Fields(event)
        times = fields.inner("times")
        problems = (Fields(item) for item in fields.list("problems"))
        return cls(
            message=fields.text("message"),
            sent=fields.text("sent"),
            expected=fields.text("expected"),
            got=fields.text("got"),
            part_list=fields.get("part_list"),
            problems=tuple(Problem(pointer=item.text("pointer"), message=item.text("message")) for item in problems),
            curl=fields.text("curl"),
            replay=fields.text("replay"),
            exchange=fields.integer("exchange"),
            history=_lines(fields),
            failed=times.integer("failed") or 1,
            asked=times.integer("asked") or 1,
            in_passing=times.get("in_passing") is True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A failure that is known and accepted for a while: why, who cares for it, and the day it ends, if any."""

    reason: str
    owner: str
    expires: str

    @property
    def told(self) -> str:
        """All of it in a line."""
        owner = f", owned by {self.owner}" if self.owner else ""
        return f"{self.reason or 'no reason given'}{owner}{f', until {self.expires}' if self.expires else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the contract says what a rule asks for: a line of a file, and the JSON pointer to what stands there."""

    file: str
    line: int
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One verdict line: what one test found out about one rule.

    Attributes:
        exchanges: Those of a failure, the last `MOST_EXCHANGES` up to the decisive one; none of other verdicts.
        left_out: How many exchanges the log has beyond those.
        traffic: How often each method and answer came (``POST 201``), over all exchanges of the line.
        place: Where the description of the API speaks of it; None where the log does not say.
        known: Why a failure is accepted for a while; None for others.
        run: The run it comes from, in a merged log.
    """

    rule: str
    group: str
    level: str
    verdict: str
    gating: bool
    statement: str
    why: str
    breaks: str
    source: tuple[str, ...]
    test: str
    reason: str
    observation: str
    requests: int
    examples: int
    seconds: float
    failure: Failure | None
    exchanges: tuple[Exchange, ...]
    left_out: int = 0
    traffic: Mapping[str, int] = field(default_factory=dict)
    place: Place | None = None
    known: Known | None = None
    run: str = ""

    @property
    def decisive(self) -> Exchange | None:
        """The exchange that failed the rule: the one the failure points at, else the last one."""
        index = self.failure.exchange if self.failure else None
        if index is not None and 0 <= index < len(self.exchanges):
            return self.exchanges[index]
        return self.exchanges[-1] if self.exchanges else None

    @classmethod
    def from_event(cls, event: object, *, keep: int = MOST_EXCHANGES) -> Verdict:
        """Reads a verdict event.

        Args:
            event: The line of the log.
            keep: Exchanges to keep of a failure.

        Raises:
            ValueError: If it names no rule or a verdict that does not exist.
        """
        fields = Fields(event)
        rule, verdict = fields.text("rule"), fields.text("verdict")
        if not rule:
            raise ValueError("a verdict without a rule")
        if verdict not in VERDICTS:
            raise ValueError(f"{rule}: no verdict is called {verdict!r}; there are {', '.join(VERDICTS)}")
        exchanges = fields.list("exchanges")
        failure = Failure.from_event(fields.get("failure")) if isinstance(fields.get("failure"), Mapping) else None
        first, last = _window(len(exchanges), failure, keep if verdict in _WITH_EVIDENCE else 0)
        if failure is not None and failure.exchange is not None:
            failure = replace(failure, exchange=failure.exchange - first)
        return cls(
            rule=rule,
            group=fields.text("group") or "other",
            level=fields.text("level"),
            verdict=verdict,
            gating=fields.get("gating") is True,
            statement=fields.text("statement"),
            why=fields.text("why"),
            breaks=fields.text("breaks"),
            source=tuple(_source(item) for item in fields.list("source")),
            test=fields.text("test"),
            reason=fields.text("reason"),
            observation=fields.text("observation"),
            requests=fields.integer("requests") or 0,
            examples=fields.integer("examples") or 0,
            seconds=fields.number("seconds") or 0.0,
            failure=failure,
            exchanges=tuple(Exchange.from_event(item) for item in exchanges[first:last]),
            left_out=len(exchanges) - (last - first),
            traffic=_traffic(exchanges),
            place=_place(fields.inner("place")),
            known=_known(fields.get("known")),
            run=fields.text("run"),
        )


#: Verdicts whose exchanges are worth looking at one by one.
_WITH_EVIDENCE = ("failed", "errored", "blocked")


def _window(count: int, failure: Failure | None, keep: int) -> tuple[int, int]:
    """Which of ``count`` exchanges to keep: those that end with the decisive one."""
    if count <= keep:
        return 0, count
    decisive = failure.exchange if failure else None
    last = min(decisive + 1, count) if decisive is not None and decisive >= 0 else count
    last = max(last, min(keep, count))
    return max(last - keep, 0), last


def _traffic(exchanges: Sequence[object]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for item in exchanges:
        fields = Fields(item)
        status = fields.integer("status")
        counts[f"{fields.text('method')} {'no answer' if status is None else status}"] += 1
    return dict(counts.most_common())


def _place(fields: Fields) -> Place | None:
    file, line = fields.text("file"), fields.integer("line")
    return Place(file=file, line=line, pointer=fields.text("pointer")) if file and line and line > 0 else None


def _known(value: object) -> Known | None:
    """A known failure: an object, or the reason alone."""
    if not value:
        return None
    fields = Fields(value)
    reason = fields.text("reason") if isinstance(value, Mapping) else text_of(value)
    return Known(reason=reason, owner=fields.text("owner"), expires=fields.text("expires"))


def _lines(fields: Fields) -> tuple[str, ...]:
    """The history of a failure: a list of lines, or one text."""
    told = fields.get("history")
    return tuple(told.splitlines()) if isinstance(told, str) else fields.texts("history")


def _source(item: object) -> str:
    if not isinstance(item, Mapping):
        return text_of(item)
    return " ".join(filter(None, (text_of(item.get("ref")), text_of(item.get("place")))))
