"""The reference service behind a token endpoint, with tokens that are good for a number of requests."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from commit_conformance.reference import Service, Settings
from commit_conformance.reference.messages import Request, Response, json_response

CLIENT, SECRET = "client-1", "canary-of-the-secret"
#: Every token begins so.
TOKEN = "canary-of-a-token-"


class Login:
    """Answers requests: tokens at ``/oauth2/token``, and everything else as the reference service.

    Args:
        requests: How many requests a token is good for; None for any number.
        token: A token that is good from the beginning, for as many.

    Attributes:
        given: How many tokens were given.
        asked: The parameters of the last request for one.
    """

    def __init__(self, *, requests: int | None = None, token: str = "") -> None:
        self.given = 0
        self.asked: dict[str, str] = {}
        self.requests = requests
        self._tokens: dict[str, str] = {"nobody's": "9", **({token: "1"} if token else {})}
        self._left: dict[str, int] = {}
        self.service = Service(Settings(part_size=4096, tokens=self._tokens))

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        if request.target.startswith("/oauth2/token"):
            return self._token(request)
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        if token in self._tokens and self.requests is not None:
            self._left[token] = self._left.get(token, self.requests) - 1
            if self._left[token] < 0:
                del self._tokens[token]
        return self.service.handle(request)

    def _token(self, request: Request) -> Response:
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body)
        self.asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if (self.asked.get("client_id"), self.asked.get("client_secret")) != (CLIENT, SECRET):
            return json_response(401, {"error": "invalid_client", "error_description": json.dumps(self.asked)})
        self.given += 1
        token = f"{TOKEN}{self.given}"
        self._tokens[token] = "1"
        return json_response(200, {"access_token": token, "token_type": "bearer", "expires_in": 3600})
