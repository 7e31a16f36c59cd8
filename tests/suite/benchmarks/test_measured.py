"""What benchmarks measure is kept, shown and compared without making up a change."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import difference, speed
from benchmarks.difference import compared
from benchmarks.measured import Measure, in_turns, load, own_python, run_process, save, shown, table
from benchmarks.serving import commit_of

BARE = Measure(section="run", name="bare", unit="s", values=(1.0, 1.1, 0.9))
RUN = Measure(section="run", name="the run", unit="s", values=(3.0, 2.9, 3.1), against="bare")
COUNT = Measure(section="run", name="requests", unit="", values=(675.0,), less_is_better=None)


def row(lines: list[str], name: str) -> list[str]:
    (found,) = [line for line in lines if line.startswith((f"| {name} |", f"| run: {name} |"))]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_jobs_are_done_in_turns() -> None:
    order: list[str] = []
    found = in_turns(3, {"a": lambda: order.append("a"), "b": lambda: order.append("b")})
    assert order == ["a", "b"] * 3
    assert found == {"a": [None] * 3, "b": [None] * 3}


def test_a_process_is_measured_by_itself() -> None:
    ran = run_process(own_python("-c", "b = bytearray(400 << 20)"))
    assert ran.seconds > 0
    assert ran.peak > 400


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="ended with 4: no such thing"):
        run_process([sys.executable, "-c", "print('no such thing'); raise SystemExit(4)"], codes=(0, 1))


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    save(tmp_path / "a.json", [BARE, RUN, COUNT], command="x", repeats=3)
    document, measures = load(tmp_path / "a.json")
    assert measures == [BARE, RUN, COUNT]
    assert document["repeats"] == 3
    assert set(document["machine"]) == {"cores", "system", "python"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2, "measures": []}', '{"format": 1, "measures": [{"name": "a"}]}']
)
def test_another_file_is_told(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match="no file of measures"):
        load(tmp_path / "a.json")
    for main in (difference.main, lambda given: speed.main(["--before", given[0]])):
        with pytest.raises(SystemExit) as ended:
            main([str(tmp_path / "a.json"), str(tmp_path / "missing.json")])
        assert ended.value.code == 2
        assert "no file of measures" in capsys.readouterr().err


def test_the_table_has_medians_spread_and_ratios() -> None:
    lines = table([BARE, RUN, COUNT])
    assert row(lines, "the run") == ["the run", "3 s", "2.9 to 3.1", "3.00 of bare"]
    assert row(lines, "requests") == ["requests", "675", "", ""]
    assert [line for line in lines if line.startswith("#")] == ["## run"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.00123456, "s", "0.00123 s"), (12345.6, "", "12,346"), (0, "s", "0 s"), (100.0, "%", "100 %")],
)
def test_a_value_has_the_digits_that_count(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


def test_a_slower_machine_is_no_change_where_a_relation_is_known() -> None:
    slower = [replace(measure, values=tuple(2 * value for value in measure.values)) for measure in (BARE, RUN)]
    lines = compared([BARE, RUN], slower)
    assert row(lines, "the run")[3:] == ["1.00", ""]
    assert row(lines, "bare")[3:] == ["2.00", "worse"]


@pytest.mark.parametrize(
    ("values", "word"), [((1.5, 1.4, 1.6), "better"), ((6.0, 6.1, 5.9), "worse"), ((2.95, 3.3, 3.5), "")]
)
def test_what_overlaps_has_not_changed(values: tuple[float, ...], word: str) -> None:
    lines = compared([BARE, RUN], [BARE, replace(RUN, values=values)])
    assert row(lines, "the run")[-1] == word


def test_a_count_is_neither_better_nor_worse_and_what_is_missing_is_told() -> None:
    lines = compared([RUN, COUNT], [replace(COUNT, values=(700.0,))])
    assert row(lines, "requests")[-1] == ""
    assert lines[-1] == "Not measured again: run: the run."


def test_nothing_changed_is_said_in_words() -> None:
    assert compared([RUN], [RUN], everything=False) == ["Nothing has changed by more than it varies."]


def test_results_of_two_machines_are_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.json", "b.json"):
        save(tmp_path / name, [BARE, RUN], command="x", repeats=3)
    changed = json.loads((tmp_path / "b.json").read_text())
    changed["machine"]["cores"] = 999
    (tmp_path / "b.json").write_text(json.dumps(changed))
    assert difference.main([str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--all"]) == 0
    said = capsys.readouterr().out
    assert "Two machines" in said
    assert "| run: the run |" in said


def test_the_service_commits_what_was_uploaded() -> None:
    assert commit_of(20) > 0


def test_some_sections_are_measured_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(tmp_path / "old.json", [replace(BARE, section="Starting", name="--help")], command="x", repeats=1)
    arguments = [
        "--only",
        "run",
        "--repeats",
        "1",
        "--before",
        str(tmp_path / "old.json"),
        "--out",
        str(tmp_path / "new.json"),
    ]
    assert speed.main(arguments) == 0
    _, measures = load(tmp_path / "new.json")
    named = {(measure.section, measure.name): measure for measure in measures}
    embedded = "A standard run, on the embedded service"
    assert named[embedded, "requests"].typical > 300
    # The bare client's requests are those of the run, sent to a service that gives out the same ids.
    assert named[embedded, "answers with the same status as in the run"].typical == 100
    page = (tmp_path / "new.md").read_text()
    assert page == capsys.readouterr().out
    assert "## Before and after" in page


def test_an_unknown_section_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.main(["--only", "stat"])
    assert "there is no section stat; there are start, run" in capsys.readouterr().err
