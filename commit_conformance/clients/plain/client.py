"""A right client of uploads in parts, of the standard library only.

Owns what a right client does, in small methods named after the one thing they decide: that is where a mistake takes
hold (`mistakes`).
"""

from __future__ import annotations

import base64
import concurrent.futures
import email.utils
import hashlib
import http.client
import json
import random
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Answer", "Api", "ApiError", "Broken", "Client", "Pending", "Request"]

WORKERS = 3
TRIES = 5
FIRST_PAUSE = 0.2  # Seconds. Real clients begin with one; the loopback interface comes back sooner.
USUAL_WAIT = 0.2  # Seconds after a 202 that does not say how long.
LONGEST_WAIT = 60.0  # Seconds; whoever is asked to wait longer tells the caller.
NETWORK_SECONDS = 20.0
FINAL = (304, 400, 403, 404, 405, 409, 410, 411, 412, 413, 415, 416)


class ApiError(Exception):
    """The service refused a request.

    Attributes:
        status: HTTP status.
        document: The error document; empty where there was none.
    """

    def __init__(self, status: int, document: Mapping[str, Any], what: str) -> None:
        super().__init__(f"{what}: {status} {document.get('code', '')} {document.get('message', '')}".rstrip())
        self.status = status
        self.document = document


class Pending(Exception):
    """The commit was answered 202 until the client's patience ended; the session is still there.

    Attributes:
        session: The session's id.
    """

    def __init__(self, session: str) -> None:
        super().__init__(f"the commit of {session} is still being processed")
        self.session = session


