"""Drives boxsdk 10, the generated Python SDK, by the driver protocol (docs/driver-protocol.md)."""

from __future__ import annotations

import json
import platform
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

from box_sdk_gen import (
    AccessToken,
    BaseUrls,
    BoxClient,
    BoxDeveloperTokenAuth,
    BoxOAuth,
    BoxRetryStrategy,
    InMemoryTokenStorage,
    NetworkSession,
    OAuthConfig,
    UploadPart,
)

PENDING = object()
LONGEST_TEXT = 65536  # characters of error.text, as the protocol bounds it

HELLO = {
    "type": "hello",
    "protocol": 1,
    "sdk": {
        "name": "boxsdk",
        "version": version("boxsdk"),
        "language": "python",
        "runtime": f"{platform.python_implementation()} {platform.python_version()}",
    },
    "calls": {
        # upload_big_file_version asks the session's "plan" endpoint first, which no public description has yet.
        "upload": ["declared_size", "refresh", "patience"],
        "commit": ["new_version", "if_match", "if_none_match", "refresh", "patience"],
    },
}


def client_for(scenario: dict[str, Any]) -> BoxClient:
    """A client set up as the documentation of the SDK has it, but for the hosts."""
    refresh, patience = scenario["refresh"], scenario["patience"]
    if refresh is None:
        auth = BoxDeveloperTokenAuth(token=scenario["token"])
    else:
        tokens = AccessToken(access_token=scenario["token"], refresh_token=refresh["refresh_token"])
        auth = BoxOAuth(
            OAuthConfig(
                client_id=refresh["client_id"],
                client_secret=refresh["client_secret"],
                token_storage=InMemoryTokenStorage(token=tokens),
            )
        )
    strategy = BoxRetryStrategy() if patience is None else BoxRetryStrategy(max_attempts=patience["attempts"])
    client = BoxClient(auth=auth, network_session=NetworkSession(retry_strategy=strategy))
    # The SDK adds the version of the API itself.
    return client.with_custom_base_urls(
        BaseUrls(
            base_url=scenario["base_url"].removesuffix("/2.0"),
            upload_url=scenario["upload_url"].removesuffix("/2.0"),
            oauth_2_url=scenario["origin"] + "/oauth2",
        )
    )


def upload(scenario: dict[str, Any], client: BoxClient) -> Any:
    """The chunked upload of the SDK, from a file to the created one."""
    with Path(scenario["file"]["path"]).open("rb") as stream:
        return client.chunked_uploads.upload_big_file(
            stream, scenario["name"], scenario["file"]["size"], scenario["folder_id"]
        )


def commit(scenario: dict[str, Any], client: BoxClient, changed: list[str]) -> Any:
    """The commit of a session that is uploaded already."""

    def handed_over() -> list[UploadPart]:
        return [
            UploadPart(part_id=part["part_id"], offset=part["offset"], size=part["size"], sha_1=part["sha1"])
            for part in scenario["parts"]
        ]

    parts = handed_over()
    try:
        files = client.chunked_uploads.create_file_upload_session_commit_by_url(
            scenario["session"]["session_endpoints"]["commit"],
            parts,
            scenario["file"]["digest"],
            if_match=scenario["if_match"],
            if_none_match=scenario["if_none_match"],
        )
    finally:
        if [part.to_dict() for part in parts] != [part.to_dict() for part in handed_over()]:
            changed.append("parts")
    if files is None:
        # The method returns None after a 202 and only then, and its documentation says so.
        return PENDING
    return files.entries[0] if files.entries else None


def told(error: BaseException) -> dict[str, Any]:
    """What a caller can read off the exception."""
    answer = getattr(error, "response_info", None)
    context = getattr(answer, "context_info", None)
    headers = {name.lower(): value for name, value in (getattr(answer, "headers", None) or {}).items()}
    return {
        "class": type(error).__name__,
        "message": str(getattr(error, "message", None) or error),
        "status": getattr(answer, "status_code", None),
        "code": getattr(answer, "code", None),
        "request_id": getattr(answer, "request_id", None),
        "context_info": context if isinstance(context, dict) else None,
        "retry_after": headers.get("retry-after"),
        "text": "".join(traceback.format_exception(error))[-LONGEST_TEXT:],
    }


def result(scenario: dict[str, Any]) -> dict[str, Any]:
    """Do what the scenario asks for, and tell what the SDK told."""
    changed: list[str] = []
    answer = {"type": "result", "id": scenario["id"], "changed_arguments": changed}
    try:
        client = client_for(scenario)
        file = upload(scenario, client) if scenario["call"] == "upload" else commit(scenario, client, changed)
    except Exception as error:
        return answer | {"outcome": "error", "error": told(error)}
    if file is PENDING:
        return answer | {"outcome": "pending"}
    if file is None:
        return answer | {"outcome": "nothing"}
    known = {"id": file.id, "name": file.name, "size": file.size, "sha1": file.sha_1, "etag": file.etag}
    return answer | {"outcome": "file", "file": known}


def main() -> None:
    """Say hello, then answer one line after the other."""
    # Whatever else is printed goes to standard error.
    messages, sys.stdout = sys.stdout, sys.stderr
    messages.write(json.dumps(HELLO) + "\n")
    messages.flush()
    for line in sys.stdin:
        messages.write(json.dumps(result(json.loads(line))) + "\n")
        messages.flush()


main()
