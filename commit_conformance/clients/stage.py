"""The reference service with a scenario played between it and the client.

Owns the way of one request: recorded, met by what the scenario has in store for its operation, or answered by the
service, which is right and complete. Session endpoints can lie elsewhere, and access tokens can be renewed. What a
scenario has in store is `interludes`' business, which requests are right is the rules'.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qs

from commit_conformance.clients.record import Record, Sent
from commit_conformance.reference import Request, Response, Service
from commit_conformance.reference.messages import json_response
from commit_conformance.reference.routes import find_route, split_prefix

__all__ = ["ALWAYS", "ELSEWHERE", "Interlude", "ServiceRefused", "Stage", "Tokens", "session_in"]

ALWAYS: Final = 10**9
ELSEWHERE: Final = "/routes/eu-7"
"""Where session endpoints lie in scenarios that move them; no client can guess it."""

TOKEN_PATH: Final = "/oauth2/token"
_BODY_LIMIT = (
    32 * 1024 * 1024
)  # Bytes. The files of scenarios are smaller by far; a client that sends more has gone wrong.
_WITH_ENDPOINTS = ("create_session", "create_version_session", "session_status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlude:
    """What happens to a request in place of, or around, the service's answer.

    Attributes:
        says: What it is, in words, for reports.
        act: Gives the answer.
        times: To how many requests in turn it happens.
        wait: Seconds it asks the client to wait; ``None`` where it does not.
        dated: Whether its Retry-After is a date.
    """

    says: str
    act: Callable[[Stage, Request], Response]
    times: int = 1
    wait: float | None = None
    dated: bool = False


@dataclass(slots=True)
class Tokens:
    """The access token in force, and what renews it.

    Attributes:
        access: The token that is accepted.
        refresh: The refresh token that is accepted.
        issued: Every access token there was.
        secrets: Every token of any kind there was.
    """

    access: str = field(default_factory=lambda: secrets.token_hex(16))
    refresh: str = field(default_factory=lambda: secrets.token_hex(16))
    client_id: str = "conformance-client"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    issued: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.issued.append(self.access)
        self.secrets += [self.access, self.refresh, self.client_secret]

    def renew(self) -> None:
        """Issue new ones; the old ones are worth nothing."""
        self.access, self.refresh = secrets.token_hex(16), secrets.token_hex(16)
        self.issued.append(self.access)
        self.secrets += [self.access, self.refresh]


class ServiceRefused(Exception):
    """The service refused of its own accord what a scenario had something else in store for; its answer counts.

    Attributes:
        answer: What the service says.
    """

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Stage:
    """Answers a client's requests as a scenario wants it.

    Args:
        service: What answers where the scenario has nothing in store.
        accepted: The tokens that the service accepts, with their users; changed when tokens are renewed.
        tokens: The client's tokens.
        script: Operation to what happens to its requests, in turn.
        elsewhere: Whether session endpoints lie at paths of their own.

    Attributes:
        record: What was sent.
        over: Set when the play has ended; whoever waits for something stops waiting.
    """

    def __init__(
        self,
        service: Service,
        *,
        accepted: dict[str, str],
        tokens: Tokens,
        script: Mapping[str, Sequence[Interlude]],
        elsewhere: bool = False,
    ) -> None:
        self.service = service
        self.tokens = tokens
        self.record = Record()
        self.over = threading.Event()
        self._accepted = accepted
        self._elsewhere = elsewhere
        self._script = {operation: list(interludes) for operation, interludes in script.items()}
        self._lock = threading.Lock()
        accepted[tokens.access] = "1"

    def handle(self, request: Request) -> Response:
        """Answer one request. Called from several threads at once."""
        body = _read(request.body)
        request = replace(request, body=body)
        inner = replace(request, target=self._at_home(request.target))
        operation, session = self._what(inner)
        is_part = operation == "upload_part"
        place = self.record.open(
            Sent(
                number=0,
                operation=operation,
                method=request.method,
                target=request.target,
                headers=request.headers,
                body=b"" if is_part else body,
                size=len(body),
                sha1=hashlib.sha1(body, usedforsecurity=False).hexdigest() if is_part else "",
                session=session,
            )
        )
        interlude = self._next(operation)
        if interlude is not None:
            try:
                response = interlude.act(self, inner)
            except ServiceRefused as refused:
                # The client is wrong, and has to hear of that and of nothing else.
                response, interlude = refused.answer, None
        elif operation == "refresh_token":
            response = self._renew(inner)
        else:
            response = self.answer(inner)
        response = replace(response, body=response.content())
        if operation in _WITH_ENDPOINTS:
            response = self._moved(response, inner)
        self._close(place, response, interlude)
        return response

    def answer(self, request: Request) -> Response:
        """What the service itself says; it carries the request out."""
        return self.service.handle(request)

    def carry_out(self, request: Request) -> Response:
        """What the service itself says, if it does as it is asked.

        Raises:
            ServiceRefused: It does not.
        """
        answer = self.answer(request)
        if answer.status >= 400:
            raise ServiceRefused(answer)
        return answer

    def expire(self) -> None:
        """Let the access token that is in force be worth nothing from now on."""
        with self._lock:
            self._accepted.pop(self.tokens.access, None)

    def endpoints(self, session: Mapping[str, Any]) -> dict[str, Any]:
        """A session as the client shall see it: with its endpoints where the scenario wants them."""
        document = dict(session)
        if self._elsewhere and isinstance(urls := document.get("session_endpoints"), Mapping):
            own = str(document.get("id"))
            document["session_endpoints"] = {
                name: _origin(str(url)) + f"{ELSEWHERE}/{own}/{name}" for name, url in urls.items()
            }
        return document

    def commit_path(self, session: str) -> str | None:
        """The path that the session's commit is to go to, where it is another than the documented one."""
        return f"{ELSEWHERE}/{session}/commit" if self._elsewhere else None

    # -- on the way ----------------------------------------------------------------------------------------------

    def _next(self, operation: str) -> Interlude | None:
        with self._lock:
            waiting = self._script.get(operation)
            if not waiting:
                return None
            first = waiting[0]
            if first.times > 1:
                waiting[0] = replace(first, times=first.times - 1)
            else:
                waiting.pop(0)
            return first

    def _close(self, place: int, response: Response, interlude: Interlude | None) -> None:
        not_before = None
        if interlude is not None and interlude.dated and (date := response.header("retry-after")):
            not_before = parsedate_to_datetime(date).timestamp()
        assert isinstance(response.body, bytes)
        self.record.close(
            place,
            status=0 if response.wire == "reset" else response.status,
            answer_headers=response.headers,
            answer=response.body,
            wire=response.wire,
            says=interlude.says if interlude else "",
            wait=interlude.wait if interlude else None,
            not_before=not_before,
        )

    def _what(self, request: Request) -> tuple[str, str]:
        """Operation and session id of a request."""
        _, path, _ = split_prefix(request.target)
        if path == TOKEN_PATH:
            return ("refresh_token" if request.method == "POST" else ""), ""
        found = find_route(path, other_commit_path=False)
        if found is None:
            return "", ""
        operation = found[0].operations.get(request.method, "")
        return operation, session_in(path)

    def _at_home(self, target: str) -> str:
        """Where a moved endpoint lies in the service."""
        path, _, query = target.partition("?")
        if not self._elsewhere or not path.startswith(f"{ELSEWHERE}/"):
            return target
        session, _, name = path.removeprefix(f"{ELSEWHERE}/").partition("/")
        ending = {"commit": "/commit", "list_parts": "/parts", "log_event": "/log"}.get(name, "")
        return f"/2.0/files/upload_sessions/{session}{ending}" + (f"?{query}" if query else "")

    def _moved(self, response: Response, request: Request) -> Response:
        document = _object(response.content())
        if not self._elsewhere or document is None or "session_endpoints" not in document:
            return response
        return replace(response, body=json.dumps(self.endpoints(document)).encode())

    def _renew(self, request: Request) -> Response:
        form = parse_qs(request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else "")
        with self._lock:
            tokens = self.tokens
            if form.get("refresh_token") != [tokens.refresh]:
                return json_response(400, {"error": "invalid_grant", "error_description": "Refresh token is unknown"})
            self._accepted.pop(tokens.access, None)
            tokens.renew()
            self._accepted[tokens.access] = "1"
        document = {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_in": 3600,
            "token_type": "bearer",
            "restricted_to": [],
        }
        return json_response(200, document)


def session_in(path: str) -> str:
    """The id of the upload session that a path names; empty where it names none."""
    before, found, rest = path.partition("/files/upload_sessions/")
    return rest.split("/")[0] if found and not before else ""


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0]}"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _read(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    whole = bytearray()
    for piece in body:
        whole += piece
        if len(whole) > _BODY_LIMIT:
            raise ConnectionError("the body is longer than any of a scenario")
    return bytes(whole)
