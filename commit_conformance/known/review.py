"""Which entries of a list are out of date, by the verdicts of a run."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from commit_conformance.known.entries import Entry, KnownFailures, place_of

#: Verdicts of a rule that has nothing wrong with it. ``unsupported`` is not among them: it was not tested.
_WELL = ("passed", "observed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """An entry that has to go, or to be changed.

    Attributes:
        kind: ``stale`` (its rules pass), ``expired`` or ``unmatched`` (it names no rule).
        entry: The entry.
        message: File and lines, what is wrong and what to do.
    """

    kind: str
    entry: Entry
    message: str

    def as_json(self) -> dict[str, Any]:
        """For the event log."""
        lines = list(self.entry.lines) if self.entry.lines else None
        return {"kind": self.kind, "rule": self.entry.rule, "lines": lines, "message": self.message}


def outdated(known: KnownFailures, verdicts: Mapping[str, str], *, rules: Collection[str]) -> tuple[Outdated, ...]:
    """The entries that are out of date, in the order of the file.

    Args:
        known: The list.
        verdicts: The verdict of every rule of the run, by its id; rules that were not tested are left out.
        rules: The ids of all rules there are.

    Returns:
        Entries that name no rule, that have expired, and those whose rules were all tested and all passed. Of an entry
        with a rule that was not tested nothing is known; a flaky rule may pass.
    """
    found = []
    for entry in known.entries:
        kind, said = _verdict(known, entry, verdicts, rules)
        if kind:
            message = f"{place_of(str(known.path), entry)}: {said}"
            found.append(Outdated(kind=kind, entry=entry, message=message))
    return tuple(found)


def open_entries(known: KnownFailures, verdicts: Mapping[str, str], *, rules: Collection[str]) -> list[dict[str, Any]]:
    """The entries that the other shards of a run decide on: nothing wrong was found here, and not all was tested.

    Args:
        known, verdicts, rules: As for `outdated`; the verdicts are those of one shard.

    Returns:
        For the event log: how each would be told if its rules pass everywhere, and which rules those are.
    """
    found = []
    for entry in known.entries:
        named = [rule for rule in rules if entry.matches(rule)]
        wrong = any(verdicts.get(rule, _WELL[0]) not in _WELL for rule in named)
        if not named or entry.flaky or wrong or all(rule in verdicts for rule in named):
            continue
        stale = Outdated(
            kind="stale", entry=entry, message=f"{place_of(str(known.path), entry)}: {_stale(entry, named)}"
        )
        found.append({**stale.as_json(), "rules": named})
    return found


def _stale(entry: Entry, named: Collection[str]) -> str:
    which = f"{entry.rule} passes" if len(named) == 1 else f"each of its {len(named)} rules passes"
    return f"{which}; delete these lines"


def _verdict(
    known: KnownFailures, entry: Entry, verdicts: Mapping[str, str], rules: Collection[str]
) -> tuple[str, str]:
    """Kind and words for one entry; empty for one that is up to date."""
    named = [rule for rule in rules if entry.matches(rule)]
    if not named:
        near = difflib.get_close_matches(entry.rule.upper(), list(rules), 1)
        hint = f", or write {near[0]}" if near else ""
        return "unmatched", f"no rule has this id; delete these lines{hint}"
    well = all(verdicts.get(rule) in _WELL for rule in named)
    if well and not entry.flaky:
        return "stale", _stale(entry, named)
    if known.expired(entry):
        return "expired", f"expired after {entry.expires}; delete these lines, or let {entry.owner} give another date"
    return "", ""
