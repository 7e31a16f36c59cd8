"""Joins the logs of several runs against one target into one: shards of a run, or parts of it at another time.

Verdict lines are copied as they are, each with the run it comes from; which of them counts is decided where all logs
are read, in ``summary``: the worst. What a shard could not know alone is settled first, in ``shards``. Costs add up.
A log that was cut short makes the whole incomplete, and says so; so does a shard that is missing.
Lines are copied one by one, so that memory does not grow with the logs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from commit_conformance.report.fields import Fields, text_of
from commit_conformance.report.log import FORMAT, Log, events_of, read_log
from commit_conformance.report.plain import count_text
from commit_conformance.report.runs.shards import NotOneRun, Part, missing, needed, part_of, plain, settled, stale
from commit_conformance.report.summary import CONFORMS, NOT_AT_EFFORT, NOT_TESTED, conclusion, summarize, worst

_COSTS = ("requests", "upload_requests", "bytes_sent", "part_bytes", "bytes_received", "sessions", "committed_files")
_BUDGETS = ("requests", "upload_requests", "committed_files")


class NotMergeable(ValueError):
    """Logs that say nothing together: of different targets or gates, or one run given twice."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a conclusion needs to know of a verdict line."""

    rule: str
    level: str
    verdict: str
    gating: bool
    reason: str
    known: object | None

    @property
    def left_for_later(self) -> bool:
        return self.verdict == "blocked" and self.reason.startswith(NOT_AT_EFFORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    """One of the logs, without what takes room."""

    path: Path
    run: str
    header: dict[str, Any]
    target: dict[str, Any] | None
    end: dict[str, Any]
    truncated: str | None
    trouble: str
    static_mock: str
    outdated: tuple[dict[str, Any], ...]
    open: tuple[dict[str, Any], ...]
    lines: tuple[_Line | None, ...]
    part: Part | None
    changes: tuple[dict[str, Any] | None, ...] = ()


def merge(logs: Sequence[Path], out: Path) -> Log:
    """Joins logs into ``out``; an older file there is replaced.

    A rule that one run left for a higher effort counts by what the others found out. Seeds, efforts and budgets are
    kept where they agree or add up; ``merged`` in the header lists the runs.

    Args:
        logs: Event logs, merged ones among them if need be.
        out: The log to write.

    Returns:
        The merged log.

    Raises:
        NotMergeable: They are of different targets or gates, or a run is among them twice; or they are shards of
            different runs, or a shard is among them twice.
        BrokenLog: One of them cannot be read.
        OSError: ``out`` cannot be written.
    """
    shards = [_shard(path) for path in logs]
    _check(shards)
    try:
        absent = missing([shard.part for shard in shards if shard.part is not None])
    except NotOneRun as problem:
        raise NotMergeable(str(problem)) from None
    shards = _settled(shards)
    every = [line for shard in shards for line in shard.lines if line is not None]
    tested = {line.rule for line in every if not line.left_for_later}
    lines = [line for line in every if not (line.left_for_later and line.rule in tested)]
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="ascii", newline="\n") as file:
            for event in _events(shards, tested, lines, absent):
                file.write(json.dumps(event, ensure_ascii=True) + "\n")
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return read_log(out)


def _shard(path: Path) -> _Shard:
    log = read_log(path)
    header: dict[str, Any] = {}
    target: dict[str, Any] | None = None
    end: dict[str, Any] = {}
    outdated: tuple[dict[str, Any], ...] = ()
    undecided: tuple[dict[str, Any], ...] = ()
    verdicts: list[dict[str, Any]] = []
    for _, event in events_of(path):
        match event.get("event"):
            case "header":
                header = event
            case "target":
                target = event
            case "known-failures":
                outdated = tuple(item for item in Fields(event).list("outdated") if isinstance(item, dict))
                undecided = tuple(item for item in Fields(event).list("open") if isinstance(item, dict))
            case "verdict":
                verdicts.append(needed(event))
            case "footer" | "truncated":
                end = event
    lines = tuple(_Line(v.rule, v.level, v.verdict, v.gating, v.reason, v.known) for v in log.verdicts)
    return _Shard(
        path=path,
        run=log.header.run or path.parent.name,
        header=header,
        target=target,
        end=end,
        truncated=log.truncated,
        trouble=_trouble(log, lines),
        static_mock=log.target.static_mock if log.target else "",
        outdated=outdated,
        open=undecided,
        lines=lines,
        part=part_of(path, header, end, verdicts),
    )


