"""The service behind respx: requests of an httpx client are answered in the process, without a socket.

Owns the translation between httpx and the service, nothing else. No patching: the transport is given to the client.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import respx

from commit_conformance.reference.messages import Handler, Request, Response

__all__ = ["mock_router", "mock_transport"]

# respx keeps every call with its body. Some are worth having when a test fails; all would fill the memory in long runs.
HISTORY = 64


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


def mock_router(service: Handler, *, base_url: str = "https://mock.invalid/2.0") -> respx.Router:
    """A respx router that sends every request to the host of ``base_url`` to the service."""
    host = httpx.URL(base_url).host
    router = respx.Router(assert_all_called=False)

    def answer(request: httpx.Request) -> httpx.Response:
        if len(router.calls) >= HISTORY:
            router.reset()
        return write_response(service.handle(read_request(request)), request)

    router.route(host=host).mock(side_effect=answer)
    return router


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
