"""Certificates are verified, by a CA of one's own where the environment names it; proxies are the environment's."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from commit_conformance.wire import Limits, Wire
from commit_conformance.wire.errors import Trouble

LIMITS = Limits(tries=1)


class Handler(BaseHTTPRequestHandler):
    """Answers every request, and notes what it was asked for."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("authorization", "")))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    asked: list[tuple[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Handler,), {"asked": asked}))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ca() -> trustme.CA:
    return trustme.CA()


@contextmanager
def https(ca: trustme.CA, name: str) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    with listening(context) as (port, _):
        yield f"https://localhost:{port}"


def status_of(url: str) -> int | None:
    wire = Wire(token="T0KEN", origins=[url], limits=LIMITS, sleep=lambda _: None)
    try:
        return wire.send("GET", f"{url}/users/me").status
    finally:
        wire.close()


def test_a_certificate_nobody_vouches_for_is_refused(ca: trustme.CA) -> None:
    with https(ca, "localhost") as url, pytest.raises(Trouble, match=r"(?i)certificate verify failed"):
        status_of(url)


def test_a_ca_of_ones_own_is_named_by_the_environment(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with https(ca, "localhost") as url:
        assert status_of(url) == 200


def test_a_certificate_of_another_host_is_refused(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with https(ca, "staging.example") as url, pytest.raises(Trouble, match=r"(?i)hostname mismatch|certificate"):
        status_of(url)


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as (port, asked):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert status_of("http://upload.staging.test") == 200
    assert asked == [("http://upload.staging.test/users/me", "Bearer T0KEN")]
