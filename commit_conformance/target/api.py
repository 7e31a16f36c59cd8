"""The companion calls: thin, and without judgement. Each gives the exchange; helpers read ids out of answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import quote, urljoin

from commit_conformance.model import Answer, FileState, UploadedPart
from commit_conformance.wire import Exchange, Wire
from commit_conformance.wire.errors import Trouble

_JSON = (("content-type", "application/json"),)
#: Items of a folder that are kept in memory, and pages of a session's parts that are looked through.
LISTED_ITEMS, LISTED_PAGES = 100_000, 100
#: Characters of an id. Some servers sign theirs; none of them needs more.
LONGEST_ID = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHandle:
    """An upload session as its creation showed it. ``shown`` is the whole answer."""

    session_id: str
    part_size: int
    endpoints: dict[str, str] = field(repr=False)
    shown: dict[str, Any] = field(repr=False)


class Api:
    """Calls other than the commit itself.

    Args:
        wire: Where to send.
        upload_url: Base URL of the upload endpoints.
        api_url: Base URL of the read endpoints.
    """

    def __init__(self, wire: Wire, *, upload_url: str, api_url: str) -> None:
        self.wire = wire
        self.upload_url = upload_url.rstrip("/")
        self.api_url = api_url.rstrip("/")

    # Sessions and parts

    def create_session(self, *, name: str, size: int, folder_id: str, token: str | None = "") -> Exchange:
        """Asks for a session for a new file."""
        body = {"folder_id": folder_id, "file_size": size, "file_name": name}
        return self._upload("POST", f"{self.upload_url}/files/upload_sessions", json_body=body, token=token)

    def create_version_session(
        self, *, file_id: str, size: int, name: str | None = None, token: str | None = ""
    ) -> Exchange:
        """Asks for a session for a new version of a file, which gets another name where one is given."""
        url = f"{self.upload_url}/files/{quote(file_id, safe='')}/upload_sessions"
        renamed = {} if name is None else {"file_name": name}
        return self._upload("POST", url, json_body={"file_size": size, **renamed}, token=token)

    def session_of(self, answer: Answer | None) -> SessionHandle | None:
        """The session an answer shows; None when it shows none.

        Endpoints the answer leaves out are those of the documentation; relative ones are resolved.
        """
        if answer is None or answer.status not in (200, 201) or not isinstance(answer.json, dict):
            return None
        shown = answer.json
        session_id, part_size = shown.get("id"), shown.get("part_size")
        if not is_usable(session_id) or isinstance(part_size, bool) or not isinstance(part_size, int):
            return None
        if part_size <= 0:
            return None
        base = f"{self.upload_url}/files/upload_sessions/{quote(session_id, safe='')}"
        endpoints = {
            "upload_part": base,
            "commit": f"{base}/commit",
            "abort": base,
            "list_parts": f"{base}/parts",
            "status": base,
        }
        named = shown.get("session_endpoints")
        if isinstance(named, dict):
            for key, url in named.items():
                if isinstance(url, str) and url:
                    endpoints[key] = _resolved(f"{self.upload_url}/", url)
        return SessionHandle(session_id=session_id, part_size=part_size, endpoints=endpoints, shown=shown)

    def upload_part(
        self,
        session: SessionHandle,
        content: bytes,
        *,
        offset: int,
        total: int,
        digest: str | None = None,
        token: str | None = "",
    ) -> Exchange:
        """Uploads one part; ``digest`` replaces the right digest header."""
        headers = (
            ("content-type", "application/octet-stream"),
            ("content-range", f"bytes {offset}-{offset + len(content) - 1}/{total}"),
            ("digest", digest or "sha=" + base64.b64encode(hashlib.sha1(content).digest()).decode("ascii")),
        )
        url = session.endpoints["upload_part"]
        exchange = self._upload("PUT", url, headers=headers, content=content, token=token)
        self.wire.purse.part_sent(len(content))
        return exchange

    def find_part(self, session: SessionHandle, *, offset: int, content: bytes) -> UploadedPart | None:
        """The part that a session lists for some bytes at some place; None when it lists none, or lists nothing.

        For a part that was sent again because the answer to it was lost, and was then refused as one that is there.
        """
        found = 0
        for _ in range(LISTED_PAGES):
            exchange = self.list_parts(session, offset=found)
            body = exchange.answer.json if exchange.answer and exchange.status == 200 else None
            entries = body.get("entries") if isinstance(body, dict) else None
            if not isinstance(entries, list) or not entries:
                return None
            for entry in entries:
                if not isinstance(entry, dict) or not isinstance(entry.get("part_id"), str):
                    continue
                sha1 = hashlib.sha1(content).hexdigest()
                same = str(entry.get("sha1", sha1)).lower() == sha1
                if same and (entry.get("offset"), entry.get("size")) == (offset, len(content)):
                    return UploadedPart(part_id=entry["part_id"], offset=offset, size=len(content), sha1=sha1)
            found += len(entries)
        return None

    def list_parts(self, session: SessionHandle, *, offset: int = 0, limit: int = 1000) -> Exchange:
        """One page of the parts the session has."""
        url = session.endpoints["list_parts"]
        separator = "&" if "?" in url else "?"
        return self._upload("GET", f"{url}{separator}offset={offset}&limit={limit}")

    def status(self, session: SessionHandle, *, token: str | None = "") -> Exchange:
        """The session's state."""
        return self._upload("GET", session.endpoints["status"], token=token)

    def abort(self, session: SessionHandle, *, free: bool = False) -> Exchange:
        """Discards the session and its parts."""
        return self._upload("DELETE", session.endpoints["abort"], free=free)

    # Files and folders

    def get_file(self, file_id: str) -> Exchange:
        """A file's fields."""
        return self.read("GET", f"files/{quote(file_id, safe='')}")

    def get_content(self, file_id: str, *, limit: int) -> Exchange:
        """A file's bytes. A redirect to a download host is followed once, without the token."""
        exchange = self.read("GET", f"files/{quote(file_id, safe='')}/content", body_limit=limit)
        location = exchange.answer.header("location") if exchange.answer else None
        if exchange.status in (301, 302, 303, 307, 308) and location:
            url = _resolved(exchange.url, location)
            return self.wire.send("GET", url, token=None, body_limit=limit)
        return exchange

    def versions(self, file_id: str) -> Exchange:
        """A file's former versions."""
        return self.read("GET", f"files/{quote(file_id, safe='')}/versions")

    def delete_file(self, file_id: str, *, free: bool = False) -> Exchange:
        """Moves a file to the trash."""
        return self.read("DELETE", f"files/{quote(file_id, safe='')}", free=free)

    def update_file(self, file_id: str, changes: dict[str, Any], *, token: str | None = "") -> Exchange:
        """Changes a file's fields."""
        return self.read("PUT", f"files/{quote(file_id, safe='')}", json_body=changes, token=token)

    def get_folder(self, folder_id: str) -> Exchange:
        """A folder's fields."""
        return self.read("GET", f"folders/{quote(folder_id, safe='')}")

    def create_folder(self, *, name: str, parent_id: str, token: str | None = "") -> Exchange:
        """Makes a folder."""
        body = {"name": name, "parent": {"id": parent_id}}
        return self.read("POST", "folders", json_body=body, token=token)

    def delete_folder(self, folder_id: str, *, recursive: bool = True, free: bool = True) -> Exchange:
        """Moves a folder to the trash."""
        query = "?recursive=true" if recursive else ""
        return self.read("DELETE", f"folders/{quote(folder_id, safe='')}{query}", free=free)

    def folder_items(self, folder_id: str, *, free: bool = False) -> list[dict[str, Any]] | Exchange:
        """Every item of a folder, page by page; the exchange that failed when one did."""
        items: list[dict[str, Any]] = []
        fields = "id,type,name,sha1,size,etag"
        for _ in range(100):
            path = f"folders/{quote(folder_id, safe='')}/items?limit=1000&offset={len(items)}&fields={fields}"
            exchange = self.read("GET", path, free=free)
            body = exchange.answer.json if exchange.status == 200 and exchange.answer else None
            if not isinstance(body, dict) or not isinstance(body.get("entries"), list):
                return exchange
            page = [entry for entry in body["entries"] if isinstance(entry, dict)]
            items += page
            if len(items) > LISTED_ITEMS:
                raise Trouble(f"the folder {folder_id} lists more than {LISTED_ITEMS} items")
            total = body.get("total_count")
            if not page or not isinstance(total, int) or len(items) >= total:
                break
        return items

    def whoami(self, *, token: str | None = "") -> Exchange:
        """The token's user."""
        return self.read("GET", "users/me", token=token)

    def collaborate(self, *, folder_id: str, user_id: str) -> Exchange:
        """Lets another user edit a folder."""
        body = {
            "item": {"type": "folder", "id": folder_id},
            "accessible_by": {"type": "user", "id": user_id},
            "role": "editor",
        }
        return self.read("POST", "collaborations", json_body=body)

    def end_collaboration(self, collaboration_id: str) -> Exchange:
        """Takes that right away again."""
        return self.read("DELETE", f"collaborations/{quote(collaboration_id, safe='')}")

    def read(
        self,
        method: str,
        path: str,
        *,
        json_body: Any = None,
        token: str | None = "",
        free: bool = False,
        body_limit: int | None = None,
    ) -> Exchange:
        """Any call to the read endpoints."""
        return self.wire.send(
            method,
            f"{self.api_url}/{path}",
            headers=_JSON if json_body is not None else (),
            content=json.dumps(json_body).encode() if json_body is not None else b"",
            token=token,
            free=free,
            body_limit=body_limit,
        )

    def _upload(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        json_body: Any = None,
        token: str | None = "",
        free: bool = False,
    ) -> Exchange:
        if json_body is not None:
            headers, content = _JSON, json.dumps(json_body).encode()
        return self.wire.send(method, url, headers=headers, content=content, token=token, upload=True, free=free)


