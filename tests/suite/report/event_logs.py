"""Builders of small event logs: what a test does not name is as in a run that went well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commit_conformance.report.log import Log, read_log

Event = dict[str, Any]

HOSTILE = "<script>alert(1)</script>]]>\x1b[31mred\x1b[0m\x00\u202etxt.exe\u2066 &amp; \ud800 \ufffe\r\n\"'"


def header(**changes: Any) -> Event:
    return {
        "event": "header",
        "format": 1,
        "run": "cc-1f2e3d",
        "started": "2026-11-21T20:00:00Z",
        "tool": {"name": "commit-conformance", "version": "0.1.0"},
        "versions": {"python": "3.11.7", "pytest": "9.2.0", "hypothesis": "6.150.0", "httpx": "0.28.1"},
        "target": {"url": "https://upload.example.test/api/2.0", "api_url": "", "folder_id": "0"},
        "effort": "standard",
        "gate": ["documented", "implied"],
        "seed": 123,
        "budget": {"upload_requests": 480, "committed_files": 16},
        "selected": None,
        **changes,
    }


def target(**changes: Any) -> Event:
    return {
        "event": "target",
        "capabilities": [
            {"name": "read_file", "available": True, "detail": "GET /files/{id} answered 200"},
            {"name": "second_user", "available": False, "detail": "no second token was given"},
        ],
        "part_size": 65536,
        "file_size": 195608,
        "notes": ["answers 412 where if-none-match fails"],
        **changes,
    }


def verdict(rule: str, word: str = "passed", **changes: Any) -> Event:
    level = changes.get("level", "documented")
    return {
        "event": "verdict",
        "rule": rule,
        "group": "part-list",
        "level": level,
        "verdict": word,
        "gating": level in ("documented", "implied"),
        "statement": f"The sentence of {rule}.",
        "why": "Because files would be damaged.",
        "breaks": "The stored file has a hole that nobody notices.",
        "source": [{"ref": "S0", "place": "parts, description"}],
        "test": f"tests/server/test_part_list.py::test_{rule.lower().replace('-', '_')}",
        "reason": "",
        "observation": None,
        "requests": 7,
        "examples": 5,
        "seconds": 0.125,
        "failure": None,
        "exchanges": [],
        **changes,
    }


def uploaded(count: int = 3, size: int = 65536, short: int = 1000) -> list[Event]:
    """Uploaded parts of ``size`` bytes, the last one ``short`` bytes shorter."""
    return [
        {"part_id": f"P{n}", "offset": n * size, "size": size - short * (n == count - 1), "sha1": f"{n:040x}"}
        for n in range(count)
    ]


def part_list(claimed: Any, parts: list[Event] | None = None, defects: list[Event] | None = None) -> Event:
    parts = uploaded() if parts is None else parts
    size = sum(part["size"] for part in parts)
    return {"file_size": size, "uploaded": parts, "claimed": claimed, "defects": defects or []}


def gap_in_the_middle() -> Event:
    parts = uploaded()
    message = "bytes 65,536 to 131,071 are claimed by no entry"
    return part_list([parts[0], parts[2]], parts, [{"kind": "gap", "index": None, "message": message}])


def failure(**changes: Any) -> Event:
    return {
        "message": "the server committed a list that leaves a hole",
        "sent": "list without part 2 of 3",
        "expected": "a refusal: any 4xx but 401, 403, 404, 405, 408, 429",
        "got": "201 Created",
        "part_list": gap_in_the_middle(),
        "problems": [{"pointer": "/entries/0/size", "message": "195608, though only 130072 bytes were claimed"}],
        "curl": "curl -X POST https://upload.example.test/api/2.0/files/upload_sessions/F971964745A5CD0C001BBE4E58196BFD/commit"
        " -H 'authorization: Bearer [redacted]' -H 'digest: sha=fpRyg5eVQletdZqEKaFlqwBXJzM=' -d @body.json",
        "replay": "commit-conformance run --target https://upload.example.test/api/2.0 --rule PART-GAP --seed 123",
        "exchange": 1,
        **changes,
    }


def exchange(**changes: Any) -> Event:
    return {
        "n": 17,
        "at": "2026-11-21T20:00:01Z",
        "method": "POST",
        "url": "https://upload.example.test/api/2.0/files/upload_sessions/F971964745A5CD0C001BBE4E58196BFD/commit",
        "request_headers": [
            ["authorization", "Bearer [redacted]"],
            ["content-type", "application/json"],
            ["digest", "sha=fpRyg5eVQletdZqEKaFlqwBXJzM="],
        ],
        "request_body": json.dumps({"parts": uploaded()[::2]}, indent=2),
        "request_bytes": 312,
        "status": 201,
        "reason": "Created",
        "response_headers": [["content-type", "application/json"], ["x-request-id", "a1b2c3"]],
        "response_body": json.dumps({"total_count": 1, "entries": [{"type": "file", "id": "12345", "size": 195608}]}),
        "response_bytes": 88,
        "truncated": False,
        "seconds": 0.004,
        "error": None,
        **changes,
    }


def footer(**changes: Any) -> Event:
    return {
        "event": "footer",
        "finished": "2026-11-21T20:00:04Z",
        "seconds": 4.2,
        "exit_code": 0,
        "conclusion": "conforms",
        "cost": {
            "requests": 400,
            "upload_requests": 300,
            "bytes_sent": 5_300_000,
            "bytes_received": 210_000,
            "sessions": 20,
            "committed_files": 14,
        },
        "cleanup": {"deleted": 14, "left": []},
        **changes,
    }


def failed(rule: str = "PART-GAP", **changes: Any) -> Event:
    """A failed rule with its failure and two exchanges, the second of which decided."""
    first = exchange(
        n=16, method="PUT", status=200, reason="OK", request_body="<65536 bytes of application/octet-stream>"
    )
    changes = {"level": "implied", "failure": failure(), "exchanges": [first, exchange()], **changes}
    return verdict(rule, "failed", **changes)


def write(folder: Path, *events: Event) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path


def log_of(folder: Path, *verdicts: Event, truncated: bool = False, **header_changes: Any) -> Log:
    """A log with a header, the target, these verdicts and, unless ``truncated``, a footer."""
    end = () if truncated else (footer(exit_code=None),)
    return read_log(write(folder, header(**header_changes), target(), *verdicts, *end))
