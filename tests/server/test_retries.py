"""A commit that comes twice, or at the same time as something else, has one effect."""

from __future__ import annotations

from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from commit_conformance.wire import describe_answer
from strategies.plan import CommitPlan

LAST_PART = "the race of the last part"


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
    server.target.wire.purse.check_files()
    upload = server.usual()
    for _ in range(3):
        server.lose_answer(upload, CommitPlan())
        if "list_folder" not in server.target.capabilities or server.named(upload):
            break  # without a file it was a 202 that was lost: what matters is the answer that comes with the file
    attempt = server.repeat_lost(upload)
    server.one_effect(attempt)


@rule("REPEAT-CONCURRENT")
def test_identical_commits_at_once_have_one_effect(server: Server) -> None:
    """Of a new file, whose name stands in the way of a second one, and of a new version, where nothing does."""
    server.races(server.identical_commits)
    if server.can("new_version"):
        server.races(server.identical_versions)


@rule("REPEAT-ABORT-RACE")
def test_a_commit_racing_an_abort_gives_a_file_or_none(server: Server) -> None:
    server.ahead(LAST_PART, server.commit_and_last_part)  # which leaves the session that is raced for here
    server.races(server.commit_and_abort)


@rule("REPEAT-UPLOAD-RACE")
def test_a_commit_racing_the_last_part_never_truncates_the_file(server: Server) -> None:
    server.races(server.in_turn(LAST_PART, server.commit_and_last_part))
