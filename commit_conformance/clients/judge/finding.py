"""What one play says about one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from commit_conformance.clients.record import Sent

__all__ = ["Finding", "Verdict", "blocked", "errored", "failed", "observed", "passed", "unsupported"]

Verdict = Literal["failed", "errored", "passed", "observed", "blocked", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one play says about one rule.

    Attributes:
        verdict: As for servers: ``failed``, ``errored`` (the driver's trouble, not the SDK's), ``passed``,
            ``observed`` (recorded, never decides), ``blocked`` or ``unsupported``.
        reason: What was seen, in one line.
        requests: Numbers of the requests that show it.
    """

    verdict: Verdict
    reason: str
    requests: tuple[int, ...] = ()


def failed(reason: str, *requests: Sent) -> Finding:
    """The client broke the rule."""
    return Finding(verdict="failed", reason=reason, requests=_numbers(requests))


def passed(reason: str, *requests: Sent) -> Finding:
    """The client could have broken the rule and did not."""
    return Finding(verdict="passed", reason=reason, requests=_numbers(requests))


def observed(reason: str, *requests: Sent) -> Finding:
    """What the client does where the contract is silent."""
    return Finding(verdict="observed", reason=reason, requests=_numbers(requests))


def blocked(reason: str, *requests: Sent) -> Finding:
    """The state that the rule speaks of was not reached."""
    return Finding(verdict="blocked", reason=reason, requests=_numbers(requests))


def errored(reason: str) -> Finding:
    """The driver did not keep to the protocol."""
    return Finding(verdict="errored", reason=reason)


def unsupported(reason: str) -> Finding:
    """The SDK has no such call, or the call no such option."""
    return Finding(verdict="unsupported", reason=reason)


def _numbers(requests: tuple[Sent, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(each.number for each in requests))
