"""Stands between the client and the service: writes the log, and lets mishaps happen.

Owns the way of one request. What is right or wrong about it is decided by the service.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from commit_conformance.mock.clock import Clock
from commit_conformance.mock.log import Answer, Exchange, Headers, Log
from commit_conformance.mock.script import Mishap, Script, find_operation, refusal
from commit_conformance.reference import Request, Response, Service
from commit_conformance.reference.respx_adapter import Interrupted

__all__ = ["Player"]

_BROKEN = {"reset": "connection lost", "truncate": "answer broke off"}


class Player:
    """A handler of requests, as the adapters take one.

    Args:
        service: Gives the service of the moment.
    """

    def __init__(self, service: Callable[[], Service], *, script: Script, log: Log, clock: Clock) -> None:
        self._service = service
        self._script = script
        self._log = log
        self._clock = clock

    def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            Interrupted: There is to be no answer.
        """
        place, at, service = self._log.open(), self._clock.now, self._service()
        operation = find_operation(request.method, request.target, other_commit_path=service.settings.other_commit_path)
        answer: Answer | None = None
        error: str | None = None
        try:
            response = self._carry_out(service, request, self._script.take(operation))
            error = _BROKEN.get(response.wire)
            if response.wire != "reset":
                assert isinstance(response.body, bytes)
                answer = Answer(status=response.status, headers=Headers(response.headers), body=response.body)
            return response
        except BaseException as problem:
            error = problem.kind if isinstance(problem, Interrupted) else repr(problem)
            raise
        finally:
            path, _, query = request.target.partition("?")
            exchange = Exchange(
                number=place[1] + 1,
                operation=operation,
                method=request.method,
                path=path,
                query=query,
                headers=Headers(request.headers),
                body=request.body if isinstance(request.body, bytes) else b"".join(request.body),
                at=at,
                answer=answer,
                error=error,
            )
            self._log.close(place, exchange)

    def _carry_out(self, service: Service, request: Request, mishap: Mishap | None) -> Response:
        """What the service says, or what comes in between."""
        if mishap is None or mishap.taken:
            response = service.handle(request)
            if mishap is None:
                # A download comes in pieces, which can be read only once by some sources.
                return dataclasses.replace(response, body=response.content())
        if mishap.effect == "drop":
            raise Interrupted("connection lost" if mishap.taken else "no connection")
        if mishap.effect == "timeout":
            raise Interrupted("read timeout" if mishap.taken else "connect timeout")
        problem = refusal(mishap)
        if mishap.body is not None:
            return Response(status=mishap.status, headers=problem.headers, body=mishap.body)
        decisions = service.decisions
        with decisions.lock:
            return decisions.finish(request, decisions.error_answer(problem, request))
