"""An upload service as somebody else might have written it, for trying the suite on a server it was not made with.

Routes, functions, dicts; the standard library and nothing of this project. Where the contract leaves a choice, this
server takes the less common one: endpoints of its own, upper-case hashes, etags that jump, 304, 422, strict order,
hashing that takes two more requests. ``faults.py`` lists the ways in which it can be wrong on purpose.

    python -m tests.suite.other_server.server 8099 --fault open-end
"""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.suite.other_server.commits import abort, commit, roll_back
from tests.suite.other_server.faults import FAULTS
from tests.suite.other_server.items import (
    TOKENS,
    create_folder,
    delete_file,
    delete_folder,
    list_folder,
    new_database,
    show_content,
    show_file,
    show_folder,
    show_me,
)
from tests.suite.other_server.requests import Answer, Refused, Row
from tests.suite.other_server.sessions import (
    list_parts,
    show_session,
    start_for_new_file,
    start_for_new_version,
    upload_part,
)

MAX_BODY = 32 * 1024 * 1024  # bytes; a list of 10^5 parts is below it

View = Callable[[Row, Row], Answer]
ROUTES: list[tuple[str, dict[str, View]]] = [
    (r"/users/me", {"GET": show_me}),
    (r"/folders", {"POST": create_folder}),
    (r"/folders/(?P<id>[^/]+)", {"GET": show_folder, "DELETE": delete_folder}),
    (r"/folders/(?P<id>[^/]+)/items", {"GET": list_folder}),
    (r"/files/upload_sessions", {"POST": start_for_new_file}),
    (r"/files/(?P<id>[^/]+)", {"GET": show_file, "DELETE": delete_file}),
    (r"/files/(?P<id>[^/]+)/content", {"GET": show_content}),
    (r"/files/(?P<id>[^/]+)/upload_sessions", {"POST": start_for_new_version}),
    (r"/chunked/(?P<id>[^/]+)", {"GET": show_session, "DELETE": abort}),
    (r"/chunked/(?P<id>[^/]+)/piece", {"PUT": upload_part}),
    (r"/chunked/(?P<id>[^/]+)/pieces", {"GET": list_parts}),
    (r"/chunked/(?P<id>[^/]+)/finish", {"POST": commit}),
]


def dispatch(db: Row, method: str, target: str, headers: Any, body: bytes, connection: Any) -> Answer:
    url = urlsplit(target)
    matches = [(re.fullmatch("/2.0" + pattern, url.path), views) for pattern, views in ROUTES]
    match, views = next(((match, views) for match, views in matches if match), (None, {}))
    asked = match.groupdict() if match else {}
    if db["fault"] == "lookup-before-token" and "/chunked/" in url.path and asked.get("id") not in db["sessions"]:
        raise Refused(404, "not_found", "No such upload session")
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if db["fault"] == "token-prefix":
        token = next((known for known in TOKENS if token.startswith(known)), token)
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    if user is None:
        raise Refused(401, "unauthorized", "A token is needed", headers={"WWW-Authenticate": 'Bearer realm="files"'})
    if headers.get("Box-Version", "2024.0") != "2024.0":
        raise Refused(400, "invalid_api_version", "The only version is 2024.0")
    if match is None:
        raise Refused(404, "not_found", "Nothing is here")
    if method not in views:
        raise Refused(405, "method_not_allowed", "Not by this method", headers={"Allow": ", ".join(views)})
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    request = {"user": user, "headers": headers, "body": body, "query": query, "id": None, **asked}
    request.update(base=f"http://{headers.get('Host')}/2.0", connection=connection)
    answer = views[method](db, request)
    if "undo" in request and client_gone(db, connection):
        roll_back(db, answer, request["undo"])
    return answer


def client_gone(db: Row, connection: socket.socket) -> bool:
    """Whether the client hangs up soon; others are served meanwhile."""
    db["lock"].release()
    try:
        readable, _, _ = select.select([connection], [], [], 0.05)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except ConnectionError:
        return True
    finally:
        db["lock"].acquire()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets one at a time through, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written one after the other
    server: Server

    def handle_any(self) -> None:
        try:
            body = self.read_body()
            with self.server.db["lock"]:
                answer = dispatch(self.server.db, self.command, self.path, self.headers, body, self.connection)
        except Refused as refused:
            answer = refused.answer()
        self.write(*answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = handle_any  # noqa: N815

    def read_body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            try:
                while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                    self.rfile.read(size + 2)
                while self.rfile.readline().strip():
                    pass
            except ValueError:
                self.close_connection = True
            raise Refused(411, "length_required", "Say how long the body is")
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,12}", length):
            self.close_connection = True
            raise Refused(400, "bad_request", "Content-Length is not a number")
        body = self.rfile.read(min(int(length), MAX_BODY))
        if int(length) > MAX_BODY:
            self.close_connection = True
            raise Refused(413, "request_entity_too_large", "The body is too long")
        return body

    def write(self, status: int, body: Row | bytes | None, headers: dict[str, str]) -> None:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if data:
            self.send_header("Content-Type", headers.pop("Content-Type", "application/json"))
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses (a broken request line, an endless URL), as JSON like the rest."""
        self.close_connection = True
        self.write(*Refused(code, "bad_request", message or "Not a request", headers={"Connection": "close"}).answer())

    def log_message(self, *arguments: Any) -> None:
        """Keeps quiet."""


class Server(ThreadingHTTPServer):
    """The service on a loopback port; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int = 0, fault: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.db = new_database(fault)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/2.0"


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve uploads on a loopback port.")
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--fault", choices=sorted(FAULTS))
    arguments = parser.parse_args()
    with Server(arguments.port, arguments.fault) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
