"""The life of a session, and that refusals leave no trace in it."""

from __future__ import annotations

from commit_conformance.model.dates import instant
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Nonconformance, Unsupported
from commit_conformance.wire import describe_answer
from strategies import part_lists
from strategies.digests import OtherContent
from strategies.plan import CommitPlan


@rule("REJECTED-SESSION-LIVES", waits=True)
def test_after_a_refusal_the_right_commit_succeeds(server: Server) -> None:
    if not server.survives_refusals():
        server.survives([*part_lists.missing_last.first(1), *part_lists.wrong_sha1.first(1)])


@looking_back("REJECTED-NO-TRACE")
def test_refused_commits_leave_no_file_behind(server: Server, looked_for: str) -> None:
    server.close_carriers()
    server.judge.folder(server.sample)
    server.seen()


@rule("SESSION-NO-EARLY-FILE", meanwhile=True)
def test_no_file_is_visible_before_the_commit(server: Server) -> None:
    upload = server.target.bank.lease("life-cycle")
    items = server.target.items() or []
    if any(item.get("name") == upload.session.name for item in items):
        server.fail(f"the folder holds {upload.session.name} before it was committed", what="every part, and no commit")


def last_length(upload: Upload) -> int:
    """Bytes of an upload's last part."""
    return len(upload.piece(upload.session.total_parts - 1)[1])


@rule("SESSION-CLOSED")
def test_after_201_no_part_can_be_uploaded(server: Server) -> None:
    upload = server.sample.upload
    if server.sparing:  # what is refused has been sent all the same: the shortest part that there is
        done = [known for known in server.target.bank.uploads if known.state is State.COMMITTED and not known.target]
        upload = min(done, key=last_length, default=upload)
    offset, piece = upload.piece(upload.session.total_parts - 1 if server.sparing else 0)
    for content, what in ((piece, "again"), (bytes(255 - byte for byte in piece), "with other bytes")):
        exchange = server.target.api.upload_part(upload.handle, content, offset=offset, total=upload.session.file_size)
        if not 400 <= (exchange.status or 0) <= 499:
            said = f"a part for a committed session was answered {describe_answer(exchange)}"
            server.fail(said, exchange=exchange, what=f"a part of a committed session, {what}", expected="a 4xx")


@rule("SESSION-AFTER-COMMIT")
def test_what_a_committed_session_shows(server: Server) -> str:
    """Not the session that SESSION-ABORT-AFTER has tried to abort."""
    handle = server.sample.upload.handle
    status, parts = server.target.api.status(handle), server.target.api.list_parts(handle)
    return f"status: {describe_answer(status)}; parts: {describe_answer(parts)}"


@rule("SESSION-ABORT-AFTER")
def test_aborting_a_committed_session_leaves_the_file(server: Server) -> None:
    attempt = server.committed()
    exchange = server.target.api.abort(attempt.upload.handle)
    assert attempt.file is not None
    server.file_unchanged(server.target.files[attempt.file.file_id], exchange=exchange)


@rule("SESSION-PROGRESS", meanwhile=True)
def test_progress_starts_at_none_and_stays_within_the_total(server: Server) -> None:
    if server.shares("progress", lambda: progress_of_two(server)):
        return
    upload = server.upload(parts=())
    counts = [server.progress(upload)]
    server.target.bank.put(upload, upload.lacking)
    counts.append(server.progress(upload))
    progress_is_right(server, upload, counts)
    server.target.bank.keep(upload)


def progress_of_two(server: Server) -> bool:
    """Of a session that has no part, which takes no bytes, and of one that has them all."""
    empty, whole = server.empty(), server.target.bank.lease("life-cycle")
    progress_is_right(server, empty, [server.progress(empty)])
    return progress_is_right(server, whole, [(0, None), server.progress(whole)])


def progress_is_right(server: Server, upload: Upload, counts: list[tuple[int | None, int | None]]) -> bool:
    """Ends the test unless a session's progress starts at none and stays within its parts."""
    total = upload.session.total_parts
    if counts[0][0] not in (0, None):
        server.fail(f"num_parts_processed starts at {counts[0][0]}, not 0", what="the status of a fresh session")
    for done, shown in counts:
        if shown is not None and shown != total:
            size, part = upload.session.file_size, upload.session.part_size
            server.fail(f"total_parts is {shown} for {size} bytes in parts of {part}", expected=str(total))
        if done is not None and not 0 <= done <= total:
            server.fail(f"num_parts_processed is {done} where there are {total} parts")
    return True


@rule("SESSION-LIST-PARTS", meanwhile=True)
def test_the_list_of_parts_is_what_was_uploaded(server: Server) -> None:
    if server.shares("lists of parts", lambda: lists_of_two(server)):
        return
    upload = server.upload(parts=(1, 0))
    server.lists_parts(upload)
    server.lists_parts(upload, page=1)
    server.target.bank.keep(upload)  # SESSION-PART-IMMUTABLE lists the parts of one that lacks none


