"""From what many plays say about a rule to one verdict.

Owns how findings are summed up. The words are those for servers. Where a rule was shown broken once, it is broken;
where it was kept in one scenario and could not be asked in another, it was kept, and the reason says in how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commit_conformance.clients.judge import Finding
from commit_conformance.verdict.catalogue import Catalogue, Rule

__all__ = ["ORDER", "RuleVerdict", "sum_up"]

ORDER: Final = ("failed", "errored", "passed", "observed", "blocked", "unsupported")
"""What counts where findings differ; the first one there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """What all plays together say about a rule.

    Attributes:
        rule: The rule.
        verdict: One of `ORDER`.
        reason: What was seen where it counted, in one line.
        findings: Id of a play, and what it said.
    """

    rule: Rule
    verdict: str
    reason: str
    findings: tuple[tuple[str, Finding], ...]


def sum_up(
    catalogue: Catalogue, rules: Iterable[Rule], findings: Mapping[str, Sequence[tuple[str, Finding]]]
) -> tuple[RuleVerdict, ...]:
    """A verdict for each rule, in the order of the catalogue.

    Args:
        rules: Those that were asked.
        findings: Rule id to what plays said.
    """
    found: dict[str, RuleVerdict] = {}
    for rule in catalogue.in_dependency_order(rules):
        said = tuple(findings.get(rule.id, ()))
        verdict, reason = _strongest(said)
        broken = [wanted for wanted in rule.depends_on if wanted in found and found[wanted].verdict == "failed"]
        if verdict == "failed" and broken:
            verdict, reason = "blocked", f"{broken[0]} failed; without it this means nothing ({reason})"
        elif verdict == "passed" and not any(finding.requests for _, finding in said if finding.verdict == "passed"):
            # An error before anything was sent is a pass only for a client that can do something else, too.
            unshown = [wanted for wanted in rule.depends_on if wanted in found and found[wanted].verdict != "passed"]
            if unshown:
                verdict, reason = "blocked", f"nothing was sent, and {unshown[0]} did not pass"
        found[rule.id] = RuleVerdict(rule=rule, verdict=verdict, reason=reason, findings=said)
    return tuple(found[rule.id] for rule in catalogue if rule.id in found)


def _strongest(said: Sequence[tuple[str, Finding]]) -> tuple[str, str]:
    if not said:
        return "blocked", "nothing that was sent could show it"
    for verdict in ORDER:
        those = [(play, finding) for play, finding in said if finding.verdict == verdict]
        if those:
            play, finding = those[0]
            count = f" (and {len(those) - 1} more)" if len(those) > 1 else ""
            others = sum(finding.verdict in ("blocked", "errored") for _, finding in said) if verdict == "passed" else 0
            left = f"; {others} scenario(s) could not show it" if others else ""
            return verdict, f"{play}{count}: {finding.reason}{left}" if play else finding.reason
    raise AssertionError("a finding has a verdict that there is not")
