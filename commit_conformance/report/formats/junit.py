"""The report as JUnit XML, for whatever a CI system does with test results.

A test suite is a group of rules, a test case a rule at an effort: a rule that is tested nightly at another effort than
with every change has two histories. The document is red exactly when the run does not conform: rules that do not gate
are skipped at worst, and a run that ends badly without any rule to blame gets a test case of its own. The document
keeps to what the schemas of Ant (windyroad) and of Jenkins have in common, but for skipped test cases, whose messages
only later ones know; so a test case holds one element at most, and longer texts of rules that do not gate stand in the
suite's output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from commit_conformance.report.log import Log
from commit_conformance.report.plain import plain, plain_line
from commit_conformance.report.ruler.layout import lay_out
from commit_conformance.report.ruler.text import ruler_text
from commit_conformance.report.summary import CONFORMS, RuleResult, Summary, summarize

_LONGEST = 4000
"""Characters of one foreign text: CI systems refuse or cut documents of many megabytes."""
_MOST_STEPS = 60
_LONGEST_MESSAGE = 300
_RED = ("failure", "error")
_SCHEMA_TIME = "1970-01-01T00:00:00"
"""Stands where the log does not say when the run started; the schema wants a time."""


def render(log: Log) -> str:
    """Gives the document for a log, with an XML declaration, in ASCII."""
    summary = summarize(log)
    root = Element("testsuites")
    for number, group in enumerate(summary.groups):
        _suite(root, log, summary, group, number)
    _run_suite(root, log, summary)
    _clean(root)
    ElementTree.indent(root)
    # As ASCII, with character references for all else, the document survives whatever encoding a CI system believes in.
    document: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document.decode("ascii")}\n'


def _clean(root: Element) -> None:
    """Makes every text and attribute safe: one bad character, wherever it got in, would spoil the document."""
    for element in root.iter():
        element.text = plain(element.text or "")
        for name, value in element.items():
            element.set(name, plain_line(value))


def _suite(root: Element, log: Log, summary: Summary, group: str, number: int) -> None:
    results = summary.in_group(group)
    kinds = [_kind(result) for result in results]
    suite = _open_suite(root, log, summary, group, number, kinds, sum(result.seconds for result in results))
    for result in results:
        _case(suite, log, result)
    SubElement(suite, "system-out").text = _output(results)
    SubElement(suite, "system-err").text = ""


def _run_suite(root: Element, log: Log, summary: Summary) -> None:
    """Adds a test case for the run itself where it did not conform and no rule's own test case says so."""
    if log.truncated is None and (summary.exit_code == CONFORMS or any(_kind(r) in _RED for r in summary.rules)):
        return
    seconds = log.footer.seconds if log.footer else None
    suite = _open_suite(root, log, summary, "run", len(summary.groups), ["error"], seconds or 0.0)
    time = _seconds(seconds or 0.0)
    case = SubElement(
        suite, "testcase", classname=f"commit-conformance.{_effort(log)}.run", name="conclusion", time=time
    )
    told = summary.conclusion if log.truncated is None else f"the run did not finish: {log.truncated}"
    error = SubElement(case, "error", type="run", message=plain_line(told, _LONGEST_MESSAGE))
    error.text = plain(summary.conclusion, _LONGEST)
    SubElement(suite, "system-out").text = ""
    SubElement(suite, "system-err").text = ""


def _open_suite(
    root: Element, log: Log, summary: Summary, name: str, number: int, kinds: Sequence[str | None], seconds: float
) -> Element:
    suite = SubElement(
        root,
        "testsuite",
        name=plain_line(name, _LONGEST_MESSAGE),
        package="commit-conformance",
        id=str(number),
        timestamp=_timestamp(log.header.started),
        hostname="localhost",
        tests=str(len(kinds)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
        time=_seconds(seconds),
    )
    _properties(suite, log, summary)
    return suite


def _properties(suite: Element, log: Log, summary: Summary) -> None:
    header = log.header
    values = {
        "target": header.target,
        "seed": "" if header.seed is None else str(header.seed),
        "effort": header.effort,
        "gate": ",".join(header.gate),
        "run": header.run,
        "tool": f"{header.tool} {header.tool_version}".strip(),
        "conclusion": summary.conclusion,
        "truncated": log.truncated or "",
    }
    properties = SubElement(suite, "properties")
    for name, value in values.items():
        if value:
            SubElement(properties, "property", name=name, value=plain_line(value, _LONGEST_MESSAGE))


def _case(suite: Element, log: Log, result: RuleResult) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=f"commit-conformance.{_effort(log)}.{plain_line(result.worst.group, _LONGEST_MESSAGE)}",
        name=plain_line(result.rule, _LONGEST_MESSAGE),
        time=_seconds(result.seconds),
    )
    kind = _kind(result)
    if kind is None:
        return
    element = SubElement(case, kind, message=_message(result))
    if kind != "skipped":
        element.set("type", plain_line(result.worst.level, 40) if kind == "failure" else result.verdict)
        element.text = _text(result)


