"""The Markdown report and the badge: short, and with nothing in them that a target could use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from commit_conformance.report.formats import badge
from commit_conformance.report.formats.markdown import render
from commit_conformance.report.log import Log
from tests.suite.report.event_logs import HOSTILE, failed, failure, footer, header, log_of, verdict, write
from tests.suite.report.test_hostile_texts import TEXTS, log_with, unsafe


def mixed(folder: Path, **changes: Any) -> Log:
    return log_of(
        folder,
        verdict("DIGEST-ACCEPTED"),
        failed(),
        failed("DIGEST-LIST", level="rfc", failure=failure(times={"failed": 1, "asked": 2})),
        verdict("PART-MANY", "blocked", reason="no session could be made"),
        **changes,
    )


def outside_of_code(text: str) -> str:
    """What is left of Markdown when code spans and blocks are taken out."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)


def test_it_tells_verdict_failures_gaps_cost_and_where_to_read_on(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))

    assert text.startswith("## ❌ does not conform: 1 of 3 gating rules failed, 1 could not be tested\n")
    assert "| `PART-GAP` | `implied` | `the server committed a list that leaves a hole` – sent: `list without" in text
    assert "| `DIGEST-LIST` | `rfc` (does not decide, flaky) |" in text
    assert "- 1 rule blocked: `no session could be made`" in text
    assert "Cost: 400 requests, 300 of 480 upload requests, 14 of 16 committed files" in text
    assert "commit-conformance run --target https://upload.example.test/api/2.0 --rule PART-GAP" in text
    assert text.endswith("[Whole report](<report.html>)\n")


def test_the_link_can_lead_elsewhere_or_be_left_out(tmp_path: Path) -> None:
    assert "[Whole report](<https://ci.example.test/1>)" in render(mixed(tmp_path), "https://ci.example.test/1")
    assert "Whole report" not in render(mixed(tmp_path), "")


def test_a_clean_run_is_a_few_lines(tmp_path: Path) -> None:
    text = render(log_of(tmp_path, verdict("A"), verdict("B")))

    assert text.startswith("## ✅ conforms: 2 of 2 gating rules passed\n")
    assert len(text.splitlines()) < 9


def test_a_run_that_was_cut_short_says_so(tmp_path: Path) -> None:
    text = render(mixed(tmp_path, truncated=True))

    assert "**Incomplete:** `the log ends before the run did`" in text


def test_what_is_left_on_the_server_is_named(tmp_path: Path) -> None:
    from commit_conformance.report.log import read_log

    path = write(tmp_path, header(), verdict("A"), footer(cleanup={"deleted": 0, "left": ["file 17"]}))
    assert "**Left behind on the server:** `file 17`" in render(read_log(path))


def test_it_stays_short_however_much_has_failed(tmp_path: Path) -> None:
    many = [failed(f"RULE-{n}", failure=failure(message="x" * 5000)) for n in range(200)]
    text = render(log_of(tmp_path, *many))

    assert "and 175 more in the whole report" in text
    assert len(text) < 60_000  # what a comment on a pull request may hold is 65,536


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "long"])
def test_foreign_text_stands_in_code_only(tmp_path: Path, name: str) -> None:
    text = render(log_with(tmp_path, TEXTS[name]))
    rest = outside_of_code(text)

    assert unsafe(text) == []
    assert not re.search(r"<(?!/?details>|/?summary>|report\.html>)", rest)
    assert "alert(1)" not in rest
    assert all(line.count("|") - line.count("\\|") == 4 for line in text.splitlines() if line.startswith("| `"))


@pytest.mark.parametrize("text", ["`", "``` @somebody ```", "a`b``c", "|", "#1 @team", " "])
def test_a_code_span_cannot_be_left(tmp_path: Path, text: str) -> None:
    rest = outside_of_code(render(log_of(tmp_path, failed(failure=failure(message=text, sent=text, replay=text)))))

    assert "@" not in rest
    assert "#1" not in rest


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ([verdict("A")], "conforms"),
        ([failed(), failed("PART-SUM")], "2 failed"),
        ([verdict("A", "errored", reason="x")], "not tested"),
        ([], "not tested"),
    ],
)
def test_the_badge_says_the_conclusion(tmp_path: Path, rules: list[dict[str, Any]], value: str) -> None:
    root = ElementTree.fromstring(badge.render(log_of(tmp_path, *rules)))

    assert root.get("aria-label") == f"commit conformance: {value}"
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")] == ["commit conformance", value]


def test_nothing_a_target_sent_is_in_the_badge(tmp_path: Path) -> None:
    assert badge.render(log_with(tmp_path, HOSTILE)) == badge.render(log_with(tmp_path, "plain"))
