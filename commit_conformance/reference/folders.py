"""Folders, users and collaborations.

Owns what surrounds files: where they lie and who is let in.
"""

from __future__ import annotations

from typing import Any

from commit_conformance.reference.calls import Call, page_of
from commit_conformance.reference.files import Files
from commit_conformance.reference.messages import Response, json_response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.uploads import check_name
from commit_conformance.reference.world import File, Folder, Item, User

__all__ = ["Folders"]

EDITING_ROLES = ("editor", "co-owner", "uploader", "previewer uploader", "viewer uploader")
#: Items that a folder shows where no limit is given.
FIRST_ITEMS = 100


class Folders(Files):
    """Operations on folders, users and collaborations."""

    def get_folder(self, call: Call) -> Response:
        """A folder."""
        return json_response(200, self.whole_folder(self.folder(call.caller.user, call.ids[0])))

    def get_items(self, call: Call) -> Response:
        """The items of a folder, a page at a time."""
        folder = self.folder(call.caller.user, call.ids[0])
        offset, limit = page_of(call, default=FIRST_ITEMS)
        return json_response(200, self.extended(self.items_page(folder, offset, limit)))

    def whole_folder(self, folder: Folder) -> dict[str, Any]:
        """A folder with the first of its items."""
        items = self.items_page(folder, 0, FIRST_ITEMS)
        return self.extended({**self.folder_view(folder), "item_collection": items})

    def items_page(self, folder: Folder, offset: int, limit: int) -> dict[str, Any]:
        """One page of a folder's items."""
        items = self.listed_items(folder)
        return {
            "total_count": len(items),
            "offset": offset,
            "limit": limit,
            "order": [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}],
            "entries": [self.item_view(item) for item in items[offset : offset + limit]],
        }

    def listed_items(self, folder: Folder) -> list[Item]:
        """The items a listing is made of: folders first, then by name."""
        return sorted(folder.items.values(), key=lambda item: (isinstance(item, File), item.name.casefold(), item.id))

    def create_folder(self, call: Call) -> Response:
        """Make a folder."""
        self.need_upload_scope(call.caller)
        document = self.document(call.request, call.body)
        name = check_name(document.get("name"))
        parent = document.get("parent")
        if not isinstance(parent, dict) or not isinstance(parent.get("id"), str):
            raise Problem(400, "missing_destination", "The request needs a parent with its id.")
        above = self.folder(call.caller.user, parent["id"])
        for item in above.named(name):
            raise self.name_in_use(item)
        folder = Folder(id=self.world.number(), name=name, parent=above, owner=above.owner, created_at=self.now())
        self.world.folders[folder.id] = folder
        above.add(folder)
        return json_response(201, self.whole_folder(folder))

    def delete_folder(self, call: Call) -> Response:
        """Move a folder to the trash, with what is in it when that is asked for."""
        folder = self.folder(call.caller.user, call.ids[0])
        if folder.parent is None:
            raise Problem(403, "forbidden", "The root cannot be deleted.")
        if folder.items and call.query.get("recursive") != "true":
            raise Problem(400, "folder_not_empty", "The folder is not empty.")
        self.trash_folder(folder)
        return Response(status=204)

    def trash_folder(self, folder: Folder) -> None:
        """Take a folder and all below it away."""
        for item in list(folder.items.values()):
            if isinstance(item, Folder):
                self.trash_folder(item)
            else:
                self.trash_file(item)
        folder.trashed = True
        self.world.folders.pop(folder.id, None)
        if folder.parent is not None:
            folder.parent.remove(folder)

    def whoami(self, call: Call) -> Response:
        """The user of the token."""
        return json_response(200, self.user_view(call.caller.user))

    def create_collaboration(self, call: Call) -> Response:
        """Let a user into a folder."""
        document = self.document(call.request, call.body)
        item, guest = document.get("item"), document.get("accessible_by")
        if not isinstance(item, dict) or not isinstance(guest, dict) or item.get("type") != "folder":
            raise Problem(400, "bad_request", "The request needs item (a folder) and accessible_by (a user).")
        role = document.get("role")
        if not isinstance(role, str):
            raise Problem(400, "bad_request", "The request needs a role.")
        folder = self.folder(call.caller.user, str(item.get("id")))
        if folder.parent is None:
            raise Problem(403, "forbidden", "The root cannot be shared.")
        user = self.guest(guest)
        if user in folder.editors.values():
            raise Problem(400, "user_already_collaborator", "The user has been let in before.")
        number = self.world.number()
        # A role without the right to upload is noted, and lets nobody write.
        if role in EDITING_ROLES:
            folder.editors[number] = user
        self.world.collaborations[number] = (folder, user)
        view = {
            "type": "collaboration",
            "id": number,
            "role": role,
            "status": "accepted",
            "item": self.folder_mini(folder),
            "accessible_by": self.user_view(user),
            "created_by": self.user_view(call.caller.user),
            "created_at": self.date(self.now()),
            "modified_at": self.date(self.now()),
        }
        return json_response(201, self.extended(view))

    def guest(self, named: dict[str, object]) -> User:
        """The user a collaboration names by id or login."""
        if self.settings.second_user_token is not None:
            self.user("2")
        for user in self.world.users.values():
            if user.id == named.get("id") or ("id" not in named and user.login == named.get("login")):
                return user
        raise Problem(404, "not_found", "There is no such user.")

    def delete_collaboration(self, call: Call) -> Response:
        """Show a user out."""
        found = self.world.collaborations.get(call.ids[0])
        if found is None or not self.may_write(call.caller.user, found[0]):
            raise Problem(404, "not_found", "There is no such collaboration.")
        del self.world.collaborations[call.ids[0]]
        found[0].editors.pop(call.ids[0], None)
        return Response(status=204)
