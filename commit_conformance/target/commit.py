"""Sends a commit and follows it through every 202 to its end.

Nothing is judged here. While the target answers 202, the watcher looks at what a caller could see meanwhile, so that
rules about that time have evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from commit_conformance.model import Answer, CommitRequest
from commit_conformance.model.answers import retry_after_seconds
from commit_conformance.target.api import Api
from commit_conformance.target.upload import Upload
from commit_conformance.wire import Exchange, Wire
from commit_conformance.wire.client import PASSING
from commit_conformance.wire.outages import Busy

#: Statuses after which the wire sends a commit again. 429 is not among them: it is followed here, with a look around.
COMMIT_PASSING = PASSING - {429}
#: Bytes of an answer to a commit. A File with every field has some five thousand; hundreds of answers are kept.
ANSWER_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a 202 is followed: a number of further requests, and seconds in all.

    Fifteen 202 in a row have been seen for a 12 GB file (rclone#2054); files here are small.
    """

    polls: int = 20
    seconds: float = 120.0


#: One request, and no repetition of it.
ONCE = Patience(polls=0)


def pause_after(answer: Answer) -> float:
    """Seconds to wait before a commit is repeated: what Retry-After says, and one where it says nothing."""
    asked = retry_after_seconds(answer)
    return 1.0 if asked is None else asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What was visible after one 202 or 429.

    Attributes:
        accepted: That answer.
        status: The session's state at that time; None when it was not asked for.
        items: The run's folder at that time; None when it was not asked for or could not be had.
    """

    accepted: Exchange
    status: Exchange | None = None
    items: list[dict[str, Any]] | None = None


@dataclass(slots=True, kw_only=True)
class CommitRun:
    """One commit with all its repetitions.

    Attributes:
        request: What was sent, each time alike.
        exchanges: Every exchange, the last one being the end.
        glances: One for each 202.
        limited: One for each 429.
        early: Whether the request was repeated before Retry-After had passed.
    """

    request: CommitRequest
    exchanges: list[Exchange] = field(default_factory=list)
    glances: list[Glance] = field(default_factory=list)
    limited: list[Glance] = field(default_factory=list)
    early: bool = False

    @property
    def last(self) -> Exchange:
        """The exchange that ended it."""
        return self.exchanges[-1]

    @property
    def lost(self) -> bool:
        """Whether it was sent again because an answer was lost, so that the target may have carried it out before."""
        return any(exchange.lost for exchange in self.exchanges)

    @property
    def answer(self) -> Answer:
        """The answer that ended it; still a 202 when patience ran out."""
        answer = self.last.answer
        assert answer is not None  # the wire raises when there is none
        return answer


def send_commit(wire: Wire, upload: Upload, request: CommitRequest, **options: Any) -> Exchange:
    """Sends a commit until it is answered: the contract has it that a commit may be repeated.

    Gateway answers are waited out, 429 are not. Whether the answer is one to a repetition stands in ``lost``. Options
    are those of `Wire.send`.
    """
    options = {"passing": COMMIT_PASSING, "body_limit": ANSWER_LIMIT, **options}
    return wire.send("POST", upload.commit_url, headers=request.headers, content=request.body, upload=True, **options)


def follow(
    api: Api,
    upload: Upload,
    request: CommitRequest,
    *,
    patience: Patience,
    list_folder: Callable[[], list[dict[str, Any]] | None] | None = None,
    watch: bool = False,
    early: bool = False,
    accepted: Callable[[], object] | None = None,
    meanwhile: Callable[[float], None] | None = None,
    **options: Any,
) -> CommitRun:
    """Sends a commit and repeats it as long as it is answered 202.

    Args:
        list_folder: Lists the run's folder, None where the target cannot.
        watch: Whether to look at session and folder after each 202.
        early: Whether to repeat the request once before the time is up.
        accepted: Called at each 202.
        meanwhile: What to do in the seconds after a 202. After a 429 nothing else is asked either.
        options: Further options of `Wire.send`.

    Raises:
        Busy: It was answered 429 to the end of all patience.
        WireError: No answer was had, or no end to the 202 within what a run may wait for all of them.
    """
    run = CommitRun(request=request)
    upload.unsettled = True
    run.exchanges.append(_answered(api, upload, request, options))
    waited = 0.0
    while run.last.status in (202, 429) and len(run.exchanges) <= patience.polls and waited <= patience.seconds:
        later = run.last
        asked = retry_after_seconds(run.answer)
        pause = pause_after(run.answer)
        if accepted is not None and later.status == 202:
            accepted()
        if later.status == 429:
            run.limited.append(Glance(accepted=later, items=list_folder() if list_folder else None))
        elif watch:
            items = list_folder() if list_folder else None
            run.glances.append(Glance(accepted=later, status=api.status(upload.handle), items=items))
        else:
            run.glances.append(Glance(accepted=later))
        if early and not run.early and pause > 0 and later.status == 202:
            run.early = True  # once, to see that haste does no harm
        else:
            told = "" if asked is None else f" with Retry-After: {asked:g}"
            api.wire.wait_as_told(
                min(pause, patience.seconds),
                f"a commit that was answered {later.status}{told}",
                meanwhile=meanwhile if later.status == 202 else None,
            )
            waited += pause
        run.exchanges.append(_answered(api, upload, request, options))
    if run.last.status == 429:
        raise Busy(f"a commit was answered 429, {len(run.exchanges)} times over", run.last)
    return run


def _answered(api: Api, upload: Upload, request: CommitRequest, options: dict[str, Any]) -> Exchange:
    """The answer to a commit. A 502, 503 or 504 is one when the target is well, and nothing but this commit gets it.

    Raises:
        Busy: Other requests are answered like that as well, or no longer once they were: the target is in trouble.
        WireError: No answer was had.
    """
    try:
        return send_commit(api.wire, upload, request, **options)
    except Busy as busy:
        if busy.exchange.status == 429:
            raise
        api.status(upload.handle)  # whatever it is answered, if only it is
        again = api.wire.send(
            "POST",
            upload.commit_url,
            headers=request.headers,
            content=request.body,
            upload=True,
            **{**options, "passing": frozenset(), "repeatable": False},
        )
        if again.status in COMMIT_PASSING:
            api.status(upload.handle)
        return replace(again, lost=again.lost + (again.status not in COMMIT_PASSING))
