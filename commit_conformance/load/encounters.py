"""Requests that meet: what one order of them can explain is right, whatever each was answered.

Each meeting sends two or three requests at the same moment, one of them now and then held back a little, reads
afterwards what is there, and lets the model look for an order in which it all could have come one after the other. The
scenes are those of the races that a run has; here they meet many other requests besides.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from commit_conformance.model import FileState
from commit_conformance.model.history import Call, explain, history_lines
from commit_conformance.model.sequential import (
    Abort,
    Answered,
    Commit,
    ListFolder,
    PutPart,
    ReadContent,
    SessionState,
    World,
)
from commit_conformance.target.api import created_file, part_of
from commit_conformance.target.commit import CommitRun, Patience, follow
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.answered import bare, of_commit, of_content, of_listing, of_part, sha1_of, told
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import Exchange
from strategies.plan import CommitPlan
from strategies.preconditions import current_if_match

if TYPE_CHECKING:
    from commit_conformance.load.work import Work

T = TypeVar("T")
#: Seconds by which one request is held back at most: about what one takes on a server nearby.
LONGEST_LAG = 0.02


@dataclass(frozen=True, slots=True)
class Finish(Generic[T]):
    """What one request came to, and when it was sent and answered."""

    result: T
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What came of a meeting.

    Attributes:
        name: What met, in words.
        rule: The rule that it is about.
        runs: The commits in it.
        world: What was there before.
        calls: What was asked and answered, with what was read afterwards.
        wrong: What is wrong besides; empty where an order of the calls says all.
        silent: Why it says nothing, where no order explains it; empty where it does say something.
    """

    name: str
    rule: str
    runs: Sequence[CommitRun]
    world: World
    calls: Sequence[Call]
    wrong: str = ""
    silent: str = ""


def meet(work: Work) -> None:
    """Lets some requests of one user meet, and judges what comes of it."""
    scenes: list[Callable[[Work], Meeting | None]] = [_one_session, _one_name, _last_part, _abort]
    if work.may("new_version"):
        scenes.append(_one_etag)
    scene = work.chance.choice(scenes)
    try:
        found = scene(work)
    except Blocked as nothing:
        work.tally.unjudged[f"in a meeting: {nothing}"[:120]] += 1
        return
    if found is not None:
        _judge(work, found)


def _judge(work: Work, found: Meeting) -> None:
    from commit_conformance.load.work import Said

    work.tally.meetings[found.name] += 1
    for run in found.runs:
        work.count(run)
    calls = [replace(call, answered=bare(call.answered)) for call in found.calls]
    explanation = explain(found.world, calls)
    now, rule = time.time(), ""
    lost = any(run.lost for run in found.runs)
    if explanation and not found.wrong:
        work.tally.holds(now=now)
    elif found.silent or lost:
        work.tally.unjudged[found.silent or "an answer was lost in a meeting"] += 1
    else:
        rule = found.rule
        work.forget(created_file(run.answer) for run in found.runs)
        said = found.wrong or f"no order explains the answers: {'; '.join(dict.fromkeys(explanation.wrong))}"
        example = {
            "sent": found.name,
            "history": [work.safe(line) for line in history_lines(calls, explanation)],
            "exchanges": [exchange.record for run in found.runs for exchange in run.exchanges[-1:]],
        }
        work.tally.breaks(rule, work.safe(f"{found.name}: {said}"), now=now, example=example)
    seconds = max((call.end for call in found.calls[: len(found.runs)]), default=0.0) - min(
        (call.begin for call in found.calls), default=0.0
    )
    work.hear(Said(kind="MEETING", name=found.name, seconds=seconds, rule=rule))


# The scenes


def _one_session(work: Work) -> Meeting:
    """The same right commit, three times at once: one file, and no answer that names another."""
    upload = work.open(size=work.ground.light_size)
    finishes = at_once([_sender(work, upload)] * 3, lag=_lag(work))
    runs = [finish.result for finish in finishes]
    files = _settle(work, [(upload, run) for run in runs])
    calls = [_commit(finish, "commit S", "S") for finish in finishes]
    calls += _listing(work, [upload])
    wrong = "" if files else f"none of three identical commits succeeded: {_said(runs)}"
    ids = {file.file_id for file in files}
    if len(ids) > 1:
        wrong = f"they made {len(ids)} files"
    return Meeting(
        name="three commits of one session",
        rule="REPEAT-CONCURRENT",
        runs=runs,
        world=World(sessions={"S": SessionState(session=upload.session)}),
        calls=calls,
        wrong=wrong,
        silent=_put_off(runs) if not files else "",
    )


