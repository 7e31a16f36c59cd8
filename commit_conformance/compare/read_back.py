"""What can be seen of a file after its commit, and what is wrong with it. Reads only; knows nothing of steps."""

from __future__ import annotations

from dataclasses import dataclass

from commit_conformance.model import FileState, Problem, UploadedSession
from commit_conformance.target.api import file_state
from commit_conformance.target.connect import Target
from commit_conformance.target.upload import Upload
from commit_conformance.wire import describe_answer

#: Up to this size every committed file is downloaded and compared; larger ones would cost as much as uploading them.
ALWAYS_COMPARED = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is there.

    Attributes:
        said: What was looked at and found; None where the target can show nothing of it.
        problems: What is wrong with it.
    """

    said: str | None
    problems: tuple[Problem, ...] = ()


def read_back(target: Target, upload: Upload, file: FileState | None) -> Stored:
    """Reads a file that was just committed: its fields, its bytes where they are few, and whether it is listed."""
    said: list[str] = []
    problems: list[Problem] = []
    session = upload.session
    if file is not None and _may(target, "read_file"):
        exchange = target.api.get_file(file.file_id)
        shown = file_state(exchange.answer.json) if exchange.answer and exchange.status == 200 else None
        if target.can_read("read_file", exchange, shown is not None):
            wrong = _fields(shown, session) if shown else f"GET of it was answered {describe_answer(exchange)}"
            said.append(wrong or "it reads as uploaded")
            problems += [Problem("CREATED-READ-BACK", wrong)] if wrong else []
    if file is not None and session.file_size <= ALWAYS_COMPARED and _may(target, "read_content"):
        exchange = target.api.get_content(file.file_id, limit=session.file_size + 4096)
        if target.can_read("read_content", exchange, exchange.status == 200):
            stored = exchange.answer.body if exchange.answer and exchange.status == 200 else None
            wrong = _content(stored, upload.content)
            said.append(wrong or "the bytes are those that were uploaded")
            problems += [Problem("CREATED-CONTENT", wrong)] if wrong else []
    count = listed(target, session)
    if count is not None and file is not None:
        said.append("it is listed once" if count == 1 else f"the folder lists {count} files of its name")
        problems += [Problem("CREATED-LISTED", said[-1])] if count != 1 else []
    return Stored(said="; ".join(said) or None, problems=tuple(problems))


def listed(target: Target, session: UploadedSession) -> int | None:
    """How many files of a session's name its folder lists; None where it cannot be listed."""
    items = target.items()
    return None if items is None else sum(item.get("name") == session.name for item in items)


def _may(target: Target, capability: str) -> bool:
    """Whether something can be read, as far as is known: what was never tried may be."""
    known = target.capabilities.get(capability)
    return known is None or known.available


def _fields(shown: FileState, session: UploadedSession) -> str | None:
    pairs = (
        ("sha1", shown.sha1.lower() if shown.sha1 else None, session.sha1),
        ("size", shown.size, session.file_size),
        ("name", shown.name, session.name),
    )
    wrong = [name for name, found, right in pairs if found is not None and found != right]
    return f"it reads with another {' and '.join(wrong)}" if wrong else None


def _content(stored: bytes | None, uploaded: bytes) -> str | None:
    if stored == uploaded:
        return None
    if stored is None:
        return "its content cannot be read"
    if len(stored) != len(uploaded):
        return f"{len(stored):,} bytes are stored, {len(uploaded):,} were uploaded"
    return "other bytes are stored than were uploaded"
