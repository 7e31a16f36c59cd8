"""One commit of an earlier run, sent again: the state it needs is made anew, and its answer judged like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_conformance.target.upload import Upload
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Rule
from commit_conformance.wire import describe_answer
from strategies.digests import WithForeignPart
from strategies.entry_edits import Foreign
from strategies.plan import CommitPlan
from strategies.written import read_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of an example that was sent again.

    Attributes:
        attempt: The commit.
        wrong: What is wrong with it; None where it shows nothing of its rule.
    """

    attempt: Attempt
    wrong: str | None


def show_again(server: Server, rule: Rule, plan: Mapping[str, Any], shape: Mapping[str, Any]) -> Shown:
    """Opens an upload like the one of that time, and commits it by the same plan.

    Args:
        plan: As the event log holds it; see `strategies.written`.
        shape: The upload: ``file_size``, ``part_size``, ``parts`` (those that were uploaded) and ``new_version``.

    Raises:
        NotAPlan: The plan cannot be read.
        Ending: The state cannot be made on this target.
        SetupFailed, WireError, BudgetSpent: The target did not play along.
    """
    commit = read_plan(dict(plan))
    server.begin(rule)
    upload = _upload(server, shape)
    if isinstance(commit.digest, WithForeignPart) or any(isinstance(edit, Foreign) for edit in commit.parts):
        _lend(server, commit, upload)
    attempt = server.attempt(upload, commit)
    return Shown(attempt=attempt, wrong=_wrong(server, rule, attempt))


def _upload(server: Server, shape: Mapping[str, Any]) -> Upload:
    part, target = server.target.first_session.part_size, server.target
    then_part, then_size = int(shape["part_size"]), int(shape["file_size"])
    count = -(-then_size // then_part)
    # Where parts have another size, as many of them; the last one smaller than the others if it was.
    size = (
        then_size if part == then_part else (count - 1) * part + (part if then_size % then_part == 0 else part // 2 + 1)
    )
    size = max(size, target.smallest)
    left_out = set(range(count)) - set(shape["parts"])
    total = -(-size // part)
    parts = [index for index in range(total) if index not in left_out]
    current = {"target": server.sample_file} if shape["new_version"] else {}
    return server.upload(size=size, parts=parts, **current)


def _lend(server: Server, plan: CommitPlan, upload: Upload) -> None:
    """Another session, for plans that name one of its parts."""
    other = server.upload(parts=range(1))
    if any(isinstance(edit, Foreign) and edit.aborted for edit in plan.parts):
        server.abort(other)
    server.use_foreign(other, upload)


def _wrong(server: Server, rule: Rule, attempt: Attempt) -> str | None:
    """What is wrong with an answer, in the words of the rule where it was found in passing."""
    found = server.run.monitor.findings.get(rule.id)
    if found:
        return found[0].problem.message
    if attempt.expectation.must_refuse:
        return server.refusal(attempt)[1]
    if attempt.expectation.must_create and not attempt.took_effect:
        return f"a right commit was answered {describe_answer(attempt.run.last)}"
    return None
