"""What Locust's statistics call a request: few names, and no ids in them."""

from __future__ import annotations


def companion_name(method: str, url: str) -> str:
    """What a request is called, without ids; empty for a commit."""
    path = url.partition("?")[0].rstrip("/")
    if method == "POST":
        return {"upload_sessions": "open session", "folders": "make folder"}.get(path.rpartition("/")[2], "")
    if method == "GET":
        last = path.rpartition("/")[2]
        named = {"content": "read content", "items": "list folder"}
        return named.get(last, "read session" if "upload_sessions" in path else "read file")
    return {"PUT": "upload part", "DELETE": "delete or abort"}.get(method, "other")
