"""The list of parts: exactly the uploaded parts, each with its own range and digest, covering the whole file."""

from __future__ import annotations

import pytest

from commit_conformance.target.upload import State
from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import describe_answer
from strategies import digests, part_lists
from strategies.plan import CommitPlan

#: Families that are sent for a new version as well.
ALSO_A_VERSION = ("PART-GAP", "PART-MISSING-LAST")


@rule("PART-COMPLETE")
def test_the_uploaded_parts_in_order_are_committed(server: Server) -> None:
    attempt = server.sample
    if not attempt.created:
        server.fail(f"a right commit was answered {describe_answer(attempt.run.last)}", attempt)


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family, marks=rule(rule_id, meanwhile=rule_id not in ALSO_A_VERSION), id=rule_id)
        for rule_id, family in {
            "PART-REQUIRED": part_lists.required,
            "PART-ARRAY": part_lists.not_a_list,
            "PART-EMPTY": part_lists.empty,
            "PART-MISSING-LAST": part_lists.missing_last,
            "PART-GAP": part_lists.gaps,
            "PART-UNKNOWN": part_lists.unknown,
            "PART-OFFSET": part_lists.wrong_offset,
            "PART-SIZE": part_lists.wrong_size,
            "PART-SUM": part_lists.wrong_sum,
            "PART-BOUNDARY": part_lists.moved_boundaries,
            "PART-SHA1": part_lists.wrong_sha1,
            "PART-SHA1-FORM": part_lists.malformed_sha1,
            "PART-DUPLICATE": part_lists.duplicates,
            "PART-OVERLAP": part_lists.overlaps,
            "PART-PAST-END": part_lists.past_end,
            "PART-COUNT": part_lists.too_many,
            "PART-MEMBER-MISSING": part_lists.missing_members,
            "PART-NUMBER-TYPE": part_lists.number_types,
            "PART-NEGATIVE": part_lists.negative,
            "PART-INT64": part_lists.beyond_int64,
            "PART-WIDE-NUMBERS": part_lists.beyond_32_bits,
        }.items()
    ],
)
def test_a_wrong_list_is_refused(server: Server, family: part_lists.Family) -> None:
    """Lists with a hole are sent for a new version as well: some servers have another path for those."""
    server.refuses(family)
    if server.rule.id in ALSO_A_VERSION:
        server.refuses_version_too(family)
        server.version_unchanged()


@rule("PART-FOREIGN")
def test_a_part_of_another_session_is_refused_and_stays_with_it(server: Server) -> None:
    """Where a file is costly the part of an aborted session is the last one, which is the smallest."""
    carrier = server.target.bank.lease(server.rule.group)
    gone = server.upload(parts=[carrier.session.total_parts - 1] if server.sparing else range(1))
    server.abort(gone)
    server.use_foreign(gone, carrier)
    server.refuses(part_lists.foreign_last if server.sparing else part_lists.foreign.first(2), upload=carrier)
    live = server.target.bank.unfinished(0) if server.sparing else server.upload()
    server.use_foreign(live, carrier)
    server.refuses([part_lists.foreign_exactly], upload=carrier)
    server.refuses(part_lists.foreign, upload=carrier)
    server.target.bank.keep(live)  # a later test commits it, and its content is compared


@rule("PART-OTHER-USER")
def test_a_part_of_another_user_is_refused_like_an_unknown_one(server: Server) -> None:
    with server.second_user(sharing=False) as second:
        theirs = server.light(folder_id=second.folder_id, token=second.token)
        server.made["left alone"] = theirs  # AUTH-REVOKED asks what becomes of it
        carrier = server.target.bank.lease(server.rule.group)
        server.use_foreign(theirs, carrier)
        server.refuses(part_lists.foreign, upload=carrier)
        refused = server.attempts[-1]
        server.refuses(part_lists.unknown.first(1), upload=carrier)
        unknown = server.attempts[-1]
        if refused.answer.status != unknown.answer.status:
            server.fail(
                f"a part of another user was answered {refused.answer.status}, an unknown one {unknown.answer.status}",
                refused,
            )


@rule("PART-ORDER", late=True)
def test_a_list_in_another_order_is_sorted_or_refused(server: Server) -> None:
    server.refuses(part_lists.in_list_order)
    for plan in part_lists.reordered.first(None if server.thorough else 1):
        attempt = server.tolerates(plan)
        if attempt.created:
            server.stores(attempt)
        elif not attempt.expectation.allows(attempt.answer):
            server.fail(f"the answer, {describe_answer(attempt.run.last)}, is neither 201 nor a refusal", attempt)


@rule("PART-UNKNOWN-MEMBER", late=True)
def test_unknown_members_of_a_part_are_ignored(server: Server) -> None:
    server.takes_liberty()


@rule("PART-SHA1-OMITTED")
def test_what_a_part_without_sha1_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PART-SHA1-NULL")
def test_what_a_part_with_sha1_null_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PART-SHA1-CASE")
def test_what_a_part_with_an_upper_case_sha1_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PART-SHA1-BASE64")
def test_what_a_part_with_its_sha1_in_base64_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PART-SHA512-MIXED")
def test_what_sha512_on_one_part_alone_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PART-SIZES", waits=True)
def test_files_of_every_shape_commit(server: Server) -> None:
    """An exact multiple of the part size, and, where files may be small, a single part. See PART-NOT-UPLOADED too."""
    if server.survives_refusals() and server.late_part():
        return
    part_size, smallest = server.target.first_session.part_size, server.target.smallest
    multiple = server.whole_parts * part_size
    sizes = [smallest if smallest <= part_size else multiple + 1]
    if not any(attempt.created and attempt.upload.session.file_size == multiple for attempt in server.attempts):
        sizes.insert(0, multiple)
    for size in [*sizes, *([multiple + 1, multiple - 1] if server.thorough else [])]:
        what = f"a right commit of {size} bytes in parts of {part_size}"
        server.commits_something(server.upload(size=size), what=what)


@rule("PART-NOT-UPLOADED", waits=True)
def test_a_commit_before_the_last_upload_is_refused_and_after_it_committed(server: Server) -> None:
    """The part that is late is the last one, of one byte: the least a server could overlook."""
    if server.late_part():
        return
    part_size, count = server.target.first_session.part_size, server.whole_parts
    upload = server.upload(size=count * part_size + 1, parts=range(count))
    server.refuses([CommitPlan(), CommitPlan(digest=digests.OfListed())], upload=upload)
    if upload.state is State.LIVE:
        server.target.bank.put(upload, [count])
        attempt = server.unusually_or_plainly(upload)
        if not attempt.created and (attempt.run.glances or attempt.run.limited):
            server.excused(attempt)
            raise Blocked("the right commit was answered 202 or 429 first, and came to nothing")
        if not attempt.created:
            in_time = server.attempt(server.like(upload), CommitPlan())
            said = describe_answer(attempt.run.last)
            if in_time.created:
                server.fail(f"after the last part was uploaded, the right commit was answered {said}", attempt)
            server.misfit(in_time)


@rule("PART-VISIBILITY")
def test_whether_a_right_commit_right_after_the_upload_is_refused_at_first(server: Server) -> str:
    """The first commit of the run follows its last upload at once, without any other request between them."""
    return f"answered {describe_answer(server.sample.run.exchanges[0])} at first"
