"""The trial of a static mock: a verdict for every rule, with the reason where there can be none.

A rule that an answer keeps or breaks by its form is judged by all answers that the mock would show. Every other rule is
unsupported: a mock that answers from examples neither refuses nor stores, and it would be as wrong to fail it for
that as to pass it.
"""

from __future__ import annotations

from typing import Any

from commit_conformance.static_mock.asking import Heard, Kind, ask
from commit_conformance.static_mock.shapes import BY_STATUS, JUDGED, OBSERVED, Shape, Shapes, judge
from commit_conformance.static_mock.signs import Signs
from commit_conformance.target.connect import Target
from commit_conformance.trial.evidence import failure_of
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.rule import Rule
from commit_conformance.verdict.run import Run
from commit_conformance.wire import describe_answer

__all__ = ["StaticTrial"]

_MOCK = "the target is a static mock"
#: Groups whose rules say what a commit is answered for what it says; the others speak of what was there before it.
_OF_THE_REQUEST = frozenset({"digest", "part-list", "body", "preconditions", "auth"})
#: How many remarks are told; a mock that has more of them has one cause for them all.
_MANY_REMARKS = 5


class StaticTrial:
    """A static mock on trial. Everything is asked at once, when it is made.

    Args:
        run: The run; its budget and its rules say how much is asked.
        target: The mock.
        signs: Why it is taken for one.

    Raises:
        TargetUnusable: It does not have the commit.
        WireError: It does not answer.
    """

    def __init__(self, run: Run, target: Target, signs: Signs) -> None:
        self.signs = signs
        self._run = run
        self._heard: Heard = ask(run, target)
        self._shapes: Shapes = judge(self._heard, token=target.wire.token)
        self._base = target.api.upload_url
        self._sent = target.wire.purse.cost.requests

    @property
    def notes(self) -> list[str]:
        """What to know before any verdict, the sentence that says what the target is first."""
        wrong = [
            asked for asked in self._heard.asked if asked.kind is Kind.BAD_COMMIT and not self._heard.is_own(asked)
        ]
        statuses = sorted(
            {asked.answer.status for asked in wrong if asked.answer and 400 <= asked.answer.status <= 499}
        )
        sentence = self.signs.sentence
        notes = [f"{sentence[0].upper()}{sentence[1:]}."]
        if self._heard.prefers:
            notes.append("It answers with the status that it is asked for by `Prefer: code=…`.")
        else:
            notes.append(
                "It takes no notice of `Prefer: code=…`, so that only what it answers by itself could be judged."
            )
        if statuses:
            named = ", ".join(str(status) for status in statuses)
            notes.append(
                f"It validates requests ({named} to commits that are wrong by their own text); that is not judged."
            )
        away = sorted(host for host in self._shapes.hosts if not self._base.startswith(host))
        if away:
            notes.append(
                f"The URLs in its sessions lead to {', '.join(away[:3])} and not to it: a client that follows them, as "
                "it should, leaves the mock."
            )
        notes += [f"Not judged: {remark}." for remark in list(self._shapes.remarks.values())[:_MANY_REMARKS]]
        return notes

    def as_json(self) -> dict[str, Any]:
        """For the event log."""
        return {"said": self.signs.said, "signs": list(self.signs.seen), "prefers": self._heard.prefers}

    def event(self, rule: Rule, *, test: str) -> dict[str, Any]:
        """The verdict on one rule. The first one bears what was asked."""
        requests, self._sent = self._sent, 0
        found = self._shapes.found.get(rule.id)
        subject = JUDGED.get(rule.id)
        if found:
            return self._failed(rule, found, test=test, requests=requests)
        observed = self._shapes.observed.get(rule.id)
        if observed:
            said = "; ".join(observed)
            return self._run.event(rule, Verdict.OBSERVED, test=test, observation=said, requests=requests)
        if subject is not None and self._shapes.seen[subject]:
            return self._run.event(rule, Verdict.PASSED, test=test, requests=requests)
        return self._run.event(rule, Verdict.UNSUPPORTED, test=test, reason=self._why_not(rule), requests=requests)

    def _why_not(self, rule: Rule) -> str:
        subject = JUDGED.get(rule.id) or OBSERVED.get(rule.id)
        if subject is not None and self._heard.spent:
            return f"{_MOCK}: it could not be asked for everything ({self._heard.spent})"
        if subject is not None and (self._heard.prefers or rule.id not in BY_STATUS):
            return f"{_MOCK}: it never showed {subject}"
        if subject is not None:
            return f"{_MOCK}: it never showed an answer of this kind, and takes no notice of `Prefer: code=…`"
        if rule.group in _OF_THE_REQUEST:
            return f"{_MOCK}: it answers from examples, whatever a commit says"
        return f"{_MOCK}: it keeps no sessions and no files, so that nothing it shows comes of an upload"

    def _failed(self, rule: Rule, found: list[Shape], *, test: str, requests: int) -> dict[str, Any]:
        first = found[0]
        exchange = first.asked.exchange
        problems = [shape.problem for shape in found if shape.asked is first.asked]
        failure, records = failure_of(
            first.problem.message,
            exchanges=[exchange] if exchange else [],
            sent=first.asked.what,
            expected=rule.statement,
            exchange=exchange,
            problems=problems if problems[0].pointer else (),
            replay=self._run.replay(rule),
        )
        others = {shape.asked.what: describe_answer(shape.asked.exchange) for shape in found[1:]}
        others.pop(first.asked.what, None)
        reason = first.problem.message
        if others:
            reason += f" (and so in {len(others)} more of its answers)"
        return self._run.event(
            rule, Verdict.FAILED, test=test, reason=reason, failure=failure, exchanges=records, requests=requests
        )
