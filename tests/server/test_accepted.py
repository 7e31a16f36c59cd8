"""202: not an end, but a promise. The same request later gets 201, and there is one file in the end."""

from __future__ import annotations

from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.put_off import in_turns
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Blocked, Unsupported
from commit_conformance.wire import describe_answer
from strategies.digests import OfListed
from strategies.plan import CommitPlan

#: How many sessions are committed so that two are answered 202, where only some of them are.
SEVERAL = 8


def worth_a_file(server: Server) -> bool:
    """Whether another commit is made in the hope of a 202; where a file is costly, of what was uploaded anyway."""
    due = any(upload.refused for upload in server.target.bank.carriers())
    return not server.sparing or due or not server.attempts


def processing(server: Server) -> list[Attempt]:
    """Right commits that were answered 202 and watched, or the end of the test when there is none."""
    if not server.watched and worth_a_file(server):
        server.commits(CommitPlan())
    if not server.watched:
        raise Unsupported("the target never answered 202 to a right commit")
    return server.watched


@looking_back("ACCEPTED-RETRY-AFTER", "ACCEPTED-EMPTY", "ACCEPTED-BAD-ENDS")
def test_every_202(server: Server, looked_for: str) -> None:
    if server.sparing and not server.run.monitor.seen["202"] and worth_a_file(server):
        server.commits(CommitPlan())
    server.seen()


@rule("ACCEPTED-COMPLETE")
def test_a_session_with_parts_missing_is_not_left_in_202(server: Server) -> None:
    total = -(-server.target.bank.light_size // server.target.first_session.part_size)
    upload = server.target.bank.unfinished(0) if server.sparing else server.light(parts=range(1, total))
    server.refuses([CommitPlan(), CommitPlan(digest=OfListed())], upload=upload)
    if server.sparing and not any(known.upload is upload and known.run.glances for known in server.attempts):
        server.target.bank.keep(upload)


@rule("ACCEPTED-COMPLETES", last=True)
def test_a_202_ends_in_201(server: Server) -> None:
    for attempt in processing(server):
        lost_by_haste = attempt.run.early and len(attempt.run.exchanges) == 2  # see ACCEPTED-EARLY-RETRY
        if not attempt.created and not lost_by_haste:
            tries = len(attempt.run.exchanges)
            server.fail(f"after {tries} tries the answer is {describe_answer(attempt.run.last)}", attempt)


@rule("ACCEPTED-IN-TURNS", last=True)
def test_two_202_that_are_repeated_in_turns_both_end_in_201(server: Server) -> None:
    sizes = [attempt.upload.session.file_size for attempt in processing(server) if attempt.upload.in_memory]
    if not sizes:
        raise Unsupported("the target answered 202 to large files only")
    several = 2 if server.target.bank.costly else SEVERAL
    ends = in_turns(server, [server.upload(size=max(sizes)) for _ in range(several)])
    if sum(tries > 1 for _, tries in ends) < 2:
        raise Unsupported(f"of {several} sessions at once the target answered no two 202")
    for attempt, tries in ends:
        if tries > 1 and not attempt.created:
            said = f"after {tries} tries, in turns with another session, the answer is"
            server.fail(f"{said} {describe_answer(attempt.run.last)}", attempt)


@rule("ACCEPTED-EARLY-RETRY", last=True)
def test_asking_before_the_time_is_harmless(server: Server) -> None:
    """Where Retry-After is always 0 nobody can be early: then asking at once is all there is."""
    answers = [(attempt, attempt.run.exchanges[1]) for attempt in processing(server) if len(attempt.run.exchanges) > 1]
    for attempt, again in answers:
        if attempt.run.early and not (200 <= (again.status or 0) <= 299 or again.status == 429):
            said = f"asked again, the server answered {describe_answer(again)}"
            server.fail(said, attempt, exchange=again, expected="201 or 202")
    if not any(200 <= (again.status or 0) <= 299 for _, again in answers):
        raise Blocked("no 202 led to anything when asked again; see ACCEPTED-COMPLETES")


@rule("ACCEPTED-NO-FILE", last=True)
def test_no_file_is_visible_while_it_is_processed(server: Server) -> None:
    for attempt in processing(server):
        name = attempt.upload.session.name
        for glance in attempt.run.glances:
            if attempt.upload.target is None and any(item.get("name") == name for item in glance.items or ()):
                server.fail(f"after a 202 the folder already holds {name}", attempt, exchange=glance.accepted)


@rule("ACCEPTED-SESSION-STAYS", last=True)
def test_the_session_stays_while_it_is_processed(server: Server) -> None:
    if "status" not in server.target.capabilities:
        raise Unsupported("the target does not show a session's status")
    for attempt in processing(server):
        for glance in attempt.run.glances:
            if glance.status is not None and glance.status.status != 200:
                said = describe_answer(glance.status)
                server.fail(f"after a 202 the session's status was answered {said}", attempt, exchange=glance.status)
            body = glance.status.answer.json if glance.status and glance.status.answer else None
            shown = body.get("id") if isinstance(body, dict) else None
            if shown is not None and shown != attempt.upload.handle.session_id:
                server.fail(f"the status shows the session {shown!r:.60}", attempt, exchange=glance.status)


@rule("ACCEPTED-PROGRESS", last=True)
def test_progress_never_falls_and_never_exceeds_the_total(server: Server) -> None:
    counts = 0
    for attempt in processing(server):
        before = 0
        for glance in attempt.run.glances:
            body = glance.status.answer.json if glance.status and glance.status.answer else None
            done, total = (
                (body.get("num_parts_processed"), body.get("total_parts")) if isinstance(body, dict) else (None, None)
            )
            if not isinstance(done, int) or not isinstance(total, int):
                continue
            counts += 1
            if not before <= done <= total:
                said = f"num_parts_processed is {done} where total_parts is {total} and the status before said {before}"
                server.fail(said, attempt, exchange=glance.status, expected=f"a number from {before} to {total}")
            before = done
    if not counts:
        raise Unsupported("the target does not show num_parts_processed and total_parts")


@rule("ACCEPTED-ONE-FILE", last=True)
def test_in_the_end_there_is_one_file(server: Server) -> None:
    items = server.target.items() or []
    for attempt in processing(server):
        if attempt.file is None or attempt.file.file_id not in server.target.files:
            continue  # a later test has deleted it
        name = server.target.files[attempt.file.file_id].name or attempt.upload.session.name  # a version may rename it
        found = [item for item in items if item.get("name") == name]
        if not found and server.run.monitor.findings.get("CREATED-LISTED"):
            raise Blocked("the folder does not list files as it should; see CREATED-LISTED")
        if attempt.created and len({item.get("id") for item in found}) != 1:
            server.fail(f"after 202 and 201 the folder holds {len(found)} files named {name}", attempt)


@rule("ACCEPTED-PROCESSED", last=True)
def test_whether_202_is_answered_though_all_parts_are_processed(server: Server) -> str:
    for attempt in processing(server):
        for glance in attempt.run.glances:
            body = glance.status.answer.json if glance.status and glance.status.answer else None
            if isinstance(body, dict) and body.get("num_parts_processed") == body.get("total_parts") is not None:
                return "202 though num_parts_processed equals total_parts"
    return "202 only while num_parts_processed is below total_parts"


@rule("ACCEPTED-UNCHANGED")
def test_what_a_new_version_with_the_same_content_gets(server: Server) -> str:
    upload = server.new_version(content=server.sample_content)
    attempt = server.attempt(upload, CommitPlan())
    return describe_answer(attempt.run.last)
