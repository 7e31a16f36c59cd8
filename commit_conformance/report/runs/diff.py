"""What has changed between two runs: verdicts, what was observed, what the target can do, and what it cost.

A function of two event logs. A change is told as a sentence, the former run first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from commit_conformance.report.log import Log
from commit_conformance.report.runs.fingerprint import Observed, fingerprint, normal
from commit_conformance.report.summary import NOT_AT_EFFORT, RuleResult, summarize

FORMAT = 1
_TESTED = ("failed", "passed", "observed")
_ANSWER = re.compile(r"(?P<before>(?:answered )?)(?P<status>\d{3})\b(?P<rest>.*)", re.DOTALL)
_CODE = re.compile(r", code '[^']*'")
_REASON = re.compile(r" (?:[A-Z][A-Za-z'-]*)(?: [A-Za-z'-]+)*")


class Kind(StrEnum):
    """Kinds of changes, the weightiest first."""

    NEW_FAILURE = "new failures"
    FIXED = "fixed"
    OBSERVED = "observed"
    ABILITY = "what the target can do"
    UNTESTED = "not tested any more"
    TESTED = "tested now"
    STILL = "failing still"
    COST = "cost"


class FailOn(StrEnum):
    """Which changes make `exit_code` 1; each but the first includes the ones before it."""

    NEVER = "never"
    NEW = "new"
    CHANGED = "changed"
    ANY = "any"


#: Kinds that count for `FailOn`. What it cost never does, since it varies by itself; neither does what failed before.
_COUNT = {
    FailOn.NEVER: frozenset(),
    FailOn.NEW: frozenset({Kind.NEW_FAILURE}),
    FailOn.CHANGED: frozenset({Kind.NEW_FAILURE, Kind.FIXED, Kind.OBSERVED, Kind.ABILITY}),
    FailOn.ANY: frozenset(set(Kind) - {Kind.COST, Kind.STILL}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        subject: The rule, capability or figure that it is about.
        gating: Whether the rule decides the later run; True for what is no rule.
        sentence: For people.
        before, after: The two states it names; None where there was none.
    """

    kind: Kind
    subject: str
    gating: bool
    sentence: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Every change from one run to another, the weightiest first.

    Attributes:
        notes: How the runs differ in what was asked, so that changes can be understood.
    """

    before: Log
    after: Log
    changes: tuple[Change, ...]
    notes: tuple[str, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind, in the order of the logs."""
        return tuple(change for change in self.changes if change.kind is kind)

    def exit_code(self, fail_on: FailOn) -> int:
        """1 if there is a change that counts, else 0. A new failure that does not decide the run counts as changed."""
        counted = [change for change in self.changes if change.kind in _COUNT[fail_on]]
        return int(any(change.gating or fail_on is not FailOn.NEW for change in counted))

    def as_json(self) -> dict[str, Any]:
        """With stable keys."""
        return {
            "format": FORMAT,
            "before": _run(self.before),
            "after": _run(self.after),
            "notes": list(self.notes),
            "changes": [
                {
                    "kind": change.kind.name.lower(),
                    "subject": change.subject,
                    "gating": change.gating,
                    "sentence": change.sentence,
                    "before": change.before,
                    "after": change.after,
                }
                for change in self.changes
            ],
        }


def diff(before: Log, after: Log) -> Diff:
    """What has changed from ``before`` to ``after``."""
    changes = [*_verdicts(before, after), *_observations(before, after), *_abilities(before, after)]
    changes += _costs(before, after)
    order = list(Kind)
    return Diff(
        before=before,
        after=after,
        changes=tuple(sorted(changes, key=lambda change: (order.index(change.kind), not change.gating))),
        notes=tuple(_notes(before, after)),
    )


def _verdicts(before: Log, after: Log) -> Iterator[Change]:
    was = {result.rule: result for result in summarize(before).rules}
    now = {result.rule: result for result in summarize(after).rules}
    for rule in dict.fromkeys([*now, *was]):
        old, new = was.get(rule), now.get(rule)
        left, right = (_told(result) for result in (old, new))
        gating = new.worst.gating if new else bool(old and old.worst.gating)
        if new is not None and new.verdict == "failed" and left != "failed":
            yield _verdict(Kind.NEW_FAILURE, rule, gating, left, right, new)
        elif old is not None and new is not None and left == right == "failed":
            yield _still(old, new)
        elif left == "failed" and right in _TESTED and right != "failed":
            yield _verdict(Kind.FIXED, rule, gating, left, right, None)
        elif left in _TESTED and right not in _TESTED:
            yield _verdict(Kind.UNTESTED, rule, gating, left, right, new)
        elif left not in _TESTED and right in _TESTED:
            yield _verdict(Kind.TESTED, rule, gating, left, right, None)


