"""The commit: whether a list, a digest and the target are as they should be, and what comes of it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

from tests.suite.other_server.items import name_taken, namesake, small_file
from tests.suite.other_server.requests import (
    Answer,
    Refused,
    Row,
    instant,
    read_attributes,
    read_digest,
    read_json,
    read_parts,
)
from tests.suite.other_server.sessions import PART_SIZE, find_session, forget, parts_of

QUEUED_ABOVE = 3  # parts; a longer file is hashed by a worker, which takes two more requests


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
