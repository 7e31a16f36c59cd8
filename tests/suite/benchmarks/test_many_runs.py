"""What a run of many gives back."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from benchmarks.many_runs import Job, Result, result_of, run_many

JOBS = [
    Job(name="one", faults=("loses-last-part",), effort="quick"),
    Job(name="socket", faults=("ignores-chunked-body",), rules=("BODY-CHUNKED",), socket=True),
    Job(name="right", behaviours=("order=reject",), rules=("PART-GAP",)),
]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result.name: result for result in run_many(JOBS)}


def test_results_come_in_the_order_of_the_jobs(results: dict[str, Result]) -> None:
    assert list(results) == [job.name for job in JOBS]


def test_a_failure_says_when_and_by_which_request_it_was_seen(results: dict[str, Result]) -> None:
    result = results["one"]
    assert result.exit_code == 1
    assert set(result.failures) == set(result.failed) == set(result.reported)
    first = result.failures[result.failed[0]]
    assert first.shown_by is not None
    assert 0 < first.shown_by <= result.cost["requests"]
    assert 0 < first.requests <= result.cost["requests"]
    assert 0 < first.seconds <= result.seconds
    assert first.reason == result.reasons[result.failed[0]]


def test_a_job_can_be_run_over_a_socket(results: dict[str, Result]) -> None:
    assert results["socket"].failed == ("BODY-CHUNKED",)


def test_a_run_in_which_nothing_failed_has_no_failures(results: dict[str, Result]) -> None:
    result = results["right"]
    assert (result.exit_code, result.failed, result.reported, result.failures) == (0, (), (), {})
    assert result.verdicts["PART-GAP"] == "passed"


def test_options_in_the_environment_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMIT_CONFORMANCE_FAULT", "accepts-gap")
    assert next(run_many([Job(name="right", rules=("PART-GAP",))])).failed == ()


def test_a_result_survives_json(results: dict[str, Result]) -> None:
    for result in results.values():
        assert result_of(json.loads(json.dumps(asdict(result)))) == result


def test_runs_that_take_too_long_are_ended(results: dict[str, Result]) -> None:
    with pytest.raises(RuntimeError, match="failed with -9"):
        list(run_many([Job(name=str(number), effort="thorough") for number in range(8)], timeout=1))


def test_what_is_wrong_with_a_job_is_told() -> None:
    with pytest.raises(RuntimeError, match="no-such-fault"):
        list(run_many([Job(name="wrong", faults=("no-such-fault",))]))
