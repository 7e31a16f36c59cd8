"""A token that a server gives back in every place it can is in no file that a run writes, and not in the terminal."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from commands import commit_conformance

from commit_conformance.reference import configure
from commit_conformance.reference.respx_adapter import mock_transport
from commit_conformance.report.formats import FORMATS

CANARY = "canaryTOKEN0123456789abcdef"
SECOND = "canarySECOND0123456789abcdef"


@contextmanager
def echoing_server() -> Iterator[str]:
    """The reference service behind a server that repeats the token in headers, bodies, messages and URLs."""
    with configure(part_size=4096, tokens={CANARY: "1", SECOND: "2"}) as service:
        base = "http://service.test"
        client = httpx.Client(transport=mock_transport(service, base_url=base))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # header and body are two writes, and an answer would wait for both

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                sent = [
                    (name, value) for name, value in self.headers.items() if name.lower() not in ("host", "connection")
                ]
                got = client.request(self.command, base + self.path, headers=sent, content=body)
                token = self.headers.get("authorization", "").removeprefix("Bearer ")
                content = echo(got, token, here=f"http://{self.headers['host']}", base=base)
                self.send_response(got.status_code)
                for name, value in got.headers.multi_items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("X-Echo", f"Bearer {token}")
                self.send_header("Set-Cookie", f"session={token}; Path=/")
                self.send_header("X-Request", f"https://user:{token}@host/?access_token={token}")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = do_HEAD = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Nothing is said."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            client.close()


def echo(got: httpx.Response, token: str, *, here: str, base: str) -> bytes:
    text = got.content.replace(base.encode(), here.encode())
    if "json" not in got.headers.get("content-type", ""):
        return text
    body = json.loads(text or b"null")
    if isinstance(body, dict):
        body["echo"] = {"authorization": f"Bearer {token}", token: [token]}
        if got.status_code >= 400:
            body["message"] = f"the token {token} may not do that"
        for entry in body.get("entries") or ():
            entry["download_url"] = f"https://dl.test/file?access_token={token}"
            entry["shared_link"] = {"url": f"https://app.test/s/{token}", "download_url": f"https://app.test/{token}"}
    return json.dumps(body).encode()


def test_the_token_is_nowhere_but_on_the_wire(tmp_path: Path) -> None:
    with echoing_server() as url:
        environment = {"COMMIT_CONFORMANCE_SECOND_TOKEN": SECOND}
        arguments = ("--target", url, "--report", ",".join(FORMATS), "--out", str(tmp_path / "run"))
        done = commit_conformance("run", *arguments, "-vv", token=CANARY, environment=environment)
        again = commit_conformance("report", str(tmp_path / "run"), "-vv", token=None)
        replayed = commit_conformance(
            "replay",
            str(tmp_path / "run"),
            "TOKEN-ECHO",
            "--effort",
            "quick",
            "--out",
            str(tmp_path / "replay"),
            token=CANARY,
        )
    assert done.returncode == 1, done.stdout + done.stderr  # TOKEN-ECHO, at the least
    assert "TOKEN-ECHO" in done.stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > len(FORMATS)
    for secret in (CANARY, SECOND):
        for said in (done, again, replayed):
            assert secret not in said.stdout + said.stderr
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []
    assert replayed.returncode == 1, replayed.stdout + replayed.stderr


def test_the_server_did_give_it_back(tmp_path: Path) -> None:
    """Or the test above could not fail."""
    with echoing_server() as url:
        answer = httpx.get(f"{url}/users/me", headers={"authorization": f"Bearer {CANARY}"})
        assert answer.text.count(CANARY) >= 3
        assert CANARY in answer.headers["x-echo"]
