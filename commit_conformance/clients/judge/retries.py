"""When something goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, passed
from commit_conformance.clients.judge.waiting import too_early
from commit_conformance.clients.play import Play

__all__ = ["JUDGES"]

FEWEST_SECONDS: Final = 0.1
"""Least pause between two tries, on average. Public clients begin with half a second, less what chance takes."""

MOST_TRIES: Final = 12
"""Tries of one request. Public clients have five or six, some ten."""


def rate_limit(play: Play) -> Finding | None:
    """A commit that was answered 429 is sent again after the seconds of Retry-After, and not before."""
    first = play.commits[0]
    for earlier, later in pairwise(play.commits):
        if earlier.status == 429 and (problem := too_early(earlier, later)):
            return failed(problem, earlier, later)
    if len(play.commits) == 1:
        told = play.result.error if play.result is not None else None
        if play.call == "commit" and told is not None and told.status == 429:
            return passed(f"the caller of the commit was told {play.result}", first)
        return failed(f"the commit was answered 429 and not sent again; the caller was told {play.result}", first)
    waited = play.commits[1].arrived - (first.answered or first.arrived)
    return passed(f"asked to wait {first.wait:g} s, it waited {waited:.2f} s", *play.commits)


def unavailable_wait(play: Play) -> Finding | None:
    """A commit that was answered 503 with Retry-After is not sent again before that."""
    first = play.commits[0]
    for earlier, later in pairwise(play.commits):
        if earlier.status == 503 and (problem := too_early(earlier, later)):
            return failed(problem, earlier, later)
    if len(play.commits) > 1:
        waited = play.commits[1].arrived - (first.answered or first.arrived)
        return passed(f"asked to wait {first.wait:g} s, it waited {waited:.2f} s", *play.commits)
    if play.result is not None and play.result.outcome == "error":
        return passed(f"it did not try again, and told its caller {play.result}", first)
    return failed(f"the commit was answered 503, and the caller was told {play.result}", first)


def retry_pause(play: Play) -> Finding | None:
    """A commit that met a server error or a limit is sent again only after a pause, and only a few times."""
    tries = play.commits
    if len(tries) == 1:
        if play.result is not None and play.result.outcome == "error":
            return passed(f"it did not try again, and told its caller {play.result}", tries[0])
        return failed(f"the commit was answered {tries[0].status}, and the caller was told {play.result}", tries[0])
    if len(tries) > MOST_TRIES:
        return failed(f"it tried {len(tries)} times", *tries[:3])
    gaps = [later.arrived - (earlier.answered or earlier.arrived) for earlier, later in pairwise(tries)]
    shown = ", ".join(f"{gap:.2f}" for gap in gaps)
    if sum(gaps) / len(gaps) < FEWEST_SECONDS:
        return failed(f"it tried {len(tries)} times, with pauses of {shown} seconds", *tries[:3])
    if play.cut:
        return passed(f"{len(tries)} tries with pauses of {shown} seconds, and not at its end yet", *tries[:3])
    return passed(f"{len(tries)} tries with pauses of {shown} seconds", *tries[:3])


def token_refreshed(play: Play) -> Finding | None:
    """A commit that was answered 401 is sent again once, with a new access token."""
    renewals = [each for each in play.sent if each.operation == "refresh_token"]
    granted = [each for each in renewals if each.status == 200]
    if not granted:
        return failed(f"no new token was fetched; the caller was told {play.result}", *play.commits, *renewals)
    after = [each for each in play.commits if each.number > granted[0].number]
    done = next((index for index, each in enumerate(after, 1) if each.status == 201), len(after))
    after = after[:done]  # what comes behind a 201 is for a rule of its own
    if not after:
        return failed(f"a new token was fetched, and the commit not sent again; the caller was told {play.result}")
    if len(granted) > 1 or len(after) > 1:
        said = f"{len(granted)} new tokens were fetched, and {len(after)} commits sent with them"
        return failed(said, *granted, *after)
    if play.result is None or play.result.outcome != "file":
        return failed(f"the commit succeeded with the new token, and the caller was told {play.result}", *after)
    return passed("one new token was fetched, and the commit sent again with it", *granted, *after)


def lost_answer(play: Play) -> Finding | None:
    """A client that hears that its own file is in the way tells success, or passes on the evidence."""
    conflicts = [each for each in play.commits if each.status == 409]
    if not conflicts or play.result is None:
        return blocked("it did not try again, so it did not hear that its own file is in the way", *play.commits)
    said = play.result
    if said.outcome == "file":
        file, shown = play.file, said.file
        if file is not None and str(shown.get("id")) == file.id:
            return passed("the caller got the file that the first commit had made", *play.commits)
        return failed(f"the caller got {said}, which is not the file that the first commit had made", *play.commits)
    if said.error is not None and said.error.status == 409 and _mentions(said.error.context_info, play.sha1):
        return passed("the caller was told of the conflict, with the sha1 of the file in the way", *play.commits)
    return failed(
        f"its own file was in the way, and the caller was told {said}, without the sha1 that shows it", *play.commits
    )


def lost_connection(play: Play) -> Finding | None:
    """A commit whose connection was lost ends in the file that is really there, or in an error."""
    if play.result is None:
        return blocked("the play ended before the client did")
    if play.result.outcome == "error":
        return passed(f"the caller was told {play.result}", *play.commits)
    if play.result.outcome != "file":
        return failed(f"the connection was lost, and the caller was told {play.result}", *play.commits)
    file = play.file
    if file is None or str(play.result.file.get("id")) != file.id:
        return failed(f"the caller got {play.result}, and there is no such file", *play.commits)
    return passed(f"after {len(play.commits)} commit(s) the caller got the file that is there", *play.commits)


def _mentions(context: Mapping[str, Any] | None, sha1: str) -> bool:
    conflicts = (context or {}).get("conflicts")
    found = conflicts if isinstance(conflicts, list) else [conflicts]
    return any(isinstance(each, Mapping) and str(each.get("sha1", "")).lower() == sha1 for each in found)


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-RATE-LIMIT": rate_limit,
    "CLIENT-UNAVAILABLE-WAIT": unavailable_wait,
    "CLIENT-RETRY-PAUSE": retry_pause,
    "CLIENT-TOKEN-REFRESHED": token_refreshed,
    "CLIENT-LOST-ANSWER": lost_answer,
    "CLIENT-LOST-CONNECTION": lost_connection,
}
