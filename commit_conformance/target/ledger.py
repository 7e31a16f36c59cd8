"""What a run creates, written down before it is asked for, so that it can be taken away again even after a crash.

The ledger is a file of JSON lines: a header with the target, then one line for each thing. Tokens are never in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from commit_conformance.target.api import Api, SessionHandle
from commit_conformance.wire import Exchange, WireError

#: What cleaning up needs of each kind of entry, all of them texts.
_FIELDS = {
    "folder": ("id",),
    "folder-name": ("name", "parent_id"),
    "file": ("id",),
    "name": ("name", "folder_id"),
    "session": ("id", "abort"),
    "gone": ("of", "id"),
}
#: Sessions that are aborted at the same time.
_AT_ONCE = 6


class LedgerError(Exception):
    """A ledger cannot be read or written; the message says which line and why."""


@dataclass(slots=True)
class CleanupResult:
    """What cleaning up did."""

    deleted: int = 0
    left: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the event log."""
        return {"deleted": self.deleted, "left": self.left}


class Ledger:
    """Writes a run's ledger.

    Args:
        path: The file; None keeps the ledger in memory only.
        target: Base URLs and run folder's parent, for `sweep`.
    """

    def __init__(self, path: Path | None, *, target: dict[str, Any]) -> None:
        self.entries: list[dict[str, Any]] = []
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None
        self._write({"kind": "ledger", "format": 1, **target})

    def note(self, kind: str, **fields: Any) -> None:
        """Writes one line: a ``folder``, ``file``, ``name`` (before it exists), or ``session``; or ``gone`` of one."""
        entry = {"kind": kind, **fields}
        self.entries.append(entry)
        self._write(entry)

    def knows_file(self, file_id: str) -> bool:
        """Whether a file of this id has been noted, deleted or not."""
        return any(entry["kind"] == "file" and entry["id"] == file_id for entry in self.entries)

    def close(self) -> None:
        """Closes the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _write(self, entry: dict[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()


def read_ledger(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A ledger's header and entries. A torn last line, as a crash leaves it, is passed over."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerError(f"cannot read the ledger {path}: {error}") from error
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str):
                raise ValueError("no kind")
            lacking = [name for name in _FIELDS.get(entry["kind"], ()) if not isinstance(entry.get(name), str)]
            if lacking:
                raise ValueError(f"a {entry['kind']} without {' and '.join(lacking)}")
        except ValueError as error:
            if number == len(lines) and number > 1:
                break
            raise LedgerError(f"{path}, line {number} is no ledger entry ({error}); is this a ledger.jsonl?") from error
        entries.append(entry)
    if not entries or entries[0]["kind"] != "ledger":
        raise LedgerError(f"{path} is no ledger: its first line does not name the target")
    return entries[0], entries[1:]


def clean_up(api: Api, entries: Iterable[dict[str, Any]]) -> CleanupResult:
    """Aborts sessions and deletes files and folders of a ledger, newest first.

    Only what the ledger names is touched. A file noted by name alone (its commit's answer was lost) is looked up in the
    run's folder, by its exact name. And what a target has called its answer's file is not deleted when it turns out to
    have a name that the run gave to nothing: it is somebody else's.
    """
    result = CleanupResult()
    entries = list(entries)
    gone = {(entry["of"], entry["id"]) for entry in entries if entry["kind"] == "gone"}
    asked = [entry for entry in entries if entry["kind"] == "folder-name"]
    others = {"0", *(entry["parent_id"] for entry in asked)}  # whatever a target has called the folder it made
    folders = [
        e for e in entries if e["kind"] == "folder" and ("folder", e["id"]) not in gone and e["id"] not in others
    ]
    folders += _lost_folders(api, entries)
    _abort(api, [e for e in reversed(entries) if e["kind"] == "session" and ("session", e["id"]) not in gone])
    kept = []
    for entry in reversed(folders):
        if not _deleted(api.delete_folder, entry["id"]):
            kept.append(entry["id"])
            result.left.append(f"folder {entry['id']} ({entry.get('name', '')})")
        else:
            result.deleted += 1
    # What lay in a deleted folder went with it.
    cleared = {entry["id"] for entry in folders} - set(kept)
    vanished = {entry_id for kind, entry_id in gone if kind == "folder"}  # earlier, and what lay in them too
    files = [
        e
        for e in entries
        if e["kind"] == "file" and ("file", e["id"]) not in gone and e.get("folder_id") not in vanished
    ]
    prefix = asked[0]["name"] if asked else ""
    for entry in files:
        if entry.get("folder_id") in cleared:
            result.deleted += 1
        elif prefix and (name := _name_of_another(api, entry["id"], prefix)) is not None:
            result.left.append(f"file {entry['id']}, which is called {name!r:.80}: the run gave that name to nothing")
        elif _deleted(api.delete_file, entry["id"], free=True):
            result.deleted += 1
        else:
            result.left.append(f"file {entry['id']} ({entry.get('name', '')})")
    _clean_names(api, entries, cleared | vanished, {entry["id"] for entry in files}, result)
    return result


def _abort(api: Api, sessions: Sequence[dict[str, Any]]) -> None:
    """Aborts sessions, several at once: there are dozens of them, and none of them minds the others."""

    def abort(entry: dict[str, Any]) -> None:
        handle = SessionHandle(session_id=entry["id"], part_size=1, endpoints={"abort": entry["abort"]}, shown={})
        with suppress(WireError):
            api.abort(handle, free=True)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(abort, sessions))


def _lost_folders(api: Api, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Folders that were asked for and whose making was never answered, found by their exact name."""
    made = {entry.get("name") for entry in entries if entry["kind"] == "folder"}
    found = []
    for entry in entries:
        if entry["kind"] != "folder-name" or entry["name"] in made:
            continue
        with suppress(WireError):
            items = api.folder_items(entry["parent_id"], free=True)
            for item in items if isinstance(items, list) else ():
                if item.get("type") == "folder" and item.get("name") == entry["name"] and "id" in item:
                    found.append({"kind": "folder", "id": str(item["id"]), "name": entry["name"]})
    return found


def _clean_names(
    api: Api, entries: list[dict[str, Any]], cleared: set[str], known: set[str], result: CleanupResult
) -> None:
    """Deletes files that are known by name only, where the folder they were made in is still there."""
    names: dict[str, set[str]] = {}
    for entry in entries:
        if entry["kind"] == "name" and entry["folder_id"] not in cleared:
            names.setdefault(entry["folder_id"], set()).add(entry["name"])
    for folder_id, wanted in names.items():
        try:
            items = api.folder_items(folder_id, free=True)
        except WireError:
            continue
        if not isinstance(items, list):
            continue
        for item in items:
            if (
                item.get("type") == "file"
                and isinstance(item.get("name"), str)
                and item["name"] in wanted
                and "id" in item
                and str(item["id"]) not in known
            ):
                if _deleted(api.delete_file, str(item["id"]), free=True):
                    result.deleted += 1
                else:
                    result.left.append(f"file {item.get('id')} ({item.get('name')})")


def _name_of_another(api: Api, file_id: str, prefix: str) -> str | None:
    """The name of a file that the run has not made; None for one of its own, and where files cannot be read."""
    try:
        answer = api.read("GET", f"files/{quote(file_id, safe='')}", free=True).answer
    except WireError:
        return None
    body = answer.json if answer is not None and answer.status == 200 else None
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) and not name.casefold().startswith(prefix.casefold()) else None


def _deleted(call: Callable[..., Exchange], *args: Any, **options: Any) -> bool:
    """Whether a deletion went through, or there was nothing to delete."""
    try:
        status = call(*args, **options).status
    except WireError:
        return False
    return status is not None and (200 <= status < 300 or status in (404, 410))
