"""Request bodies that must be JSON objects.

Owns content types, decoding and parsing, with all the ways in which a body can be no JSON object. What the members
mean is not known here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.room import Room

__all__ = ["BODY_LIMIT", "Bodies", "whole_number"]

BODY_LIMIT = 64 * 1024 * 1024  # A list of half a million parts fits; a body beyond it is no commit.
INT64_MAX = 2**63 - 1


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def whole_number(value: object) -> int | None:
    """The integer a JSON number is; ``1.0`` is 1. ``None`` for everything else, booleans too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None


class Bodies(Room):
    """Decides what a JSON body may look like."""

    def read_body(self, request: Request) -> bytes:
        """The whole body.

        Raises:
            Problem: 413, beyond `BODY_LIMIT`.
        """
        body = request.body
        chunks: Iterable[bytes] = (body,) if isinstance(body, bytes) else body
        size, kept = 0, []
        for chunk in chunks:
            size += len(chunk)
            if size > BODY_LIMIT:
                raise Problem(413, "request_entity_too_large", f"The body exceeds {BODY_LIMIT} bytes.", subject="body")
            kept.append(chunk)
        return b"".join(kept)

    def check_content_type(self, request: Request) -> None:
        """Raise 415 for a body that says it is something else than JSON; saying nothing is accepted."""
        given = request.header("content-type")
        if given is not None and not self.is_json_type(given):
            message = f"The body must be application/json, not {given[:64]!r}."
            raise Problem(415, "unsupported_media_type", message, subject="body")

    def is_json_type(self, content_type: str) -> bool:
        """Whether a content type is JSON, whatever its parameters."""
        return content_type.split(";", 1)[0].strip().lower() == "application/json"

    def parse(self, body: bytes) -> Any:
        """Parse strict JSON in UTF-8.

        Raises:
            ValueError: It is none, or holds a number no machine takes.
            RecursionError: It is nested too deeply.
        """
        return json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=self.members)

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Members of an object; of a name given twice the last counts."""
        return dict(pairs)

    def document(self, request: Request, body: bytes) -> dict[str, Any]:
        """The JSON object in a body.

        Raises:
            Problem: 400 or 415.
        """
        self.check_content_type(request)
        if not body.strip():
            return self.empty_body()
        try:
            document = self.parse(body)
        except RecursionError:
            return self.too_deep()
        except ValueError as error:
            return self.not_json(error)
        return document if isinstance(document, dict) else self.not_an_object(document)

    def empty_body(self) -> dict[str, Any]:
        """Answer to a body of nothing."""
        raise self.bad_body("The request needs a JSON body.")

    def not_json(self, error: ValueError) -> dict[str, Any]:
        """Answer to a body that does not parse."""
        raise self.bad_body("The body is not JSON.")

    def too_deep(self) -> dict[str, Any]:
        """Answer to a body nested beyond reason."""
        raise self.bad_body("The body is nested too deeply.")

    def not_an_object(self, document: Any) -> dict[str, Any]:
        """Answer to JSON that is no object."""
        raise self.bad_body("The body must be a JSON object.")

    def bad_body(self, message: str) -> Problem:
        """A 400 about the body."""
        return Problem(400, "bad_request", message, subject="body")
