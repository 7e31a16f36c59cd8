"""A commit that comes twice, or at the same time as something else, has one effect."""

from __future__ import annotations

from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import describe_answer
from strategies.plan import CommitPlan


@rule("REPEAT-ONE-FILE")
def test_the_same_commit_again_makes_no_second_file(server: Server) -> None:
    first = server.committed()
    server.need_listing(first.upload)
    server.repeats_rightly(first)
    server.one_effect(first, were_one=True)
    version = next((a for a in server.attempts if a.upload.target and a.created and server.is_current(a)), None)
    if version is not None:
        server.refresh(version.upload)  # other tests may have changed the file since, by a lock for instance
        server.repeats_rightly(version)
        server.unchanged(version.upload)


@rule("REPEAT-ANSWER")
def test_what_the_second_commit_gets(server: Server) -> str:
    again = server.repeat(server.sample)
    same = (
        server.sample.file is not None and again.file is not None and again.file.file_id == server.sample.file.file_id
    )
    return describe_answer(again.run.last) + (", the same file" if same else "")


@rule("REPEAT-LOST-ANSWER")
def test_a_commit_whose_answer_was_lost_ends_in_one_file_when_repeated(server: Server) -> None:
    upload = server.usual()
    server.lose_answer(upload, CommitPlan())
    attempt = server.repeat_lost(upload)
    server.one_effect(attempt)


@rule("REPEAT-CONCURRENT")
def test_identical_commits_at_once_have_one_effect(server: Server) -> None:
    upload = server.usual()
    attempts = server.at_once([upload, upload, upload])
    created = [attempt for attempt in attempts if attempt.took_effect]
    if not created and any(attempt.run.glances for attempt in attempts):
        raise Blocked("the commits were answered 202 and never 201; see ACCEPTED-COMPLETES")
    if not created:
        said = ", ".join(describe_answer(attempt.run.last) for attempt in attempts)
        server.fail(f"none of three identical commits at once succeeded: {said}", attempts[0])
    ids = {attempt.file.file_id for attempt in created if attempt.file}
    versions = {attempt.file.version_id for attempt in created if attempt.file and attempt.file.version_id}
    if len(ids) > 1 or len(versions) > 1:
        server.forget_all(attempts)
        server.fail(f"identical commits at once made {max(len(ids), len(versions))} files or versions", created[1])
    server.one_effect(created[0])


@rule("REPEAT-ABORT-RACE")
def test_a_commit_racing_an_abort_gives_a_file_or_none(server: Server) -> None:
    upload = server.usual()
    attempt, abort = server.against(upload, lambda: server.target.api.abort(upload.handle))
    if server.run.monitor.findings.get("CREATED-LISTED"):
        raise Blocked("the folder does not list files as it should; see CREATED-LISTED")
    found = server.named(upload)
    told = f"commit: {describe_answer(attempt.run.last)}; abort: {describe_answer(abort)}; files: {len(found)}"
    if len(found) != int(attempt.took_effect) and (attempt.run.glances or attempt.run.limited):
        raise Blocked("the commit was answered 202 or 429 first; see ACCEPTED-ONE-FILE and RATE-LIMIT-NO-LOSS")
    if len(found) != int(attempt.took_effect):
        server.forget_all([attempt])
        server.fail(f"the answers and the folder contradict each other ({told})", attempt)
    if attempt.answer.status >= 500:
        server.fail(f"the race was answered with an error of the server ({told})", attempt)


@rule("REPEAT-UPLOAD-RACE")
def test_a_commit_racing_the_last_part_never_truncates_the_file(server: Server) -> None:
    total = -(-server.target.bank.file_size // server.target.first_session.part_size)
    upload = server.upload(parts=range(total - 1))
    attempt = server.race_last_part(upload)
    if attempt.took_effect:
        server.stores(attempt)
    elif not (400 <= attempt.answer.status <= 499 or attempt.answer.status == 202):
        server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="201, 202 or a refusal")
