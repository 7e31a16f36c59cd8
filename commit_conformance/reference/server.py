"""The service on a socket.

Owns the translation between aiohttp and the service: bodies are handed on as they arrive, the service runs in threads
so that requests really run side by side, and a connection can be reset or broken off. aiohttp is an optional extra and
is imported when a server is started, not before.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import queue
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from commit_conformance.reference.bodies import BODY_LIMIT
from commit_conformance.reference.messages import Handler, Request, Response
from commit_conformance.reference.service import Service
from commit_conformance.reference.settings import Settings

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["ServerThread", "serve"]

THREADS = 32  # A server waits for bodies in a thread each; five parallel parts of a few clients fit well.
READ_SECONDS = 60.0  # A client that sends nothing for this long has gone.
QUEUED = 4  # Chunks of a body that wait for the service: enough to keep both sides busy, little to hold.
HEADER_LIMIT = 2 * 1024 * 1024  # Bytes. Even absurdly long session ids reach the service, which refuses them in JSON.
STOP_SECONDS = 2.0  # Requests under way get this long when the server stops.


def _aiohttp() -> ModuleType:
    try:
        import aiohttp.web
    except ImportError as error:
        message = "serving on a socket needs aiohttp: pip install 'box-commit-conformance[serve]'"
        raise RuntimeError(message) from error
    return aiohttp.web


class _Arriving:
    """A request body on its way from the event loop to a thread of the service."""

    def __init__(self) -> None:
        self._chunks: queue.Queue[bytes | None] = queue.Queue(QUEUED)
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._chunks.get(timeout=READ_SECONDS)
            except queue.Empty:
                raise ConnectionError("the body stopped arriving") from None
            if chunk is None:
                return
            if chunk == b"":
                raise ConnectionError("the client has gone")
            yield chunk

    def close(self) -> None:
        """No more is wanted: whatever still arrives is dropped."""
        self._closed.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()

    async def fill(self, content: AsyncIterator[bytes]) -> None:
        """Hand on what arrives, at the pace at which it is taken."""
        last: bytes | None = None
        try:
            async for chunk in content:
                if self._closed.is_set():
                    return
                await self._put(chunk)
        except Exception:
            # Whatever went wrong on the wire, the thread that waits for the body must hear of it.
            last = b""
        await self._put(last)

    async def _put(self, chunk: bytes | None) -> None:
        while not self._closed.is_set():
            try:
                self._chunks.put_nowait(chunk)
                return
            except queue.Full:
                await asyncio.sleep(0.001)


class _Application:
    """Answers aiohttp's requests out of a handler."""

    def __init__(self, handler: Handler, web: ModuleType) -> None:
        self._handler = handler
        self._web = web
        self._threads = concurrent.futures.ThreadPoolExecutor(THREADS, thread_name_prefix="service")

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def answer(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """One request, from its head to the last byte of its answer."""
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.raw_headers)
        arriving = _Arriving()
        has_body = incoming.can_read_body
        if (incoming.content_length or 0) > BODY_LIMIT and incoming.method == "POST":
            # The service refuses it by its first bytes too late: a client would send all of it first.
            refusal: web.Response = self._web.json_response(_too_large(), status=413, headers={"Connection": "close"})
            return refusal
        request = Request(
            method=incoming.method,
            target=incoming.path_qs if incoming.rel_url.raw_fragment else incoming.raw_path,
            headers=headers,
            body=arriving if has_body else b"",
            scheme=incoming.scheme,
        )
        if incoming.headers.get("Expect", "").lower() == "100-continue" and has_body:
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            incoming.writer.output_size = 0
        loop = asyncio.get_running_loop()
        # Chunks as the network brings them; a part is never held twice.
        filling = loop.create_task(arriving.fill(incoming.content.iter_any())) if has_body else None
        try:
            response = await loop.run_in_executor(self._threads, self._handler.handle, request)
        except ConnectionError:
            return self._cut(incoming)
        finally:
            if filling is not None:
                arriving.close()
                filling.cancel()
        return await self._send(incoming, response)

    async def _send(self, incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
        if response.wire == "reset":
            return self._cut(incoming)
        if response.undelivered is not None and (incoming.transport is None or incoming.transport.is_closing()):
            response.undelivered()
        if response.wire == "normal" and isinstance(response.body, bytes):
            answer: web.Response = self._web.Response(status=response.status, body=response.body or None)
            # aiohttp would add a content type of its own to an answer that has none.
            answer.headers.popall("Content-Type", None)
            for name, value in response.headers:
                answer.headers.add(name, value)
            return answer
        stream: web.StreamResponse = self._web.StreamResponse(status=response.status)
        for name, value in response.headers:
            stream.headers.add(name, value)
        body: Iterable[bytes] = (response.body,) if isinstance(response.body, bytes) else response.body
        if response.wire == "truncate":
            whole = b"".join(body)
            stream.content_length = len(whole)
            await stream.prepare(incoming)
            await stream.write(whole[: len(whole) // 2])
            return self._cut(incoming, abort=False)
        await stream.prepare(incoming)
        loop = asyncio.get_running_loop()
        pieces = iter(body)
        while (piece := await loop.run_in_executor(self._threads, next, pieces, None)) is not None:
            await stream.write(piece)
        await stream.write_eof()
        return stream

    def _cut(self, incoming: web.BaseRequest, *, abort: bool = True) -> web.StreamResponse:
        """End the connection without an answer, or without the rest of one."""
        transport = incoming.transport
        if transport is not None:
            if abort and (sock := transport.get_extra_info("socket")) is not None:
                _reset_on_close(sock)
            # Closing sends what was written; aborting would throw the truncated answer away.
            (transport.abort if abort else transport.close)()
        answer: web.StreamResponse = self._web.Response(status=500)
        answer.force_close()
        return answer


def _reset_on_close(sock: Any) -> None:
    import socket
    import struct

    with contextlib.suppress(OSError):
        # No lingering: the kernel answers with RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _too_large() -> dict[str, object]:
    message = f"The body exceeds {BODY_LIMIT} bytes."
    return {"type": "error", "status": 413, "code": "request_entity_too_large", "message": message}


def _logger() -> logging.Logger:
    """Where aiohttp tells of failures of this server; what a client sent wrongly is answered 400 and no failure."""
    from aiohttp.http_exceptions import HttpProcessingError

    def of_this_server(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))

    logger = logging.getLogger(__name__)
    if not logger.filters:
        logger.addFilter(of_this_server)
    return logger


async def _run(
    handler: Handler, *, host: str, port: int, ready: Callable[[str], None], until: Coroutine[Any, Any, object]
) -> None:
    web = _aiohttp()
    application = _Application(handler, web)
    limits = {"max_line_size": HEADER_LIMIT, "max_field_size": HEADER_LIMIT}
    runner = web.ServerRunner(
        web.Server(application.answer, access_log=None, logger=_logger(), **limits), shutdown_timeout=STOP_SECONDS
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        ready(f"http://{shown}:{bound[1]}")
        await until
    finally:
        until.close()
        await runner.cleanup()
        application.close()


def serve(
    settings: Settings | None = None,
    *,
    faults: Iterable[str] = (),
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: How the service is set up.
        faults: Faults it is to have.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        ready: Called once with the URL, scheme, host and port, when requests are taken.

    Raises:
        RuntimeError: aiohttp is not installed.
        OSError: The port is taken.
        ValueError: There is no fault of a name.
    """
    _aiohttp()
    with Service(settings, faults=faults) as service:

        async def main() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                # Elsewhere than on Unix, and off the main thread, Ctrl-C arrives as KeyboardInterrupt.
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(number, stop.set)
            await _run(service, host=host, port=port, ready=ready, until=stop.wait())

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main())


class ServerThread:
    """A server in a thread with its own event loop.

    Example:
        >>> with ServerThread(Service()) as server:
        ...     server.url.startswith("http://127.0.0.1:")
        True

    Attributes:
        url: Scheme, host and port; set while the server runs.

    Args:
        handler: What answers the requests.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.

    Raises:
        RuntimeError: aiohttp is not installed.
        OSError: The port is taken.
    """

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.url = ""
        self._handler = handler
        self._address = (host, port)
        self._started: concurrent.futures.Future[str] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._main, name="server", daemon=True)

    def __enter__(self) -> ServerThread:
        self._thread.start()
        self.url = self._started.result(timeout=30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)

    def _main(self) -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            host, port = self._address
            await _run(self._handler, host=host, port=port, ready=self._started.set_result, until=self._stop.wait())

        try:
            asyncio.run(main())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            else:
                raise
