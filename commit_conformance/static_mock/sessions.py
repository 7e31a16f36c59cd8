"""The form of what leads to a commit: sessions, the records of parts, and lists of them.

A commit is made of them: of a session without an id, or the record of a part without its id, no right commit can be
made, and that is what is told. Where the description says more than any rule does, it is a remark and no failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from jsonschema.exceptions import ValidationError

from commit_conformance.model import FilesSchema, Problem
from commit_conformance.model.file_schema import reason_of
from commit_conformance.specs import schema

__all__ = ["Remark", "SessionForms", "hosts_of"]

#: Where an error in a session's form belongs; what no place names is a remark.
_RULES: Final = (
    ("/session_endpoints", "SESSION-ENDPOINTS"),
    ("/total_parts", "SESSION-PROGRESS"),
    ("/num_parts_processed", "SESSION-PROGRESS"),
    ("/id", "PART-COMPLETE"),
    ("/part_size", "PART-COMPLETE"),
)
#: The endpoints that no upload can do without.
_NEEDED: Final = ("commit", "upload_part")


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is odd and breaks no rule, with the place it stands at."""

    pointer: str
    text: str


class SessionForms:
    """Holds answers against the schemas of the description, compiled once."""

    def __init__(self) -> None:
        self._session = FilesSchema(schema("UploadSession"))
        self._part = FilesSchema(schema("UploadedPart"))
        self._parts = FilesSchema(schema("UploadParts"))

    def of_session(self, body: Any, *, what: str, fresh: bool) -> Iterator[Problem | Remark]:
        """What is wrong with a session as an answer shows it.

        Args:
            what: The request, in words.
            fresh: Whether the session was just opened.
        """
        if not isinstance(body, dict):
            yield Problem("PART-COMPLETE", f"the answer to {what} is not a JSON object, so no part can be sent")
            return
        named: set[str] = set()
        for error in self._session.errors(body):
            for pointer, message in _told(error):
                named.add(pointer)
                yield _filed(pointer, message)
        yield from _progress(body, fresh=fresh)
        endpoints = body.get("session_endpoints")
        if not isinstance(endpoints, dict):
            return
        for key in _NEEDED:
            url, pointer = endpoints.get(key), f"/session_endpoints/{key}"
            if pointer not in named and not _is_url(url):
                yield Problem("SESSION-ENDPOINTS", f"session_endpoints.{key} is {url!r:.80}, not a URL", pointer)

    def of_part(self, body: Any) -> Iterator[Problem]:
        """What is wrong with the record of a part, which a commit has to repeat."""
        for error in self._part.errors(body):
            said = "there is no part in it" if error.validator == "anyOf" else reason_of(error)
            yield Problem("PART-COMPLETE", f"the record of a part is no use to a commit: {said}", _pointer(error))
        record = body.get("part", body) if isinstance(body, dict) else None
        if isinstance(record, dict) and record.get("part_id") in (None, ""):
            said = "the record of a part has no part_id, which a commit has to name"
            yield Problem("PART-COMPLETE", said, "/part_id")

    def of_list(self, body: Any) -> Iterator[Problem]:
        """What is wrong with a page of the list of parts."""
        for error in self._parts.errors(body):
            yield Problem("SESSION-LIST-PARTS", f"in the list of parts, {reason_of(error)}", _pointer(error))


def hosts_of(body: Any) -> set[str]:
    """Scheme and host of the endpoints that a session names and no upload can do without."""
    named = body.get("session_endpoints") if isinstance(body, dict) else None
    urls = [named.get(key) for key in _NEEDED] if isinstance(named, dict) else []
    return {"/".join(url.split("/")[:3]) for url in urls if isinstance(url, str) and _is_url(url)}


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _pointer(error: ValidationError) -> str:
    return "".join(f"/{step}" for step in error.absolute_path)


def _told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Place and words of an error; of members that are missing each by itself."""
    pointer = _pointer(error)
    if error.validator != "required":
        yield pointer, reason_of(error)
        return
    lacking: Any = error.validator_value
    found: Any = error.instance
    for member in lacking:
        if member not in found:
            yield f"{pointer}/{member}", f"the session has no {member}"


def _filed(pointer: str, message: str) -> Problem | Remark:
    for start, rule in _RULES:
        if pointer == start or pointer.startswith(f"{start}/"):
            words = f"no part can be sent to the session: {message}" if rule == "PART-COMPLETE" else message
            return Problem(rule, words, pointer)
    return Remark(pointer, f"in a session, {message}")


def _progress(body: dict[str, Any], *, fresh: bool) -> Iterator[Problem]:
    """What a session's counts say of each other."""
    done, total = (
        value if isinstance(value, int) and not isinstance(value, bool) else None
        for value in (body.get("num_parts_processed"), body.get("total_parts"))
    )
    at = "/num_parts_processed"
    if done is not None and total is not None and done > total:
        yield Problem("SESSION-PROGRESS", f"num_parts_processed is {done} of {total}", at)
    if fresh and done:
        yield Problem("SESSION-PROGRESS", f"num_parts_processed starts at {done}, not 0", at)
