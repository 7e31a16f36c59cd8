"""Files and sessions that are there before a scenario begins, and the message that tells the driver of it.

Owns what is made without the client. It is made with the service itself, so nothing of it is in the record.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_conformance.clients.protocol import Call
from commit_conformance.clients.scenarios import Scenario
from commit_conformance.clients.stage import TOKEN_PATH, Stage
from commit_conformance.mock.state import Preparation, digest_of

__all__ = ["PATIENCE", "Prepared", "message_for", "prepare"]

NAME = "report.bin"
CURRENT_ETAG, OTHER_ETAG = "1", "7"
PATIENCE = {"attempts": 6, "seconds": 10}
"""What a client is asked for that can be told how patient to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a play begins with.

    Attributes:
        content: The bytes that the file is to have.
        path: Where they lie.
        folder_id: Folder of the file.
        file_id: The file that gets a new version; ``None`` for a new file.
        session: The session, as the client sees it; ``None`` where the client is to create it.
        parts: Its parts, in the order in which their uploads ended.
    """

    content: bytes
    path: Path
    folder_id: str
    file_id: str | None
    session: dict[str, Any] | None
    parts: tuple[dict[str, Any], ...]

    @property
    def sha1(self) -> str:
        """SHA-1 of the content, hexadecimal."""
        return hashlib.sha1(self.content, usedforsecurity=False).hexdigest()


def prepare(scenario: Scenario, call: Call, stage: Stage, *, origin: str, folder: Path) -> Prepared:
    """Makes what a scenario begins with.

    Args:
        origin: Where the service is reached.
        folder: Where the file to upload is written.
    """
    base = f"{origin}/api/2.0"
    service = Preparation(stage.service, base_url=base, token=stage.tokens.access)
    json_type = ("content-type", "application/json")
    made = service.send("POST", f"{origin}/2.0/folders", json_type, body=b'{"name": "uploads", "parent": {"id": "0"}}')
    content = random.Random(scenario.name).randbytes(scenario.file_size)
    path = folder / NAME
    path.write_bytes(content)
    file_id = None
    if scenario.new_version:
        file_id = service.store(b"first version", name=NAME, folder_id=made["id"], file_id=None)
        service.store(b"second version", name=NAME, folder_id=made["id"], file_id=file_id)
    session, parts = None, []
    if call != "upload":
        wanted = {"file_size": len(content), "file_name": NAME}
        url = f"{base}/files/{file_id}/upload_sessions" if file_id else f"{base}/files/upload_sessions"
        if file_id is None:
            wanted["folder_id"] = made["id"]
        session = service.send("POST", url, json_type, body=json.dumps(wanted).encode())
        parts = _upload(service, session, content, scenario=scenario, missing=scenario.missing_for(call))
        session = stage.endpoints(session)
    return Prepared(
        content=content, path=path, folder_id=made["id"], file_id=file_id, session=session, parts=tuple(parts)
    )


def message_for(
    scenario: Scenario, call: Call, prepared: Prepared, stage: Stage, *, origin: str, play: str, options: frozenset[str]
) -> dict[str, Any]:
    """The scenario as the driver is told of it.

    Args:
        play: Id of the play.
        options: What the SDK's call can be given.
    """
    tokens = stage.tokens
    refresh = {
        "token_url": origin + TOKEN_PATH,
        "client_id": tokens.client_id,
        "client_secret": tokens.client_secret,
        "refresh_token": tokens.refresh,
    }
    sha1 = prepared.sha1
    return {
        "type": "scenario",
        "id": play,
        "call": call,
        "origin": origin,
        "base_url": f"{origin}/2.0",
        "upload_url": f"{origin}/api/2.0",
        "token": tokens.access,
        "refresh": refresh if "refresh" in scenario.needs else None,
        "file": {
            "path": str(prepared.path),
            "size": len(prepared.content) + scenario.told_longer,
            "sha1": sha1,
            "digest": "sha=" + base64.b64encode(bytes.fromhex(sha1)).decode(),
        },
        "name": NAME,
        "folder_id": prepared.folder_id,
        "file_id": prepared.file_id,
        "attributes": dict(scenario.attributes) if scenario.attributes else None,
        "if_match": CURRENT_ETAG if "if_match" in scenario.needs else None,
        "if_none_match": OTHER_ETAG if "if_none_match" in scenario.needs else None,
        "session": prepared.session,
        "parts": list(prepared.parts) if call == "commit" else None,
        "patience": PATIENCE if scenario.patience and "patience" in options else None,
        "timeout": scenario.timeout,
    }


def _upload(
    service: Preparation, session: dict[str, Any], content: bytes, *, scenario: Scenario, missing: tuple[int, ...]
) -> list[dict[str, Any]]:
    """The parts of a session, uploaded, less some; in the order in which their uploads ended."""
    parts = []
    for number, offset in enumerate(range(0, len(content), scenario.part_size), 1):
        if number in missing:
            continue
        piece = content[offset : offset + scenario.part_size]
        span = ("content-range", f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}")
        url = session["session_endpoints"]["upload_part"]
        parts.append(service.send("PUT", url, ("digest", digest_of(piece)), span, body=piece)["part"])
    return [*parts[1:], parts[0]] if scenario.out_of_order else parts
