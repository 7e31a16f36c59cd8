"""The service behind respx: requests of an httpx client are answered in the process, without a socket.

Owns the translation between httpx and the service, nothing else. `mock_transport` patches nothing: it is given to the
client. `intercept` reaches every client of httpx for as long as it lasts, by respx' patch of httpcore.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Literal

import httpx
import respx
from respx.models import AllMockedAssertionError

from commit_conformance.reference.messages import Handler, Request, Response

__all__ = ["Interrupted", "Interruption", "NotServed", "intercept", "mock_router", "mock_transport"]

Interruption = Literal["no connection", "connect timeout", "connection lost", "read timeout"]

_ERRORS: dict[Interruption, type[httpx.TransportError]] = {
    "no connection": httpx.ConnectError,
    "connect timeout": httpx.ConnectTimeout,
    "connection lost": httpx.ReadError,
    "read timeout": httpx.ReadTimeout,
}

# respx keeps every call with its body. Some are worth having when a test fails; all would fill the memory in long runs.
HISTORY = 64
# The parts of a large file are too much even of these: bytes of bodies, in all, that are kept.
HISTORY_BYTES = 1024 * 1024


class Interrupted(Exception):
    """An exchange that ends without an answer; a handler raises it, and the client gets the matching httpx error.

    Attributes:
        kind: How it ends: before the request could be sent, or while its answer was awaited.
    """

    def __init__(self, kind: Interruption) -> None:
        super().__init__(kind)
        self.kind: Interruption = kind


class NotServed(AllMockedAssertionError):
    """A request to somewhere else.

    It is respx' own exception, so that other routers that are active are asked, and an AssertionError, so that no
    client takes it for trouble with the network and tries again.
    """


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is read piece by piece."""

    def __init__(self, response: Response) -> None:
        self._body = response.body
        self._breaks = response.wire == "truncate"

    def __iter__(self) -> Iterator[bytes]:
        pieces = (self._body,) if isinstance(self._body, bytes) else self._body
        for piece in pieces:
            if self._breaks:
                yield piece[: len(piece) // 2]
                raise httpx.RemoteProtocolError("the answer broke off")
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def read_request(request: httpx.Request) -> Request:
    """An httpx request as the service takes it. respx has read its body."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)
    return Request(
        method=request.method,
        target=request.url.raw_path.decode("latin-1"),
        headers=headers,
        body=request.read(),
        scheme=request.url.scheme,
    )


def write_response(response: Response, request: httpx.Request) -> httpx.Response:
    """An answer of the service as httpx takes it.

    Raises:
        httpx.ReadError: The service resets the connection.
    """
    if response.wire == "reset":
        raise httpx.ReadError("the connection was reset", request=request)
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers]
    if isinstance(response.body, bytes) and response.wire == "normal":
        if response.status not in (204, 304) or response.body:
            headers.append((b"Content-Length", str(len(response.body)).encode()))
        return httpx.Response(response.status, headers=headers, stream=httpx.ByteStream(response.body))
    return httpx.Response(response.status, headers=headers, stream=_Body(response))


def _answer(handler: Handler, request: httpx.Request, router: respx.Router) -> httpx.Response:
    calls = list(router.calls)
    if len(calls) >= HISTORY or sum(len(call.request.content) for call in calls) > HISTORY_BYTES:
        router.reset()
    try:
        response = handler.handle(read_request(request))
    except Interrupted as interrupted:
        raise _ERRORS[interrupted.kind](f"{interrupted.kind}, as asked for", request=request) from None
    return write_response(response, request)


def mock_router(service: Handler, *, base_url: str = "https://mock.invalid/2.0") -> respx.Router:
    """A respx router that sends every request to the host of ``base_url`` to the service."""
    host = httpx.URL(base_url).host
    router = respx.Router(assert_all_called=False)
    router.route(host=host).mock(side_effect=lambda request: _answer(service, request, router))
    return router


@contextmanager
def intercept(service: Handler, *, base_urls: Iterable[str], refuse: Callable[[str, str], str]) -> Iterator[None]:
    """Answers the requests of every httpx client in this process, whatever the thread, for as long as it lasts.

    Clients with a transport of their own that does not use httpcore, such as a mock or WSGI transport, are not reached.

    Args:
        service: What answers.
        base_urls: URLs whose scheme, host and port are served.
        refuse: Is given method and URL of a request to another place, and makes the message of the `NotServed`
            that is raised in the client.
    """
    served = {_origin(httpx.URL(url)) for url in base_urls}
    # Named, since respx lets its default be changed for all routers.
    router = respx.mock(assert_all_called=False, using="httpcore")

    def answer(request: httpx.Request) -> httpx.Response:
        if _origin(request.url) not in served:
            # A query may hold secrets, and messages end in logs.
            raise NotServed(refuse(request.method, str(request.url.copy_with(query=None))))
        return _answer(service, request, router)

    router.route().mock(side_effect=answer)
    with router:
        yield


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def mock_transport(service: Handler, *, base_url: str = "https://mock.invalid/2.0") -> httpx.MockTransport:
    """A transport for ``httpx.Client`` that leads to the service.

    Example:
        >>> client = httpx.Client(transport=mock_transport(Service()), base_url="https://mock.invalid/2.0")
        >>> client.get("/users/me", headers={"authorization": "Bearer anything"}).json()["id"]
        '1'
    """
    router = mock_router(service, base_url=base_url)

    def handle(request: httpx.Request) -> httpx.Response:
        started = time.perf_counter()
        response = router.handler(request)
        # httpx measures when it closes a stream, and this answer has been read already.
        response.elapsed = timedelta(seconds=time.perf_counter() - started)
        return response

    return httpx.MockTransport(handle)
