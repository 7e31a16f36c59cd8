"""A wire whose target is a function, and where no time passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx

from commit_conformance.wire import Wire

URL = "https://upload.test/2.0/files"
TOKEN = "T0KEN-0123456789abcdef"
Handler = Callable[[httpx.Request], httpx.Response]


class Probe:
    """A wire to a handler, with what arrived there and how long was waited."""

    def __init__(self, handler: Handler, *, token: str | None = TOKEN, **options: Any) -> None:
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []

        def handle(request: httpx.Request) -> httpx.Response:
            request.read()
            self.requests.append(request)
            return handler(request)

        self.wire = Wire(
            token=token,
            origins=options.pop("origins", ["https://upload.test"]),
            transport=httpx.MockTransport(handle),
            sleep=self.slept.append,
            **options,
        )


def answering(*answers: httpx.Response | Exception | int) -> Handler:
    """Gives these answers one after the other, the last one for ever."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return handle


def retry_after(status: int, *seconds: str) -> httpx.Response:
    return httpx.Response(status, headers=[("retry-after", value) for value in seconds])


def in_pieces(*pieces: bytes) -> Iterable[bytes]:
    yield from pieces
