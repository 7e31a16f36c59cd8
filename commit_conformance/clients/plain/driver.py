"""The driver of the plain client.

Owns the conversation: hello, scenarios, results. It is what a driver looks like: it takes a scenario apart, calls the
client once and tells what the caller was told.
"""

from __future__ import annotations

import copy
import json
import platform
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commit_conformance.clients.plain.client import Api, ApiError, Client, Pending

__all__ = ["CALLS", "drive", "hello", "result_of", "write"]

CALLS = {
    "upload": ["new_version", "attributes", "if_match", "if_none_match", "declared_size", "refresh", "patience"],
    "commit": ["attributes", "if_match", "if_none_match", "refresh", "patience"],
    "commit_listed": ["refresh", "patience"],
    "resume": ["refresh", "patience"],
}


def hello(name: str = "plain", *, note: str | None = None) -> dict[str, Any]:
    """What the driver says of itself."""
    sdk = {"name": name, "version": "1", "language": "python", "runtime": f"Python {platform.python_version()}"}
    return {"type": "hello", "protocol": 1, "sdk": sdk, "calls": CALLS, "note": note}


def write(message: Mapping[str, Any]) -> None:
    """One message to the suite."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def drive(kind: type[Client], *, api: type[Api] = Api, name: str = "plain") -> None:
    """Answer scenarios until standard input ends."""
    write(hello(name))
    for line in sys.stdin:
        if line.strip():
            write(result_of(json.loads(line), kind, api))


def result_of(scenario: Mapping[str, Any], kind: type[Client], api: type[Api] = Api) -> dict[str, Any]:
    """Have the client do what a scenario asks for, and tell what came of it."""
    given = copy.deepcopy({name: scenario[name] for name in ("parts", "attributes", "session")})
    kept = copy.deepcopy(given)
    patience = scenario["patience"] or {}
    options = {"tries": patience["attempts"], "patience": patience["seconds"]} if patience else {}
    client = kind(api(scenario["token"], scenario["refresh"]), scenario["upload_url"], **options)
    result: dict[str, Any] = {"type": "result", "id": scenario["id"]}
    try:
        file = call(client, scenario, given)
    except Pending:
        result |= {"outcome": "pending"}
    except Exception as error:
        result |= {"outcome": "error", "error": told(error)}
    else:
        names = ("id", "name", "size", "sha1", "etag")
        result |= (
            {"outcome": "file", "file": {name: file.get(name) for name in names}} if file else {"outcome": "nothing"}
        )
    result["changed_arguments"] = [name for name in given if given[name] != kept[name]]
    return result


def call(client: Client, scenario: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one call of the client that the scenario asks for."""
    file, session = scenario["file"], given["session"]
    tags = {"if-match": scenario["if_match"], "if-none-match": scenario["if_none_match"]}
    conditions = {name: value for name, value in tags.items() if value is not None}
    match scenario["call"]:
        case "upload":
            return client.upload(
                Path(file["path"]),
                name=scenario["name"],
                size=file["size"],
                folder_id=scenario["folder_id"],
                file_id=scenario["file_id"],
                attributes=given["attributes"],
                conditions=conditions,
            )
        case "commit":
            return client.commit(
                session,
                given["parts"],
                digest=file["digest"],
                attributes=given["attributes"],
                conditions=conditions,
            )
        case "commit_listed":
            return client.commit_listed(session, digest=file["digest"])
    return client.resume(session, Path(file["path"]), size=file["size"])


def told(error: Exception) -> dict[str, Any]:
    """What the caller can read off an error."""
    document = error.document if isinstance(error, ApiError) else {}
    return {
        "class": type(error).__name__,
        "message": str(error),
        "status": error.status if isinstance(error, ApiError) else None,
        "code": document.get("code"),
        "request_id": document.get("request_id"),
        "context_info": document.get("context_info"),
        "retry_after": None,
        "text": "".join(traceback.format_exception(error)),
    }