class Broken(Exception):
    """What came is no answer that can be used, or none came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to send, without its token."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body as JSON; ``None`` if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(slots=True)
class Api:
    """Sends requests, with a token that can be renewed.

    Attributes:
        token: The access token.
        refresh: Where and with what it is renewed: ``token_url``, ``client_id``, ``client_secret``, ``refresh_token``.
    """

    token: str
    refresh: dict[str, str] | None = None

    def send(self, request: Request) -> Answer:
        """One request; sent again once with a new token where the old one has expired.

        Raises:
            OSError: There is no connection, or it was lost.
            http.client.HTTPException: The answer broke off, or is none.
        """
        answer = self.exchange(request)
        if answer.status == 401 and self.refresh is not None and self.renew():
            answer = self.exchange(request)
        return answer

    def exchange(self, request: Request) -> Answer:
        """One request and its answer."""
        parts = urllib.parse.urlsplit(request.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=NETWORK_SECONDS)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {"authorization": f"Bearer {self.token}", **request.headers}
            connection.request(request.method, target, body=request.body, headers=headers)
            response = connection.getresponse()
            return Answer(status=response.status, headers=response.headers, body=self.body_of(response))
        finally:
            connection.close()

    def body_of(self, response: http.client.HTTPResponse) -> bytes:
        """The whole body.

        Raises:
            http.client.HTTPException: It broke off.
        """
        return response.read()

    def renew(self) -> bool:
        """Get a new token; False if there is none."""
        assert self.refresh is not None
        form = {"grant_type": "refresh_token", **{k: v for k, v in self.refresh.items() if k != "token_url"}}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        url, body = self.refresh["token_url"], urllib.parse.urlencode(form).encode()
        document = self.exchange(Request(method="POST", url=url, headers=headers, body=body)).json()
        if not isinstance(document, dict) or "access_token" not in document:
            return False
        self.token = document["access_token"]
        self.refresh = {**self.refresh, "refresh_token": document["refresh_token"]}
        return True


@dataclass
class Client:
    """Uploads files in parts.

    Attributes:
        api: What sends its requests.
        upload_url: Base URL of the upload endpoints.
        tries: How often one request is sent.
        patience: Seconds to wait for a commit that is being processed.
        sleep: Waits.
    """

    api: Api
    upload_url: str
    tries: int = TRIES
    patience: float = LONGEST_WAIT
    sleep: Callable[[float], None] = time.sleep

    # -- what a caller calls ---------------------------------------------------------------------------------------

    def upload(
        self,
        path: Path,
        *,
        name: str,
        size: int,
        folder_id: str | None = None,
        file_id: str | None = None,
        attributes: Mapping[str, Any] | None = None,
        conditions: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """A new file, or a new version of one."""
        content = self.read(path, size)
        url = f"{self.upload_url}/files/{file_id}/upload_sessions" if file_id else None
        wanted: dict[str, Any] = {"file_size": size, "file_name": name}
        if file_id is None:
            wanted["folder_id"] = folder_id
        session = self.success(
            self.json_request("POST", url or f"{self.upload_url}/files/upload_sessions", wanted), "create session"
        )
        try:
            parts = self.upload_parts(session, content, offsets=range(0, len(content), session["part_size"]))
            return self.commit(
                session, parts, digest=self.whole_digest(content), attributes=attributes, conditions=conditions or {}
            )
        except ApiError as refusal:
            if refusal.status in FINAL:
                self.abort(session)
            raise

    def resume(self, session: Mapping[str, Any], path: Path, *, size: int) -> Mapping[str, Any]:
        """Finish a session that lacks parts."""
        content = self.read(path, size)
        there = self.list_parts(session)
        taken = {part["offset"] for part in there}
        missing = [offset for offset in range(0, size, session["part_size"]) if offset not in taken]
        parts = [*there, *self.upload_parts(session, content, offsets=missing)]
        return self.commit(session, parts, digest=self.whole_digest(content))

    def commit_listed(self, session: Mapping[str, Any], *, digest: str) -> Mapping[str, Any]:
        """Commit a session whose parts the service knows."""
        return self.commit(session, self.list_parts(session), digest=digest)

    def commit(
        self,
        session: Mapping[str, Any],
        parts: Sequence[Mapping[str, Any]],
        *,
        digest: str,
        attributes: Mapping[str, Any] | None = None,
        conditions: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Commit a session whose parts are uploaded.

        Raises:
            ApiError: It was refused.
            Pending: It was accepted and is not done.
            Broken: There was no usable answer.
        """
        body: dict[str, Any] = {"parts": self.part_list(parts)}
        if given := self.attributes(attributes):
            body["attributes"] = given
        headers = {"digest": digest, **self.conditions(conditions or {})}
        request = self.json_request("POST", self.commit_url(session), body, headers=headers)
        return self.committed(request, session)

    # -- the commit, until there is an end -------------------------------------------------------------------------

    def committed(self, request: Request, session: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a commit until there is a file, a refusal or no patience left."""
        began, failures, accepted, unsure = time.monotonic(), 0, 0, False
        while True:
            try:
                answer = self.api.send(request)
            except (OSError, http.client.HTTPException) as error:
                failures, unsure = failures + 1, True
                if (file := self.lost(error, failures, session)) is not None:
                    return file
                self.sleep(self.pause(failures))
                continue
            if self.is_created(answer):
                return self.file_of(answer)
            if self.is_accepted(answer):
                accepted += 1
                wait = self.wait_after(answer)
                if self.gives_up(accepted, time.monotonic() - began + wait):
                    return self.still_pending(session)
                self.sleep(wait)
                request = self.again(request)
                continue
            if unsure and (own := self.own_file(answer, request)) is not None:
                return own
            failures += 1
            if not self.is_worth_another_try(answer) or not self.has_tries_left(failures):
                return self.refused(answer, "commit")
            unsure = unsure or answer.status >= 500
            self.sleep(self.wait_after_failure(answer, failures))

    def lost(self, error: Exception, failures: int, session: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What becomes of a commit without a whole answer: ``None`` tries again.

        Raises:
            Broken: There were tries enough.
        """
        if not self.has_tries_left(failures):
            raise Broken(f"the commit got no whole answer in {failures} tries") from error
        return None

    def has_tries_left(self, failures: int) -> bool:
        """Whether a request that failed so often may be sent again."""
        return failures < self.tries

    def is_created(self, answer: Answer) -> bool:
        """Whether there is a file."""
        return answer.status == 201

    def is_accepted(self, answer: Answer) -> bool:
        """Whether the file is on its way."""
        return answer.status == 202

    def is_worth_another_try(self, answer: Answer) -> bool:
        """Whether the same request may get another answer."""
        return answer.status == 429 or answer.status >= 500

    def gives_up(self, accepted: int, seconds: float) -> bool:
        """Whether it has been waited long enough."""
        return seconds > self.patience or accepted >= 20 * self.tries

    def still_pending(self, session: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the caller is told then."""
        raise Pending(session["id"])

    def wait_after(self, answer: Answer) -> float:
        """Seconds to wait after a 202."""
        asked = self.retry_after(answer)
        return USUAL_WAIT if asked is None else asked

    def wait_after_failure(self, answer: Answer, failures: int) -> float:
        """Seconds to wait after a limit or a server error."""
        asked = self.retry_after(answer)
        return self.pause(failures) if asked is None else asked

    def pause(self, failures: int) -> float:
        """Seconds to wait where nobody said how long: longer each time, and not the same for all clients."""
        return float(FIRST_PAUSE * 2.0 ** (failures - 1) * random.uniform(1.0, 1.5))

    def retry_after(self, answer: Answer) -> float | None:
        """Seconds that the answer asks to wait; ``None`` if it says nothing that can be understood."""
        value = answer.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        return max(0.0, moment.timestamp() - time.time())

    def again(self, request: Request) -> Request:
        """The request to send after a 202."""
        return request

    def own_file(self, answer: Answer, request: Request) -> Mapping[str, Any] | None:
        """The file that an earlier try has made, if a conflict shows that it has."""
        document = answer.json()
        if answer.status != 409 or not isinstance(document, dict):
            return None
        conflicts = (document.get("context_info") or {}).get("conflicts")
        wanted = base64.b64decode(request.headers["digest"].removeprefix("sha=")).hex()
        for each in conflicts if isinstance(conflicts, list) else [conflicts]:
            if isinstance(each, dict) and str(each.get("sha1", "")).lower() == wanted:
                return each
        return None

    def file_of(self, answer: Answer) -> Mapping[str, Any]:
        """The file of a 201.

        Raises:
            Broken: There is none.
        """
        document = answer.json()
        entries = document.get("entries") if isinstance(document, dict) else None
        if not isinstance(entries, list) or not entries or not isinstance(entries[0], dict) or "id" not in entries[0]:
            raise Broken("the commit was answered 201 without a file; it is not sent again")
        file: Mapping[str, Any] = entries[0]
        return file

    def refused(self, answer: Answer, what: str) -> Mapping[str, Any]:
        """Tell the caller of a refusal.

        Raises:
            ApiError: Always.
        """
        document = answer.json()
        raise ApiError(answer.status, document if isinstance(document, dict) else {}, what)

    # -- what a commit says ------------------------------------------------------------------------------------------

    def commit_url(self, session: Mapping[str, Any]) -> str:
        """Where the commit goes."""
        url: str = session["session_endpoints"]["commit"]
        return url

    def whole_digest(self, content: bytes) -> str:
        """The digest of the file."""
        return _digest(content)

    def part_list(self, parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The list of the commit."""
        return sorted(parts, key=lambda part: int(part["offset"]))

    def attributes(self, attributes: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The attributes of the commit."""
        return attributes

    def conditions(self, conditions: Mapping[str, str]) -> Mapping[str, str]:
        """The preconditions of the commit."""
        return conditions

    def json_request(
        self, method: str, url: str, document: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> Request:
        """A request with a JSON body."""
        lines = {"content-type": "application/json", **(headers or {})}
        return Request(method=method, url=url, headers=lines, body=json.dumps(document).encode())

    # -- sessions and parts ------------------------------------------------------------------------------------------

    def read(self, path: Path, size: int) -> bytes:
        """The bytes of a file.

        Raises:
            Broken: They are not as many as the caller said.
        """
        content = path.read_bytes()
        if len(content) != size:
            raise Broken(f"the file has {len(content)} bytes, and not {size}")
        return content

    def upload_parts(self, session: Mapping[str, Any], content: bytes, *, offsets: Sequence[int]) -> list[Any]:
        """Parts, several at once, in the order in which they ended."""
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            running = [pool.submit(self.upload_part, session, content, offset) for offset in offsets]
            return [each.result() for each in concurrent.futures.as_completed(running)]

    def upload_part(self, session: Mapping[str, Any], content: bytes, offset: int) -> Any:
        """One part."""
        return self.success(self.part_request(session, content, offset), "upload part")["part"]

    def part_request(self, session: Mapping[str, Any], content: bytes, offset: int) -> Request:
        """The request that uploads a part."""
        piece = content[offset : offset + session["part_size"]]
        headers = {
            "digest": _digest(piece),
            "content-range": f"bytes {offset}-{offset + len(piece) - 1}/{len(content)}",
            "content-type": "application/octet-stream",
        }
        return Request(method="PUT", url=session["session_endpoints"]["upload_part"], headers=headers, body=piece)

    def list_parts(self, session: Mapping[str, Any]) -> list[dict[str, Any]]:
        """All parts of a session, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            url = f"{session['session_endpoints']['list_parts']}?offset={len(found)}&limit=1000"
            page = self.success(Request(method="GET", url=url), "list parts")["entries"]
            found += page
            if not page or len(found) >= session["total_parts"]:
                return found

    def abort(self, session: Mapping[str, Any]) -> None:
        """Throw a session away; that it fails is nothing the caller has to hear of."""
        try:
            self.api.send(Request(method="DELETE", url=session["session_endpoints"]["abort"]))
        except (OSError, http.client.HTTPException):
            return

    def success(self, request: Request, what: str) -> Any:
        """The document of a request that has to succeed, tried again as often as it makes sense."""
        for failures in range(1, self.tries + 1):
            answer = self.api.send(request)
            document = answer.json()
            if 200 <= answer.status < 300 and isinstance(document, dict):
                return document
            if not self.is_worth_another_try(answer) or failures == self.tries:
                break
            self.sleep(self.wait_after_failure(answer, failures))
        return self.refused(answer, what)


def _digest(content: bytes) -> str:
    return "sha=" + base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
