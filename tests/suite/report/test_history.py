"""Many runs in a table: the oldest first, each beside the one before it against the same target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from commit_conformance.report.runs.history import History, history, history_lines, logs_below
from tests.suite.report.event_logs import Event, failed, footer, header, verdict, write


def run(folder: Path, day: int, *verdicts: Event, **changes: Any) -> Path:
    place = folder / f"run-{day:02}"
    place.mkdir(parents=True)
    return write(place, header(started=f"2026-11-{day:02}T20:00:00Z", **changes), *verdicts, footer(exit_code=None))


def read(folder: Path) -> History:
    return history(logs_below([folder]))


def test_rows_come_in_the_order_of_time_with_what_is_new_and_fixed(tmp_path: Path) -> None:
    run(tmp_path, 3, failed(), failed("PART-SUM"), verdict("PART-SIZE"))
    run(tmp_path, 1, failed("PART-SIZE"), verdict("PART-GAP"))
    run(tmp_path, 2, failed(), verdict("PART-SIZE", "blocked", reason="no session"))
    rows = read(tmp_path).rows

    assert [row.started[8:10] for row in rows] == ["01", "02", "03"]
    assert [row.new for row in rows] == [(), ("PART-GAP",), ("PART-SUM",)]
    assert [row.fixed for row in rows] == [(), (), ()]  # what could not be tested is not fixed
    assert [row.verdict for row in rows] == ["does not conform"] * 3


def test_what_passes_again_is_fixed(tmp_path: Path) -> None:
    run(tmp_path, 1, failed())
    run(tmp_path, 2, verdict("PART-GAP"))

    assert read(tmp_path).rows[1].fixed == ("PART-GAP",)


def test_runs_of_different_targets_are_not_compared(tmp_path: Path) -> None:
    run(tmp_path, 1, verdict("PART-GAP"))
    run(tmp_path, 2, failed(), target={"url": "https://other.example.test"})
    run(tmp_path, 3, failed())
    rows = read(tmp_path).rows

    assert [row.new for row in rows] == [(), (), ("PART-GAP",)]


def test_a_log_that_cannot_be_read_is_told_and_passed_over(tmp_path: Path) -> None:
    run(tmp_path, 1, verdict("PART-GAP"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "events.jsonl").write_text("no JSON\n")
    found = read(tmp_path)

    assert len(found.rows) == 1
    assert "not JSON" in found.broken[0]
    assert list(history_lines(found))[-1].startswith("not read: ")


def test_a_log_is_read_once_however_it_is_named(tmp_path: Path) -> None:
    path = run(tmp_path, 1, verdict("PART-GAP"))

    assert list(logs_below([tmp_path, path, path.parent])) == [path]


def test_the_table_says_date_target_verdict_failures_and_cost(tmp_path: Path) -> None:
    run(tmp_path, 1, verdict("PART-GAP"))
    run(tmp_path, 2, *(failed(f"RULE-{n}") for n in range(6)))
    heads, first, second = history_lines(read(tmp_path))

    assert heads.split() == [
        *("date", "target", "effort", "verdict", "failed", "new", "fixed", "requests", "files", "seconds")
    ]
    assert first.startswith("2026-11-01T20:00:00  https://upload.example.test/api/2.0  standard  conforms")
    assert "RULE-0, RULE-1, RULE-2, RULE-3 and 2 more" in second
    assert second.split()[-3:] == ["400", "14", "4.2"]


def test_a_run_that_was_cut_short_says_so(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    write(tmp_path / "one", header(), verdict("PART-GAP"))
    (row,) = read(tmp_path).rows

    assert row.truncated is not None
    assert "(cut short)" in list(history_lines(read(tmp_path)))[1]


def test_the_table_as_json(tmp_path: Path) -> None:
    run(tmp_path, 1, failed())
    (row,) = read(tmp_path).as_json()["runs"]

    assert (row["failed"], row["exit_code"], row["requests"]) == (["PART-GAP"], 1, 400)
