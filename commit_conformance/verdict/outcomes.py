"""How the test of a rule can end.

Ending (base)
├── Nonconformance   the target broke the rule; carries the evidence
├── Unsupported      the target lacks a capability the rule needs
├── Blocked          the state the rule speaks of could not be reached
└── InDoubt          an answer was lost on the way, and it cannot be told what came of the request
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What is said of a rule after its test; the worst comes first."""

    FAILED = "failed"
    ERRORED = "errored"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"
    OBSERVED = "observed"
    PASSED = "passed"


class Ending(Exception):
    """Ends a test with a verdict other than passed.

    Attributes:
        awaits: What had to be seen in passing and was not; another process of the same run may have seen it.
    """

    verdict = Verdict.ERRORED

    def __init__(self, message: str = "", *, awaits: str | None = None) -> None:
        super().__init__(message)
        self.awaits = awaits


class Nonconformance(Ending):
    """The target broke a rule.

    Attributes:
        failure: The evidence, in the form of the event log.
    """

    verdict = Verdict.FAILED

    def __init__(self, message: str, failure: dict[str, Any]) -> None:
        super().__init__(message)
        self.failure = failure


class Unsupported(Ending):
    """The target lacks what the rule needs. Never counts against it."""

    verdict = Verdict.UNSUPPORTED


class Blocked(Ending):
    """The rule could not be tested, for a reason that is not the rule's own."""

    verdict = Verdict.BLOCKED


class InDoubt(Ending):
    """An answer was lost on the way, and what is seen may be for that alone. Never counts against the target."""

    verdict = Verdict.ERRORED
