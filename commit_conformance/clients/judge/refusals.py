"""What was refused, and what the caller hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, observed, passed
from commit_conformance.clients.play import Play

__all__ = ["JUDGES"]


def final(play: Play) -> Finding | None:
    """A commit that was refused is not sent again."""
    first = play.commits[0]
    again = [each for each in play.commits if each.session == first.session]
    if len(again) > 1:
        return failed(f"the commit was refused with {first.status}, and sent {len(again)} times", *again)
    return passed(f"the commit was refused with {first.status}, and not sent again", first)


def told(play: Play) -> Finding | None:
    """A commit that was refused becomes an error whose HTTP status the caller can read."""
    first = play.commits[0]
    if play.result is None:
        return blocked("the play ended before the client did")
    error = play.result.error
    if error is not None and error.status == first.status:
        return passed(f"the caller was told {play.result}", first)
    return failed(f"the commit was refused with {first.status}, and the caller was told {play.result}", first)


def details(play: Play) -> Finding | None:
    """The error has the code, the request_id and the context_info of the answer."""
    refusals = [each.answer_document for each in play.commits if each.status >= 400]
    if play.result is None or play.result.error is None or not refusals:
        return blocked("there was no error whose members could be looked at")
    error = play.result.error
    lacking = []
    if error.code not in {each["code"] for each in refusals}:
        lacking.append(f"code is {error.code!r}, not {refusals[-1]['code']!r}")
    if error.request_id not in {each["request_id"] for each in refusals}:
        lacking.append(f"request_id is {error.request_id!r}, not {refusals[-1]['request_id']!r}")
    context = refusals[-1].get("context_info")
    if context and not _has(error.context_info, context):
        lacking.append("context_info is missing" if not error.context_info else "context_info is not the answer's")
    if lacking:
        return failed(f"on the error {error.kind}: {'; '.join(lacking)}", *play.commits[-1:])
    return passed("the error has code, request_id and context_info", *play.commits[-1:])


def not_modified(play: Play) -> Finding | None:
    """A 304 is told as a precondition that failed, not as success and not as a redirect."""
    first = play.commits[0]
    if play.result is None:
        return blocked("the play ended before the client did")
    if len(play.commits) > 1:
        return failed(f"the commit was answered 304, and sent {len(play.commits)} times", *play.commits)
    error = play.result.error
    if error is not None and error.status in (304, 412):
        return passed(f"the caller was told {play.result}", first)
    return failed(f"the commit was answered 304, and the caller was told {play.result}", first)


def not_json(play: Play) -> Finding | None:
    """An error whose body is not JSON is told with its HTTP status."""
    first = play.commits[0]
    if play.result is None:
        return blocked("the play ended before the client did")
    error = play.result.error
    if error is not None and error.status == first.status:
        return passed(f"the caller was told {play.result}", first)
    if play.result.outcome == "file" and any(each.status == 201 for each in play.commits):
        return passed("it committed again, and got the file", *play.commits)
    return failed(f"the commit was answered {first.status} in HTML, and the caller was told {play.result}", first)


def parts_mismatch(play: Play) -> Finding | None:
    """Whether a commit refused for a part that cannot be found is sent again is recorded."""
    count = len(play.commits)
    said = "did not send it again" if count == 1 else f"sent it {count} times"
    return observed(f"{said}; the caller was told {play.result or 'nothing yet'}", *play.commits)


def _has(told_context: Mapping[str, Any] | None, sent: Mapping[str, Any]) -> bool:
    """Whether what the caller was told has what the service said; a single conflict may be in a list or not."""
    if told_context is None:
        return False
    if dict(told_context) == dict(sent):
        return True
    theirs, ours = told_context.get("conflicts"), sent.get("conflicts")
    if ours is None or theirs is None:
        return False
    theirs, ours = (each[0] if isinstance(each, list) and len(each) == 1 else each for each in (theirs, ours))
    if not isinstance(theirs, Mapping) or not isinstance(ours, Mapping):
        return False
    return all(theirs.get(name) == ours[name] for name in ("id", "name", "sha1", "etag"))


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-REFUSAL-FINAL": final,
    "CLIENT-REFUSAL-TOLD": told,
    "CLIENT-REFUSAL-DETAILS": details,
    "CLIENT-NOT-MODIFIED": not_modified,
    "CLIENT-ERROR-NOT-JSON": not_json,
    "CLIENT-PARTS-MISMATCH": parts_mismatch,
}
