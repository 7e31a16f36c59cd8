"""The rules fail where they should and nowhere else: a right client, its mistakes, its liberties."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from client_runs import failed_in, outcome_of, verdicts_of

from commit_conformance.clients.judge import EVERYWHERE
from commit_conformance.clients.plain.liberties import LIBERTIES
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.clients.run import Outcome
from commit_conformance.clients.scenarios import SCENARIOS

#: Most of a run is waiting, so many fit beside each other.
AT_ONCE = 12
#: Where a liberty could be taken for a mistake.
LIKELY = (
    *("created", "if-match", "if-none-match", "endpoints-elsewhere", "parts-out-of-order", "parts-paged", "resumed"),
    *("accepted-1", "accepted-version", "accepted-no-header", "accepted-for-ever", "conflict", "not-modified"),
    *("rate-limited", "server-error*", "connection-lost", "created-200", "abort-fails"),
)


def scenarios_for(rules: tuple[str, ...]) -> tuple[str, ...]:
    """The scenarios that ask these rules, and some for those that are asked everywhere."""
    names = {each.name for each in SCENARIOS if set(rules) & set(each.rules)} | {"created"}
    if set(rules) & set(EVERYWHERE):
        names |= {"accepted-version", "parts-out-of-order", "created-html", "conflict", "resumed"}
    return tuple(sorted(names | ({"accepted-for-ever"} if "CLIENT-ABORT-WRONG" in rules else set())))


@pytest.fixture(scope="module")
def right() -> Outcome:
    return outcome_of(workers=12)


@pytest.fixture(scope="module")
def mistaken() -> Mapping[str, Outcome]:
    def one(name: str) -> Outcome:
        return outcome_of("--mistake", name, scenarios=scenarios_for(MISTAKES[name].rules), workers=1)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(MISTAKES, pool.map(one, MISTAKES), strict=True))


@pytest.fixture(scope="module")
def different() -> Mapping[str, Outcome]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = pool.map(lambda name: outcome_of("--liberty", name, scenarios=LIKELY, workers=2), LIBERTIES)
        return dict(zip(LIBERTIES, outcomes, strict=True))


def test_the_right_client_breaks_no_rule(right: Outcome) -> None:
    assert failed_in(right) == {}
    assert set(verdicts_of(right).values()) == {"passed", "observed"}
    assert right.exit_code == 0


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_the_rule_it_is_about_and_no_other(name: str, mistaken: Mapping[str, Outcome]) -> None:
    failed = set(failed_in(mistaken[name]))
    if failed != set(MISTAKES[name].rules):
        # On a busy machine an impatient client may come late enough; alone it does not.
        failed = set(failed_in(outcome_of("--mistake", name, scenarios=scenarios_for(MISTAKES[name].rules), workers=1)))
    assert failed == set(MISTAKES[name].rules)


@pytest.mark.parametrize("name", LIBERTIES)
def test_what_a_client_may_do_otherwise_fails_nothing(name: str, different: Mapping[str, Outcome]) -> None:
    assert failed_in(different[name]) == {}
    assert "errored" not in verdicts_of(different[name]).values()
