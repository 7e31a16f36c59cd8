"""Faults about the 201 and what is behind it."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from commit_conformance.reference.calls import Call
from commit_conformance.reference.dates import write_date
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Response
from commit_conformance.reference.storage import Content
from commit_conformance.reference.views import Shown
from commit_conformance.reference.world import File, Folder, Item, Session


class _AltersFile(Fault):
    """What the faults have in common that show a file wrongly, alike in the 201 and when it is read."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        """The members that are shown wrongly, among those a view has."""
        return {}

    def file_view(self, file: File, *, shown: Shown) -> dict[str, Any]:
        view = super().file_view(file, shown=shown)
        if shown == "listed":
            return view
        return view | {name: value for name, value in self.altered(file, view).items() if name in view}


class OkInsteadOfCreated(Fault, rules="CREATED-STATUS"):
    """Success is answered 200."""

    def created_answer(self, session: Session) -> Response:
        return replace(super().created_answer(session), status=200)


class CreatedAsText(Fault, rules="CREATED-CONTENT-TYPE"):
    """The 201 says it is plain text."""

    def created_answer(self, session: Session) -> Response:
        return replace(super().created_answer(session), headers=(("Content-Type", "text/plain"),))


class WrongTotalCount(Fault, rules="CREATED-LIST"):
    """The total_count of the 201 is 0."""

    def files_view(self, file: File) -> dict[str, Any]:
        return {**super().files_view(file), "total_count": 0}


class FileInsteadOfList(Fault, rules="CREATED-LIST"):
    """The 201 holds the file itself instead of a list."""

    def files_view(self, file: File) -> dict[str, Any]:
        entries: list[dict[str, Any]] = super().files_view(file)["entries"]
        return entries[0]


class BreaksFileSchema(_AltersFile, rules="CREATED-SCHEMA"):
    """The comment_count of a file is a string and its permissions are incomplete."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"comment_count": "none", "permissions": {"can_download": "yes"}}


class LeavesOutEtag(Fault, rules="CREATED-FIELDS"):
    """The file in the 201 has no etag."""

    def file_view(self, file: File, *, shown: Shown) -> dict[str, Any]:
        view = super().file_view(file, shown=shown)
        if shown == "created":
            view.pop("etag", None)
        return view


