"""Small static mocks: they answer from the examples of our description, as other people's mock servers do.

`StaticMock` is the mock as a function, for a transport without a socket; `serving` puts it on one.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from commit_conformance.specs import openapi
from commit_conformance.static_mock import Signs, StaticTrial
from commit_conformance.target.connect import Target
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Wire

URL = "http://127.0.0.1:1/2.0"
COMMIT = "post_files_upload_sessions_id_commit"
CREATE = "post_files_upload_sessions"
PART = "put_files_upload_sessions_id"
PARTS = "get_files_upload_sessions_id_parts"
STATUS = "get_files_upload_sessions_id"


@dataclass(frozen=True, slots=True)
class Given:
    """One answer a mock gives."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def given(status: int, body: Any = None, **headers: str) -> Given:
    """An answer with a JSON body, or with none; header names have underscores for hyphens."""
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if body is not None and not any(name.lower() == "content-type" for name, _ in lines):
        lines.append(("content-type", "application/json"))
    return Given(status, tuple(lines), b"" if body is None else json.dumps(body).encode())


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a node of the description refers to."""
    while isinstance(node.get("$ref"), str):
        found: Any = openapi()
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def example_body(name: str) -> Any:
    """A copy of one of the description's examples."""
    return json.loads(json.dumps(openapi()["components"]["examples"][name]["value"]))


def described(operation: dict[str, Any]) -> Iterator[tuple[tuple[int, str], Given]]:
    """Every answer of an operation that the description has an example of, by its status and its example's name."""
    for status, response in operation["responses"].items():
        if not str(status).isdigit():
            continue
        response = resolved(response)
        headers = {
            name: str(next(iter(header["examples"].values()))["value"])
            for name, header in response.get("headers", {}).items()
            if "examples" in header
        }
        bodies = response.get("content", {}).get("application/json", {}).get("examples", {})
        if not bodies:
            yield (int(status), ""), given(int(status), **headers)
        for place, (name, example) in enumerate(bodies.items()):
            answer = given(int(status), resolved(example)["value"], **headers)
            yield (int(status), name), answer
            if place == 0:
                yield (int(status), ""), answer


