"""The tokens that were given for a run: which is sent by default, what each was allowed, and which have expired.

A 401 may speak of the request or of the token. Only what is known of the token tells one from the other, and it is kept
here; asking is left to the client.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from commit_conformance.wire.tokens import TokenSource


@dataclass(frozen=True, slots=True)
class Allowed:
    """A request that a token was allowed: a GET, which does no harm when it is sent again."""

    url: str
    upload: bool


class Bearers:
    """The tokens of a run.

    Args:
        token: The one that is sent by default; empty or None for none.
        source: Gets the one that is sent by default, in place of ``token``.
        others: Other users' tokens.

    Attributes:
        of_anybody: A GET that every token that is accepted is allowed; None where none is known.
    """

    def __init__(self, token: str | None, *, source: TokenSource | None, others: Iterable[str | None]) -> None:
        self._token = token or ""
        self.source = source
        self._others = frozenset(other for other in others if other)
        self.of_anybody: Allowed | None = None
        self._allowed: dict[tuple[str, str], Allowed] = {}
        self._expired: set[str] = set()

    @property
    def any(self) -> bool:
        """Whether anything is sent by default."""
        return self.source is not None or bool(self._token)

    def default(self) -> str:
        """The token to send, good for a while; empty for none.

        Raises:
            TokenTrouble: None is to be had.
        """
        return self.source.current() if self.source else self._token

    def held(self) -> str:
        """The token that was sent last by default, good or not; got now when there was none.

        Raises:
            TokenTrouble: None is to be had.
        """
        return (self.source.held or self.source.current()) if self.source else self._token

    def is_given(self, token: str) -> bool:
        """Whether a token was given for the run. One that a test made up is none of these."""
        return token in self._others or self.is_default(token)

    def is_default(self, token: str) -> bool:
        """Whether a token is, or was, the one that is sent by default."""
        return token in self.source.given if self.source else token == self._token

    def accepted(self, token: str, allowed: Allowed | None, *, origin: str) -> None:
        """Notes that a token was accepted on an origin, and what it was allowed there, if it was a harmless request."""
        self._expired.discard(token)
        if allowed is not None:
            self._allowed.setdefault((self._whose(token), origin), allowed)

    def allowed(self, token: str, *, origin: str) -> Allowed | None:
        """What a token's user was allowed, on this origin rather than on another one."""
        whose = self._whose(token)
        near = self._allowed.get((whose, origin))
        return near or next(
            (known for (who, _), known in self._allowed.items() if who == whose), self._of_anybody(whose)
        )

    def expire(self, token: str) -> None:
        """Notes that a token is not accepted any more."""
        self._expired.add(token)

    def is_expired(self, token: str) -> bool:
        """Whether a token was not accepted any more, the last time it was sent."""
        return token in self._expired

    def _whose(self, token: str) -> str:
        """Tokens that are got one after the other are all one user's."""
        return "" if self.is_default(token) else token

    def _of_anybody(self, whose: str) -> Allowed | None:
        return self.of_anybody if whose else None
