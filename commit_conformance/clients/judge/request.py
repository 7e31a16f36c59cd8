"""What a client sends: URL, digest, headers, list, preconditions, attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, passed
from commit_conformance.clients.play import Play
from commit_conformance.clients.record import Sent
from commit_conformance.model import read_digest, read_part_list
from commit_conformance.model.parts import DefectKind, PartListReading

__all__ = ["JUDGES", "list_problem"]


def commit_url(play: Play) -> Finding | None:
    """The commit goes to the URL that the session names, whatever host and path that is."""
    for commit in play.commits[:1]:
        named = play.commit_paths.get(commit.session)
        if named is None:
            return None
        if commit.path == named:
            return passed(f"committed at {commit.path}", commit)
        return failed(f"the session named {named} for its commit, and the commit went to {commit.path}", commit)
    return None


def digest(play: Play) -> Finding | None:
    """Every commit has a digest header of the form sha=BASE64, which holds the SHA-1 of the whole file."""
    looked_at = None
    for commit in _first_tries(play):
        problems = read_digest(commit.lines("digest"), sha1=play.sha1).defects
        if problems:
            sent = commit.header("digest")
            says = f"the digest {sent!r} was sent" if sent is not None else "no digest was sent"
            return failed(f"{says}: {', '.join(sorted(problems))}", commit)
        looked_at = commit
    return passed(f"sent {looked_at.header('digest')}", looked_at) if looked_at else None


def headers(play: Play) -> Finding | None:
    """Every commit says that its body is JSON, and carries the access token as a bearer token."""
    for commit in _first_tries(play):
        kind = commit.header("content-type")
        if kind is None or kind.partition(";")[0].strip().lower() != "application/json":
            return failed(f"the content type is {kind!r}, not application/json", commit)
        scheme, _, token = (commit.header("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or token.strip() not in play.tokens:
            return failed("the header authorization is not Bearer and the access token", commit)
    return (
        passed("the content type is application/json, the token a bearer token", *play.commits[:1])
        if (play.commits)
        else None
    )


def parts_complete(play: Play) -> Finding | None:
    """The list has every uploaded part exactly once, with the part_id, offset and size that the service gave it."""
    for commit in play.commits[:1]:
        if problem := list_problem(play, commit):
            return failed(problem, commit)
        return passed(f"all {len(_entries(commit))} parts are in the list, once each", commit)
    return None


def parts_order(play: Play) -> Finding | None:
    """The list is in the order of the offsets, also where the uploads ended in another one."""
    for commit in play.commits[:1]:
        offsets = [entry.get("offset") for entry in _entries(commit) if isinstance(entry, dict)]
        numbers = [offset for offset in offsets if isinstance(offset, int)]
        if play.call == "commit" or len(numbers) < 2 or len(numbers) != len(offsets):
            return None
        if numbers != sorted(numbers):
            return failed(f"the offsets in the list are {_short(numbers)}", commit)
        if not _ended_out_of_order(play, commit):
            return None
        return passed("the parts were uploaded out of order, and the list is in order", commit)
    return None


def parts_paged(play: Play) -> Finding | None:
    """A client that lists the parts of a session reads all pages."""
    pages = [each for each in play.sent if each.operation == "list_parts" and each.status == 200]
    for commit in play.commits[:1]:
        if not pages:
            return blocked("the client did not list the parts", commit)
        if problem := list_problem(play, commit):
            return failed(f"after {len(pages)} page(s) of parts were read: {problem}", *pages, commit)
        return passed(f"{len(pages)} pages were read, and all parts are in the list", commit)
    return None


def preconditions(play: Play) -> Finding | None:
    """If-Match and If-None-Match are sent with the value that the caller gave, and not where none was given."""
    given = {"if-match": play.if_match, "if-none-match": play.if_none_match}
    for commit in _first_tries(play):
        for name, value in given.items():
            sent = commit.header(name)
            bare = sent.removeprefix("W/").strip('"') if sent is not None else None
            if bare != value:
                wanted = f"the caller gave {name}: {value}" if value is not None else f"the caller gave no {name}"
                return failed(f"{wanted}, and the commit has {sent!r}", commit)
    if play.commits and any(given.values()):
        return passed("every commit has the tag that the caller gave", play.commits[0])
    return None


def attributes(play: Play) -> Finding | None:
    """Attributes that the caller gives are in the body of the commit."""
    for commit in play.commits[:1]:
        document = commit.document
        sent = document.get("attributes") if isinstance(document, dict) else None
        wanted = play.scenario.attributes or {}
        if not isinstance(sent, dict):
            return failed(f"the caller gave {', '.join(wanted)}, and the commit has no attributes", commit)
        for name, value in wanted.items():
            if not _same_value(sent.get(name), value):
                return failed(f"the caller gave {name}: {value!r}, and the commit has {sent.get(name)!r}", commit)
        return passed(f"the commit has {', '.join(wanted)}", commit)
    return None


def list_problem(play: Play, commit: Sent) -> str | None:
    """What is wrong with the list of a commit; ``None`` if nothing is."""
    document = commit.document
    if not isinstance(document, dict):
        return "the body of the commit is no JSON object"
    defects = _read_list(play, commit, document).defects
    defects = tuple(defect for defect in defects if defect.kind is not DefectKind.WRONG_SHA1)
    if not defects:
        return None
    more = f" (and {len(defects) - 1} more)" if len(defects) > 1 else ""
    return f"{defects[0].kind}: {defects[0].message}{more}"


def _read_list(play: Play, commit: Sent, document: dict[str, Any]) -> PartListReading:
    return read_part_list(document.get("parts"), play.session_at(commit))


def _first_tries(play: Play) -> list[Sent]:
    """The commits, less those that repeat one after a 202: whether they are the same is a rule of its own."""
    before = [None, *play.commits]
    return [commit for last, commit in zip(before, play.commits, strict=False) if last is None or last.status != 202]


def _entries(commit: Sent) -> list[Any]:
    document = commit.document
    parts = document.get("parts") if isinstance(document, dict) else None
    return parts if isinstance(parts, list) else []


def _ended_out_of_order(play: Play, commit: Sent) -> bool:
    """Whether a list in the order in which the uploads ended would not be in order."""
    uploads = [
        each
        for each in play.sent
        if each.operation == "upload_part" and each.session == commit.session and each.status == 200
    ]
    uploads.sort(key=lambda each: each.answered or 0.0)
    ended = [part["offset"] for part in play.prepared.parts] if play.prepared.session else []
    ended += [each.answer_document["part"]["offset"] for each in uploads]
    return ended != sorted(ended)


def _same_value(sent: object, given: object) -> bool:
    if sent == given:
        return True
    try:
        return datetime.fromisoformat(str(sent)) == datetime.fromisoformat(str(given))
    except (ValueError, TypeError):
        return False


def _short(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:8])
    return shown + (", …" if len(numbers) > 8 else "")


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-COMMIT-URL": commit_url,
    "CLIENT-DIGEST": digest,
    "CLIENT-HEADERS": headers,
    "CLIENT-PARTS-COMPLETE": parts_complete,
    "CLIENT-PARTS-ORDER": parts_order,
    "CLIENT-PARTS-PAGED": parts_paged,
    "CLIENT-PRECONDITIONS": preconditions,
    "CLIENT-ATTRIBUTES": attributes,
}
