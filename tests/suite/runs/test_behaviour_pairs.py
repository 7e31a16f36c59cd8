"""A server that differs in two respects, each of them rightly, raises no alarm either.

A sample of the pairs, run once in one forked pool at standard effort; `benchmarks.detection` runs them all.
"""

from __future__ import annotations

import pytest

from benchmarks.behaviour_pairs import pair_jobs, value_jobs
from benchmarks.many_runs import Result, run_many

JOBS = [*pair_jobs("sample"), *value_jobs()]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result.name: result for result in run_many(JOBS)}


@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_two_behaviours_at_once_or_another_value_raise_no_alarm(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert result.failed == (), result.reasons
    assert "errored" not in result.verdicts.values(), result.reasons


@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_enough_was_tested_for_its_absence_of_alarms_to_mean_something(results: dict[str, Result], name: str) -> None:
    """A slow or exacting server may use up the budget, but not before a file has been committed and read."""
    result = results[name]
    assert result.exit_code in (0, 3), result.reasons
    assert result.verdicts["PART-COMPLETE"] == "passed"
    assert result.cost["committed_files"] >= 2
