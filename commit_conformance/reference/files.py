"""Files after they were made: read, download, rename, lock, delete, versions; and small direct uploads.

Owns the operations under ``/files`` that are no part of an upload session.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
from datetime import datetime
from typing import Any

from commit_conformance.reference.calls import Call, page_of
from commit_conformance.reference.commit import Commit
from commit_conformance.reference.dates import read_date
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Content
from commit_conformance.reference.uploads import check_name
from commit_conformance.reference.world import File, Lock, Version

__all__ = ["Files"]


class Files(Commit):
    """Operations on files."""

    def get_file(self, call: Call) -> Response:
        """A file; ``fields`` is let pass, all fields are given."""
        return json_response(200, self.file_view(self.file(call.caller.user, call.ids[0]), shown="read"))

    def get_content(self, call: Call) -> Response:
        """The bytes of a file."""
        file = self.file(call.caller.user, call.ids[0])
        content = self.served_content(file)
        headers = (("Content-Type", "application/octet-stream"), ("Content-Length", str(content.size)))
        return Response(status=200, headers=headers, body=content)

    def served_content(self, file: File) -> Content:
        """What is downloaded of a file."""
        return file.current.content

    def get_versions(self, call: Call) -> Response:
        """The versions before the current one, newest first."""
        file = self.file(call.caller.user, call.ids[0])
        offset, limit = page_of(call, default=100)
        older = file.versions[-2::-1] if len(file.versions) > 1 else []
        entries = [self.version_view(file, version) for version in older[offset : offset + limit]]
        page = {"total_count": len(older), "limit": limit, "offset": offset, "entries": entries}
        return json_response(200, self.extended(page))

    def update_file(self, call: Call) -> Response:
        """Rename, describe, lock or unlock a file."""
        file = self.file(call.caller.user, call.ids[0])
        document = self.document(call.request, call.body)
        self.not_locked(call.caller.user, file)
        self.check_preconditions_of_update(call, file)
        if "name" in document:
            name = check_name(document["name"])
            for item in file.parent.named(name):
                if item is not file:
                    raise self.name_in_use(item)
            file.parent.remove(file)
            file.name = name
            file.parent.add(file)
        file.description = self.description(document) or file.description
        if "lock" in document:
            file.lock = self.lock_of(call, document["lock"])
        file.etag += 1
        file.modified_at = self.now()
        return json_response(200, self.file_view(file, shown="read"))

    def check_preconditions_of_update(self, call: Call, file: File) -> None:
        """Raise 412 when If-Match names another etag."""
        wanted = call.request.header("if-match")
        if wanted is not None and wanted not in ("*", str(file.etag)):
            raise Problem(412, "precondition_failed", "The file has changed.", subject="precondition")

    def lock_of(self, call: Call, given: Any) -> Lock | None:
        """The lock a request asks for; ``null`` asks for none."""
        if "locks" in self.settings.missing:
            raise Problem(403, "forbidden", "Files cannot be locked.")
        if given is None:
            return None
        if not isinstance(given, dict):
            raise Problem(400, "bad_request", "The lock must be an object or null.")
        expires = given.get("expires_at")
        try:
            until: datetime | None = None if expires is None else read_date(str(expires))
        except ValueError as error:
            raise Problem(400, "bad_request", "The lock's expires_at must be an RFC 3339 date.") from error
        return Lock(
            id=self.world.number(),
            owner=call.caller.user,
            created_at=self.now(),
            expires_at=until,
            prevents_download=given.get("is_download_prevented") is True,
        )

    def delete_file(self, call: Call) -> Response:
        """Move a file to the trash: it is seen no more, and its bytes go."""
        file = self.file(call.caller.user, call.ids[0])
        self.not_locked(call.caller.user, file)
        self.check_preconditions_of_update(call, file)
        self.trash_file(file)
        return Response(status=204)

    def trash_file(self, file: File) -> None:
        """Take a file out of its folder."""
        file.trashed = True
        file.parent.remove(file)
        if self.settings.keeps_trash:
            self.world.trashed(file)
        else:
            self.world.files.pop(file.id, None)
        # Ids stay known as trashed; the bytes are what costs.
        for version in file.versions:
            version.content = Content((), sha1=version.content.sha1)

    def preflight(self, call: Call) -> Response:
        """Say that a direct upload would be let in."""
        return json_response(200, {"upload_url": f"{call.base}/files/content", "upload_token": None})

    def upload_file(self, call: Call) -> Response:
        """Store a small file at once, from a multipart form of ``attributes`` and ``file``."""
        self.need_upload_scope(call.caller)
        form = self.form(call)
        try:
            attributes = json.loads(form["attributes"])
            name, folder_id = check_name(attributes["name"]), str(attributes["parent"]["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise Problem(400, "bad_request", "The form needs attributes with name and parent.id.") from error
        if "file" not in form:
            raise Problem(400, "bad_request", "The form needs a file.")
        folder = self.folder(call.caller.user, folder_id)
        for item in folder.named(name):
            raise self.name_in_use(item)
        now = self.now()
        content = Content((self.world.storage.keep(form["file"]),))
        file = File(
            id=self.world.number(),
            name=name,
            parent=folder,
            owner=folder.owner,
            versions=[Version(id=self.world.number(), content=content, created_at=now, author=call.caller.user)],
            created_at=now,
            modified_at=now,
            content_created_at=self.content_date(attributes, "content_created_at") or now,
            content_modified_at=self.content_date(attributes, "content_modified_at") or now,
        )
        self.world.files[file.id] = file
        folder.add(file)
        return json_response(201, self.files_view(file))

    def form(self, call: Call) -> dict[str, bytes]:
        """The fields of a multipart form."""
        kind = call.request.header("content-type") or ""
        if not kind.lower().startswith("multipart/form-data"):
            raise Problem(415, "unsupported_media_type", "The body must be multipart/form-data.")
        head = f"Content-Type: {kind}\r\n\r\n".encode("utf-8", "surrogateescape")
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + call.body)
        fields: dict[str, bytes] = {}
        for field in message.iter_parts():
            value = field.get_payload(decode=True)
            if isinstance(value, bytes):
                fields[str(field.get_param("name", "", header="content-disposition"))] = value
        return fields
