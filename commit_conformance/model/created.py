"""The 201: its envelope, its File against the schema, and its File against what was uploaded.

A schema error is filed under the rule of the place where it lies, so that a wrong ``sha1`` is reported once, as a
wrong ``sha1``. Fields that minimal Files leave out are judged only where they are present.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from commit_conformance.model.dates import instant, whole_second
from commit_conformance.model.file_schema import FilesSchema, reason_of
from commit_conformance.model.types import NOT_JSON, Answer, Problem, WantedFile

_NEEDED = ("id", "type", "etag", "sha1", "size", "name")
#: Where a schema error at a place belongs to a rule of its own. First match wins.
_RULE_OF_PLACE = (
    # Scopes, templates and their fields are named by people: one may be called id, or end in _at.
    (re.compile(r"/entries/\d+/metadata/.*", re.DOTALL), "CREATED-SCHEMA"),
    (re.compile(r"/entries/\d+/sha1"), "CREATED-SHA1"),
    (re.compile(r"/entries/\d+/size"), "CREATED-SIZE"),
    (re.compile(r"/entries/\d+/name"), "CREATED-NAME"),
    (re.compile(r"/entries/\d+/file_version/sha1"), "CREATED-VERSION-SHA1"),
    (re.compile(r"/entries/\d+.*/(id|etag|sequence_id)"), "CREATED-STRING-IDS"),
    (re.compile(r"/entries/\d+.*/\w+_at"), "CREATED-DATES"),
    (re.compile(r"/entries/\d+/type"), "CREATED-FIELDS"),
    (re.compile(r"/entries/\d+/.*"), "CREATED-SCHEMA"),
)


def check_created(answer: Answer, wanted: WantedFile, schema: FilesSchema) -> list[Problem]:
    """Everything that is wrong with a 201.

    Args:
        answer: The answer to the commit.
        wanted: What was uploaded and asked for.
        schema: The schema of the body.
    """
    problems = []
    if answer.media_type != "application/json":
        shown = answer.header("content-type") or "missing"
        problems.append(Problem("CREATED-CONTENT-TYPE", f"the content type is {shown[:60]}, not application/json"))
    body = answer.json
    if body is NOT_JSON:
        return [*problems, Problem("CREATED-LIST", "the body of the 201 is not JSON")]
    try:
        problems += _check_body(body, wanted, schema)
    except RecursionError:  # a body may nest just so deep that it can be decoded, and not be looked at
        problems.append(Problem("CREATED-LIST", "the body nests too deep to be read"))
    return _unique(problems)


def _check_body(body: Any, wanted: WantedFile, schema: FilesSchema) -> list[Problem]:
    problems = _check_envelope(body)
    if isinstance(body, dict) and isinstance(body.get("entries"), list) and body["entries"]:
        problems += _check_schema(body, schema)
        if isinstance(body["entries"][0], dict):
            problems += _check_file(body["entries"][0], wanted)
    return problems


def _check_envelope(body: Any) -> list[Problem]:
    if not isinstance(body, dict):
        return [Problem("CREATED-LIST", "the body is not an object with total_count and entries")]
    problems = []
    entries, count = body.get("entries"), body.get("total_count")
    if "entries" not in body:
        problems.append(Problem("CREATED-LIST", "the body has no entries", "/entries"))
    elif not isinstance(entries, list):
        problems.append(Problem("CREATED-LIST", "entries is not a list", "/entries"))
    elif len(entries) != 1:
        problems.append(Problem("CREATED-LIST", f"there are {len(entries)} entries, not one", "/entries"))
    elif not isinstance(entries[0], dict):
        problems.append(Problem("CREATED-LIST", "the entry is not an object", "/entries/0"))
    # A list of two that is counted as two is wrong in one place. As in JSON Schema, 1.0 is the number 1.
    rightly_counted = [1, len(entries)] if isinstance(entries, list) else [1]
    if "total_count" not in body:
        problems.append(Problem("CREATED-LIST", "the body has no total_count", "/total_count"))
    elif isinstance(count, bool) or count not in rightly_counted:
        problems.append(Problem("CREATED-LIST", f"total_count is {count!r:.40}, not 1", "/total_count"))
    return problems


def _check_schema(body: Any, schema: FilesSchema) -> Iterator[Problem]:
    for error in schema.errors(body):
        pointer = "".join(f"/{_escaped(step)}" for step in error.absolute_path)
        if not pointer.startswith("/entries/"):
            continue  # the envelope is judged on its own
        if error.validator in ("required", "type") and pointer == "/entries/0":
            continue  # so are the members every File has
        rule = next((rule for place, rule in _RULE_OF_PLACE if place.fullmatch(pointer)), "CREATED-SCHEMA")
        yield Problem(rule, reason_of(error), pointer)


def _check_file(file: dict[str, Any], wanted: WantedFile) -> Iterator[Problem]:
    at = "/entries/0"
    for member in _NEEDED:
        if member not in file:
            yield Problem("CREATED-FIELDS", f"the File has no {member}", f"{at}/{member}")
    if file.get("type", "file") != "file":
        yield Problem("CREATED-FIELDS", f"type is {file['type']!r:.40}, not 'file'", f"{at}/type")
    yield from _same_sha1("CREATED-SHA1", file, wanted.sha1, at)
    if isinstance(file.get("file_version"), dict):
        yield from _same_sha1("CREATED-VERSION-SHA1", file["file_version"], wanted.sha1, f"{at}/file_version")
    if "size" in file and (isinstance(file["size"], bool) or file["size"] != wanted.size):
        message = f"size is {file['size']!r:.40}, {wanted.size} bytes were uploaded"
        yield Problem("CREATED-SIZE", message, f"{at}/size")
    if "name" in file and file["name"] != wanted.name:
        message = f"name is {file['name']!r:.80}, the session was created for {wanted.name!r}"
        yield Problem("CREATED-NAME", message, f"{at}/name")
    yield from _check_place(file, wanted, at)
    yield from _check_state(file, wanted, at)
    yield from _check_dates(file, at)
    yield from check_attributes(file, wanted, at)
    yield from _check_version(file, wanted, at)


def _same_sha1(rule: str, holder: dict[str, Any], sha1: str, at: str) -> Iterator[Problem]:
    value = holder.get("sha1", sha1)
    if not isinstance(value, str) or value.lower() != sha1.lower():
        yield Problem(rule, f"sha1 is {value!r:.60}, the content's is {sha1}", f"{at}/sha1")


def _check_place(file: dict[str, Any], wanted: WantedFile, at: str) -> Iterator[Problem]:
    parent = file.get("parent")
    # Null is allowed by the schema: it says nothing about the place.
    if parent is not None and (not isinstance(parent, dict) or str(parent.get("id")) != wanted.parent_id):
        found = parent.get("id") if isinstance(parent, dict) else parent
        message = f"parent is {found!r:.40}, the session's folder is {wanted.parent_id}"
        yield Problem("CREATED-PARENT", message, f"{at}/parent/id" if isinstance(parent, dict) else f"{at}/parent")
    path = file.get("path_collection")
    entries = path.get("entries") if isinstance(path, dict) else None
    if isinstance(path, dict) and isinstance(entries, list):
        if "total_count" in path and path["total_count"] != len(entries):
            message = f"total_count is {path['total_count']!r:.40} for {len(entries)} entries"
            yield Problem("CREATED-PATH", message, f"{at}/path_collection/total_count")
        last = entries[-1] if entries else None
        # A wrong place is told once: the path may also end with a wrong parent that is shown.
        folders = {wanted.parent_id, str(parent.get("id")) if isinstance(parent, dict) else wanted.parent_id}
        if not isinstance(last, dict) or str(last.get("id")) not in folders:
            message = f"the path does not end with the session's folder {wanted.parent_id:.60}"
            place = f"/{len(entries) - 1}/id" if isinstance(last, dict) else f"/{len(entries) - 1}" if entries else ""
            yield Problem("CREATED-PATH", message, f"{at}/path_collection/entries{place}")


def _check_state(file: dict[str, Any], wanted: WantedFile, at: str) -> Iterator[Problem]:
    if file.get("item_status", "active") != "active":
        message = f"item_status is {file['item_status']!r:.40}, not 'active'"
        yield Problem("CREATED-ACTIVE", message, f"{at}/item_status")
    for member in ("trashed_at", "purged_at"):
        if file.get(member) is not None:
            yield Problem("CREATED-ACTIVE", f"{member} is set on a file just created", f"{at}/{member}")
    if wanted.owner_id is not None and wanted.previous is None:  # a new version leaves the file to its owner
        for member in ("created_by", "owned_by"):
            user = file.get(member)
            if isinstance(user, dict) and "id" in user and str(user["id"]) != wanted.owner_id:
                message = f"{member} is {user['id']!r:.40}, the token's user is {wanted.owner_id}"
                yield Problem("CREATED-OWNER", message, f"{at}/{member}/id")


def _check_dates(file: dict[str, Any], at: str) -> Iterator[Problem]:
    created, modified = instant(file.get("created_at")), instant(file.get("modified_at"))
    if created is not None and modified is not None and created > modified:
        yield Problem("CREATED-DATES", "created_at is after modified_at", f"{at}/created_at")


def check_attributes(file: Mapping[str, Any], wanted: WantedFile, at: str = "") -> Iterator[Problem]:
    """What became of the attributes that were sent, as far as a File shows it: in a 201, or when it is read.

    Args:
        at: JSON pointer of the File in its body.
    """
    for member, rule, sent in (
        ("content_modified_at", "ATTR-MODIFIED-AT", wanted.content_modified_at),
        ("content_created_at", "ATTR-CREATED-AT", wanted.content_created_at),
    ):
        if sent is None or member not in file:
            continue
        shown = instant(file[member])
        if shown is None or whole_second(shown) != whole_second(sent):
            message = f"{member} is {file[member]!r:.40}, which is not the instant that was sent"
            yield Problem(rule, message, f"{at}/{member}")
    if wanted.description is not None and "description" in file and file["description"] != wanted.description:
        message = f"description is {file['description']!r:.80}, not what was sent"
        yield Problem("ATTR-DESCRIPTION", message, f"{at}/description")


def _check_version(file: dict[str, Any], wanted: WantedFile, at: str) -> Iterator[Problem]:
    before = wanted.previous
    if before is None:
        return
    if "id" in file and str(file["id"]) != before.file_id:
        message = f"id is {file['id']!r:.40}, the file's was {before.file_id}"
        yield Problem("CREATED-NEW-VERSION", message, f"{at}/id")
    if "etag" in file and before.etag is not None and str(file["etag"]) == before.etag:
        yield Problem("CREATED-NEW-VERSION", f"etag is still {before.etag}", f"{at}/etag")
    version = file.get("file_version")
    if isinstance(version, dict) and before.version_id is not None and str(version.get("id")) == before.version_id:
        message = f"file_version.id is still {before.version_id}"
        yield Problem("CREATED-NEW-VERSION", message, f"{at}/file_version/id")


def _escaped(step: object) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def _unique(problems: list[Problem]) -> list[Problem]:
    """One problem a rule and place: what was uploaded says more than what the schema says, so the last one stays."""
    return list({(problem.rule, problem.pointer): problem for problem in problems}.values())
