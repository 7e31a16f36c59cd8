"""Counts of several workers, added up."""

from __future__ import annotations

import json
from pathlib import Path

from commit_conformance.load.ground import Ground
from commit_conformance.load.report import conclude, lines, markdown
from commit_conformance.load.settings import LoadSettings
from commit_conformance.load.tally import EXAMPLES, Tally, together
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.target.settings import TargetSettings


def worker(began: float, *, wrong_at: float | None = None, held: int = 5) -> Tally:
    tally = Tally()
    tally.goes_out("right", now=began, count=10)
    for number in range(held):
        tally.holds(now=began + number)
    if wrong_at is not None:
        for number in range(EXAMPLES + 1):
            tally.breaks("PART-GAP", "committed", now=wrong_at + number, example={"sent": f"{began}/{number}"})
    return tally


def result(*tallies: Tally, complete: int | None = None, ended: str = "") -> dict[str, object]:
    names = [f"w{number}" for number in range(len(tallies))]
    counts = {
        "workers": {name: tally.as_json() for name, tally in zip(names, tallies, strict=True)},
        "complete": names[:complete],
    }
    settings = LoadSettings(target=TargetSettings(url="http://127.0.0.1:1/2.0"), workers=len(tallies))
    ground = Ground(run_id="r", folder_id="1", seed=7, part_size=8, light_size=12, file_size=30, owner_id=None, able=())
    return conclude(settings, ground, counts, cleanup=CleanupResult(deleted=1), ended=ended)


def test_a_tally_survives_being_sent() -> None:
    tally = worker(100.0, wrong_at=103.0)
    tally.trouble["no answer"] += 2
    assert Tally.of(json.loads(json.dumps(tally.as_json()))) == tally


def test_tallies_add_up_and_the_first_of_all_is_told() -> None:
    whole = together([worker(100.0, wrong_at=110.0), worker(101.0, wrong_at=105.0), worker(102.0)])
    assert whole.commits == 30
    assert whole.held == 15
    assert (whole.began, whole.ended) == (100.0, 110.0 + EXAMPLES)
    found = whole.wrong["PART-GAP"]
    assert found["count"] == 2 * (EXAMPLES + 1)
    assert found["first_seconds"] == 5.0
    assert [each["sent"] for each in found["examples"]] == [f"101.0/{number}" for number in range(EXAMPLES)]


def test_adding_up_changes_nothing_that_is_added() -> None:
    tallies = [worker(100.0, wrong_at=110.0), worker(101.0, wrong_at=105.0)]
    before = [json.dumps(tally.as_json()) for tally in tallies]
    together(tallies)
    assert [json.dumps(tally.as_json()) for tally in tallies] == before


def test_what_is_held_conforms() -> None:
    assert result(worker(1.0), worker(2.0))["exit_code"] == 0


def test_a_wrong_answer_decides_whatever_else_has_happened() -> None:
    assert result(worker(1.0), worker(2.0, wrong_at=3.0), complete=1, ended="it was interrupted")["exit_code"] == 1


def test_without_answers_nothing_is_concluded() -> None:
    found = result(Tally(), Tally())
    assert found["exit_code"] == 3
    assert "no answer says anything" in str(found["conclusion"])


def test_a_lost_worker_is_told() -> None:
    found = result(worker(1.0), worker(2.0), complete=1)
    assert (found["exit_code"], found["lost_workers"]) == (3, 1)


def test_much_trouble_is_no_result() -> None:
    tally = worker(1.0)
    tally.tasks, tally.trouble["Busy"] = 20, 3
    assert result(tally)["exit_code"] == 3
    tally.tasks = 30
    assert result(tally)["exit_code"] == 0


def test_what_a_target_says_is_made_harmless() -> None:
    tally = worker(1.0)
    tally.breaks("PART-GAP", "| \x1b[31m <b> `x`\n# y", now=2.0, example={"sent": "", "history": ["\x1b[2J ```"]})
    found = result(tally)
    page, told = "\n".join(markdown(found)), "\n".join(lines(found, Path("out")))
    assert "\x1b" not in page + told
    assert "<b>" not in page
    assert "| PART-GAP | 1 |" in page
