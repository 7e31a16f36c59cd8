"""Faults are found, behaviours raise no alarm, and every gating rule can fail.

All runs are made once, in one forked pool, at standard effort on the embedded service.
"""

from __future__ import annotations

import pytest

from benchmarks.many_runs import Job, Result, run_many
from commit_conformance.reference import BEHAVIOURS, FAULTS
from commit_conformance.verdict.catalogue import Catalogue, Effort, Level

RULES = {rule.id: rule for rule in Catalogue.load()}
#: Faults that only show over a socket: what is in this process has no connection to lose and no body to chunk.
SOCKET_ONLY = {"REPEAT-LOST-ANSWER", "BODY-CHUNKED"}


def _needed_behaviours(name: str) -> tuple[str, ...]:
    """What must be switched on for a fault to be able to show."""
    rules = set(FAULTS[name].rules)
    wanted = []
    if rules & {"ERROR-RATE-LIMIT", "RATE-LIMIT-NO-LOSS"}:
        wanted.append("rate-limit=25")
    if "NOT-MODIFIED-EMPTY" in rules:
        wanted.append("precondition-status=304")
    if "ERROR-FAILED-TERMINAL" in rules:
        wanted.append("overlap=410")
    return tuple(wanted)


def _jobs() -> list[Job]:
    jobs = []
    for name, fault in FAULTS.items():
        rules = [RULES[rule] for rule in fault.rules]
        thorough = any(rule.effort is Effort.THOROUGH for rule in rules)
        # A thorough run of everything takes minutes; of one rule, seconds.
        only = tuple(rule.id for rule in rules) if thorough else ()
        jobs.append(
            Job(
                name=f"fault {name}",
                faults=(name,),
                behaviours=_needed_behaviours(name),
                rules=only,
                effort="thorough" if thorough else "standard",
            )
        )
    jobs += [Job(name=f"behaviour {text}", behaviours=(text,)) for text in _behaviours()]
    return [*jobs, Job(name="correct")]


def _behaviours() -> list[str]:
    return [
        f"{behaviour.name}={behaviour.example}" if behaviour.syntax else behaviour.name
        for behaviour in BEHAVIOURS.values()
    ]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {result.name: result for result in run_many(_jobs())}


def test_the_correct_service_fails_no_rule_of_any_level(results: dict[str, Result]) -> None:
    correct = results["correct"]
    assert (correct.exit_code, correct.failed) == (0, ())
    assert "errored" not in correct.verdicts.values()


@pytest.mark.parametrize("name", _behaviours())
def test_a_behaviour_raises_no_alarm(results: dict[str, Result], name: str) -> None:
    result = results[f"behaviour {name}"]
    assert result.failed == (), result.reasons
    assert "errored" not in result.verdicts.values(), result.reasons
    assert result.cleanup["left"] == [] or "no-delete" in name or "no-folder-create" in name


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_makes_the_rules_fail_that_it_should(results: dict[str, Result], name: str) -> None:
    result = results[f"fault {name}"]
    wanted = set(FAULTS[name].rules) - SOCKET_ONLY
    assert wanted <= set(result.failed), f"failed: {result.failed}, {result.reasons}"
    assert not [rule for rule, verdict in result.verdicts.items() if verdict == "errored"], result.reasons


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES.values() if rule.level is not Level.OBSERVED])
def test_a_rule_can_fail_alone(results: dict[str, Result], rule_id: str) -> None:
    """Vacuity: at least one fault makes exactly this rule fail."""
    if rule_id in SOCKET_ONLY:
        pytest.skip("shown over a socket, in test_socket_faults")
    assert [name for name, result in results.items() if result.failed == (rule_id,)]