def _resolved(base: str, url: str) -> str:
    """A URL that may be relative; one that is none stays as it is, for the wire to refuse."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def id_of(answer: Answer | None) -> str | None:
    """The ``id`` an answer shows, as a string."""
    body = answer.json if answer is not None else None
    value = body.get("id") if isinstance(body, dict) else None
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    return text if is_usable(text) else None


def is_usable(value: object) -> TypeGuard[str]:
    """Whether an id can be put into a path, and means nothing else there: ``..`` is another path.

    Ids are quoted when they are used, so slashes and escapes do no harm.
    """
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID or value in (".", ".."):
        return False
    return value.isprintable()  # lone surrogates are not, and could not be sent


def is_gone(exchange: Exchange) -> bool:
    """Whether what was to be deleted is gone: by this request, or by an earlier try whose answer was lost."""
    status = exchange.status or 0
    return 200 <= status <= 299 or bool(exchange.lost and status in (404, 410))


def part_of(answer: Answer | None, *, offset: int, content: bytes, sha1: str | None = None) -> UploadedPart | None:
    """The part an upload was answered with; None when the answer shows none.

    Range and SHA-1 are those that were sent: what the server holds is found out by committing. Where the SHA-1 is
    known, in hexadecimal, it is not reckoned again.
    """
    body = answer.json if answer is not None and answer.status in (200, 201) else None
    shown = body.get("part", body) if isinstance(body, dict) else None
    if not isinstance(shown, dict) or not isinstance(shown.get("part_id"), str):
        return None
    sha1 = sha1 or hashlib.sha1(content).hexdigest()
    return UploadedPart(part_id=shown["part_id"], offset=offset, size=len(content), sha1=sha1)


def file_state(body: Any) -> FileState | None:
    """A file as any answer shows it; None when it shows none."""
    if not isinstance(body, dict) or "id" not in body or not is_usable(str(body["id"])):
        return None

    def text(value: Any) -> str | None:
        return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None

    version = body.get("file_version")
    parent = body.get("parent")
    size = body.get("size")
    return FileState(
        file_id=str(body["id"]),
        etag=text(body.get("etag")),
        sha1=text(body.get("sha1")),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        name=text(body.get("name")),
        parent_id=text(parent.get("id")) if isinstance(parent, dict) else None,
        version_id=text(version.get("id")) if isinstance(version, dict) else None,
        description=text(body.get("description")),
        content_modified_at=text(body.get("content_modified_at")),
        content_created_at=text(body.get("content_created_at")),
    )


def created_entry(answer: Answer | None) -> dict[str, Any]:
    """The File a 201 shows, in the list of the documentation; empty when there is none."""
    body = answer.json if answer is not None else None
    entries = body.get("entries") if isinstance(body, dict) else None
    return entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], dict) else {}


def created_file(answer: Answer | None) -> FileState | None:
    """The file a 201 shows, in the list of the documentation or bare."""
    body = answer.json if answer is not None else None
    if isinstance(body, dict) and isinstance(body.get("entries"), list) and body["entries"]:
        return file_state(body["entries"][0])
    return file_state(body)
