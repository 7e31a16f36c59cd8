"""Faults about tokens and permissions."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from commit_conformance.reference.access import Caller
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.routes import find_route, split_prefix
from commit_conformance.reference.world import Session


def is_commit(request: Request, *, other_path: bool) -> bool:
    """Whether a request is a commit."""
    found = find_route(split_prefix(request.target)[1], other_commit_path=other_path)
    return found is not None and found[0].operations.get(request.method) == "commit"


class NeedsNoToken(Fault, rules="AUTH-MISSING"):
    """A commit without a token is carried out as the first user's."""

    def no_token(self, request: Request) -> Caller:
        if is_commit(request, other_path=self.settings.other_commit_path):
            return Caller(user=self.user("1"), may_upload=True)
        return super().no_token(request)


class NoChallenge(Fault, rules="AUTH-CHALLENGE"):
    """A 401 has no WWW-Authenticate."""

    def unauthorized(self, message: str) -> Problem:
        problem = super().unauthorized(message)
        problem.headers = ()
        return problem


class AcceptsAnyToken(Fault, rules="AUTH-INVALID"):
    """A commit with a token that is nobody's is carried out as the first user's."""

    def unknown_token(self, request: Request) -> Caller:
        if is_commit(request, other_path=self.settings.other_commit_path):
            return Caller(user=self.user("1"), may_upload=True)
        return super().unknown_token(request)


class SessionsArePublic(Fault, rules="AUTH-OTHER-USER"):
    """Any user can commit any session."""

    def owns_session(self, caller: Caller, session: Session) -> None:
        return


class IgnoresScope(Fault, rules="AUTH-SCOPE"):
    """A token that may not upload may commit."""

    def need_upload_scope(self, caller: Caller) -> None:
        return


class RevealsSessions(Fault, rules="AUTH-FIRST"):
    """Without a token an unknown session is answered 404."""

    def check_path_without_token(self, request: Request) -> None:
        found = find_route(split_prefix(request.target)[1], other_commit_path=self.settings.other_commit_path)
        if found is not None and "commit" in found[0].operations.values() and found[1][0] not in self.world.sessions:
            raise Problem(404, "not_found", "There is no such upload session.", subject="session")


class KeepsPermission(Fault, rules="AUTH-REVOKED"):
    """A user who was let into the folder when the session was created may commit for ever."""

    def check_permission(self, session: Session) -> None:
        return
