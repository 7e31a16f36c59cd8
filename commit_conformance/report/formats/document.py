"""The report as JSON with a published schema, for programs: ``specs/report.schema.json``.

The event log says what happened, line by line; this says what it amounts to, rule by rule, so that nobody has to work
out a second time which verdict counts. Members are only ever added to a version.
"""

from __future__ import annotations

import json
from typing import Any

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.log import Log
from commit_conformance.report.plain import plain, plain_line
from commit_conformance.report.summary import RuleResult, Summary, summarize
from commit_conformance.report.verdicts import VERDICTS, Failure, Verdict

VERSION = 1
"""Of the document; ``specs/report.schema.json`` describes it."""
_LONGEST = 8000
_MOST = 200
"""Problems, lines of a history and defects: more than anybody reads, few enough to stay small."""


def render(log: Log) -> str:
    """Gives the document for a log, in ASCII."""
    return json.dumps(_document(log, summarize(log)), indent=1, allow_nan=False) + "\n"


def _document(log: Log, summary: Summary) -> dict[str, Any]:
    header = log.header
    return {
        "version": VERSION,
        "tool": {"name": _line(header.tool), "version": _line(header.tool_version)},
        "run": _line(header.run),
        "started": _line(header.started),
        "finished": _line(log.footer.finished) if log.footer else "",
        "seconds": log.footer.seconds if log.footer else None,
        "target": {"url": _line(header.target), "api_url": _line(header.api_url)},
        "effort": _line(header.effort),
        "gate": [_line(level) for level in header.gate],
        "seed": header.seed,
        "selected": None if header.selected is None else [_line(rule) for rule in header.selected],
        "notes": [_line(note) for note in header.notes],
        "merged": [_line(each.run) for each in header.merged],
        "conclusion": {
            "verdict": summary.conclusion.partition(":")[0],
            "exit_code": summary.exit_code,
            "text": _line(summary.conclusion),
            "truncated": None if log.truncated is None else _line(log.truncated),
        },
        "verdicts": {word: summary.verdicts[word] for word in VERDICTS},
        "cost": [
            {"name": spent.name, "amount": spent.amount, "limit": spent.limit, "over": spent.over}
            for spent in summary.cost
        ],
        "left_behind": [_line(each) for each in (log.footer.left if log.footer else ())][:_MOST],
        "untested": [
            {
                "verdict": group.verdict,
                "reason": _line(group.reason),
                "rules": [_line(result.rule) for result in group.rules],
            }
            for group in summary.untested
        ],
        "failed": [_line(result.rule) for result in summary.failed],
        "rules": [_rule(result) for result in summary.rules],
    }


def _rule(result: RuleResult) -> dict[str, Any]:
    worst = result.worst
    return {
        "rule": _line(result.rule),
        "group": _line(worst.group),
        "level": _line(worst.level),
        "verdict": result.verdict,
        "gating": result.gating,
        "flaky": result.flaky,
        "statement": plain(worst.statement, _LONGEST),
        "source": [_line(source) for source in worst.source],
        "place": _place(worst),
        "reason": plain(worst.reason, _LONGEST),
        "observation": plain(worst.observation, _LONGEST) or None,
        "requests": result.requests,
        "examples": result.examples,
        "seconds": round(max(result.seconds, 0), 3),
        "known": (
            None
            if worst.known is None
            else {
                "reason": _line(worst.known.reason),
                "owner": _line(worst.known.owner),
                "expires": _line(worst.known.expires),
            }
        ),
        "failure": _failure(worst, worst.failure) if worst.failure and result.verdict == "failed" else None,
    }


def _place(worst: Verdict) -> dict[str, Any] | None:
    place = worst.place
    return None if place is None else {"file": _line(place.file), "line": place.line, "pointer": _line(place.pointer)}


def _failure(worst: Verdict, failure: Failure) -> dict[str, Any]:
    defects = failure.part_list.get("defects") if isinstance(failure.part_list, dict) else None
    return {
        "message": plain(failure.message, _LONGEST),
        "sent": plain(failure.sent, _LONGEST),
        "expected": plain(failure.expected, _LONGEST),
        "got": plain(failure.got, _LONGEST),
        "times": {"failed": failure.failed, "asked": failure.asked},
        "defects": [
            {"kind": _line(str(defect.get("kind"))), "message": _line(str(defect.get("message")))}
            for defect in (defects if isinstance(defects, list) else [])[:_MOST]
            if isinstance(defect, dict)
        ],
        "problems": [
            {"pointer": _line(problem.pointer), "message": _line(problem.message)}
            for problem in failure.problems[:_MOST]
        ],
        "history": [_line(line) for line in failure.history[:_MOST]],
        "curl": plain(failure.curl, 4 * _LONGEST),
        "replay": plain(failure.replay, _LONGEST),
        "exchange": None if worst.decisive is None else _exchange(worst.decisive),
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "at": _line(exchange.at),
        "method": _line(exchange.method),
        "url": _line(exchange.url),
        "status": exchange.status,
        "error": _line(exchange.error),
        "seconds": round(max(exchange.seconds, 0), 6),
    }


def _line(text: str) -> str:
    return plain_line(text, _LONGEST)