def _settled(shards: Sequence[_Shard]) -> list[_Shard]:
    """The same with verdicts that take the other shards into account."""
    parts = [shard.part for shard in shards if shard.part is not None]
    changes = iter(settled(parts, gate=Fields(shards[0].header).texts("gate")))
    found = []
    for shard in shards:
        if shard.part is None:
            found.append(shard)
            continue
        its = tuple(next(changes))
        lines = tuple(_changed(line, change) for line, change in zip(shard.lines, its, strict=True))
        found.append(replace(shard, lines=lines, changes=its))
    return found


def _changed(line: _Line | None, change: dict[str, Any] | None) -> _Line | None:
    if line is None or change is None:
        return None
    return replace(line, **{name: change[name] for name in ("verdict", "gating", "reason", "known") if name in change})


def _trouble(log: Log, lines: Sequence[_Line]) -> str:
    """Why a run as a whole could not be trusted, beyond what its verdicts say; empty if they say it all."""
    own = log.footer.exit_code if log.footer else None
    if own != NOT_TESTED or log.truncated is not None:
        return ""
    nothing_tested = all(line.left_for_later for line in lines)
    if nothing_tested or conclusion(lines)[0] != NOT_TESTED:
        return summarize(log).conclusion
    return ""


def _check(shards: Sequence[_Shard]) -> None:
    if not shards:
        raise NotMergeable("there is no log to merge")
    first = shards[0]
    for shard in shards[1:]:
        for name, read in (("target", _target), ("gate", _gate)):
            its, other = read(shard), read(first)
            if its != other:
                raise NotMergeable(
                    f"{shard.path}: its {name} is {its or 'none'}, that of {first.path} {other or 'none'}"
                )
    seen: dict[str, Path] = {}
    for shard in shards:
        for run in _runs(shard):
            if run["run"] in seen:
                raise NotMergeable(f"{shard.path}: the run {run['run']} is in {seen[run['run']]} already")
            seen[run["run"]] = shard.path


def _target(shard: _Shard) -> str:
    fields = Fields(shard.header).inner("target")
    told = [fields.text("url"), fields.text("api_url")]
    told += [f"{name}={each}" for name in ("faults", "behaviours") for each in sorted(fields.texts(name))]
    return " ".join(filter(None, told))


def _gate(shard: _Shard) -> str:
    return ",".join(sorted(Fields(shard.header).texts("gate")))


def _runs(shard: _Shard) -> list[dict[str, Any]]:
    """The runs in a shard: its own, or those that it was merged from."""
    inner = [run for run in Fields(shard.header).list("merged") if isinstance(run, dict) and run.get("run")]
    if inner:
        return inner
    fields = Fields(shard.header)
    return [
        {
            "run": shard.run,
            "log": str(shard.path),
            "started": fields.text("started"),
            "effort": fields.text("effort"),
            "seed": fields.integer("seed"),
            "truncated": shard.truncated,
        }
    ]


def _events(
    shards: Sequence[_Shard], tested: set[str], lines: Sequence[_Line], absent: Sequence[str]
) -> Iterator[dict[str, Any]]:
    yield _header(shards, absent)
    targets = [shard for shard in shards if shard.target is not None]
    # The last one knows most; but what is a static mock for one run is one for all.
    targets.sort(key=lambda shard: bool(shard.static_mock))
    yield from (shard.target for shard in targets[-1:] if shard.target is not None)
    told: set[str] = set()
    for shard in shards:
        changes = iter(shard.changes)
        for _, event in events_of(shard.path):
            kind = event.get("event")
            if kind == "verdict":
                change = next(changes, {})
                if change is None:
                    continue
                event = {**plain(event), **change}
                rule, reason = text_of(event.get("rule")), text_of(event.get("reason"))
                if event.get("verdict") == "blocked" and reason.startswith(NOT_AT_EFFORT):
                    if rule in tested or rule in told:
                        continue
                    told.add(rule)
                yield {**event, "run": event.get("run") or shard.run}
            elif kind not in ("header", "target", "known-failures", "footer", "truncated", "torn"):
                yield event
    outdated = _outdated(shards, lines)
    if outdated:
        yield {"event": "known-failures", "outdated": outdated}
    yield _end(shards, lines, outdated, absent)


