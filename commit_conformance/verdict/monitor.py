"""What was seen in passing, in every answer of a run.

Many rules speak of every answer of a kind: every 201 has the right size, every refusal is a JSON error. Each answer is
judged for all of them when it arrives, whatever was being tested, and the finding waits here for the rule's own test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commit_conformance.model import Answer, Problem

#: What must have been seen for a rule to have been tested, where it is not the rule's own request.
_SUBJECTS = {
    "ACCEPTED-RETRY-AFTER": "202",
    "ACCEPTED-EMPTY": "202",
    "ACCEPTED-BAD-ENDS": "bad commit",
    "AUTH-CHALLENGE": "401",
    "CONFLICT-BODY": "409",
    "ERROR-BODY": "refusal",
    "ERROR-FAILED-TERMINAL": "410",
    "ERROR-LEAK": "refusal",
    "ERROR-NO-5XX": "bad commit",
    "ERROR-RATE-LIMIT": "429",
    "ERROR-REQUEST-ID": "request_id",
    "NO-REDIRECT": "answer",
    "NOT-MODIFIED-EMPTY": "304",
    "PRECONDITION-BODY": "412",
    "RATE-LIMIT-NO-LOSS": "429",
    "REJECTED-NO-TRACE": "listing",
    "TOKEN-ECHO": "answer",
    "CREATED-OWNER": "owner",
    "CREATED-NEW-VERSION": "version",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with the evidence for it.

    Attributes:
        during: Id of the rule that was tested when it came up; empty for none.
        unless: Rules whose failure would explain it, where nobody knows yet whether they are kept.
    """

    problem: Problem
    failure: dict[str, Any]
    exchanges: Sequence[dict[str, Any]]
    during: str = ""
    unless: tuple[str, ...] = ()


class Monitor:
    """Collects what is seen in passing."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.findings: dict[str, list[Finding]] = {}
        self._broken: dict[str, set[int]] = {}
        self._request_ids: dict[str, int] = {}

    def saw(self, subject: str) -> None:
        """Counts one thing that was seen."""
        self.seen[subject] += 1

    def subject_of(self, rule_id: str) -> str:
        """What must have been seen for a rule to have been tested."""
        if rule_id in _SUBJECTS:
            return _SUBJECTS[rule_id]
        return "201" if rule_id.startswith(("CREATED-", "ATTR-")) else "answer"

    def file(self, finding: Finding, *, answer: int) -> None:
        """Keeps a finding; of the same problem in the same place only the first.

        Args:
            answer: Number of the exchange it was found in.
        """
        self._broken.setdefault(finding.problem.rule, set()).add(answer)
        known = self.findings.setdefault(finding.problem.rule, [])
        if all(other.problem != finding.problem for other in known) and len(known) < 20:
            known.append(finding)

    def times(self, rule_id: str) -> dict[str, int | bool]:
        """How many of the answers that could show it have broken a rule."""
        broken = len(self._broken.get(rule_id, ()))
        return {"failed": broken, "asked": max(broken, self.seen[self.subject_of(rule_id)]), "in_passing": True}

    def count_answer(self, answer: Answer) -> list[Problem]:
        """Counts an answer to a commit by its kind, and holds its request id against all others."""
        self.saw("answer")
        self.saw(str(answer.status))
        if not 400 <= answer.status <= 499:
            return []
        if answer.status not in (401, 403, 405, 408, 429):
            self.saw("refusal")
        body = answer.json
        request_id = body.get("request_id") if isinstance(body, dict) else None
        if not isinstance(request_id, str) or not request_id:
            return []
        self.saw("request_id")
        self._request_ids[request_id] = self._request_ids.get(request_id, 0) + 1
        if self._request_ids[request_id] == 2:
            return [Problem("ERROR-REQUEST-ID", f"two answers have the request_id {request_id!r:.60}", "/request_id")]
        return []