def lists_of_two(server: Server) -> bool:
    """Of a session that lacks parts in the middle, and, page by page, of one that has them all."""
    some = server.target.bank.unfinished(-1, 0)
    server.lists_parts(some)
    server.target.bank.keep(some)
    server.lists_parts(server.target.bank.lease("life-cycle"), page=2)
    return True


@rule("SESSION-PART-IMMUTABLE")
def test_other_bytes_for_a_taken_range_are_refused_and_the_first_ones_stay(server: Server) -> None:
    if server.late_part():
        return
    upload = server.target.bank.lease("life-cycle")
    try:
        keeps_its_first_bytes(server, upload)
    except Nonconformance:
        upload.state = State.GONE  # it is not what it was, and no other test is to wonder why
        raise


def keeps_its_first_bytes(server: Server, upload: Upload) -> None:
    """Not the ones sent later, whose digest must not fit: an answer that refuses them may come too late."""
    offset, piece = upload.piece(upload.session.total_parts - 1)  # the last part has the fewest bytes
    other = bytes(255 - byte for byte in piece)
    exchange = server.target.api.upload_part(upload.handle, other, offset=offset, total=upload.session.file_size)
    if not 400 <= (exchange.status or 0) <= 499:
        said = f"other bytes for a range already uploaded were answered {describe_answer(exchange)}"
        server.fail(said, exchange=exchange, what="the last part again, with other bytes", expected="409 or 416")
    if "list_parts" in server.target.capabilities:
        server.lists_parts(upload)
    server.refuses([CommitPlan(digest=OtherContent(of="other bytes at the end"))], upload=upload)


@rule("SESSION-PART-DIGEST", meanwhile=True)
def test_a_part_whose_digest_does_not_fit_is_not_stored(server: Server) -> None:
    upload = server.empty() if server.sparing else server.target.bank.unfinished()
    index = upload.lacking[-1]
    offset, piece = upload.piece(index)
    wrong = "sha=AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    exchange = server.target.api.upload_part(
        upload.handle, piece, offset=offset, total=upload.session.file_size, digest=wrong
    )
    if not 400 <= (exchange.status or 0) <= 499:
        said = f"a part with a digest of other bytes was answered {describe_answer(exchange)}"
        server.fail(said, exchange=exchange, what="a part with a wrong digest", expected="a 4xx")
    server.lists_parts(upload)
    server.target.bank.put(upload, [index])
    server.lists_parts(upload)
    if not server.sparing:
        server.target.bank.keep(upload)


@rule("SESSION-LIFETIME")
def test_how_long_a_session_lives(server: Server) -> str:
    shown = server.first_session.shown
    ends = instant(shown.get("session_expires_at"))
    if ends is None:
        return "session_expires_at is not given"
    date = server.target.session_opened_at
    return f"{round((ends - date) / 3600)} hours"


@rule("SESSION-ENDPOINTS", meanwhile=True)
def test_session_endpoints_are_those_of_this_session(server: Server) -> None:
    upload = server.sample.upload
    named = upload.handle.shown.get("session_endpoints")
    what = "the answer to creating a session"
    if not isinstance(named, dict):
        server.fail("the session has no session_endpoints", what=what)
    for key in ("commit", "upload_part"):
        url = named.get(key)
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            server.fail(f"session_endpoints.{key} is {url!r:.80}, not a URL", what=what)
    other = server.target.first_session.endpoints["commit"]
    if upload.commit_url == other:
        server.fail("two sessions have the same commit URL", what=what)
    if "status" not in server.target.capabilities:
        raise Unsupported("the target does not show a session's status")
    carrier = server.target.bank.lease("life-cycle")
    exchange = server.target.api.status(carrier.handle)
    shown = exchange.answer.json if exchange.answer else None
    if exchange.status != 200 or not isinstance(shown, dict) or shown.get("id") != carrier.handle.session_id:
        server.fail(f"session_endpoints.status was answered {describe_answer(exchange)}", exchange=exchange, what=what)
    again = server.target.api.session_of(exchange.answer)
    if again is not None and "session_endpoints" in shown and again.endpoints["commit"] != carrier.commit_url:
        server.fail("the status names another commit URL than the creation did", exchange=exchange, what=what)
    if "list_parts" in server.target.capabilities:
        listed = server.target.api.list_parts(carrier.handle)
        body = listed.answer.json if listed.answer else None
        entries = body.get("entries") if isinstance(body, dict) else None
        shown_ids = {entry.get("part_id") for entry in entries or () if isinstance(entry, dict)}
        if not shown_ids & {part.part_id for part in carrier.session.parts}:
            said = f"session_endpoints.list_parts shows none of the session's parts: {describe_answer(listed)}"
            server.fail(said, exchange=listed, what=what)
