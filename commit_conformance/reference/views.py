"""Objects as answers show them: files, folders, users, sessions, parts.

Owns JSON shapes, and nothing that decides about a request.
"""

from __future__ import annotations

from typing import Any, Literal

from commit_conformance.reference.room import Room
from commit_conformance.reference.world import File, Folder, Item, Part, Session, User, Version

__all__ = ["Shown", "Views"]

Shown = Literal["created", "read", "listed"]

MINIMAL = ("id", "type", "etag", "sha1", "size", "name")
_ALLOWED = (
    "can_annotate",
    "can_comment",
    "can_delete",
    "can_download",
    "can_invite_collaborator",
    "can_preview",
    "can_rename",
    "can_set_share_access",
    "can_share",
    "can_upload",
    "can_view_annotations_all",
    "can_view_annotations_self",
)


class Views(Room):
    """Writes objects as JSON values."""

    def hex(self, sha1: bytes) -> str:
        """A digest as answers write it."""
        return sha1.hex().upper() if self.settings.sha1_upper else sha1.hex()

    def extended(self, members: dict[str, Any]) -> dict[str, Any]:
        """An object, with a member nobody documented where the settings ask for one."""
        return {**members, "x_revision": {"since": 2}} if self.settings.unknown_fields else members

    def user_view(self, user: User) -> dict[str, Any]:
        """A user."""
        return self.extended({"id": user.id, "type": "user", "name": user.name, "login": user.login})

    def folder_mini(self, folder: Folder) -> dict[str, Any]:
        """A folder, in short. Roots have neither etag nor sequence."""
        etag = str(folder.etag) if folder.parent else None
        mini = {"id": folder.id, "type": "folder", "etag": etag, "sequence_id": etag, "name": folder.name}
        return self.extended(mini)

    def folder_view(self, folder: Folder) -> dict[str, Any]:
        """A folder."""
        return {
            **self.folder_mini(folder),
            "created_at": self.date(folder.created_at),
            "modified_at": self.date(folder.created_at),
            "owned_by": self.user_view(folder.owner),
            "parent": self.folder_mini(folder.parent) if folder.parent else None,
            "item_status": "trashed" if folder.trashed else "active",
            "path_collection": self.path_view(folder.lineage()[:-1]),
        }

    def path_view(self, folders: list[Folder]) -> dict[str, Any]:
        """The folders an item lies in, from the root down."""
        return {"total_count": len(folders), "entries": [self.folder_mini(folder) for folder in folders]}

    def version_mini(self, version: Version) -> dict[str, Any]:
        """A version, in short."""
        return self.extended({"id": version.id, "type": "file_version", "sha1": self.hex(version.content.sha1)})

    def version_view(self, file: File, version: Version) -> dict[str, Any]:
        """A version in a list of versions."""
        return {
            **self.version_mini(version),
            "name": file.name,
            "size": version.content.size,
            "created_at": self.date(version.created_at),
            "modified_at": self.date(version.created_at),
            "modified_by": self.user_view(version.author),
        }

    def item_view(self, item: Item) -> dict[str, Any]:
        """An item in a folder's list."""
        if isinstance(item, Folder):
            return self.folder_mini(item)
        full = self.file_view(item, shown="listed")
        names = ("type", "id", "etag", "sequence_id", "name", "sha1", "size", "file_version")
        return self.extended({name: full[name] for name in names if name in full})

    def file_view(self, file: File, *, shown: Shown) -> dict[str, Any]:
        """A file, full or minimal as the settings say; ``shown`` tells what for."""
        members = self.file_members(file)
        if self.settings.null_fields:
            members |= {"parent": None, "shared_link_permission_options": None, "sequence_id": None}
        if self.settings.file_shape == "minimal" and shown != "listed":
            members = {name: members[name] for name in MINIMAL}
        return self.extended(members)

    def file_members(self, file: File) -> dict[str, Any]:
        """All documented members of a file that make sense here."""
        version = file.current
        root, _, extension = file.name.rpartition(".")
        return {
            "id": file.id,
            "type": "file",
            "etag": str(file.etag),
            "sequence_id": str(file.etag),
            "name": file.name,
            "sha1": self.hex(version.content.sha1),
            "file_version": self.version_mini(version),
            "description": file.description,
            "size": version.content.size,
            "path_collection": self.path_view(file.parent.lineage()),
            "created_at": self.date(file.created_at),
            "modified_at": self.date(file.modified_at),
            "trashed_at": None,
            "purged_at": None,
            "content_created_at": self.date(file.content_created_at),
            "content_modified_at": self.date(file.content_modified_at),
            "created_by": self.user_view(file.versions[0].author),
            "modified_by": self.user_view(version.author),
            "owned_by": self.user_view(file.owner),
            "shared_link": None,
            "parent": self.folder_mini(file.parent),
            "item_status": "active",
            "version_number": str(len(file.versions)),
            "comment_count": 0,
            "permissions": dict.fromkeys(_ALLOWED, True),
            "tags": [] if self.settings.empty_tags else ["uploaded"],
            "lock": self.lock_view(file),
            "extension": extension if root else "",
            "is_package": False,
            "watermark_info": {"is_watermarked": False},
            "is_accessible_via_shared_link": False,
            "allowed_invitee_roles": ["editor", "viewer"],
            "is_externally_owned": False,
            "has_collaborations": any(folder.editors for folder in file.parent.lineage()),
            "expires_at": None,
            "representations": self.representations(file),
            "classification": None,
            "uploader_display_name": version.author.name,
            "disposition_at": None,
            "shared_link_permission_options": ["can_preview", "can_download"],
            "is_associated_with_app_item": False,
        }

    def lock_view(self, file: File) -> dict[str, Any] | None:
        """The lock on a file."""
        lock = file.lock
        if lock is None:
            return None
        return {
            "id": lock.id,
            "type": "lock",
            "created_by": self.user_view(lock.owner),
            "created_at": self.date(lock.created_at),
            "expired_at": self.date(lock.expires_at or lock.created_at.replace(year=lock.created_at.year + 1)),
            "is_download_prevented": lock.prevents_download,
            "app_type": None,
        }

    def representations(self, file: File) -> dict[str, Any]:
        """Renderings of a file: one, that does not exist."""
        paged: object = "false" if self.settings.paged == "string" else False
        url = f"https://content.invalid/2.0/internal_files/{file.id}/versions/{file.current.id}/representations/jpg"
        entry = {
            "content": {"url_template": f"{url}/content/{{+asset_path}}"},
            "info": {"url": url},
            "properties": {"dimensions": "320x320", "paged": paged, "thumb": paged},
            "representation": "jpg",
            "status": {"state": "none"},
        }
        return {"entries": [entry]}

    def files_view(self, file: File) -> dict[str, Any]:
        """The answer to a commit: a list of one file."""
        return self.extended({"total_count": 1, "entries": [self.file_view(file, shown="created")]})

    def part_view(self, part: Part) -> dict[str, Any]:
        """An uploaded part."""
        sha1 = self.hex(part.piece.sha1)
        return self.extended({"part_id": part.id, "offset": part.offset, "size": part.size, "sha1": sha1})

    def session_view(self, session: Session, base: str) -> dict[str, Any]:
        """An upload session, with the URLs to use it by."""
        view = {
            "id": session.id,
            "type": "upload_session",
            "session_expires_at": self.date(session.expires_at),
            "part_size": session.part_size,
            "total_parts": self.total_parts(session),
            "num_parts_processed": self.parts_processed(session),
            "session_endpoints": self.endpoints(session, base),
        }
        return self.extended(view)

    def total_parts(self, session: Session) -> int:
        """How many parts the session says it takes."""
        return session.total_parts

    def parts_processed(self, session: Session) -> int:
        """How many parts have been processed.

        A session that is to answer 202 again has at least as many parts in work as there are such answers left. The
        part that a 202 waited for is done a moment later: at the second look.
        """
        uploaded = len(session.by_id)
        in_work = max(0, self.promised_answers(session) - session.accepted)
        in_work += bool(session.accepted and not session.looked)
        return max(0, min(uploaded, session.total_parts - in_work))

    def promised_answers(self, session: Session) -> int:
        """How many times a right commit of this session is answered 202."""
        every = self.settings.processing_every
        return self.settings.processing if every and session.number % every == 0 else 0

    def endpoints(self, session: Session, base: str) -> dict[str, str]:
        """The URLs of a session."""
        own = f"{base}/files/upload_sessions/{session.id}"
        return {
            "upload_part": own,
            "commit": f"{base}/uploads/{session.id}/finish" if self.settings.other_commit_path else f"{own}/commit",
            "abort": own,
            "list_parts": f"{own}/parts",
            "status": own,
            "log_event": f"{own}/log",
        }
