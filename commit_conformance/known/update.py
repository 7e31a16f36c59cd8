"""Writes a list anew after a run: what fails is added, what is no longer needed goes, and all else stays as it is.

Entries are taken out by their lines, so that what people wrote beside the others stays to the letter. The result is
read again before it takes the file's place.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from commit_conformance.known.entries import KNOWN, Entry, KnownFailures, KnownFailuresProblem, place_of, read
from commit_conformance.known.review import Outdated, outdated

#: Days that a new entry holds: long enough to plan the mending, short enough to be asked about it.
DAYS = 30
#: Stands for whoever will answer for a new entry; the list says so until somebody puts a name there.
NOBODY = "nobody yet"
_LONGEST = 200
_BEGINNING = """\
# Known failures: rules that fail, that are tested all the same, and that do not decide the run.
# Each entry says why, who answers for it, and the last day on which it holds.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was changed in a list.

    Attributes:
        added: Rules that have an entry now.
        removed: What entries were for that are gone.
        expired: Entries that have expired and still fail; they stay, since a date is for people to give.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    expired: tuple[Outdated, ...] = ()

    def told(self, path: Path) -> tuple[str, ...]:
        """What was changed, in lines."""
        lines = [f"{path}: {word} {', '.join(names)}" for word, names in self._named() if names]
        if self.added:
            lines.append(f"{path}: put in who answers for them, where it says {NOBODY!r}")
        return tuple(lines) or (f"{path}: nothing to change",)

    def _named(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        return ("added", self.added), ("took out", self.removed)


def update(
    known: KnownFailures, failing: Mapping[str, str], verdicts: Mapping[str, str], *, rules: Collection[str]
) -> Changes:
    """Adds what fails and is not listed, takes out what passes or names no rule, and writes the file where it changed.

    Args:
        known: The list as the run went by it.
        failing: Rules that failed and would decide, with what was wrong, in one line each.
        verdicts, rules: See `review.outdated`.

    Raises:
        KnownFailuresProblem: The file cannot be written, or its entries stand in a form that cannot be edited.
    """
    assert known.path is not None
    found = outdated(known, verdicts, rules=rules)
    gone = [each.entry for each in found if each.kind != "expired"]
    listed = [entry for entry in known.entries if entry not in gone]
    new = [rule for rule in failing if not any(entry.matches(rule) for entry in listed)]
    expired = tuple(each for each in found if each.kind == "expired")
    if gone or new:
        text = _without(known, gone) + "".join(_block(rule, failing[rule], known.today) for rule in new)
        _check(known.path, text, [*listed, *(_entry(rule, failing[rule], known.today) for rule in new)])
        _replace(known.path, text)
    return Changes(added=tuple(new), removed=tuple(entry.rule for entry in gone), expired=expired)


def _without(known: KnownFailures, gone: Collection[Entry]) -> str:
    """The text of the file without some entries."""
    assert known.path is not None
    try:
        text = known.path.read_bytes().decode("utf-8") if known.path.exists() else _BEGINNING
    except OSError as error:
        raise KnownFailuresProblem(f"{known.path}: cannot be read ({error.strerror})") from None
    lines = text.split("\n")
    for entry in sorted(gone, key=lambda entry: entry.lines or (0, 0), reverse=True):
        if entry.lines is None:
            raise KnownFailuresProblem(
                f"{place_of(str(known.path), entry)}: this entry stands in a form that cannot be edited; take it out "
                f"by hand, or write it as a table of its own, [[{KNOWN}]]"
            )
        first, last = entry.lines
        while last < len(lines) and not lines[last].strip():  # the empty lines behind it go with it
            last += 1
        del lines[first - 1 : last]
    kept = "\n".join(lines).rstrip()
    return f"{kept}\n" if kept else ""


def _entry(rule: str, reason: str, today: date) -> Entry:
    return Entry(rule=rule, reason=_line(reason), owner=NOBODY, expires=today + timedelta(days=DAYS))


def _block(rule: str, reason: str, today: date) -> str:
    entry = _entry(rule, reason, today)
    return (
        f"\n[[{KNOWN}]]\nrule = {_quoted(entry.rule)}\nreason = {_quoted(entry.reason)}\n"
        f"owner = {_quoted(entry.owner)}\nexpires = {entry.expires}\n"
    )


def _line(text: str) -> str:
    """A server's words as one line that is fit for a file."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(plain.split())[:_LONGEST].strip() or "it fails"


def _quoted(text: str) -> str:
    """A TOML string; of printable text JSON writes the same."""
    return json.dumps(text, ensure_ascii=False)


def _check(path: Path, text: str, wanted: Collection[Entry]) -> None:
    """Sees to it that a text says what it should before it is written."""

    def said(entries: Collection[Entry]) -> list[str]:
        return sorted(json.dumps(entry.as_json()) for entry in entries)

    try:
        held = read(text, name=str(path))
    except KnownFailuresProblem:
        held = ()
    if said(held) != said(wanted):
        raise KnownFailuresProblem(f"{path}: stands in a form that cannot be edited; change it by hand")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise KnownFailuresProblem(f"{path}: cannot be written ({error.strerror}); nothing was changed") from None
