"""A small client of the reference service, straight through `Service.handle`: no socket, no httpx."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from commit_conformance.reference import Request, Response, Service

TOKEN = "token-of-user-1"
PART_SIZE = 16


def sha(data: bytes) -> str:
    """The digest header of some bytes."""
    return "sha=" + base64.b64encode(hashlib.sha1(data).digest()).decode()


@dataclass
class Answer:
    response: Response
    body: bytes

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def file(self) -> dict[str, Any]:
        return self.json["entries"][0]

    @property
    def code(self) -> str:
        return self.json["code"]

    def header(self, name: str) -> str | None:
        return self.response.header(name)


@dataclass
class Box:
    """Requests to one service."""

    service: Service
    token: str | None = TOKEN
    log: list[Answer] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        *headers: tuple[str, str],
        body: bytes | Iterable[bytes] = b"",
        token: str | None = "",
    ) -> Answer:
        token = self.token if token == "" else token
        auth = () if token is None else (("Authorization", f"Bearer {token}"),)
        target = path.removeprefix("https://box.test") if path.startswith("https://box.test") else f"/2.0{path}"
        lines = (("Host", "box.test"), *auth, *headers)
        response = self.service.handle(Request(method=method, target=target, headers=lines, body=body, scheme="https"))
        answer = Answer(response=response, body=response.content())
        self.log.append(answer)
        return answer

    def post(self, path: str, document: object, *headers: tuple[str, str], token: str | None = "") -> Answer:
        lines = (("Content-Type", "application/json"), *headers)
        return self.ask("POST", path, *lines, body=json.dumps(document).encode(), token=token)

    def put(self, path: str, document: object, *, token: str | None = "") -> Answer:
        body = json.dumps(document).encode()
        return self.ask("PUT", path, ("Content-Type", "application/json"), body=body, token=token)

    def upload(
        self,
        data: bytes = bytes(range(40)),
        *,
        name: str | None = None,
        folder: str = "0",
        file: str | None = None,
        token: str | None = "",
        parts: slice = slice(None),
    ) -> Upload:
        """A session with its parts uploaded."""
        if file is None:
            document = {"folder_id": folder, "file_size": len(data), "file_name": name or "a.txt"}
            created = self.post("/files/upload_sessions", document, token=token)
        else:
            document = {"file_size": len(data)} | ({} if name is None else {"file_name": name})
            created = self.post(f"/files/{file}/upload_sessions", document, token=token)
        assert created.status == 201, created.body
        session = created.json
        upload = Upload(box=self, data=data, session=session, token=token)
        size = session["part_size"]
        for offset in list(range(0, len(data), size))[parts]:
            answer = upload.put(offset)
            assert answer.status == 200, answer.body
            upload.parts.append(answer.json["part"])
        return upload

    def names(self, folder: str = "0") -> list[str]:
        return [item["name"] for item in self.ask("GET", f"/folders/{folder}/items?limit=1000").json["entries"]]

    def commit_file(self, data: bytes = bytes(range(40)), **more: Any) -> dict[str, Any]:
        """A new file, or a new version; waits through 202."""
        answer = self.upload(data, **more).commit()
        assert answer.status in (200, 201), answer.body
        return answer.file


@dataclass
class Upload:
    """An upload session on its way."""

    box: Box
    data: bytes
    session: dict[str, Any]
    token: str | None = ""
    parts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"/files/upload_sessions/{self.session['id']}"

    def put(self, offset: int, data: bytes | None = None, digest: str | None = None) -> Answer:
        size = self.session["part_size"]
        chunk = self.data[offset : offset + size] if data is None else data
        span = f"bytes {offset}-{offset + len(chunk) - 1}/{len(self.data)}"
        headers = (("Digest", digest or sha(chunk)), ("Content-Range", span))
        return self.box.ask("PUT", self.url, *headers, body=chunk, token=self.token)

    def send(
        self,
        parts: object = None,
        *headers: tuple[str, str],
        digest: str | None = "",
        body: bytes | None = None,
        content_type: str | None = "application/json",
        token: str | None = "",
        **members: Any,
    ) -> Answer:
        """One commit request."""
        if body is None:
            body = json.dumps({"parts": self.parts if parts is None else parts, **members}).encode()
        lines = list(headers)
        if digest is not None:
            lines.append(("Digest", digest or sha(self.data)))
        if content_type is not None:
            lines.append(("Content-Type", content_type))
        token = self.token if token == "" else token
        return self.box.ask("POST", self.session["session_endpoints"]["commit"], *lines, body=body, token=token)

    def commit(self, *args: Any, **more: Any) -> Answer:
        """A commit, repeated while it is answered 202."""
        for _ in range(8):
            answer = self.send(*args, **more)
            if answer.status != 202:
                break
        return answer
