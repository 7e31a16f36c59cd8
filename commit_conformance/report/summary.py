"""What a log amounts to: the worst verdict of every rule, counts, what gates, what could not be tested, what it cost.

All decisions that more than one report needs are taken here, once: the order of failures, the conclusion and the exit
code. How any of it looks is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from commit_conformance.report.events import Cost
from commit_conformance.report.log import Log
from commit_conformance.report.plain import count_text
from commit_conformance.report.verdicts import VERDICTS, Verdict

CONFORMS, DOES_NOT_CONFORM, NOT_TESTED = 0, 1, 3
LEVELS = ("documented", "implied", "rfc", "observed")
"""Levels of rules, the firmest first."""
NOT_AT_EFFORT = "not tested at effort"
"""How the reason of a rule starts that is left for a higher effort: its absence is the user's choice, not a trouble."""
LEFT_TO_OTHERS = "left to the other shards"
"""How the reason of a rule starts, in the log of a shard, that needs an answer which another shard may have seen."""

_CONCLUSIONS = {CONFORMS: "conforms", DOES_NOT_CONFORM: "does not conform", NOT_TESTED: "could not be tested"}


class Judged(Protocol):
    """What a conclusion needs to know of a verdict line."""

    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def level(self) -> str: ...  # noqa: D102
    @property
    def verdict(self) -> str: ...  # noqa: D102
    @property
    def gating(self) -> bool: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102
    @property
    def known(self) -> object | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule with all its verdict lines; ``worst`` is the line that counts, the first of the worst ones."""

    worst: Verdict
    lines: tuple[Verdict, ...]

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.worst.rule

    @property
    def verdict(self) -> str:
        """The verdict that counts."""
        return self.worst.verdict

    @property
    def gating(self) -> bool:
        """Whether a failure of this rule makes the run fail: a known one does not."""
        return self.worst.known is None and any(line.gating for line in self.lines)

    @property
    def known_failure(self) -> bool:
        """Whether it failed and was known to."""
        return self.worst.known is not None and self.verdict == "failed"

    @property
    def told(self) -> str:
        """How it came to this verdict, in a line: the failure's message, else the reason."""
        failure = self.worst.failure
        return (failure.message if failure else "") or self.worst.reason or "The log does not say how."

    @property
    def flaky(self) -> bool:
        """Whether it failed at times only: asked again within a run, or in some of the runs of a merged log."""
        failures = [line for line in self.lines if line.verdict == "failed"]
        # An answer judged in passing is another request each time, so that it need not fail for all of them.
        wavers = any(
            line.failure.failed < line.failure.asked and not line.failure.in_passing
            for line in failures
            if line.failure is not None
        )
        return wavers or (bool(failures) and any(self._passed_elsewhere(failures)))

    @property
    def elsewhere(self) -> str:
        """What came of a rule in the other runs of a merged log, in words; empty where there is one run only."""
        others = Counter(line.verdict for line in self.lines if line.run != self.worst.run)
        return ", ".join(f"{word} in {count_text(others[word], 'run')}" for word in VERDICTS if others[word])

    def _passed_elsewhere(self, failures: Iterable[Verdict]) -> Iterable[bool]:
        runs = {line.run for line in failures}
        return (line.verdict in ("passed", "observed") and line.run not in runs for line in self.lines)

    @property
    def requests(self) -> int:
        """Requests sent for this rule."""
        return sum(line.requests for line in self.lines)

    @property
    def examples(self) -> int:
        """Examples tried for this rule."""
        return sum(line.examples for line in self.lines)

    @property
    def seconds(self) -> float:
        """Seconds spent on this rule."""
        return sum(line.seconds for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """Rules that share a verdict and the reason why they have no answer."""

    verdict: str
    reason: str
    rules: tuple[RuleResult, ...]

    @property
    def size(self) -> int:
        """How many rules they are."""
        return len(self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One line of the bill. ``limit`` is None where nothing was agreed."""

    name: str
    amount: int
    limit: int | None
    in_bytes: bool = False

    @property
    def over(self) -> bool:
        """Whether more was spent than agreed."""
        return self.limit is not None and self.amount > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A log in numbers and lists, each list in the order in which it is to be read."""

    exit_code: int
    conclusion: str
    rules: tuple[RuleResult, ...]
    groups: dict[str, Counter[str]]
    levels: dict[str, Counter[str]]
    verdicts: Counter[str]
    failed: tuple[RuleResult, ...]
    untested: tuple[Untested, ...]
    observed: tuple[RuleResult, ...]
    cost: tuple[Spent, ...]

    @property
    def gating_failures(self) -> tuple[RuleResult, ...]:
        """The failures that make the run fail."""
        return tuple(result for result in self.failed if result.gating)

    @property
    def other_failures(self) -> tuple[RuleResult, ...]:
        """The failures that do not."""
        return tuple(result for result in self.failed if not result.gating)

    @property
    def stuck(self) -> int:
        """How many rules that decide should have been tested and could not be: errored, or blocked by trouble."""
        return sum(
            result.gating
            and (result.verdict == "errored" or (result.verdict == "blocked" and not _left_for_later(result.worst)))
            for result in self.rules
        )

    def in_group(self, group: str) -> tuple[RuleResult, ...]:
        """The rules of one group, in the order of the log."""
        return tuple(result for result in self.rules if result.worst.group == group)


def worst(verdicts: Iterable[str]) -> str:
    """The worst of some verdicts: failed, errored, blocked, unsupported, observed, passed.

    Raises:
        ValueError: If there are none, or one does not exist.
    """
    return min(verdicts, key=VERDICTS.index)


def conclusion(
    verdicts: Iterable[Judged],
    gate: Collection[str] | None = None,
    *,
    static_mock: str = "",
    outdated: Collection[str] = (),
    part: bool = False,
) -> tuple[int, str]:
    """Exit code and sentence for some verdict lines, several of which may be about one rule.

    Args:
        verdicts: The lines; the worst one of a rule counts.
        gate: The levels whose rules decide. None takes each line's own word for whether it gates.
        static_mock: ``found`` or ``said`` where the target is a static mock. It never conforms: most rules could not be
            asked of it, and with ``found`` nobody has said that the others are enough.
        outdated: What is out of date in the list of known failures, which nobody keeps then.
        part: Whether these are one shard's, whose own part may hold nothing that decides.

    Returns:
        1 if a gating rule failed; else 3 if one errored, was blocked for another reason than the effort, or if none
        passed at all; else 1 if the list of known failures is out of date; else 0. ``unsupported`` alone never changes
        the code, and neither does a known failure.
    """
    every = list(verdicts)
    code, text = _conclusion(every, gate, static_mock, part)
    if not outdated:
        return code, text
    told = f"{count_text(len(outdated), 'known failure')} out of date"
    return (DOES_NOT_CONFORM, f"{told}; else it {text}") if code == CONFORMS else (code, f"{text}; {told}")


def _conclusion(every: Sequence[Judged], gate: Collection[str] | None, static_mock: str, part: bool) -> tuple[int, str]:
    # What is known says so in its worst line only: an earlier one may have passed.
    known = {line.rule for line in every if line.known is not None}
    lines = [line for line in every if (line.gating if gate is None else line.level in gate) and line.rule not in known]
    excused = len({line.rule for line in every if line.known is not None and line.verdict == "failed"})
    by_rule: dict[str, Judged] = {}
    for line in lines:
        worst_yet = by_rule.setdefault(line.rule, line)
        if _rank(line) < _rank(worst_yet):
            by_rule[line.rule] = line
    total = len(by_rule)
    counts = Counter(line.verdict for line in by_rule.values())
    later = sum(_left_for_later(line) for line in by_rule.values())
    others = sum(line.reason.startswith(LEFT_TO_OTHERS) for line in by_rule.values())
    stuck = counts["blocked"] - later
    of_all = f"of {count_text(total, 'gating rule')}"
    if static_mock:
        return _of_static_mock(counts, of_all, said=static_mock == "said")
    if counts["failed"]:
        unsure = counts["errored"] + stuck
        rest = f", {unsure:,} could not be tested" if unsure else ""
        return DOES_NOT_CONFORM, f"does not conform: {counts['failed']:,} {of_all} failed{rest}"
    troubles = [f"{counts['errored']:,} errored"] * bool(counts["errored"]) + [f"{stuck:,} blocked"] * bool(stuck)
    if troubles:
        return NOT_TESTED, f"could not be tested: {of_all[3:]}, {' and '.join(troubles)}"
    if not counts["passed"] and part:
        return CONFORMS, f"nothing wrong was shown: none {of_all} of this shard {'passed' if total else 'was run'}"
    if not counts["passed"]:
        nothing = "nothing but known failures was tested" if excused else "no gating rule was run"
        return NOT_TESTED, "could not be tested: " + (f"none {of_all} passed" if total else nothing)
    asides = {
        "not tested at this effort": later - others,
        LEFT_TO_OTHERS: others,
        "unsupported by the target": counts["unsupported"],
        "only observed": counts["observed"],
    }
    rest = "".join(f", {count:,} {what}" for what, count in asides.items() if count)
    passed = f"{counts['passed']:,} {of_all} passed{rest}"
    but = f" but for {count_text(excused, 'known failure')}" if excused else ""
    return CONFORMS, f"conforms{but}: {passed}"


def _of_static_mock(counts: Counter[str], of_all: str, *, said: bool) -> tuple[int, str]:
    judged = counts["failed"] + counts["passed"]
    scope = f"{judged:,} {of_all} could be judged on a static mock"
    if counts["failed"]:
        return DOES_NOT_CONFORM, f"does not conform: {counts['failed']:,} failed; no more than {scope}"
    if said and judged:
        return CONFORMS, f"nothing wrong was shown: no more than {scope}, and none failed"
    enough = ", and none failed; --static-mock yes takes that for enough" if judged else ""
    return NOT_TESTED, f"could not be tested: no more than {scope}{enough}"


def summarize(log: Log) -> Summary:
    """Sums up a log. The exit code is never milder than the one the run itself ended with."""
    lines: dict[str, list[Verdict]] = {}
    for line in log.verdicts:
        lines.setdefault(line.rule, []).append(line)
    rules = tuple(RuleResult(min(of_rule, key=_rank), tuple(of_rule)) for of_rule in lines.values())
    groups: dict[str, Counter[str]] = {}
    levels: dict[str, Counter[str]] = {}
    for result in rules:
        groups.setdefault(result.worst.group, Counter())[result.verdict] += 1
        levels.setdefault(result.worst.level, Counter())[result.verdict] += 1
    exit_code, text = _conclusion_of_run(log)
    failed = [result for result in rules if result.verdict == "failed"]
    return Summary(
        exit_code=exit_code,
        conclusion=text,
        rules=rules,
        groups=groups,
        levels=dict(sorted(levels.items(), key=lambda item: _level_rank(item[0]))),
        verdicts=Counter(result.verdict for result in rules),
        failed=tuple(sorted(failed, key=_urgency)),
        untested=_untested(rules),
        observed=tuple(result for result in rules if result.verdict == "observed"),
        cost=_cost(log),
    )


def _conclusion_of_run(log: Log) -> tuple[int, str]:
    static_mock = log.target.static_mock if log.target else ""
    part = bool(log.header.shard)
    exit_code, text = conclusion(log.verdicts, static_mock=static_mock, outdated=log.outdated, part=part)
    if exit_code == CONFORMS and log.truncated is not None:
        return NOT_TESTED, f"could not be tested: the run did not finish ({log.truncated})"
    own = log.footer.exit_code if log.footer else None
    if own == NOT_TESTED and log.footer and log.footer.reason and all(map(_left_for_later, log.verdicts)):
        return own, log.footer.reason  # nothing was tested, and the run says why
    if exit_code == CONFORMS and own:
        if log.header.merged and log.footer and log.footer.reason:
            return own, log.footer.reason  # one of the runs could not be trusted, and the footer says which
        named = (log.footer.conclusion if log.footer else "") or _CONCLUSIONS.get(own, "ended")
        return own, f"{named}: the run ended with exit code {own}, though no gating rule failed"
    if part:
        text += f" (shard {log.header.shard})"
    if log.header.selected is not None:
        text += f" (only {count_text(len(log.header.selected), 'rule')} selected)"
    return exit_code, text


def _untested(rules: Iterable[RuleResult]) -> tuple[Untested, ...]:
    by_reason: dict[tuple[str, str], list[RuleResult]] = {}
    for result in rules:
        if result.verdict in ("errored", "blocked", "unsupported"):
            key = (result.verdict, result.worst.reason or "no reason given")
            by_reason.setdefault(key, []).append(result)
    groups = [Untested(verdict=key[0], reason=key[1], rules=tuple(of_key)) for key, of_key in by_reason.items()]
    # What was left out on purpose comes last: it asks for nothing to be done.
    return tuple(
        sorted(
            groups,
            key=lambda group: (group.reason.startswith(NOT_AT_EFFORT), VERDICTS.index(group.verdict), -group.size),
        )
    )


def _cost(log: Log) -> tuple[Spent, ...]:
    cost = log.footer.cost if log.footer else Cost()
    counted = sum(line.requests for line in log.verdicts)
    lines = (
        Spent(name="requests", amount=cost.requests if cost.requests is not None else counted, limit=None),
        _spent("upload requests", cost.upload_requests, log.header.upload_requests),
        _spent("committed files", cost.committed_files, log.header.committed_files),
        _spent("upload sessions", cost.sessions, None),
        _spent("bytes sent", cost.bytes_sent, None, in_bytes=True),
        _spent("bytes received", cost.bytes_received, None, in_bytes=True),
    )
    return tuple(line for line in lines if line is not None)


def _spent(name: str, amount: int | None, limit: int | None, *, in_bytes: bool = False) -> Spent | None:
    return None if amount is None else Spent(name=name, amount=amount, limit=limit, in_bytes=in_bytes)


def _left_for_later(line: Judged) -> bool:
    return line.verdict == "blocked" and line.reason.startswith((NOT_AT_EFFORT, LEFT_TO_OTHERS))


def _rank(line: Judged) -> tuple[int, bool]:
    """Sorts lines of a rule worst first; among blocked ones, trouble comes before what was left for later."""
    return VERDICTS.index(line.verdict), _left_for_later(line)


def _urgency(result: RuleResult) -> tuple[bool, bool, int]:
    """Sorts failures by what they ask for: those that decide first, those that are known last."""
    return not result.gating, result.known_failure, _level_rank(result.worst.level)


def _level_rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
