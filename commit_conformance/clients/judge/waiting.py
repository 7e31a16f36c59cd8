"""202, and how to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, passed
from commit_conformance.clients.play import Play
from commit_conformance.clients.record import Sent
from commit_conformance.clients.scenarios import LAST_TRY

__all__ = ["EARLY", "JUDGES", "too_early"]

EARLY: Final = 0.05
"""Seconds by which a client may be early: timers of common runtimes fire up to some milliseconds before their time.
The time is measured from before the answer is sent until after the next request has arrived, so it is never too short.
"""

_SAME_HEADERS: Final = ("digest", "if-match", "if-none-match", "content-type")


def retried(play: Play) -> Finding | None:
    """After a 202 the client commits again, until there is a file or its patience ends."""
    accepted = [each for each in play.commits if each.status == 202]
    if not accepted:
        return None
    said, count = play.result, len(play.commits)
    if said is None:
        return blocked(f"the play ended before the client did, after {count} commit(s)")
    after_last = [each for each in play.commits if each.number > accepted[-1].number]
    if said.outcome == "file" and after_last:
        return passed(f"committed {count} times, and got the file", *play.commits)
    told_pending = said.outcome == "pending" or (said.error is not None and said.error.status == 202)
    if told_pending and play.call == "commit":
        return passed("the caller of the commit was told that it is pending", *play.commits)
    tries = "it was not sent again" if count == 1 else f"it was sent {count} times"
    return failed(f"the commit was answered 202, {tries}, and the caller was told {said}", *play.commits)


def wait(play: Play) -> Finding | None:
    """Between a 202 and the next commit lie at least the seconds of its Retry-After."""
    asked = [each for each in play.commits if each.status == 202 and each.wait]
    problem, waited = _waits(play, asked)
    if problem is not None:
        return problem
    last = play.commits[-1] if play.commits else None
    if last is not None and last in asked and play.scenario.watch is not None:
        if play.cut:
            return passed(f"for the {play.scenario.watch:g} seconds of the check it did not commit again", last)
        if play.result is not None and play.result.outcome in ("pending", "error"):
            return passed(f"it did not commit again, and told its caller {play.result}", last)
    return passed("; ".join(waited), *asked) if waited else None


def same(play: Play) -> Finding | None:
    """A commit after a 202 is the same request again: URL, digest, preconditions, list and attributes."""
    repeated = None
    for earlier, later in pairwise(play.commits):
        if earlier.status != 202:
            continue
        if difference := _difference(earlier, later):
            return failed(f"the commit after a 202 differs from the one before: {difference}", earlier, later)
        repeated = later
    return passed("the commit after a 202 is the one before", repeated) if repeated else None


def no_header(play: Play) -> Finding | None:
    """A 202 without Retry-After is waited for as well, by a time of the client's own."""
    return retried(play)


def bound(play: Play) -> Finding | None:
    """A client does not repeat a commit that is answered 202 for ever."""
    count = sum(each.status == 202 for each in play.commits)
    if count >= LAST_TRY:
        return failed(f"it was answered 202 for {count} commits in a row, and went on", *play.commits[:2])
    if play.result is None:
        watched = f"{play.scenario.watch:g} seconds"
        return blocked(f"after {watched} and {count} commits it was still asking, which a patient client may")
    return passed(f"it gave up after {count} commit(s)", *play.commits[-1:])


def told(play: Play) -> Finding | None:
    """A client that gives up on a commit answered 202 says that it is still pending."""
    count = sum(each.status == 202 for each in play.commits)
    if play.result is None or count >= LAST_TRY:
        return blocked("the client did not give up by itself")
    said = play.result
    if said.outcome == "pending" or (said.error is not None and said.error.status == 202):
        return passed(f"after {count} commit(s) the caller was told {said}")
    return failed(f"the commit was answered 202 {count} times, and the caller was told {said}", *play.commits[-1:])


def header_case(play: Play) -> Finding | None:
    """Retry-After is understood in whatever case its name is written."""
    return _retried_in_time(play, [each for each in play.commits if each.status == 202])


def header_date(play: Play) -> Finding | None:
    """A Retry-After that is a date is waited for."""
    for earlier, later in pairwise(play.commits):
        if earlier.not_before is not None and later.arrived_at < earlier.not_before - EARLY:
            early = earlier.not_before - later.arrived_at
            return failed(f"the next commit came {early:.1f} seconds before the moment it was asked to wait for", later)
    return retried(play)


def header_junk(play: Play) -> Finding | None:
    """A Retry-After that cannot be understood is treated as if it were not there."""
    return retried(play)


def _retried_in_time(play: Play, asked: list[Sent]) -> Finding | None:
    problem, _ = _waits(play, asked)
    return problem or retried(play)


def _waits(play: Play, asked: list[Sent]) -> tuple[Finding | None, list[str]]:
    """The first commit that came too early, and how long was waited where it was long enough."""
    waited = []
    for earlier, later in pairwise(play.commits):
        if earlier not in asked or earlier.wait is None:
            continue
        if problem := too_early(earlier, later):
            return failed(problem, earlier, later), []
        waited.append(f"asked to wait {earlier.wait:g} s, it waited {_gap(earlier, later):.2f} s")
    return None, waited


def too_early(earlier: Sent, later: Sent) -> str | None:
    """How much too early a request came after an answer that asked to wait; ``None`` if it did not."""
    if earlier.wait is None or _gap(earlier, later) >= earlier.wait - EARLY:
        return None
    return f"asked by {earlier.says} to wait, it came again after {_gap(earlier, later):.2f} seconds"


def _gap(earlier: Sent, later: Sent) -> float:
    return later.arrived - (earlier.answered if earlier.answered is not None else earlier.arrived)


def _difference(earlier: Sent, later: Sent) -> str | None:
    if earlier.target != later.target:
        return f"it went to {later.target} in place of {earlier.target}"
    for name in _SAME_HEADERS:
        if earlier.header(name) != later.header(name):
            return f"{name} is {later.header(name)!r} in place of {earlier.header(name)!r}"
    if earlier.document != later.document or (earlier.document is None and earlier.body != later.body):
        return "the body has changed"
    return None


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-ACCEPTED-RETRIED": retried,
    "CLIENT-ACCEPTED-WAIT": wait,
    "CLIENT-ACCEPTED-SAME": same,
    "CLIENT-ACCEPTED-NO-HEADER": no_header,
    "CLIENT-ACCEPTED-BOUND": bound,
    "CLIENT-ACCEPTED-TOLD": told,
    "CLIENT-RETRY-AFTER-CASE": header_case,
    "CLIENT-RETRY-AFTER-DATE": header_date,
    "CLIENT-RETRY-AFTER-JUNK": header_junk,
}
