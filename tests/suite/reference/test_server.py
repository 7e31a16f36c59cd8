from __future__ import annotations

import builtins
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from box_client import TOKEN, sha

from commit_conformance.reference import Request, Response, Service, configure
from commit_conformance.reference.server import ServerThread, serve

pytest.importorskip("aiohttp")
ROOT = Path(__file__).parents[3]
AUTH = {"authorization": f"Bearer {TOKEN}"}


@contextlib.contextmanager
def serving(handler: Any) -> Iterator[httpx.Client]:
    with ServerThread(handler) as server, httpx.Client(base_url=f"{server.url}/api/2.0", headers=AUTH) as client:
        yield client


def upload(client: httpx.Client, data: bytes, *, name: str = "a") -> tuple[dict[str, str], list[dict[str, Any]]]:
    document = {"folder_id": "0", "file_size": len(data), "file_name": name}
    session = client.post("/files/upload_sessions", json=document).json()
    parts = []
    for offset in range(0, len(data), session["part_size"]):
        chunk = data[offset : offset + session["part_size"]]
        headers = {"digest": sha(chunk), "content-range": f"bytes {offset}-{offset + len(chunk) - 1}/{len(data)}"}
        answer = client.put(session["session_endpoints"]["upload_part"], content=chunk, headers=headers)
        assert answer.status_code == 200, answer.text
        parts.append(answer.json()["part"])
    return session["session_endpoints"], parts


