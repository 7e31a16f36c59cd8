"""A small client for uploads in parts."""

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

import httpx

ATTEMPTS = 6


class UploadFailed(Exception):
    """The server refused the upload, or never finished it."""


class NameInUse(UploadFailed):
    """Another file in the folder has the name; ``file_id`` tells which."""

    def __init__(self, file_id: str) -> None:
        super().__init__(f"file {file_id} has this name")
        self.file_id = file_id


class FileChanged(UploadFailed):
    """Somebody else has changed the file in the meantime."""


def digest(data: bytes) -> str:
    """Value of the digest header."""
    return "sha=" + base64.b64encode(hashlib.sha1(data).digest()).decode()


class Uploader:
    """Uploads through a client that has the base URL and the token."""

    def __init__(self, client: httpx.Client, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.client = client
        self.sleep = sleep

    def upload(self, content: bytes, *, name: str, folder_id: str) -> dict[str, Any]:
        """Make a new file; gives it as the server describes it."""
        wanted = {"folder_id": folder_id, "file_size": len(content), "file_name": name}
        created = self.client.post("/files/upload_sessions", json=wanted)
        self.raise_for_refusal(created)
        session = created.json()
        parts = []
        for offset in range(0, len(content), session["part_size"]):
            piece = content[offset : offset + session["part_size"]]
            span = f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}"
            headers = {"digest": digest(piece), "content-range": span}
            answer = self.client.put(session["session_endpoints"]["upload_part"], content=piece, headers=headers)
            self.raise_for_refusal(answer)
            parts.append(answer.json()["part"])
        return self.commit(session["session_endpoints"]["commit"], parts, digest(content))

    def commit(
        self, url: str, parts: list[dict[str, Any]], whole: str, *, if_match: str | None = None
    ) -> dict[str, Any]:
        """Commit a session. Sent again until the answer is final, which does no harm: it makes one file."""
        headers = {"digest": whole} | ({"if-match": if_match} if if_match else {})
        for attempt in range(ATTEMPTS):
            wait = 2.0**attempt
            try:
                answer = self.client.post(url, json={"parts": parts}, headers=headers)
            except httpx.TransportError:
                pass  # Nobody knows whether the commit was taken.
            else:
                if answer.status_code == 201:
                    file: dict[str, Any] = answer.json()["entries"][0]
                    return file
                if answer.status_code not in (202, 429) and answer.status_code < 500:
                    self.raise_for_refusal(answer)
                wait = float(answer.headers.get("retry-after", wait))
            self.sleep(wait)
        raise UploadFailed(f"not committed in {ATTEMPTS} attempts")

    def raise_for_refusal(self, answer: httpx.Response) -> None:
        """An exception for every answer that is no success."""
        if answer.status_code == 409:
            raise NameInUse(answer.json()["context_info"]["conflicts"]["id"])
        if answer.status_code == 412:
            raise FileChanged
        if not answer.is_success:
            raise UploadFailed(f"{answer.status_code} {answer.text}")
