"""Walks: what they spend, what they find, what they show of it, and what they leave behind."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from commit_conformance.model import Problem
from commit_conformance.trial import walk
from commit_conformance.trial.journey import MOST_PARTS, SHARES
from commit_conformance.trial.walker import Walker
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.monitor import Finding
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.wire import Budget
from tests.suite.trial.embedded_runs import Trial, trial

RULE = "LIFE-CYCLE-MODEL"
STANDARD = SHARES[Effort.STANDARD]
#: Looking at the last sessions of a walk that has reached its share, and ending them.
AFTERWARDS = 8


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The steps of every walk, without what differs between two runs."""
    found: list[list[str]] = []
    end = Walker.end

    def noted(self: Walker) -> None:
        if not self.over and self.steps:
            found.append([re.sub(r"\b[0-9A-F]{8}\b|\b\d{10}\b", "…", step) for step in self.steps])
        end(self)

    monkeypatch.setattr(Walker, "end", noted)
    return found


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thorough run that can be waited for."""
    share = replace(SHARES[Effort.THOROUGH], walks=6, steps=12, shrinking=150)
    monkeypatch.setitem(SHARES, Effort.THOROUGH, share)


def spent(one: Trial) -> tuple[int, int]:
    assert one.run.target is not None
    cost = one.run.target.wire.purse.cost
    return cost.upload_requests, cost.committed_files


def test_a_standard_run_walks_within_its_share(walked: list[list[str]]) -> None:
    with trial() as one:
        _ = one.server.sample_file
        one.server.can("new_version")
        requests, files = spent(one)
        event = one.examine(RULE, walk.walks)
        after = spent(one)
    assert event["verdict"] == "passed", event["reason"]
    assert STANDARD.requests is not None
    assert 30 < after[0] - requests <= STANDARD.requests + AFTERWARDS
    assert after[1] - files == STANDARD.files
    assert len(walked) >= 2
    assert {"open", "put", "list", "commit", "abort", "rename", "delete"} <= {
        step.split(". ")[1].split()[0] for steps in walked for step in steps
    }


def test_one_seed_walks_alike_and_another_one_does_not(walked: list[list[str]], few: None) -> None:
    runs = []
    for seed in (1, 1, 2):
        walked.clear()
        with trial(effort=Effort.THOROUGH, seed=seed) as one:
            assert one.examine(RULE, walk.walks)["verdict"] == "passed"
        runs.append(list(walked))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert len(runs[0]) >= 6


def test_a_failure_shows_its_steps_and_what_differs() -> None:
    with trial(fault="version-undoes-rename") as one:
        event = one.examine(RULE, walk.walks)
        known = [file.name or "" for file in one.server.target.files.values()]
        assert not [name for name in known if name.endswith(("-a.bin", "-b.bin"))], "told once is enough"
    assert event["verdict"] == "failed"
    history = event["failure"]["history"]
    assert [line.split(". ")[0] for line in history[:-1]] == [str(n) for n in range(1, len(history))]
    assert re.search(r"rename F1 to b: 200 OK", "\n".join(history))
    assert re.fullmatch(r"then: commit S\d: .*: the answer shows name .*-a\.bin, not .*-b\.bin", history[-1])
    assert event["failure"]["message"] in event["reason"]
    assert event["failure"]["replay"].endswith(f"--rule {RULE}")


def test_a_drawn_walk_is_made_shorter_within_a_limit(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "laid_down", lambda journey: None)
    with trial(fault="repeated-part-listed-twice", effort=Effort.THOROUGH) as one:
        event = one.examine(RULE, walk.walks)
        limit = SHARES[Effort.THOROUGH].shrinking
    assert event["verdict"] == "failed", event["reason"]
    steps = [line for line in event["failure"]["history"] if line[0].isdigit()]
    assert 2 <= len(steps) <= 12
    assert limit == 150


def test_shrinking_ends_at_once_when_it_may_cost_nothing(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "laid_down", lambda journey: None)
    costs = {}
    for limit in (0, 150):
        share = replace(SHARES[Effort.THOROUGH], shrinking=limit)
        monkeypatch.setitem(SHARES, Effort.THOROUGH, share)
        with trial(fault="repeated-part-listed-twice", effort=Effort.THOROUGH) as one:
            assert one.examine(RULE, walk.walks)["verdict"] == "failed"
            costs[limit] = spent(one)[0]
    assert costs[0] < costs[150] <= costs[0] + 150 + 20


@pytest.mark.parametrize("known", ["verdict", "in passing"])
def test_where_another_rule_has_failed_a_walk_that_fails_is_blocked(known: str) -> None:
    with trial(fault="version-undoes-rename") as one:
        if known == "verdict":
            one.run.verdicts["PART-GAP"] = Verdict.FAILED
        else:
            one.run.monitor.file(Finding(Problem("PART-GAP", "x"), {}, []), answer=1)
        event = one.examine(RULE, walk.walks)
    assert event["verdict"] == "blocked"
    assert event["reason"].startswith("a walk met the same or another mistake (after ")
    assert event["reason"].endswith("; mend PART-GAP first")


def test_what_is_only_observed_blocks_nothing() -> None:
    with trial(fault="version-undoes-rename") as one:
        one.run.verdicts["REPEAT-ANSWER"] = Verdict.FAILED
        assert one.examine(RULE, walk.walks)["verdict"] == "failed"


def test_a_budget_that_ends_the_first_walk_blocks_the_rule() -> None:
    with trial() as one:
        _ = one.server.sample_file
        one.server.can("new_version")
        purse = one.server.target.wire.purse
        purse.budget = Budget(upload_requests=purse.cost.upload_requests + purse.reserved() + 9)
        event = one.examine(RULE, walk.walks)
    assert event["verdict"] == "blocked"
    assert "budget" in event["reason"]


def test_a_budget_that_ends_a_later_walk_leaves_what_was_done() -> None:
    with trial() as one:
        _ = one.server.sample_file
        one.server.can("new_version")
        purse = one.server.target.wire.purse
        purse.budget = Budget(upload_requests=purse.cost.upload_requests + purse.reserved() + 42)
        event = one.examine(RULE, walk.walks)
    assert event["verdict"] == "passed", event["reason"]


def test_the_folder_holds_no_strangers_after_a_walk(few: None) -> None:
    with trial(effort=Effort.THOROUGH) as one:
        sample = one.server.sample
        assert one.examine(RULE, walk.walks)["verdict"] == "passed"
        one.server.judge.folder(sample)
        assert one.run.monitor.findings == {}


@pytest.mark.parametrize(
    "behaviour",
    [
        "no-delete",
        "no-new-version",
        "no-list-parts",
        "no-status",
        "no-read-back",
        "no-content",
        "aborted=410",
        "repeat=409",
    ],
)
def test_a_right_server_that_differs_is_walked_as_far_as_it_goes(behaviour: str, few: None) -> None:
    with trial(behaviour, effort=Effort.THOROUGH) as one:
        event = one.examine(RULE, walk.walks)
        findings = one.run.monitor.findings
        # What such a server cannot take away again is not what is asked here.
        if behaviour == "no-delete":
            one.run.close()
            assert one.run.cleanup is not None
            one.run.cleanup.left.clear()
    assert event["verdict"] == "passed", event["reason"]
    assert findings == {}


def test_files_that_take_many_parts_are_left_alone() -> None:
    with trial("min-file-size=10KiB") as one:
        one.server.target.smallest = 1 + MOST_PARTS * one.server.target.first_session.part_size
        one.server.target.capabilities.learn("new_version", False, "not asked")
        event = one.examine(RULE, walk.walks)
    assert event["verdict"] == "unsupported"
    assert "5 parts" in event["reason"]
