"""Access tokens by the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4).

Asks a token endpoint, keeps what it gave, and asks again before that ends. What is written and what is read follows
oauthlib; how it is sent is the client's affair, so that a token endpoint is bounded and redacted like any target.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlencode

from commit_conformance.model import Answer
from commit_conformance.wire.errors import TokenTrouble
from commit_conformance.wire.redact import Redactor

#: Seconds before its end in which a token is no longer used: the longest time one request may wait to be sent again.
LEEWAY = 60.0
#: Characters of an error description that help; the rest is the token endpoint's own affair.
_LONGEST = 200

#: Sends one POST: URL, header lines and body in, answer out.
Post = Callable[[str, Sequence[tuple[str, str]], bytes], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """Who asks for tokens, and where.

    Attributes:
        token_url: The token endpoint.
        client_id: The client's id.
        client_secret: Its secret.
        basic: Whether id and secret travel in an Authorization header, in place of the body.
        parameters: Further parameters of the request, such as ``box_subject_type``.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    basic: bool = False
    parameters: tuple[tuple[str, str], ...] = ()

    def secrets(self) -> tuple[str, ...]:
        """The secret in every form in which it is sent."""
        secret = self.client_secret
        return secret, quote(secret, safe=""), quote_plus(secret), self._basic()

    def _basic(self) -> str:
        """Id and secret as RFC 6749, section 2.3.1 wants them in a header: each form-encoded first."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        return base64.b64encode(pair.encode()).decode("ascii")

    def request(self) -> tuple[list[tuple[str, str]], bytes]:
        """Header lines and body that ask for a token."""
        from oauthlib.oauth2 import BackendApplicationClient

        client = BackendApplicationClient(client_id=self.client_id)
        more = {} if self.basic else {"client_secret": self.client_secret}
        body = client.prepare_request_body(urlencode(self.parameters), include_client_id=not self.basic, **more)
        lines = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
        lines += [("authorization", f"Basic {self._basic()}")] * self.basic
        return lines, body.encode("ascii")


class TokenSource:
    """Keeps an access token that is good. Safe to share between threads.

    Args:
        credentials: Who asks, and where.
        post: Sends the request; raises `WireError` when no answer is had.
        redactor: Learns every secret and every token before anything can show it.
        clock: Seconds that only ever grow; replaced where no time should pass.

    Attributes:
        given: Every token that was got.
    """

    def __init__(
        self,
        credentials: ClientCredentials,
        *,
        post: Post,
        redactor: Redactor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.credentials = credentials
        self._post = post
        self._redactor = redactor
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self.given: frozenset[str] = frozenset()
        self._until: float | None = None
        for secret in credentials.secrets():
            redactor.add(secret)

    @property
    def held(self) -> str:
        """The token that was got last, whether it is still good or not; empty before the first."""
        return self._token

    def current(self) -> str:
        """A token that is good for a minute at least, where the endpoint gives such tokens.

        Raises:
            TokenTrouble: There is none to be had.
        """
        with self._lock:
            if not self._token or (self._until is not None and self._clock() >= self._until):
                self._ask()
            return self._token

    def renewed(self, rejected: str) -> str:
        """Another token than one that was rejected; asked for once, however many threads come with the same.

        Raises:
            TokenTrouble: There is none to be had.
        """
        with self._lock:
            if self._token == rejected:
                self._ask()
            return self._token

    def _ask(self) -> None:
        asked = self._clock()
        lines, body = self.credentials.request()
        answer = self._post(self.credentials.token_url, lines, body)
        token, lifetime = self._read(answer)
        self._redactor.add(token)
        self._token, self.given = token, self.given | {token}
        # Of a short life half is used, or every request would ask for a token first.
        self._until = None if lifetime is None else asked + max(lifetime - LEEWAY, lifetime / 2)

    def _read(self, answer: Answer) -> tuple[str, float | None]:
        """Token and lifetime in seconds that an answer gives; None for a life it does not tell."""
        from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error

        where = f"the token endpoint {self.credentials.token_url} answered {answer.status}"
        client = BackendApplicationClient(client_id=self.credentials.client_id)
        try:
            body = answer.body.decode("utf-8")
            found = client.parse_request_body_response(body) if _is_object(answer) else None
        except OAuth2Error as error:
            said = f"{error.error}: {error.description}" if error.description else str(error.error)
            raise TokenTrouble(
                f"{where}: {self._shown(said)}; see whether --client-id, its secret and --token-parameter are right"
            ) from None
        except (ValueError, TypeError, AttributeError, Warning):
            found = None
        token = found.get("access_token") if isinstance(found, dict) else None
        if not 200 <= answer.status <= 299 or not isinstance(token, str) or not _sendable(token):
            raise TokenTrouble(f"{where}, and not with an access token; does --token-url name the token endpoint?")
        kind = found.get("token_type") if found else None
        if isinstance(kind, str) and kind.lower() != "bearer":
            raise TokenTrouble(f"{where} with a token of type {self._shown(kind)!r}; only bearer tokens can be used")
        lifetime = found.get("expires_in") if found else None
        known = isinstance(lifetime, (int, float)) and not isinstance(lifetime, bool) and lifetime > 0
        return token, float(lifetime) if known and lifetime is not None else None

    def _shown(self, text: str) -> str:
        return self._redactor.text(text)[:_LONGEST]


def _is_object(answer: Answer) -> bool:
    """Whether the answer is JSON: oauthlib takes what is not for a form, and finds tokens in web pages."""
    return isinstance(answer.json, dict)


def _sendable(token: str) -> bool:
    """Whether a header can hold a token."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
