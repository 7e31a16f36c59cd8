"""A hostile server: the reference service behind a socket of its own, some of whose answers are spoilt, byte by byte.

A `Spoiler` is told every request with the answer that the service gave it, and what to send with. What it does not
spoil goes out as it is, so that a run gets as far as the hostility lets it.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from types import TracebackType
from typing import Any

from commit_conformance.reference import Service, Settings
from commit_conformance.reference.messages import Request, Response
from tests.suite.trouble.messages import Message, answer, read_message
from tests.suite.trouble.watched import TOKEN

#: Gets the request, the right answer, and what sends bytes; gives whether it has sent an answer, or else a changed one.
Spoiler = Callable[[Message, Response, Callable[[bytes], None]], "Response | bool"]

#: Terminal escapes, markup, script, a line break, right-to-left override, a BEL: what must never be shown as it is.
EVIL = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202egpj.exe\r\nINJECTED: yes\x00 {{7*7}} [bold]x[/bold]"


class HostileServer:
    """Serves until it is left.

    Args:
        spoil: Spoils answers.
        settings: How the service is set up beyond what tests need.

    Attributes:
        url: Its URL.
        service: What decides the answers that are not spoilt.
        seen: Request lines, in the order in which they came.
    """

    def __init__(self, spoil: Spoiler, *, settings: Mapping[str, Any] | None = None) -> None:
        self.service = Service(Settings(tokens={TOKEN: "1"}, part_size=4096, seed=7, **(settings or {})))
        self.seen: list[str] = []
        self._spoil = spoil
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ended = threading.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> HostileServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.service.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(30)

        def send(data: bytes) -> None:
            if self._ended.is_set():
                raise ConnectionError("the server has ended")
            connection.sendall(data)

        with connection, suppress(OSError):
            while (message := read_message(connection)) is not None:
                method, target, _ = message.start
                self.seen.append(f"{method} {target}")
                lines = (*((n, v) for n, v in message.lines if n.lower() != "transfer-encoding"),)
                asked = Request(method=method, target=target, headers=lines, body=message.content)
                response = self.service.handle(asked)
                given = self._spoil(message, response, send)
                if given is True:
                    return  # whatever was sent, the connection is of no more use
                response = given if isinstance(given, Response) else response
                send(answer(response.status, response.content(), *response.headers))


# What is spoilt


def is_commit(message: Message) -> bool:
    """Whether a request is a commit."""
    return message.start[0] == "POST" and message.start[1].split("?")[0].endswith("/commit")


def is_creation(message: Message) -> bool:
    """Whether a request asks for an upload session."""
    return message.start[0] == "POST" and message.start[1].endswith("/upload_sessions")


def is_folder(message: Message) -> bool:
    """Whether a request makes a folder."""
    return message.start[0] == "POST" and message.start[1].endswith("/folders")


def is_listing(message: Message) -> bool:
    """Whether a request lists a folder."""
    return "/items" in message.start[1]


def is_read(message: Message) -> bool:
    """Whether a request reads a file."""
    return message.start[0] == "GET" and "/files/" in message.start[1] and "upload_sessions" not in message.start[1]


def sends(when: Callable[[Message], bool], *pieces: bytes, pause: float = 0.0, endless: bool = False) -> Spoiler:
    """Sends these bytes in place of some answers, the last piece again and again if ``endless``, and hangs up."""

    def spoil(message: Message, response: Response, send: Callable[[bytes], None]) -> Response | bool:
        if not when(message):
            return False
        for piece in pieces:
            send(piece)
            time.sleep(pause)
        while endless:
            send(pieces[-1])
            time.sleep(pause)
        return True

    return spoil


def drips(when: Callable[[Message], bool], *, head: bool, pause: float) -> Spoiler:
    """Sends the right answer a byte at a time: from its first byte, or from that of its body."""

    def spoil(message: Message, response: Response, send: Callable[[bytes], None]) -> Response | bool:
        if not when(message):
            return False
        data = answer(response.status, response.content(), *response.headers)
        start = 0 if head else data.index(b"\r\n\r\n") + 4
        send(data[:start])
        for at in range(start, len(data)):
            send(data[at : at + 1])
            time.sleep(pause)
        return True

    return spoil


def says(when: Callable[[Message], bool], change: Callable[[Any], Any], *, status: int | None = None) -> Spoiler:
    """Changes the JSON of some answers; ``status`` says of which, by default of those that did what was asked.

    The change may be made of anything that JSON cannot say too: then it is text, and goes out as it is.
    """

    def spoil(message: Message, response: Response, send: Callable[[bytes], None]) -> Response | bool:
        fits = response.status == status if status else 200 <= response.status < 300
        if not when(message) or not fits:
            return False
        body = response.content()
        made = change(json.loads(body) if body else None)
        content = made if isinstance(made, bytes) else json.dumps(made).encode()
        return replace(response, body=content)

    return spoil


def with_header(when: Callable[[Message], bool], *lines: tuple[str, str], status: int | None = None) -> Spoiler:
    """Answers some requests with further header lines, and perhaps another status."""

    def spoil(message: Message, response: Response, send: Callable[[bytes], None]) -> Response | bool:
        if not when(message):
            return False
        names = {name.lower() for name, _ in lines}
        kept = tuple(line for line in response.headers if line[0].lower() not in names)
        return replace(response, status=status or response.status, headers=(*kept, *lines))

    return spoil


def evil_error(document: Any) -> Any:
    """An error whose every text is hostile."""
    return {**document, "code": EVIL, "message": EVIL * 20, "request_id": EVIL, "help_url": f"javascript:{EVIL}"}


def deep(depth: int) -> bytes:
    """JSON nested so deep."""
    return b'{"id":' + b"[" * depth + b"]" * depth + b"}"


@cache
def bomb() -> bytes:
    """A gigabyte of zeros in some megabytes; packed once more it is a few kilobytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush()


