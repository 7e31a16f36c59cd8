"""What a rule is: its level, its effort, its texts, and nothing about where it is stored or how it is checked.

Owns the values that the whole project speaks of when it says "rule". Must not know files, YAML, verdicts or terminals:
:func:`explain` gives labels and texts, and whoever calls it lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["CAPABILITIES", "GROUPS", "Effort", "Level", "Rule", "Source", "explain"]

GROUPS: Final = (
    "digest",
    "part-list",
    "body",
    "preconditions",
    "created",
    "accepted",
    "conflict",
    "errors",
    "life-cycle",
    "retries",
    "auth",
    "limits",
)
"""The groups in reading order: first what a commit says, then what it is answered, then what surrounds it."""

CAPABILITIES: Final = frozenset(
    {
        "abort",
        "collaborations",
        "create_folder",
        "delete_file",
        "expired_session",
        "large_file",
        "limited_token",
        "list_folder",
        "list_parts",
        "locks",
        "many_parts",
        "new_version",
        "processing",
        "rate_limited",
        "read_content",
        "read_file",
        "second_user",
        "socket",
        "status",
        "whoami",
    }
)
"""What a rule may need of a target besides creating a session, uploading parts and committing."""


class Level(StrEnum):
    """How firmly the contract stands behind a rule."""

    DOCUMENTED = "documented"
    IMPLIED = "implied"
    RFC = "rfc"
    OBSERVED = "observed"

    @property
    def meaning(self) -> str:
        """One line for readers: where the rule comes from and whether it decides a run."""
        return _LEVEL_MEANINGS[self]


_LEVEL_MEANINGS: Final = {
    Level.DOCUMENTED: "the documentation states it; decides a run",
    Level.IMPLIED: "it follows from what the documentation states; decides a run",
    Level.RFC: "a standard that the documentation builds on states it; decides a run on request",
    Level.OBSERVED: "the contract is silent; recorded, compared between runs, and never decides one",
}


class Effort(StrEnum):
    """How large a run must be before it includes a rule; each size includes the smaller ones."""

    QUICK = "quick"
    STANDARD = "standard"
    THOROUGH = "thorough"

    def includes(self, other: Effort) -> bool:
        """Whether a run of this size checks a rule that asks for ``other``."""
        order = tuple(Effort)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from.

    Attributes:
        ref: A documentation page (``S0``, ``S1``, ``S2``), ``OAS``, ``DOC``, an RFC such as ``RFC 9110``, ``SDK`` or
            ``ISSUE``; ``specs/rules/README.md`` says what each of them is.
        place: The section, parameter, schema, client or issue within it.
    """

    ref: str
    place: str

    def __str__(self) -> str:
        return f"{self.ref}: {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sentence that a server must keep.

    Attributes:
        id: Its name for ever: neither renumbered nor used again for something else.
        group: The group it belongs to, one of :data:`GROUPS`.
        level: How firmly the contract stands behind it.
        statement: The sentence itself.
        why: Why it matters, or how it follows from the documentation.
        breaks: What goes wrong for users where it is not kept.
        check: What is sent and what is looked at.
        source: Where it comes from, at least one place.
        candidates: The statements of the working list that it covers.
        effort: The smallest run that checks it.
        needs: Capabilities without which the target cannot be asked, from :data:`CAPABILITIES`.
        depends_on: Ids of rules without which its verdict would mean nothing.
        note: Why a gap or a contradiction was decided as it was, where there was one.
    """

    id: str
    group: str
    level: Level
    statement: str
    why: str
    breaks: str
    check: str
    source: tuple[Source, ...]
    candidates: tuple[str, ...]
    effort: Effort
    needs: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    note: str | None = None


def explain(rule: Rule) -> list[tuple[str, str]]:
    """What there is to tell about a rule: labels and texts in reading order, without those that have no text.

    ``Source`` has one line for each place; every other text is one paragraph.
    """
    told = [
        ("Rule", rule.id),
        ("Statement", rule.statement),
        ("Level", f"{rule.level}: {rule.level.meaning}"),
        ("Group", rule.group),
        ("Why", rule.why),
        ("What breaks", rule.breaks),
        ("How it is checked", rule.check),
        ("Source", "\n".join(str(source) for source in rule.source)),
        ("Effort", rule.effort.value),
        ("Needs", ", ".join(rule.needs)),
        ("Depends on", ", ".join(rule.depends_on)),
        ("Note", rule.note or ""),
    ]
    return [(label, text) for label, text in told if text]
