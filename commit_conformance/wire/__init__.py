"""The one seam between this project and HTTP.

Everything sent to a target goes through `Wire`; nothing else imports httpx, so that a successor can replace it here.
This room counts what is sent against the budget, bounds what comes back, obeys 429 and 503, and redacts an exchange at
the moment it is recorded. It knows nothing of sessions, rules or verdicts.

``client``    the client
``exchange``  one request with its answer, as recorded
``redact``    what may never be recorded
``budget``    what a run may cost
``errors``    what can go wrong on the way
"""

from commit_conformance.wire.budget import Budget, Cost
from commit_conformance.wire.client import Limits, Wire
from commit_conformance.wire.errors import BudgetSpent, OriginRefused, Undecodable, Unsendable, WireError
from commit_conformance.wire.exchange import Exchange, describe_answer
from commit_conformance.wire.redact import Redactor

__all__ = [
    "Budget",
    "BudgetSpent",
    "Cost",
    "Exchange",
    "Limits",
    "OriginRefused",
    "Redactor",
    "Undecodable",
    "Unsendable",
    "Wire",
    "WireError",
    "describe_answer",
]
