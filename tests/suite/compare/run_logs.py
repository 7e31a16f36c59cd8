"""Event logs of runs that never were, with just what fingerprints and differences look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commit_conformance.report.log import Log, read_log

Event = dict[str, Any]


def verdict(rule: str, word: str = "passed", **changes: Any) -> Event:
    level = changes.get("level", "observed" if word == "observed" else "documented")
    gating = level in ("documented", "implied")
    return {
        "event": "verdict",
        "rule": rule,
        "group": "g",
        "level": level,
        "verdict": word,
        "gating": gating,
        **changes,
    }


def observed(rule: str, text: str) -> Event:
    return verdict(rule, "observed", observation=text)


def write(folder: Path, *verdicts: Event, footer: bool = True, **changes: Any) -> Path:
    """Writes a log; gives its folder.

    Args:
        footer: Whether the run ended.
        changes: ``effort`` and ``target`` of the header; ``can``, capabilities by name; ``part_size``; ``cost``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    events: list[Event] = [
        {
            "event": "header",
            "format": changes.get("format", 1),
            "run": "cc-1",
            "started": "2026-11-21T20:00:00Z",
            "tool": {"name": "commit-conformance", "version": "0.1.0"},
            "target": {"url": changes.get("target", "mock")},
            "effort": changes.get("effort", "standard"),
            "gate": ["documented", "implied"],
            "seed": 1,
        },
        {
            "event": "target",
            "capabilities": [
                {"name": name, "available": able, "detail": ""} for name, able in changes.get("can", {}).items()
            ],
            "part_size": changes.get("part_size", 4096),
        },
        *verdicts,
    ]
    if footer:
        events.append({"event": "footer", "exit_code": 0, "cost": changes.get("cost", {"requests": 10})})
    text = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "events.jsonl").write_text(text, encoding="utf-8")
    return folder


def log(folder: Path, *verdicts: Event, **changes: Any) -> Log:
    """The same, read."""
    return read_log(write(folder, *verdicts, **changes) / "events.jsonl")
