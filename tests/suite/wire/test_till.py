"""What processes of one run spend together: two purses with one till are one purse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commit_conformance.wire import BudgetSpent
from commit_conformance.wire.budget import Budget, Purse
from commit_conformance.wire.pace import Pace
from commit_conformance.wire.till import Till, clear


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def purses(folder: Path, clock: Clock | None = None, **limits: int) -> tuple[Purse, Purse]:
    tills = [Till(folder / "run.till", name=name) for name in ("gw0", "gw1")]
    one, two = (Purse(Budget(**limits), clock=clock or Clock(), till=till) for till in tills)
    return one, two


def spend(purse: Purse, times: int = 1, *, sent: int = 0, free: bool = False) -> None:
    for _ in range(times):
        purse.spend(upload=True, sent=sent, free=free)


@pytest.mark.parametrize("limit", ["requests", "upload_requests"])
def test_requests_count_for_both(tmp_path: Path, limit: str) -> None:
    one, two = purses(tmp_path, **{limit: 5})
    spend(one, 3)
    spend(two, 2)
    for purse in (one, two):
        with pytest.raises(BudgetSpent, match=f"the budget of 5 {limit.replace('_', ' ')} is spent"):
            spend(purse)
    assert (one.cost.requests, two.cost.requests) == (3, 2)
    assert one.spent.requests == two.spent.requests == 5


def test_bytes_count_for_both(tmp_path: Path) -> None:
    one, two = purses(tmp_path, bytes_sent=100)
    spend(one, sent=60)
    spend(two, sent=40)
    with pytest.raises(BudgetSpent):
        spend(one, sent=1)


def test_what_is_kept_for_cleaning_up_is_kept_for_both(tmp_path: Path) -> None:
    one, two = purses(tmp_path, requests=10)
    one.reserved = lambda: 4
    spend(one)
    spend(two, 5)
    with pytest.raises(BudgetSpent):
        spend(two)
    spend(one, 4, free=True)
    assert two.spent.requests == 10


def test_time_begins_with_the_first_request_of_either(tmp_path: Path) -> None:
    clock = Clock()
    one, two = purses(tmp_path, clock, seconds=60)
    spend(one)
    clock.now += 59
    spend(two)
    clock.now += 1
    with pytest.raises(BudgetSpent):
        spend(two)


def test_no_more_files_are_committed_than_allowed_though_both_are_about_to(tmp_path: Path) -> None:
    one, two = purses(tmp_path, committed_files=2)
    one.check_files()
    one.file_committed()
    one.check_files()
    assert not two.has_files()
    with pytest.raises(BudgetSpent):
        two.check_files()
    one.nothing_due()  # it was refused, and no file came of it
    two.check_files()
    two.file_committed()
    assert not one.has_files()
    assert one.spent.committed_files == 2


def test_turns_are_booked_for_both(tmp_path: Path) -> None:
    clock, waits = Clock(), list[float]()
    one, two = (
        Pace(60, clock=clock, sleep=waits.append, till=Till(tmp_path / "run.till", name=name)) for name in ("a", "b")
    )
    one.wait()
    two.wait()
    one.wait()
    two.save(2)
    assert waits == [1.0, 2.0, 4.0]


def test_a_process_that_is_killed_with_the_till_open_locks_nobody_out(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom commit_conformance.wire.till import Till\n"
        "with Till(Path(sys.argv[1]), name='gone').open() as common:\n"
        "    common.cost.requests = 99\n    os._exit(9)\n"
    )
    path = tmp_path / "run.till"
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 9
    with Till(path, name="next").open() as common:
        assert common.cost.requests == 0  # what was not finished was not kept
        common.cost.requests = 1
    clear(path)
    assert list(tmp_path.iterdir()) == []
