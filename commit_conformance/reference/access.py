"""Who asks, and what they may do.

Owns tokens, users, scopes and the right to write in a folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room
from commit_conformance.reference.world import File, Folder, Session, User

__all__ = ["Access", "Caller"]

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*)")
CHALLENGE = ("WWW-Authenticate", 'Bearer realm="upload"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, and whether the token at hand may upload."""

    user: User
    may_upload: bool


class Access(Room):
    """Decides about tokens and permissions."""

    _first_token: str | None = None

    def user(self, user_id: str) -> User:
        """The user of this id, made when first asked for."""
        found = self.world.users.get(user_id)
        if found is None:
            found = User(id=user_id, name=f"User {user_id}", login=f"user{user_id}@example.com")
            self.world.users[user_id] = found
            self.world.roots[user_id] = Folder(
                id="0", name="All Files", parent=None, owner=found, created_at=self.now()
            )
        return found

    def caller(self, request: Request) -> Caller:
        """Who sends this request.

        Raises:
            Problem: 401, for a missing, malformed or unknown token.
        """
        found = _BEARER.fullmatch(request.header("authorization") or "")
        if found is None:
            return self.no_token(request)
        return self.known_token(found[1]) or self.unknown_token(request)

    def known_token(self, token: str) -> Caller | None:
        """Whose token this is."""
        settings = self.settings
        if token in settings.tokens:
            return Caller(user=self.user(settings.tokens[token]), may_upload=True)
        if token == settings.second_user_token:
            return Caller(user=self.user("2"), may_upload=True)
        if token == settings.limited_token:
            return Caller(user=self.user("1"), may_upload=False)
        if settings.trust_first_token and not settings.tokens and self._first_token in (None, token):
            self._first_token = token
            return Caller(user=self.user("1"), may_upload=True)
        return None

    def no_token(self, request: Request) -> Caller:
        """Answer to a request without a usable token."""
        raise self.unauthorized("The request needs a bearer token.")

    def unknown_token(self, request: Request) -> Caller:
        """Answer to a token that is nobody's."""
        raise self.unauthorized("The bearer token is not valid.")

    def unauthorized(self, message: str) -> Problem:
        """A 401."""
        return Problem(401, "unauthorized", message, subject="access", headers=(CHALLENGE,))

    def need_upload_scope(self, caller: Caller) -> None:
        """Raise 403 when the token may not upload."""
        if not caller.may_upload:
            raise Problem(403, "insufficient_scope", "The token may not upload.", subject="access")

    def owns_session(self, caller: Caller, session: Session) -> None:
        """Raise 403 when the session is somebody else's."""
        if session.owner is not caller.user:
            message = "Only the user who created the upload session may use it."
            raise Problem(403, "forbidden", message, subject="access")

    def may_write(self, user: User, folder: Folder) -> bool:
        """Whether the user owns the folder or was let into it, or into one above it."""
        return any(step.owner is user or user in step.editors.values() for step in folder.lineage())

    def folder(self, user: User, folder_id: str) -> Folder:
        """A folder the user can see; ``0`` is their own root.

        Raises:
            Problem: 404, for one that is not there or not for this user.
        """
        if folder_id == "0":
            return self.world.roots[user.id]
        found = self.world.folders.get(folder_id)
        if found is None or not self.may_write(user, found):
            raise Problem(404, "not_found", f"There is no folder {folder_id[:64]!r}.", subject="destination")
        return found

    def file(self, user: User, file_id: str) -> File:
        """A file the user can see.

        Raises:
            Problem: 404, for one that is not there, in the trash or not for this user.
        """
        found = self.world.files.get(file_id)
        if found is None or not self.may_write(user, found.parent):
            raise Problem(404, "not_found", f"There is no file {file_id[:64]!r}.", subject="destination")
        if found.trashed:
            raise Problem(404, "trashed", f"File {file_id[:64]!r} is in the trash.", subject="destination")
        return found

    def not_locked(self, user: User, file: File) -> None:
        """Raise 403 when somebody else holds a lock on the file."""
        lock = file.lock
        if lock is None or lock.owner is user or (lock.expires_at is not None and lock.expires_at <= self.now()):
            return
        message = "The file is locked by another user."
        raise Problem(403, "access_denied_item_locked", message, subject="destination")