def _told(result: RuleResult | None) -> str:
    """A verdict in a word; what was left out on purpose is told from trouble."""
    if result is None:
        return "not asked for"
    return "left for a higher effort" if result.worst.reason.startswith(NOT_AT_EFFORT) else result.verdict


def _verdict(kind: Kind, rule: str, gating: bool, before: str, after: str, why: RuleResult | None) -> Change:
    reason = f" ({why.worst.reason})" if why is not None and why.worst.reason and after != _told(None) else ""
    reason = "" if after == "left for a higher effort" else reason
    aside = "" if gating or kind is not Kind.NEW_FAILURE else ", which does not decide the run"
    sentence = f"{rule}: {before} became {after}{aside}{reason}"
    return Change(kind=kind, subject=rule, gating=gating, sentence=sentence, before=before, after=after)


def _still(old: RuleResult, new: RuleResult) -> Change:
    """A rule that fails as before, or otherwise than before."""
    left, right = normal(old.told), normal(new.told)
    told = left if left == right else f"{left} became {right}"
    return Change(
        kind=Kind.STILL, subject=new.rule, gating=new.gating, sentence=f"{new.rule}: {told}", before=left, after=right
    )


def _observations(before: Log, after: Log) -> Iterator[Change]:
    was, now = fingerprint(before).observed, fingerprint(after).observed
    for rule in (rule for rule in now if rule in was):
        for what, old, new in _apart(was[rule], now[rule]):
            subject = f"{now[rule].label}, {what}" if what else now[rule].label
            left, right = shortened(old, new)
            yield Change(
                kind=Kind.OBSERVED,
                subject=rule,
                gating=True,
                sentence=f"{subject}: {left} became {right}",
                before=old,
                after=new,
            )


def _apart(old: Observed, new: Observed) -> Iterator[tuple[str, str, str]]:
    """What was tried, and both outcomes, where they differ. What was tried once only is no change."""
    common = [what for what in old.answers if what in new.answers]
    if not common:
        if old.text != new.text:
            yield "", old.text, new.text
        return
    alone = len(old.answers) == len(new.answers) == 1
    for what in common:
        if old.answers[what] != new.answers[what]:
            yield "" if alone else what, old.answers[what], new.answers[what]


def shortened(old: str, new: str) -> tuple[str, str]:
    """Two answers as a sentence needs them: ``404`` and ``409``, the code only where nothing else differs."""
    before, after = _ANSWER.fullmatch(old), _ANSWER.fullmatch(new)
    if before is None or after is None:
        return old, new
    if before["status"] == after["status"]:
        return _brief(before, code=True), _brief(after, code=True)
    return _brief(before, code=False), _brief(after, code=False)


def _brief(answer: re.Match[str], *, code: bool) -> str:
    rest = _REASON.sub("", answer["rest"], count=1) if _REASON.match(answer["rest"]) else answer["rest"]
    return answer["status"] + (rest if code else _CODE.sub("", rest))


def _abilities(before: Log, after: Log) -> Iterator[Change]:
    was, now = fingerprint(before), fingerprint(after)
    for name, able in now.capabilities.items():
        if name in was.capabilities and was.capabilities[name] != able:
            words = name.replace("_", " ")
            sentence = f"the target {'now can' if able else 'cannot'} {words}{'' if able else ' any more'}"
            yield _plain(Kind.ABILITY, name, sentence, str(was.capabilities[name]).lower(), str(able).lower())
    if None not in (was.part_size, now.part_size) and was.part_size != now.part_size:
        sentence = f"the size of a part: {was.part_size:,} bytes became {now.part_size:,}"
        yield _plain(Kind.ABILITY, "part_size", sentence, str(was.part_size), str(now.part_size))


def _costs(before: Log, after: Log) -> Iterator[Change]:
    was, now = ({spent.name: spent for spent in summarize(log).cost} for log in (before, after))
    for name, spent in now.items():
        old = was.get(name)
        if old is not None and old.amount != spent.amount:
            sentence = f"{name}: {old.amount:,} became {spent.amount:,}"
            yield _plain(Kind.COST, name, sentence, str(old.amount), str(spent.amount))


def _plain(kind: Kind, subject: str, sentence: str, before: str, after: str) -> Change:
    return Change(kind=kind, subject=subject, gating=True, sentence=sentence, before=before, after=after)


def _notes(before: Log, after: Log) -> Iterator[str]:
    pairs = (
        ("target", before.header.target, after.header.target),
        ("effort", before.header.effort, after.header.effort),
        ("gate", ",".join(before.header.gate), ",".join(after.header.gate)),
        ("version", before.header.tool_version, after.header.tool_version),
    )
    for name, old, new in pairs:
        if old != new:
            yield f"another {name}: {old or 'none'}, then {new or 'none'}"


def _run(log: Log) -> dict[str, Any]:
    header = log.header
    return {
        "log": str(log.path),
        "run": header.run,
        "target": header.target,
        "effort": header.effort,
        "seed": header.seed,
    }
