"""The one seam between this project and HTTP.

Everything sent to a target goes through `Wire`; nothing else imports httpx, so that a successor can replace it here.
This room counts what is sent against the budget, bounds what comes back, obeys 429 and 503, and redacts an exchange at
the moment it is recorded. It knows nothing of sessions, rules or verdicts.

``client``    the client
``exchange``  one request with its answer, as recorded
``bounds``    on time and on decompressing, beyond those of an HTTP library
``outages``   what went wrong on the way, and how long a run puts up with it
``waits``     what is waited for at this moment, for whoever watches
``redact``    what may never be recorded
``budget``    what a run may cost
``bearers``   the tokens of a run: what each was allowed, which have expired
``tokens``    access tokens by the client credentials grant
``errors``    what can go wrong on the way
"""

from commit_conformance.wire.bearers import Allowed
from commit_conformance.wire.budget import Budget, Cost
from commit_conformance.wire.client import Limits, Wire
from commit_conformance.wire.errors import (
    BudgetSpent,
    OriginRefused,
    TokenExpired,
    TokenTrouble,
    Undecodable,
    Unsendable,
    WireError,
)
from commit_conformance.wire.exchange import Exchange, describe_answer
from commit_conformance.wire.redact import Redactor
from commit_conformance.wire.tokens import ClientCredentials

__all__ = [
    "Allowed",
    "Budget",
    "BudgetSpent",
    "ClientCredentials",
    "Cost",
    "Exchange",
    "Limits",
    "OriginRefused",
    "Redactor",
    "TokenExpired",
    "TokenTrouble",
    "Undecodable",
    "Unsendable",
    "Wire",
    "WireError",
    "describe_answer",
]
