"""A log of any size makes a report of a bounded one: what passed is summed up, what failed is shown in part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commit_conformance.report.formats import har
from commit_conformance.report.html.page import render
from commit_conformance.report.log import read_log
from commit_conformance.report.verdicts import MOST_EXCHANGES, Verdict
from tests.suite.report.event_logs import exchange, failed, failure, footer, header, log_of, verdict, write

BODY = json.dumps({"parts": [{"part_id": f"P{n}", "offset": n, "size": 1} for n in range(150)]})


def test_exchanges_of_what_did_not_fail_are_counted_and_not_kept(tmp_path: Path) -> None:
    talk = [exchange(n=n, status=201 if n % 3 else 429) for n in range(90)]
    (line,) = log_of(tmp_path, verdict("A", exchanges=talk)).verdicts

    assert line.exchanges == ()
    assert line.left_out == 90
    assert line.traffic == {"POST 201": 60, "POST 429": 30}


@pytest.mark.parametrize(("count", "decisive"), [(5, 2), (100, 0), (100, 50), (100, 99), (100, None), (100, 1000)])
def test_of_a_failure_the_exchanges_up_to_the_decisive_one_are_kept(count: int, decisive: int | None) -> None:
    event = failed(failure=failure(exchange=decisive), exchanges=[exchange(n=n) for n in range(count)])
    line = Verdict.from_event(event)

    assert len(line.exchanges) == min(count, MOST_EXCHANGES)
    assert line.left_out == count - len(line.exchanges)
    assert line.decisive is not None
    assert line.decisive.number == (decisive if decisive is not None and decisive < count else count - 1)
    numbers = [each.number for each in line.exchanges]
    assert numbers == list(range(numbers[0] or 0, (numbers[-1] or 0) + 1))


def test_only_the_first_failure_of_a_rule_keeps_its_exchanges(tmp_path: Path) -> None:
    log = log_of(tmp_path, failed(), failed(), failed("PART-SUM"))

    assert [len(line.exchanges) for line in log.verdicts] == [2, 0, 2]


def test_the_page_does_not_grow_with_the_log(tmp_path: Path) -> None:
    def size(count: int) -> int:
        talk = [exchange(n=n, request_body=BODY, response_body=BODY) for n in range(count)]
        passed = [verdict(f"PASSED-{n}", exchanges=talk) for n in range(3)]
        log = read_log(write(tmp_path, header(), *passed, failed(exchanges=talk), footer(exit_code=None)))
        assert len(json.loads(har.render(log))["log"]["entries"]) <= MOST_EXCHANGES
        return len(render(log))

    assert size(400) < 1.01 * size(40) < 400_000
