"""The process of a run: it hears Ctrl-C and SIGTERM wherever they come, and collects garbage no more than it has to."""

from __future__ import annotations

import atexit
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: Seconds after which a signal is given once more that came where no exception can be raised.
_AGAIN = 0.02
#: Seconds after which it is given once more because nobody has caught what was raised: a finalizer can swallow it too.
_UNHEARD = 2.0
#: What is allocated between two looks at the youngest objects, and how many looks there are for one at older ones.
_THRESHOLDS = (20_000, 20, 20)


class StopSignals:
    """Makes SIGINT and SIGTERM raise `KeyboardInterrupt`, while it is entered, and again until the run ends for it.

    It does nothing off the main thread, where Python hands out no signals.

    Attributes:
        asked: Whether one of them has come.
    """

    def __init__(self) -> None:
        self.asked = False
        self._held = False
        self._former: dict[signal.Signals, Any] = {}
        self._again: threading.Timer | None = None

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        self.hold()
        for number, former in self._former.items():
            signal.signal(number, former)
        self._former = {}

    def hold(self) -> None:
        """From now on they raise nothing: the run has ended, and its log and its reports are being written."""
        self._held = True
        if self._again is not None:
            self._again.cancel()

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Lets them raise here, though they are held."""
        held, self._held = self._held, False
        try:
            yield
        finally:
            if held:
                self.hold()

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._held:
            return
        lost = _is_collecting(frame)
        self._give_again(number, _AGAIN if lost else _UNHEARD)
        if not lost:
            raise KeyboardInterrupt(signal.Signals(number).name)

    def _give_again(self, number: int, seconds: float) -> None:
        if self._again is not None:
            self._again.cancel()
        self._again = threading.Timer(seconds, signal.pthread_kill, (threading.main_thread().ident, number))
        self._again.daemon = True
        self._again.start()


def _is_collecting(frame: FrameType | None) -> bool:
    """Whether the garbage collector has called this: what is raised there, in Hypothesis' callback say, is lost."""
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None:
        if frame.f_code in callbacks or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def collect_less() -> None:
    """Makes this process collect garbage less often from now on, and leave its last garbage to its end.

    A run imports a hundred thousand functions and keeps them; looking through them again and again, and once more when
    the process ends, was a fifth of a standard run on the embedded service.
    """
    if gc.get_threshold() != _THRESHOLDS:
        gc.set_threshold(*_THRESHOLDS)
        atexit.register(gc.freeze)
