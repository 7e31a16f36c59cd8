"""Users, folders and files: what is in the database, and the requests that show or change it."""

from __future__ import annotations

import itertools
import re
import threading
from typing import Any

from tests.suite.other_server.faults import FAULTS
from tests.suite.other_server.requests import Answer, Refused, Row, read_json, read_number

TOKENS = {"alice-token": "11", "bob-token": "22"}


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
        "lock": threading.Lock(),
        "refusals": {},
        "contents": {},
        "downloads": {},
        "slot": None,
    }


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


def like(pattern: str, name: str) -> bool:
    """As ILIKE of a database compares: _ stands for one character, % for any number."""
    wild = "".join({"_": ".", "%": ".*"}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(wild, name, re.IGNORECASE | re.DOTALL) is not None


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
            item["swept"] = True
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
    content = find_file(db, request["user"], request["id"])["content"]
    if db["fault"] == "stale-content":
        content = db["downloads"].setdefault(request["id"], content)
    return 200, content, {"Content-Type": "application/octet-stream"}


def delete_file(db: Row, request: Row) -> Answer:
    del db["files"][find_file(db, request["user"], request["id"])["id"]]
    return 204, None, {}
