"""Being told to stop: the word is not lost, wherever it comes, and what is written is written to its end."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from commit_conformance import process
from commit_conformance.process import StopSignals

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@contextmanager
def on_collection(do: list[str], number: signal.Signals) -> Iterator[None]:
    """A callback of the garbage collector, in whose time the signal comes once; as Hypothesis has one."""

    def callback(phase: str, info: object) -> None:
        if not do:
            do.append(phase)
            os.kill(os.getpid(), number)

    gc.callbacks.append(callback)
    try:
        yield
    finally:
        gc.callbacks.remove(callback)


@BOTH
def test_a_signal_interrupts(number: signal.Signals) -> None:
    former = signal.getsignal(number)
    with StopSignals() as signals:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        assert signals.asked
    assert signal.getsignal(number) is former


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it may come in a finalizer, too
@BOTH
def test_a_signal_that_comes_while_garbage_is_collected_is_not_lost(number: signal.Signals) -> None:
    seen: list[str] = []
    with StopSignals(), on_collection(seen, number), pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come late
        gc.collect()
        time.sleep(30)
    assert seen


@BOTH
def test_a_signal_that_somebody_swallows_comes_again(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_UNHEARD", 0.05)
    with StopSignals():
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            time.sleep(30)


def test_what_has_ended_for_it_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_UNHEARD", 0.05)
    with StopSignals() as signals:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        signals.hold()
        with signals.let_through():
            time.sleep(0.2)


@BOTH
def test_what_has_begun_to_end_is_left_alone_but_for_what_may_be_cut_short(number: signal.Signals) -> None:
    with StopSignals() as signals:
        signals.hold()
        os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt), signals.let_through():
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert signals.asked


def test_off_the_main_thread_it_does_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    during: list[object] = []

    def enter() -> None:
        with StopSignals():
            during.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert during == [before]
