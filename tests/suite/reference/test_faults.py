from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from box_client import Box
from scenarios import SCENES

from commit_conformance.reference import FAULTS, Service, Settings
from commit_conformance.reference.faults import find_fault, settings_with

RULES = Path(__file__).parents[3] / "specs" / "rules"

CASES = [(name, rule) for name, fault in FAULTS.items() for rule in fault.rules]


def catalogue() -> dict[str, str]:
    """Level of every rule."""
    levels = {}
    for path in sorted(RULES.glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for rule in document["rules"] if isinstance(document, dict) and "rules" in document else ():
            levels[rule["id"]] = rule.get("level", document.get("level", ""))
    return levels


def test_fault_names_and_summaries_are_well_formed() -> None:
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert name.replace("-", "").isalnum()
        assert name == name.lower()
        assert fault.summary.endswith(".")
        assert fault.rules


def test_faults_name_rules_of_the_catalogue() -> None:
    levels = catalogue()
    assert levels, "the catalogue holds no rules"
    unknown = {rule for fault in FAULTS.values() for rule in fault.rules} - set(levels)
    assert not unknown


def test_every_rule_that_can_gate_has_a_fault() -> None:
    aimed = {rule for fault in FAULTS.values() for rule in fault.rules}
    assert not {rule for rule, level in catalogue().items() if level != "observed"} - aimed


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_a_fault_changes_what_its_rule_is_about(name: str, rule: str, boxes: Callable[..., Box]) -> None:
    # The settings a fault needs are no fault: the correct service has them too.
    needs = FAULTS[name].needs
    right = SCENES[rule](boxes(**needs))
    assert SCENES[rule](boxes(**needs)) == right, "the scene is not repeatable"
    assert SCENES[rule](boxes(faults=(name,), **needs)) != right


def test_an_unknown_fault_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="accepts-gap"):
        Service(faults=["accept-gap"])


def test_faults_combine(boxes: Callable[..., Box]) -> None:
    box = boxes(faults=("accepts-gap", "accepts-missing-digest", "no-retry-after"), processing_every=1)
    upload = box.upload()
    first = upload.send(upload.parts[1:], digest=None)
    assert first.status == 202
    assert first.header("retry-after") is None
    assert upload.commit(upload.parts[1:], digest=None).status == 201
    other = box.upload(name="b")
    assert other.commit(other.parts[:-1]).status == 400


def test_what_a_fault_needs_yields_to_a_setting_made_on_purpose() -> None:
    assert find_fault("accepted-has-body").needs["processing"] == 2
    assert settings_with(["accepted-has-body"], Settings(processing=5)).processing == 5
