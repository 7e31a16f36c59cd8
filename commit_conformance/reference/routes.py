"""Which path and method belong to which operation.

Owns the table of paths, and the names by which operations can be missing from a service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

__all__ = ["CAPABILITIES", "PREFIXES", "Route", "find_route", "split_prefix"]

PREFIXES = ("/api/2.0", "/2.0", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A path with its methods.

    Attributes:
        segments: Segments of the path; ``None`` stands for any.
        operations: Method to operation, a method of `Decisions`.
        upload: Whether it is one of the upload endpoints, which are limited in rate.
    """

    segments: tuple[str | None, ...]
    operations: Mapping[str, str] = field(default_factory=dict)
    upload: bool = False


def _route(path: str, *, upload: bool = False, **operations: str) -> Route:
    segments = tuple(None if segment == "*" else segment for segment in path.split("/"))
    return Route(segments=segments, operations=operations, upload=upload)


_SESSION = "files/upload_sessions"
COMMIT = _route(f"{_SESSION}/*/commit", upload=True, POST="commit")
OTHER_COMMIT = _route("uploads/*/finish", upload=True, POST="commit")
ROUTES = (
    # The fixed segments come first: upload_sessions and content are no file ids.
    _route(_SESSION, upload=True, POST="create_session"),
    _route("files/content", upload=True, POST="upload_file", OPTIONS="preflight"),
    _route(f"{_SESSION}/*", upload=True, PUT="upload_part", GET="session_status", DELETE="abort"),
    _route(f"{_SESSION}/*/parts", upload=True, GET="list_parts"),
    _route(f"{_SESSION}/*/log", upload=True, POST="log_event"),
    _route("files/*/upload_sessions", upload=True, POST="create_version_session"),
    _route("files/*", GET="get_file", PUT="update_file", DELETE="delete_file"),
    _route("files/*/content", GET="get_content"),
    _route("files/*/versions", GET="get_versions"),
    _route("folders", POST="create_folder"),
    _route("folders/*", GET="get_folder", DELETE="delete_folder"),
    _route("folders/*/items", GET="get_items"),
    _route("users/me", GET="whoami"),
    _route("collaborations", POST="create_collaboration"),
    _route("collaborations/*", DELETE="delete_collaboration"),
)

CAPABILITIES: Mapping[str, tuple[str, ...]] = {
    "collaborations": ("create_collaboration", "delete_collaboration"),
    "content": ("get_content",),
    "delete": ("delete_file", "delete_folder"),
    "folder-create": ("create_folder",),
    "list-parts": ("list_parts",),
    "listing": ("get_items",),
    "locks": (),
    "new-version": ("create_version_session",),
    "read-back": ("get_file",),
    "status": ("session_status",),
    "versions": ("get_versions",),
    "whoami": ("whoami",),
}
"""Operations behind each name that `Settings.missing` may hold; locks are a matter of one request member."""


def split_prefix(target: str) -> tuple[str, str, str]:
    """Prefix, path below it and query of a request target."""
    if "://" in target.split("?", 1)[0]:
        # A proxy sends the whole URL; scheme and host are known otherwise.
        rest = target.split("://", 1)[1]
        target = "/" + rest.split("/", 1)[1] if "/" in rest else "/"
    path, _, query = target.partition("?")
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            return prefix, path[len(prefix) :], query
    return "", path, query


def find_route(path: str, *, other_commit_path: bool) -> tuple[Route, tuple[str, ...]] | None:
    """The route of a path and its variable segments, decoded."""
    segments = path.split("/")[1:]
    for route in (OTHER_COMMIT if other_commit_path else COMMIT, *ROUTES):
        if len(route.segments) == len(segments) and all(
            wanted is None or wanted == given for wanted, given in zip(route.segments, segments, strict=True)
        ):
            variable = (given for wanted, given in zip(route.segments, segments, strict=True) if wanted is None)
            return route, tuple(unquote(segment, errors="replace") for segment in variable)
    return None
