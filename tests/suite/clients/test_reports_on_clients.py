"""The matrix: what the log of a run says, for people and for programs, whatever a driver has written into it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from client_runs import plain_run
from rich.console import Console

from commit_conformance.clients.report import matrix_of, read_client_log, write_matrix
from commit_conformance.clients.report.matrix import NOT_JUDGED, Matrix
from commit_conformance.clients.report.terminal import render
from commit_conformance.clients.run import run_client
from commit_conformance.report.log import BrokenLog

HOSTILE = "<script>alert(1)</script>\x1b[31m|`*_\u202e\n# heading"


def rule_event(rule: str, verdict: str, **members: Any) -> dict[str, Any]:
    return {
        "event": "verdict",
        "rule": rule,
        "group": "request",
        "level": "documented",
        "verdict": verdict,
        "gating": True,
        "known": None,
        "statement": "A sentence.",
        "why": "A reason.",
        "breaks": "What breaks.",
        "source": ["S1: place"],
        "reason": "what was seen",
        "replay": f"commit-conformance client --sdk a --rule {rule}",
        **members,
    }


def log(folder: Path, name: str, *verdicts: dict[str, Any], **client: Any) -> Path:
    """An event log as a run writes it."""
    header = {
        "event": "header",
        "format": 1,
        "kind": "client",
        "client": {"name": name, "title": name, "sdk": name, "version": "1", "language": "l", "calls": {"upload": []}}
        | client,
    }
    footer = {"event": "footer", "conclusion": "does not conform", "exit_code": 1, "plays": 3, "seconds": 1.5}
    path = folder / name / "events.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in (header, *verdicts, footer)), encoding="utf-8")
    return path


@pytest.fixture
def matrix(tmp_path: Path) -> Matrix:
    first = log(tmp_path, "a", rule_event("CLIENT-DIGEST", "passed"), rule_event("CLIENT-HEADERS", "failed"))
    known = {"rule": "CLIENT-HEADERS", "reason": "old", "owner": "team", "expires": "2030-01-01"}
    second = log(tmp_path, "b", rule_event("CLIENT-HEADERS", "failed", known=known, gating=False))
    return matrix_of([read_client_log(first), read_client_log(second)])


def shown(matrix: Matrix, **options: Any) -> str:
    stream = io.StringIO()
    render(matrix, Console(file=stream, width=160), **options)
    return stream.getvalue()


def test_a_matrix_has_a_row_for_each_rule_and_a_cell_for_each_sdk(matrix: Matrix) -> None:
    assert [row.rule for row in matrix.rows] == ["CLIENT-DIGEST", "CLIENT-HEADERS"]
    assert [[cell.verdict for cell in row.cells] for row in matrix.rows] == [
        ["passed", NOT_JUDGED],
        ["failed", "failed"],
    ]
    assert matrix.rows[1].cells[1].known == "old (team, until 2030-01-01)"


def test_the_json_has_everything(matrix: Matrix) -> None:
    document = json.loads(json.dumps(matrix.as_json()))
    assert [client["name"] for client in document["clients"]] == ["a", "b"]
    assert document["rules"][1]["clients"]["a"]["reason"] == "what was seen"


def test_markdown_and_html_show_failure_harm_and_command(matrix: Matrix, tmp_path: Path) -> None:
    markdown, html, _ = (path.read_text(encoding="utf-8") for path in write_matrix(matrix, tmp_path))
    assert "| `CLIENT-HEADERS` | documented | **FAILED** | **FAILED** |" in markdown
    for text in (markdown, lxml.html.fromstring(html).text_content()):
        for wanted in ("What breaks.", "what was seen", "commit-conformance client --sdk a --rule CLIENT-HEADERS"):
            assert wanted in text


def test_the_terminal_shows_failures_and_conclusions(matrix: Matrix) -> None:
    text = shown(matrix)
    assert "suffer  What breaks." in text
    assert "known   old (team, until 2030-01-01)" in text
    assert "a 1 does not conform: 1 passed, 1 failed; 3 scenarios" in text
    assert len(shown(matrix, quiet=True)) < len(text)


def test_what_a_driver_writes_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    bad = rule_event("CLIENT-DIGEST", "failed", reason=HOSTILE, replay=HOSTILE)
    path = log(tmp_path, "bad", bad, title=HOSTILE, version=HOSTILE, language=HOSTILE, note=HOSTILE)
    matrix = matrix_of([read_client_log(path)])
    markdown, html, _ = (written.read_text(encoding="utf-8") for written in write_matrix(matrix, tmp_path))
    for text in (markdown, html, shown(matrix)):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert lxml.html.fromstring(html).xpath("//script") == []
    assert "<script>" not in markdown.replace("\\<script\\>", "").replace("`<script>", "")
    assert not [line for line in markdown.splitlines() if line.startswith("# heading")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the log is empty"),
        ('{"event": "header", "format": 1}\n', "is not the log of a client"),
        ('{"event": "header", "format": 2, "kind": "client"}\n', "is of format 2"),
        ("nonsense\n", "is not JSON"),
    ],
)
def test_what_is_no_log_of_a_client_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenLog, match=why):
        read_client_log(path)


def test_a_log_that_was_cut_short_says_so(tmp_path: Path) -> None:
    path = log(tmp_path, "a", rule_event("CLIENT-DIGEST", "passed"))
    whole = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(whole[:-1]) + '\n{"event": "foo', encoding="utf-8")
    assert read_client_log(path).conclusion == "was cut short"


def test_a_run_logs_what_was_sent_and_told_without_a_token(tmp_path: Path) -> None:
    outcome = run_client(plain_run("--mistake", "tells-token", scenarios=("conflict",), out=tmp_path))
    assert outcome.log is not None
    text = outcome.log.read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events][:2] == ["header", "play"]
    assert events[-1]["event"] == "footer"
    played = next(event for event in events if event["event"] == "play" and event["play"] == "conflict/upload")
    operations = [each["operation"] for each in played["exchanges"]]
    assert operations == ["create_session", *["upload_part"] * 3, "commit", "abort"]
    commit = played["exchanges"][4]
    assert commit["status"] == 409
    assert ["authorization", "Bearer [token]"] in commit["request_headers"]
    assert commit["scenario"] == "409 item_name_in_use"
    assert "with the token [token]" in played["result"]["error"]["message"]
    matrix = matrix_of([read_client_log(outcome.log)])
    failed = [row for row in matrix.rows if row.cells[0].verdict == "failed"]
    assert [row.rule for row in failed] == ["CLIENT-TOKEN-SECRET"]
    assert failed[0].cells[0].replay == (
        "commit-conformance client --sdk plain --rule CLIENT-TOKEN-SECRET --scenario conflict"
    )
