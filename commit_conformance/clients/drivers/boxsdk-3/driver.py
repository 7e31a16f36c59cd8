"""Drives boxsdk 3, the legacy Python SDK, by the driver protocol (docs/driver-protocol.md)."""

from __future__ import annotations

import copy
import json
import platform
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

from boxsdk import Client, OAuth2
from boxsdk.config import API
from boxsdk.object.upload_session import UploadSession

RETRIES = API.MAX_RETRY_ATTEMPTS
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
        "upload": ["new_version", "declared_size", "refresh", "patience"],
        "commit": ["new_version", "attributes", "if_match", "refresh", "patience"],
        "commit_listed": ["new_version", "attributes", "if_match", "refresh", "patience"],
        "resume": ["new_version", "declared_size", "refresh", "patience"],
    },
}


def client_for(scenario: dict[str, Any]) -> Client:
    """A client set up as the documentation of the SDK has it, but for the hosts."""
    API.BASE_API_URL = scenario["base_url"]
    API.UPLOAD_URL = scenario["upload_url"]
    # The SDK follows the URLs that a session names only while UPLOAD_URL is the one it comes with. It is driven as it
    # comes, so the service under test takes that URL's place.
    UploadSession._default_upload_url = scenario["upload_url"]
    patience = scenario["patience"]
    API.MAX_RETRY_ATTEMPTS = RETRIES if patience is None else patience["attempts"] - 1
    refresh = scenario["refresh"]
    # Asked after a 401 even where there is nothing to renew the token with.
    API.OAUTH2_API_URL = (
        scenario["origin"] + "/oauth2" if refresh is None else refresh["token_url"].removesuffix("/token")
    )
    if refresh is None:
        return Client(OAuth2(client_id=None, client_secret=None, access_token=scenario["token"]))
    return Client(
        OAuth2(
            client_id=refresh["client_id"],
            client_secret=refresh["client_secret"],
            access_token=scenario["token"],
            refresh_token=refresh["refresh_token"],
        )
    )


def session_of(scenario: dict[str, Any], client: Client) -> UploadSession:
    """The session as the SDK makes it of the service's answer."""
    session = client.translator.translate(session=client.session, response_object=copy.deepcopy(scenario["session"]))
    if not isinstance(session, UploadSession):
        raise TypeError(f"the SDK made {type(session).__name__} of the session")
    return session


def upload(scenario: dict[str, Any], client: Client) -> Any:
    """The chunked upload of the SDK, from a file to the created one."""
    size = scenario["file"]["size"]
    with Path(scenario["file"]["path"]).open("rb") as stream:
        if scenario["file_id"] is None:
            session = client.folder(scenario["folder_id"]).create_upload_session(size, scenario["name"])
        else:
            session = client.file(scenario["file_id"]).create_upload_session(size)
        return session.get_chunked_uploader_for_stream(stream, size).start()


def resume(scenario: dict[str, Any], client: Client) -> Any:
    """The upload of what is still missing, and the commit."""
    session = session_of(scenario, client)
    with Path(scenario["file"]["path"]).open("rb") as stream:
        return session.get_chunked_uploader_for_stream(stream, scenario["file"]["size"]).resume()


def commit(scenario: dict[str, Any], client: Client, changed: list[str]) -> Any:
    """The commit of a session that is uploaded already."""
    parts, attributes = copy.deepcopy(scenario["parts"]), copy.deepcopy(scenario["attributes"])
    try:
        return session_of(scenario, client).commit(
            content_sha1=bytes.fromhex(scenario["file"]["sha1"]),
            parts=parts,
            file_attributes=attributes,
            etag=scenario["if_match"],
        )
    finally:
        if parts != scenario["parts"]:
            changed.append("parts")
        if attributes != scenario["attributes"]:
            changed.append("attributes")


def told(error: BaseException) -> dict[str, Any]:
    """What a caller can read off the exception."""
    context = getattr(error, "context_info", None)
    return {
        "class": type(error).__name__,
        "message": str(getattr(error, "message", None) or error),
        "status": getattr(error, "status", None),
        "code": getattr(error, "code", None),
        "request_id": getattr(error, "request_id", None),
        "context_info": context if isinstance(context, dict) else None,
        "retry_after": (getattr(error, "headers", None) or {}).get("Retry-After"),
        "text": "".join(traceback.format_exception(error))[-LONGEST_TEXT:],
    }


def result(scenario: dict[str, Any]) -> dict[str, Any]:
    """Do what the scenario asks for, and tell what the SDK told."""
    changed: list[str] = []
    answer = {"type": "result", "id": scenario["id"], "changed_arguments": changed}
    try:
        client = client_for(scenario)
        if scenario["call"] == "upload":
            file = upload(scenario, client)
        elif scenario["call"] == "resume":
            file = resume(scenario, client)
        else:
            file = commit(scenario, client, changed)
    except Exception as error:
        return answer | {"outcome": "error", "error": told(error)}
    if file is None:
        # By the documentation of start, resume and commit, None means that the commit was not processed.
        return answer | {"outcome": "pending"}
    known = {name: getattr(file, name, None) for name in ("id", "name", "size", "sha1", "etag")}
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
