"""What a scenario can put in place of an answer.

Owns the answers themselves. Each is one that a server, a gateway or a network really gives now and then; which scenario
has which, and what is learned from it, stands in `scenarios`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any, Final

from commit_conformance.clients.stage import ALWAYS, Interlude, Stage, session_in
from commit_conformance.reference import Request, Response
from commit_conformance.reference.messages import json_response
from commit_conformance.reference.routes import split_prefix

__all__ = [
    "PAGE",
    "REFUSALS",
    "accepted",
    "accepted_until",
    "always",
    "created",
    "expired",
    "limited",
    "lost",
    "own_conflict",
    "raw",
    "refused",
    "slow",
    "times",
    "truncated",
]

PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head>\n"
    b"<body><h1>502 Bad Gateway</h1><hr><center>edge</center></body></html>\n"
)
"""What a gateway says."""

_HELP = "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"
_CONFLICT: Final = {
    "type": "file",
    "id": "517752619323",
    "file_version": {"type": "file_version", "id": "546041819323", "sha1": "6c86a0d5b1d4ca1ed29ff5a8a4f9a3ef2ff5b1f0"},
    "sequence_id": "0",
    "etag": "0",
    "sha1": "6c86a0d5b1d4ca1ed29ff5a8a4f9a3ef2ff5b1f0",
    "name": "report.bin",
}

REFUSALS: Final[Mapping[str, tuple[int, str, Mapping[str, Any] | None]]] = {
    "bad-request": (400, "digest_mismatch", None),
    "forbidden": (403, "access_denied_insufficient_permissions", None),
    "not-found": (404, "not_found", {"errors": [{"reason": "invalid_parameter", "name": "upload_session_id"}]}),
    "conflict": (409, "item_name_in_use", {"conflicts": _CONFLICT}),
    "conflict-list": (409, "item_name_in_use", {"conflicts": [_CONFLICT]}),
    "session-expired": (410, "session_expired", None),
    "precondition-failed": (412, "precondition_failed", None),
    "parts-mismatch": (400, "parts_mismatch", None),
}
"""Status, code and context_info of the refusals that scenarios have."""

_MESSAGES = {
    "digest_mismatch": "File digest was incorrect.",
    "access_denied_insufficient_permissions": "Access denied - insufficient permission",
    "not_found": "Not Found",
    "item_name_in_use": "Item with the same name already exists",
    "session_expired": "The upload session has expired and can no longer be accessed.",
    "precondition_failed": "The resource has been modified. Please retrieve the resource again and retry",
    "parts_mismatch": "No matching part found on server for the last part of the list",
    "rate_limit_exceeded": "Request rate limit exceeded, please try again later",
    "internal_server_error": "Internal server error",
    "unavailable": "Unavailable",
}


def times(interlude: Interlude, count: int) -> Interlude:
    """The same to so many requests in turn."""
    return replace(interlude, times=count)


def always(interlude: Interlude) -> Interlude:
    """The same to every request."""
    return replace(interlude, times=ALWAYS)


def accepted(wait: object = 1, *, header: str = "Retry-After") -> Interlude:
    """202 with an empty body.

    Args:
        wait: Value of Retry-After, seconds if it is a whole number; ``None`` leaves the header out.
        header: Name of the header, as it is written.
    """
    headers = () if wait is None else ((header, str(wait)),)
    says = "202" + (f" with {header}: {wait}" if wait is not None else " without Retry-After")
    seconds = float(wait) if isinstance(wait, int) and wait >= 0 else None
    return Interlude(says=says, act=lambda stage, request: Response(status=202, headers=headers), wait=seconds)


def accepted_until(seconds: int) -> Interlude:
    """202 with a date in Retry-After, at least so many seconds and less than one more ahead."""

    def act(stage: Stage, request: Request) -> Response:
        # Dates in HTTP have no fractions.
        moment = math.ceil(time.time() + seconds)
        return Response(status=202, headers=(("Retry-After", formatdate(moment, usegmt=True)),))

    return Interlude(
        says=f"202 with Retry-After: a date, {seconds} to {seconds + 1} seconds ahead", act=act, dated=True
    )


def refused(name: str) -> Interlude:
    """One of `REFUSALS`."""
    status, code, context = REFUSALS[name]
    return Interlude(says=f"{status} {code}", act=lambda stage, request: error(stage, status, code, context=context))


def own_conflict() -> Interlude:
    """409 with the file that the session itself has become, or would have."""

    def act(stage: Stage, request: Request) -> Response:
        _, path, _ = split_prefix(request.target)
        decisions = stage.service.decisions
        with decisions.lock:
            session = stage.service.world.sessions[session_in(path)]
            stored = [item for item in session.folder.named(session.name) if item is not session.file]
            # A commit that was carried out has left a file; of one that was not, another client's is pretended.
            if stored:
                shown = decisions.item_view(stored[0])
            else:
                shown = {**_CONFLICT, "name": session.name, "sha1": session.content().sha1.hex()}
        return error(stage, 409, "item_name_in_use", context={"conflicts": shown})

    return Interlude(says="409 item_name_in_use, the conflict being the client's own file", act=act)


def limited(status: int, code: str, *, wait: int | None = None, taken: bool = False) -> Interlude:
    """429 or a server error, as an error document.

    Args:
        wait: Value of Retry-After; ``None`` leaves it out.
        taken: Whether the service carries out the request first.
    """

    def act(stage: Stage, request: Request) -> Response:
        if taken:
            stage.carry_out(request)
        headers = () if wait is None else (("Retry-After", str(wait)),)
        return error(stage, status, code, headers=headers)

    says = f"{status} {code}" + (f" with Retry-After: {wait}" if wait is not None else " without Retry-After")
    says += ", after the service has carried it out" if taken else ""
    return Interlude(says=says, act=act, wait=wait)


def raw(status: int, body: bytes = b"", *, content_type: str | None = None, taken: bool = False) -> Interlude:
    """An answer given as it is.

    Args:
        taken: Whether the service carries out the request first, and only its answer is replaced.
    """

    def act(stage: Stage, request: Request) -> Response:
        if taken:
            stage.carry_out(request)
        headers = () if content_type is None else (("Content-Type", content_type),)
        return Response(status=status, headers=headers, body=body)

    what = f" in {content_type.partition(';')[0]}" if content_type else " without a body"
    return Interlude(says=f"{status}{what}", act=act)


def created(says: str, change: Callable[[dict[str, Any]], Any], *, status: int = 201) -> Interlude:
    """What the service answers to the right commit, changed.

    Args:
        says: What is answered, in words.
        change: Makes the body out of the service's own.
        status: The status.
    """

    def act(stage: Stage, request: Request) -> Response:
        return json_response(status, change(json.loads(stage.carry_out(request).content())))

    return Interlude(says=says, act=act)


def lost(*, taken: bool) -> Interlude:
    """The connection is reset in place of an answer.

    Args:
        taken: Whether the service carries out the request first.
    """

    def act(stage: Stage, request: Request) -> Response:
        if taken:
            stage.carry_out(request)
        return Response(status=500, wire="reset")

    return Interlude(says=f"the connection reset, {'after' if taken else 'before'} the commit was carried out", act=act)


def truncated() -> Interlude:
    """The service's answer, of which half arrives."""
    return Interlude(
        says="the answer broken off in the middle of its body",
        act=lambda stage, request: replace(stage.carry_out(request), wire="truncate"),
    )


def slow(seconds: float, *, what: str = "the answer") -> Interlude:
    """The service's answer, given later."""

    def act(stage: Stage, request: Request) -> Response:
        answer = stage.carry_out(request)
        stage.over.wait(seconds)
        return answer

    return Interlude(says=f"{what} after {seconds:g} seconds", act=act)


def expired() -> Interlude:
    """The access token expires; the service refuses it."""

    def act(stage: Stage, request: Request) -> Response:
        stage.expire()
        return stage.answer(request)

    return Interlude(says="401: the access token has expired", act=act)


def error(
    stage: Stage,
    status: int,
    code: str,
    *,
    context: Mapping[str, Any] | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response:
    """An error document as the service writes them, with an id of its own."""
    with stage.service.decisions.lock:
        request_id = stage.service.decisions.request_id()
    document = {
        "type": "error",
        "status": status,
        "code": code,
        "message": _MESSAGES[code],
        "context_info": context,
        "help_url": _HELP,
        "request_id": request_id,
    }
    if context is None:
        del document["context_info"]
    return json_response(status, document, *headers)
