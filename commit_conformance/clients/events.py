"""What a run of a client writes into its event log.

Owns the events: a header, one for each play, one for each rule, a footer; docs/event-log.md tells of them. The tokens
of a play are blanked here.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import secrets
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from commit_conformance.clients.judge import Finding
from commit_conformance.clients.play import Play
from commit_conformance.clients.protocol import Hello
from commit_conformance.clients.record import as_event
from commit_conformance.clients.scenarios import Scenario
from commit_conformance.clients.settings import ClientRun
from commit_conformance.clients.verdicts import RuleVerdict
from commit_conformance.verdict.catalogue import Rule
from commit_conformance.verdict.events import FORMAT, now

__all__ = ["CONFORMS", "DOES_NOT", "NOT_TESTED", "footer", "header", "play_event", "verdict_event"]

CONFORMS: Final = 0
DOES_NOT: Final = 1
NOT_TESTED: Final = 3

#: A play logs so many requests from its beginning and its end, besides those that findings name; one that never ends
#: would fill the log.
_FIRST, _LAST = 20, 3


def header(run: ClientRun, hello: Hello, rules: tuple[Rule, ...], scenarios: tuple[Scenario, ...]) -> dict[str, Any]:
    """The first line: who is asked, and what."""
    return {
        "event": "header",
        "format": FORMAT,
        "kind": "client",
        "run": f"client-{secrets.token_hex(4)}",
        "started": now(),
        "tool": {"name": "box-commit-conformance", "version": _version()},
        "versions": {"python": platform.python_version()},
        "client": {
            "name": run.name,
            "title": run.title or hello.name,
            "sdk": hello.name,
            "version": hello.version,
            "language": hello.language,
            "runtime": hello.runtime,
            "note": hello.note,
            "calls": {call: sorted(options) for call, options in hello.calls.items()},
        },
        "gate": [level.value for level in run.gate],
        "selected": [rule.id for rule in rules],
        "scenarios": [scenario.name for scenario in scenarios],
    }


def play_event(played: Play, said: Mapping[str, Finding]) -> dict[str, Any]:
    """One play: what was sent, what was told, and what it says about rules."""
    named = {number for finding in said.values() for number in finding.requests}
    count = len(played.sent)
    shown = [
        each for each in played.sent if each.number <= _FIRST or each.number > count - _LAST or each.number in named
    ]
    return {
        "event": "play",
        "play": played.id,
        "scenario": played.scenario.name,
        "call": played.call,
        "summary": played.scenario.summary,
        "seconds": round(played.seconds, 3),
        "told": str(played.result) if played.result else None,
        "result": _clean(played.result.document, played.secrets) if played.result else None,
        "trouble": {"kind": played.trouble.kind, "message": str(played.trouble)} if played.trouble else None,
        "cut": played.cut,
        "errors": _clean(played.errors[-4000:], played.secrets),
        "requests": count,
        "commits": len(played.commits),
        "findings": {
            rule: {"verdict": finding.verdict, "reason": _clean(finding.reason, played.secrets)}
            for rule, finding in said.items()
        },
        "exchanges": [as_event(each, start=played.started, secrets=played.secrets) for each in shown],
    }


def _clean(value: Any, hidden: tuple[str, ...]) -> Any:
    """A JSON value with the tokens blanked wherever they stand."""
    if isinstance(value, str):
        for secret in hidden:
            value = value.replace(secret, "[token]")
        return value
    if isinstance(value, Mapping):
        return {_clean(str(name), hidden): _clean(member, hidden) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(member, hidden) for member in value]
    return value


def verdict_event(verdict: RuleVerdict, run: ClientRun) -> dict[str, Any]:
    """One rule: its verdict, with everything that a report needs."""
    rule = verdict.rule
    deciding = next((play_id for play_id, finding in verdict.findings if finding.verdict == verdict.verdict), "")
    scenario = deciding.partition("/")[0]
    replay = f" --rule {rule.id}" + (f" --scenario {scenario}" if scenario else "")
    before, dashes, command = run.replay.partition(" -- ")
    return {
        "event": "verdict",
        "rule": rule.id,
        "group": rule.group,
        "level": rule.level.value,
        "verdict": verdict.verdict,
        "gating": run.decides(verdict),
        "known": entry.as_json() if verdict.verdict == "failed" and (entry := run.entry(rule)) else None,
        "statement": rule.statement,
        "why": rule.why,
        "breaks": rule.breaks,
        "source": [str(source) for source in rule.source],
        "reason": verdict.reason,
        "findings": [
            {"play": play_id, "verdict": finding.verdict, "reason": finding.reason, "requests": list(finding.requests)}
            for play_id, finding in verdict.findings
        ],
        "replay": before + replay + (dashes + command if dashes else ""),
    }


def footer(
    verdicts: tuple[RuleVerdict, ...], run: ClientRun, exit_code: int, reason: str, seconds: float, plays: int
) -> dict[str, Any]:
    """The last line: how it ended."""
    conclusions = {CONFORMS: "conforms", DOES_NOT: "does not conform", NOT_TESTED: "could not be tested"}
    return {
        "event": "footer",
        "finished": now(),
        "seconds": round(seconds, 1),
        "exit_code": exit_code,
        "conclusion": conclusions[exit_code],
        "reason": reason,
        "verdicts": dict(Counter(each.verdict for each in verdicts)),
        "gating": dict(Counter(each.verdict for each in verdicts if run.decides(each))),
        "plays": plays,
    }


def _version() -> str:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version("box-commit-conformance")
    return "unknown"
