"""The list of known failures: its file, its entries, and which of them speaks of a rule."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

#: Names of the two lists in a file: failures that are known, and rules that fail at one time and not at another.
KNOWN, FLAKY = "known-failure", "flaky"
_FIELDS = ("rule", "reason", "owner", "expires")
_HEADER = re.compile(r"\s*\[\[\s*[\"']?(known-failure|flaky)[\"']?\s*\]\]\s*(#.*)?$")
_TABLE = re.compile(r"\s*\[")
_EXAMPLE = 'rule = "PART-GAP", reason = "…", owner = "storage team", expires = 2026-12-31'


class KnownFailuresProblem(Exception):
    """A list cannot be read or written; the message says which file and line, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry.

    Attributes:
        rule: A rule's id, or a pattern such as ``PART-*``.
        reason: Why the rule fails.
        owner: Who answers for it.
        expires: The last day on which the entry holds; None, of a flaky rule only, for no end.
        flaky: Whether the rule fails at one time and not at another: it never decides, and may pass.
        lines: First and last line in the file, from 1, comments right above it included; None where they cannot be
            told, as in an array written on one line.
    """

    rule: str
    reason: str
    owner: str
    expires: date | None
    flaky: bool = False
    lines: tuple[int, int] | None = None

    def matches(self, rule_id: str) -> bool:
        """Whether it speaks of a rule."""
        return fnmatchcase(rule_id.upper(), self.rule.upper())

    def as_json(self) -> dict[str, Any]:
        """For the event log."""
        return {
            "rule": self.rule,
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat() if self.expires else None,
            "flaky": self.flaky,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailures:
    """A list.

    Attributes:
        path: Its file; None for the empty list that stands for none.
        entries: In the order of the file.
        today: The day on which it was read, UTC.
    """

    path: Path | None = None
    entries: tuple[Entry, ...] = ()
    today: date

    def match(self, rule_id: str) -> Entry | None:
        """The entry that speaks of a rule and has not expired: a flaky one first, and an id before a pattern."""
        found = [entry for entry in self.entries if entry.matches(rule_id) and not self.expired(entry)]
        return min(found, key=lambda entry: (not entry.flaky, "*" in entry.rule), default=None)

    def expired(self, entry: Entry) -> bool:
        """Whether an entry's last day has passed."""
        return entry.expires is not None and entry.expires < self.today


def load(path: Path | None, *, today: date | None = None, may_be_missing: bool = False) -> KnownFailures:
    """Reads a list.

    Args:
        path: The file; None for no list.
        today: The day that decides what has expired; this day in UTC by default.
        may_be_missing: Whether a file that is not there is an empty list.

    Raises:
        KnownFailuresProblem: It cannot be read, or an entry is wrong.
    """
    today = today or datetime.now(UTC).date()
    if path is None or (may_be_missing and not path.exists()):
        return KnownFailures(path=path, today=today)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise KnownFailuresProblem(f"{path}: the list of known failures cannot be read ({why})") from None
    return KnownFailures(path=path, entries=read(text, name=str(path)), today=today)


def read(text: str, *, name: str) -> tuple[Entry, ...]:
    """The entries of a list's text.

    Raises:
        KnownFailuresProblem: It is no TOML, or an entry is wrong; ``name`` stands for the file.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnownFailuresProblem(f"{name}: is not TOML: {error}") from None
    for key in found:
        if key not in (KNOWN, FLAKY):
            raise KnownFailuresProblem(
                f"{name}: {key!r} is not known here; entries stand under [[{KNOWN}]] or [[{FLAKY}]]"
                f"{_nearest(key, (KNOWN, FLAKY))}"
            )
    entries: list[Entry] = []
    spans = _spans(text)
    for kind in (KNOWN, FLAKY):
        tables = found.get(kind, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise KnownFailuresProblem(f"{name}: {kind} has to be a list of entries; write [[{kind}]], two brackets")
        lines = spans.get(kind, [])
        told: Sequence[tuple[int, int] | None] = lines if len(lines) == len(tables) else [None] * len(tables)
        entries += [_entry(table, kind, span, name) for table, span in zip(tables, told, strict=True)]
    entries.sort(key=lambda entry: entry.lines or (0, 0))
    _check_twice(entries, name)
    return tuple(entries)


def place_of(name: str, entry: Entry) -> str:
    """Where an entry stands: file and lines, and which entry it is."""
    lines = ""
    if entry.lines is not None:
        first, last = entry.lines
        lines = f", line {first}" if first == last else f", lines {first} to {last}"
    return f"{name}{lines} ({entry.rule})"


def _entry(table: dict[str, Any], kind: str, lines: tuple[int, int] | None, name: str) -> Entry:
    where = f"{name}, line {lines[0]}" if lines else name
    where += f", [[{kind}]]" + (f" {table['rule']}" if isinstance(table.get("rule"), str) else "")
    for key in table:
        if key not in _FIELDS:
            near = _nearest(key, _FIELDS)
            raise KnownFailuresProblem(f"{where}: {key!r} is not known; an entry has {', '.join(_FIELDS)}{near}")
    for key in ("rule", "reason", "owner"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            said = f"{key} is missing" if key not in table else f"{key} {table[key]!r} is no text"
            raise KnownFailuresProblem(f"{where}: {said}; write an entry like {_EXAMPLE}")
    expires = table.get("expires")
    if expires is None and kind == KNOWN:
        raise KnownFailuresProblem(
            f"{where}: expires is missing; give the last day on which this may fail, like expires = 2026-12-31"
        )
    if expires is not None and type(expires) is not date:  # a time of day is a date, too
        raise KnownFailuresProblem(
            f"{where}: expires {str(expires)!r} is no date; write it without quotes, like expires = 2026-12-31"
        )
    return Entry(
        rule=table["rule"].strip(),
        reason=table["reason"].strip(),
        owner=table["owner"].strip(),
        expires=expires,
        flaky=kind == FLAKY,
        lines=lines,
    )


def _spans(text: str) -> dict[str, list[tuple[int, int]]]:
    """First and last line of every entry, by list.

    Comments right above an entry are its own, unless the file begins with them; comments and empty lines behind it are
    not.
    """
    lines = text.split("\n")  # TOML knows no other end of a line
    heads = [index for index, line in enumerate(lines) if _TABLE.match(line)]
    found: dict[str, list[tuple[int, int]]] = {}
    for index, following in pairwise([*heads, len(lines)]):
        match = _HEADER.match(lines[index])
        if match is None:
            continue
        first, last = index, following - 1
        while last > index and not _holds(lines[last]):
            last -= 1
        while first > 0 and lines[first - 1].lstrip().startswith("#"):
            first -= 1
        if first == 0:
            first = index
        found.setdefault(match[1], []).append((first + 1, last + 1))
    return found


def _holds(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _check_twice(entries: Sequence[Entry], name: str) -> None:
    seen: dict[tuple[str, bool], Entry] = {}
    for entry in entries:
        first = seen.setdefault((entry.rule.upper(), entry.flaky), entry)
        if first is not entry:
            raise KnownFailuresProblem(
                f"{place_of(name, entry)}: {entry.rule} is listed already; delete one of the two"
            )


def _nearest(value: str, choices: Collection[str]) -> str:
    near = difflib.get_close_matches(value, list(choices), 1)
    return f"; did you mean {near[0]}?" if near else ""
