"""Changes and fingerprints for a terminal, a line each, made harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from commit_conformance.report.plain import count_text, plain_line
from commit_conformance.report.runs.diff import Change, Diff, Kind
from commit_conformance.report.runs.fingerprint import Fingerprint, Observed

#: Rules named in one sentence; the rest is counted.
_NAMED = 5


def diff_lines(found: Diff) -> Iterator[str]:
    """The changes for a terminal, a line each, made harmless."""
    for name, log in (("before", found.before), ("after", found.after)):
        header = log.header
        seed = f"  seed {header.seed}" if header.seed is not None else ""
        yield plain_line(f"{name:<7} {log.path}  {header.target}  {header.started}{seed}", 400)
    for note in found.notes:
        yield plain_line(f"note    {note}", 400)
    matter = [change for change in found.changes if change.kind not in (Kind.COST, Kind.STILL)]
    if not matter:
        yield "no change"
    for kind in Kind:
        changes = found.of(kind)
        if changes and kind is Kind.COST:
            yield plain_line(f"cost: {'; '.join(change.sentence for change in changes)}", 400)
        elif changes:
            yield f"{kind} ({len(changes):,})"
            told = _told_together(changes) if kind in (Kind.UNTESTED, Kind.TESTED) else (c.sentence for c in changes)
            yield from (plain_line(f"  {sentence}", 400) for sentence in told)


def _told_together(changes: Iterable[Change]) -> Iterator[str]:
    """A sentence a transition: one missing capability or a spent budget leaves dozens of rules untested."""
    alike: dict[str, list[Change]] = {}
    for change in changes:
        alike.setdefault(change.sentence.partition(": ")[2], []).append(change)
    for transition, found in alike.items():
        names = ", ".join(change.subject for change in found[:_NAMED])
        more = len(found) - _NAMED
        yield f"{names}{f' and {more} more' if more > 0 else ''}: {transition}"


def fingerprint_lines(found: Fingerprint) -> Iterator[str]:
    """A fingerprint for a terminal, a line each, made harmless."""
    yield plain_line(f"target {found.target}", 400)
    if found.truncated is not None:
        yield plain_line(f"INCOMPLETE: {found.truncated}", 400)
    width = max((len(each.label) for each in found.observed.values()), default=0)
    for each in found.observed.values():
        yield plain_line(f"{each.label:<{width}}  {_shown(each)}", 600)
    yield from _abilities_of(found.capabilities, found.part_size)
    if found.unknown:
        yield plain_line(f"not known: {count_text(len(found.unknown), 'rule')} ({', '.join(found.unknown)})", 600)


def _shown(each: Observed) -> str:
    """An observation; what was tried is named only where there was more than one thing to try."""
    return each.text if len(each.answers) > 1 else next(iter(each.answers.values()))


def _abilities_of(capabilities: Mapping[str, bool], part_size: int | None) -> Iterator[str]:
    for able, word in ((True, "can"), (False, "cannot")):
        names = _names(name for name, available in capabilities.items() if available is able)
        if names:
            yield plain_line(f"{word}: {names}", 600)
    if part_size is not None:
        yield f"parts of {part_size:,} bytes"


def _names(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