@dataclass(frozen=True, kw_only=True)
class StaticMock:
    """A mock that serves the description's examples, the first of the first status of each operation by default.

    Attributes:
        answers: Answers in place of the description's, by operation and status; a function is given the request.
        plain: The status an operation is answered with by itself, where it is not the first.
        prefers: Whether it knows `Prefer: code=…, example=…`.
        validates: Whether it refuses commits without a token, a digest or a list of parts.
        lacks: Operations it does not have.
        bad: What it answers to a commit that is wrong by its own text, if it validates.
    """

    answers: Mapping[tuple[str, int], Given | Callable[[httpx.Request], Given]] = field(default_factory=dict)
    plain: Mapping[str, int] = field(default_factory=dict)
    prefers: bool = True
    validates: bool = False
    lacks: frozenset[str] = frozenset()
    bad: Given | None = None
    other_method: Given = Given(405, (("allow", "POST"),))

    def but(self, operation: str, answer: Given | Callable[[httpx.Request], Given], *, status: int = 0) -> StaticMock:
        """The same mock with another answer."""
        key = status or (answer.status if isinstance(answer, Given) else 0)
        return replace(self, answers={**self.answers, (operation, key): answer})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answers one request."""
        answer = self._answer(request)
        return httpx.Response(answer.status, headers=list(answer.headers), content=answer.body)

    def _answer(self, request: httpx.Request) -> Given:
        path = request.url.path.removeprefix("/2.0")
        found = [(item, known) for known, item in openapi()["paths"].items() if _matches(known, path)]
        if not found:
            return Given(404, (("content-type", "text/plain"),), b"no such path")
        item = min(found, key=lambda pair: pair[1].count("{"))[0]
        operation = item.get(request.method.lower())
        if operation is None:
            return self.other_method
        name = operation["operationId"]
        if name in self.lacks:
            return Given(404, (("content-type", "text/plain"),), b"no such path")
        if self.validates and name == COMMIT and (bad := self._refusal(request)) is not None:
            return bad
        return self._example(operation, request)

    def _refusal(self, request: httpx.Request) -> Given | None:
        if "authorization" not in request.headers:
            return self._stated(COMMIT, 401)
        try:
            parts = json.loads(request.content)["parts"]
        except (ValueError, TypeError, KeyError):
            parts = None
        if "digest" in request.headers and isinstance(parts, list) and parts:
            return None
        return self.bad or self._stated(COMMIT, 400)

    def _example(self, operation: dict[str, Any], request: httpx.Request) -> Given:
        name, examples = operation["operationId"], dict(described(operation))
        status = self.plain.get(name, next((status for status, _ in examples), 200))
        wanted = dict(re.findall(r"(code|example)=([\w-]+)", request.headers.get("prefer", ""))) if self.prefers else {}
        status = int(wanted.get("code", status))
        other = self.answers.get((name, status)) or self.answers.get((name, 0))
        if other is not None:
            return other if isinstance(other, Given) else other(request)
        example = wanted.get("example", "")
        if (status, example) in examples:
            return examples[(status, example)]
        return Given(500, (("content-type", "application/problem+json"),), b'{"title": "no such answer"}')

    def _stated(self, name: str, status: int) -> Given:
        other = self.answers.get((name, status))
        if isinstance(other, Given):
            return other
        operation = next(
            one
            for item in openapi()["paths"].values()
            for one in item.values()
            if isinstance(one, dict) and one.get("operationId") == name
        )
        return dict(described(operation))[(status, "")]


def _matches(known: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), path) is not None


@contextmanager
def target_of(
    answer: Callable[[httpx.Request], httpx.Response], *, settings: RunSettings | None = None
) -> Iterator[tuple[Run, Target]]:
    """A target without a socket, and a run that has not asked it anything."""
    settings = settings or RunSettings(target=TargetSettings(url=URL, token="local-token"))
    wire = Wire(
        token=settings.target.token,
        origins=[URL],
        transport=httpx.MockTransport(answer),
        budget=settings.budget,
        sleep=lambda seconds: None,
    )
    run = Run(settings)
    target = Target(settings.target, wire, run_id="cc-static", seed=7, ledger_path=None, base_url=URL)
    try:
        yield run, target
    finally:
        wire.close()


def trial_of(answer: Callable[[httpx.Request], httpx.Response], *, settings: RunSettings | None = None) -> StaticTrial:
    """The trial of a mock that is said to be one."""
    with target_of(answer, settings=settings) as (run, target):
        return StaticTrial(run, target, Signs(said=True))


def verdicts_of(trial: StaticTrial) -> dict[str, dict[str, Any]]:
    """Every rule's event."""
    return {rule.id: trial.event(rule, test="test") for rule in Run(RunSettings(target=TargetSettings())).catalogue}


@contextmanager
def serving(answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[str]:
    """A mock on a socket of its own; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(length) if length else self._chunks()
            request = httpx.Request(
                self.command, f"http://mock{self.path}", headers=self.headers.items(), content=content
            )
            response = answer(request)
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            body = b"" if response.status_code in (204, 304) else response.content
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _chunks(self) -> bytes:
            body = b""
            while self.headers.get("transfer-encoding") == "chunked":
                size = int(self.rfile.readline(), 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    break
            return body

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the standard library

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/2.0"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def random_values(request: httpx.Request) -> httpx.Response:
    """A mock that makes up its answers: the members are right, and every value is another one each time."""
    path = request.url.path.removeprefix("/2.0")
    draw = random.SystemRandom()

    def text() -> str:
        return f"{draw.randrange(16**12):012X}"

    if request.method == "POST" and path == "/folders":
        return httpx.Response(201, json={"id": text(), "type": "folder", "name": text()})
    if path.endswith("/commit"):
        return httpx.Response(201, json={"total_count": 1, "entries": [{"id": text(), "type": "file"}]})
    if request.method == "PUT":
        record = {"part_id": text(), "offset": draw.randrange(10**9) + 8, "size": draw.randrange(10**9) + 8}
        return httpx.Response(200, json={"part": {**record, "sha1": text()}})
    if path.endswith("/parts"):
        entry = {"part_id": text(), "offset": draw.randrange(10**9), "size": draw.randrange(10**9) + 8}
        return httpx.Response(200, json={"total_count": 1, "entries": [entry]})
    if "upload_sessions" in path:
        shown = {"id": text(), "part_size": 65536, "total_parts": draw.randrange(1000) + 9, "num_parts_processed": 0}
        return httpx.Response(201 if request.method == "POST" else 200, json={**shown, "type": "upload_session"})
    return httpx.Response(200, json={"id": "0", "type": "folder", "name": text(), "entries": []})
