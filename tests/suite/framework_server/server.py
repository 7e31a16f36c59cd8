"""The upload service as the tutorial of a web framework leads to it: handlers, middlewares, SQL, a background task.

    python -m tests.suite.framework_server.server --port 0 [--fault NAME] [--slow-ms N]

prints the base URL as its first line. Users and their tokens are `USERS`; `EXPIRED_SESSION` is Ada's and has expired.
"""

import argparse
import asyncio
import base64
import binascii
import hashlib
import json
import re
import sqlite3
import sys
import uuid
from collections.abc import Awaitable, Callable, Container
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from tests.suite.framework_server.store import ID, Row, Store, now

FAULTS = {
    "part-lookup-without-session": "The query for a part forgets the session: a part of another session or user "
    "is taken where offset and size agree (PRT-08, PRT-09).",
    "naive-datetime": "Dates of the attributes lose their offset, as if all were UTC (BDY-06, BDY-07).",
    "nocase-collation": "Names are compared by a collation that knows the case of ASCII letters only (CON-05).",
    "answer-from-old-row": "The 201 of a new version has the etag of the row read before writing (CRE-09, PRE-01).",
    "framework-etags": "Preconditions are read by the framework, which knows quoted tags only and passes over "
    "bare ones (PRE-02, PRE-04).",
    "page-border": "A page of parts is fetched with one more, to see whether there is more, and keeps it (LIF-07).",
    "update-before-precondition": "A commit's description is written to the file before precondition and digest are "
    "checked, and stays when the commit is refused (PRE-02, LIF-02).",
    "first-digest-verdict": "The background task judges the digest of the commit that started it, and later commits "
    "get that verdict whatever digest they bring (DIG-03, DIG-19, ACC-08).",
    "session-not-reread": "The session is not read again after an await: two commits at once make two versions "
    "(IDM-03, CRE-09).",
    "abort-frees-shared-blobs": "Equal parts share their bytes, and an abort deletes those that other sessions need: "
    "their right commit is refused (PRT-04, DIG-01).",
    "reserved-row-listed": "While a commit is processed an empty file reserves its name, which lists show and a "
    "refused commit leaves behind (ACC-04, LIF-01, LIF-02).",
    "errors-lose-headers": "The middleware builds errors anew as JSON without their headers: a 405 has no Allow, and "
    "a 401 no WWW-Authenticate (ERR-08, AUT-01).",
}

PART_SIZE = 8192
MAX_FILE_SIZE = 5000 * PART_SIZE
MAX_BODY = 32 * 1024 * 1024
PREFIX = "/api/2.0"
ZONE = timezone(timedelta(hours=5, minutes=30))
EXPIRED_SESSION = "0d5e3f7a-0000-4000-8000-000000000410"
USERS: list[tuple[int, str, str, dict[str, bool]]] = [
    (501, "Ada", "ada@users.invalid", {"ada-token": True, "ada-readonly-token": False}),
    (502, "Bo", "bo@users.invalid", {"bo-token": True}),
]
DATE = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)", re.A | re.I)
RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.A)
SHA = re.compile(r"sha=([A-Za-z0-9+/]{27}=)", re.I)
TAG = re.compile(r'(W/)?(?:"([^"]*)"|([^",\s]+))')
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """A request that is not fulfilled."""

    def __init__(self, status: int, code: str, message: str = "", **context: Any) -> None:
        super().__init__(message or code.replace("_", " "))
        self.status, self.code, self.context = status, code, context


# Middlewares


def error(status: int, code: str, message: str, context: dict[str, Any] | None = None) -> web.Response:
    """The JSON body that every refusal has."""
    if status == 304:
        return web.Response(status=304)
    body = {"type": "error", "status": status, "code": code, "message": message, "context_info": context or None}
    body |= {"help_url": "https://help.invalid/errors", "request_id": uuid.uuid4().hex}
    return web.json_response(body, status=status)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what handlers, the framework and mistakes raise into errors of the API's form."""
    try:
        return await handler(request)
    except Refused as refusal:
        answer, headers = error(refusal.status, refusal.code, str(refusal), refusal.context), {}
        if refusal.status == 401:
            headers = {"WWW-Authenticate": 'Bearer realm="files"'}
    except web.HTTPException as raised:
        answer = error(raised.status, raised.reason.lower().replace(" ", "_"), f"{raised.reason}.")
        headers = {name: value for name, value in raised.headers.items() if name == "Allow"}
    except Exception as mistake:
        sys.stderr.write(f"{request.method} {request.path}: {mistake!r}\n")
        return error(500, "internal_server_error", "Something went wrong.")
    if "errors-lose-headers" not in request.app[API].faults:
        answer.headers.update(headers)
    return answer


