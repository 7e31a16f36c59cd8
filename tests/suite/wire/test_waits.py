"""What a run waits for can be asked at any moment, from any thread, and costs nobody anything who does not ask."""

from __future__ import annotations

import httpx
import pytest
from wires import TOKEN, URL, Probe, answering, retry_after

from commit_conformance.wire.waits import Wait, Waits


def watched(probe: Probe) -> list[Wait | None]:
    """What is waited for whenever the wire of a probe sleeps."""
    seen: list[Wait | None] = []
    slept = probe.wire.sleep

    def sleep(seconds: float) -> None:
        slept(seconds)
        seen.append(probe.wire.waits.now())

    probe.wire.sleep = sleep
    return seen


def whys(seen: list[Wait | None]) -> list[tuple[float | None, str]]:
    return [(wait.seconds, wait.why) for wait in seen if wait is not None]


def test_a_wait_that_the_target_asked_for_is_told_and_over_when_it_is_over() -> None:
    told: list[tuple[float, str]] = []
    probe = Probe(answering(retry_after(429, "30"), 200))
    probe.wire.waits.tell = lambda seconds, why: told.append((seconds, why))
    seen = watched(probe)

    probe.wire.send("GET", URL)

    assert whys(seen) == [(30.0, "the target, which answered 429")]
    assert told == [(30.0, "the target, which answered 429")]
    assert probe.wire.waits.now() is None


def test_a_target_that_cannot_be_reached_is_waited_for_by_the_name_of_the_trouble() -> None:
    probe = Probe(answering(*[httpx.ConnectError("refused")] * 4, 200))
    probe.wire._answered = True
    seen = watched(probe)

    probe.wire.send("GET", URL)

    assert (1.6, "the target, after ConnectError") in whys(seen)


def test_a_commit_on_its_way_is_waited_for_in_the_words_of_whoever_follows_it() -> None:
    probe = Probe(answering(200))
    seen = watched(probe)

    probe.wire.wait_as_told(6.0, "a commit that was answered 202")

    assert whys(seen) == [(6.0, "a commit that was answered 202")]


def test_the_pauses_of_a_steady_pace_are_no_news_and_long_ones_are() -> None:
    fast, slow = Probe(answering(200), rate=240), Probe(answering(200), rate=6)
    seen_fast, seen_slow = watched(fast), watched(slow)

    for probe in (fast, slow):
        probe.wire.send("GET", URL, upload=True)
        probe.wire.send("GET", URL, upload=True)

    assert seen_fast == [None]
    assert [why for _, why in whys(seen_slow)] == ["its turn, at 6 upload requests a minute"]


def test_an_answer_is_waited_for_and_no_secret_is_told() -> None:
    seen: list[Wait | None] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(probe.wire.waits.now())
        return httpx.Response(200)

    probe = Probe(handle)
    probe.wire.send("GET", f"{URL}?access_token={TOKEN}")

    ((seconds, why),) = whys(seen)
    assert seconds is None
    assert why.startswith(f"the answer to GET {URL}")
    assert TOKEN not in why


def test_of_several_waits_the_one_that_ends_last_counts_and_before_answers() -> None:
    now = 0.0
    waits = Waits(clock=lambda: now)
    with waits.answer(lambda: "an answer"), waits.noted(9.0, "nine"):
        now = 2.0
        with waits.noted(3.0, "three"):
            assert waits.now() == Wait(why="nine", seconds=9.0, passed=2.0)
        with waits.noted(30.0, "thirty"):
            assert waits.now() == Wait(why="thirty", seconds=30.0, passed=0.0)
    with pytest.raises(KeyError), waits.noted(9.0, "a wait that is broken off"):
        raise KeyError
    assert waits.now() is None
