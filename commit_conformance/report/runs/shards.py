"""The shards of one run, put together again: whether they are all there, and what they have to say together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commit_conformance.report.fields import Fields, text_of
from commit_conformance.report.runs.settle import IN_PASSING, Settlement
from commit_conformance.report.summary import LEFT_TO_OTHERS

#: What of a verdict line is needed to settle it, and what may change.
_NEEDED = ("rule", "level", "verdict", "gating", "reason", "known", "test", "awaits", "builds_on", "unless", "yields")
#: Members that only shards have, and no whole run.
_OF_SHARDS = ("awaits", "builds_on", "unless", "yields")


class NotOneRun(ValueError):
    """Logs of shards that are not parts of one run, or one shard twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The log of one shard, without what takes room.

    Attributes:
        index, count: Which one it is, of how many; counted from 1.
        plan: By what the run was divided: the same for all its shards.
        seen: What the shard has seen in passing.
        lines: What its verdict lines say, in their order.
    """

    path: Path
    index: int
    count: int
    plan: str
    effort: str
    seed: int | None
    seen: frozenset[str]
    lines: tuple[Mapping[str, Any], ...] = field(repr=False)


def part_of(
    path: Path, header: Mapping[str, Any], end: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]
) -> Part | None:
    """What a log is a shard of; None for the log of a whole run.

    Args:
        end: Its footer, or what stands in the place of one.
        verdicts: Its verdict lines, at least what `needed` leaves of them.
    """
    fields = Fields(header)
    shard = fields.inner("shard")
    index, count = shard.integer("index"), shard.integer("count")
    if not index or not count:
        return None
    seen = end.get("seen")
    return Part(
        path=path,
        index=index,
        count=count,
        plan=shard.text("plan"),
        effort=fields.text("effort"),
        seed=fields.integer("seed"),
        seen=frozenset(name for name, times in seen.items() if times) if isinstance(seen, Mapping) else frozenset(),
        lines=tuple(verdicts),
    )


def needed(event: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be remembered of a verdict line."""
    return {name: event[name] for name in _NEEDED if name in event}


def missing(parts: Sequence[Part]) -> tuple[str, ...]:
    """The shards that are not there, as ``2/3``.

    Raises:
        NotOneRun: They are of different runs, or one of them is there twice.
    """
    if not parts:
        return ()
    first = parts[0]
    found: dict[int, Path] = {}
    for part in parts:
        for name in ("count", "effort", "seed", "plan"):
            its, other = getattr(part, name), getattr(first, name)
            if its == other:
                continue
            if name == "plan":
                said = (
                    f"its run was divided otherwise than that of {first.path}: other rules, options or another version"
                )
            elif name == "count":
                said = f"it is one of {its} shards, {first.path} one of {other}"
            else:
                said = f"its {name} is {its}, that of {first.path} {other}"
            raise NotOneRun(f"{part.path}: {said}; shards of one run belong together")
        if part.index in found:
            raise NotOneRun(f"{part.path}: shard {part.index}/{part.count} is in {found[part.index]} already")
        found[part.index] = part.path
    return tuple(f"{index}/{first.count}" for index in range(1, first.count + 1) if index not in found)


def settled(parts: Sequence[Part], *, gate: Collection[str]) -> list[list[dict[str, Any] | None]]:
    """What each verdict line of each part has to say instead, as members to be replaced; None for one to be left out.

    A rule that failed in passing in one shard has failed: that its own test saw nothing of it in another is no news.
    """
    settlement = Settlement(gate=gate)
    told: list[dict[str, Any]] = []
    for number, part in enumerate(parts):
        for at, line in enumerate(part.lines):
            told += settlement.take({**line, "_at": (number, at)})
    told += settlement.end(frozenset().union(*(part.seen for part in parts)) if parts else ())
    in_passing = {line["rule"] for line in told if line.get("test") == IN_PASSING and line["verdict"] == "failed"}
    changes: list[list[dict[str, Any] | None]] = [[None] * len(part.lines) for part in parts]
    for line in told:
        number, at = line.pop("_at")
        before = parts[number].lines[at]
        if line["rule"] in in_passing and line["verdict"] != "failed":
            changes[number][at] = None
            continue
        line["reason"] = text_of(line.get("reason")).removeprefix(f"{LEFT_TO_OTHERS}: ")
        changes[number][at] = {
            name: value for name, value in line.items() if name not in _OF_SHARDS and before.get(name, _NEW) != value
        }
    return changes


_NEW = object()


def plain(event: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict line without what only a shard has to say."""
    return {name: value for name, value in event.items() if name not in _OF_SHARDS}


def stale(items: Sequence[Mapping[str, Any]], verdicts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The entries of a list of known failures that no shard alone could call stale: their rules pass in all of them.

    Args:
        items: What the shards have left open.
        verdicts: The verdict of every rule of the whole run.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        rules = Fields(item).texts("rules")
        if rules and all(verdicts.get(rule) in ("passed", "observed") for rule in rules):
            message = text_of(item.get("message"))
            found.setdefault(message, {name: value for name, value in item.items() if name != "rules"})
    return list(found.values())
