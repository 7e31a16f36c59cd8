"""The fingerprint of a target: what it does where the contract leaves it a choice, as one run has observed it.

A function of the event log. Two runs of one server have the same fingerprint, whatever their seeds: what differs from
run to run without being behaviour (ids, times, how much was asked) is taken out here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_conformance.report.log import Log
from commit_conformance.report.verdicts import Verdict

FORMAT = 1

#: What each rule observes, in a few words that never change. A rule that is not here is told by its id.
LABELS = {
    "ACCEPTED-PROCESSED": "a 202 and the parts processed",
    "ACCEPTED-UNCHANGED": "a new version of the same content",
    "ATTR-DESCRIPTION-LONG": "a description of 256 characters",
    "ATTR-EMPTY": "empty attributes",
    "BODY-NO-CONTENT-TYPE": "no content type",
    "CONFLICT-CODE": "the error of a 409",
    "CONFLICT-DETAILS": "the item in the way of a 409",
    "CONFLICT-RETRY": "a session after its 409",
    "CORS-ORIGIN": "a preflight from an unknown origin",
    "CREATED-FIRST-ETAG": "a new file",
    "DIGEST-ALGORITHM-VARIANT": "another name of the algorithm",
    "ETAG-LIST-WEAK": "a list of etags or a weak one",
    "ETAG-QUOTED": "an etag in quotation marks",
    "IF-NONE-MATCH-ANY": "if-none-match *",
    "IF-NONE-MATCH-CURRENT": "the current etag in if-none-match",
    "PART-SHA1-BASE64": "a part's sha1 in base64",
    "PART-SHA1-CASE": "a part's sha1 in capitals",
    "PART-SHA1-NULL": "a part's sha1 null",
    "PART-SHA1-OMITTED": "a part without sha1",
    "PART-SHA512-MIXED": "sha512 in one part",
    "PART-VISIBILITY": "a commit right after the last part",
    "PRECONDITION-NEW-FILE": "a condition on a new file",
    "REPEAT-ANSWER": "the second commit",
    "SESSION-AFTER-COMMIT": "a committed session",
    "SESSION-LIFETIME": "the life of a session",
    "VERSION-WRONG": "an unknown box-version",
}

#: What is given to the run and so tells nothing of the target.
_GIVEN = frozenset({"second_user", "limited_token", "expired_session", "socket"})
#: Texts that are made anew in each run, and what stands for them.
_VARYING = (
    (re.compile(r"\bcc-\d{8}-\d{6}-[0-9a-z]{3,4}\b"), "<run>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    # Letters and digits, as hashes are: a word of letters such as "deadbeef" or a name stays.
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b"), "<id>"),
    # Statuses, hours and characters have fewer digits than ids and seconds since 1970.
    (re.compile(r"\b\d{7,}\b"), "<id>"),
)
#: An observation that says only how much was asked: that follows from effort and seed.
_AMOUNT = r"\d[\d,]* (?:walks?|steps?|requests?|examples?|rounds?|commits?|times|tries)"
_AMOUNTS = re.compile(rf"{_AMOUNT}(?:(?:,| of| and| in)* {_AMOUNT})*(?: in all)?\.?")
_STATUS = re.compile(r"(?:answered )?\d{3}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One line of a fingerprint.

    Attributes:
        label: What was observed, in a few words.
        text: The observation, without what varies.
        answers: The same piece by piece: what was tried, and what came of it. A single piece has the empty name.
    """

    rule: str
    label: str
    text: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a run has seen of its target's own ways.

    Attributes:
        observed: By rule, in alphabetical order.
        unknown: Rules that observe and could not be reached, with the reason.
        capabilities: What the target can do, by name.
        part_size: Bytes of a part; None where the log does not say.
        truncated: Why the log ends before the run did; None for a complete one.
    """

    target: str
    observed: Mapping[str, Observed]
    unknown: Mapping[str, str]
    capabilities: Mapping[str, bool]
    part_size: int | None
    truncated: str | None

    def as_json(self) -> dict[str, Any]:
        """With stable keys; of the same target always the same, but for ``target``, ``unknown`` and ``truncated``."""
        return {
            "format": FORMAT,
            "target": self.target,
            "observed": {rule: {"label": each.label, "text": each.text} for rule, each in self.observed.items()},
            "unknown": dict(self.unknown),
            "capabilities": dict(self.capabilities),
            "part_size": self.part_size,
            "truncated": self.truncated,
        }


def fingerprint(log: Log) -> Fingerprint:
    """The fingerprint of a log's target."""
    observed: dict[str, Observed] = {}
    unknown: dict[str, str] = {}
    for line in log.verdicts:
        seen = observation_of(line)
        if seen is not None:
            observed[line.rule] = seen
        elif line.level == "observed":
            unknown[line.rule] = line.reason or line.verdict
    known = log.target.capabilities if log.target else ()
    return Fingerprint(
        target=log.header.target,
        observed=dict(sorted(observed.items())),
        unknown={rule: why for rule, why in sorted(unknown.items()) if rule not in observed},
        capabilities={
            each.name: each.available for each in sorted(known, key=lambda e: e.name) if not _is_given(each.name)
        },
        part_size=log.target.part_size if log.target else None,
        truncated=log.truncated,
    )


def _is_given(name: str) -> bool:
    return name in _GIVEN


def observation_of(line: Verdict) -> Observed | None:
    """What one verdict says of the target's ways; None where it says nothing.

    Rules that gate say something too where several answers are right.
    """
    if line.verdict not in ("observed", "passed") or not line.observation or _AMOUNTS.fullmatch(line.observation):
        return None
    text = normal(line.observation)
    return Observed(rule=line.rule, label=label_of(line.rule), text=text, answers=_answers(text))


def label_of(rule: str) -> str:
    """What a rule observes, in a few words."""
    return LABELS.get(rule, rule.lower().replace("-", " "))


def normal(text: str) -> str:
    """A text without what differs from run to run: ids, times, names of runs."""
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text


def _answers(text: str) -> dict[str, str]:
    """``plan: answer; plan: answer`` by plan. How many were tried depends on the budget, not on the target."""
    found: dict[str, str] = {}
    for piece in text.split("; "):
        what, separator, answer = piece.rpartition(": ")
        if not separator or _STATUS.match(what):
            return {"": text}
        found[what] = answer
    return found
