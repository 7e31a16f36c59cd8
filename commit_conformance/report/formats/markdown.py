"""The report as Markdown, short enough for a pull request or a step summary: verdict, failures, cost, where to read on.

Foreign text stands in code spans only: there a target can neither mark up the page nor mention people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from commit_conformance.report.log import Log
from commit_conformance.report.plain import count_text, plain_line, size_text
from commit_conformance.report.summary import CONFORMS, DOES_NOT_CONFORM, RuleResult, Summary, summarize

_MOST_FAILURES = 25
_MOST_REPLAYS = 5
_MOST_REASONS = 8
_LONGEST = 200
_SIGNS = {CONFORMS: "✅", DOES_NOT_CONFORM: "❌"}
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")


def render(log: Log, link: str = "report.html") -> str:
    """Gives the text for a log.

    Args:
        log: What to report.
        link: Where the whole report is: a URL, or a path from where the text is shown. Empty leaves the link out.
    """
    return "\n".join(_lines(log, summarize(log), link)) + "\n"


def _lines(log: Log, summary: Summary, link: str) -> Iterator[str]:
    yield f"## {_SIGNS.get(summary.exit_code, '⚠️')} {_text(summary.conclusion)}"
    yield ""
    header = log.header
    facts = [f"target {_code(header.target)}", f"effort {_code(header.effort)}"]
    facts += [f"seed `{header.seed}`"] * (header.seed is not None)
    facts += [f"run {_code(header.run)}"] * bool(header.run)
    yield ", ".join(facts)
    for note in header.notes:
        yield from ("", f"> {_code(note)}")
    if log.truncated is not None:
        yield from ("", f"**Incomplete:** {_code(log.truncated)}")
    for message in log.outdated[:_MOST_REASONS]:
        yield from ("", f"**Known failures out of date:** {_code(message)}")
    yield from _failures(summary)
    yield from _untested(summary)
    yield from _cost(log, summary)
    if link:
        yield from ("", f"[Whole report](<{_target(link)}>)")


def _failures(summary: Summary) -> Iterator[str]:
    failed = summary.failed
    if not failed:
        return
    yield from ("", f"### Failed ({len(failed):,})", "", "| rule | level | what happened |", "|---|---|---|")
    for result in failed[:_MOST_FAILURES]:
        failure = result.worst.failure
        sent = f" – sent: {_code(failure.sent)}" if failure and failure.sent else ""
        yield f"| {_code(result.rule)} | {_code(result.worst.level)}{_asides(result)} | {_code(result.told)}{sent} |"
    if len(failed) > _MOST_FAILURES:
        yield from ("", f"and {len(failed) - _MOST_FAILURES:,} more in the whole report")
    replays = [result for result in failed if result.worst.failure and result.worst.failure.replay][:_MOST_REPLAYS]
    if replays:
        yield from ("", "<details><summary>How to see them again</summary>", "")
        yield from ("```sh", *(plain_line(_replay(result), 2000).replace("```", "'''") for result in replays), "```")
        yield from ("", "</details>")


def _replay(result: RuleResult) -> str:
    return result.worst.failure.replay if result.worst.failure else ""


def _asides(result: RuleResult) -> str:
    told = ["does not decide"] * (not result.gating) + ["flaky"] * result.flaky
    known = result.worst.known
    told += [f"known: {_code(known.told)}"] * (known is not None) if known else []
    return f" ({', '.join(told)})" if told else ""


def _untested(summary: Summary) -> Iterator[str]:
    groups = summary.untested
    if not groups:
        return
    rules = sum(len(group.rules) for group in groups)
    yield from ("", f"### Could not be tested ({rules:,})", "")
    for group in groups[:_MOST_REASONS]:
        yield f"- {count_text(len(group.rules), 'rule')} {group.verdict}: {_code(group.reason)}"
    if len(groups) > _MOST_REASONS:
        yield f"- and {count_text(len(groups) - _MOST_REASONS, 'more reason')} in the whole report"


def _cost(log: Log, summary: Summary) -> Iterator[str]:
    told = []
    for spent in summary.cost:
        amount = size_text(spent.amount) if spent.in_bytes else f"{spent.amount:,}"
        limit = f" of {spent.limit:,}" if spent.limit is not None else ""
        told.append(f"{amount}{limit} {spent.name.removeprefix('bytes ')}{' (over budget)' if spent.over else ''}")
    if log.footer and log.footer.seconds is not None:
        told.append(f"{log.footer.seconds:,.1f} s")
    yield from ("", f"Cost: {', '.join(told)}.")
    if log.footer and log.footer.left:
        shown = ", ".join(_code(each) for each in log.footer.left[:5])
        yield from ("", f"**Left behind on the server:** {shown}{' and more' if len(log.footer.left) > 5 else ''}")


def _code(text: str) -> str:
    """Foreign text as a code span of one line, also within a table."""
    shown = plain_line(text, _LONGEST)
    if not shown.strip():
        return "–"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") or len(fence) > 1 else ""
    # Where a table cell ends is decided before code spans are looked for, so the bar is escaped in them too.
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def _text(text: str) -> str:
    """A sentence of our own; whatever got into it loses its meaning as markup."""
    return _MARKUP.sub(r"\\\1", plain_line(text, 2 * _LONGEST)).replace("\\:", ":").replace("\\-", "-")


def _target(link: str) -> str:
    return re.sub(r"[<>\s]", "", plain_line(link, 2000))
