"""A failure as the event log holds it: what was sent, what came back, what would have been right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from commit_conformance.model import NOT_JSON, Problem, UploadedSession, read_part_list
from commit_conformance.target.upload import Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.wire import Exchange, describe_answer
from strategies.written import NotWritable, written

#: Exchanges kept with a failure: those before the one that matters tell how the state came about.
KEPT = 12
#: Entries of a part list kept with a failure.
KEPT_PARTS = 2000


def part_list_of(session: UploadedSession, claimed: Any) -> dict[str, Any]:
    """A claimed part list beside the uploaded one, with its defects."""
    reading = read_part_list(claimed, session)
    shown = claimed[:KEPT_PARTS] if isinstance(claimed, list) else claimed
    return {
        "file_size": session.file_size,
        "uploaded": [part.as_json() for part in session.parts[:KEPT_PARTS]],
        "claimed": shown if shown is not NOT_JSON else None,
        "defects": [
            {"kind": str(defect.kind), "index": defect.index, "message": defect.message}
            for defect in reading.defects[:50]
        ],
    }


def _shape(upload: Upload) -> dict[str, Any]:
    """What it takes to open such an upload again."""
    session = upload.session
    return {
        "file_size": session.file_size,
        "part_size": session.part_size,
        "parts": [part.offset // session.part_size for part in session.parts],
        "new_version": session.new_version_of is not None,
    }


def _got(matter: Exchange | None, attempt: Attempt | None) -> str:
    """The answer that matters; where it is not one to the commit that is told, the request it belongs to as well."""
    said = describe_answer(matter)
    if matter is None or (attempt and any(matter.n == known.n for known in attempt.run.exchanges)):
        return said
    url = urlsplit(str(matter.record["url"]))
    return f"{said}, to {matter.method} {url.path}{'?' if url.query else ''}{url.query}"


def failure_of(
    message: str,
    *,
    exchanges: Sequence[Exchange],
    sent: str,
    expected: str,
    exchange: Exchange | None = None,
    attempt: Attempt | None = None,
    problems: Sequence[Problem] = (),
    replay: str = "",
    times: tuple[int, int] = (1, 1),
    history: Sequence[str] = (),
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The failure record, and the records of the exchanges it refers to.

    Args:
        message: What the target did wrong.
        exchanges: Every exchange of the test so far, oldest first.
        exchange: The one that matters.
        times: How often the example failed, and how often it was asked.
        attempt: The commit it belongs to, if any.
        history: What led to it, a line for each operation, where the order of several is what matters.
    """
    matter = exchange or (attempt.run.last if attempt else (exchanges[-1] if exchanges else None))
    kept = [known for known in exchanges if matter is None or known.n <= matter.n][-KEPT:]
    if matter is not None and all(known.n != matter.n for known in kept):
        kept = [*kept[1:], matter]
    records = [known.record for known in kept]
    part_list = None
    if attempt is not None and attempt.parts_matter:
        part_list = part_list_of(attempt.upload.session, attempt.claimed)
    failure: dict[str, Any] = {
        "message": message,
        "sent": sent,
        "expected": expected,
        "got": _got(matter, attempt),
        "part_list": part_list,
        "problems": [{"pointer": problem.pointer, "message": problem.message} for problem in problems],
        "curl": matter.curl() if matter else "",
        "replay": replay,
        "times": {"failed": times[0], "asked": times[1]},
        "exchange": next((i for i, known in enumerate(kept) if matter and known.n == matter.n), None),
    }
    # A long upload is not opened again for one commit: its rule is tested anew.
    if attempt is not None and attempt.plan is not None and attempt.upload.in_memory:
        with suppress(NotWritable):  # what Schemathesis has drawn has no such form
            failure["plan"] = written(attempt.plan)
            failure["upload"] = _shape(attempt.upload)
    if history:
        failure["history"] = list(history)
    return failure, records
