"""A run's requests once more, by a bare httpx client: the least that sending them can cost.

    python -m benchmarks.bare_replay record FILE -- run --target ...   # runs the command, keeps what it sent
    python -m benchmarks.bare_replay replay FILE URL                   # sends that again, one after the other
    python -m benchmarks.bare_replay replay FILE embedded --seed 1     # the same, to an embedded service

The service gives out its ids by its seed and in the order of requests. So a fresh one with the same seed answers nearly
every request of the replay as it did in the run; how many it does is printed with the time.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

#: Method, URL, header lines, body and status of one request.
Sent = tuple[str, str, list[tuple[bytes, bytes]], bytes, int]


def record(path: Path, command: Sequence[str]) -> int:
    """Runs the suite's command line with these arguments, and keeps every request in a file."""
    from commit_conformance.cli import main

    sent: list[Sent] = []
    lock = threading.Lock()
    plain = httpx.Client._send_single_request

    def keeping(self: httpx.Client, request: httpx.Request) -> httpx.Response:
        body = request.read()
        with lock:
            place = len(sent)
            sent.append((request.method, str(request.url), request.headers.raw, body, 0))
        response = plain(self, request)
        sent[place] = (*sent[place][:4], response.status_code)
        return response

    httpx.Client._send_single_request = keeping  # type: ignore[method-assign]
    try:
        main(list(command), standalone_mode=False)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    path.write_bytes(pickle.dumps(sent))
    return code


def replay(path: Path, url: str, *, seed: int) -> dict[str, float]:
    """Sends it all again; gives seconds, requests, and how many were answered with the same status."""
    sent: list[Sent] = pickle.loads(path.read_bytes())
    transport, close = None, None
    if url == "embedded":
        from commit_conformance.target.embedded import BASE_URL, embedded
        from commit_conformance.target.settings import TargetSettings

        _, transport, close = embedded(TargetSettings(url="mock"), seed=seed)
        url = BASE_URL
    where = urlsplit(url)
    same = 0
    with httpx.Client(transport=transport, timeout=60.0, trust_env=False) as client:
        started = time.perf_counter()
        for method, address, headers, body, status in sent:
            there = httpx.URL(address).copy_with(scheme=where.scheme, host=where.hostname, port=where.port)
            lines = [line for line in headers if line[0].lower() not in (b"host", b"content-length")]
            answer = client.request(method, there, headers=lines, content=body)
            same += answer.status_code == status
        seconds = time.perf_counter() - started
    if close is not None:
        close()
    return {"seconds": seconds, "requests": len(sent), "same": same}


def main(given: Sequence[str]) -> int:
    """Records or replays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("file", type=Path)
    recording.add_argument("command", nargs="+")
    replaying = commands.add_parser("replay")
    replaying.add_argument("file", type=Path)
    replaying.add_argument("url")
    replaying.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(given)
    if options.what == "record":
        return record(options.file, options.command)
    print(json.dumps(replay(options.file, options.url, seed=options.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