def _outdated(shards: Sequence[_Shard], lines: Sequence[_Line]) -> list[dict[str, Any]]:
    """What is out of date in the lists of known failures: what only one of the runs takes for mended is not."""
    failed = {line.rule for line in lines if line.verdict == "failed"}
    found: dict[str, dict[str, Any]] = {}
    for item in (item for shard in shards for item in shard.outdated):
        fields = Fields(item)
        pattern = fields.text("rule") or fields.inner("entry").text("rule")
        if fields.text("kind") == "stale" and any(fnmatchcase(rule, pattern.upper()) for rule in failed):
            continue
        found.setdefault(fields.text("message"), item)
    verdicts: dict[str, str] = {}
    for line in lines:
        verdicts[line.rule] = worst([line.verdict, verdicts.get(line.rule, line.verdict)])
    for item in stale([item for shard in shards for item in shard.open], verdicts):
        # An entry whose rules all pass is told as that, whether it has expired or not.
        same = [message for message, other in found.items() if other.get("lines") == item.get("lines")]
        for message in same:
            del found[message]
        found[text_of(item.get("message"))] = item
    return list(found.values())


def _header(shards: Sequence[_Shard], absent: Sequence[str]) -> dict[str, Any]:
    headers = [Fields(shard.header) for shard in shards]
    seeds = {header.integer("seed") for header in headers}
    selected = [header.get("selected") for header in headers]
    budgets = [header.inner("budget") for header in headers]
    tools = dict.fromkeys(header.inner("tool").text("version") for header in headers)
    notes = [note for header in headers for note in header.texts("notes")]
    if len(tools) > 1:
        notes.append(f"made by several versions of the tool: {', '.join(tools)}")
    if absent:
        notes.append(f"{_told(absent)}: its rules were not tested, and what it has seen is not known here")
    first, more = shards[0].run, len(shards) - 1
    return {
        **{name: value for name, value in shards[0].header.items() if name != "shard"},
        "format": FORMAT,
        "run": f"{first}+{more}" if more else first,
        "started": min((header.text("started") for header in headers if header.text("started")), default=""),
        "effort": ", ".join(dict.fromkeys(header.text("effort") for header in headers)),
        "seed": seeds.pop() if len(seeds) == 1 else None,
        "budget": {name: _sum(budget.integer(name) for budget in budgets) for name in _BUDGETS},
        "selected": (
            list(dict.fromkeys(text_of(rule) for each in selected for rule in each))
            if all(isinstance(each, list) for each in selected)
            else None
        ),
        "notes": list(dict.fromkeys(notes)),
        "merged": [run for shard in shards for run in _runs(shard)],
    }


def _sum(amounts: Iterator[int | None]) -> int | None:
    """The sum, or None where one is not limited."""
    total = 0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _told(absent: Sequence[str]) -> str:
    """Which shards are missing, in words."""
    named = ", ".join(absent[:5]) + (", …" if len(absent) > 5 else "")
    return f"shard {named} is missing" if len(absent) == 1 else f"{len(absent)} shards are missing ({named})"


def _end(
    shards: Sequence[_Shard], lines: Sequence[_Line], outdated: Sequence[dict[str, Any]], absent: Sequence[str]
) -> dict[str, Any]:
    ends = [Fields(shard.end) for shard in shards]
    cost = {name: sum(end.inner("cost").integer(name) or 0 for end in ends) for name in _COSTS}
    cleanup = {
        "deleted": sum(end.inner("cleanup").integer("deleted") or 0 for end in ends),
        "left": [left for end in ends for left in end.inner("cleanup").texts("left")],
    }
    short = [shard for shard in shards if shard.truncated is not None]
    if short:
        told = "; ".join(f"{shard.path}: {shard.truncated}" for shard in short[:5])
        count = f"{len(short)} of {count_text(len(shards), 'log')}"
        reason = f"{count} {'is' if len(short) == 1 else 'are'} cut short ({told})"
        return {"event": "truncated", "reason": reason, "cost": cost, "cleanup": cleanup}
    mocks = {shard.static_mock for shard in shards}
    static_mock = "found" if "found" in mocks else "said" if "said" in mocks else ""
    messages = [Fields(item).text("message") for item in outdated]
    code, text = conclusion(lines, static_mock=static_mock, outdated=messages)
    trouble = next((shard for shard in shards if shard.trouble), None)
    if code == CONFORMS and trouble is not None:
        code, text = NOT_TESTED, f"could not be tested: {trouble.path}: {trouble.trouble}"
    if absent:
        code, text = (
            (NOT_TESTED, f"could not be tested: {_told(absent)}")
            if code == CONFORMS
            else (code, f"{text}; {_told(absent)}")
        )
    return {
        "event": "footer",
        "finished": max((end.text("finished") for end in ends), default=""),
        "seconds": round(sum(end.number("seconds") or 0 for end in ends), 3),
        "exit_code": code,
        "conclusion": text.partition(":")[0],
        "reason": text,
        "cost": cost,
        "cleanup": cleanup,
    }
