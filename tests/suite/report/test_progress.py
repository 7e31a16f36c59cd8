"""What is told while a run goes on: lines that stay where nobody watches, a view that changes on a terminal."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from commit_conformance.report.live import MOST_NAMED, LiveProgress
from commit_conformance.report.progress import PlainProgress, Progress, progress_on
from commit_conformance.report.running import Now, Outlook, Waiting
from tests.suite.report.event_logs import HOSTILE, verdict

RULES = {"PART-GAP": "part-list", "PART-ORDER": "part-list", "BODY-EMPTY": "body"}
COST = {"requests": 30, "upload_requests": 21, "bytes_sent": 45_600}


class Clock:
    """Seconds that grow when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def plain(clock: Clock, *, verbose: int = 0) -> tuple[PlainProgress, io.StringIO]:
    file = io.StringIO()
    return PlainProgress(Console(file=file, width=80), verbose=verbose, clock=clock), file


def live(clock: Clock, *, width: int = 100, verbose: int = 0) -> tuple[LiveProgress, Console]:
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=True, color_system=None, record=True)
    return LiveProgress(console, verbose=verbose, clock=clock), console


def view(progress: LiveProgress, *, width: int = 100) -> list[str]:
    """The lines of the view at this moment."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(progress.view())
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def told(*events: Mapping[str, Any]) -> list[str]:
    progress, file = plain(Clock())
    for event in events:
        progress.verdict(event)
    progress.done()
    progress.done()
    return file.getvalue().splitlines()


# Where nobody watches


def test_a_group_is_told_when_its_last_verdict_arrives_wherever_that_is(clock: Clock) -> None:
    progress, file = plain(clock)
    progress.expect({"A": "digest", "B": "digest", "C": "body"})

    progress.verdict(verdict("A", group="digest"))
    progress.verdict(verdict("C", group="body"))
    assert file.getvalue() == "body           1 passed  (7 requests)\n"
    progress.verdict(verdict("B", "observed", group="digest"))

    assert file.getvalue().splitlines()[1:] == ["digest         1 passed, 1 observed  (14 requests)"]


def test_groups_that_are_not_complete_are_told_at_the_end_and_only_once() -> None:
    events = [verdict("A", group="body"), verdict("B", group="digest"), verdict("C", "blocked", group="body")]

    assert told(*events) == [
        "body           1 passed, 1 blocked  (14 requests)",
        "digest         1 passed  (7 requests)",
    ]


def test_nothing_happened_nothing_is_told() -> None:
    assert told() == []


def test_what_failed_is_named_at_once_and_a_flood_of_failures_is_not() -> None:
    lines = told(*(verdict(f"R{number}", "failed", group="body") for number in range(3 * MOST_NAMED)))

    assert [line.split(":")[0] for line in lines[:MOST_NAMED]] == [f"R{number} failed" for number in range(MOST_NAMED)]
    assert lines[MOST_NAMED:-1] == ["further ones are in the report"]


def test_verbose_names_every_rule(clock: Clock) -> None:
    progress, file = plain(clock, verbose=1)

    progress.verdict({**verdict("A", group="body"), "reason": ""})

    assert file.getvalue() == "A passed\n"


def test_a_long_silence_is_broken_once_a_minute(clock: Clock) -> None:
    progress, file = plain(clock)
    progress.begin(lambda: Now(cost=COST), Outlook(limits={"upload_requests": 480}))
    progress.expect(RULES)

    clock.now = 59.0
    progress.verdict(verdict("PART-GAP", group="part-list"))
    assert file.getvalue() == ""
    clock.now = 130.0
    progress.verdict(verdict("BODY-EMPTY", "blocked", group="other"))

    assert file.getvalue() == (
        "2 of 3 rules, 1 of 2 groups, 21 of 480 upload requests, 45.6 kB sent, 2:10, at most 47:21 left\n"
    )


def test_long_waits_are_told_and_not_one_after_the_other(clock: Clock) -> None:
    progress, file = plain(clock)

    progress.waits(4.0, "a short one")
    progress.waits(29.5, "a commit that was answered 202")
    clock.now = 30.0
    progress.waits(29.5, "a commit that was answered 202")
    clock.now = 90.0
    progress.waits(29.5, "a commit that was answered 429")

    assert file.getvalue().splitlines() == [
        "waiting 30 s for a commit that was answered 202",
        "waiting 30 s for a commit that was answered 429",
    ]


def test_hostile_texts_stay_on_one_line() -> None:
    event = {**verdict(HOSTILE, "failed", group=HOSTILE), "reason": HOSTILE}

    lines = told(event)

    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


# On a terminal


def test_the_view_says_how_far_at_what_cost_and_how_long_still(clock: Clock) -> None:
    progress, _ = live(clock)
    earlier = Outlook(limits={"upload_requests": 480}, rate=240, earlier=dict.fromkeys([*"abcdef", *RULES], 1.0))
    progress.begin(lambda: Now(doing="BODY-EMPTY", cost=COST), earlier)
    progress.expect({**RULES, **dict.fromkeys("abcdef", "digest")})
    for rule in "abcdef":
        progress.verdict(verdict(rule, group="digest"))
    progress.verdict(verdict("PART-GAP", "failed", group="part-list"))
    clock.now = 70.0

    first, *rest = view(progress)
    progress.done()

    assert first.endswith(" BODY-EMPTY")
    assert " · ".join(rest) == (
        "7 of 9 rules · 1 of 3 groups · 1 failed · 21 of 480 upload requests · at most 240 a minute · 45.6 kB sent"
        " · 1:10 · about 0:20 left"
    )


def test_without_a_basis_no_time_is_told(clock: Clock) -> None:
    progress, _ = live(clock)
    progress.begin(lambda: Now(cost={"requests": 3, "upload_requests": 3}), Outlook(limits={"upload_requests": None}))
    progress.expect(RULES)
    clock.now = 30.0

    lines = view(progress)
    progress.done()

    assert not any("left" in line for line in lines)
    assert any("0:30" in line for line in lines)


def test_workers_tell_their_requests_with_their_verdicts(clock: Clock) -> None:
    progress, _ = live(clock)
    progress.begin(Now, Outlook(limits={"upload_requests": 480}))
    progress.expect(RULES)
    progress.verdict(verdict("PART-GAP", group="part-list"))

    lines = view(progress)
    progress.done()

    assert lines[-1] == "1 of 3 rules · 0 of 2 groups · 7 requests · 0:00"


@pytest.mark.parametrize(
    ("waiting", "line"),
    [
        (Waiting(why="a commit", seconds=30.0, passed=12.7), "waiting 12 of 30 s for a commit"),
        (Waiting(why="the answer to POST /x", seconds=None, passed=8.0), "waiting 8 s for the answer to POST /x"),
    ],
)
def test_a_run_that_waits_says_for_what(clock: Clock, waiting: Waiting, line: str) -> None:
    progress, _ = live(clock)
    progress.begin(lambda: Now(waiting=waiting), Outlook())

    lines = view(progress)
    progress.done()

    assert lines[-1] == line


def test_an_answer_that_takes_its_time_is_no_wait(clock: Clock) -> None:
    progress, _ = live(clock)
    progress.begin(lambda: Now(waiting=Waiting(why="the answer", seconds=None, passed=0.4)), Outlook())

    lines = view(progress)
    progress.done()

    assert not any("waiting" in line for line in lines)


@pytest.mark.parametrize("width", [20, 40])
def test_a_narrow_terminal_shows_whole_phrases_on_more_lines(clock: Clock, width: int) -> None:
    progress, _ = live(clock, width=width)
    waiting = Waiting(why=HOSTILE * 20, seconds=30.0, passed=1.0)
    progress.begin(lambda: Now(doing=HOSTILE, cost=COST, waiting=waiting), Outlook(limits={"upload_requests": 480}))
    progress.expect(RULES)

    lines = view(progress, width=width)
    progress.done()

    assert all(len(line) <= width for line in lines)
    assert all(line.isprintable() for line in lines)
    assert "0 of 3 rules" in "\n".join(lines)
    assert len(lines) < 10


def test_trouble_stays_above_the_view_and_what_passed_does_not(clock: Clock) -> None:
    progress, console = live(clock)
    progress.begin(Now, Outlook())

    progress.verdict(verdict("A", group="digest"))
    progress.verdict(verdict("B", "failed", group="body"))
    progress.done()
    progress.done()

    shown = console.export_text()
    assert "B failed" in shown
    assert "A passed" not in shown


def test_verbose_leaves_a_line_for_every_rule(clock: Clock) -> None:
    progress, console = live(clock, verbose=1)
    progress.begin(Now, Outlook())

    progress.verdict(verdict("A", group="digest"))
    progress.done()

    assert "A passed" in console.export_text()


def test_the_cursor_is_shown_again_whatever_ended_the_run(clock: Clock) -> None:
    progress, console = live(clock)
    progress.begin(Now, Outlook())
    progress.done()

    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_mistake_in_the_view_does_not_end_the_run(clock: Clock) -> None:
    def look() -> Now:
        raise ZeroDivisionError("in the view")

    progress, console = live(clock)
    progress.begin(look, Outlook())
    progress.verdict(verdict("B", "failed", group="body"))
    progress.done()

    assert "B failed" in console.export_text()


# Which of the two


@pytest.mark.parametrize(
    ("terminal", "environment", "kind"),
    [
        (True, {}, LiveProgress),
        (True, {"NO_COLOR": "1"}, LiveProgress),
        (True, {"CI": "true"}, PlainProgress),
        (True, {"TERM": "dumb"}, PlainProgress),
        (False, {}, PlainProgress),
        (None, {"FORCE_COLOR": "1"}, PlainProgress),
    ],
)
def test_the_console_decides(
    monkeypatch: pytest.MonkeyPatch, terminal: bool | None, environment: dict[str, str], kind: type[Progress]
) -> None:
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), force_terminal=terminal)

    assert isinstance(progress_on(console), kind)


def test_without_colour_the_view_has_none(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    progress = LiveProgress(Console(file=file, width=80, force_terminal=True, color_system="truecolor"), clock=clock)
    progress.begin(lambda: Now(doing="A", waiting=Waiting(why="B", seconds=9.0, passed=1.0)), Outlook())
    progress.expect(RULES)
    progress.verdict(verdict("PART-GAP", "failed", group="part-list"))
    progress.done()

    assert "PART-GAP failed" in file.getvalue()
    assert not any(f"\x1b[{code}" in file.getvalue() for code in ("3", "9", "38", "48"))


def test_what_cannot_be_written_to_the_terminal_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), force_terminal=True)

    assert isinstance(progress_on(console), PlainProgress)
