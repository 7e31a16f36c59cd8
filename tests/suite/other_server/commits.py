"""The commit: whether a list, a digest and the target are as they should be, and what comes of it."""

from __future__ import annotations

import base64
import hashlib
import time
from datetime import UTC, datetime
from typing import Any

from tests.suite.other_server.items import children, like, name_taken, namesake, small_file
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


def abort(db: Row, request: Row) -> Answer:
    session = find_session(db, request)
    if db["fault"] == "worker-outlives-abort" and session["pending"]:
        store(db, session, *session["pending"])
    if db["fault"] != "abort-forgets":
        forget(db, session)
        del db["sessions"][session["id"]]
    return 204, None, {}


def commit(db: Row, request: Row) -> Answer:
    if db["fault"] != "refusal-cached":
        return commit_once(db, request)
    key = (request["id"], read_digest(request))
    if key in db["refusals"]:
        raise Refused(*db["refusals"][key])
    try:
        return commit_once(db, request)
    except Refused as refused:
        db["refusals"][key] = (refused.status, refused.code, refused.message)
        raise


def commit_once(db: Row, request: Row) -> Answer:
    session = find_session(db, request)
    if time.monotonic() < session["not_before"]:
        raise Refused(409, "conflict", "Too soon")
    digest = read_digest(request, db["fault"])
    if db["fault"] == "precondition-first":
        check_preconditions(request["headers"], session["file"]["etag"] if session["file"] else None, db["fault"])
    document = read_json(request)
    attributes = read_attributes(db, document)
    listed = read_parts(db, document)
    if db["fault"] == "refused-attributes-stick":
        attributes = session["attributes"] = session["attributes"] | attributes
    if db["fault"] == "incomplete-202" and len(parts_of(db, session)) < session["total"]:
        return 202, None, {"Retry-After": "0"}
    try:
        content = b"".join(part["data"] for part in match_parts(db, session, listed))
        return hash_and_store(db, session, digest, content, attributes, request)
    except Refused as refused:
        if db["fault"] == "session-dies" and refused.code in ("parts_mismatch", "digest_mismatch"):
            forget(db, session)
            del db["sessions"][session["id"]]
        raise


def hash_and_store(db: Row, session: Row, digest: str, content: bytes, attributes: Row, request: Row) -> Answer:
    """Refuses, asks for patience or stores. A wrong digest shows only when the worker has seen all parts."""
    fault, queued = db["fault"], session["total"] > QUEUED_ABOVE
    if fault == "attributes-before-digest" and session["file"]:
        session["file"].update(attributes)
    if fault == "one-slot-queue" and queued and db["slot"] != session["id"]:
        db["sessions"].get(db["slot"], {})["waits"] = 0
        db["slot"] = session["id"]
    if fault == "first-digest-counts" and queued:
        session["digest"] = digest = session["digest"] or digest
    truth = base64.b64encode(hashlib.sha1(content).digest()).decode()
    wrong_digest = digest.lower() != truth.lower() if fault == "digest-ignores-case" else digest != truth
    if fault == "unverified-version" and session["file"]:
        wrong_digest = False
    if not wrong_digest:
        check_target(db, session, request["headers"])
    if queued and (session["waits"] < 2 or (wrong_digest and fault == "endless-202")):
        session["waits"] = min(session["waits"] + 1, 2)
        session["processed"] = session["total"] * (3 if fault == "processed-too-soon" else session["waits"]) // 3
        session["pending"] = None if wrong_digest else (content, attributes)
        if fault == "visible-early" and not wrong_digest and not session["early"]:
            session["early"] = session["file"] = store(db, session, content, attributes)
        if fault == "impatience-refused":
            session["not_before"] = time.monotonic() + 0.9
            return 202, None, {"Retry-After": "1"}
        return 202, None, {"Retry-After": "0"}
    session["processed"] = session["total"]
    if wrong_digest:
        if fault == "torn-commit":
            store(db, session, content, attributes)
        raise Refused(400, "digest_mismatch", f"The file's digest is {truth}, not {digest}")
    let_others_through(db, session)
    before = small_file(session["file"]) if session["file"] else {}
    if fault == "disconnect-rolls-back":
        request["undo"] = (session["file"], dict(session["file"] or {}))
    file = store(db, session, content, {} if fault == "attributes-lost-in-queue" and queued else attributes)
    if fault != "second-version" or session["file"] is None:
        session.update(done=True, done_by=request["connection"])
        if fault != "done-per-connection":
            forget(db, session)
    entry = small_file(file)
    if fault == "padded-size":
        entry["size"] = max(entry["size"], PART_SIZE)
    if fault == "stale-version-in-answer" and before:
        entry["file_version"] = before["file_version"]
    return 201, {"total_count": 1, "entries": [entry]}, {}


