"""A run stops where its budget ends: nothing more is sent, nobody is accused, and what was left untested is said."""

from __future__ import annotations

import pytest

from benchmarks.many_runs import Job, Result, run_many

FILES = (1, 2, 3, 4, 6, 9, 12)
UPLOADS = (6, 25, 60, 130, 240, 333, 440)
BYTES = (20_000, 150_000, 400_000)


def job(limit: str, amount: int, *behaviours: str) -> Job:
    name = f"{limit}={amount}{' '.join(('', *behaviours))}"
    return Job(name=name, behaviours=behaviours, limits={limit: str(amount)})


JOBS = [
    *(job("max_files", amount) for amount in FILES),
    *(job("max_upload_requests", amount) for amount in UPLOADS),
    *(job("max_bytes", amount) for amount in BYTES),
    job("max_requests", 300),
    job("max_files", 3, "processing=2"),
    job("max_files", 5, "file-shape=minimal"),
    job("max_upload_requests", 100, "processing=1"),
]
SPENT = {
    "max_files": "committed_files",
    "max_upload_requests": "upload_requests",
    "max_bytes": "bytes_sent",
    "max_requests": "requests",
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result.name: result for result in run_many(JOBS)}


@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_a_run_that_may_not_go_on_accuses_nobody(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert result.failed == (), result.reasons
    assert "errored" not in result.verdicts.values(), result.reasons
    assert result.exit_code == 3
    assert "blocked" in result.verdicts.values()
    assert result.cleanup["left"] == []


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_no_more_is_spent_than_was_allowed(results: dict[str, Result], job: Job) -> None:
    """Taking away what was made comes on top of the requests: it may not be left out."""
    ((limit, amount),) = job.limits.items()
    cost = results[job.name].cost
    over = cost["sessions"] + cost["committed_files"] + 2 if limit == "max_requests" else 0
    assert cost[SPENT[limit]] <= int(amount) + over


def test_more_is_tested_the_more_is_allowed(results: dict[str, Result]) -> None:
    for limit, amounts in (("max_files", FILES), ("max_upload_requests", UPLOADS), ("max_bytes", BYTES)):
        passed = [list(results[f"{limit}={amount}"].verdicts.values()).count("passed") for amount in amounts]
        assert passed == sorted(passed)
        assert passed[-1] > passed[0]
