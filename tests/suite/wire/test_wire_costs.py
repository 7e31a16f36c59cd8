"""What a run costs, and that it costs no more than it may."""

from __future__ import annotations

import threading

import httpx
import pytest
from wires import URL, Probe, answering

from commit_conformance.wire import Budget, BudgetSpent
from commit_conformance.wire.budget import Purse


def test_what_is_sent_is_counted() -> None:
    probe = Probe(answering(429, httpx.Response(200, content=b"12345")))
    probe.wire.send("PUT", URL, content=b"abc", upload=True)
    probe.wire.send("GET", URL)
    assert probe.wire.purse.cost.as_json() == {
        "requests": 3,
        "upload_requests": 2,
        "bytes_sent": 6,
        "part_bytes": 0,
        "bytes_received": 10,
        "sessions": 0,
        "committed_files": 0,
    }


@pytest.mark.parametrize(
    ("budget", "upload", "sent"),
    [
        (Budget(requests=2), False, 2),
        (Budget(requests=2), True, 2),
        (Budget(upload_requests=2), True, 2),
        (Budget(upload_requests=2), False, 5),
        (Budget(requests=0), False, 0),
        (Budget(), True, 5),
    ],
)
def test_no_more_is_sent_than_the_budget_allows(budget: Budget, upload: bool, sent: int) -> None:
    probe = Probe(answering(200), budget=budget)
    for number in range(5):
        if number < sent:
            probe.wire.send("GET", URL, upload=upload)
        else:
            with pytest.raises(BudgetSpent, match="is spent"):
                probe.wire.send("GET", URL, upload=upload)
    assert len(probe.requests) == sent


def test_cleaning_up_may_exceed_the_budget_and_is_counted() -> None:
    probe = Probe(answering(200), budget=Budget(requests=0, upload_requests=0))
    probe.wire.send("DELETE", URL, upload=True, free=True)
    assert probe.wire.purse.cost.requests == 1


def test_waiting_for_a_busy_target_keeps_to_the_budget() -> None:
    probe = Probe(answering(429), budget=Budget(requests=2))
    with pytest.raises(BudgetSpent):
        probe.wire.send("GET", URL)
    assert len(probe.requests) == 2


def test_committed_files_have_a_budget_of_their_own() -> None:
    purse = Purse(Budget(committed_files=2))
    purse.check_files(2)
    with pytest.raises(BudgetSpent, match="2 committed files"):
        purse.check_files(3)
    purse.file_committed()
    assert purse.has_files()
    purse.file_committed()
    assert not purse.has_files()
    with pytest.raises(BudgetSpent):
        purse.check_files()
    assert Purse(Budget()).has_files()


def test_committed_files_can_be_limited_for_the_time_being() -> None:
    purse = Purse(Budget(committed_files=3))
    purse.most_files = 1
    purse.check_files()
    purse.file_committed()
    assert not purse.has_files()
    with pytest.raises(BudgetSpent, match="1 committed files"):
        purse.check_files()
    purse.most_files = None
    purse.check_files(2)


def test_threads_share_one_purse_and_one_count() -> None:
    probe = Probe(answering(200), budget=Budget(requests=50))
    numbers: list[int] = []

    def ask() -> None:
        for _ in range(20):
            try:
                numbers.append(probe.wire.send("GET", URL).n)
            except BudgetSpent:
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 51))
    assert probe.wire.purse.cost.requests == 50
