"""What can go wrong on the way to a target.

WireError
├── BudgetSpent     the run may not send more; nothing was sent
├── OriginRefused   the URL is not one the token may go to; nothing was sent
├── Unsendable      the HTTP client refuses to write this request; nothing was sent
├── TokenTrouble    the token endpoint gave no token; the request was not sent
│   └── TokenExpired a token that was given is not accepted any more, whatever is asked with it
└── Trouble         the network failed; the request may or may not have arrived
    └── Undecodable an answer came, in another encoding than it claims

Two more kinds of Trouble stand in ``outages``: that nothing was sent, and that nothing but patience was answered.
"""

from __future__ import annotations


class WireError(Exception):
    """Something kept a request from being answered. Never the target's non-conformance."""


class BudgetSpent(WireError):
    """The budget of the run does not allow another request of this kind."""


class OriginRefused(WireError):
    """The target named a URL of an origin that the user did not allow the token to go to."""


class Unsendable(WireError):
    """The request cannot be written by a conforming HTTP client, a header with forbidden characters for instance."""


class TokenTrouble(WireError):
    """There is no token to send: the token endpoint refused, answered no token, or could not be reached."""


class TokenExpired(TokenTrouble):
    """A 401 that speaks of the token, not of the request: what the token was allowed before is answered 401 as well."""


class Trouble(WireError):
    """Connection refused or reset, timeout, TLS, or an answer beyond the limits."""


class Undecodable(Trouble):
    """The answer's body is not in the content encoding that its header names."""
