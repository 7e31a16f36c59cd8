"""The commands that read event logs: what they write, print and end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commit_conformance.cli import main
from tests.suite.report.event_logs import failed, failure, footer, header, verdict, write


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def run(folder: Path, name: str, *verdicts: dict[str, object]) -> Path:
    (folder / name).mkdir()
    return write(folder / name, header(run=name), *verdicts, footer(exit_code=None)).parent


def test_a_report_is_written_beside_its_log_in_the_formats_asked_for(tmp_path: Path) -> None:
    place = run(tmp_path, "one", failed())
    done = call("report", place, "--format", "html,sarif", "--format", "badge")

    assert done.exit_code == 0, done.output
    assert {path.name for path in place.iterdir()} == {"events.jsonl", "report.html", "report.sarif", "badge.svg"}
    assert f"sarif: {place / 'report.sarif'}" in done.output


def test_a_report_is_written_elsewhere_with_a_link_to_the_whole(tmp_path: Path) -> None:
    place = run(tmp_path, "one", failed())
    done = call(
        "report", place, "--format", "markdown", "--out", tmp_path / "new", "--link", "https://ci.example.test/1"
    )

    assert done.exit_code == 0, done.output
    assert "(<https://ci.example.test/1>)" in (tmp_path / "new" / "report.md").read_text(encoding="utf-8")


def test_without_a_format_the_report_is_shown(tmp_path: Path) -> None:
    done = call("report", run(tmp_path, "one", failed()), "--quiet")

    assert "failed PART-GAP: the server committed a list that leaves a hole" in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--format", "pdf"], "--format: 'pdf' is no report format; formats are html, markdown"),
        (["--out", "somewhere"], "--format has to say what to write there"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, words: list[str], told: str) -> None:
    done = call("report", run(tmp_path, "one", failed()), *words)

    assert done.exit_code == 2
    assert told in done.output


def test_merged_shards_end_like_the_run_they_make(tmp_path: Path) -> None:
    one, two = run(tmp_path, "one", verdict("A")), run(tmp_path, "two", failed())
    good = call("merge", one, "--out", tmp_path / "good", "--quiet")
    bad = call("merge", one, two / "events.jsonl", "--out", tmp_path / "bad", "--format", "json")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert {path.name for path in (tmp_path / "good").iterdir()} == {"events.jsonl", "report.html", "junit.xml"}
    assert json.loads((tmp_path / "bad" / "report.json").read_text())["merged"] == ["one", "two"]


def test_logs_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one = run(tmp_path, "one", verdict("A"))
    done = call("merge", one, one, "--out", tmp_path / "out")

    assert done.exit_code == 2
    assert "the run one is in" in done.output
    assert not (tmp_path / "out" / "events.jsonl").exists()


def test_the_history_of_a_folder_is_a_table(tmp_path: Path) -> None:
    run(tmp_path, "one", verdict("A"))
    run(tmp_path, "two", failed())
    done = call("history", tmp_path)

    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == 3
    assert len(json.loads(call("history", tmp_path, "--json").output)["runs"]) == 2


def test_a_folder_without_logs_has_no_history(tmp_path: Path) -> None:
    done = call("history", tmp_path)

    assert done.exit_code == 2
    assert "there is no events.jsonl below" in done.output


def test_what_still_fails_is_told_in_a_diff_and_counts_for_nothing(tmp_path: Path) -> None:
    before = run(tmp_path, "one", failed(), failed("PART-SUM"))
    after = run(tmp_path, "two", failed(), failed("PART-SUM", failure=failure(message="another message")))
    done = call("diff", before, after, "--fail-on", "any")

    assert done.exit_code == 0, done.output
    assert "failing still (2)" in done.output
    assert "PART-SUM: the server committed a list that leaves a hole became another message" in done.output
