"""What a process says of its verdicts where others of the same run have tested what they build on."""

from __future__ import annotations

from embedded_runs import trial

from commit_conformance.model import Problem
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.monitor import Finding
from commit_conformance.verdict.settings import BUDGETS, RunSettings
from commit_conformance.wire.budget import Budget


def found(rule: str, during: str, message: str = "x") -> Finding:
    return Finding(Problem(rule, message), {}, [], during=during)


def elsewhere(rule_id: str) -> list[str]:
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
