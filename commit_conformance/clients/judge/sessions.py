"""Sessions, parts and their ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, observed, passed
from commit_conformance.clients.judge.request import list_problem
from commit_conformance.clients.play import Play
from commit_conformance.model import read_digest

__all__ = ["JUDGES"]


def abort_wrong(play: Play) -> Finding | None:
    """A client does not abort a session whose commit is pending or has succeeded."""
    told_so = [each for each in play.commits if each.status in (201, 202)]
    for abort in play.sent:
        if abort.operation != "abort":
            continue
        before = [each for each in play.commits if each.number < abort.number and each.session == abort.session]
        succeeded = [each for each in before if each.status == 201 and each.wire == "normal"]
        if succeeded:
            return failed("the commit was answered 201, and the session aborted", succeeded[0], abort)
        if before and before[-1].status == 202:
            return failed("the commit was answered 202, and the session aborted", before[-1], abort)
    return passed("the session was left alone", *told_so[-1:]) if told_so else None


def abort_error(play: Play) -> Finding | None:
    """An abort that fails does not take the place of the error that led to it."""
    aborts = [each for each in play.sent if each.operation == "abort"]
    if not aborts or play.result is None:
        return blocked("the client did not abort the session, so nothing could be hidden")
    error = play.result.error
    if error is not None and error.status == 409:
        return passed(f"the abort failed, and the caller was told {play.result}", *aborts)
    return failed(f"409 led to an abort that failed, and the caller was told {play.result}", *play.commits, *aborts)


def abort_left(play: Play) -> Finding | None:
    """Whether a client aborts the session of a commit that was refused for good is recorded."""
    refused = play.commits[0]
    aborts = [each for each in play.sent if each.operation == "abort" and each.number > refused.number]
    if aborts:
        return observed(f"after {refused.status} it aborted the session", refused, *aborts)
    return observed(f"after {refused.status} it left the session as it was", refused)


def resume(play: Play) -> Finding | None:
    """A client that resumes uploads what is missing and nothing else, and commits all with the digest of the file."""
    uploads = [each for each in play.sent if each.operation == "upload_part"]
    size = play.scenario.part_size
    missing = {(number - 1) * size for number in play.scenario.missing_for("resume")}
    sent = [_offset(each.header("content-range")) for each in uploads]
    if set(sent) - missing or len(sent) != len(set(sent)):
        wanted = ", ".join(str(offset) for offset in sorted(missing))
        return failed(f"parts at {wanted} were missing, and parts at {sorted(sent)} were uploaded", *uploads)
    for commit in play.commits[:1]:
        if problem := list_problem(play, commit):
            return failed(problem, commit)
        if problems := read_digest(commit.lines("digest"), sha1=play.sha1).defects:
            return failed(f"the digest of the commit: {', '.join(sorted(problems))}", commit)
    if play.file is None or play.result is None or play.result.outcome != "file":
        return failed(f"the caller was told {play.result}", *uploads, *play.commits)
    return passed(f"the {len(uploads)} missing parts were uploaded, and the file is whole", *uploads, *play.commits)


def part_retry(play: Play) -> Finding | None:
    """A part that had to be sent twice counts once in the list and in the digest."""
    uploads = [each for each in play.sent if each.operation == "upload_part"]
    hit = [each for each in uploads if each.is_scripted]
    if not hit:
        return blocked(f"no part was uploaded; the caller was told {play.result}")
    if not play.commits:
        if play.result is not None and play.result.outcome == "error":
            return passed(f"it did not send the part again, and told its caller {play.result}", *hit)
        return failed(f"the upload of a part failed, and the caller was told {play.result}", *uploads)
    commit = play.commits[0]
    if problem := list_problem(play, commit):
        return failed(problem, *hit, commit)
    if problems := read_digest(commit.lines("digest"), sha1=play.sha1).defects:
        return failed(f"a part was sent twice, and the digest: {', '.join(sorted(problems))}", *hit, commit)
    return passed("a part was sent twice, and digest and list are right", *hit, commit)


def length(play: Play) -> Finding | None:
    """A file that is shorter or longer than its caller said is told as an error and not committed."""
    if play.stored:
        file = play.stored[0]
        return failed(f"a file of {file.size} bytes is there, and the caller's has {len(play.prepared.content)}")
    if play.hangs:
        return failed(f"after {play.seconds:.0f} seconds the caller had not been told anything", *play.commits)
    if play.result is None:
        return blocked("the play ended before the client did")
    if play.result.outcome == "error":
        return passed(f"there is no file, and the caller was told {play.result}")
    return failed(f"there is no file, and the caller was told {play.result}", *play.commits)


def _offset(content_range: str | None) -> int:
    first = (content_range or "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else -1


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-ABORT-WRONG": abort_wrong,
    "CLIENT-ABORT-ERROR": abort_error,
    "CLIENT-ABORT-LEFT": abort_left,
    "CLIENT-RESUME": resume,
    "CLIENT-PART-RETRY": part_retry,
    "CLIENT-LENGTH": length,
}