def raw(client: httpx.Client, head: str, body: bytes = b"") -> bytes:
    """What a server answers to bytes as they are."""
    where = urlsplit(str(client.base_url))
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_a_file_is_uploaded_over_a_socket(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40_000
    with configure(["part-size=1MiB"], spool_directory=tmp_path) as service, serving(service) as client:
        endpoints, parts = upload(client, data)
        assert endpoints["commit"].startswith(str(client.base_url))
        answer = client.post(endpoints["commit"], json={"parts": parts}, headers={"digest": sha(data)})
        assert answer.status_code == 201
        assert client.get(f"/files/{answer.json()['entries'][0]['id']}/content").content == data


def test_a_chunked_body_is_taken() -> None:
    with configure() as service, serving(service) as client:
        endpoints, parts = upload(client, b"12345")
        body = json.dumps({"parts": parts}).encode()
        headers = {"digest": sha(b"12345"), "content-type": "application/json"}
        answer = client.post(endpoints["commit"], content=iter([body[:9], body[9:]]), headers=headers)
        assert answer.status_code == 201


def test_an_expectation_is_met_before_the_body_is_sent() -> None:
    with configure() as service, serving(service) as client:
        where = urlsplit(str(client.base_url))
        body = b'{"name": "f", "parent": {"id": "0"}}'
        head = (
            f"POST /2.0/folders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(head.encode())
            assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
            connection.sendall(body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_body_announced_beyond_the_limit_is_refused_at_once() -> None:
    with configure() as service, serving(service) as client:
        where = urlsplit(str(client.base_url))
        head = f"POST /2.0/folders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99999999999"
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_session_id_of_a_megabyte_gets_an_error_document() -> None:
    with configure() as service, serving(service) as client:
        answer = raw(
            client,
            f"POST /2.0/files/upload_sessions/{'A' * 10**6}/commit HTTP/1.1\nHost: x\nConnection: close\n"
            f"Authorization: Bearer {TOKEN}",
        )
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "invalid_upload_session_id"


def test_an_answer_has_only_its_own_headers() -> None:
    with configure(["processing=1"]) as service, serving(service) as client:
        endpoints, parts = upload(client, b"12345")
        answer = client.post(endpoints["commit"], json={"parts": parts}, headers={"digest": sha(b"12345")})
        assert (answer.status_code, answer.content) == (202, b"")
        assert "content-type" not in answer.headers
        assert client.delete(endpoints["abort"]).status_code == 204


def test_requests_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    class Meeting:
        def handle(self, request: Request) -> Response:
            both.wait()
            return Response(status=204)

    with serving(Meeting()) as client, ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda path: client.get(path).status_code, ["/a", "/b"])
        assert list(answers) == [204, 204]


def test_concurrent_commits_make_one_file() -> None:
    with configure() as service, serving(service) as client, ThreadPoolExecutor(8) as threads:
        endpoints, parts = upload(client, b"12345")

        def commit(_: int) -> int:
            headers = {"digest": sha(b"12345")}
            return client.post(endpoints["commit"], json={"parts": parts}, headers=headers).status_code

        assert set(threads.map(commit, range(8))) == {201}
        assert client.get("/folders/0/items").json()["total_count"] == 1


class _Wire:
    def __init__(self, wire: Any) -> None:
        self.wire = wire

    def handle(self, request: Request) -> Response:
        headers = (("Content-Type", "text/plain"),)
        return Response(status=200, headers=headers, body=b"0123456789", wire=self.wire)


def test_a_connection_can_be_reset_instead_of_answered() -> None:
    with serving(_Wire("reset")) as client, pytest.raises(httpx.ReadError):
        client.get("/x")


def test_an_answer_can_break_off() -> None:
    with serving(_Wire("truncate")) as client:
        answer = raw(client, "GET /x HTTP/1.1\nHost: x")
        assert b"content-length: 10" in answer.lower()
        assert answer.endswith(b"\r\n\r\n01234")


def test_the_service_learns_of_an_answer_that_was_lost() -> None:
    lost, answering = threading.Event(), threading.Event()

    class Slow:
        def handle(self, request: Request) -> Response:
            answering.wait(10)
            return Response(status=204, undelivered=lost.set)

    with serving(Slow()) as client:
        where = urlsplit(str(client.base_url))
        connection = socket.create_connection((where.hostname, where.port), timeout=10)
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.close()
        threading.Timer(0.2, answering.set).start()
        assert lost.wait(10)


def test_a_client_that_goes_away_in_a_body_leaves_the_server_well() -> None:
    with configure() as service, serving(service) as client:
        where = urlsplit(str(client.base_url))
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            head = f"POST /2.0/folders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 99"
            connection.sendall(f"{head}\r\n\r\n{{".encode())
        assert client.get("/users/me").status_code == 200


def test_what_a_client_sends_wrongly_is_no_failure_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with configure() as service, serving(service) as client:
        assert b" 400 " in raw(client, "GET / HTTP/1.1\nHost: a\nX-Null: \x00").splitlines()[0]
    assert caplog.records == []


def test_a_taken_port_is_an_error() -> None:
    with serving(configure()) as client:
        port = urlsplit(str(client.base_url)).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            ServerThread(configure(), port=port).__enter__()


def test_serving_ends_at_a_signal() -> None:
    script = (
        "from commit_conformance.reference.server import serve\n"
        "serve(ready=lambda url: print(url, flush=True), faults=['no-challenge'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answer = httpx.get(f"{url}/2.0/users/me")
        assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close() if process.stdout else None


def test_large_files_lie_in_the_folder_that_was_named_and_leave_it_with_the_server(tmp_path: Path) -> None:
    store, part = tmp_path / "store", 1024 * 1024
    words = ["serve", "--port", "0", "--part-size", "1MiB", "--store", str(store)]
    command = [sys.executable, "-m", "commit_conformance", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=f"{url}/2.0", headers=AUTH) as client:
                document = {"folder_id": "0", "file_size": 9 * part, "file_name": "a"}
                session = client.post("/files/upload_sessions", json=document).json()
                lines = {"digest": sha(bytes(part)), "content-range": f"bytes 0-{part - 1}/{9 * part}"}
                answer = client.put(session["session_endpoints"]["upload_part"], content=bytes(part), headers=lines)
            assert answer.status_code == 200
            assert [path.stat().st_size for path in store.glob("*/*")] == [part]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
    assert list(store.iterdir()) == []


def test_without_aiohttp_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("aiohttp"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(RuntimeError, match=r"pip install 'box-commit-conformance\[serve\]'"):
        serve()


def test_faults_and_behaviours_are_light_to_import() -> None:
    script = (
        "import sys, commit_conformance.reference.faults, commit_conformance.reference.behaviours\n"
        "heavy = {'aiohttp', 'httpx', 'respx', 'pytest', 'hypothesis'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_reference_shares_nothing_with_the_rest() -> None:
    package = ROOT / "commit_conformance" / "reference"
    lines = [line for path in package.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]
    imports = [line for line in lines if "commit_conformance" in line and line.strip().startswith(("from", "import"))]
    assert imports
    assert not [line for line in imports if "commit_conformance.reference" not in line]


def test_generated_clients_can_upload_a_large_file() -> None:
    sdk = pytest.importorskip("box_sdk_gen")
    import io

    data = bytes(range(256)) * 100_000
    service = Service(configure(["part-size=8MiB"]).settings)
    with service, ServerThread(service) as server:
        client = sdk.BoxClient(auth=sdk.BoxDeveloperTokenAuth(token=TOKEN))
        urls = sdk.BaseUrls(base_url=server.url, upload_url=f"{server.url}/api", oauth_2_url=server.url)
        client = client.with_custom_base_urls(urls)
        file = client.chunked_uploads.upload_big_file(io.BytesIO(data), "big.bin", len(data), "0")
        assert (file.name, file.size) == ("big.bin", len(data))
