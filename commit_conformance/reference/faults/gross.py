"""Gross faults: services that nobody could work with."""

# ruff: noqa: D102 -- a fault's own docstring says what the decisions it overrides do

from __future__ import annotations

from commit_conformance.reference.calls import Call
from commit_conformance.reference.faults.base import Fault
from commit_conformance.reference.messages import Response
from commit_conformance.reference.problems import Problem


class RefusesEverything(Fault, rules="PART-COMPLETE"):
    """Every commit is answered 400."""

    def commit(self, call: Call) -> Response:
        self.session(call)
        raise Problem(400, "bad_request", "The request is not valid.", subject="body")


class AlwaysConflict(Fault, rules="PART-COMPLETE"):
    """Every commit is answered 409."""

    def commit(self, call: Call) -> Response:
        self.session(call)
        raise Problem(409, "item_name_in_use", "An item of this name exists in the folder.", subject="conflict")


class AlwaysAccepted(Fault, rules="PART-COMPLETE"):
    """Every commit is answered 202 for ever."""

    def commit(self, call: Call) -> Response:
        self.session(call)
        return self.accepted_answer()


class AlwaysFails(Fault, rules="PART-COMPLETE"):
    """Every commit is answered 500."""

    def commit(self, call: Call) -> Response:
        self.session(call)
        raise Problem(500, "internal_server_error", "Something went wrong.", subject="body")


class AcceptsEverything(
    Fault,
    rules="DIGEST-MISSING DIGEST-MISMATCH PART-REQUIRED PART-ARRAY PART-EMPTY PART-GAP PART-MISSING-LAST PART-UNKNOWN "
    "BODY-MALFORMED CONFLICT-NAME IF-MATCH-STALE",
):
    """Every commit of a session makes its file, whatever the request says."""

    def commit(self, call: Call) -> Response:
        session = self.session(call)
        self.check_not_dead(session)
        if session.state == "committed":
            return self.repeated(session)
        return self.create(call, session, session.sorted_parts(), self.no_attributes())