@dataclass(frozen=True, slots=True)
class Hostility:
    """One way of being hostile.

    Attributes:
        what: What the server does, for the table.
        spoil: How.
        arguments: Of the run, beyond target and seed.
        settings: Of the service.
    """

    what: str
    spoil: Spoiler
    arguments: tuple[str, ...] = ("--effort", "quick")
    settings: Mapping[str, Any] = field(default_factory=dict)


def _both(*spoilers: Spoiler) -> Spoiler:
    def spoil(message: Message, response: Response, send: Callable[[bytes], None]) -> Response | bool:
        for each in spoilers:
            given = each(message, response, send)
            if given is True:
                return True
            response = given if isinstance(given, Response) else response
        return response

    return spoil


def _entry(change: Mapping[str, Any]) -> Callable[[Any], Any]:
    def made(document: Any) -> Any:
        return {**document, "entries": [{**document["entries"][0], **change}]} if document else document

    return made


_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
_PACKED = _HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n"


def _everything(message: Message) -> bool:
    return True


def _endpoints(url: str) -> Callable[[Any], Any]:
    return lambda shown: {**shown, "session_endpoints": dict.fromkeys(shown["session_endpoints"], url)}


def hostilities(elsewhere: str) -> dict[str, Hostility]:
    """Every hostility by name.

    Args:
        elsewhere: URL of another server, to which nothing may be sent that holds a token.
    """
    packed = bomb()
    twice = gzip.compress(packed)
    return {
        # Size and time
        "endless body": Hostility(
            "commits are answered by a body that never ends, as fast as can be",
            sends(is_commit, _HEAD + b"\r\n", b"x" * 65536, endless=True),
        ),
        "endless chunks": Hostility(
            "the same in chunks of one byte, with a kilobyte of chunk extension each",
            sends(
                is_commit,
                _HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                (b"1;" + b"e" * 1000 + b"\r\nx\r\n") * 64,
                endless=True,
            ),
        ),
        "terabyte announced": Hostility(
            "commits announce a body of a terabyte, and begin it",
            sends(is_commit, _HEAD + b"Content-Length: 1000000000000\r\n\r\n", b" " * (1 << 20), endless=True),
        ),
        "byte by byte": Hostility("bodies of commits trickle byte by byte", drips(is_commit, head=False, pause=0.1)),
        "head byte by byte": Hostility(
            "status lines and headers of commits trickle", drips(is_commit, head=True, pause=0.1)
        ),
        "everything byte by byte": Hostility(
            "every answer trickles, from the first", drips(_everything, head=True, pause=0.1)
        ),
        "never answers": Hostility("commits are taken, and never answered", sends(is_commit, b"", b"", pause=60)),
        "endless 100 Continue": Hostility(
            "commits are answered 100 Continue, again and again",
            sends(is_commit, b"HTTP/1.1 100 Continue\r\n\r\n" * 100, pause=0.01, endless=True),
        ),
        "header flood": Hostility(
            "commits are answered by header lines without end",
            sends(is_commit, _HEAD, b"X-Flood: " + b"a" * 990 + b"\r\n", endless=True),
        ),
        "one long header": Hostility(
            "a header line of commits never ends", sends(is_commit, _HEAD + b"X-Flood: ", b"a" * 4096, endless=True)
        ),
        "many short headers": Hostility(
            "answers to commits have 19,000 header lines of one name",
            sends(is_commit, _HEAD + b"a:b\r\n" * 19_000 + b"Content-Length: 2\r\n\r\n{}"),
        ),
        "gzip bomb": Hostility(
            "bodies of commits become a gigabyte when unpacked",
            sends(is_commit, _PACKED % (b"gzip", len(packed)) + packed),
        ),
        "gzip bomb, packed twice": Hostility(
            "the same, packed once more", sends(is_commit, _PACKED % (b"gzip, gzip", len(twice)) + twice)
        ),
        "Retry-After of years": Hostility(
            "commits are answered 503 with Retry-After: 999999999",
            with_header(is_commit, ("Retry-After", "999999999"), status=503),
        ),
        "202 for ever": Hostility(
            "right commits are answered 202 for ever", lambda m, r, s: replace(r, status=202) if is_commit(m) else r
        ),
        "listing without end": Hostility(
            "each page of the folder holds 20,000 items and promises more",
            says(is_listing, lambda _: {"total_count": 10**9, "entries": [{"id": "1", "type": "file"}] * 20_000}),
            ("--effort", "standard", "--rule", "REJECTED-NO-TRACE"),
        ),
        # JSON
        "JSON 100,000 deep": Hostility(
            "commits are answered by JSON nested 10^5 deep", says(is_commit, lambda _: deep(10**5))
        ),
        "JSON 900 deep": Hostility("by JSON nested 900 deep", says(is_commit, lambda _: deep(900))),
        "JSON 100,000 deep, at once": Hostility(
            "every answer is JSON nested 10^5 deep", says(_everything, lambda _: deep(10**5))
        ),
        "NaN and huge numbers": Hostility(
            "sizes are NaN, 1e999, or have 4,000 digits, etags 4,000 digits",
            says(
                is_commit,
                lambda d: json.dumps(_entry({"size": 0, "etag": 10**4000})(d)).replace(": 0", ": 1e999").encode(),
            ),
        ),
        "NaN": Hostility("every size is NaN", says(is_commit, _entry({"size": float("nan")}))),
        "number of 100,000 digits": Hostility(
            "part_size has 10^5 digits", says(is_creation, lambda d: b'{"id":"S","part_size":1' + b"0" * 10**5 + b"}")
        ),
        "part_size 10^30": Hostility("part_size is 10^30", says(is_creation, lambda d: {**d, "part_size": 10**30})),
        "part_size 1": Hostility("part_size is 1 byte", says(is_creation, lambda d: {**d, "part_size": 1})),
        "part_size of the second session": Hostility("part_size changes to 1", _second_part_size()),
        "invalid UTF-8": Hostility(
            "names, codes and messages are no UTF-8",
            _both(
                says(is_commit, lambda d: json.dumps(d).encode().replace(b"File", b"\xff\xfe\xc0\x80")),
                says(is_commit, lambda d: json.dumps(d).encode().replace(b"e", b"\xe9"), status=400),
            ),
        ),
        "lone surrogates": Hostility(
            "names, ids and messages hold half a character",
            _both(
                says(is_commit, _entry({"name": "\ud800\udc00\ud800", "id": "\ud83d", "etag": "\udfff"})),
                says(is_commit, lambda d: {**d, "message": "\ud800", "code": "\udc80"}, status=400),
            ),
        ),
        "ids of half a character": Hostility(
            "ids of sessions and folders are lone surrogates",
            _both(says(is_creation, lambda d: {**d, "id": "\ud800"}), says(is_folder, lambda d: {**d, "id": "\udfff"})),
        ),
        # Texts
        "evil texts": Hostility(
            "errors, names and ids hold terminal escapes, script, line breaks and markup",
            _both(
                *(says(_everything, evil_error, status=status) for status in (400, 404, 409, 412, 422)),
                says(is_commit, _entry({"name": EVIL, "description": EVIL, "etag": EVIL, "id": f"7{EVIL}"})),
            ),
        ),
        "evil texts, no session": Hostility(
            "the first session is refused with such a message",
            lambda m, r, s: (
                replace(
                    r,
                    status=400,
                    body=json.dumps({"type": "error", "status": 400, "message": EVIL, "code": EVIL}).encode(),
                )
                if is_creation(m)
                else r
            ),
        ),
        "evil headers": Hostility(
            "header values and the reason phrase hold terminal escapes",
            sends(
                is_commit,
                b"HTTP/1.1 400 \x1b[31mBad\x1b[0m\r\nX-A: \x1b]0;owned\x07<script>\r\nContent-Type: text/\x9bhtml\r\n"
                b"Retry-After: \x1b[2J\r\nContent-Length: 2\r\n\r\n{}",
            ),
        ),
        "web page": Hostility(
            "commits are answered by a web page with script",
            with_header(is_commit, ("Content-Type", "text/html"), status=403),
        ),
        # Elsewhere
        "redirects elsewhere": Hostility(
            "commits are redirected to another server",
            with_header(is_commit, ("Location", f"{elsewhere}/take"), status=307),
        ),
        "content elsewhere": Hostility(
            "reading a file is redirected to another server",
            with_header(is_read, ("Location", f"{elsewhere}/content"), status=302),
        ),
        "content of a file:": Hostility(
            "reading a file is redirected to file:///etc/passwd",
            with_header(is_read, ("Location", "file:///etc/passwd"), status=302),
        ),
        "endpoints elsewhere": Hostility(
            "session_endpoints name another server", says(is_creation, _endpoints(f"{elsewhere}/session"))
        ),
        "endpoints that are no URLs": Hostility(
            "session_endpoints are no URLs", says(is_creation, _endpoints("http://[::1\x00]:99999/\x1b[2J"))
        ),
        # Ids
        "paths for ids": Hostility(
            "ids of sessions and files are paths out of every folder",
            _both(
                says(is_creation, lambda d: {**d, "id": f"../../../../../tmp/hostile/{d['id']}"}),
                says(is_commit, _entry({"id": "../../../../../tmp/hostile.jsonl", "sequence_id": "..\\..\\hostile"})),
            ),
        ),
        "dots for ids": Hostility(
            "ids of folders and sessions are ..",
            _both(says(is_folder, lambda d: {**d, "id": ".."}), says(is_creation, lambda d: {**d, "id": "."})),
        ),
        "the user's folder": Hostility(
            "the folder that is made has the id of the user's own", says(is_folder, lambda d: {**d, "id": "0"})
        ),
        "somebody's file": Hostility(
            "commits are answered with a file that was there before",
            _somebodys_file(),
            settings={"missing": ("folder-create",)},
        ),
        # No HTTP
        "no HTTP": Hostility("another protocol answers", sends(_everything, b"SSH-2.0-OpenSSH_9.9\r\n")),
        "hangs up": Hostility("every connection is closed without an answer", sends(_everything)),
        "lies about its length": Hostility(
            "bodies of commits end before they should",
            sends(is_commit, _HEAD + b'Content-Length: 500\r\n\r\n{"entries":'),
        ),
        "two lengths": Hostility(
            "answers to commits have two lengths",
            sends(is_commit, _HEAD + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}"),
        ),
    }


def _second_part_size() -> Spoiler:
    count = 0

    def change(document: Any) -> Any:
        nonlocal count
        count += 1
        return {**document, "part_size": 1} if count > 1 else document

    return says(is_creation, change)


def _somebodys_file() -> Spoiler:
    """The id of the first file that was in the folder before, whatever is committed."""
    return says(is_commit, _entry({"id": SOMEBODYS_FILE[0]}))


#: The id of the file that was there before; set by who puts it there.
SOMEBODYS_FILE = ["1"]
