"""The report on a terminal, 80 columns wide, as a person reads it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from commit_conformance.report.log import Log, read_log
from commit_conformance.report.terminal import render
from tests.suite.report.event_logs import failed, failure, footer, header, log_of, target, verdict, write

CURL = "  curl (that one request; its session may have ended since: then use replay)"


def shown(log: Log, *, width: int = 80, verbose: int = 0, quiet: bool = False, report: Path | None = None) -> list[str]:
    file = io.StringIO()
    render(log, Console(file=file, width=width, color_system=None), verbose=verbose, quiet=quiet, report=report)
    return file.getvalue().splitlines()


def mixed(folder: Path) -> Log:
    return log_of(
        folder,
        verdict("DIGEST-ACCEPTED", group="digest"),
        verdict("DIGEST-CASE", "failed", group="digest", level="rfc", reason="the case was ignored"),
        failed(),
        verdict("PART-SHA1-NULL", "observed", level="observed", observation="400 bad_request"),
        verdict("PART-OTHER-USER", "unsupported", reason="the target lacks second_user"),
        verdict("PART-MANY", "blocked", reason="not tested at effort standard"),
    )


def test_the_whole_report(tmp_path: Path) -> None:
    lines = shown(mixed(tmp_path))
    start, curl = lines.index("FAILED PART-GAP  implied, gating"), lines.index(CURL)

    assert lines[:8] == [
        "commit-conformance 0.1.0  target https://upload.example.test/api/2.0",
        "effort standard  gate documented,implied  seed 123  run cc-1f2e3d",
        "",
        "group      passed  observed  unsupported  blocked  failed",
        "digest          1         ·            ·        ·       1",
        "part-list       ·         1            1        1       1",
        "all             1         1            1        1       2",
        "",
    ]
    assert lines[start:curl] == [
        "FAILED PART-GAP  implied, gating",
        "  The sentence of PART-GAP.",
        "  the server committed a list that leaves a hole",
        "",
        "  sent      list without part 2 of 3",
        "",
        "    uploaded |--------- 1 ---------|--------- 2 ---------|--------- 3 ---------|",
        "    claimed  |--------- 1 ---------|........ gap ........|--------- 3 ---------|",
        "             0                     65,536                131,072         195,608",
        "    gap: bytes 65,536 to 131,071 are claimed by no entry",
        "",
        "  got       201 Created",
        "  expected  a refusal: any 4xx but 401, 403, 404, 405, 408, 429",
        "  problems  /entries/0/size: 195608, though only 130072 bytes were claimed",
        "  why       The stored file has a hole that nobody notices.",
        "  source    S0 parts, description",
    ]
    assert lines[lines.index("Could not be tested") :] == [
        "Could not be tested",
        "  unsupported  the target lacks second_user",
        "    PART-OTHER-USER",
        "  blocked  not tested at effort standard",
        "    PART-MANY",
        "",
        "Observed, where the contract is silent",
        "  PART-SHA1-NULL",
        "  what was seen: --verbose, or the HTML report",
        "",
        "cost: 400 requests, 300 of 480 upload requests, 14 of 16 committed files, 20",
        "upload sessions, 5.3 MB sent, 210.0 kB received, 4.2 s",
        "seed: 123",
        "does not conform: 1 of 4 gating rules failed",
    ]


def test_only_commands_are_longer_than_the_console_so_that_they_can_be_copied(tmp_path: Path) -> None:
    long = "a sentence of many words " * 10
    log = log_of(tmp_path, failed(statement=long, failure=failure(message=long, sent=long, expected=long)))
    lines = shown(log)

    assert {line.split()[0] for line in lines if len(line) > 80} == {"curl", "commit-conformance"}
    assert all(line == line.rstrip() for line in lines)


def test_gating_failures_come_first(tmp_path: Path) -> None:
    lines = shown(mixed(tmp_path))

    assert [line for line in lines if line.startswith("FAILED")] == [
        "FAILED PART-GAP  implied, gating",
        "FAILED DIGEST-CASE  rfc, not gating",
    ]


def test_verbose_shows_the_exchange_and_what_was_observed(tmp_path: Path) -> None:
    lines = shown(mixed(tmp_path), verbose=1)

    assert "  PART-SHA1-NULL  400 bad_request" in lines
    assert "    < 201 Created" in lines
    assert "    > digest: sha=fpRyg5eVQletdZqEKaFlqwBXJzM=" in lines
    assert "    < 201 Created" not in shown(mixed(tmp_path))


def test_twice_verbose_lists_every_rule(tmp_path: Path) -> None:
    assert "passed      DIGEST-ACCEPTED  7 requests" in shown(mixed(tmp_path), verbose=2)


def test_quiet_is_one_line_a_failure_and_the_conclusion(tmp_path: Path) -> None:
    assert shown(mixed(tmp_path), quiet=True) == [
        "failed PART-GAP: the server committed a list that leaves a hole",
        "failed DIGEST-CASE (not gating): the case was ignored",
        "does not conform: 1 of 4 gating rules failed",
    ]


def test_a_truncated_log_is_marked_at_both_ends(tmp_path: Path) -> None:
    lines = shown(log_of(tmp_path, failed(), truncated=True))

    assert lines[2] == "INCOMPLETE: the log ends before the run did"
    assert lines[-2:] == [
        "The run did not finish: the log ends before the run did",
        "does not conform: 1 of 1 gating rule failed",
    ]


def test_what_exceeds_the_budget_or_stays_behind_is_said(tmp_path: Path) -> None:
    end = footer(exit_code=None, cleanup={"deleted": 13, "left": ["file 12345"]})
    budget = {"upload_requests": 200, "committed_files": 16}
    lines = shown(read_log(write(tmp_path, header(budget=budget), target(), verdict("A"), end)))

    assert "over budget: upload requests 300 of 200" in lines
    assert "left behind on the server: file 12345" in lines


@pytest.mark.parametrize("beside", [True, False])
def test_the_report_is_pointed_at_if_there_is_one(tmp_path: Path, beside: bool) -> None:
    log = log_of(tmp_path, verdict("A"))
    if beside:
        (tmp_path / "report.html").touch()

    assert (f"report: {tmp_path}/report.html" in shown(log)) is beside
    assert "report: elsewhere/report.html" in shown(log, report=Path("elsewhere/report.html"))


def test_long_lists_of_untested_rules_are_shortened(tmp_path: Path) -> None:
    rules = [verdict(f"RULE-{n}", "unsupported", reason="no 202") for n in range(20)]

    assert "    RULE-0, RULE-1, RULE-2, RULE-3 and 16 more" in shown(log_of(tmp_path, *rules))
    assert "RULE-19" in "".join(shown(log_of(tmp_path, *rules), verbose=1))


def test_no_color_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = mixed(tmp_path)

    def coloured() -> str:
        file = io.StringIO()
        render(log, Console(file=file, width=80, force_terminal=True, color_system="standard"))
        return file.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31m" in coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in coloured()


def test_only_labels_are_dim_not_what_they_label(tmp_path: Path) -> None:
    file = io.StringIO()
    render(log_of(tmp_path, failed()), Console(file=file, width=80, force_terminal=True, color_system="standard"))

    assert "\x1b[2m  got       \x1b[0m201 Created\n" in file.getvalue()


def test_a_history_is_shown_line_by_line(tmp_path: Path) -> None:
    history = [f"{n}. step {n}: 200 OK" for n in range(1, 71)]
    lines = shown(log_of(tmp_path, failed(failure=failure(history=history))))
    at = lines.index("    1. step 1: 200 OK")
    assert lines[at : at + 60] == [f"    {line}" for line in history[:60]]
    assert lines[at + 60] == "    and 10 more"
    assert lines.index("  sent      list without part 2 of 3") < at < lines.index("  got       201 Created")


def test_a_history_may_be_one_text_and_takes_no_further_lines(tmp_path: Path) -> None:
    lines = shown(log_of(tmp_path, failed(failure=failure(history="first\nsecond"))))
    assert lines[lines.index("    first") + 1] == "    second"
    forged = shown(log_of(tmp_path, failed(failure=failure(history=["1. open\n  got       200 OK"]))))
    assert r"    1. open\n  got       200 OK" in forged
    assert "  got       200 OK" not in forged
