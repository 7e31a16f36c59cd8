"""How reports show known failures, and what the exit code makes of them."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from commit_conformance.report import terminal
from commit_conformance.report.formats import junit
from commit_conformance.report.html import page
from commit_conformance.report.log import Log
from commit_conformance.report.summary import conclusion, summarize
from tests.suite.report.event_logs import failure, log_of, verdict

KNOWN = {
    "rule": "PART-*",
    "reason": "holes are not looked for",
    "owner": "storage team",
    "expires": "2026-12-31",
    "flaky": False,
}


def known(rule: str, word: str = "failed", **changes: Any) -> dict[str, Any]:
    return verdict(rule, word, gating=False, known=KNOWN, failure=failure() if word == "failed" else None, **changes)


def outdated(*messages: str, changes: tuple[str, ...] = ()) -> dict[str, Any]:
    told = [{"kind": "stale", "rule": "PART-GAP", "lines": [3, 7], "message": message} for message in messages]
    return {"event": "known-failures", "path": "known.toml", "entries": 1, "outdated": told, "changes": list(changes)}


def on_terminal(log: Log, **options: Any) -> str:
    out = io.StringIO()
    terminal.render(log, Console(file=out, width=100, color_system=None), **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("lines", "code", "text"),
    [
        ([known("PART-GAP"), verdict("A-B")], 0, "conforms but for 1 known failure: 1 of 1 gating rule passed"),
        (
            [known("PART-GAP"), known("PART-OVERLAP"), known("PART-LAST", "blocked"), verdict("A-B")],
            0,
            "conforms but for 2 known failures: 1 of 1 gating rule passed",
        ),
        ([known("PART-GAP"), verdict("A-B", "failed")], 1, "does not conform: 1 of 1 gating rule failed"),
        ([known("PART-GAP")], 3, "could not be tested: nothing but known failures was tested"),
        ([known("PART-GAP"), verdict("A-B", "errored")], 3, "could not be tested: 1 gating rule, 1 errored"),
        (
            [verdict("PART-GAP"), known("PART-GAP"), verdict("A-B")],
            0,
            "conforms but for 1 known failure: 1 of 1 gating rule passed",
        ),
    ],
)
def test_a_known_failure_does_not_decide(tmp_path: Path, lines: list[dict[str, Any]], code: int, text: str) -> None:
    log = log_of(tmp_path, *lines)
    assert conclusion(log.verdicts) == (code, text)
    assert conclusion(log.verdicts, {"documented"})[0] == code, "whatever levels are asked for"
    assert not [result for result in summarize(log).gating_failures if result.rule.startswith("PART-")]


def test_a_list_that_is_out_of_date_makes_a_run_fail(tmp_path: Path) -> None:
    log = log_of(tmp_path, verdict("PART-GAP"), outdated("known.toml, lines 3 to 7 (PART-GAP): delete these lines"))
    summary = summarize(log)
    assert summary.exit_code == 1
    assert summary.conclusion == "1 known failure out of date; else it conforms: 1 of 1 gating rule passed"
    shown = on_terminal(log)
    assert "known.toml, lines 3 to 7 (PART-GAP): delete these lines" in shown
    assert "delete these lines" in on_terminal(log, quiet=True)
    suites = ElementTree.fromstring(junit.render(log))
    assert [error.get("message") for error in suites.iter("error")] == [summary.conclusion]


@pytest.mark.parametrize(("word", "code"), [("failed", 1), ("errored", 3)])
def test_it_does_not_hide_what_is_worse(tmp_path: Path, word: str, code: int) -> None:
    summary = summarize(log_of(tmp_path, verdict("A-B", word), outdated("delete")))
    assert summary.exit_code == code
    assert summary.conclusion.endswith("; 1 known failure out of date")


def test_the_terminal_keeps_known_failures_short_and_apart(tmp_path: Path) -> None:
    log = log_of(tmp_path, known("PART-GAP"), verdict("A-B", "failed", failure=failure(message="something new")))
    shown = " ".join(on_terminal(log).split())
    assert shown.index("FAILED A-B") < shown.index("Known failures, which do not decide PART-GAP")
    assert "FAILED PART-GAP" not in shown
    assert "known: holes are not looked for, owned by storage team, until 2026-12-31" in shown
    assert "FAILED PART-GAP documented, known" in " ".join(on_terminal(log, verbose=1).split())
    quiet = on_terminal(log, quiet=True)
    assert re.search(r"^failed PART-GAP \(known\): ", quiet, re.M)
    assert re.search(r"^failed A-B: ", quiet, re.M)


def test_what_was_changed_in_the_list_is_told(tmp_path: Path) -> None:
    log = log_of(tmp_path, verdict("A-B"), outdated(changes=("known.toml: took out PART-GAP",)))
    assert "known.toml: took out PART-GAP" in on_terminal(log)
    assert summarize(log).exit_code == 0


def test_junit_skips_a_known_failure_and_says_so(tmp_path: Path) -> None:
    suites = ElementTree.fromstring(junit.render(log_of(tmp_path, known("PART-GAP"), verdict("A-B"))))
    assert not list(suites.iter("failure"))
    assert not list(suites.iter("error"))
    (skipped,) = suites.iter("skipped")
    assert (skipped.get("message") or "").startswith(
        "known failure, holes are not looked for, owned by storage team, until 2026-12-31: the server committed"
    )


def test_the_page_marks_a_known_failure(tmp_path: Path) -> None:
    shown = page.render(log_of(tmp_path, known("PART-GAP"), verdict("A-B")))
    assert "conforms but for 1 known failure" in shown
    assert "holes are not looked for, owned by storage team, until 2026-12-31" in shown
