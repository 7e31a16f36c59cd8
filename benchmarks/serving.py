"""The reference service for benchmarks: as a process of its own on loopback, or embedded; and its commit alone."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.measured import own_python

TOKEN = "token-of-user-1"
PART = 4096


@dataclass(frozen=True, slots=True)
class Served:
    """A service that runs.

    Attributes:
        url: Its address; empty for an embedded one, which every run starts for itself.
        options: What tells `commit-conformance run` of it.
    """

    url: str
    options: tuple[str, ...]


@contextmanager
def service(place: str) -> Iterator[Served]:
    """A fresh service with seed 1: ``embedded``, or behind a ``socket`` in a process that ends with the context."""
    if place == "embedded":
        yield Served("", ())
        return
    process = subprocess.Popen(own_python("-m", "benchmarks.serving"), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        yield Served(url, ("--target", url))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def commit_of(parts: int, *, size: int = 16) -> float:
    """Seconds that the service takes for the commit of a file of so many parts of ``size`` bytes, without a socket."""
    from commit_conformance.reference import Request, configure

    def ask(method: str, target: str, body: bytes, **headers: str) -> dict[str, object]:
        lines = (
            ("authorization", f"Bearer {TOKEN}"),
            *((key.replace("_", "-"), value) for key, value in headers.items()),
        )
        answer = service.handle(Request(method=method, target=target, headers=lines, body=body))
        assert answer.status in (200, 201), (answer.status, answer.body)
        assert isinstance(answer.body, bytes)
        document = json.loads(answer.body)
        assert isinstance(document, dict)
        return document

    with configure(part_size=size, min_file_size=1, tokens={TOKEN: "1"}) as service:
        total = parts * size
        wanted = {"folder_id": "0", "file_name": "a", "file_size": total}
        session = ask(
            "POST", "/2.0/files/upload_sessions", json.dumps(wanted).encode(), content_type="application/json"
        )
        place = f"/2.0/files/upload_sessions/{session['id']}"
        content, taken = hashlib.sha1(), []
        for number in range(parts):
            chunk = number.to_bytes(8, "big") * (size // 8)
            content.update(chunk)
            where = f"bytes {number * size}-{(number + 1) * size - 1}/{total}"
            told = ask("PUT", place, chunk, digest=_digest(hashlib.sha1(chunk).digest()), content_range=where)
            taken.append(told["part"])
        body = json.dumps({"parts": taken}).encode()
        began = time.perf_counter()
        ask("POST", f"{place}/commit", body, digest=_digest(content.digest()), content_type="application/json")
        return time.perf_counter() - began


def _digest(value: bytes) -> str:
    return f"sha={base64.b64encode(value).decode()}"


def main() -> None:
    """Serves until it is ended; prints the address first."""
    from commit_conformance.reference import Settings
    from commit_conformance.reference.server import serve

    serve(Settings(part_size=PART, tokens={TOKEN: "1"}, seed=1), ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
