"""409: another item of the same name is in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commit_conformance.model import FileState
from commit_conformance.target.api import is_gone
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server
from commit_conformance.trial.shared import OLDER
from commit_conformance.verdict.outcomes import Blocked, Unsupported
from commit_conformance.wire import describe_answer
from strategies.plan import CommitPlan

NAME_RACE = "the race for one name"
NAME_TAKEN = "a right commit for a name that is taken"
LOCKED = "a right commit for a file that another user has locked"


def taken_name(server: Server) -> tuple[Upload, Upload]:
    """Two sessions whose name was taken by another file after they had been opened, the same two for all tests.

    The first was opened for just that name, the second for that name in another case.
    """
    return server.once("taken name", lambda: _take_name(server))


def _take_name(server: Server) -> tuple[Upload, Upload]:
    server.target.wire.purse.check_files()
    name = server.target.bank.name()
    same, other_case = server.light(name=name), server.light(name=name.swapcase())
    # Bytes that another file has already: two files are two files, whatever is in them.
    blocker = server.commits_something(server.light(name=name, content=server.light_content))
    if blocker.file is not None and blocker.file.name not in (None, name):
        raise Blocked("the commit that was to take the name made a file of another one; see CREATED-NAME")
    return same, other_case


def blocked_upload(server: Server) -> Upload:
    """A session whose name was taken by another file after it had been opened.

    Where a file is costly, the one that has lost the race for its name.
    """
    return loser(server) or taken_name(server)[0]


def loser(server: Server) -> Upload | None:
    """The session that has lost the race for its name, where a file is costly; None where none is known for sure."""
    found = server.once("loser", lambda: _lose(server)) if server.sparing else None
    return found if found is not None and found.state is State.LIVE else None


def _lose(server: Server) -> Upload | None:
    found = server.ahead(NAME_RACE, server.commits_for_one_name)
    for attempt in found.attempts if found is not None else ():
        upload = attempt.upload
        if attempt.answer.status != 409 or attempt.in_doubt or upload.state is not State.LIVE:
            continue
        taken = len(files_in_the_way(server, upload)) == 1
        if taken and server.attempt(upload, CommitPlan(), name_taken=True, what=NAME_TAKEN).answer.status == 409:
            return upload
    return None


@contextmanager
def renamed(server: Server, upload: Upload, name: str) -> Iterator[None]:
    """While it lasts, the file that holds a session's name has another one.

    Raises:
        Blocked: Files cannot be renamed here, or no such file is known.
    """
    file = next(iter(files_in_the_way(server, upload)), None)
    if file is None or not server.rename(file, name):
        raise Blocked("the file that holds the name could not be renamed")
    try:
        yield
    finally:
        now = server.target.files.get(file.file_id)
        if now is not None and not server.rename(now, upload.session.name):
            upload.state = State.GONE  # nobody knows any more what is in its way


def in_another_case(server: Server) -> bool:
    """Whether a session conflicts with the file that has taken its name while that is written in another case."""
    upload = loser(server)
    if upload is None:
        return False
    with renamed(server, upload, upload.session.name.swapcase()):
        conflicts(server, upload)
    return upload.state is State.LIVE


def with_a_folder(server: Server) -> bool:
    """Whether that session conflicts with a folder in the place of that file."""
    upload = loser(server)
    if upload is None:
        return False
    with renamed(server, upload, server.target.bank.name()):
        exchange = server.target.api.create_folder(name=upload.session.name, parent_id=upload.session.parent_id)
        if exchange.status != 201:
            return False
        folder_id = server.target.note_folder(exchange)
        try:
            conflicts(server, upload)
        finally:
            if is_gone(server.target.api.delete_folder(folder_id, free=False)):
                server.target.ledger.note("gone", of="folder", id=folder_id)
    return upload.state is State.LIVE


def files_in_the_way(server: Server, upload: Upload) -> list[FileState]:
    """The files that hold a session's name."""
    return [file for file in server.target.files.values() if file.name == upload.session.name]


