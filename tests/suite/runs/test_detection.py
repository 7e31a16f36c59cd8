"""Faults are found, behaviours raise no alarm, and every gating rule can fail.

All runs are made once, in one forked pool, at standard effort on the embedded service.
"""

from __future__ import annotations

import pytest

from benchmarks.detection import SOCKET_ONLY, behaviour_jobs, behaviour_names, fault_jobs
from benchmarks.many_runs import Result, run_many
from commit_conformance.reference import FAULTS
from commit_conformance.verdict.catalogue import Catalogue, Level

RULES = {rule.id: rule for rule in Catalogue.load()}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result.name: result for result in run_many([*fault_jobs(), *behaviour_jobs()])}


def test_the_correct_service_fails_no_rule_of_any_level(results: dict[str, Result]) -> None:
    correct = results["correct"]
    assert (correct.exit_code, correct.failed) == (0, ())
    assert "errored" not in correct.verdicts.values()


@pytest.mark.parametrize("name", behaviour_names())
def test_a_behaviour_raises_no_alarm(results: dict[str, Result], name: str) -> None:
    result = results[f"behaviour {name}"]
    assert result.failed == (), result.reasons
    assert "errored" not in result.verdicts.values(), result.reasons
    assert result.cleanup["left"] == [] or "no-delete" in name or "no-folder-create" in name


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_makes_the_rules_fail_that_it_should(results: dict[str, Result], name: str) -> None:
    """A gross fault breaks so much that some of its rules cannot be reached any more: those are blocked, not passed."""
    result = results[f"fault {name}"]
    wanted = set(FAULTS[name].rules) - SOCKET_ONLY
    if not wanted:
        assert result.failed == ()
        return
    assert wanted & set(result.failed), result.reasons
    left = wanted - set(result.failed)
    assert {rule: result.verdicts[rule] for rule in left} == dict.fromkeys(left, "blocked"), result.reasons
    assert not [rule for rule, verdict in result.verdicts.items() if verdict == "errored"], result.reasons


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES.values() if rule.level is not Level.OBSERVED])
def test_a_rule_can_fail_alone(results: dict[str, Result], rule_id: str) -> None:
    """Vacuity: at least one fault makes exactly this rule fail."""
    if rule_id in SOCKET_ONLY:
        pytest.skip("shown over a socket, in test_socket_faults")
    assert [name for name, result in results.items() if result.failed == (rule_id,)]
