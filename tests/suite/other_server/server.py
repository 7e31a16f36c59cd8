"""An upload service as somebody else might have written it, for trying the suite on a server it was not made with.

Routes, functions, dicts; the standard library and nothing of this project. Where the contract leaves a choice, this
server takes the less common one: endpoints of its own, upper-case hashes, etags that jump, 304, 422, strict order,
hashing that takes two more requests. ``FAULTS`` lists the ways in which it can be wrong on purpose.

    python tests/suite/other_server/server.py 8099 --fault open-end
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import re
import secrets
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKENS = {"alice-token": "11", "bob-token": "22"}
PART_SIZE = 16 * 1024
QUEUED_ABOVE = 3  # parts; a longer file is hashed by a worker, which takes two more requests
MAX_BODY = 32 * 1024 * 1024  # bytes; a list of 10^5 parts is below it

# What each does, and the rule of the contract it breaks.
FAULTS = {
    "sum-of-sizes": "Only the sum of the listed sizes is compared with the file's size (PRT-07, PRT-10).",
    "digest-ignores-case": "The digest is compared without regard to upper and lower case (DIG-13).",
    "unverified-version": "The digest is verified for new files only, not for new versions (DIG-03).",
    "early-precondition": "Preconditions see the etag of the moment the session was created (PRE-13).",
    "torn-commit": "The file is stored first and hashed then; after a mismatch it stays (LIF-02).",
    "etag-prefix": "If-Match passes when the current etag begins with what was sent (PRE-02).",
    "short-description": "A description is cut to 32 characters without a word (BDY-09).",
    "naive-dates": "The offset of a content date is dropped and its clock time taken for UTC (BDY-06).",
    "session-dies": "A commit refused for its list or digest deletes the session (DIG-19).",
    "parts-by-id": "The list becomes a dict keyed by part_id, in which duplicates collapse (PRT-17).",
    "padded-size": "A file of one part is reported with the size of a whole part (CRE-05).",
    "endless-202": "A wrong digest of a queued file is answered 202 for ever (ACC-08).",
    "case-sensitive-names": "At commit, A.TXT and a.txt are different names (CON-05).",
    "overwrites-namesake": "At commit, a file of the same name gets a new version where 409 is due (CON-01, CON-06).",
    "shared-part-table": "Parts are looked up by id, whatever session they were uploaded to (PRT-08).",
    "open-end": "A list may stop before the end; the file is what it names (PRT-05).",
    "attributes-lost-in-queue": "Attributes of a commit that was answered 202 before are dropped (BDY-06).",
    "second-version": "A new-version session stays open after 201 and commits again (IDM-01).",
    "bare-etag-ignored": "If-None-Match counts only if its etag is in quotes (PRE-04).",
    "abort-forgets": "Aborting answers 204 and leaves the session as it was (ERR-06).",
    "any-user": "Whoever knows the session's id may commit it (AUT-03).",
    "lookup-before-token": "An unknown session is answered 404 before the token is looked at (AUT-05).",
    "list-order-bytes": "The bytes are put together in the order of the list (PRT-20).",
    "part-sha1-unread": "The sha1 of a listed part is not compared (PRT-12).",
    "coerced-numbers": "Offsets and sizes go through int(), which takes strings, fractions and booleans (PRT-22).",
    "visible-early": "The file is in its folder as soon as the commit was answered 202 (ACC-04, LIF-01).",
    "incomplete-202": "A commit before all parts are there is answered 202 (PRT-31, ACC-01).",
    "exact-multiple": "A file of whole parts only is expected to have one part more (PRT-27).",
    "strict-members": "A member the server does not know, in a part or beside parts, is refused (PRT-25, BDY-14).",
    "orphan-file": "Nobody looks whether the folder or file is still there at commit (CON-10).",
    "first-digest-counts": "The digest sent with the first commit answered 202 is the one that is checked (DIG-03).",
    "precondition-once": "After a 202 the preconditions are not looked at again (PRE-13).",
    "stale-version-in-answer": "The 201 for a new version shows the version before it (CRE-07, CRE-09).",
}

Row = dict[str, Any]
Answer = tuple[int, Row | bytes | None, dict[str, str]]


class Refused(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    def answer(self) -> Answer:
        if self.status == 304:
            return 304, None, {}
        headers = self.more.pop("headers", {})
        body = {"type": "error", "status": self.status, "code": self.code, "message": self.message, **self.more}
        return self.status, body, headers


def new_database(fault: str | None = None) -> Row:
    if fault is not None and fault not in FAULTS:
        raise ValueError(f"no fault is called {fault!r}")
    roots = {user: {"id": "0", "name": "All Files", "owner": user, "parent": None} for user in TOKENS.values()}
    return {
        "fault": fault,
        "ids": itertools.count(5001),
        "roots": roots,
        "folders": {},
        "files": {},
        "sessions": {},
        "parts": {},
    }


# --- reading requests


def read_json(request: Row) -> Row:
    kind = request["headers"].get("Content-Type")
    if kind is not None and kind.split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type", "Send application/json")
    try:
        document = json.loads(request["body"].decode("utf-8"), parse_constant=int)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_request", "The body is not JSON") from None
    if not isinstance(document, dict):
        raise Refused(400, "bad_request", "The body is not an object")
    return document


def read_number(text: str, otherwise: int, most: int, code: str) -> int:
    if text == "":
        return otherwise
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
        raise Refused(400, code, "Not a number in the range allowed")
    return int(text)


def read_digest(request: Row) -> str:
    lines = request["headers"].get_all("Digest") or []
    match = re.fullmatch(r"(?i:sha)=([A-Za-z0-9+/]{27}=)", lines[0].strip(" \t")) if len(lines) == 1 else None
    if match is None:
        raise Refused(400, "bad_request", "One digest header is needed: sha=, then base64 of a SHA-1")
    return match[1]


def read_instant(db: Row, text: Any) -> str:
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    try:
        if not isinstance(text, str) or not re.fullmatch(pattern, text):
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
        moment = moment.replace(tzinfo=UTC) if db["fault"] == "naive-dates" else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(400, "bad_request", "Not a date as in RFC 3339") from None
    if moment.year < 1970:
        raise Refused(400, "bad_request", "Dates begin with 1970")
    return instant(moment)


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_attributes(db: Row, document: Row) -> Row:
    given = document.get("attributes", {})
    if not isinstance(given, dict):
        raise Refused(400, "bad_request", "attributes is not an object")
    attributes = {
        name: read_instant(db, given[name]) for name in ("content_created_at", "content_modified_at") if name in given
    }
    if "description" in given:
        text = given["description"]
        if not isinstance(text, str) or len(text) > 255:
            raise Refused(400, "bad_request", "description is a text of up to 255 characters")
        attributes["description"] = text[:32] if db["fault"] == "short-description" else text
    return attributes


def read_parts(db: Row, document: Row) -> list[Row]:
    listed = document.get("parts")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Refused(400, "bad_request", "parts is a list of objects")
    if db["fault"] == "strict-members" and (
        set(document) - {"parts", "attributes"}
        or any(set(entry) - {"part_id", "offset", "size", "sha1"} for entry in listed)
    ):
        raise Refused(400, "bad_request", "Unknown member")
    for entry in listed:
        if db["fault"] == "coerced-numbers":
            try:
                entry.update(offset=int(entry["offset"]), size=int(entry["size"]))
            except (KeyError, ValueError, TypeError, OverflowError):
                raise Refused(400, "bad_request", "Not a number") from None
        sound = (
            isinstance(entry.get("part_id"), str)
            and type(entry.get("offset")) is int
            and type(entry.get("size")) is int
            and (entry.get("sha1") is None or isinstance(entry["sha1"], str))
        )
        if not sound:
            raise Refused(400, "bad_request", "A part has a part_id, an offset and a size")
    if db["fault"] == "parts-by-id":
        return list({entry["part_id"]: entry for entry in listed}.values())
    return listed


# --- folders and files


def find_folder(db: Row, user: str, folder_id: Any) -> Row:
    folder = db["roots"][user] if folder_id == "0" else db["folders"].get(str(folder_id))
    if folder is None or folder["owner"] != user:
        raise Refused(404, "not_found", "No such folder")
    return folder


def find_file(db: Row, user: str, file_id: str) -> Row:
    file = db["files"].get(file_id)
    if file is None or file["owner"] != user:
        raise Refused(404, "not_found", "No such file")
    return file


def children(db: Row, folder: Row) -> list[Row]:
    return [item for kind in ("folders", "files") for item in db[kind].values() if item["parent"] is folder]


def namesake(db: Row, folder: Row, name: str, but: Row | None = None, exact: bool = False) -> Row | None:
    same = (lambda other: other == name) if exact else (lambda other: other.casefold() == name.casefold())
    return next((item for item in children(db, folder) if item is not but and same(item["name"])), None)


def name_taken(item: Row) -> Refused:
    conflict = mini(item) | ({"size": item["size"]} if "sha1" in item else {})
    return Refused(
        409, "item_name_in_use", "There is an item of that name", context_info={"conflicts": [conflict]}, help_url=""
    )


def mini(item: Row) -> Row:
    if "sha1" in item:
        return {"type": "file", **{key: item[key] for key in ("id", "etag", "sha1", "name")}}
    return {"type": "folder", "id": item["id"], "name": item["name"], "etag": None if item["id"] == "0" else "0"}


def small_file(file: Row) -> Row:
    version = {"id": file["version_id"], "type": "file_version", "sha1": file["sha1"]}
    return {**mini(file), "size": file["size"], "file_version": version}


def valid_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and 0 < len(name) <= 255
        and name == name.strip()
        and name not in (".", "..")
        and not re.search(r"[/\\\x00-\x1f]", name)
    )


def show_me(db: Row, request: Row) -> Answer:
    return 200, {"type": "user", "id": request["user"], "name": "Somebody", "login": "somebody@example.com"}, {}


def create_folder(db: Row, request: Row) -> Answer:
    document = read_json(request)
    parent = document.get("parent")
    folder = find_folder(db, request["user"], parent.get("id") if isinstance(parent, dict) else None)
    name = document.get("name")
    if not valid_name(name):
        raise Refused(400, "item_name_invalid", "Not a name for a folder")
    if taken := namesake(db, folder, name):
        raise name_taken(taken)
    made = {"id": str(next(db["ids"])), "name": name, "owner": request["user"], "parent": folder}
    db["folders"][made["id"]] = made
    return 201, mini(made) | {"parent": mini(folder)}, {}


def show_folder(db: Row, request: Row) -> Answer:
    folder = find_folder(db, request["user"], request["id"])
    return 200, mini(folder) | {"parent": mini(folder["parent"]) if folder["parent"] else None}, {}


def delete_folder(db: Row, request: Row) -> Answer:
    folder = find_folder(db, request["user"], request["id"])
    inside = children(db, folder)
    if folder["parent"] is None or (inside and request["query"].get("recursive") != "true"):
        raise Refused(400, "folder_not_empty", "The folder is not empty")
    for item in inside:
        if "sha1" in item:
            del db["files"][item["id"]]
        else:
            delete_folder(db, request | {"id": item["id"]})
    del db["folders"][folder["id"]]
    return 204, None, {}


def list_folder(db: Row, request: Row) -> Answer:
    found = children(db, find_folder(db, request["user"], request["id"]))
    offset = read_number(request["query"].get("offset", ""), 0, 10**9, "invalid_offset")
    limit = read_number(request["query"].get("limit", ""), 100, 1000, "invalid_limit")
    page = [mini(item) for item in found[offset : offset + limit]]
    return 200, {"total_count": len(found), "offset": offset, "limit": limit, "entries": page}, {}


def show_file(db: Row, request: Row) -> Answer:
    file = find_file(db, request["user"], request["id"])
    dates = ("created_at", "modified_at", "content_created_at", "content_modified_at")
    more = {key: file[key] for key in ("description", *dates)}
    return 200, small_file(file) | more | {"parent": mini(file["parent"]), "item_status": "active"}, {}


def show_content(db: Row, request: Row) -> Answer:
    return 200, find_file(db, request["user"], request["id"])["content"], {"Content-Type": "application/octet-stream"}


def delete_file(db: Row, request: Row) -> Answer:
    del db["files"][find_file(db, request["user"], request["id"])["id"]]
    return 204, None, {}


# --- upload sessions


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
        "expires": datetime.now(UTC) + timedelta(days=7),
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


def find_session(db: Row, request: Row) -> Row:
    session = db["sessions"].get(request["id"])
    if session is None:
        raise Refused(404, "not_found", "No such upload session")
    if session["user"] != request["user"] and db["fault"] != "any-user":
        raise Refused(403, "forbidden", "This upload session is somebody else's")
    if session["expires"] < datetime.now(UTC):
        raise Refused(410, "session_expired", "This upload session has expired")
    if session["done"]:
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
    session, data = find_session(db, request), request["body"]
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
    if any(part["offset"] == first for part in parts_of(db, session)):
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
    page = [part_view(part) for part in found[offset : offset + limit]]
    return 200, {"total_count": len(found), "offset": offset, "limit": limit, "order": [], "entries": page}, {}


def show_session(db: Row, request: Row) -> Answer:
    return 200, session_view(find_session(db, request), request), {}


def abort(db: Row, request: Row) -> Answer:
    session = find_session(db, request)
    if db["fault"] != "abort-forgets":
        forget(db, session)
        del db["sessions"][session["id"]]
    return 204, None, {}


# --- commit


def commit(db: Row, request: Row) -> Answer:
    session = find_session(db, request)
    digest = read_digest(request)
    document = read_json(request)
    attributes = read_attributes(db, document)
    listed = read_parts(db, document)
    if db["fault"] == "incomplete-202" and len(parts_of(db, session)) < session["total"]:
        return 202, None, {"Retry-After": "0"}
    try:
        content = b"".join(part["data"] for part in match_parts(db, session, listed))
        return hash_and_store(db, session, digest, content, attributes, request["headers"])
    except Refused as refused:
        if db["fault"] == "session-dies" and refused.code in ("parts_mismatch", "digest_mismatch"):
            forget(db, session)
            del db["sessions"][session["id"]]
        raise


def hash_and_store(db: Row, session: Row, digest: str, content: bytes, attributes: Row, headers: Any) -> Answer:
    """Refuses, asks for patience or stores. A wrong digest shows only when the worker has seen all parts."""
    fault, queued = db["fault"], session["total"] > QUEUED_ABOVE
    if fault == "first-digest-counts" and queued:
        session["digest"] = digest = session["digest"] or digest
    truth = base64.b64encode(hashlib.sha1(content).digest()).decode()
    wrong_digest = digest.lower() != truth.lower() if fault == "digest-ignores-case" else digest != truth
    if fault == "unverified-version" and session["file"]:
        wrong_digest = False
    if not wrong_digest:
        check_target(db, session, headers)
    if queued and (session["waits"] < 2 or (wrong_digest and fault == "endless-202")):
        session["waits"] = min(session["waits"] + 1, 2)
        session["processed"] = session["total"] * session["waits"] // 3
        if fault == "visible-early" and not wrong_digest and not session["early"]:
            session["early"] = session["file"] = store(db, session, content, attributes)
        return 202, None, {"Retry-After": "0"}
    session["processed"] = session["total"]
    if wrong_digest:
        if fault == "torn-commit":
            store(db, session, content, attributes)
        raise Refused(400, "digest_mismatch", f"The file's digest is {truth}, not {digest}")
    before = small_file(session["file"]) if session["file"] else {}
    file = store(db, session, content, {} if fault == "attributes-lost-in-queue" and queued else attributes)
    if fault != "second-version" or session["file"] is None:
        session["done"] = True
        forget(db, session)
    entry = small_file(file)
    if fault == "padded-size":
        entry["size"] = max(entry["size"], PART_SIZE)
    if fault == "stale-version-in-answer" and before:
        entry["file_version"] = before["file_version"]
    return 201, {"total_count": 1, "entries": [entry]}, {}


def match_parts(db: Row, session: Row, listed: list[Row]) -> list[Row]:
    """The stored parts that a list names, in its order, if it names all of them and nothing else."""
    fault, chosen = db["fault"], []
    if fault == "sum-of-sizes":
        if sum(entry["size"] for entry in listed) != session["size"]:
            raise Refused(422, "parts_mismatch", "The sizes do not add up to the file")
        return parts_of(db, session)
    for entry in listed:
        part = db["parts"].get(entry["part_id"])
        if part is None or (part["session"] != session["id"] and fault != "shared-part-table"):
            raise Refused(404, "not_found", "No such part")
        same_hash = entry.get("sha1") is None or entry["sha1"].upper() == part["sha1"] or fault == "part-sha1-unread"
        if (entry["offset"], entry["size"]) != (part["offset"], part["size"]) or not same_hash:
            raise Refused(422, "parts_mismatch", "A part was uploaded otherwise than it is listed")
        chosen.append(part)
    end = 0
    for part in sorted(chosen, key=lambda part: part["offset"]) if fault == "list-order-bytes" else chosen:
        if part["offset"] != end:
            raise Refused(422, "parts_mismatch", "The list is not in the order of the file")
        end += part["size"]
    if not chosen or (fault != "open-end" and (end != session["size"] or len(chosen) != session["total"])):
        raise Refused(422, "parts_mismatch", "The list does not cover the file")
    return chosen


def check_target(db: Row, session: Row, headers: Any) -> None:
    """Whether the file may still go where the session said: target there, preconditions kept, name free."""
    fault, file, folder = db["fault"], session["file"], session["folder"]
    gone = db["files"].get(file["id"]) is not file if file else False
    gone = gone or (folder["parent"] is not None and folder["id"] not in db["folders"])
    if gone and fault != "orphan-file":
        raise Refused(404, "trashed", "What was to be uploaded to has been deleted")
    etag = session["etag"] if fault == "early-precondition" else file["etag"] if file else None
    if fault != "precondition-once" or session["waits"] == 0:
        check_preconditions(headers, etag, fault)
    taken = namesake(db, folder, session["name"], but=file, exact=fault == "case-sensitive-names")
    if taken and fault == "overwrites-namesake" and "sha1" in taken:
        session["file"] = taken
    elif taken:
        raise name_taken(taken)


def etags(value: str) -> list[str]:
    return [tag.strip(' \t"') for tag in value.split(",")]


def check_preconditions(headers: Any, etag: str | None, fault: str | None) -> None:
    if (value := headers.get("If-Match")) is not None:
        wanted = etags(value)
        match = etag is not None and ("*" in wanted or etag in wanted)
        if fault == "etag-prefix" and etag is not None:
            match = match or any(tag and etag.startswith(tag) for tag in wanted)
        if not match:
            raise Refused(412, "precondition_failed", "The file has another etag by now")
    if (value := headers.get("If-None-Match")) is not None and etag is not None:
        if fault == "bare-etag-ignored" and '"' not in value:
            return
        unwanted = [tag.removeprefix('W/"') for tag in etags(value)]
        if "*" in unwanted or etag in unwanted:
            raise Refused(304, "not_modified", "")


def store(db: Row, session: Row, content: bytes, attributes: Row) -> Row:
    now = instant(datetime.now(UTC))
    file = session["file"]
    if file is None:
        file = {"id": str(next(db["ids"])), "owner": session["user"], "created_at": now, "description": "", "etag": "4"}
    file.update(
        parent=session["folder"],
        name=session["name"],
        etag=file["etag"] if file is session["early"] else str(int(file["etag"]) + 3),
        version_id=str(next(db["ids"])),
        sha1=hashlib.sha1(content).hexdigest().upper(),
        size=len(content),
        content=content,
        modified_at=now,
        content_created_at=now,
        content_modified_at=now,
    )
    file.update(attributes)
    db["files"][file["id"]] = file
    return file


# --- HTTP

View = Callable[[Row, Row], Answer]
ROUTES: list[tuple[str, dict[str, View]]] = [
    (r"/users/me", {"GET": show_me}),
    (r"/folders", {"POST": create_folder}),
    (r"/folders/(?P<id>[^/]+)", {"GET": show_folder, "DELETE": delete_folder}),
    (r"/folders/(?P<id>[^/]+)/items", {"GET": list_folder}),
    (r"/files/upload_sessions", {"POST": start_for_new_file}),
    (r"/files/(?P<id>[^/]+)", {"GET": show_file, "DELETE": delete_file}),
    (r"/files/(?P<id>[^/]+)/content", {"GET": show_content}),
    (r"/files/(?P<id>[^/]+)/upload_sessions", {"POST": start_for_new_version}),
    (r"/chunked/(?P<id>[^/]+)", {"GET": show_session, "DELETE": abort}),
    (r"/chunked/(?P<id>[^/]+)/piece", {"PUT": upload_part}),
    (r"/chunked/(?P<id>[^/]+)/pieces", {"GET": list_parts}),
    (r"/chunked/(?P<id>[^/]+)/finish", {"POST": commit}),
]


def dispatch(db: Row, method: str, target: str, headers: Any, body: bytes) -> Answer:
    url = urlsplit(target)
    matches = [(re.fullmatch("/2.0" + pattern, url.path), views) for pattern, views in ROUTES]
    match, views = next(((match, views) for match, views in matches if match), (None, {}))
    asked = match.groupdict() if match else {}
    if db["fault"] == "lookup-before-token" and "/chunked/" in url.path and asked.get("id") not in db["sessions"]:
        raise Refused(404, "not_found", "No such upload session")
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    user = TOKENS.get(token.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise Refused(401, "unauthorized", "A token is needed", headers={"WWW-Authenticate": 'Bearer realm="files"'})
    if headers.get("Box-Version", "2024.0") != "2024.0":
        raise Refused(400, "invalid_api_version", "The only version is 2024.0")
    if match is None:
        raise Refused(404, "not_found", "Nothing is here")
    if method not in views:
        raise Refused(405, "method_not_allowed", "Not by this method", headers={"Allow": ", ".join(views)})
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    request = {"user": user, "headers": headers, "body": body, "query": query, "id": None, **asked}
    return views[method](db, request | {"base": f"http://{headers.get('Host')}/2.0"})


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets one at a time through, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written one after the other
    server: Server

    def handle_any(self) -> None:
        try:
            body = self.read_body()
            with self.server.lock:
                answer = dispatch(self.server.db, self.command, self.path, self.headers, body)
        except Refused as refused:
            answer = refused.answer()
        self.write(*answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = handle_any  # noqa: N815

    def read_body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            try:
                while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                    self.rfile.read(size + 2)
                while self.rfile.readline().strip():
                    pass
            except ValueError:
                self.close_connection = True
            raise Refused(411, "length_required", "Say how long the body is")
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            self.close_connection = True
            raise Refused(400, "bad_request", "Content-Length is not a number")
        body = self.rfile.read(min(int(length), MAX_BODY))
        if int(length) > MAX_BODY:
            self.close_connection = True
            raise Refused(413, "request_entity_too_large", "The body is too long")
        return body

    def write(self, status: int, body: Row | bytes | None, headers: dict[str, str]) -> None:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if data:
            self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses (a broken request line, an endless URL), as JSON like the rest."""
        self.close_connection = True
        self.write(*Refused(code, "bad_request", message or "Not a request", headers={"Connection": "close"}).answer())

    def log_message(self, *arguments: Any) -> None:
        """Keeps quiet."""


class Server(ThreadingHTTPServer):
    """The service on a loopback port; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int = 0, fault: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.db = new_database(fault)
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/2.0"


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve uploads on a loopback port.")
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--fault", choices=sorted(FAULTS))
    arguments = parser.parse_args()
    with Server(arguments.port, arguments.fault) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