def the_conflict(server: Server) -> Attempt:
    """The first 409 of the run."""
    return server.once("conflict", lambda: conflicts(server, blocked_upload(server)))


def seen_conflict(server: Server) -> Attempt:
    """A 409 for a name that is taken, for rules that only record what it shows: whichever test has met it."""
    met = [one for one in server.attempts if one.what == NAME_TAKEN and one.answer.status == 409]
    return server.looking_at(met)[0] if met else the_conflict(server)


def conflicts(server: Server, upload: Upload) -> Attempt:
    """Ends the test unless the upload's commit is answered 409."""
    attempt = server.attempt(upload, CommitPlan(), name_taken=True, what=NAME_TAKEN)
    if attempt.took_effect and "list_folder" in server.target.capabilities and not server.named(upload):
        raise Blocked("the folder does not list the file that took the name; see CREATED-LISTED")
    if attempt.answer.status != 409:
        server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="409")
    return attempt


@rule("CONFLICT-NAME", waits=True)
def test_a_name_that_was_taken_meanwhile_is_answered_409(server: Server) -> None:
    the_conflict(server)


@rule("CONFLICT-UNTOUCHED")
def test_the_file_in_the_way_is_untouched(server: Server) -> None:
    upload = blocked_upload(server)
    conflicts(server, upload)
    for file in files_in_the_way(server, upload):
        server.file_unchanged(file)


@rule("CONFLICT-CODE")
def test_what_code_a_409_has(server: Server) -> str:
    body = seen_conflict(server).answer.json
    return f"code {body.get('code')!r}" if isinstance(body, dict) else "no JSON"


@rule("CONFLICT-DETAILS")
def test_how_a_409_names_the_file_in_the_way(server: Server) -> str:
    body = seen_conflict(server).answer.json
    context = body.get("context_info") if isinstance(body, dict) else None
    found = context.get("conflicts") if isinstance(context, dict) else None
    one = found[0] if isinstance(found, list) and found else found
    named = isinstance(one, dict) and server.target.ledger.knows_file(str(one.get("id")))
    shape = {dict: "an object", list: "a list", type(None): "absent"}.get(type(found), type(found).__name__)
    return f"conflicts is {shape}, which {'names' if named else 'does not name'} the file"


@rule("CONFLICT-CASE")
def test_names_are_compared_without_case(server: Server) -> None:
    if not server.shares("a name in another case", lambda: in_another_case(server)):
        conflicts(server, taken_name(server)[1])


@rule("CONFLICT-FOLDER")
def test_a_folder_of_the_same_name_is_in_the_way_too(server: Server) -> None:
    if server.shares("a folder of that name", lambda: with_a_folder(server)):
        return
    upload = server.light()  # not one that was kept: its name will be taken for good
    exchange = server.target.api.create_folder(name=upload.session.name, parent_id=upload.session.parent_id)
    if exchange.status != 201:
        server.unless_lost(exchange)
        raise Unsupported(f"creating a folder of that name was answered {describe_answer(exchange)}")
    server.target.note_folder(exchange)
    conflicts(server, upload)


@rule("CONFLICT-OWN-NAME")
def test_a_new_version_does_not_conflict_with_its_own_file(server: Server) -> None:
    """Every commit of a new version goes to a name that is taken: by the file itself."""
    attempts = [attempt for attempt in server.attempts if attempt.upload.target and attempt.expectation.must_create]
    if not attempts:
        attempts = [server.commits(upload=server.version_carrier())]
    for attempt in server.looking_at(attempts):
        if attempt.answer.status == 409 and not attempt.run.limited:
            server.fail(f"a new version was answered {describe_answer(attempt.run.last)}", attempt)


@rule("CONFLICT-RETRY")
def test_whether_the_session_commits_once_the_name_is_free(server: Server) -> str:
    upload = blocked_upload(server)
    server.target.wire.purse.check_files()
    for file in files_in_the_way(server, upload):
        server.delete(file)
    attempt = server.attempt(upload, CommitPlan(), barred=True)
    return f"once the name is free: {describe_answer(attempt.run.last)}"