@web.middleware
async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Finds out who asks, and refuses tokens that are unknown, or may not do what is asked."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = request.app[API].store.user_of(token.strip()) if scheme.lower() == "bearer" and token.isascii() else None
    if user is None:
        raise Refused(401, "unauthorized", "A valid access token is needed.")
    if request.headers.get("box-version", "2024.0") not in ("2024.0", "2025.0"):
        raise Refused(400, "invalid_api_version", "This version is not known.")
    if request.method not in ("GET", "HEAD", "OPTIONS") and not user["may_write"]:
        raise Refused(403, "insufficient_scope", "The token may only read.")
    request["user"] = user
    return await handler(request)


# Reading requests


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body of a request, which has to be a JSON object."""
    kind = request.content_type
    if "Content-Type" in request.headers and kind != "application/json" and not kind.endswith("+json"):
        raise Refused(415, "unsupported_media_type", "The body must be JSON.")
    try:
        body = json.loads((await request.read()).decode())
    except (ValueError, RecursionError):
        raise Refused(400, "malformed_json", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Refused(400, "malformed_body", "The body must be an object.")
    return body


def sha_digest(request: web.Request) -> bytes:
    """The 20 bytes of the digest header, of which there is one."""
    values = request.headers.getall("Digest", [])
    match = SHA.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise Refused(400, "malformed_digest", "One digest header is needed: sha= and 28 characters of base64.")
    try:
        decoded = base64.b64decode(match[1], validate=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) != 20 or base64.b64encode(decoded).decode() != match[1]:
        raise Refused(400, "malformed_digest", "This is not the base64 of a SHA-1.")
    return decoded


def text(value: object, code: str, most: int = 255) -> str:
    """A string that can be stored."""
    if not isinstance(value, str) or len(value) > most or re.search("[\x00\ud800-\udfff]", value):
        raise Refused(400, code, f"This must be a string of at most {most} characters.")
    return value


def item_name(value: object) -> str:
    """A name that a file or folder may have."""
    name = text(value, "item_name_invalid")
    if name.strip() != name or name in ("", ".", "..") or re.search(r"[/\\\x01-\x1f\x7f]", name):
        raise Refused(400, "item_name_invalid", "An item cannot have this name.")
    return name


def number(request: web.Request, name: str, default: int, most: int) -> int:
    """A number of the query string."""
    value = request.query.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) > most:
        raise Refused(400, f"invalid_{name}", f"This must be a number up to {most}.")
    return int(value)


def instant(value: object, naive: bool) -> str:
    """A date of RFC 3339, not before 1970, in the form in which it is stored."""
    match = DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused(400, "invalid_date", "A date must have the form 2017-04-08T00:58:08Z.")
    day, clock, second, fraction, offset, _ = match.groups()
    leap, fraction = second == "60", (fraction or "0")[:6].ljust(6, "0")
    offset = "+00:00" if naive or offset in "Zz" else offset
    try:
        read = datetime.fromisoformat(f"{day}T{clock}:{'59' if leap else second}.{fraction}{offset}")
        read = (read + timedelta(seconds=leap)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(400, "invalid_date", "There is no such date.") from None
    if read.year < 1970:
        raise Refused(400, "invalid_date", "Dates before 1970 are not kept.")
    return read.isoformat()


def date(stored: str) -> str:
    """A stored instant as clients see it: in the zone of the service."""
    read = datetime.fromisoformat(stored)
    return (read if read.year > 9998 else read.astimezone(ZONE)).isoformat()


class Service:
    """The handlers, and the little they share."""

    def __init__(self, store: Store, faults: Container[str] = (), slow: float = 0.0) -> None:
        self.store, self.faults, self.slow = store, faults, slow
        self.tasks: set[asyncio.Task[None]] = set()
        self.first_digest: dict[str, bytes] = {}
        self.reserved: dict[str, int] = {}

    # Finding what a request is about

    def folder(self, request: web.Request, folder_id: object, invalid: str = "not_found") -> Row:
        """A folder that the user may use; each user has a root of their own, whose id is 0."""
        user = request["user"]["user_id"]
        if not isinstance(folder_id, str) or not ID.fullmatch(folder_id):
            raise Refused(404 if invalid == "not_found" else 400, invalid)
        row = self.store.root(user) if folder_id == "0" else self.store.item(int(folder_id), "folder")
        if row is None or row["owner_id"] != user:
            raise Refused(404, "not_found", "There is no such folder.")
        return row

    def file(self, request: web.Request) -> Row:
        """The file that the path names."""
        file_id = request.match_info["id"]
        row = self.store.item(int(file_id), "file") if ID.fullmatch(file_id) else None
        if row is None or row["owner_id"] != request["user"]["user_id"]:
            raise Refused(404, "not_found", "There is no such file.")
        return row

    def session(self, request: web.Request) -> Row:
        """The session that the path names, if it is the user's and has not expired."""
        session_id = request.match_info["id"].lower()
        if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session_id):
            raise Refused(400, "invalid_upload_session_id", "An upload session has another kind of id.")
        row = self.store.session(session_id)
        if row is None:
            raise Refused(404, "not_found", "There is no such upload session.")
        if row["user_id"] != request["user"]["user_id"]:
            raise Refused(403, "forbidden", "Only the user who initiated the upload session may use it.")
        if row["expires_at"] < now():
            raise Refused(410, "session_expired", "The upload session has expired.")
        return row

    def refuse_name(self, folder_id: int, name: str, but: int | None = None) -> None:
        """Refuses a name that another item in the folder has."""
        other = self.store.item_named(folder_id, name)
        if other is not None and other["id"] != but:
            raise Refused(409, "item_name_in_use", "The name is taken.", conflicts=[self.item_json(other)])

    def refuse_stale(self, request: web.Request, item: Row | None) -> None:
        """Evaluates If-Match, then If-None-Match, against the item that would be changed, if there is one."""
        current = item["etag"] if item is not None else None

        def names(header: str, weak: bool) -> bool | None:
            if "framework-etags" in self.faults:
                tags = request.if_match if header == "If-Match" else request.if_none_match
                return any(tag.value in ("*", current) for tag in tags) if tags else None
            value = ",".join(request.headers.getall(header, []))
            if header not in request.headers or value.strip() == "*":
                return current is not None if value else None
            return any((weak or not tag[0]) and current in tag[1:] for tag in TAG.findall(value))

        if names("If-Match", weak=False) is False:
            raise Refused(412, "precondition_failed", "The item has changed, or there is none.")
        if names("If-None-Match", weak=True):
            raise Refused(304, "not_modified")

    # Showing things

    def user_json(self, user_id: int) -> dict[str, Any]:
        """A user as clients see one."""
        row = self.store.sure("SELECT * FROM users WHERE id = ?", user_id)
        return {"type": "user", "id": str(row["id"]), "name": row["name"], "login": row["login"]}

    def item_json(self, row: Row) -> dict[str, Any]:
        """A file or folder as lists and errors show it."""
        shown = {"type": row["kind"], "id": "0" if row["parent_id"] is None else str(row["id"])}
        shown |= {"etag": row["etag"], "name": row["name"]}
        return shown | (self.version_json(row["version_id"]) if row["kind"] == "file" else {})

    def version_json(self, version_id: str) -> dict[str, Any]:
        """What a file shows of its newest version."""
        row = self.store.version(version_id)
        shown = {"size": row["size"], "sha1": row["sha1"].upper(), "version_number": str(row["number"])}
        shown |= {name: date(row[name]) for name in ("content_created_at", "content_modified_at")}
        return shown | {"file_version": {"type": "file_version", "id": row["id"], "sha1": shown["sha1"]}}

    def full_json(self, row: Row) -> dict[str, Any]:
        """A file or folder with all that is kept of it."""
        above = [self.item_json(folder) for folder in self.store.path(row["parent_id"])]
        shown = self.item_json(row) | {"parent": above[-1] if above else None, "item_status": "active"}
        shown |= {"path_collection": {"total_count": len(above), "entries": above}}
        shown |= {"created_at": date(row["created_at"]), "modified_at": date(row["modified_at"])}
        shown |= dict.fromkeys(("owned_by", "created_by", "modified_by"), self.user_json(row["owner_id"]))
        shown |= dict.fromkeys(("trashed_at", "purged_at", "shared_link"))
        return shown | {"description": row["description"], "tags": [], "storage_class": "blob"}

    def part_json(self, row: Row) -> dict[str, Any]:
        """A part as clients see it."""
        place = {"part_id": str(row["id"]), "offset": row["offset"], "size": row["size"]}
        return place | {"sha1": row["sha1"].upper()}

    def session_json(self, request: web.Request, row: Row) -> dict[str, Any]:
        """An upload session as clients see it, with its own addresses."""
        own = f"{request.scheme}://{request.host}/transfers/{row['id']}"
        shown = {"type": "upload_session", "id": row["id"], "session_expires_at": date(row["expires_at"])}
        shown |= {"part_size": row["part_size"], "total_parts": row["total_parts"]}
        shown["num_parts_processed"] = self.store.count_processed(row["id"])
        ends = {"upload_part": "/bytes", "commit": "/finish", "abort": "", "list_parts": "/bytes", "status": ""}
        return shown | {"session_endpoints": {name: own + end for name, end in ends.items()}}

    # Folders and files

    async def me(self, request: web.Request) -> web.Response:
        """GET /users/me."""
        return web.json_response(self.user_json(request["user"]["user_id"]))

    async def get_folder(self, request: web.Request) -> web.Response:
        """GET /folders/{id}."""
        return web.json_response(self.full_json(self.folder(request, request.match_info["id"])))

    async def create_folder(self, request: web.Request) -> web.Response:
        """POST /folders."""
        body, user = await json_object(request), request["user"]["user_id"]
        parent = body.get("parent")
        folder = self.folder(request, parent.get("id") if isinstance(parent, dict) else None, "missing_destination")
        name = item_name(body.get("name"))
        self.refuse_name(folder["id"], name)
        with self.store.db:
            made = self.store.insert_item("folder", folder["id"], user, name)
        return web.json_response(self.full_json(self.store.path(made)[-1]), status=201)

    async def list_folder(self, request: web.Request) -> web.Response:
        """GET /folders/{id}/items."""
        offset, limit = number(request, "offset", 0, 10_000), number(request, "limit", 100, 1000)
        rows = self.store.items_in(self.folder(request, request.match_info["id"])["id"])
        entries = [self.item_json(row) for row in rows[offset : offset + limit]]
        return web.json_response({"total_count": len(rows), "offset": offset, "limit": limit, "entries": entries})

    async def delete_folder(self, request: web.Request) -> web.Response:
        """DELETE /folders/{id}."""
        folder = self.folder(request, request.match_info["id"])
        if folder["parent_id"] is None:
            raise Refused(403, "access_denied_insufficient_permissions", "A root folder stays.")
        if request.query.get("recursive") != "true" and self.store.items_in(folder["id"]):
            raise Refused(400, "folder_not_empty", "The folder is not empty.")
        with self.store.db:
            self.store.delete_item(folder["id"])
        return web.Response(status=204)

    async def get_file(self, request: web.Request) -> web.Response:
        """GET /files/{id}."""
        return web.json_response(self.full_json(self.file(request)))

    async def get_content(self, request: web.Request) -> web.Response:
        """GET /files/{id}/content."""
        version = self.file(request)["version_id"]
        content: bytes = self.store.sure("SELECT content FROM versions WHERE id = ?", version)["content"]
        return web.Response(body=content, content_type="application/octet-stream")

    async def list_versions(self, request: web.Request) -> web.Response:
        """GET /files/{id}/versions: those before the present one, newest first."""
        file = self.file(request)
        query = "SELECT * FROM versions WHERE file_id = ? AND id != ? ORDER BY number DESC"
        rows = self.store.all(query, file["id"], file["version_id"])
        entries = [
            {"type": "file_version", "id": row["id"], "sha1": row["sha1"].upper(), "size": row["size"]} for row in rows
        ]
        return web.json_response({"total_count": len(entries), "entries": entries})

    async def update_file(self, request: web.Request) -> web.Response:
        """PUT /files/{id}: another name, or description."""
        body, columns = await json_object(request), {}
        file = self.file(request)
        self.refuse_stale(request, file)
        if "name" in body:
            columns["name"] = item_name(body["name"])
        if "description" in body:
            columns["description"] = text(body["description"], "invalid_description")
        self.refuse_name(file["parent_id"], columns.get("name", file["name"]), file["id"])
        with self.store.db:
            self.store.update_item(file["id"], **columns)
        return web.json_response(self.full_json(self.file(request)))

    async def delete_file(self, request: web.Request) -> web.Response:
        """DELETE /files/{id}."""
        file = self.file(request)
        self.refuse_stale(request, file)
        with self.store.db:
            self.store.delete_item(file["id"])
        return web.Response(status=204)

    # Upload sessions

    def open_session(self, request: web.Request, body: dict[str, Any], **target: Any) -> web.Response:
        """Opens a session, if the size can be had."""
        size = body.get("file_size")
        if type(size) is not int or size < 0:
            raise Refused(400, "invalid_file_size" if "file_size" in body else "missing_file_size")
        if size == 0:
            raise Refused(400, "file_size_too_small", "An empty file needs no upload session.")
        if size > MAX_FILE_SIZE:
            raise Refused(403, "file_size_limit_exceeded", "The file is too large for this service.")
        expires = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        row = self.store.add_session(request["user"]["user_id"], size, PART_SIZE, expires, **target)
        return web.json_response(self.session_json(request, row), status=201)

    async def create_session(self, request: web.Request) -> web.Response:
        """POST /files/upload_sessions: for a new file."""
        body = await json_object(request)
        missing = "invalid_folder_id" if "folder_id" in body else "missing_destination"
        folder = self.folder(request, body.get("folder_id"), missing)
        if "file_name" not in body:
            raise Refused(400, "missing_file_name")
        name = item_name(body["file_name"])
        self.refuse_name(folder["id"], name)
        return self.open_session(request, body, folder_id=folder["id"], name=name)

    async def create_version_session(self, request: web.Request) -> web.Response:
        """POST /files/{id}/upload_sessions: for a new version, perhaps with a new name."""
        body, file, name = await json_object(request), self.file(request), None
        if "file_name" in body:
            name = item_name(body["file_name"])
            self.refuse_name(file["parent_id"], name, file["id"])
        return self.open_session(request, body, file_id=file["id"], name=name)

    async def get_session(self, request: web.Request) -> web.Response:
        """GET of a session."""
        return web.json_response(self.session_json(request, self.session(request)))

    async def abort_session(self, request: web.Request) -> web.Response:
        """DELETE of a session."""
        session = self.session(request)
        with self.store.db:
            self.store.delete_session(session["id"], aborted=True)
            self.drop_reserved(session)
        return web.Response(status=204)

    async def list_parts(self, request: web.Request) -> web.Response:
        """GET of a session's parts, a page of them."""
        offset, limit = number(request, "offset", 0, 10_000), number(request, "limit", 40, 1000)
        session = self.session(request)
        rows = self.store.parts(session["id"], offset, limit + ("page-border" in self.faults))
        body = {"total_count": len(self.store.parts(session["id"])), "offset": offset, "limit": limit}
        order = [{"by": "offset", "direction": "ASC"}]
        return web.json_response(body | {"order": order, "entries": [self.part_json(row) for row in rows]})

    async def upload_part(self, request: web.Request) -> web.Response:
        """PUT of one part's bytes to their place."""
        session, digest = self.session(request), sha_digest(request)
        place = RANGE.fullmatch(request.headers.get("Content-Range", ""))
        if place is None:
            raise Refused(416, "invalid_content_range", "A header is needed like content-range: bytes 0-9/10.")
        first, last, total = map(int, place.groups())
        end = min(first + session["part_size"], session["file_size"])
        if total != session["file_size"] or first % session["part_size"] or first >= total or last + 1 != end:
            raise Refused(416, "invalid_content_range", "The range does not fit the session's parts.")
        content = await request.read()
        if len(content) != end - first:
            raise Refused(416, "invalid_content_range", "The body is shorter or longer than its range.")
        sha1 = hashlib.sha1(content)
        if sha1.digest() != digest:
            raise Refused(400, "part_digest_mismatch", "The digest is not that of the part's bytes.")
        session = self.session(request)
        at_once = session["total_parts"] % 2 == 0
        try:
            part = self.store.add_part(session, first, content, sha1.hexdigest(), at_once)
        except sqlite3.IntegrityError:
            raise Refused(409, "range_overlaps_existing_part", "This part has been uploaded already.") from None
        return web.json_response({"part": self.part_json(part)})

    # Commit

    def check_list(self, session: Row, entries: object) -> None:
        """Refuses a list that does not name each part of the file once."""
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise Refused(400, "invalid_part_list", "The member parts must be a list of objects.")
        offsets = set()
        for place, entry in enumerate(entries):
            part_id, offset, size, sha1 = map(entry.get, ("part_id", "offset", "size", "sha1"))
            if not isinstance(part_id, str) or type(offset) is not int or type(size) is not int:
                raise Refused(400, "invalid_part_list", f"Part {place} needs a part_id, an offset and a size.")
            row = self.store.part(session["id"], part_id)
            if row is None or (offset, size) != (row["offset"], row["size"]):
                raise Refused(422, "no_such_part", f"Part {place} is not a part of this upload.")
            if sha1 is not None and (not isinstance(sha1, str) or sha1.lower() != row["sha1"]):
                raise Refused(422, "no_such_part", f"Part {place} has other bytes.")
            if offset in offsets:
                raise Refused(422, "repeated_part", f"Part {place} is there twice.")
            offsets.add(offset)
        if len(offsets) != session["total_parts"]:
            raise Refused(422, "incomplete_part_list", "The list does not cover the file.")

    def attributes(self, body: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """The dates and the description that a commit gives to the file; other attributes are not looked at."""
        given = body.get("attributes", {})
        if not isinstance(given, dict):
            raise Refused(400, "invalid_attributes", "The member attributes must be an object.")
        names, naive = ("content_created_at", "content_modified_at"), "naive-datetime" in self.faults
        dates = {name: instant(given[name], naive) for name in names if given.get(name) is not None}
        if given.get("description") is None:
            return dates, {}
        return dates, {"description": text(given["description"], "invalid_description")}

    def refuse_target(self, request: web.Request, session: Row) -> Row | None:
        """Refuses to write where it cannot be done now. Returns the file that gets a new version, if one does."""
        kind = "folder" if session["file_id"] is None else "file"
        target = self.store.item(session[f"{kind}_id"], kind)
        if target is None:
            raise Refused(404, "not_found", f"The {kind} has been deleted.")
        if kind == "folder":
            self.refuse_stale(request, None)
            self.refuse_name(target["id"], session["name"], self.reserved.get(session["id"]))
            return None
        self.refuse_stale(request, target)
        self.refuse_name(target["parent_id"], session["name"] or target["name"], target["id"])
        return target

    async def process(self, session: Row) -> None:
        """Processes the parts of a session in the background, a few at a time."""
        while self.store.process_some(session["id"], 1 + session["total_parts"] // 4):
            await asyncio.sleep(0.003)

    def accept(self, session: Row, digest: bytes) -> web.Response:
        """Starts to process a session's parts, and asks the client to come again."""
        if session["id"] not in {task.get_name() for task in self.tasks}:
            task = asyncio.create_task(self.process(session), name=session["id"])
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            self.first_digest.setdefault(session["id"], digest)
        if "reserved-row-listed" in self.faults and session["file_id"] is None and session["id"] not in self.reserved:
            with self.store.db:
                self.reserved[session["id"]] = self.write(session, None, b"", {}, {})
        return web.Response(status=202, headers={"Retry-After": "0" if session["total_parts"] < 100 else "1"})

    def drop_reserved(self, session: Row) -> None:
        """Gives a reserved name back."""
        if session["id"] in self.reserved:
            self.store.delete_item(self.reserved.pop(session["id"]))

    def write(
        self, session: Row, target: Row | None, content: bytes, dates: dict[str, str], columns: dict[str, str]
    ) -> int:
        """Writes a new file, or a new version of the target, and returns the file's id."""
        user, name = session["user_id"], session["name"]
        file_id = target["id"] if target else self.store.insert_item("file", session["folder_id"], user, name)
        version = self.store.add_version(file_id, content, hashlib.sha1(content).hexdigest(), dates)
        if name is not None:
            columns = columns | {"name": name}
        self.store.update_item(file_id, version_id=version, **columns)
        return int(file_id)

    async def commit(self, request: web.Request) -> web.Response:
        """POST to a session's commit address: list, then target, then processing, then digest, then the file."""
        self.session(request)
        digest, body = sha_digest(request), await json_object(request)
        session = self.session(request)
        dates, columns = self.attributes(body)
        self.check_list(session, body.get("parts"))
        if "update-before-precondition" in self.faults and session["file_id"] and columns:
            with self.store.db:
                query = "UPDATE items SET description = ? WHERE id = ?"
                self.store.db.execute(query, (columns["description"], session["file_id"]))
        refusal = target = None
        try:
            target = self.refuse_target(request, session)
        except Refused as raised:
            refusal = raised
        if refusal is None and self.store.count_processed(session["id"]) < session["total_parts"]:
            return self.accept(session, digest)
        content = b"".join(self.store.blobs(session["id"]))
        await asyncio.sleep(self.slow)
        actual = await asyncio.to_thread(lambda: hashlib.sha1(content).digest())
        if "first-digest-verdict" in self.faults:
            digest = self.first_digest.get(session["id"], digest)
        if actual != digest:
            raise Refused(422, "file_digest_mismatch", "The digest is not that of the file's bytes.")
        if refusal is not None:
            raise refusal
        with self.store.db:
            if "session-not-reread" not in self.faults:
                session = self.session(request)
            target = self.refuse_target(request, session)
            self.drop_reserved(session)
            file_id = self.write(session, target, content, dates, columns)
            self.store.delete_session(session["id"])
        shown = self.full_json(self.store.path(file_id)[-1])
        if target is not None and "answer-from-old-row" in self.faults:
            shown["etag"] = target["etag"]
        return web.json_response({"entries": [shown], "total_count": 1}, status=201)


API = web.AppKey("API", Service)


def build_app(faults: Container[str] = (), slow: float = 0.005, database: str = ":memory:") -> web.Application:
    """The application, with its users and one session that has expired."""
    store = Store(database, faults)
    for user in USERS:
        store.add_user(*user)
    folder, past = store.root(USERS[0][0])["id"], (datetime.now(UTC) - timedelta(days=1)).isoformat()
    target = {"id": EXPIRED_SESSION, "folder_id": folder, "name": "expired.bin"}
    store.add_session(USERS[0][0], PART_SIZE, PART_SIZE, past, **target)
    api = Service(store, faults, slow)
    app = web.Application(middlewares=[errors_as_json, authenticated], client_max_size=MAX_BODY)
    app[API] = api
    app.add_routes(
        [
            web.get(f"{PREFIX}/users/me", api.me),
            web.post(f"{PREFIX}/folders", api.create_folder),
            web.get(PREFIX + "/folders/{id}", api.get_folder),
            web.delete(PREFIX + "/folders/{id}", api.delete_folder),
            web.get(PREFIX + "/folders/{id}/items", api.list_folder),
            web.post(f"{PREFIX}/files/upload_sessions", api.create_session),
            web.get(PREFIX + "/files/{id}", api.get_file),
            web.put(PREFIX + "/files/{id}", api.update_file),
            web.delete(PREFIX + "/files/{id}", api.delete_file),
            web.get(PREFIX + "/files/{id}/content", api.get_content),
            web.get(PREFIX + "/files/{id}/versions", api.list_versions),
            web.post(PREFIX + "/files/{id}/upload_sessions", api.create_version_session),
            web.post("/transfers/{id}/finish", api.commit),
        ]
    )
    for base, parts in (("/transfers/{id}", "/bytes"), (PREFIX + "/files/upload_sessions/{id}", "/parts")):
        app.add_routes([web.get(base, api.get_session), web.delete(base, api.abort_session)])
        app.add_routes([web.put(base + ("" if parts == "/parts" else parts), api.upload_part)])
        app.add_routes([web.get(base + parts, api.list_parts)])
    return app


async def serve(app: web.Application, port: int) -> None:
    """Answers on this machine until it is told to stop."""
    runner = web.AppRunner(app, access_log=None, max_line_size=2**21, max_field_size=2**21)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address = runner.addresses[0]
    sys.stdout.write(f"http://{address[0]}:{address[1]}{PREFIX}\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(description="An upload service for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", action="append", default=[], choices=sorted(FAULTS), metavar="NAME")
    parser.add_argument("--slow-ms", type=int, default=5, help="how long it takes to read a file's bytes at commit")
    options = parser.parse_args()
    app = build_app(frozenset(options.fault), options.slow_ms / 1000)
    try:
        asyncio.run(serve(app, options.port))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
