"""All rooms of the service in one object, and what concerns every request.

Owns the answers that do not depend on the operation: rate limits, unknown paths, wrong methods, foreign origins. Faults
(`faults`) are subclasses of `Decisions` that override one decision or a few.
"""

from __future__ import annotations

from commit_conformance.reference.calls import Call
from commit_conformance.reference.folders import Folders
from commit_conformance.reference.messages import Request, Response, json_response
from commit_conformance.reference.problems import Problem

__all__ = ["Decisions"]


class Decisions(Folders):
    """The service's decisions, each a method."""

    _upload_requests = 0

    def check_rate(self) -> None:
        """Raise 429 for every Nth request to the upload endpoints."""
        self._upload_requests += 1
        if self.over_rate():
            raise self.too_many_requests()

    def over_rate(self) -> bool:
        """Whether the request at hand is one too many."""
        limit = self.settings.rate_limit
        return bool(limit) and self._upload_requests % limit == 0

    def too_many_requests(self) -> Problem:
        """A 429."""
        return Problem(429, "rate_limit_exceeded", "Too many requests; try again.", headers=(("Retry-After", "0"),))

    def check_path_without_token(self, request: Request) -> None:
        """What a request without a token may learn: nothing."""

    def unknown_path(self, request: Request) -> Response:
        """Answer to a path nobody documented."""
        raise Problem(404, "not_found", "There is nothing here.")

    def wrong_method(self, request: Request, allowed: list[str]) -> Response:
        """Answer to a method the path does not have."""
        allow = ("Allow", ", ".join(sorted(allowed)))
        raise Problem(405, "method_not_allowed", f"The path has no {request.method[:16]}.", headers=(allow,))

    def foreign_origin(self, request: Request) -> Response:
        """Answer to a browser's preflight: no origin has been let in."""
        raise Problem(403, "cors_origin_not_whitelisted", "The origin has not been let in.", subject="access")

    def carry_out(self, call: Call, operation: str) -> Response:
        """Run an operation."""
        found: Response = getattr(self, operation)(call)
        return found

    def error_answer(self, problem: Problem, request: Request) -> Response:
        """A refusal as it is sent; a 304 has no body."""
        if problem.status == 304:
            return Response(status=304, headers=problem.headers)
        return json_response(problem.status, self.error_document(problem), *problem.headers)

    def finish(self, request: Request, response: Response) -> Response:
        """The last look at an answer."""
        return response