class WrongSha1(_AltersFile, rules="CREATED-SHA1"):
    """The sha1 of a file is not that of its bytes."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"sha1": self.hex(bytes(20))}


class RoundsSize(_AltersFile, rules="CREATED-SIZE"):
    """The size of a file is rounded up to whole parts, and one more."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        part_size = self.settings.part_size
        return {"size": (file.current.content.size // part_size + 1) * part_size}


class WrongName(_AltersFile, rules="CREATED-NAME"):
    """The name of a file has an extension nobody gave it."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"name": f"{file.name}.upload"}


class NewVersionsKeepTheName(Fault, rules="CREATED-NAME"):
    """The name that a session for a new version was given is forgotten at its commit."""

    def new_version(self, session: Session, version: Any, given: Any) -> File:
        session.renames = False
        return super().new_version(session, version, given)


class WrongParent(_AltersFile, rules="CREATED-PARENT"):
    """The parent of a file is a folder that is not its own."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        other = {"id": "99", "type": "folder", "etag": "0", "sequence_id": "0", "name": "Inbox"}
        return {"parent": other}


class WrongPathCount(_AltersFile, rules="CREATED-PATH"):
    """The path_collection of a file counts one folder too many."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        path = members.get("path_collection") or {"total_count": 0, "entries": []}
        return {"path_collection": {**path, "total_count": path["total_count"] + 1}}


class WrongVersionSha1(_AltersFile, rules="CREATED-VERSION-SHA1"):
    """The sha1 of file_version is not the file's."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        pieces = file.current.content.pieces
        other = pieces[0].sha1 if len(pieces) > 1 else bytes(20)
        return {"file_version": {**self.version_mini(file.current), "sha1": self.hex(other)}}


class VersionIdStays(_AltersFile, rules="CREATED-NEW-VERSION"):
    """A new version has the file_version id of the first."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"file_version": {**self.version_mini(file.current), "id": file.versions[0].id}}


class NumericIds(_AltersFile, rules="CREATED-STRING-IDS"):
    """The file_version id and the sequence_id of a file are JSON numbers."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        version = {**self.version_mini(file.current), "id": int(file.current.id)}
        return {"file_version": version, "sequence_id": file.etag}


class CreatedAfterModified(_AltersFile, rules="CREATED-DATES"):
    """The created_at of a file lies a day after its modified_at."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"created_at": self.date(file.modified_at + timedelta(days=1))}


class DatesWithoutOffset(_AltersFile, rules="CREATED-DATES"):
    """The dates of a file have no offset."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        dates = {"created_at": file.created_at, "modified_at": file.modified_at}
        return {name: write_date(moment, None).removesuffix("Z") for name, moment in dates.items()}


class ShowsTrashed(_AltersFile, rules="CREATED-ACTIVE"):
    """An active file has the date on which it was moved to the trash."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        return {"trashed_at": self.date(file.modified_at), "purged_at": self.date(file.modified_at)}


class _Flipped(Content):
    """Content with its last byte changed on the way out."""

    def __iter__(self) -> Iterator[bytes]:
        left = self.size
        for chunk in super().__iter__():
            left -= len(chunk)
            yield chunk if left or not chunk else chunk[:-1] + bytes((chunk[-1] ^ 1,))


class ServesOtherBytes(Fault, rules="CREATED-CONTENT"):
    """The last byte of a download is not the one that was uploaded."""

    def served_content(self, file: File) -> Content:
        return _Flipped(super().served_content(file).pieces)


class TellsContentsByTheirEnds(Fault, rules="CREATED-CONTENT"):
    """Files of one size whose first and last parts are alike have the bytes of the first of them."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._known: dict[tuple[int, bytes, bytes], Content] = {}

    def served_content(self, file: File) -> Content:
        content = super().served_content(file)
        pieces = content.pieces
        return self._known.setdefault((content.size, pieces[0].sha1, pieces[-1].sha1), content) if pieces else content


class WrongCreator(_AltersFile, rules="CREATED-OWNER"):
    """The created_by of a file is somebody else."""

    def altered(self, file: File, members: dict[str, Any]) -> dict[str, Any]:
        other = {"id": "99", "type": "user", "name": "Somebody Else", "login": "else@example.com"}
        return {"created_by": other}


class ReadsBackOtherSize(Fault, rules="CREATED-READ-BACK"):
    """A file that is read has another size than in the 201."""

    def file_view(self, file: File, *, shown: Shown) -> dict[str, Any]:
        view = super().file_view(file, shown=shown)
        return {**view, "size": view["size"] + 1} if shown == "read" else view


class NeverLists(Fault, rules="CREATED-LISTED"):
    """A folder does not list the files that were uploaded in parts."""

    def listed_items(self, folder: Folder) -> list[Item]:
        return [item for item in super().listed_items(folder) if isinstance(item, Folder)]


class ListsTwice(Fault, rules="CREATED-LISTED"):
    """A folder lists every file twice."""

    def listed_items(self, folder: Folder) -> list[Item]:
        items = super().listed_items(folder)
        return sorted([*items, *(item for item in items if isinstance(item, File))], key=lambda item: item.id)


class ReusesFileIds(Fault, rules="CREATED-UNIQUE-ID"):
    """Every third new file gets the id of the second before it."""

    _ids: tuple[str, ...] = ()

    def file_id(self, session: Session) -> str:
        fresh = self._ids[-2] if len(self._ids) % 3 == 2 else super().file_id(session)
        self._ids = (*self._ids, fresh)
        return fresh


class TakesEqualBytesForARepeat(Fault, rules="CREATED-UNIQUE-ID"):
    """A session whose bytes are in a file already is answered with that file, and makes none."""

    def create(self, call: Call, session: Session, parts: Any, given: Any) -> Response:
        sha1 = session.content().sha1
        known = (file for file in self.world.files.values() if not file.trashed and file.current.content.sha1 == sha1)
        there = next(known, None) if session.file is None else None
        if there is None:
            return super().create(call, session, parts, given)
        session.result, session.answer = there, self.files_view(there)
        session.end("committed")
        self.world.ended(session)
        return self.created_answer(session)


class VersionKeepsEtag(Fault, rules="CREATED-NEW-VERSION"):
    """A new version does not change the etag."""

    def create(self, call: Call, session: Session, parts: Any, given: Any) -> Response:
        before = session.file.etag if session.file else None
        response = super().create(call, session, parts, given)
        if session.file is not None and before is not None:
            session.file.etag = before
            session.answer = self.files_view(session.file)
            response = self.created_answer(session)
        return response


class EmptyCreatedBody(Fault, rules="CREATED-LIST"):
    """The 201 is an empty JSON object."""

    def files_view(self, file: File) -> dict[str, Any]:
        return {}


class CreatedIsNotJson(Fault, rules="CREATED-CONTENT-TYPE CREATED-LIST"):
    """The 201 is HTML."""

    def created_answer(self, session: Session) -> Response:
        shown = json.dumps(session.answer or {})
        return Response(status=201, headers=(("Content-Type", "text/html"),), body=f"<pre>{shown}</pre>".encode())
