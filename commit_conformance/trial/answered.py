"""Answers as the sequential model takes them: what an exchange says of sessions, parts and files, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from commit_conformance.model import FileState
from commit_conformance.model.sequential import Answered, ListedPart
from commit_conformance.target.api import Api, created_file, file_state, part_of
from commit_conformance.target.commit import CommitRun
from commit_conformance.target.upload import Upload
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import Exchange, describe_answer

#: Answers that speak of the caller, of too many requests or of a gateway: they say nothing of sessions and files.
TELLS_NOTHING = frozenset({401, 405, 408, 429, 502, 503, 504})
#: Entries of one page of a list.
_PAGE = 1000


def told(exchange: Exchange, *, shows: FileState | None = None) -> Answered:
    """What an answer says by its status alone, and of one file.

    Raises:
        Blocked: It says nothing.
    """
    if exchange.status is None or exchange.status in TELLS_NOTHING:
        raise Blocked(f"{exchange.method} was answered {describe_answer(exchange)}, which says nothing of the rule")
    said = describe_answer(exchange)
    if shows is not None:
        said += f", file {shows.file_id}" + (f" with etag {shows.etag}" if shows.etag is not None else "")
    return Answered(status=exchange.status, file=shows, said=said)


def of_commit(run: CommitRun) -> Answered:
    """The answer that ended a commit."""
    answered = told(run.last, shows=created_file(run.last.answer))
    times = {1: "once", 2: "twice"}.get(len(run.glances), f"{len(run.glances)} times")
    waited = f", after 202 {times}" if run.glances else ""
    return replace(answered, said=answered.said + waited)


def of_part(exchange: Exchange, *, offset: int, content: bytes) -> Answered:
    """The answer to a part that was uploaded."""
    part = part_of(exchange.answer, offset=offset, content=content)
    answered = told(exchange)
    return replace(answered, part=part, said=answered.said + (f", part {part.part_id}" if part else ""))


def of_file(exchange: Exchange) -> Answered:
    """The answer to reading or changing a file. A file that is shown as lying in the trash is not there."""
    body = exchange.answer.json if exchange.answer is not None and exchange.status in (200, 201) else None
    if isinstance(body, dict) and body.get("item_status") in ("trashed", "deleted"):
        return Answered(status=404, said=f"{describe_answer(exchange)}, item_status {body['item_status']}")
    return told(exchange, shows=file_state(body))


def of_content(exchange: Exchange) -> Answered:
    """The answer to reading a file's bytes."""
    answered = told(exchange)
    if exchange.answer is None or exchange.status != 200:
        return answered
    body = exchange.answer.body
    return replace(answered, sha1=sha1_of(body), said=f"{answered.said}, {len(body)} bytes")


def of_versions(exchange: Exchange) -> Answered:
    """The answer to asking for former versions."""
    answered = told(exchange)
    body = exchange.answer.json if exchange.answer is not None and exchange.status == 200 else None
    count = body.get("total_count") if isinstance(body, dict) else None
    known = count if isinstance(count, int) and not isinstance(count, bool) else None
    return replace(answered, versions=known, said=f"{answered.said}, {known} former versions")


def of_listing(items: list[dict[str, Any]], *, names: Collection[str], ids: Collection[str] = ()) -> Answered:
    """The files of a folder that have one of these names, without regard to case, or one of these ids."""
    wanted = {name.casefold() for name in names}
    states = [file_state(item) for item in items if item.get("type", "file") == "file"]
    found = tuple(
        state
        for state in states
        if state is not None and (state.file_id in ids or (state.name or "").casefold() in wanted)
    )
    by_name: dict[str, list[str]] = {}
    for file in found:
        by_name.setdefault(str(file.name), []).append(file.file_id)
    named = [f"{', '.join(known)} (named {name})" for name, known in by_name.items()]
    count = f"{len(found)} file{'' if len(found) == 1 else 's'}"
    return Answered(status=200, files=found, said=f"{count}: {' and '.join(named)}" if found else "no file")


def of_parts(api: Api, upload: Upload) -> tuple[Answered, Exchange]:
    """Every part a session lists, page by page, and the answer that was looked at last."""
    found: list[ListedPart] = []
    while True:
        exchange = api.list_parts(upload.handle, offset=len(found), limit=_PAGE)
        answered = told(exchange)
        body = exchange.answer.json if exchange.answer is not None and exchange.status == 200 else None
        entries = body.get("entries") if isinstance(body, dict) else None
        if not isinstance(entries, list):
            return answered, exchange
        found += [_listed(entry) for entry in entries]
        if len(entries) < _PAGE or len(found) > upload.session.total_parts + _PAGE:
            offsets = ", ".join(str(part.offset) for part in found)
            said = f"{answered.said}, {len(found)} parts" + (f" at {offsets}" if 0 < len(found) < 10 else "")
            return replace(answered, parts=tuple(found), said=said), exchange


def _listed(entry: Any) -> ListedPart:
    if not isinstance(entry, dict):
        return ListedPart(part_id=f"{entry!r:.60}")

    def number(name: str) -> int | None:
        value = entry.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    sha1 = entry.get("sha1")
    return ListedPart(
        part_id=str(entry.get("part_id")),
        offset=number("offset"),
        size=number("size"),
        sha1=sha1.lower() if isinstance(sha1, str) else None,
    )


def sha1_of(content: bytes) -> str:
    """The SHA-1 of some bytes, as parts and files are known by."""
    return hashlib.sha1(content).hexdigest()


def bare(said: Answered) -> Answered:
    """An answer without what other rules look at: that a file is shown with its right size, name and digest."""
    file = said.file and replace(said.file, name=None, size=None, sha1=None)
    files = said.files
    if files is not None:
        files = tuple(replace(one, name=None, size=None, sha1=None, etag=None, version_id=None) for one in files)
    return replace(said, file=file, files=files)
