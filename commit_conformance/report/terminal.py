"""The report on a terminal: what failed and how to see it again, what could not be tested, what it cost.

Everything foreign goes through :mod:`commit_conformance.report.plain` into rich ``Text``, never into console markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.log import Log
from commit_conformance.report.plain import count_text, plain, plain_line, size_text
from commit_conformance.report.ruler.layout import lay_out
from commit_conformance.report.ruler.text import ruler_text
from commit_conformance.report.summary import CONFORMS, DOES_NOT_CONFORM, RuleResult, Summary, Untested, summarize
from commit_conformance.report.verdicts import VERDICTS

_STYLES = {
    "passed": "green",
    "failed": "bold red",
    "observed": "cyan",
    "unsupported": "dim",
    "blocked": "yellow",
    "errored": "magenta",
}
_LABEL = 10
_LONGEST = 600
"""Characters of a foreign text that help before they bury the rest; the HTML report shows more."""
_LONGEST_BODY = 4000
_MOST_PROBLEMS = 10
_MOST_STEPS = 60
"""Lines of a history: more than the longest walk of a run has."""
_WIDEST = 110
"""Columns beyond which sentences are hard to follow and a ruler gains nothing."""


def render(log: Log, console: Console, *, verbose: int = 0, quiet: bool = False, report: Path | None = None) -> None:
    """Prints the report of a log.

    Args:
        log: What to report.
        console: Where to print. Width and colour are its choice; ``NO_COLOR`` is respected by it.
        verbose: 1 adds what was observed in full and the decisive exchange of each failure; 2 adds every rule.
        quiet: Prints one line for each failure and the conclusion, nothing else.
        report: The HTML report to point at. By default ``report.html`` beside the log, if it is there.
    """
    summary = summarize(log)
    printer = _Printer(console, verbose)
    if not quiet:
        printer.header(log)
        printer.groups(summary)
    if verbose >= 2 and not quiet:
        printer.rules(summary)
    for result in summary.failed:
        if quiet:
            printer.failed_line(result)
        elif verbose or not result.known_failure:
            printer.failure(result)
    if not quiet:
        printer.known([result for result in summary.failed if result.known_failure])
        printer.untested(summary.untested)
        printer.observed(summary.observed)
        printer.cost(log, summary)
    printer.list_of_known(log)
    printer.conclusion(log, summary)
    beside = log.path.parent / "report.html"
    found = report or (beside if beside.is_file() else None)
    if found is not None and not quiet:
        printer.line(f"report: {found}")


class _Printer:
    """Prints sections on one console."""

    def __init__(self, console: Console, verbose: int) -> None:
        self._console = console
        self._verbose = verbose
        self._width = min(console.width, _WIDEST)

    def line(self, *pieces: str | tuple[str, str]) -> None:
        """Prints one line, as long as it is. Pieces are texts, or pairs of text and style."""
        texts = ((piece, "") if isinstance(piece, str) else piece for piece in pieces)
        self._print(Text.assemble(*((plain_line(text, _LONGEST_BODY), style) for text, style in texts)))

    def header(self, log: Log) -> None:
        header = log.header
        self.line(
            (f"{header.tool} {header.tool_version}", "bold"), "  target ", (plain_line(header.target, 200), "bold")
        )
        facts = [f"effort {header.effort}", f"gate {','.join(header.gate)}"]
        facts += [f"seed {header.seed}"] * (header.seed is not None)
        facts += [f"run {header.run}"] * bool(header.run)
        self.line((plain_line("  ".join(facts), 200), "dim"))
        for note in header.notes:
            self._block(note, style="bold yellow")
        if log.truncated is not None:
            self._block(f"INCOMPLETE: {log.truncated}", style="bold yellow")
        self.line()

    def groups(self, summary: Summary) -> None:
        words = [word for word in reversed(VERDICTS) if summary.verdicts[word] or word in ("passed", "failed")]
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("group")
        for word in words:
            table.add_column(word, justify="right")
        for group, counts in summary.groups.items():
            cells = [Text(f"{counts[word]:,}", _STYLES[word]) if counts[word] else Text("·", "dim") for word in words]
            table.add_row(Text(plain_line(group, 30)), *cells)
        table.add_row("all", *(f"{summary.verdicts[word]:,}" for word in words), style="bold")
        self._console.print(table)
        self.line()

    def rules(self, summary: Summary) -> None:
        for result in summary.rules:
            requests = count_text(result.requests, "request")
            self.line(
                (f"{result.verdict:<12}", _STYLES[result.verdict]),
                plain_line(result.rule, 60),
                (f"  {requests}", "dim"),
            )
        self.line()

    def failed_line(self, result: RuleResult) -> None:
        message = result.worst.failure.message if result.worst.failure else result.worst.reason
        gating = "" if result.gating else " (known)" if result.known_failure else " (not gating)"
        rule = (plain_line(result.rule, 60), "bold")
        self.line(("failed ", _STYLES["failed"]), rule, f"{gating}: {plain_line(message, 300)}")

    def known(self, results: Sequence[RuleResult]) -> None:
        if not results:
            return
        self.line(("Known failures, which do not decide", "bold"))
        for result in results:
            self._wrapped(Text(f"  {plain_line(result.rule, 60)}  ", "yellow"), Text(plain_line(result.told, 200)))
            known = result.worst.known
            self._block(f"known: {known.told if known else ''}", indent=4, style="dim")
        self.line()

    def list_of_known(self, log: Log) -> None:
        if log.outdated:
            self.line(("Known failures that are out of date", "bold yellow"))
        for told in log.outdated:
            self._block(told, indent=2)
        for told in log.changes:
            self._block(told)

    def failure(self, result: RuleResult) -> None:
        verdict, failure = result.worst, result.worst.failure
        decides = "gating" if result.gating else "known" if result.known_failure else "not gating"
        level = f"  {plain_line(verdict.level, 30)}, {decides}"
        self.line(("FAILED ", _STYLES["failed"]), (plain_line(verdict.rule, 60), "bold"), (level, "dim"))
        self._block(verdict.statement, indent=2, style="italic")
        if failure is None:
            self._block(verdict.reason or "The log does not say how.", indent=2)
            self.line()
            return
        self._block(failure.message, indent=2, style="bold")
        self.line()
        self._field("sent", failure.sent)
        self._ruler(failure.part_list)
        self._history(failure.history)
        self._field("got", failure.got)
        self._field("expected", failure.expected)
        for index, problem in enumerate(failure.problems[:_MOST_PROBLEMS]):
            self._field("" if index else "problems", f"{problem.pointer or 'whole answer'}: {problem.message}")
        if len(failure.problems) > _MOST_PROBLEMS:
            self._field("", f"and {len(failure.problems) - _MOST_PROBLEMS:,} more")
        self._field("failed", failure.times)
        self._field("why", verdict.breaks or verdict.why)
        self._field("source", "; ".join(verdict.source))
        self._command("curl (that one request; its session may have ended since: then use replay)", failure.curl)
        self._command("replay", failure.replay)
        if self._verbose and verdict.decisive is not None:
            self._exchange(verdict.decisive)
        self.line()

    def untested(self, groups: Sequence[Untested]) -> None:
        if not groups:
            return
        self.line(("Could not be tested", "bold"))
        for group in groups:
            names = [plain_line(result.rule, 60) for result in group.rules]
            if len(names) > 4 and not self._verbose:
                names[3:] = [f"{names[3]} and {len(names) - 4:,} more"]
            self._wrapped(Text(f"  {group.verdict}  ", _STYLES[group.verdict]), Text(plain_line(group.reason, 200)))
            self._wrapped(Text("    "), Text(", ".join(names), "dim"))
        self.line()

    def observed(self, results: Sequence[RuleResult]) -> None:
        if not results:
            return
        self.line(("Observed, where the contract is silent", "bold"))
        names = [plain_line(result.rule, 40) for result in results]
        if self._verbose:
            longest = max(map(len, names))
            for name, result in zip(names, results, strict=True):
                seen = result.worst.observation or result.worst.reason or "nothing noted"
                self._wrapped(Text(f"  {name:<{longest}}  ", "cyan"), Text(plain_line(seen, _LONGEST)))
        else:
            self._wrapped(Text("  "), Text(", ".join(names)))
            self.line(("  what was seen: --verbose, or the HTML report", "dim"))
        self.line()

    def cost(self, log: Log, summary: Summary) -> None:
        told = []
        for spent in summary.cost:
            amount = size_text(spent.amount) if spent.in_bytes else f"{spent.amount:,}"
            limit = f" of {spent.limit:,}" if spent.limit is not None else ""
            told.append(f"{amount}{limit} {spent.name.removeprefix('bytes ')}")
        if log.footer and log.footer.seconds is not None:
            told.append(f"{log.footer.seconds:,.1f} s")
        self._block("cost: " + ", ".join(told))
        for spent in summary.cost:
            if spent.over:
                self._block(f"over budget: {spent.name} {spent.amount:,} of {spent.limit:,}", style="bold yellow")
        if log.footer and log.footer.left:
            left = ", ".join(log.footer.left[:5]) + (" …" if len(log.footer.left) > 5 else "")
            self._block(f"left behind on the server: {left}", style="bold yellow")
        for note in log.target.notes if log.target else ():
            if note.startswith("on the way:"):
                self._block(note)
        if log.header.seed is not None:
            self.line(f"seed: {log.header.seed}")

    def conclusion(self, log: Log, summary: Summary) -> None:
        style = {CONFORMS: "bold green", DOES_NOT_CONFORM: "bold red"}.get(summary.exit_code, "bold yellow")
        if log.truncated is not None and summary.exit_code == DOES_NOT_CONFORM:
            self._block(f"The run did not finish: {log.truncated}", style="bold yellow")
        self._block(summary.conclusion, style=style)

    def _print(self, text: Text) -> None:
        # Soft wrapping leaves lines whole: they were broken before, or are commands to be copied.
        self._console.print(text, soft_wrap=True)

    def _block(self, text: str, *, indent: int = 0, style: str = "") -> None:
        if text:
            self._wrapped(Text(" " * indent), Text(plain_line(text, _LONGEST), style=style))

    def _field(self, label: str, text: str) -> None:
        if text:
            self._wrapped(Text(f"  {label:<{_LABEL}}", style="dim"), Text(plain(text, _LONGEST)))

    def _wrapped(self, first: Text, text: Text) -> None:
        """Prints ``text`` in lines that fit, the first one after ``first`` and the others below it."""
        start = first
        for line in text.wrap(self._console, max(self._width - len(first), 20)):
            line.rstrip()
            self._print(Text.assemble(start, line))
            start = Text(" " * len(first))

    def _command(self, label: str, text: str) -> None:
        """Prints a command without breaking its lines, so that it can be copied."""
        if text:
            self.line((f"  {label}", "dim"))
            for line in plain(text, _LONGEST_BODY).split("\n"):
                self.line(f"    {line}")

    def _ruler(self, part_list: object) -> None:
        layout = lay_out(part_list)
        if layout is None:
            return
        self.line()
        for line in ruler_text(layout, self._width - 4):
            drawn = Text(f"    {line}")
            drawn.highlight_regex(r"[#^>]+", "red")
            drawn.highlight_regex(r"\.{2,}( gap \.+)?", "yellow")
            self._print(drawn)
        for note in layout.notes:
            self._block(f"{note.kind}: {note.text}", indent=4)
        self.line()

    def _history(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        self.line()
        for line in lines[:_MOST_STEPS]:
            self._wrapped(Text("    "), Text(plain_line(line, _LONGEST)))
        if len(lines) > _MOST_STEPS:
            self._block(f"and {len(lines) - _MOST_STEPS:,} more", indent=4)
        self.line()

    def _exchange(self, exchange: Exchange) -> None:
        self.line(("  exchange", "dim"))
        sent = [f"{exchange.method} {exchange.url}", *(f"{name}: {value}" for name, value in exchange.request_headers)]
        came = [exchange.answer, *(f"{name}: {value}" for name, value in exchange.response_headers)]
        for sign, head, body in (">", sent, exchange.request_body), ("<", came, exchange.response_body):
            lines = [plain_line(line, _LONGEST) for line in head]
            lines += ["", *plain(body, _LONGEST_BODY).split("\n")] if body else []
            for line in lines:
                self.line(f"    {sign} {line}".rstrip())
