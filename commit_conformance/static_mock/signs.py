"""How a static mock is told from a server that remembers, and from one that remembers but is wrong.

The run asks for things whose answers have to differ, or to repeat what was sent. A *sign* is an answer that takes no
notice: the second session has the id of the first, the record of a part is not of the part that was sent, a session
that nobody opened has a state. A server with a mistake shows one of these, or two that hang together. A static mock
shows them everywhere, since nothing that it answers comes from what it was told. So:

- one answer that can only come from what was sent, or from what was sent before, clears the target for good;
- without one, signs from `ENOUGH` operations that share no code on any server make it a static mock;
- anything between is a server, and is tested like one: better a mock that fails everything than a server excused.

What is asked costs little: as a rule the answer to making the run's folder, which is made anyway, repeats its name and
clears the target. Otherwise one more session is opened, one part of a few bytes is uploaded to it, and it is aborted.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote, urlsplit

from commit_conformance.target.connect import Target
from commit_conformance.wire import Exchange, WireError

__all__ = ["ENOUGH", "Signs", "look_for_signs"]

#: Operations that have to take no notice. Two may hang together in a server that keeps its sessions badly; a third
#: would be of another kind.
ENOUGH: Final = 3
#: Bytes of the part that is uploaded to see whether its record is of it: an odd number that no example has.
_TAIL: Final = 7
#: Part size for the arithmetic where the mock shows none.
_PART_SIZE: Final = 8 * 1024 * 1024


class Told(StrEnum):
    """What one operation says about memory."""

    KEPT = "kept"
    FORGOTTEN = "forgotten"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Signs:
    """Why a target is taken for a static mock.

    Attributes:
        seen: One clause for each operation that took no notice of what it was told.
        said: Whether the user has said so; then nothing was looked for.
    """

    seen: tuple[str, ...] = ()
    said: bool = False

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        why = "as --static-mock yes says" if self.said else "; ".join(self.seen)
        return f"the target is a static mock: it answers from examples and remembers nothing ({why})"


def look_for_signs(target: Target, first: Exchange) -> Signs | None:
    """Looks whether a target is a static mock.

    Args:
        target: The target, its folder made or not.
        first: The answer to the run's first session.

    Returns:
        The signs, or None for a server that is to be tested as one.
    """
    if first.status is None or not 200 <= first.status <= 299 or not isinstance(_json(first), dict):
        return None
    look = _Look(target, first)
    found = []
    try:
        for told, clause in look.everywhere():
            if told is Told.KEPT:
                return None
            if told is Told.FORGOTTEN:
                found.append(clause)
    finally:
        look.withdraw()
    return Signs(tuple(found)) if len(found) >= ENOUGH else None


class _Look:
    """Asks a target for what only a server with a memory can answer rightly."""

    def __init__(self, target: Target, first: Exchange) -> None:
        self._target = target
        self._api = target.api
        self._first = _json(first)
        self._second: dict[str, Any] = {}
        shown = self._first.get("part_size")
        self._part_size = shown if isinstance(shown, int) and not isinstance(shown, bool) and shown > 0 else _PART_SIZE
        self._size = 3 * self._part_size + _TAIL
        self._uploaded = False

    def everywhere(self) -> Iterator[tuple[Told, str]]:
        """What each operation says; one that cannot be asked says nothing."""
        for ask in (self._folder, self._sessions, self._part, self._parts, self._stranger, self._commit):
            try:
                yield ask()
            except WireError:
                yield Told.NOTHING, ""

    def withdraw(self) -> None:
        """Aborts the session that was opened for looking; never the one that the run goes on with."""
        second = self._second.get("id")
        if isinstance(second, str) and second and second != self._first.get("id"):
            try:
                self._send("DELETE", self._path(second), free=True)
            except WireError:
                return

    def _folder(self) -> tuple[Told, str]:
        made = self._target.made_folder
        body = _json(made)
        if made is None or made.status != 201 or "name" not in body:
            return Told.NOTHING, ""
        if body["name"] == self._target.run_id:
            return Told.KEPT, ""
        return Told.FORGOTTEN, f"a folder was made under the name {body['name']!r:.40} and not under its own"

    def _sessions(self) -> tuple[Told, str]:
        name = f"{self._target.run_id}-second.bin"
        exchange = self._api.create_session(name=name, size=self._size, folder_id=self._target.folder_id)
        if exchange.status is None or not 200 <= exchange.status <= 299:
            return Told.NOTHING, ""
        self._second = _json(exchange)
        shown = self._api.session_of(exchange.answer)
        if shown is not None and shown.session_id != self._first.get("id"):
            self._target.ledger.note("session", id=shown.session_id, abort=shown.endpoints["abort"])
            self._target.wire.purse.session_opened()
        if self._second.get("id") == self._first.get("id"):
            return Told.FORGOTTEN, f"two sessions have one id, {self._second.get('id')!r:.40}"
        # The first session was for a file of one part or of many, this one is for a file of four.
        asked = -(-self._target.first_size // self._part_size)
        if (self._first.get("total_parts"), self._second.get("total_parts")) == (asked, 4) and asked != 4:
            return Told.KEPT, ""
        return Told.NOTHING, ""

    def _part(self) -> tuple[Told, str]:
        sent = self._put(1)
        if sent is None:
            return Told.NOTHING, ""
        record, content = sent
        told = [record[name] == value for name, value in self._facts(content).items() if record.get(name) is not None]
        if told and all(told):
            return Told.KEPT, ""
        if told and not any(told):
            return Told.FORGOTTEN, "the record of a part is not of the part that was uploaded"
        again = self._put(2) if not told else None
        if again is not None and again[0].get("part_id") == record.get("part_id") is not None:
            return Told.FORGOTTEN, f"two different parts have one id, {record['part_id']!r:.40}"
        return Told.NOTHING, ""

    def _put(self, number: int) -> tuple[dict[str, Any], bytes] | None:
        """Uploads the last part of the second session; gives its record and the bytes."""
        content = random.Random(f"{self._target.run_id}/{number}").randbytes(_TAIL)
        digest = base64.b64encode(hashlib.sha1(content).digest()).decode("ascii")
        headers = (
            ("content-type", "application/octet-stream"),
            ("content-range", f"bytes {self._size - _TAIL}-{self._size - 1}/{self._size}"),
            ("digest", f"sha={digest}"),
        )
        exchange = self._send("PUT", self._own("upload_part"), headers=headers, content=content)
        body = _json(exchange)
        record = body.get("part", body)
        if exchange.status not in (200, 201) or not isinstance(record, dict):
            return None
        self._uploaded = True
        return record, content

    def _parts(self) -> tuple[Told, str]:
        if not self._uploaded:
            return Told.NOTHING, ""
        exchange = self._send("GET", self._own("list_parts"))
        entries = _json(exchange).get("entries")
        if exchange.status != 200 or not isinstance(entries, list):
            return Told.NOTHING, ""
        at = (self._size - _TAIL, _TAIL)
        if any(isinstance(entry, dict) and (entry.get("offset"), entry.get("size")) == at for entry in entries):
            return Told.KEPT, ""
        return Told.FORGOTTEN, "the list of parts does not show what was uploaded"

    def _stranger(self) -> tuple[Told, str]:
        exchange = self._send("GET", self._path(self._unknown()))
        if exchange.status == 200:
            return Told.FORGOTTEN, "a session that was never opened has a state"
        known = self._second.get("id")
        if exchange.status not in (400, 404, 410) or not known or known == self._first.get("id"):
            return Told.NOTHING, ""
        # Of sessions with ids of their own the server knows which it has given out.
        own = self._send("GET", self._own("status"))
        return (Told.KEPT if own.status == 200 else Told.NOTHING), ""

    def _commit(self) -> tuple[Told, str]:
        digest = base64.b64encode(hashlib.sha1(b"nothing that was uploaded").digest()).decode("ascii")
        body = {"parts": [{"part_id": "00000000", "offset": 0, "size": 1, "sha1": "00" * 20}]}
        headers = (("content-type", "application/json"), ("digest", f"sha={digest}"))
        url = f"{self._path(self._unknown())}/commit"
        exchange = self._send("POST", url, headers=headers, content=json.dumps(body).encode())
        if exchange.status is not None and 200 <= exchange.status <= 299:
            return Told.FORGOTTEN, "a session that was never opened is committed"
        return Told.NOTHING, ""

    def _facts(self, content: bytes) -> dict[str, Any]:
        return {"offset": self._size - _TAIL, "size": _TAIL, "sha1": hashlib.sha1(content).hexdigest()}

    def _own(self, endpoint: str) -> str:
        """Where the second session says an operation is; the documented place where that is on a host not ours to ask.

        Examples name hosts that have nothing to do with the mock that gives them.
        """
        documented = self._path(str(self._second.get("id") or self._unknown()))
        documented += "/parts" if endpoint == "list_parts" else ""
        named = self._second.get("session_endpoints")
        url = named.get(endpoint) if isinstance(named, dict) else None
        return url if isinstance(url, str) and self._may_be_asked(url) else documented

    def _may_be_asked(self, url: str) -> bool:
        ours = (self._api.upload_url, self._api.api_url, *self._target.settings.allowed_origins)
        return _origin(url) in {_origin(one) for one in ours}

    def _path(self, session_id: str) -> str:
        return f"{self._api.upload_url}/files/upload_sessions/{quote(session_id, safe='')}"

    def _unknown(self) -> str:
        """An id of the form of the one that was given out, which nobody has."""
        given = self._first.get("id")
        form = given if isinstance(given, str) and given else "F971964745A5CD0C001BBE4E58196BFD"
        draw = random.Random(f"{self._target.run_id}/unknown")
        kinds = (("0123456789", str.isdigit), ("ABCDEF", str.isupper), ("abcdef", str.islower))
        return "".join(
            next((draw.choice(letters) for letters, holds in kinds if holds(character)), character)
            for character in form
        )

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        content: bytes = b"",
        free: bool = False,
    ) -> Exchange:
        wire = self._target.wire
        return wire.send(method, url, headers=headers, content=content, upload=True, free=free, passing=frozenset())


def _json(exchange: Exchange | None) -> dict[str, Any]:
    """The object that an answer holds; empty when it holds none."""
    body = exchange.answer.json if exchange is not None and exchange.answer is not None else None
    return body if isinstance(body, dict) else {}


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port of a URL; None of what is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
