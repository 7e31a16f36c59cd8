"""Requests are spread evenly, but for those that have to meet."""

from __future__ import annotations

import threading

import pytest
from wires import URL, Probe, answering

from commit_conformance.wire import Budget, BudgetSpent
from commit_conformance.wire.budget import Purse
from commit_conformance.wire.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 9))
        self.now += seconds


def pace(per_minute: int | None, clock: Clock) -> Pace:
    return Pace(per_minute, clock=clock, sleep=clock.sleep)


def test_a_request_waits_for_its_turn() -> None:
    clock = Clock()
    paced = pace(240, clock)
    for _ in range(5):
        paced.wait()
    assert clock.slept == [0.25] * 4
    assert clock.now == 101


def test_time_spent_otherwise_is_not_waited_for_again_and_nothing_is_caught_up() -> None:
    clock = Clock()
    paced = pace(60, clock)
    paced.wait()
    clock.now += 0.4
    paced.wait()
    clock.now += 10
    paced.wait()
    paced.wait()
    assert clock.slept == [0.6, 1.0]


def test_requests_that_have_to_meet_wait_before_and_not_between() -> None:
    clock = Clock()
    paced = pace(60, clock)
    paced.wait()
    paced.save(3)
    met = clock.now
    for _ in range(3):
        paced.wait()
    assert clock.now == met == 103
    paced.wait()
    assert clock.now == 104


def test_without_a_rate_nothing_waits() -> None:
    clock = Clock()
    paced = pace(None, clock)
    paced.save(5)
    paced.wait()
    assert clock.slept == []


def test_many_threads_get_turns_of_their_own() -> None:
    slept: list[float] = []
    paced = Pace(60, clock=lambda: 0.0, sleep=slept.append)
    threads = [threading.Thread(target=paced.wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [1, 2, 3, 4, 5, 6, 7]


def test_only_upload_requests_are_paced() -> None:
    probe = Probe(answering(200), rate=1)
    for _ in range(3):
        probe.wire.send("GET", URL)
    assert probe.slept == []
    for _ in range(2):
        probe.wire.send("GET", URL, upload=True)
    assert len(probe.slept) == 1
    assert probe.slept[0] == pytest.approx(60, abs=1)


def test_bytes_are_refused_before_they_are_sent() -> None:
    probe = Probe(answering(200), budget=Budget(bytes_sent=10))
    probe.wire.send("PUT", URL, content=b"1234567")
    with pytest.raises(BudgetSpent, match="the budget of 10 bytes sent is spent"):
        probe.wire.send("PUT", URL, content=b"1234")
    probe.wire.send("PUT", URL, content=b"123")
    assert probe.wire.purse.cost.bytes_sent == 10
    probe.wire.send("GET", URL)


def test_time_is_counted_from_the_first_request() -> None:
    clock = Clock()
    purse = Purse(Budget(seconds=60), clock=clock)
    clock.now += 1000
    purse.spend(upload=False, sent=0)
    clock.now += 59
    purse.spend(upload=False, sent=0)
    clock.now += 1
    with pytest.raises(BudgetSpent, match="60 seconds"):
        purse.spend(upload=False, sent=0)
    purse.spend(upload=False, sent=0, free=True)


def test_a_limit_that_is_given_takes_the_place_of_another() -> None:
    both = Budget(requests=59, committed_files=4).but(Budget(committed_files=9, seconds=5))
    assert both == Budget(requests=59, committed_files=9, seconds=5)
