"""Commits that were answered 202 and are left waiting: while a file changes, or while another session is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from commit_conformance.model import FileState, Outcome
from commit_conformance.target.commit import ONCE, Patience, pause_after
from commit_conformance.target.upload import Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.commits import Commits
from strategies.plan import CommitPlan


def put_off(server: Commits, file: FileState) -> Upload | None:
    """An upload for a new version of a file whose commit, naming the file's etag, was answered 202 and not repeated.

    None where right commits are not answered so each time, as far as is known, and where no file may be made any more:
    this one may make a version.
    """
    size = _always_put_off(server)
    if size is None or not server.target.wire.purse.has_files():
        return None
    upload = server.upload(target=file, size=size)
    etag = file.etag or "0"
    what = f"a right commit with if-match: {etag}, to be repeated later"
    plan = CommitPlan(headers=(("if-match", etag),))
    attempt = server.attempt(upload, plan, what=what, patience=ONCE, barred=True)
    return upload if attempt.outcome is Outcome.ACCEPTED else None


def was_put_off(server: Commits, upload: Upload) -> bool:
    """Whether the last answer to a commit of this upload was a 202."""
    known = [attempt for attempt in server.attempts if attempt.upload is upload]
    return bool(known) and known[-1].outcome is Outcome.ACCEPTED


def in_turns(server: Commits, uploads: Sequence[Upload]) -> list[tuple[Attempt, int]]:
    """Right commits of several uploads, each repeated after the others as long as it is answered 202.

    Returns:
        The last commit of each upload, and the number of all of its commits.
    """
    patience, waited = Patience(), 0.0
    last: dict[int, tuple[Attempt, int]] = {}
    waiting = list(range(len(uploads)))
    what = "a right commit, repeated in turns with that of another session"
    for turn in range(1, patience.polls + 2):
        for index in waiting:
            last[index] = server.attempt(uploads[index], CommitPlan(), what=what, patience=ONCE), turn
        waiting = [index for index in waiting if last[index][0].outcome is Outcome.ACCEPTED]
        if not waiting or waited > patience.seconds:
            break
        pause = min(patience.seconds, max(pause_after(last[index][0].answer) for index in waiting))
        server.target.wire.wait_as_told(pause, "commits of several sessions that were answered 202")
        waited += pause
    return [last[index] for index in range(len(uploads))]


def _always_put_off(server: Commits) -> int | None:
    """Bytes of a file, one of few parts if that will do, of which every right commit was answered 202 first."""
    bank = server.target.bank
    waited = [known.upload.session.file_size for known in server.watched]
    at_once = {known.upload.session.file_size for known in server.attempts if known.created and not known.run.glances}
    if len(waited) > 1 and not at_once:
        return bank.light_size
    return bank.file_size if waited.count(bank.file_size) > 1 and bank.file_size not in at_once else None
