"""What reading a request takes, and the answer to one that cannot be read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Answer = tuple[int, Row | bytes | None, dict[str, str]]


class Refused(Exception):
    """Ends a request with an error answer."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more

    def answer(self) -> Answer:
        if self.status == 304:
            return 304, None, {}
        headers = self.more.pop("headers", {})
        body = {"type": "error", "status": self.status, "code": self.code, "message": self.message, **self.more}
        return self.status, body, headers


def read_json(request: Row) -> Row:
    kind = request["headers"].get("Content-Type")
    if kind is not None and kind.split(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type", "Send application/json")
    try:
        document = json.loads(request["body"].decode("utf-8"), parse_constant=int)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_request", "The body is not JSON") from None
    if not isinstance(document, dict):
        raise Refused(400, "bad_request", "The body is not an object")
    return document


def read_number(text: str, otherwise: int, most: int, code: str) -> int:
    if text == "":
        return otherwise
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
        raise Refused(400, code, "Not a number in the range allowed")
    return int(text)


def read_digest(request: Row, fault: str | None = None) -> str:
    lines = request["headers"].get_all("Digest") or []
    if fault == "last-digest-line":
        lines = lines[-1:]
    if fault == "lenient-base64":
        lines = [line[:4] + re.sub(r"[^A-Za-z0-9+/=]", "", line[4:]) for line in lines]
    match = re.fullmatch(r"(?i:sha)=([A-Za-z0-9+/]{27}=)", lines[0].strip(" \t")) if len(lines) == 1 else None
    if match is None:
        raise Refused(400, "bad_request", "One digest header is needed: sha=, then base64 of a SHA-1")
    return match[1]


def read_instant(db: Row, text: Any) -> str:
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    try:
        if not isinstance(text, str) or not re.fullmatch(pattern, text):
            raise ValueError
        if db["fault"] == "whole-hour-zones":
            text = re.sub(r"([+-][0-9]{2}):[0-9]{2}$", r"\1:00", text)
        moment = datetime.fromisoformat(text.upper())
        moment = moment.replace(tzinfo=UTC) if db["fault"] == "naive-dates" else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(400, "bad_request", "Not a date as in RFC 3339") from None
    if moment.year < 1970:
        raise Refused(400, "bad_request", "Dates begin with 1970")
    return instant(moment)


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_attributes(db: Row, document: Row) -> Row:
    given = document.get("attributes", {})
    if not isinstance(given, dict):
        raise Refused(400, "bad_request", "attributes is not an object")
    attributes = {
        name: read_instant(db, given[name]) for name in ("content_created_at", "content_modified_at") if name in given
    }
    if "description" in given:
        text = given["description"]
        if not isinstance(text, str) or len(text) > 255:
            raise Refused(400, "bad_request", "description is a text of up to 255 characters")
        if db["fault"] == "description-three-bytes":
            text = re.split(r"[\U00010000-\U0010ffff]", text)[0]
        attributes["description"] = text[:32] if db["fault"] == "short-description" else text
    return attributes


def read_parts(db: Row, document: Row) -> list[Row]:
    listed = document.get("parts")
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise Refused(400, "bad_request", "parts is a list of objects")
    if db["fault"] == "strict-members" and (
        set(document) - {"parts", "attributes"}
        or any(set(entry) - {"part_id", "offset", "size", "sha1"} for entry in listed)
    ):
        raise Refused(400, "bad_request", "Unknown member")
    for entry in listed:
        if db["fault"] == "coerced-numbers":
            try:
                entry.update(offset=int(entry["offset"]), size=int(entry["size"]))
            except (KeyError, ValueError, TypeError, OverflowError):
                raise Refused(400, "bad_request", "Not a number") from None
        sound = (
            isinstance(entry.get("part_id"), str)
            and type(entry.get("offset")) is int
            and type(entry.get("size")) is int
            and (entry.get("sha1") is None or isinstance(entry["sha1"], str))
        )
        if not sound:
            raise Refused(400, "bad_request", "A part has a part_id, an offset and a size")
    if db["fault"] == "parts-by-id":
        return list({entry["part_id"]: entry for entry in listed}.values())
    return listed
