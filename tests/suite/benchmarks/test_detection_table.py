"""The page of the detection benchmark, made from results that were thought up."""

from __future__ import annotations

from typing import Any

from benchmarks.detection_table import Detection, FaultRuns, alarms, table, unconcluded
from benchmarks.many_runs import Failure, Result

STOCK: dict[str, Any] = {
    "schemathesis": "4.32.5",
    "arguments": ["run", "commit.openapi.yaml"],
    "examples": 10,
    "baseline_seeds": [1, 2],
    "baseline": ["ST202 at POST /folders"],
    "titles": {"ST101": "Server error", "ST202": "Schema-valid request rejected"},
    "faults": {
        "accepts-gap": {"found": [], "cases": 700, "seconds": 9.0, "prepared": True, "ended": "completed"},
        "ignores-digest": {"found": ["ST101 at A"], "cases": 800, "seconds": 8.0, "prepared": False, "ended": "late"},
    },
}


def result(name: str, *failed: str, exit_code: int | None = None, **more: Any) -> Result:
    reasons = {rule: f"{rule} | is\nbroken" for rule in failed}
    return Result(
        name=name,
        exit_code=(1 if failed else 0) if exit_code is None else exit_code,
        failed=failed,
        reported=failed,
        failures={rule: Failure(reason="r", shown_by=7, requests=12, seconds=0.5) for rule in failed},
        verdicts={**dict.fromkeys(failed, "failed"), **more.get("verdicts", {})},
        reasons={**reasons, **more.get("reasons", {})},
        cost={"upload_requests": 470, "committed_files": 15},
        seconds=1.2,
    )


def runs(name: str, *failed: str, quick: bool = False, thorough: bool = False) -> FaultRuns:
    nothing, found = result(name), result(name, *failed)
    return FaultRuns(
        name=name,
        socket=False,
        quick=found if quick else nothing,
        standard=nothing if thorough else found,
        thorough=found if thorough else None,
    )


def page(*faults: FaultRuns, pairs: tuple[Result, ...] = (), stock: dict[str, Any] | None = None) -> str:
    right = (result("correct"),)
    detection = Detection(
        faults=faults, behaviours=right, pairs=pairs, which_pairs="all", whole=True, seed=1, seconds=60
    )
    return table(detection, command="COMMAND", stock=stock, left_out={"a + b": "they differ"}, cores=2)


def row(text: str, start: str) -> list[str]:
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_faults_are_counted_by_the_effort_that_finds_them() -> None:
    text = page(
        runs("accepts-gap", "PART-GAP", quick=True),
        runs("ignores-digest", "DIGEST-MISMATCH", "DIGEST-CASE"),
        runs("limits-parts-to-thousand", "PART-MANY", thorough=True),
        runs("loses-last-part"),
    )
    assert row(text, "all")[1] == "4"
    assert row(text, "found at `quick`")[1] == "1"
    assert row(text, "found at `standard`")[1] == "2"
    assert row(text, "found at `thorough` only")[1] == "1"
    assert row(text, "**missed**")[1] == "1: loses-last-part"
    assert row(text, "of the 3 found: exactly one rule fails")[1] == "2"
    assert row(text, "of the 3 found: the first rule")[1] == "3"


def test_a_fault_has_its_row() -> None:
    text = page(runs("accepts-gap", "PART-GAP", "PART-SUM", quick=True))
    assert row(text, "accepts-gap |") == [
        *("accepts-gap", "yes", "yes", "PART-GAP =", "PART-SUM", "7", "12", "0.5", "470", "15", "1.2"),
    ]


def test_faults_whose_first_rule_is_another_one_are_listed_with_what_is_wrong() -> None:
    text = page(runs("accepts-gap", "PART-SUM", "PART-GAP"))
    assert "Not among the rules that the fault names:" in text
    assert "| PART-GAP | PART-SUM | PART-SUM \\| is broken |" in text
    assert row(text, "of the 1 found: the first rule")[1] == "0"
    assert "whose first rule is another one" not in page(runs("accepts-gap", "PART-GAP"))


def test_alarms_are_listed_with_rule_and_reason_and_errors_are_alarms() -> None:
    bad = result("pair x + y", "PART-GAP")
    errored = result("pair x + z", exit_code=3, reasons={"PART-SUM": "the harness failed"})
    text = page(runs("accepts-gap", "PART-GAP"), pairs=(bad, errored, result("pair y + z")))
    assert alarms([bad, errored, result("pair y + z")]) == [bad, errored]
    assert "| pair x + y | PART-GAP | PART-GAP \\| is broken |" in text
    assert "| pair x + z | PART-SUM | the harness failed |" in text
    assert row(text, "3 pairs of them")[1:3] == ["3", "2"]
    assert "| a + b | they differ |" in text


def test_runs_that_could_not_be_concluded_are_no_alarms_and_are_told() -> None:
    short = result("pair x + y", exit_code=3, verdicts={"PART-GAP": "blocked", "PART-MANY": "blocked"})
    text = page(runs("accepts-gap", "PART-GAP"), pairs=(short,))
    assert unconcluded([short]) == [short]
    assert not alarms([short])
    assert "| pair x + y | 1 | 15 |" in text, "PART-MANY is left for a higher effort"


def test_rules_that_nothing_breaks_are_named() -> None:
    text = page(runs("accepts-gap", "PART-GAP"), runs("ignores-sum", "PART-GAP", "PART-SUM"))
    (never,) = [line for line in text.splitlines() if line.startswith("Rules that no fault made fail:")]
    (together,) = [line for line in text.splitlines() if line.startswith("Rules that no fault made fail alone:")]
    assert "DIGEST-MISMATCH" in never
    assert "PART-GAP" not in never
    assert together == "Rules that no fault made fail alone: PART-SUM."


def test_stock_schemathesis_stands_beside_it() -> None:
    text = page(
        runs("accepts-gap", "PART-GAP"),
        runs("ignores-digest", "DIGEST-MISMATCH"),
        runs("ignores-sum", "PART-SUM"),
        stock=STOCK,
    )
    assert row(text, "found by stock Schemathesis 4.32.5")[1] == "1 of 2"
    assert row(text, "ignores-digest |")[-1] == "ST101 at A"
    assert row(text, "ignores-sum |")[-1] == "not run"
    assert "| ST202 | Schema-valid request rejected | POST /folders |" in text
    assert "- ignores-digest: late" in text
    assert "Schemathesis" not in page(runs("accepts-gap", "PART-GAP"))
