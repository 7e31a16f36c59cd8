"""The rules for clients: their files say what they may, each can be asked and can fail, and they stay apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from commit_conformance.clients.catalogue import GROUPS, client_rules
from commit_conformance.clients.judge import EVERYWHERE, JUDGES
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.clients.protocol import CALLS, OPTIONS
from commit_conformance.clients.scenarios import SCENARIOS
from commit_conformance.specs import suite_root
from commit_conformance.verdict.catalogue import Catalogue, Level

RULES = suite_root() / "specs" / "rules" / "client"
#: Every id there ever was. One that is withdrawn stays here, and is never used again.
KNOWN_IDS = (Path(__file__).parent / "data" / "client_rule_ids.txt").read_text(encoding="utf-8").split()
CATALOGUE = client_rules()


def schema() -> dict[str, object]:
    """The schema of the servers' rules, with what is different for clients."""
    document = json.loads((suite_root() / "specs" / "rule.schema.json").read_text(encoding="utf-8"))
    document["properties"]["group"]["enum"] = list(GROUPS)
    rule = document["$defs"]["rule"]["properties"]
    rule["candidates"]["items"]["pattern"] = "^CL-[0-9]{2}$"
    rule["needs"]["items"]["enum"] = [*CALLS, *OPTIONS]
    return dict(document)


@pytest.mark.parametrize("group", GROUPS)
def test_a_file_is_written_like_those_for_servers(group: str) -> None:
    Draft202012Validator(schema()).validate(yaml.safe_load((RULES / f"{group}.yaml").read_text(encoding="utf-8")))


def test_there_are_no_other_files() -> None:
    assert {path.name for path in RULES.iterdir()} == {f"{group}.yaml" for group in GROUPS}


def test_every_statement_about_clients_is_covered() -> None:
    assert {each for rule in CATALOGUE for each in rule.candidates} == {f"CL-{number:02}" for number in range(1, 29)}


def test_ids_are_never_used_again() -> None:
    ids = [rule.id for rule in CATALOGUE]
    assert len(KNOWN_IDS) == len(set(KNOWN_IDS))
    assert set(ids) <= set(KNOWN_IDS), "write a new id into data/client_rule_ids.txt"
    assert all(each.startswith("CLIENT-") for each in ids)


def test_the_catalogues_know_nothing_of_each_other() -> None:
    assert not any(rule.id.startswith("CLIENT-") for rule in Catalogue.load())


def test_only_what_is_observed_rests_on_clients_and_issues_alone() -> None:
    for rule in CATALOGUE:
        if {source.ref for source in rule.source} <= {"SDK", "ISSUE"}:
            assert rule.level is Level.OBSERVED, rule.id


def test_every_rule_is_asked_somewhere_and_decided_somewhere() -> None:
    ids = {rule.id for rule in CATALOGUE}
    assert set(JUDGES) == ids
    assert {rule for scenario in SCENARIOS for rule in scenario.rules} | set(EVERYWHERE) == ids


def test_every_rule_of_a_quick_run_has_a_scenario_of_a_quick_run() -> None:
    quick = {rule for scenario in SCENARIOS if scenario.quick for rule in scenario.rules} | set(EVERYWHERE)
    assert {rule.id for rule in CATALOGUE if rule.effort.value == "quick"} <= quick


def test_every_rule_that_can_fail_is_failed_by_a_mistake() -> None:
    shown = {rule for mistake in MISTAKES.values() for rule in mistake.rules}
    assert shown == {rule.id for rule in CATALOGUE if rule.level is not Level.OBSERVED}


def test_names_of_scenarios_are_names() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
    for scenario in SCENARIOS:
        assert scenario.calls
        assert scenario.needs <= set(OPTIONS)
