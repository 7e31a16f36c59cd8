"""The report as SARIF 2.1.0, so that code scanning shows a broken rule at the line of the API's description it breaks.

Every rule of the log is described with its help; every failure is a result, anchored at the line that the log names for
its rule. What could not be tested is told as notifications of the invocation: it is no finding, and not nothing either.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.log import Log
from commit_conformance.report.plain import plain, plain_line
from commit_conformance.report.ruler.layout import lay_out
from commit_conformance.report.ruler.text import ruler_text
from commit_conformance.report.summary import RuleResult, Summary, summarize
from commit_conformance.report.verdicts import Place

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LONGEST = 4000
_DESCRIPTION = Place(file="specs/commit.openapi.yaml", line=1, pointer="")
"""Where a result stands whose rule the log gives no place: code scanning shows none without one."""


def render(log: Log) -> str:
    """Gives the document for a log, in ASCII."""
    summary = summarize(log)
    index = {result.rule: number for number, result in enumerate(summary.rules)}
    run = {
        "tool": {
            "driver": {
                "name": _line(log.header.tool or "commit-conformance"),
                "version": _line(log.header.tool_version) or "0",
                "rules": [_rule(result) for result in summary.rules],
            }
        },
        "invocations": [_invocation(log, summary)],
        "automationDetails": {"id": f"commit-conformance/{_line(log.header.target)}/"},
        "columnKind": "utf16CodeUnits",
        "results": [_result(log, result, index[result.rule]) for result in summary.failed],
        "properties": {
            "conclusion": _line(summary.conclusion),
            "effort": _line(log.header.effort),
            "seed": log.header.seed,
            "run": _line(log.header.run),
        },
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(result: RuleResult) -> dict[str, Any]:
    worst = result.worst
    source = "; ".join(worst.source)
    lines = [worst.statement, f"Why: {worst.why}" * bool(worst.why)]
    lines += [f"What it breaks: {worst.breaks}" * bool(worst.breaks), f"Source: {source}" * bool(source)]
    lines.append(f"More: commit-conformance rules {result.rule}")
    told = [plain(line, _LONGEST) for line in lines if line]
    return {
        "id": _line(result.rule),
        "shortDescription": {"text": _line(worst.statement) or _line(result.rule)},
        "fullDescription": {"text": _line(" ".join(filter(None, (worst.statement, worst.why)))) or _line(result.rule)},
        "help": {"text": "\n".join(told), "markdown": "\n\n".join(_literal(line) for line in told)},
        "defaultConfiguration": {"level": "error" if result.gating else "warning"},
        "properties": {"tags": ["conformance", _line(worst.group), _line(worst.level)], "precision": "very-high"},
    }


def _result(log: Log, result: RuleResult, index: int) -> dict[str, Any]:
    worst = result.worst
    place = worst.place or _DESCRIPTION
    found: dict[str, Any] = {
        "ruleId": _line(result.rule),
        "ruleIndex": index,
        "level": "error" if result.gating else "warning",
        "kind": "fail",
        "message": {"text": _message(result)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _path(place.file), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": place.line},
                },
                "logicalLocations": [{"fullyQualifiedName": _line(place.pointer) or "/", "kind": "member"}],
            }
        ],
        # One alert a rule and target, whatever changes in the wording or in the description's lines.
        "partialFingerprints": {
            "rule/v1": hashlib.sha256(f"{_line(log.header.target)} {_line(result.rule)}".encode()).hexdigest()
        },
        "properties": {"flaky": result.flaky, "requests": result.requests},
    }
    if worst.failure is not None:
        found["properties"] |= {
            "curl": plain(worst.failure.curl, 4 * _LONGEST),
            "replay": plain(worst.failure.replay, _LONGEST),
        }
    if worst.decisive is not None:
        found |= _web(worst.decisive)
    if worst.known is not None:
        found["suppressions"] = [{"kind": "external", "justification": _line(worst.known.told)}]
    return found


def _message(result: RuleResult) -> str:
    failure = result.worst.failure
    lines = [f"{result.rule}: {result.told}", result.worst.statement]
    if failure is not None:
        lines += [f"Sent: {failure.sent}" * bool(failure.sent)]
        layout = lay_out(failure.part_list)
        lines += [*ruler_text(layout, 72), *(f"{note.kind}: {note.text}" for note in layout.notes)] if layout else []
        lines += [f"Came back: {failure.got}" * bool(failure.got)]
        lines += [f"Right would be: {failure.expected}" * bool(failure.expected)]
        lines += [f"{problem.pointer or 'whole answer'}: {problem.message}" for problem in failure.problems[:10]]
        lines += [f"See it again: {failure.replay}" * bool(failure.replay)]
    return "\n".join(plain(line, _LONGEST) for line in lines if line)


def _web(exchange: Exchange) -> dict[str, Any]:
    request: dict[str, Any] = {
        "protocol": "HTTP",
        "version": "1.1",
        "target": _line(exchange.url),
        "method": _line(exchange.method),
        "headers": _headers(exchange.request_headers),
    }
    response: dict[str, Any] = {
        "protocol": "HTTP",
        "version": "1.1",
        "reasonPhrase": _line(exchange.reason),
        "headers": _headers(exchange.response_headers),
        "noResponseReceived": exchange.status is None,
    }
    if exchange.status is not None:
        response["statusCode"] = exchange.status
    for message, body in ((request, exchange.request_body), (response, exchange.response_body)):
        if body:
            message["body"] = {"text": plain(body, _LONGEST)}
    return {"webRequest": request, "webResponse": response}


def _headers(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        known = joined.get(_line(name))
        joined[_line(name)] = _line(value) if known is None else f"{known}, {_line(value)}"
    return joined


def _invocation(log: Log, summary: Summary) -> dict[str, Any]:
    invocation: dict[str, Any] = {
        # The tool did its work also where the target failed; it did not where it could not say.
        "executionSuccessful": summary.exit_code in (0, 1) and log.truncated is None,
        "exitCode": summary.exit_code,
        "exitCodeDescription": _line(summary.conclusion),
        "toolExecutionNotifications": [
            {
                "level": "note" if group.verdict == "unsupported" else "warning",
                "message": {
                    "text": f"{group.verdict}: {_line(group.reason)}: "
                    + ", ".join(_line(result.rule) for result in group.rules)
                },
            }
            for group in summary.untested
        ],
    }
    for name, time in (("startTimeUtc", log.header.started), ("endTimeUtc", log.footer.finished if log.footer else "")):
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", time, re.ASCII):
            invocation[name] = time
    return invocation


def _literal(text: str) -> str:
    """Text as Markdown that means nothing but itself; our own code spans stay."""
    return re.sub(r"([\\*_{}\[\]#<>!|~@])", r"\\\1", text)


def _path(file: str) -> str:
    """A relative path as a URI reference; anything else than a plain path is replaced."""
    return file if re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", file) else _DESCRIPTION.file


def _line(text: str) -> str:
    return plain_line(text, _LONGEST)
