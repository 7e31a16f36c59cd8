"""Drives the small client beside this file through the scenarios of box-commit-conformance."""

import copy
import json
import sys
import traceback
from pathlib import Path
from typing import Any

import httpx
from upload_client import FileChanged, NameInUse, Uploader

STATUS = {NameInUse: 409, FileChanged: 412}  # exceptions that stand for one status


def write(message: dict[str, Any]) -> None:
    """One message, on one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def call(scenario: dict[str, Any], parts: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The one call that the scenario asks for; nothing is tried again here, nothing is repaired."""
    headers = {"authorization": f"Bearer {scenario['token']}"}
    with httpx.Client(base_url=scenario["upload_url"], headers=headers) as http:
        uploader, file = Uploader(http), scenario["file"]
        if scenario["call"] == "upload":
            content = Path(file["path"]).read_bytes()
            return uploader.upload(content, name=scenario["name"], folder_id=scenario["folder_id"])
        assert parts is not None
        url = scenario["session"]["session_endpoints"]["commit"]
        return uploader.commit(url, parts, file["digest"], if_match=scenario["if_match"])


def result_of(scenario: dict[str, Any]) -> dict[str, Any]:
    """What the caller was told."""
    result: dict[str, Any] = {"type": "result", "id": scenario["id"]}
    parts = copy.deepcopy(scenario["parts"])
    try:
        file = call(scenario, parts)
        result |= {"outcome": "file", "file": {name: file.get(name) for name in ("id", "name", "size", "sha1", "etag")}}
    except Exception as error:
        told = {"class": type(error).__name__, "message": str(error), "status": STATUS.get(type(error))}
        text = "".join(traceback.format_exception(error))
        result |= {"outcome": "error", "error": told | {"text": text}}
    changed = ["parts"] if parts != scenario["parts"] else []
    return result | {"changed_arguments": changed}


write(
    {
        "type": "hello",
        "protocol": 1,
        "sdk": {"name": "upload-client", "version": "1.0", "language": "python"},
        "calls": {"upload": [], "commit": ["if_match"]},
    }
)
for line in sys.stdin:
    write(result_of(json.loads(line)))