@rule("CONFLICT-RACE")
def test_of_two_sessions_for_one_name_one_commits(server: Server) -> None:
    server.races(server.in_turn(NAME_RACE, server.commits_for_one_name))


def about_to_go(server: Server) -> Upload | None:
    """A session for a new version of a file that may be deleted, where a file is costly; None where there is none."""
    if not server.sparing or server.version_file == server.sample_file:
        return None
    known = server.made.get(OLDER)
    current = server.current(known) if isinstance(known, Upload) else None
    fit = current is not None and current.file_id == server.version_file.file_id and known.state is State.LIVE
    if fit and isinstance(known, Upload):
        server.liberties.try_each(known)  # it will never commit, so what is only recorded may be tried on it
    return known if fit and known.state is State.LIVE else server.light(target=server.version_file)


@rule("CONFLICT-TRASHED", late=True)
def test_a_new_version_of_a_file_deleted_meanwhile_is_refused(server: Server) -> None:
    upload = about_to_go(server)
    if upload is None:
        victim = next(iter(files_in_the_way(server, taken_name(server)[0])), None) or server.committed().file
        if victim is None:
            raise Unsupported("no file to delete: none that was committed is known")
        upload = server.light(target=victim)
    victim = server.current(upload)
    assert victim is not None
    server.delete(victim)
    what = "a right commit for a file that was deleted meanwhile"
    attempt = server.attempt(upload, CommitPlan(), what=what, barred=True)
    if attempt.took_effect or not 400 <= attempt.answer.status <= 499:
        server.fail(
            f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="404, 409, 410 or another 4xx"
        )
    if server.can("create_folder") and not server.sparing:  # it takes a file of its own, in a folder of its own
        into_a_folder_deleted_meanwhile(server)


def into_a_folder_deleted_meanwhile(server: Server) -> None:
    """The folder goes along with the one around it, as most folders do."""
    api, target, folder_id = server.target.api, server.target, server.target.folder_id
    made: list[str] = []
    for name in ("Outer", "Inner"):
        exchange = api.create_folder(name=f"{target.run_id}-{name}", parent_id=made[-1] if made else folder_id)
        if exchange.status != 201:
            return
        made.append(target.note_folder(exchange))
    upload = server.light(folder_id=made[-1])
    if not is_gone(api.delete_folder(made[0], free=False)):
        return
    what = "a right commit for a folder that was deleted meanwhile, with the one around it"
    attempt = server.attempt(upload, CommitPlan(), what=what, barred=True)
    if attempt.took_effect or not 400 <= attempt.answer.status <= 499:
        server.fail(
            f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="404, 409, 410 or another 4xx"
        )


def older_one_is_locked_out(server: Server) -> bool:
    """Whether a session that was refused before is refused for a lock; nothing but a 403 tells."""
    upload = server.made.get(OLDER)
    if not isinstance(upload, Upload) or upload.state is not State.LIVE:
        return False
    with (
        server.second_user(folder_id=server.target.folder_id) as second,
        server.locked(server.version_file, token=second.token),
    ):
        attempt = server.attempt(upload, CommitPlan(), what=LOCKED, barred=True)
    return attempt.answer.status == 403


@rule("CONFLICT-LOCKED")
def test_a_file_locked_by_another_user_is_answered_403(server: Server) -> None:
    server.need("create_folder")  # nobody else's folder is ever shared
    if server.shares("locked", lambda: older_one_is_locked_out(server)):
        return
    upload = server.light(target=server.sample_file)  # one that has borne no refusal, so that the lock alone can be why
    with (
        server.second_user(folder_id=server.target.folder_id) as second,
        server.locked(server.sample_file, token=second.token),
    ):
        attempt = server.attempt(upload, CommitPlan(), what=LOCKED, barred=True)
    if attempt.answer.status != 403:
        server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="403")


@looking_back("CONFLICT-BODY")
def test_every_409(server: Server, looked_for: str) -> None:
    server.seen()
