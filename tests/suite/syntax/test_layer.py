"""The syntactic layer in a run: what it finds, what it costs, and what it leaves alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from commit_conformance.syntax import drawn, layer
from commit_conformance.trial.journey import SHARES
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Catalogue, Effort
from tests.suite.trial.embedded_runs import trial

negative = layer.refuses_what_is_not_described
positive = layer.commits_what_is_described


def test_a_right_server_refuses_what_the_description_forbids() -> None:
    with trial() as on:
        event = on.examine("SYNTAX-NEGATIVE", negative)
        assert event["verdict"] == "passed"
        assert event["examples"] == layer.STANDARD_CASES
        budget = on.run.settings.budget.upload_requests
        assert budget is not None
        # Far from the third of a run that generated cases may take at most; the connection is in it, too.
        assert event["requests"] < budget / 10
        assert on.server.target.wire.purse.cost.committed_files == 0
        assert not any(on.run.monitor.findings.values())


@pytest.mark.parametrize("behaviour", ["async-validation", "rate-limit=7", "commit-path", "sha1-required"])
def test_a_server_that_differs_rightly_passes(behaviour: str) -> None:
    with trial(behaviour) as on:
        assert on.examine("SYNTAX-NEGATIVE", negative)["verdict"] == "passed"


def test_what_is_taken_although_it_is_forbidden_is_found() -> None:
    with trial(fault="takes-blank-part-ids") as on:
        event = on.examine("SYNTAX-NEGATIVE", negative)
    assert event["verdict"] == "failed"
    assert event["failure"]["sent"].startswith("body: parts[0].part_id is 0")
    assert event["failure"]["times"] == {"failed": 2, "asked": 2}
    assert event["failure"]["curl"]


def test_what_another_rule_speaks_of_is_filed_there() -> None:
    with trial(fault="html-errors") as on:
        on.examine("SYNTAX-NEGATIVE", negative)
        assert on.run.monitor.findings["ERROR-BODY"]


def spent(server: Server, left: int) -> None:
    """Spends the budget of requests until ``left`` are left for this rule."""
    purse = server.target.wire.purse
    limit, kept = purse.budget.upload_requests, SHARES[Effort.STANDARD].requests
    assert limit is not None
    assert kept is not None
    purse.cost.upload_requests = limit - kept - purse.reserved() - left


@pytest.mark.parametrize(("left", "cases"), [(9, 2), (13, 6), (40, layer.STANDARD_CASES)])
def test_it_takes_what_the_budget_has_left_beside_the_walks(left: int, cases: int) -> None:
    with trial() as on:
        spent(on.server, left)
        event = on.examine("SYNTAX-NEGATIVE", negative)
        assert event["verdict"] == "passed"
        assert event["examples"] == cases
        walks = SHARES[Effort.STANDARD].requests or 0
        purse = on.server.target.wire.purse
        assert (purse.budget.upload_requests or 0) - purse.cost.upload_requests - purse.reserved() >= walks


def test_without_room_nothing_is_said_to_have_passed() -> None:
    with trial() as on:
        spent(on.server, 3)
        event = on.examine("SYNTAX-NEGATIVE", negative)
    assert event["verdict"] == "blocked"
    assert event["reason"].startswith("not tested at effort standard: ")


def test_a_quick_run_has_neither_rule_and_a_standard_run_one() -> None:
    efforts = {rule.id: rule.effort for rule in Catalogue.load().select(["SYNTAX-*"])}
    assert efforts == {"SYNTAX-NEGATIVE": Effort.STANDARD, "SYNTAX-POSITIVE": Effort.THOROUGH}


def test_a_right_server_commits_what_the_description_allows() -> None:
    with trial(effort=Effort.THOROUGH) as on:
        event = on.examine("SYNTAX-POSITIVE", positive)
        assert event["verdict"] == "passed"
        assert 10 <= on.server.target.wire.purse.cost.committed_files <= layer.THOROUGH_COMMITS


def test_what_is_refused_although_it_is_allowed_is_found() -> None:
    with trial(fault="refuses-unknown-attributes", effort=Effort.THOROUGH) as on:
        event = on.examine("SYNTAX-POSITIVE", positive)
    assert event["verdict"] == "failed"
    matter = event["exchanges"][event["failure"]["exchange"]]
    assert "attributes" in matter["request_body"]


@pytest.fixture
def without_schemathesis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is as if it were not installed."""
    layer._every_case.cache_clear()
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    monkeypatch.delitem(sys.modules, "commit_conformance.syntax.cases", raising=False)
    yield
    layer._every_case.cache_clear()


@pytest.mark.usefixtures("without_schemathesis")
def test_without_schemathesis_the_kept_cases_are_sent_and_none_beyond_them() -> None:
    with trial(effort=Effort.THOROUGH) as on:
        event = on.examine("SYNTAX-NEGATIVE", negative)
        on.examine("SYNTAX-POSITIVE", positive)
        told = [note for note in on.server.target.notes if "schemathesis is not installed" in note]
    assert event["verdict"] == "passed"
    assert event["examples"] > 60
    assert len(told) == 1


@pytest.mark.usefixtures("without_schemathesis")
def test_of_another_description_no_case_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "described", lambda: "of another one")
    with trial() as on:
        event = on.examine("SYNTAX-NEGATIVE", negative)
    assert event["verdict"] == "unsupported"
    assert "[schemathesis]" in event["reason"]
