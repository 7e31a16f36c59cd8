"""The client: sends one request, gives one exchange.

Redirects are never followed, since a token would travel with them. Answers are bounded in size and time while they are
read. 429 and 503 are obeyed and asked again, within limits.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from commit_conformance.model import Answer
from commit_conformance.model.answers import retry_after_seconds
from commit_conformance.wire.budget import Budget, Purse
from commit_conformance.wire.errors import OriginRefused, Trouble, Undecodable, Unsendable
from commit_conformance.wire.exchange import Exchange, show_body
from commit_conformance.wire.redact import Redactor

#: Statuses a busy server or a gateway answers in passing. 500 is not among them: it is the server's own.
PASSING = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a target may do to us. Times in seconds, sizes in bytes.

    Attributes:
        connect, read: Time to connect, and between two pieces of an answer.
        total: Time for one answer as a whole.
        body: Size of an answer's body, after decompression.
        tries: How often a request is sent when 429 or a gateway answers, or the connection fails.
        wait: The longest time to wait when asked to.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    body: int = 4 * 1024 * 1024
    tries: int = 4
    wait: float = 60.0


class Wire:
    """Sends requests to a target.

    Args:
        transport: An httpx transport; None for the network.
        token: The token sent by default.
        origins: Origins the token may go to, as ``scheme://host:port``.
        budget: What the run may cost.
        limits: Bounds on answers.
        sleep: Waits; replaced where no time should pass.
        user_agent: Sent with every request.
    """

    def __init__(
        self,
        *,
        token: str | None,
        origins: Iterable[str],
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        user_agent: str = "commit-conformance",
    ) -> None:
        self.token = token
        self.limits = limits or Limits()
        self.redactor = Redactor(*([token] if token else []))
        self.purse = Purse(budget or Budget())
        self.sleep = sleep
        self._origins = {origin_of(origin) for origin in origins}
        self._listeners: list[Callable[[Exchange], None]] = []
        self._numbers = itertools.count(1)  # parts are uploaded by several threads
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect)
        self._client = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)
        self._client.headers["user-agent"] = user_agent
        del self._client.headers["accept-encoding"]

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    @contextmanager
    def listening(self, listener: Callable[[Exchange], None]) -> Iterator[None]:
        """Calls ``listener`` with every exchange while the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        content: bytes = b"",
        token: str | None = "",
        upload: bool = False,
        free: bool = False,
        body_limit: int | None = None,
        passing: frozenset[int] = PASSING,
        repeatable: bool = True,
        give_up_reading: bool = False,
    ) -> Exchange:
        """Sends one request, again where the target asks for patience.

        Args:
            headers: Header lines in order; repeated names are sent as repeated lines. An empty ``accept`` leaves that
                header out.
            token: Another token than the default, or None for no Authorization header.
            upload: Whether the request counts as one to the upload endpoints.
            free: Whether it may exceed the budget (cleanup).
            body_limit: Another limit for the answer's body.
            passing: Statuses after which to wait and ask again.
            repeatable: Whether the request may be sent again after a failed connection.
            give_up_reading: Send the request and close the connection at once; an answer is had by luck only.

        Raises:
            WireError: No answer was had; see ``errors``.
        """
        bearer = self.token if token == "" else token
        if bearer:
            self._check_origin(url)
        lines = [*headers, *([("authorization", f"Bearer {bearer}")] if bearer else [])]
        for attempt in range(1, self.limits.tries + 1):
            self.purse.spend(upload=upload, sent=len(content), free=free)
            last = attempt == self.limits.tries
            try:
                exchange = self._send_once(method, url, lines, content, body_limit, give_up_reading)
            except Undecodable:
                raise
            except Trouble:
                if last or not repeatable or give_up_reading:
                    raise
                self.sleep(min(0.2 * 2**attempt, self.limits.wait))
                continue
            if exchange.status in passing and not last and exchange.answer is not None:
                asked = retry_after_seconds(exchange.answer)
                self.sleep(min(asked if asked is not None else 0.2 * 2**attempt, self.limits.wait))
                continue
            return exchange
        raise AssertionError("unreachable")

    def _check_origin(self, url: str) -> None:
        try:
            origin = origin_of(url)
        except httpx.InvalidURL as error:
            raise Unsendable(f"the target named a URL that is none: {self.redactor.text(url)[:200]!r}") from error
        if origin not in self._origins:
            raise OriginRefused(
                f"the target named a URL on {origin}, which the token may not go to; "
                "allow it with --allow-origin if it is the target's"
            )

    def _send_once(
        self,
        method: str,
        url: str,
        lines: Sequence[tuple[str, str]],
        content: bytes,
        body_limit: int | None,
        give_up_reading: bool,
    ) -> Exchange:
        number, started = next(self._numbers), time.monotonic()
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        try:
            request = self._request(method, url, lines, content)
            if give_up_reading:
                request.extensions["timeout"] = {**request.extensions["timeout"], "read": 0.001}
            answer = self._read(self._client.send(request, stream=True), started, body_limit)
        except (httpx.LocalProtocolError, httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as problem:
            where = self.redactor.text(url)[:200]
            raise Unsendable(f"{method} {where} cannot be sent: {self.redactor.text(str(problem))}") from problem
        except (httpx.HTTPError, Trouble) as problem:
            reason, name = str(problem) or type(problem).__name__, type(problem).__name__
            told = f"{name}: {reason}"
            exchange = self._record(number, at, method, url, lines, content, None, told, time.monotonic() - started)
            self._tell(exchange)
            where = self.redactor.text(url)[:200]
            kind = Undecodable if isinstance(problem, httpx.DecodingError) else Trouble
            raise kind(f"{method} {where}: {self.redactor.text(reason)} ({name})") from problem
        exchange = self._record(number, at, method, url, lines, content, answer, None, time.monotonic() - started)
        self.purse.received(len(answer.body))
        self._tell(exchange)
        return exchange

    def _request(self, method: str, url: str, lines: Sequence[tuple[str, str]], content: bytes) -> httpx.Request:
        chunked = any(name.lower() == "transfer-encoding" for name, _ in lines)
        without_accept = ("accept", "") in lines
        left_out = {"transfer-encoding", *(["accept"] if without_accept else [])}
        raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in lines if name.lower() not in left_out]
        if chunked:
            pieces = [content[i : i + 1024] for i in range(0, len(content), 1024)]
            request = self._client.build_request(method, url, headers=raw, content=iter(pieces))
        else:
            body = content if content or method in ("POST", "PUT", "PATCH") else None
            request = self._client.build_request(method, url, headers=raw, content=body)
        if without_accept:
            del request.headers["accept"]
        return request

    def _read(self, response: httpx.Response, started: float, body_limit: int | None) -> Answer:
        limit = self.limits.body if body_limit is None else body_limit
        body = bytearray()
        try:
            for piece in response.iter_bytes(65536):
                body += piece
                if len(body) > limit:
                    raise Trouble(f"the answer is larger than {limit} bytes")
                if time.monotonic() - started > self.limits.total:
                    raise Trouble(f"the answer took longer than {self.limits.total:g} seconds")
        finally:
            response.close()
        headers: dict[str, tuple[str, ...]] = {}
        for name, value in response.headers.multi_items():
            headers[name.lower()] = (*headers.get(name.lower(), ()), value)
        return Answer(status=response.status_code, headers=headers, body=bytes(body))

    def _record(
        self,
        number: int,
        at: str,
        method: str,
        url: str,
        lines: Sequence[tuple[str, str]],
        content: bytes,
        answer: Answer | None,
        error: str | None,
        seconds: float,
    ) -> Exchange:
        redact = self.redactor
        sent_type = next((value for name, value in lines if name.lower() == "content-type"), "")
        sent, sent_cut = show_body(content, sent_type, redact)
        record: dict[str, Any] = {
            "n": number,
            "at": at,
            "method": method,
            "url": redact.text(url)[:2048],
            "request_headers": [[name, redact.header(name, value)] for name, value in lines],
            "request_body": sent,
            "request_bytes": len(content),
            "status": None,
            "reason": "",
            "response_headers": [],
            "response_body": None,
            "response_bytes": 0,
            "truncated": sent_cut,
            "seconds": round(seconds, 6),
            "error": redact.text(error) if error else None,
        }
        if answer is not None:
            shown, cut = show_body(answer.body, answer.media_type, redact)
            headers = [(name, value) for name, values in answer.headers.items() for value in values]
            record.update(
                status=answer.status,
                reason=httpx.codes.get_reason_phrase(answer.status),
                response_headers=[[name, redact.header(name, value)[:1024]] for name, value in headers[:50]],
                response_body=shown,
                response_bytes=len(answer.body),
                truncated=sent_cut or cut,
            )
        return Exchange(n=number, at=at, method=method, url=url, answer=answer, error=error, record=record)

    def _tell(self, exchange: Exchange) -> None:
        for listener in tuple(self._listeners):
            listener(exchange)


def origin_of(url: str) -> str:
    """``scheme://host:port`` of a URL, with the port always given."""
    parsed = httpx.URL(url)
    port = parsed.port or {"http": 80, "https": 443}.get(parsed.scheme, 0)
    return f"{parsed.scheme}://{parsed.host}:{port}"
