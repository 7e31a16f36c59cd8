"""If-Match and If-None-Match, on sessions that make a new version of a file."""

from __future__ import annotations

from dataclasses import replace

from commit_conformance.target.upload import Upload
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.put_off import put_off, was_put_off
from commit_conformance.trial.server import Server
from commit_conformance.trial.shared import OLDER
from commit_conformance.verdict.outcomes import Blocked, Unsupported
from strategies import digests, part_lists, preconditions
from strategies.plan import CommitPlan
from strategies.preconditions import Tag


def opened_before(server: Server) -> Upload:
    """A session for a new version that was opened before the file changed, the same for all tests.

    Where right commits are answered 202, its own has been by then: what is true at that time need not be true later.
    """
    if server.sparing:
        return server.older_version
    return server.once(OLDER, lambda: put_off(server, server.version_file) or server.older_version)


@rule("IF-MATCH-CURRENT", waits=True)
def test_the_current_etag_commits(server: Server) -> None:
    if not server.after_412():
        server.commits(preconditions.current_if_match, upload=server.version_carrier())


@rule("IF-MATCH-STALE")
def test_any_other_etag_is_answered_412_and_changes_nothing(server: Server) -> None:
    upload = server.version_carrier()
    server.refuses(preconditions.stale_if_match, upload=upload)
    server.unchanged(upload)


@rule("PRECONDITION-RETRY", waits=True)
def test_after_412_the_right_etag_commits(server: Server) -> None:
    if server.after_412():
        return
    upload = server.version_carrier()
    server.refuses(preconditions.stale_if_match.first(1), upload=upload)
    _ = opened_before(server)
    server.survived(upload)


@rule("IF-NONE-MATCH-CURRENT")
def test_the_current_etag_in_if_none_match_never_commits(server: Server) -> str:
    upload = server.version_carrier()
    server.refuses([preconditions.current_if_none_match], upload=upload)
    answer = server.attempts[-1].answer
    server.unchanged(upload)
    return f"answered {answer.status}"


@rule("IF-NONE-MATCH-OTHER", late=True)
def test_another_etag_in_if_none_match_commits(server: Server) -> None:
    server.takes_liberty()


@rule("IF-MATCH-ANY", late=True)
def test_any_etag_matches_an_existing_file(server: Server) -> None:
    server.takes_liberty()


@rule("PRECONDITION-ORDER")
def test_if_match_is_judged_first(server: Server) -> None:
    upload = server.version_carrier()
    server.refuses([preconditions.both_false], upload=upload)
    attempt = server.attempts[-1]
    if attempt.answer.status != 412:
        server.fail(f"both conditions fail, and the answer is {attempt.answer.status}", attempt, expected="412")


@rule("PRECONDITION-LAST")
def test_a_wrong_commit_is_refused_before_preconditions_are_judged(server: Server) -> None:
    upload = server.version_carrier()
    digest, gap = CommitPlan(digest=digests.OtherContent()), part_lists.gaps.representatives[0]
    for wrong, plan in (("digest", digest), ("list", gap)):
        server.refuses([replace(plan, if_match=Tag(form="random"))], upload=upload)
        attempt = server.attempts[-1]
        if attempt.answer.status in (412, 304):
            server.refuses([plan], upload=upload)
            if server.attempts[-1].answer.status == attempt.answer.status:
                raise Unsupported(f"a wrong {wrong} alone is answered {attempt.answer.status} as well")
            said = f"the {wrong} is wrong as well, and the answer is {attempt.answer.status}"
            server.fail(said, attempt, expected=f"a refusal for the {wrong}, not for the precondition")


@rule("PRECONDITION-AT-COMMIT")
def test_the_precondition_is_judged_at_commit(server: Server) -> None:
    """A session that was opened before the file changed must not commit with the etag of that time."""
    upload = opened_before(server)
    before = upload.target.etag if upload.target else None
    if before == server.etag(upload):
        server.commits(upload=server.version_carrier())
    stale = CommitPlan(headers=(("if-match", before or "0"),))
    if not was_put_off(server, upload):
        server.refuses([stale], upload=upload)
        server.unchanged(upload)
    elif came_to_its_end(server, upload, stale):
        upload = server.light(target=server.version_file)
        stale = CommitPlan(headers=(("if-match", server.etag(upload) or "0"),))
        server.commits(upload=server.version_carrier())
        server.refuses([stale], upload=upload)
        server.unchanged(upload)


def came_to_its_end(server: Server, upload: Upload, stale: CommitPlan) -> bool:
    """Whether a commit that was answered 202 had made its version by itself before the file changed, as it may.

    Ends the test unless it makes none now, whatever it is answered.
    """
    file = server.current(upload)
    assert file is not None
    attempt = server.attempt(upload, stale)
    server.file_unchanged(file)
    if attempt.took_effect:
        server.refresh(upload)  # what it was answered with is not the file as it is now
    said, wrong = server.refusal(attempt)
    if wrong is not None and not attempt.took_effect:
        server.fail(wrong, attempt)
    if not said:
        raise Blocked("the answer said nothing: it was a 5xx, or a 202 to the end")
    return attempt.took_effect


@rule("IF-MATCH-RACE", late=True)
def test_of_two_versions_with_the_same_etag_one_commits(server: Server) -> None:
    server.races(server.versions_of_one_etag)


@rule("PRECONDITION-NEW-FILE")
def test_what_preconditions_on_a_new_file_get(server: Server) -> str:
    return server.observes_liberty()


@rule("IF-NONE-MATCH-ANY")
def test_what_any_etag_in_if_none_match_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("ETAG-QUOTED")
def test_whether_a_quoted_etag_is_understood(server: Server) -> str:
    return server.observes_liberty()


@rule("ETAG-LIST-WEAK")
def test_whether_lists_and_weak_etags_are_understood(server: Server) -> str:
    return server.observes_liberty()


@looking_back("PRECONDITION-BODY", "NOT-MODIFIED-EMPTY")
def test_every_answer_to_a_failed_precondition(server: Server, looked_for: str) -> None:
    server.seen()
