"""Live lines: one a group where nobody watches, a status line on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from commit_conformance.report.progress import LiveProgress, PlainProgress, progress_on
from tests.suite.report.event_logs import HOSTILE, verdict


def plain(*events: dict[str, object]) -> list[str]:
    file = io.StringIO()
    progress = PlainProgress(Console(file=file, width=80))
    for event in events:
        progress.verdict(event)
    progress.done()
    progress.done()
    return file.getvalue().splitlines()


def test_a_group_is_told_when_its_last_verdict_arrives_wherever_that_is() -> None:
    file = io.StringIO()
    progress = PlainProgress(Console(file=file, width=80))
    progress.expect({"digest": 2, "body": 1})

    progress.verdict(verdict("A", group="digest"))
    progress.verdict(verdict("C", group="body"))
    assert file.getvalue() == "body           1 passed  (7 requests)\n"
    progress.verdict(verdict("B", "failed", group="digest"))

    assert file.getvalue().splitlines()[1:] == ["digest         1 passed, 1 failed  (14 requests)"]


def test_groups_that_are_not_complete_are_told_at_the_end_and_only_once() -> None:
    events = [verdict("A", group="body"), verdict("B", group="digest"), verdict("C", "blocked", group="body")]

    assert plain(*events) == [
        "body           1 passed, 1 blocked  (14 requests)",
        "digest         1 passed  (7 requests)",
    ]


def test_nothing_happened_nothing_is_told() -> None:
    assert plain() == []


def test_hostile_names_stay_on_one_line() -> None:
    (line,) = plain(verdict("A", group=HOSTILE))

    assert line.isprintable()


def test_the_live_line_leaves_only_trouble_behind() -> None:
    file = io.StringIO()
    progress = LiveProgress(Console(file=file, width=80, force_terminal=True, color_system=None))

    progress.verdict(verdict("A", group="digest"))
    progress.verdict(verdict("B", "failed", group="body"))
    progress.done()
    progress.done()

    assert "B failed: " in file.getvalue()
    assert "A passed" not in file.getvalue()


@pytest.mark.parametrize(
    ("terminal", "environment", "kind"),
    [(True, {}, LiveProgress), (True, {"CI": "true"}, PlainProgress), (False, {}, PlainProgress)],
)
def test_the_console_decides(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], kind: type
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert isinstance(progress_on(Console(file=io.StringIO(), force_terminal=terminal)), kind)
