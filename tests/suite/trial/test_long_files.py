"""Files of many parts and beyond 32 bits, on the embedded service: its parts of 4 KiB stand for parts of 8 MiB."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from embedded_runs import Trial, trial

from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort

TESTS = Path(__file__).parents[2] / "server" / "test_large_files.py"
#: A little more than part 512, which is where 32 bits end.
LARGE = 2200 * 1024
#: The rules in the order in which a run tests them.
RULES = {
    "SESSION-LARGE": "test_parts_far_behind_in_a_large_file_are_shown_where_they_are",
    "PART-MANY": "test_more_parts_than_a_page_of_them_commit",
    "PART-MANY-WRONG": "test_a_list_that_is_wrong_behind_its_thousandth_part_is_refused",
    "SESSION-LIST-PARTS-PAGES": "test_the_list_of_parts_goes_on_behind_its_first_page",
    "PART-LARGE": "test_a_file_beyond_32_bits_commits",
    "PART-LARGE-WRONG": "test_a_list_that_is_wrong_beyond_32_bits_is_refused",
    "DIGEST-LARGE": "test_a_wrong_digest_of_a_large_file_is_refused",
    "CREATED-LARGE-SIZE": "test_a_large_file_is_shown_with_its_size",
}
OF_A_LARGE_FILE = ("PART-LARGE", "PART-LARGE-WRONG", "DIGEST-LARGE", "CREATED-LARGE-SIZE")


def the_suite() -> Mapping[str, Callable[[Server], object]]:
    """What a run tests these rules by."""
    spec = importlib.util.spec_from_file_location("large_files_of_the_suite", TESTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return MappingProxyType({rule_id: getattr(module, name) for rule_id, name in RULES.items()})


SUITE = the_suite()


def examined(one: Trial, *rule_ids: str) -> dict[str, dict[str, Any]]:
    """Verdicts as events, by rule."""
    return {rule_id: one.examine(rule_id, SUITE[rule_id]) for rule_id in rule_ids or RULES}


def verdicts(events: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    return {rule_id: event["verdict"] for rule_id, event in events.items()}


@pytest.mark.parametrize(
    "behaviours",
    [
        (),
        ("processing=2",),
        ("async-validation",),
        ("file-shape=minimal",),
        ("order=reject", "overlap=400"),
        ("rate-limit=7",),
        ("sha1-required", "unknown-part=404"),
        ("no-read-back", "no-status"),
        ("part-size=10000",),
    ],
    ids=" ".join,
)
def test_a_server_that_keeps_the_contract_passes(behaviours: tuple[str, ...]) -> None:
    size = 520 * 10_000 if "part-size=10000" in behaviours else LARGE
    with trial(*behaviours, effort=Effort.THOROUGH, large_file=size) as one:
        events = examined(one)
    assert verdicts(events) == dict.fromkeys(RULES, "passed"), [event["reason"] for event in events.values()]


def test_a_server_without_lists_of_parts_lacks_one_rule() -> None:
    with trial("no-list-parts", effort=Effort.THOROUGH, large_file=LARGE) as one:
        found = verdicts(examined(one))
    assert found == dict.fromkeys(RULES, "passed") | {"SESSION-LIST-PARTS-PAGES": "unsupported"}


def test_one_upload_of_each_kind_serves_all_of_them() -> None:
    with trial(effort=Effort.THOROUGH, large_file=LARGE) as one:
        one.run.connect()
        before = one.run.cost
        examined(one)
        after = one.run.cost
    assert after["sessions"] - before["sessions"] == 3  # one of them for a few parts far apart
    assert after["committed_files"] == 2
    assert after["part_bytes"] < 1001 * 4096 + LARGE + 8 * 4096


def test_a_rule_can_be_tested_alone() -> None:
    for rule_id in ("CREATED-LARGE-SIZE", "PART-MANY-WRONG"):
        with trial(effort=Effort.THOROUGH, large_file=LARGE) as one:
            assert verdicts(examined(one, rule_id)) == {rule_id: "passed"}


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (None, "needs --large-file SIZE, of more than 2097152 bytes"),
        (256 * 4096, "--large-file 1048576: nothing of such a file lies beyond byte 1048576"),
        (50 * 2**20, "more than 10000 parts"),
    ],
)
def test_without_a_large_file_it_is_said_what_is_needed(size: int | None, said: str) -> None:
    with trial(effort=Effort.THOROUGH, large_file=size) as one:
        events = examined(one, *OF_A_LARGE_FILE)
        assert one.run.cost["committed_files"] == 0
    assert verdicts(events) == dict.fromkeys(OF_A_LARGE_FILE, "unsupported")
    assert all(said in event["reason"] for event in events.values())


def test_a_file_between_the_boundaries_is_tested_at_the_first() -> None:
    with trial(effort=Effort.THOROUGH, large_file=300 * 4096) as one:
        assert verdicts(examined(one, *OF_A_LARGE_FILE)) == dict.fromkeys(OF_A_LARGE_FILE, "passed")


@pytest.mark.parametrize(("parts", "verdict"), [(1000, "unsupported"), (1001, "passed")])
def test_where_parts_are_large_the_large_file_has_the_many_parts(
    parts: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commit_conformance.trial.lengthy.CHEAP_PART", 1024)
    with trial(effort=Effort.THOROUGH, large_file=parts * 4096) as one:
        one.run.connect()
        before = one.run.cost["sessions"]
        events = examined(one)
        sessions = one.run.cost["sessions"] - before
    of_many = ("PART-MANY", "PART-MANY-WRONG", "SESSION-LIST-PARTS-PAGES")
    assert verdicts(events) == dict.fromkeys(RULES, "passed") | dict.fromkeys(of_many, verdict)
    assert sessions == 2
    if verdict == "unsupported":
        assert "has to be asked for with --large-file" in events["PART-MANY"]["reason"]


def test_a_limit_of_the_target_is_no_fault_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with trial(effort=Effort.THOROUGH, large_file=LARGE) as one:
        api = one.run.connect().api
        create = api.create_session

        def limited(*, name: str, size: int, folder_id: str, token: str | None = "") -> Any:
            return create(name=name, size=size if size < 10**6 else -1, folder_id=folder_id, token=token)

        monkeypatch.setattr(api, "create_session", limited)
        events = examined(one, "SESSION-LARGE", *OF_A_LARGE_FILE)
    assert set(verdicts(events).values()) == {"unsupported"}
    assert "does not take a file of" in events["PART-LARGE"]["reason"]


def test_a_budget_that_is_too_small_is_told_before_anything_is_sent() -> None:
    with trial(effort=Effort.THOROUGH, large_file=LARGE) as one:
        one.run.connect()
        purse = one.run.connect().wire.purse
        purse.budget = purse.budget.but(type(purse.budget)(bytes_sent=LARGE))
        event = one.examine("PART-LARGE", SUITE["PART-LARGE"])
        assert purse.cost.part_bytes == 0
    assert (event["verdict"], event["requests"]) == ("blocked", 0)
    assert f"{LARGE} bytes more do not fit into the budget" in event["reason"]


FAILING = {
    "narrow-part-offsets": ("SESSION-LARGE", "range_overlaps_existing_part"),
    "narrow-total-parts": ("SESSION-LARGE", "total_parts is 2 for 2101249 bytes"),
    "list-parts-ends-at-a-thousand": ("SESSION-LIST-PARTS-PAGES", "after 2 pages the list lacks 1 of the parts"),
    "checks-first-thousand-parts": ("PART-MANY-WRONG", "the server committed it: 201 Created"),
    "narrow-sum-of-sizes": ("PART-LARGE", "a right commit of 2252800 bytes in 550 parts was answered 400"),
    "narrow-comparison-of-offsets": ("PART-LARGE-WRONG", "the server committed it: 201 Created"),
    "large-files-are-not-hashed": ("DIGEST-LARGE", "the server committed it: 201 Created"),
    "narrow-file-size": ("CREATED-LARGE-SIZE", "the 201 shows size 155648 for 2252800 bytes"),
}


@pytest.mark.parametrize("fault", FAILING)
def test_a_failure_is_told_once_and_is_not_uploaded_again(fault: str) -> None:
    rule_id, said = FAILING[fault]
    with trial(fault=fault, effort=Effort.THOROUGH, large_file=LARGE) as one:
        one.run.connect()
        before = one.run.cost["sessions"]
        event = one.examine(rule_id, SUITE[rule_id])
        assert one.run.cost["sessions"] - before == 1
    assert event["verdict"] == "failed"
    assert said in event["reason"]
    assert event["failure"]["times"] == {"failed": 1, "asked": 1}
    assert "upload" not in event["failure"]
    assert f"--large-file {LARGE}" in event["failure"]["replay"]


def test_what_a_wrong_commit_has_used_up_is_not_held_against_the_right_one() -> None:
    with trial(fault="large-files-are-not-hashed", effort=Effort.THOROUGH, large_file=LARGE) as one:
        found = examined(one, *OF_A_LARGE_FILE)
    expected = {"PART-LARGE": "blocked", "PART-LARGE-WRONG": "blocked", "DIGEST-LARGE": "failed"}
    assert verdicts(found) == expected | {"CREATED-LARGE-SIZE": "blocked"}
