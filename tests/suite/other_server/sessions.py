"""Upload sessions and their parts."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from tests.suite.other_server.items import find_file, find_folder, name_taken, namesake, valid_name
from tests.suite.other_server.requests import Answer, Refused, Row, instant, read_digest, read_json, read_number

PART_SIZE = 16 * 1024


def start_for_new_file(db: Row, request: Row) -> Answer:
    document = read_json(request)
    for member, code in (("folder_id", "missing_destination"), ("file_name", "missing_file_name")):
        if not isinstance(document.get(member), str):
            raise Refused(400, code, f"{member} is needed, a text")
    folder = find_folder(db, request["user"], document["folder_id"])
    return start(db, request, document, folder, document["file_name"], None)


def start_for_new_version(db: Row, request: Row) -> Answer:
    document = read_json(request)
    file = find_file(db, request["user"], request["id"])
    return start(db, request, document, file["parent"], document.get("file_name", file["name"]), file)


def start(db: Row, request: Row, document: Row, folder: Row, name: str, file: Row | None) -> Answer:
    size = document.get("file_size")
    if type(size) is not int or size < 1:
        raise Refused(400, "invalid_file_size", "file_size is a whole number of bytes")
    if not valid_name(name):
        raise Refused(400, "item_name_invalid", "Not a name for a file")
    if taken := namesake(db, folder, name, but=file):
        raise name_taken(taken)
    session = {
        "id": str(uuid.uuid4()),
        "user": request["user"],
        "folder": folder,
        "name": name,
        "file": file,
        "etag": file["etag"] if file else None,
        "size": size,
        "total": size // PART_SIZE + 1 if db["fault"] == "exact-multiple" else -(-size // PART_SIZE),
        "waits": 0,
        "processed": 0,
        "digest": None,
        "early": None,
        "done": False,
        "busy": False,
        "done_by": None,
        "attributes": {},
        "pending": None,
        "not_before": 0.0,
        "expires": datetime.now(UTC) + (timedelta(hours=7) if db["fault"] == "seven-hours" else timedelta(days=7)),
    }
    db["sessions"][session["id"]] = session
    return 201, session_view(session, request), {}


def session_view(session: Row, request: Row) -> Row:
    base = f"{request['base']}/chunked/{session['id']}"
    return {
        "id": session["id"],
        "type": "upload_session",
        "session_expires_at": instant(session["expires"]),
        "part_size": PART_SIZE,
        "total_parts": session["total"],
        "num_parts_processed": session["processed"],
        "session_endpoints": {
            "upload_part": f"{base}/piece",
            "list_parts": f"{base}/pieces",
            "commit": f"{base}/finish",
            "status": base,
            "abort": base,
            "log_event": f"{base}/log",
        },
    }


def find_session(db: Row, request: Row, for_part: bool = False) -> Row:
    session = db["sessions"].get(request["id"])
    if session is None:
        raise Refused(404, "not_found", "No such upload session")
    if session["user"] != request["user"] and db["fault"] != "any-user":
        raise Refused(403, "forbidden", "This upload session is somebody else's")
    if session["expires"] < datetime.now(UTC):
        raise Refused(410, "session_expired", "This upload session has expired")
    fault = db["fault"]
    forgotten = fault == "done-per-connection" and session["done_by"] != request["connection"]
    if session["busy"] or (session["done"] and not forgotten and not (fault == "late-parts" and for_part)):
        raise Refused(409, "conflict", "This upload session has been committed")
    return session


def parts_of(db: Row, session: Row) -> list[Row]:
    found = [part for part in db["parts"].values() if part["session"] == session["id"]]
    return sorted(found, key=lambda part: part["offset"])


def part_view(part: Row) -> Row:
    return {key: part[key] for key in ("part_id", "offset", "size", "sha1")}


def forget(db: Row, session: Row) -> None:
    for part in parts_of(db, session):
        del db["parts"][part["part_id"]]


def upload_part(db: Row, request: Row) -> Answer:
    session, data = find_session(db, request, for_part=True), request["body"]
    match = re.fullmatch(
        r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", request["headers"].get("Content-Range", "")
    )
    if match is None:
        raise Refused(400, "bad_request", "content-range is needed: bytes FIRST-LAST/SIZE")
    first, last, size = map(int, match.groups())
    right = min(PART_SIZE, session["size"] - first)
    if size != session["size"] or first % PART_SIZE or right < 1 or last - first + 1 != right or len(data) != right:
        raise Refused(416, "invalid_range", "The range does not fit the session's parts")
    if read_digest(request) != base64.b64encode(hashlib.sha1(data).digest()).decode():
        raise Refused(412, "digest_mismatch", "The digest is not that of the part")
    if there := next((part for part in parts_of(db, session) if part["offset"] == first), None):
        if db["fault"] == "refused-part-replaces":
            there["data"] = data
        raise Refused(409, "range_overlaps_existing_part", "There is a part in this range")
    part = {
        "part_id": secrets.token_hex(6),
        "session": session["id"],
        "offset": first,
        "size": len(data),
        "sha1": hashlib.sha1(data).hexdigest().upper(),
        "data": data,
    }
    db["parts"][part["part_id"]] = part
    return 200, {"part": part_view(part)}, {}


def list_parts(db: Row, request: Row) -> Answer:
    found = parts_of(db, find_session(db, request))
    offset = read_number(request["query"].get("offset", ""), 0, 10_000, "invalid_offset")
    limit = read_number(request["query"].get("limit", ""), 1000, 1000, "invalid_limit")
    skipped = 1 if db["fault"] == "page-skips-one" and offset else 0
    page = [part_view(part) for part in found[offset + skipped : offset + limit]]
    return 200, {"total_count": len(found), "offset": offset, "limit": limit, "order": [], "entries": page}, {}


def show_session(db: Row, request: Row) -> Answer:
    return 200, session_view(find_session(db, request), request), {}
