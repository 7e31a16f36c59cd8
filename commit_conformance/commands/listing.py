"""Lists rules, faults and behaviours on the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from commit_conformance.verdict.catalogue import Rule, explain

_LEVEL_STYLES = {"documented": "bold", "implied": "", "rfc": "dim", "observed": "dim italic"}


def list_rules(rules: Iterable[Rule]) -> None:
    """One line a rule: id, level, and its sentence."""
    console = Console()
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("effort", no_wrap=True)
    table.add_column("statement", overflow="fold")
    count = 0
    for rule in rules:
        count += 1
        style = _LEVEL_STYLES[rule.level]
        table.add_row(Text(rule.id, style="cyan"), Text(str(rule.level), style=style), str(rule.effort), rule.statement)
    console.print(table)
    console.print(f"{count} rules; `commit-conformance rules ID` explains one", style="dim", highlight=False)


def explain_rule(rule: Rule) -> None:
    """Everything the catalogue says of one rule."""
    console = Console()
    for label, text in explain(rule):
        console.print(Text(label, style="bold"))
        console.print(Text("  " + text.replace("\n", "\n  ")))


def list_faults(rule_id: str | None = None) -> None:
    """Faults with the rules they break, then behaviours.

    Raises:
        ValueError: The rule is not known.
    """
    from commit_conformance.reference import BEHAVIOURS, FAULTS
    from commit_conformance.verdict.catalogue import Catalogue, UnknownName

    if rule_id is not None:
        try:
            rule_id = Catalogue.load().get(rule_id.upper()).id
        except UnknownName as error:
            raise ValueError(str(error)) from None
    console = Console()
    chosen = [fault for fault in FAULTS.values() if rule_id is None or rule_id in fault.rules]
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in ("fault", "breaks", "what it does"):
        table.add_column(name, overflow="fold")
    for fault in chosen:
        table.add_row(Text(fault.name, style="cyan"), Text(", ".join(fault.rules), style="dim"), fault.summary)
    console.print(table)
    if rule_id is None:
        console.print()
        table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
        table.add_column("behaviour", overflow="fold")
        table.add_column("what it does", overflow="fold")
        for behaviour in BEHAVIOURS.values():
            table.add_row(Text(behaviour.name, style="cyan"), behaviour.summary)
        console.print(table)
    count = len(chosen)
    behaviours = f", {len(BEHAVIOURS)} behaviours" if rule_id is None else ""
    console.print(f"{count} faults{behaviours}", style="dim", highlight=False)