def let_others_through(db: Row, session: Row) -> None:
    """The window between check and act, of the faults that have one."""
    if db["fault"] not in ("unlocked-names", "unlocked-session"):
        return
    session["busy"] = db["fault"] == "unlocked-names"
    db["lock"].release()
    time.sleep(0.05)
    db["lock"].acquire()
    session["busy"] = False
    if db["fault"] == "unlocked-session":
        taken = namesake(db, session["folder"], session["name"], but=session["file"])
        if taken and taken.get("session") != session["id"]:
            raise name_taken(taken)


def roll_back(db: Row, answer: Answer, undo: Row) -> None:
    """Takes back what a commit has stored."""
    body = answer[1]
    if not isinstance(body, dict):
        return
    file, before = undo
    file_id = body["entries"][0]["id"]
    if file is None:
        db["files"].pop(file_id, None)
    elif file_id in db["files"]:
        file.update(before)


def match_parts(db: Row, session: Row, listed: list[Row]) -> list[Row]:
    """The stored parts that a list names, in its order, if it names all of them and nothing else."""
    fault, chosen = db["fault"], []
    known = {part["part_id"] for part in parts_of(db, session)[:1000]} if fault == "thousand-parts" else set()
    if fault == "sum-of-sizes":
        if sum(entry["size"] for entry in listed) != session["size"]:
            raise Refused(422, "parts_mismatch", "The sizes do not add up to the file")
        return parts_of(db, session)
    for entry in listed:
        part = db["parts"].get(entry["part_id"])
        if fault == "thousand-parts" and entry["part_id"] not in known:
            part = None
        if fault == "foreign-part-told" and part and db["sessions"][part["session"]]["user"] != session["user"]:
            raise Refused(403, "forbidden", "This part is somebody else's")
        if part is None or (part["session"] != session["id"] and fault != "shared-part-table"):
            raise Refused(404, "not_found", "No such part")
        same_hash = entry.get("sha1") is None or entry["sha1"].upper() == part["sha1"] or fault == "part-sha1-unread"
        if fault == "part-sha1-prefix":
            same_hash = same_hash or part["sha1"].startswith(entry["sha1"].upper())
        place = (entry["offset"], entry["size"])
        if fault == "numbers-wrap":
            place = (entry["offset"] % 2**32, entry["size"] % 2**32)
        if place != (part["offset"], part["size"]) or not same_hash:
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
    swept = fault == "deleted-ancestor" and folder.get("swept")
    gone = gone or (folder["parent"] is not None and folder["id"] not in db["folders"] and not swept)
    if gone and fault != "orphan-file":
        raise Refused(404, "trashed", "What was to be uploaded to has been deleted")
    etag = session["etag"] if fault == "early-precondition" else file["etag"] if file else None
    if fault != "precondition-once" or session["waits"] == 0:
        check_preconditions(headers, etag, fault)
    taken = namesake(db, folder, session["name"], but=file, exact=fault == "case-sensitive-names")
    if fault == "like-names" and not taken:
        others = [item for item in children(db, folder) if item is not file]
        taken = next((item for item in others if like(session["name"], item["name"])), None)
    if taken and fault == "folders-not-namesakes" and "sha1" not in taken:
        taken = None
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
    fault, file = db["fault"], session["file"]
    sha1 = hashlib.sha1(content).hexdigest().upper()
    name = file["name"] if file and fault == "version-keeps-name" else session["name"]
    if file and fault == "version-attributes-dropped":
        attributes = {}
    if fault == "dedupe-by-first-part":
        content = db["contents"].setdefault((len(content), content[:PART_SIZE]), content)
    if file is None:
        file = {"id": str(next(db["ids"])), "owner": session["user"], "created_at": now, "description": "", "etag": "4"}
    file.update(
        parent=session["folder"],
        name=name,
        session=session["id"],
        etag=file["etag"] if file is session["early"] else str(int(file["etag"]) + 3),
        version_id=str(next(db["ids"])),
        sha1=sha1.lstrip("0") if fault == "zero-stripped-sha1" else sha1,
        size=len(content),
        content=content,
        modified_at=now,
        content_created_at=now,
        content_modified_at=now,
    )
    file.update(attributes)
    db["files"][file["id"]] = file
    return file
