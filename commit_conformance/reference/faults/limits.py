"""Faults about negotiation, limits and safety."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.problems import Problem


class RequiresAccept(Fault, rules="ACCEPT-ANY"):
    """A commit without an Accept header is answered 406."""

    def carry_out(self, call: Call, operation: str) -> Response:
        if operation == "commit" and call.request.header("accept") is None:
            raise Problem(406, "not_acceptable", "Say that application/json is accepted.")
        return super().carry_out(call, operation)


class FalseGzip(Fault, rules="ACCEPT-ENCODING"):
    """An answer to a request that takes gzip alone says it is gzip, and is not."""

    def finish(self, request: Request, response: Response) -> Response:
        response = super().finish(request, response)
        if (request.header("accept-encoding") or "").strip().lower() != "gzip":
            return response
        return replace(response, headers=(*response.headers, ("Content-Encoding", "gzip")))


class RefusesCurrentVersion(Fault, rules="VERSION-CURRENT"):
    """A commit with box-version 2024.0 is refused."""

    def carry_out(self, call: Call, operation: str) -> Response:
        if operation == "commit" and call.request.header("box-version") == "2024.0":
            raise Problem(400, "invalid_api_version", "The version is not known.")
        return super().carry_out(call, operation)


class FallsForPathTricks(Fault, rules="PATH-TRICKS"):
    """A session id that climbs out of its path, or is no text, is answered 200."""

    def malformed_session_id(self, call: Call) -> None:
        if re.search(r"\.\.|[/\\\x00-\x1f%]|[^\x00-\x7f]", call.ids[0]) or len(call.ids[0]) > 500:
            raise _Fooled()
        super().malformed_session_id(call)

    def error_answer(self, problem: Problem, request: Request) -> Response:
        if isinstance(problem, _Fooled):
            return json_response(200, {"type": "folder", "id": "0"})
        return super().error_answer(problem, request)


class _Fooled(Problem):
    """What a service answers that was led astray."""

    def __init__(self) -> None:
        super().__init__(400, "fooled", "")


class EchoesToken(Fault, rules="TOKEN-ECHO"):
    """Refusals repeat the token."""

    def error_answer(self, problem: Problem, request: Request) -> Response:
        token = request.header("authorization")
        if token is not None and problem.status == 400:
            problem.context = {**(problem.context or {}), "authorization": token}
        return super().error_answer(problem, request)


class EchoesTokenInHeader(Fault, rules="TOKEN-ECHO"):
    """A 201 repeats the token in a header."""

    def finish(self, request: Request, response: Response) -> Response:
        response = super().finish(request, response)
        token = request.header("authorization")
        if response.status != 201 or token is None:
            return response
        return replace(response, headers=(*response.headers, ("X-Request-Authorization", token)))


class RateLimitedCommitsTakeEffect(Fault, rules="RATE-LIMIT-NO-LOSS", needs={"repeat": "409"}):
    """The first commit is answered 429 when it has made its file, and is refused when it is repeated."""

    _done = 0

    def carry_out(self, call: Call, operation: str) -> Response:
        response = super().carry_out(call, operation)
        if operation != "commit" or response.status != 201:
            return response
        self._done += 1
        if self._done == 1:
            raise self.too_many_requests()
        return response


class RedirectsRepeatedCommit(Fault, rules="NO-REDIRECT"):
    """A commit that is repeated after 201 is redirected to the file by 303."""

    def repeated(self, session: Any) -> Response:
        response = super().repeated(session)
        where = f"/2.0/files/{session.result.id}"
        return Response(status=303, headers=(("Location", where),)) if response.status == 201 else response