def _one_name(work: Work) -> Meeting:
    """Two sessions for one name, committed at once: one file, and a refusal for the other."""
    name = work.file_name()
    uploads = [work.open(size=work.ground.light_size, name=name) for _ in range(2)]
    finishes = at_once([_sender(work, upload) for upload in uploads], lag=_lag(work))
    runs = [finish.result for finish in finishes]
    _settle(work, list(zip(uploads, runs, strict=True)))
    calls = [_commit(finish, f"commit {key}", key) for key, finish in zip("AB", finishes, strict=True)]
    calls += _listing(work, uploads)
    made = sum(_took_effect(run) for run in runs)
    wrong = "" if made == 1 else f"{made} of two commits for one name made a file: {_said(runs)}"
    sessions = {key: SessionState(session=upload.session) for key, upload in zip("AB", uploads, strict=True)}
    return Meeting(
        name="two sessions for one name",
        rule="CONFLICT-RACE",
        runs=runs,
        world=World(sessions=sessions),
        calls=calls,
        wrong=wrong,
        silent=_put_off(runs) if not made else "",
    )


def _last_part(work: Work) -> Meeting | None:
    """The last part, and a commit that lists the others: never a file with bytes missing."""
    size = work.ground.light_size
    total = -(-size // work.ground.part_size)
    if total < 2:
        return None
    upload = work.open(size=size, parts=range(total - 1))
    before = upload.session
    offset, piece = upload.piece(total - 1)

    def put() -> Exchange:
        return work.target.api.upload_part(upload.handle, piece, offset=offset, total=size)

    committed, sent = _both(_sender(work, upload), put, lag=_lag(work))
    _settle(work, [(upload, committed.result)])
    part = part_of(sent.result.answer, offset=offset, content=piece)
    if part is not None:
        upload.add(part)
    taken = of_part(sent.result, offset=offset, content=piece)
    asked = PutPart(key="S", offset=offset, size=len(piece), sha1=sha1_of(piece), busy=True)
    calls = [_call(sent, "put the last part of S", asked, taken)]
    run = committed.result
    if run.answer.status != 202:  # 202 to the end and a refusal are both right, since a part was missing
        commit = Commit(key="S", request=run.request, busy=True, on_the_way=True)
        calls.append(_call(committed, "commit the other parts of S", commit, of_commit(run)))
    file = created_file(run.answer) if _took_effect(run) else None
    if file is not None and work.able("read_content"):
        calls.append(_content(work, upload, file))
    return Meeting(
        name="a commit and the last part",
        rule="REPEAT-UPLOAD-RACE",
        runs=[run],
        world=World(sessions={"S": SessionState(session=before)}),
        calls=calls,
        silent="an answer was lost in a meeting" if sent.result.lost else "",
    )


def _abort(work: Work) -> Meeting:
    """A right commit and an abort at once: either the file or none, as the answers say."""
    upload = work.open(size=work.ground.light_size)
    committed, aborted = _both(_sender(work, upload), lambda: work.target.api.abort(upload.handle), lag=_lag(work))
    run = committed.result
    _settle(work, [(upload, run)])
    commit = Commit(key="S", request=run.request, busy=True)
    calls = [
        _call(committed, "commit S", commit, of_commit(run)),
        _call(aborted, "abort S", Abort(key="S", busy=True), told(aborted.result)),
        *_listing(work, [upload]),
    ]
    if not _took_effect(run):
        upload.state = State.GONE
    put_off = _put_off([run])
    return Meeting(
        name="a commit and an abort",
        rule="REPEAT-ABORT-RACE",
        runs=[run],
        world=World(sessions={"S": SessionState(session=upload.session)}),
        calls=calls,
        silent="an answer was lost in a meeting" if aborted.result.lost else put_off,
    )


def _one_etag(work: Work) -> Meeting | None:
    """Two new versions that name the same etag, committed at once: one is made, the other is refused."""
    file = work.current_file()
    if file is None:
        return None
    uploads = [upload for upload in (work.open_version(file) for _ in range(2)) if upload is not None]
    if len(uploads) < 2:
        return None
    finishes = at_once([_sender(work, upload, current_if_match) for upload in uploads], lag=_lag(work))
    runs = [finish.result for finish in finishes]
    _settle(work, list(zip(uploads, runs, strict=True)))
    made = [(upload, run) for upload, run in zip(uploads, runs, strict=True) if _took_effect(run)]
    calls = [_commit(finish, f"commit {key}", key, busy=True) for key, finish in zip("AB", finishes, strict=True)]
    shown = created_file(made[0][1].answer) if len(made) == 1 else None
    if shown is not None and work.able("read_content"):
        calls.append(_content(work, made[0][0], shown))
    sessions = {key: SessionState(session=upload.session) for key, upload in zip("AB", uploads, strict=True)}
    known = replace(file, sha1=None, size=None, name=None)
    return Meeting(
        name="two versions of one etag",
        rule="IF-MATCH-RACE",
        runs=runs,
        world=World(sessions=sessions, files={file.file_id: known}),
        calls=calls,
        wrong="" if len(made) == 1 else f"{len(made)} of two commits with one if-match succeeded: {_said(runs)}",
        silent=_put_off(runs) if not made else "",
    )


# What they are made of


def at_once(sends: Sequence[Callable[[], T]], *, lag: float = 0.0) -> list[Finish[T]]:
    """Sends requests at the same moment; gives what came of them, in their order.

    Args:
        lag: Seconds by which each is held back against the one before it.
    """
    barrier = threading.Barrier(len(sends))

    def send(index: int) -> Finish[T]:
        barrier.wait()
        if lag and index:
            time.sleep(lag * index)
        begin = time.monotonic()
        return Finish(sends[index](), begin, time.monotonic())

    with ThreadPoolExecutor(len(sends)) as pool:
        return list(pool.map(send, range(len(sends))))


def _both(
    commit: Callable[[], CommitRun], other: Callable[[], Exchange], *, lag: float
) -> tuple[Finish[CommitRun], Finish[Exchange]]:
    sends: list[Callable[[], CommitRun | Exchange]] = [commit, other]
    first, second = at_once(sends, lag=lag)
    assert isinstance(first.result, CommitRun)
    assert isinstance(second.result, Exchange)
    return Finish(first.result, first.begin, first.end), Finish(second.result, second.begin, second.end)


def _lag(work: Work) -> float:
    """Every other time none: most windows are short and lie close to the moment at which both are sent."""
    return 0.0 if work.chance.random() < 0.5 else LONGEST_LAG * work.chance.random() ** 2


def _sender(work: Work, upload: Upload, plan: CommitPlan | None = None) -> Callable[[], CommitRun]:
    """Commits an upload, with a request that is built now and not when it is sent."""
    request = (plan or CommitPlan()).build(work.material(upload))

    def send() -> CommitRun:
        work.tally.goes_out("meeting", now=time.time())
        return follow(work.target.api, upload, request, patience=Patience())

    return send


def _call(finish: Finish[T], what: str, operation: Commit | PutPart | Abort, said: Answered) -> Call:
    return Call(what=what, operation=operation, answered=said, begin=finish.begin, end=finish.end)


def _commit(finish: Finish[CommitRun], what: str, key: str, *, busy: bool = False) -> Call:
    run = finish.result
    return _call(finish, what, Commit(key=key, request=run.request, busy=busy), of_commit(run))


def _took_effect(run: CommitRun) -> bool:
    return 200 <= run.answer.status <= 299 and run.answer.status != 202


def _said(runs: Sequence[CommitRun]) -> str:
    return ", ".join(str(run.answer.status) for run in runs)


def _put_off(runs: Sequence[CommitRun]) -> str:
    """Why a meeting in which nothing was made says nothing: its commits hardly met, or other rules are at stake."""
    if any(run.glances or run.limited for run in runs):
        return "a meeting was put off by 202 or 429, and nothing was made"
    return ""


def _settle(work: Work, pairs: Sequence[tuple[Upload, CommitRun]]) -> list[FileState]:
    """Notes what commits have made; gives the files that were shown."""
    files = []
    for upload, run in pairs:
        upload.unsettled = False
        if not _took_effect(run):
            continue
        file = created_file(run.answer)
        if upload.state is not State.COMMITTED:
            work.made(file, upload)
        elif file is not None:
            work.strangers.add(file.file_id)
        if file is None:
            raise Blocked("a commit succeeded and did not show its file; see CREATED-LIST")
        files.append(file)
    return files


def _listing(work: Work, uploads: Sequence[Upload]) -> list[Call]:
    """The files of some names after a meeting, where the folder can be listed."""
    if not work.able("list_folder") or "CREATED-LISTED" in work.tally.wrong:
        return []  # or its list says nothing of a meeting
    begin = time.monotonic()
    items = work.target.items()
    if items is None:
        return []
    names = [upload.session.name for upload in uploads]
    said = of_listing(items, names=names)
    work.strangers.update(file.file_id for file in said.files or ())
    end = time.monotonic()
    return [Call(what="then: list the folder", operation=ListFolder(), answered=said, begin=begin, end=end)]


def _content(work: Work, upload: Upload, file: FileState) -> Call:
    """The bytes of a file after a meeting."""
    begin = time.monotonic()
    exchange = work.target.api.get_content(file.file_id, limit=upload.session.file_size + 4096)
    said = of_content(exchange)
    operation = ReadContent(file_id=file.file_id)
    return Call(what="then: read its content", operation=operation, answered=said, begin=begin, end=time.monotonic())
