"""Races: how often, how far apart, and what is told of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from commit_conformance.model.history import Explanation
from commit_conformance.trial import rounds
from commit_conformance.trial.rounds import Round
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked
from commit_conformance.wire import BudgetSpent
from tests.suite.trial.embedded_runs import trial

RACES: dict[str, Callable[[Server], Callable[[float], Round]]] = {
    "REPEAT-CONCURRENT": lambda server: server.identical_commits,
    "REPEAT-ABORT-RACE": lambda server: server.commit_and_abort,
    "REPEAT-UPLOAD-RACE": lambda server: server.commit_and_last_part,
    "CONFLICT-RACE": lambda server: server.commits_for_one_name,
    "IF-MATCH-RACE": lambda server: server.versions_of_one_etag,
}
FAULTS = {
    "REPEAT-CONCURRENT": "concurrent-commits-make-files",
    "REPEAT-ABORT-RACE": "abort-race",
    "REPEAT-UPLOAD-RACE": "upload-race",
    "CONFLICT-RACE": "conflict-race",
    "IF-MATCH-RACE": "if-match-race",
}
FINE = Round(attempts=(), calls=(), explanation=Explanation(order=()))


def race(rule: str, *behaviours: str, **options: Any) -> dict[str, Any]:
    with trial(*behaviours, **options) as one:
        return one.examine(rule, lambda server: server.races(RACES[rule](server)))


@pytest.fixture
def six(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thorough run that can be waited for."""
    monkeypatch.setitem(rounds.ROUNDS, Effort.THOROUGH, 6)


@pytest.mark.parametrize("rule", RACES)
def test_a_right_server_wins_every_round(rule: str, six: None) -> None:
    event = race(rule, effort=Effort.THOROUGH)
    assert event["verdict"] == "passed", event["reason"]


@pytest.mark.parametrize("rule", RACES)
def test_a_failure_shows_the_history_and_says_how_often(rule: str, six: None) -> None:
    event = race(rule, effort=Effort.THOROUGH, fault=FAULTS[rule])
    assert event["verdict"] == "failed", event["reason"]
    failure = event["failure"]
    times = failure["times"]
    assert f"(in {times['failed']} of {times['asked']} rounds)" in event["reason"]
    assert 0 < times["failed"] <= times["asked"] <= 6
    history = failure["history"]
    assert history[0].startswith("1. sent at     0.0 ms, answered at ")
    assert any(line.startswith("in no order could one request after the other ") for line in history)


@pytest.mark.parametrize("rule", ["REPEAT-CONCURRENT", "REPEAT-ABORT-RACE", "CONFLICT-RACE"])
def test_a_race_is_judged_where_every_commit_is_answered_202_first(rule: str, six: None) -> None:
    assert race(rule, "processing-every=1")["verdict"] == "passed"
    verdict = race(rule, "processing-every=1", fault=FAULTS[rule])
    assert verdict["verdict"] == "failed", verdict["reason"]


def test_a_file_that_202_alone_makes_twice_is_no_matter_of_races() -> None:
    verdict = race("REPEAT-CONCURRENT", "processing-every=1", fault="every-accepted-makes-a-file")
    assert verdict["verdict"] == "blocked"
    assert "ACCEPTED-ONE-FILE" in verdict["reason"]


def test_of_two_commits_for_one_name_the_answers_tell_where_202_alone_makes_files() -> None:
    verdict = race("CONFLICT-RACE", "processing-every=1", fault="every-accepted-makes-a-file")
    assert verdict["verdict"] == "passed", verdict["reason"]


def test_one_round_says_nothing_of_rounds() -> None:
    event = race("CONFLICT-RACE", fault="conflict-race")
    assert event["verdict"] == "failed"
    assert "rounds" not in event["reason"]
    assert event["failure"]["times"] == {"failed": 1, "asked": 1}


def test_requests_are_on_their_way_at_the_same_time() -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def send() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.05)
        with lock:
            inside -= 1

    with trial() as one:
        finishes = one.server.at_once([send, send, send])
    assert most == 3
    assert max(finish.begin for finish in finishes) < min(finish.end for finish in finishes)


@pytest.mark.parametrize(("lag", "order"), [(0.2, [0, 1, 2]), (-0.2, [2, 1, 0])])
def test_a_lag_holds_one_back_against_the_other(lag: float, order: list[int]) -> None:
    with trial() as one:
        finishes = one.server.at_once([lambda: None] * 3, lag=lag)
    begins = [finishes[index].begin for index in order]
    assert begins == sorted(begins)
    assert begins[-1] - begins[0] > 0.2


def lags_of(seed: int) -> list[float]:
    found: list[float] = []
    with trial(effort=Effort.THOROUGH, seed=seed) as one:

        def one_round(lag: float) -> Round:
            one.server._pace = 0.1
            found.append(lag)
            one.run.looked = True
            return FINE

        assert one.examine("CONFLICT-RACE", lambda server: server.races(one_round))["verdict"] == "passed"
    return found


def test_lags_follow_from_the_seed_go_both_ways_and_begin_at_none() -> None:
    lags = lags_of(1)
    assert len(lags) == rounds.ROUNDS[Effort.THOROUGH]
    assert lags[0] == 0
    assert min(lags) < 0 < max(lags)
    assert max(map(abs, lags)) <= 0.1
    assert lags == lags_of(1) != lags_of(2)


def endings(*rounds: Round | Exception, effort: Effort = Effort.STANDARD) -> tuple[str, str, int]:
    """Verdict and reason of a race whose rounds end like this, and how many were run."""
    run = 0
    with trial(effort=effort) as one:

        def one_round(lag: float) -> Round:
            nonlocal run
            run += 1
            one.run.looked = True
            ending = rounds[run - 1]
            if isinstance(ending, Exception):
                raise ending
            return ending

        event = one.examine("CONFLICT-RACE", lambda server: server.races(one_round))
    return event["verdict"], event["reason"], run


def test_a_round_that_says_nothing_is_run_once_more() -> None:
    assert endings(Blocked("202"), FINE) == ("passed", "", 2)
    assert endings(Blocked("202"), Blocked("again")) == ("blocked", "202", 2)


def test_a_budget_ends_the_rounds(six: None) -> None:
    assert endings(BudgetSpent("spent"))[:2] == ("blocked", "spent")
    assert endings(FINE, FINE, BudgetSpent("spent"), effort=Effort.THOROUGH) == ("passed", "", 3)
