"""The client: sends one request, gives one exchange.

Redirects are never followed, since a token would travel with them. Answers are bounded in size and time while they are
read. 429 and 503 are obeyed and asked again, within limits.

A 401 may speak of the request or of the token. Where a token was given for the run, a harmless request that it was
allowed before is sent again: answered 401 too, the token has expired, and nothing was learnt of the target.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from commit_conformance.model import Answer
from commit_conformance.model.answers import retry_after_seconds
from commit_conformance.wire.bearers import Allowed, Bearers
from commit_conformance.wire.bounds import Body, Deadline
from commit_conformance.wire.budget import Budget, Purse
from commit_conformance.wire.errors import (
    OriginRefused,
    TokenExpired,
    TokenTrouble,
    Trouble,
    Undecodable,
    Unsendable,
    WireError,
)
from commit_conformance.wire.exchange import Exchange, show_body
from commit_conformance.wire.outages import Busy, NotSent, Outages
from commit_conformance.wire.pace import Pace
from commit_conformance.wire.redact import Redactor
from commit_conformance.wire.till import Till
from commit_conformance.wire.tokens import ClientCredentials, TokenSource
from commit_conformance.wire.waits import Waits

#: Statuses a busy server or a gateway answers in passing. 500 is not among them: it is the server's own.
PASSING = frozenset({429, 502, 503, 504})
#: Bytes a second below which an upload counts as one that does not come to its end.
SLOWEST = 64 * 1024
#: Bytes of a body that are handed to the socket at once; larger bodies go in pieces.
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a target may do to us. Times in seconds, sizes in bytes.

    Attributes:
        connect, read: Time to connect, and between two pieces of an answer.
        total: Time for one answer as a whole.
        body: Size of an answer's body, after decompression.
        tries: How often a request is sent when 429 or a gateway answers, or the connection fails. The waits between
            them, 12 seconds in all, are enough for a server that is started again.
        wait: The longest time to wait when asked to.
        patience: Time that a run spends, in all, on tries that came to nothing. After it nothing more is sent, so that
            a target that is gone, or answers a byte a second, ends the run in minutes and not in days.
        follow: Time that a run waits, in all, for commits that were answered 202 or 429.
        connections, kept: Connections at the same time, and those that are kept open between requests.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 120.0
    body: int = 4 * 1024 * 1024
    tries: int = 6
    wait: float = 60.0
    patience: float = 300.0
    follow: float = 900.0
    connections: int = 100
    kept: int = 20


class Wire:
    """Sends requests to a target.

    Args:
        transport: An httpx transport; None for the network.
        token: The token sent by default.
        credentials: Gets the token that is sent by default, in place of ``token``.
        other_tokens: Other users' tokens that were given for the run; they may expire like the first.
        origins: Origins the token may go to, as ``scheme://host:port``.
        budget: What the run may cost.
        rate: Most upload requests a minute; None for as many as come.
        limits: Bounds on answers.
        sleep: Waits; replaced where no time should pass.
        user_agent: Sent with every request.
        clock: Seconds that only ever grow, for the life of tokens; replaced where no time should pass.
        waits: Takes notes of what is waited for; by default it makes one of its own.
        till: What the processes of the run spend together, where it has several.

    Attributes:
        bearers: The tokens, and what is known of them.
    """

    def __init__(
        self,
        *,
        token: str | None,
        origins: Iterable[str],
        credentials: ClientCredentials | None = None,
        other_tokens: Sequence[str | None] = (),
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
        rate: int | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        user_agent: str = "commit-conformance",
        clock: Callable[[], float] = time.monotonic,
        waits: Waits | None = None,
        till: Till | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.redactor = Redactor(*filter(None, [token, *other_tokens]))
        self.purse = Purse(budget or Budget(), till=till)
        self.sleep = sleep
        self.waits = waits or Waits()
        turn = f"its turn, at {rate} upload requests a minute"
        self.pace = Pace(rate, sleep=lambda seconds: self._pause(seconds, turn), till=till)
        self._origins = {origin_of(origin) for origin in origins}
        self._listeners: list[Callable[[Exchange], None]] = []
        self._numbers = itertools.count(1)  # parts are uploaded by several threads
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect)
        pool = httpx.Limits(max_connections=self.limits.connections, max_keepalive_connections=self.limits.kept)
        self._client = httpx.Client(transport=transport, timeout=timeout, limits=pool, follow_redirects=False)
        self.outages = Outages(self.limits.patience)
        self._answered = False
        self._followed = 0.0
        self._deadline = Deadline()
        self._deadline.guard([self._client._transport, *self._client._mounts.values()])
        self._client.headers["user-agent"] = user_agent
        del self._client.headers["accept-encoding"]
        source = None
        if credentials is not None:
            source = TokenSource(credentials, post=self._ask_for_token, redactor=self.redactor, clock=clock)
        self.bearers = Bearers(token, source=source, others=other_tokens)

    @property
    def token(self) -> str | None:
        """The token that is sent by default: the one that was got last, where it is got from a token endpoint.

        Raises:
            TokenTrouble: None has been got yet, and none is to be had.
        """
        return self.bearers.held() or None

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

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Keeps exchanges from those who are listening now, while the context lasts."""
        listeners, self._listeners = self._listeners, []
        try:
            yield
        finally:
            self._listeners = listeners

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
            WireError: No answer was had, or none but those in ``passing``; see ``errors`` and ``outages``.
        """
        bearer = token
        if token or (token == "" and self.bearers.any):
            self._check_origin(url)  # before a token is even asked for
            bearer = token or self.bearers.default()

        def ask(bearer: str | None) -> Exchange:
            return self._send(
                method,
                url,
                [*headers, *([("authorization", f"Bearer {bearer}")] if bearer else [])],
                content,
                upload=upload,
                free=free,
                body_limit=body_limit,
                passing=passing,
                repeatable=repeatable,
                give_up_reading=give_up_reading,
            )

        exchange = ask(bearer)
        if not bearer:
            return exchange
        if exchange.status == 401 and self.bearers.is_given(bearer):
            return self._after_401(exchange, bearer, ask)
        harmless = method == "GET" and 200 <= (exchange.status or 0) <= 299
        self.bearers.accepted(bearer, Allowed(url, upload) if harmless else None, origin=origin_of(url))
        return exchange

    def _after_401(self, exchange: Exchange, bearer: str, ask: Callable[[str], Exchange]) -> Exchange:
        """The answer, once it is known that it speaks of the request; asked again where another token can be had.

        Raises:
            TokenExpired: The token is not accepted any more, whatever is asked.
        """
        source = self.bearers.source if self.bearers.is_default(bearer) else None
        refused = self._is_refused(exchange, bearer)
        if source is not None and refused is not False:
            bearer = source.renewed(bearer)
            exchange = ask(bearer)
            if exchange.status != 401:
                return exchange
            refused = self._is_refused(exchange, bearer)  # a token as fresh as can be
        if not refused:
            return exchange
        self.bearers.expire(bearer)
        # The same words whatever was asked: in a report they stand once, with all the rules that were stopped by it.
        if not self.bearers.is_default(bearer):
            raise TokenExpired("another user's token is not accepted (any more): whatever it asks is answered 401")
        advice = "" if source else "; give one that lives longer than a run, or client credentials (--client-id)"
        raise TokenExpired(
            f"the token is not accepted any more: what it was allowed before is answered 401, too{advice}"
        )

    def _is_refused(self, exchange: Exchange, bearer: str) -> bool | None:
        """Whether even what a token was allowed is answered 401; None where nothing is known that it was allowed.

        Of a token that has expired one more 401 says enough.
        """
        if self.bearers.is_expired(bearer):
            return True
        allowed = self.bearers.allowed(bearer, origin=origin_of(exchange.url))
        if allowed is None or (exchange.method == "GET" and exchange.url == allowed.url):
            return None if allowed is None else True
        line = ("authorization", f"Bearer {bearer}")
        # Whatever the budget: without it every verdict that follows would be in doubt.
        return self._send("GET", allowed.url, [line], b"", upload=allowed.upload, free=True).status == 401

    def _ask_for_token(self, url: str, lines: Sequence[tuple[str, str]], content: bytes) -> Answer:
        """Sends a request to the token endpoint. It is counted, and neither heard by anybody nor recorded."""
        for attempt in range(1, self.limits.tries + 1):
            self.purse.spend(upload=False, sent=len(content), free=True)
            started, last = time.monotonic(), attempt == self.limits.tries
            try:
                request = self._request("POST", url, lines, content)
                with self._deadline.within(self.limits.total):
                    answer = self._read(self._client.send(request, stream=True), started, None)
            except (httpx.HTTPError, httpx.InvalidURL, WireError, UnicodeError) as problem:
                if last or not isinstance(problem, httpx.TransportError):
                    said = self.redactor.text(str(problem) or type(problem).__name__)
                    raise TokenTrouble(f"the token endpoint {url} did not answer: {said}") from None
                self._pause(min(0.2 * 2**attempt, self.limits.wait), "the token endpoint, which did not answer")
                continue
            self.purse.received(len(answer.body))
            if answer.status in PASSING and not last:
                self._pause(self._as_asked(answer, attempt), f"the token endpoint, which answered {answer.status}")
                continue
            return answer
        raise AssertionError("unreachable")

    def _send(
        self,
        method: str,
        url: str,
        lines: Sequence[tuple[str, str]],
        content: bytes,
        *,
        upload: bool,
        free: bool,
        body_limit: int | None = None,
        passing: frozenset[int] = PASSING,
        repeatable: bool = True,
        give_up_reading: bool = False,
    ) -> Exchange:
        """Sends one request, again where the target asks for patience."""
        began, lost = time.monotonic(), 0
        for attempt in range(1, self.limits.tries + 1):
            self.outages.check(cleaning=free)
            self.purse.spend(upload=upload, sent=len(content), free=free)
            if upload:
                self.pace.wait()
            last = attempt == self.limits.tries
            try:
                exchange = self._send_once(method, url, lines, content, body_limit, give_up_reading)
            except Undecodable:
                raise
            except Trouble as problem:
                lost += not isinstance(problem, NotSent)
                # What never left is sent again whatever it is; a wrong URL is told at once.
                last = last or (isinstance(problem, NotSent) and not self._answered and attempt > 1)
                if last or give_up_reading or not (repeatable or isinstance(problem, NotSent)):
                    raise
                self._wait(0.2 * 2**attempt, f"the target, after {type(problem.__cause__ or problem).__name__}")
                continue
            if exchange.status in passing and exchange.answer is not None:
                self.outages.note(f"{exchange.status}", lost=exchange.status != 429 and method != "GET")
                lost += exchange.status != 429
                if last:
                    self.outages.waited(time.monotonic() - began)
                    where = f"{method} {self.redactor.text(url)[:200]}"
                    raise Busy(f"{where} was answered {exchange.status}, {attempt} times over", exchange)
                self._pause(self._as_asked(exchange.answer, attempt), f"the target, which answered {exchange.status}")
                continue
            return replace(exchange, lost=lost)
        raise AssertionError("unreachable")

    def wait_as_told(
        self,
        seconds: float,
        why: str = "a commit to come to its end",
        *,
        meanwhile: Callable[[float], None] | None = None,
    ) -> None:
        """Waits before a commit that was answered 202 or 429 is sent again.

        Args:
            why: What is waited for, for whoever watches.
            meanwhile: What to do in these seconds; what it leaves of them is waited out.

        Raises:
            Trouble: All waiting of this kind together has come to the run's limit.
        """
        if self._followed >= self.limits.follow:
            raise Trouble(f"the run has waited {self._followed:.0f} seconds for commits to come to an end, and stops")
        self._followed += seconds
        if meanwhile is not None:
            began = time.monotonic()
            meanwhile(seconds)
            seconds = max(0.0, seconds - (time.monotonic() - began))
        self._pause(seconds, why)

    def _wait(self, seconds: float, why: str) -> None:
        """Waits for a target in trouble, at the cost of the run's patience."""
        seconds = min(seconds, self.limits.wait)
        self.outages.waited(seconds)
        self._pause(seconds, why)

    def _as_asked(self, answer: Answer, attempt: int) -> float:
        """How long to wait after an answer that asks for patience. Seconds."""
        asked = retry_after_seconds(answer)
        return min(asked if asked is not None else 0.2 * 2**attempt, self.limits.wait)

    def _pause(self, seconds: float, why: str) -> None:
        with self.waits.noted(seconds, why):
            self.sleep(seconds)

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
            with (
                self._deadline.within(self.limits.total + len(content) / SLOWEST),
                self.waits.answer(lambda: f"the answer to {method} {self.redactor.text(url)[:200]}"),
            ):
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
            kind = _kind_of(problem)
            if not give_up_reading:  # then no answer was wanted
                may_have_acted = kind is not NotSent and method != "GET"
                self.outages.note(name, seconds=time.monotonic() - started, lost=may_have_acted)
            raise kind(f"{method} {where}: {self.redactor.text(reason)} ({name})") from problem
        exchange = self._record(number, at, method, url, lines, content, answer, None, time.monotonic() - started)
        self.purse.received(len(answer.body))
        self._answered = True
        self.outages.waited(time.monotonic() - started - self.limits.read)  # it came, and trickled
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
            body: bytes | Iterator[bytes] | None = content if content or method in ("POST", "PUT", "PATCH") else None
            if len(content) > PIECE:
                # A socket takes so much at once, and what is left of a body would be copied each time.
                body = (content[i : i + PIECE] for i in range(0, len(content), PIECE))
                raw.append((b"content-length", str(len(content)).encode("ascii")))
            request = self._client.build_request(method, url, headers=raw, content=body)
        if without_accept:
            del request.headers["accept"]
        return request

    def _read(self, response: httpx.Response, started: float, body_limit: int | None) -> Answer:
        limit = self.limits.body if body_limit is None else body_limit
        try:
            # A transport without a network may have read it all, and decompressed it, by now.
            whole = [response.content] if response.is_stream_consumed else None
            body = Body("" if whole else response.headers.get("content-encoding", ""), limit=limit)
            for piece in whole or response.iter_raw():
                body.add(piece)
                if time.monotonic() - started > self.limits.total:
                    raise Trouble(f"the answer took longer than {self.limits.total:g} seconds")
        finally:
            response.close()
        headers: dict[str, list[str]] = {}
        for name, value in response.headers.multi_items():
            headers.setdefault(name.lower(), []).append(value)
        lines = {name: tuple(values) for name, values in headers.items()}
        return Answer(status=response.status_code, headers=lines, body=body.end())

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


def _kind_of(problem: Exception) -> type[Trouble]:
    """What kind of trouble an error is, for what may be done next."""
    if isinstance(problem, httpx.DecodingError | Undecodable):
        return Undecodable
    return NotSent if isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout) else Trouble


def origin_of(url: str) -> str:
    """``scheme://host:port`` of a URL, with the port always given."""
    parsed = httpx.URL(url)
    port = parsed.port or {"http": 80, "https": 443}.get(parsed.scheme, 0)
    return f"{parsed.scheme}://{parsed.host}:{port}"
