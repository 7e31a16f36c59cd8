"""What a process says of its verdicts where others of the same run have tested what they build on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from embedded_runs import Trial, trial

from commit_conformance.model import Problem
from commit_conformance.target.settings import TargetSettings
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.monitor import Finding
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.settings import BUDGETS, RunSettings
from commit_conformance.wire.budget import Budget
from strategies import part_lists
from strategies.digests import OtherContent
from strategies.plan import CommitPlan
from tests.server import test_conflict as conflicts


def found(rule: str, during: str, message: str = "x") -> Finding:
    return Finding(Problem(rule, message), {}, [], during=during)


def elsewhere(rule_id: str, also: Iterable[str]) -> list[str]:
    """Wrong lists are tested here, and what they build on is tested by another process."""
    return ["REJECTED-SESSION-LIVES"] if rule_id == "PART-GAP" else []


def test_what_was_seen_by_a_test_that_builds_on_others_is_void_unless_they_are_kept() -> None:
    with trial() as one:
        one.run.untested = elsewhere
        one.examine("PART-COMPLETE", lambda server: server.sample)
        for rule in ("CREATED-SIZE", "CREATED-NAME"):
            one.run.monitor.file(found(rule, during="PART-GAP"), answer=1)
        own = one.examine("CREATED-SIZE", lambda server: server.seen())
        assert (own["verdict"], own["unless"]) == ("failed", ["REJECTED-SESSION-LIVES"])
        (left,) = one.run.leftovers({"CREATED-SIZE", "CREATED-NAME"})
        assert (left["rule"], left["unless"]) == ("CREATED-NAME", ["REJECTED-SESSION-LIVES"])


def test_what_was_seen_by_another_test_too_is_told_of_that_one() -> None:
    with trial() as one:
        one.run.untested = elsewhere
        one.examine("PART-COMPLETE", lambda server: server.sample)
        one.run.monitor.file(found("CREATED-SIZE", during="PART-GAP"), answer=1)
        one.run.monitor.file(found("CREATED-SIZE", during="PART-COMPLETE", message="another"), answer=2)
        own = one.examine("CREATED-SIZE", lambda server: server.seen())
        assert (own["verdict"], own["reason"]) == ("failed", "another")
        assert "unless" not in own


@pytest.mark.parametrize("unknown", [True, False], ids=["untested here", "kept here"])
def test_a_session_that_has_refused_a_wrong_digest_may_have_died_of_that(unknown: bool) -> None:
    with trial("processing=0", fault="digest-failure-ends-session") as one:
        one.run.untested = lambda rule_id, also: list(also)
        one.server.begin(one.run.catalogue.get("PART-COMPLETE"))
        if not unknown:
            one.run.verdicts["DIGEST-RETRY"] = Verdict.PASSED
        upload = one.server.target.bank.lease("part-list")
        for plan in (CommitPlan(digest=OtherContent()), CommitPlan()):
            attempt = one.server.attempt(upload, plan)
        one.server.session_died(attempt)
        (left,) = one.run.leftovers({"REJECTED-SESSION-LIVES"})
        assert left["rule"] == "REJECTED-SESSION-LIVES"
        assert left.get("unless") == (["DIGEST-RETRY"] if unknown else None)


def test_a_finding_says_during_which_test_it_came_up() -> None:
    with trial(fault="rounds-size") as one:
        one.examine("PART-COMPLETE", lambda server: server.sample)
        assert {finding.during for finding in one.run.monitor.findings["CREATED-SIZE"]} == {"PART-COMPLETE"}


def test_what_is_only_recorded_keeps_to_the_files_of_one_process() -> None:
    settings = RunSettings(target=TargetSettings(), effort=Effort.STANDARD, seed=1, processes=3)
    alone = BUDGETS[Effort.STANDARD].committed_files or 0
    assert (settings.budget.committed_files or 0) > alone
    assert settings.files_alone == alone
    given = RunSettings(
        target=TargetSettings(), effort=Effort.STANDARD, seed=1, processes=3, limits=Budget(committed_files=40)
    )
    assert given.files_alone == given.budget.committed_files == 40


def test_the_limit_holds_while_such_a_rule_is_tested_and_no_longer() -> None:
    with trial() as one:
        one.run.settings = RunSettings(target=TargetSettings(), effort=Effort.STANDARD, seed=1, processes=2)
        limits: list[int | None] = []
        for rule_id in ("REPEAT-ANSWER", "PART-COMPLETE"):
            one.examine(rule_id, lambda server: limits.append(server.target.wire.purse.most_files))
        assert limits == [BUDGETS[Effort.STANDARD].committed_files, None]


# What others build on, where another process tests the rule of it


def created(one: Trial) -> int:
    return len([attempt for attempt in one.server.attempts if attempt.created])


def test_the_first_right_commit_is_what_others_build_on_though_the_session_had_refused() -> None:
    with trial("processing=0") as one:
        one.server.begin(one.run.catalogue.get("REJECTED-SESSION-LIVES"))
        upload = one.server.target.bank.lease("life-cycle")
        for wrong in part_lists.missing_last.first(1):
            assert not one.server.attempt(upload, wrong).created
        made = one.server.attempt(upload, CommitPlan(headers=(("accept", "application/json"),)))
        assert made.created
        assert one.server.sample is made
        assert one.server.leans
        assert created(one) == 1
        assert one.server.committed() is not made  # other than the first, as ever


@pytest.mark.parametrize(
    "commit",
    [
        lambda server: server.attempt(server.light(), CommitPlan()),
        lambda server: server.attempt(server.target.bank.open(), CommitPlan(content_type="application/json; a=b")),
        lambda server: server.attempt(server.target.bank.open(), CommitPlan(), barred=True),
    ],
    ids=["a file of few parts", "an unusual form", "as a race decides"],
)
def test_what_is_not_quite_as_documented_is_not_built_on(commit: Callable[[Server], Attempt]) -> None:
    with trial("processing=0") as one:
        one.server.begin(one.run.catalogue.get("PART-COMPLETE"))
        other = commit(one.server)
        assert other.created
        assert one.server.sample is not other
        assert created(one) == 2


def test_a_file_that_has_changed_since_is_not_built_on() -> None:
    with trial("processing=0") as one:
        one.server.begin(one.run.catalogue.get("PART-COMPLETE"))
        first = one.server.attempt(one.server.target.bank.open(), CommitPlan())
        assert first.file is not None
        assert one.server.attempt(one.server.new_version(first.file), CommitPlan()).created
        assert one.server.sample is not first


def test_some_file_is_deleted_where_it_is_not_known_any_more_which_took_the_name() -> None:
    """What else this process has tested may have made it a file of nobody knows whom."""
    with trial("processing=0") as one:
        named = one.examine("CONFLICT-NAME", conflicts.test_a_name_that_was_taken_meanwhile_is_answered_409)
        for file in conflicts.files_in_the_way(one.server, one.server.made["taken name"][0]):
            del one.server.target.files[file.file_id]
        trashed = one.examine("CONFLICT-TRASHED", conflicts.test_a_new_version_of_a_file_deleted_meanwhile_is_refused)
        assert (named["verdict"], trashed["verdict"]) == ("passed", "passed")