def _kind(result: RuleResult) -> str | None:
    """The element that tells how a rule fared; None for rules that passed or were observed."""
    if not result.gating:
        return None if result.verdict in ("passed", "observed") else "skipped"
    return {"failed": "failure", "errored": "error", "blocked": "skipped", "unsupported": "skipped"}.get(result.verdict)


def _message(result: RuleResult) -> str:
    failure = result.worst.failure
    told = (failure.message if failure else "") or result.worst.reason or "no reason given"
    if result.verdict != "failed":
        told = f"{result.verdict}: {told}"
    if result.worst.known is not None:
        told = f"known failure, {result.worst.known.told}: {told}"
    elif not result.gating and result.verdict in ("failed", "errored"):
        told = f"not gating: {told}"
    return plain_line(told, _LONGEST_MESSAGE)


def _text(result: RuleResult) -> str:
    """All that is needed to act on a failure without the other reports."""
    verdict, failure = result.worst, result.worst.failure
    lines = [f"{verdict.rule} ({verdict.level}): {plain(verdict.statement, _LONGEST)}"]
    if verdict.reason:
        lines.append(plain(verdict.reason, _LONGEST))
    if failure is None:
        return "\n".join([*lines, f"test: {plain(verdict.test, _LONGEST_MESSAGE)}"])
    lines += [plain(failure.message, _LONGEST), "", f"sent: {plain(failure.sent, _LONGEST)}"]
    layout = lay_out(failure.part_list)
    if layout is not None:
        lines += ["", *ruler_text(layout), *(f"{note.kind}: {note.text}" for note in layout.notes), ""]
    lines += ["", *(plain_line(line, _LONGEST) for line in failure.history[:_MOST_STEPS]), ""] * bool(failure.history)
    lines += [f"got: {plain(failure.got, _LONGEST)}", f"expected: {plain(failure.expected, _LONGEST)}"]
    lines += [f"failed {failure.times}"] * bool(failure.times)
    lines += [
        plain(f"problem: {problem.pointer or 'whole answer'}: {problem.message}", _LONGEST)
        for problem in failure.problems[:10]
    ]
    lines += [f"source: {plain_line('; '.join(verdict.source), _LONGEST)}"] * bool(verdict.source)
    lines += [f"curl: {plain(failure.curl, _LONGEST)}"] * bool(failure.curl)
    lines += [f"replay: {plain(failure.replay, _LONGEST)}"] * bool(failure.replay)
    return "\n".join(lines)


def _output(results: Sequence[RuleResult]) -> str:
    """What the suite has to tell besides failures: failures that do not gate, and what was observed."""
    told = [_text(result) for result in results if result.verdict == "failed" and not result.gating]
    told += [
        f"{result.rule} observed: {plain_line(result.worst.observation, _LONGEST)}"
        for result in results
        if result.verdict == "observed"
    ]
    return "\n\n".join(told)


def _effort(log: Log) -> str:
    """The effort as a piece of a class name; those of a merged run joined."""
    return "-".join(re.findall(r"[a-z]+", log.header.effort.lower()))[:60] or "unknown"


def _timestamp(started: str) -> str:
    """Seconds without a zone: the schema allows no other form."""
    match = re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", started, re.ASCII)
    return match[0] if match else _SCHEMA_TIME


def _seconds(seconds: float) -> str:
    return f"{max(seconds, 0):.3f}"
