"""The messages between the suite and a driver: read, checked and written.

Owns protocol 1 as docs/driver-protocol.md tells it and specs/driver-protocol.schema.json describes it. Must not know
processes, scenarios or rules.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from commit_conformance.specs import suite_root

__all__ = [
    "CALLS",
    "LINE_LIMIT",
    "OPTIONS",
    "PROTOCOL",
    "BrokenProtocol",
    "Call",
    "Hello",
    "Outcome",
    "ReportedError",
    "Result",
    "problem_of",
    "read_hello",
    "read_result",
    "written",
]

PROTOCOL: Final = 1
LINE_LIMIT: Final = 1024 * 1024
"""Bytes of one message. A result with the longest text that is asked for needs a tenth of it."""

Call = Literal["upload", "commit", "commit_listed", "resume"]
Outcome = Literal["file", "pending", "nothing", "error", "unsupported"]
CALLS: Final[tuple[Call, ...]] = get_args(Call)
OPTIONS: Final = ("new_version", "attributes", "if_match", "if_none_match", "declared_size", "refresh", "patience")

_SCHEMA: Final = "specs/driver-protocol.schema.json"
_SHOWN = 200  # Characters of a line that is no message: enough to see what it is.


class BrokenProtocol(Exception):
    """A line that is no message of the protocol, or not the one that was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a driver says of itself.

    Attributes:
        name: The SDK's name.
        version: Its version, as it is installed.
        language: Its language.
        runtime: What runs it; empty where the driver does not say.
        note: One line for reports; empty where there is none.
        calls: The calls the SDK has, each with the options it takes.
    """

    name: str
    version: str
    language: str
    runtime: str = ""
    note: str = ""
    calls: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def can(self, call: str, options: frozenset[str] = frozenset()) -> bool:
        """Whether a call can be asked for with these options."""
        return call in self.calls and options <= self.calls[call]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedError:
    """What the caller of the SDK could read off an error.

    Attributes:
        kind: Name of its class.
        message: Its message.
        status: HTTP status, or ``None`` where no field has it; so with the next four.
        text: Everything the SDK prints of it where nobody catches it.
    """

    kind: str
    message: str = ""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    context_info: Mapping[str, Any] | None = None
    retry_after: float | str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the caller of the SDK was told.

    Attributes:
        outcome: How the call ended.
        file: Members of the File, with outcome ``file``.
        error: The error, with outcome ``error``.
        reason: Why the SDK cannot do this, with outcome ``unsupported``.
        changed_arguments: What the call changed of what it was given; ``None`` where the driver did not look.
        document: The message as it came.
    """

    outcome: Outcome
    file: Mapping[str, Any] = field(default_factory=dict)
    error: ReportedError | None = None
    reason: str = ""
    changed_arguments: tuple[str, ...] | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        match self.outcome:
            case "file":
                return f"a file with the id {self.file.get('id')!r}"
            case "pending":
                return "that the commit is pending"
            case "nothing":
                return "nothing: neither a file nor an error"
            case "unsupported":
                return f"that the SDK cannot do this: {self.reason}"
        error = self.error or ReportedError(kind="error")
        told = " ".join(str(each) for each in (error.status, error.code) if each is not None)
        which = f"({told})" if told else "without a status"
        message = " ".join(error.message.split())[:_SHOWN]
        return f"an error {error.kind} {which}{f': {message}' if message else ''}"


def written(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def read_hello(line: bytes) -> Hello:
    """The first line of a driver.

    Raises:
        BrokenProtocol: It is no hello, or one of another protocol.
    """
    document = _message(line, "hello")
    sdk = document["sdk"]
    return Hello(
        name=sdk["name"],
        version=sdk["version"],
        language=sdk["language"],
        runtime=sdk.get("runtime", ""),
        note=document.get("note") or "",
        calls={call: frozenset(options) for call, options in document["calls"].items()},
    )


def read_result(line: bytes, *, scenario: str) -> Result:
    """The answer to a scenario.

    Raises:
        BrokenProtocol: It is no result, or that of another scenario.
    """
    document = _message(line, "result")
    if document["id"] != scenario:
        raise BrokenProtocol(f"answered {document['id'][:_SHOWN]!r} when {scenario!r} was asked")
    error = document.get("error") if document["outcome"] == "error" else None
    changed = document.get("changed_arguments")
    return Result(
        outcome=document["outcome"],
        file=document.get("file") or {},
        error=_error(error) if error else None,
        reason=document.get("reason") or "",
        changed_arguments=None if changed is None else tuple(changed),
        document=document,
    )


def problem_of(document: object, kind: str) -> str | None:
    """What is wrong with a message, or with ``driver.toml`` as a document, by the schema; ``None`` if nothing is."""
    error = next(iter(_validator(kind).iter_errors(document)), None)
    if error is None:
        return None
    place = "/".join(str(step) for step in error.absolute_path)
    return f"{place}: {' '.join(error.message.split())[:_SHOWN]}" if place else error.message[:_SHOWN]


def _error(document: Mapping[str, Any]) -> ReportedError:
    return ReportedError(
        kind=document["class"],
        message=document["message"] or "",
        status=document.get("status"),
        code=document.get("code"),
        request_id=document.get("request_id"),
        context_info=document.get("context_info"),
        retry_after=document.get("retry_after"),
        text=document.get("text") or "",
    )


def _message(line: bytes, kind: str) -> dict[str, Any]:
    shown = line[:_SHOWN].decode("utf-8", "backslashreplace").rstrip()
    try:
        document = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise BrokenProtocol(f"a {kind} was due, and this is no JSON: {shown!r}") from None
    if not isinstance(document, dict):
        raise BrokenProtocol(f"a {kind} was due, and this is no object: {shown!r}")
    if kind == "hello" and document.get("type") == "hello" and document.get("protocol") != PROTOCOL:
        raise BrokenProtocol(f"speaks protocol {document.get('protocol')!r}; this suite speaks {PROTOCOL}")
    if problem := problem_of(document, kind):
        raise BrokenProtocol(f"a {kind} was due, and this is none ({problem}): {shown!r}")
    return document


@functools.cache
def _schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(suite_root() / _SCHEMA).read_text(encoding="utf-8"))
    return document


@functools.cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": _schema()["$defs"]})
