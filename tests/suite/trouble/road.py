"""A bad road: a proxy on loopback that loses requests and answers, answers for the server, and counts what it did.

It stands before a server that is right, and is itself all that goes wrong. Where it loses an answer the server has
carried the request out.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

from tests.suite.trouble.messages import Message, answer, read_message, reset


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishaps:
    """What happens on the road, each as a share of all requests.

    Attributes:
        lost_requests: The connection is cut before the server hears of it.
        lost_answers: The connection is cut after the server has done it.
        busy: Answered 503 here, and not handed on.
        late_busy: Answered 504 here, though the server has done it.
        per_second: Requests a second beyond which they are answered 429; None for no limit.
        seed: Decides which.
    """

    lost_requests: float = 0.0
    lost_answers: float = 0.0
    busy: float = 0.0
    late_busy: float = 0.0
    per_second: int | None = None
    seed: int = 1


#: Decides what happens to a request: ``pass``, ``lose request``, ``lose answer``, ``503``, ``504``, ``429``, or
#: ``lose 201``, which loses the first answer of that status that a URL gives.
Fate = Callable[[int, Message], str]


class Road:
    """A proxy in a thread.

    Args:
        url: The server's, scheme, host and port.
        mishaps: What happens on the way.
        fate: Decides instead, given the number of the request and the request.
        done: Told the fate of a request once the server has answered it, before anybody hears of that.

    Attributes:
        url: Its own.
        counts: How often what has happened.
    """

    def __init__(
        self,
        url: str,
        mishaps: Mishaps | None = None,
        *,
        fate: Fate | None = None,
        done: Callable[[str], None] = lambda fate: None,
    ) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._mishaps = mishaps or Mishaps()
        self._fate = fate or self._by_chance
        self._done = done
        self._chance = random.Random(self._mishaps.seed)
        self._recent: deque[float] = deque()
        self._made: set[str] = set()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._number = 0
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Road:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, suppress(OSError), socket.create_connection(self._server) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (request := read_message(connection)) is not None:
                with self._lock:
                    self._number += 1
                    fate = self._fate(self._number, request)
                    self.counts[fate] += 1
                if not self._carry(request, fate, connection, server):
                    return

    def _carry(self, request: Message, fate: str, connection: socket.socket, server: socket.socket) -> bool:
        """Lets a request meet its fate; gives whether the connection goes on."""
        if fate == "lose request":
            reset(connection)
            return False
        if fate in ("429", "503"):
            lines = [("Retry-After", "0" if fate == "503" else "1"), ("Content-Type", "text/html")]
            connection.sendall(answer(int(fate), b"<h1>gateway</h1>", *lines))
            return True
        server.sendall(request.head + request.body)
        back = read_message(server, answer_to=request.start[0])
        self._done(fate)
        made = fate == "lose 201" and back is not None and back.start[1] == "201"
        first = made and request.start[1] not in self._made
        self._made.add(request.start[1] if made else "")
        if back is None or fate == "lose answer" or first:
            reset(connection)
            return False
        if fate == "504":
            connection.sendall(answer(504, b"<h1>gateway timeout</h1>", ("Content-Type", "text/html")))
            return True
        connection.sendall(back.head + back.body)
        return "close" not in back.header("connection").lower()

    def _by_chance(self, number: int, request: Message) -> str:
        mishaps, drawn = self._mishaps, self._chance.random()
        if self._limited():
            return "429"
        for fate, share in (
            ("lose request", mishaps.lost_requests),
            ("lose answer", mishaps.lost_answers),
            ("503", mishaps.busy),
            ("504", mishaps.late_busy),
        ):
            if drawn < share:
                return fate
            drawn -= share
        return "pass"

    def _limited(self) -> bool:
        if self._mishaps.per_second is None:
            return False
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 1:
            self._recent.popleft()
        if len(self._recent) >= self._mishaps.per_second:
            return True
        self._recent.append(now)
        return False
