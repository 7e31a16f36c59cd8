"""A driver as a process: started, asked, bounded and ended.

Owns pipes, time limits and the end of the process with everything it started. A driver is a stranger's program: it may
hang, die, print rubbish or never stop printing, and whatever it does ends in `DriverTrouble` within a bounded time and
a bounded amount of memory.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from commit_conformance.clients.protocol import (
    LINE_LIMIT,
    BrokenProtocol,
    Hello,
    Result,
    read_hello,
    read_result,
    written,
)

__all__ = ["HELLO_SECONDS", "Command", "Driver", "DriverTrouble"]

HELLO_SECONDS: Final = 60.0
"""A virtual machine on a busy computer may need many seconds to start."""

ERRORS_KEPT: Final = 64 * 1024
"""Bytes of standard error: the end of it, where the reason stands."""

_LINES_WAITING: Final = 8
_CHUNK: Final = 64 * 1024
_GRACE: Final = 2.0  # Seconds for a driver to end by itself when its input has ended.

_ReadT = TypeVar("_ReadT")


class DriverTrouble(Exception):
    """A driver did not keep to the protocol; says nothing about the SDK.

    Attributes:
        kind: ``no start``, ``hang``, ``end``, ``rubbish`` or ``flood``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a driver is started.

    Attributes:
        words: The program and its arguments.
        folder: Its working directory; this process' own where ``None``.
        environment: What is added to the environment.
    """

    words: Sequence[str]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class Driver:
    """One process of a driver.

    Example:
        >>> import sys
        >>> with Driver(Command(words=[sys.executable, "-m", "commit_conformance.clients.plain"])) as driver:
        ...     driver.hello.name
        'plain'

    Args:
        command: How to start it.
        hello_seconds: How long it may take to say hello.

    Attributes:
        hello: What it says of itself.

    Raises:
        DriverTrouble: It cannot be started, or says no hello.
    """

    def __init__(self, command: Command, *, hello_seconds: float = HELLO_SECONDS) -> None:
        environment = {**os.environ, **command.environment}
        try:
            self._process = subprocess.Popen(
                list(command.words),
                cwd=command.folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # so that everything it starts ends with it
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise DriverTrouble("no start", f"{command.words[0]}: cannot be started ({reason})") from None
        self._lines: queue.Queue[bytes | DriverTrouble] = queue.Queue(_LINES_WAITING)
        self._stopped = threading.Event()
        self._errors = bytearray()
        self._errors_lock = threading.Lock()
        for reader in (self._read_lines, self._read_errors):
            threading.Thread(target=reader, daemon=True).start()
        try:
            self.hello: Hello = self._take(hello_seconds, "to say hello", read_hello)
        except DriverTrouble:
            self.stop()
            raise

    def ask(self, message: Mapping[str, Any], *, timeout: float) -> Result:
        """Have a scenario done.

        Args:
            message: The scenario.
            timeout: Seconds it may take.

        Raises:
            DriverTrouble: There is no right answer in time; the process has been ended.
        """
        self.errors()
        if self._stopped.is_set():
            raise DriverTrouble("end", "it has been ended")
        if not self._lines.empty():
            early = self._lines.get()
            self.stop()
            if isinstance(early, DriverTrouble):
                raise early
            raise DriverTrouble("rubbish", "it wrote a line that nobody had asked for")
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            # Where it has ended, the reason arrives with the end of its output.
            self._process.stdin.write(written(message))
        try:
            return self._take(timeout, "for this scenario", lambda line: read_result(line, scenario=message["id"]))
        except DriverTrouble:
            self.stop()
            raise

    def errors(self) -> str:
        """What came on standard error since the last call, its end at least."""
        with self._errors_lock:
            text = bytes(self._errors).decode("utf-8", "backslashreplace")
            self._errors.clear()
        return text

    def stop(self) -> None:
        """End the process and everything it has started. May be called again."""
        self._stopped.set()
        process = self._process
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        if process.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
        # Its children may outlive it, and keep the pipes open.
        self._signal(signal.SIGKILL)
        process.wait()

    def finish(self) -> None:
        """End its input, so that it ends by itself; one that does not is stopped."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.stop()

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *exception: object) -> None:
        self.finish()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, number)

    def _take(self, seconds: float, what_for: str, read: Callable[[bytes], _ReadT]) -> _ReadT:
        """The next line, read."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise DriverTrouble("hang", f"it did not answer within the {seconds:g} seconds it had {what_for}") from None
        if isinstance(line, DriverTrouble):
            raise line
        try:
            return read(line)
        except BrokenProtocol as error:
            raise DriverTrouble("rubbish", str(error)) from None

    def _read_lines(self) -> None:
        output = self._process.stdout
        assert output is not None
        waiting = bytearray()
        while chunk := _read(output):
            waiting += chunk
            while (end := waiting.find(b"\n")) >= 0:
                line = bytes(waiting[: end + 1])
                del waiting[: end + 1]
                if line.strip() and not self._put(line):
                    return
            if len(waiting) > LINE_LIMIT:
                self._put(DriverTrouble("flood", f"it wrote more than {LINE_LIMIT} bytes without the end of a line"))
                return
        self._put(DriverTrouble("end", self._how_it_ended()))

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return "it closed its standard output"
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"

    def _put(self, line: bytes | DriverTrouble) -> bool:
        """Hand on a line; False when nobody wants any more."""
        while not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=0.1)
                return True
        return False

    def _read_errors(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        while chunk := _read(stream):
            with self._errors_lock:
                self._errors += chunk
                if len(self._errors) > ERRORS_KEPT:
                    del self._errors[:-ERRORS_KEPT]
            if len(chunk) == _CHUNK:
                time.sleep(0.001)  # one that floods shall not keep a whole processor busy


def _read(stream: IO[bytes]) -> bytes:
    try:
        return os.read(stream.fileno(), _CHUNK)
    except (OSError, ValueError):
        return b""
