"""A transport adapter: what is sent with ``requests`` goes through an httpx client.

Schemathesis sends with ``requests``, and respx answers for httpx, so the one never sees the other. With this adapter in
a session of ``requests`` they meet, without a socket::

    session = requests.Session()
    session.mount("https://", HttpxAdapter(httpx.Client(transport=httpx.MockTransport(router.handler))))
    case.call_and_validate(base_url="https://api.example/2.0", session=session)

Checks that send a request of their own use the same session.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, Protocol

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectionError as Unreachable
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

#: Headers that tell how a body was sent; by now it is decoded and whole.
_OF_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Client(Protocol):
    """What is needed of a client; those of httpx and of its successors have it."""

    def request(
        self, method: str, url: str, *, content: bytes | None, headers: list[tuple[str, str]], follow_redirects: bool
    ) -> Any:
        """Sends a request and gives the answer, its body read."""


class HttpxAdapter(BaseAdapter):
    """Answers requests of a ``requests`` session with a client of httpx.

    Args:
        client: Where to send; it is not closed with the adapter.

    Attributes:
        sent: How many requests have gone through. Nothing was tested where it stays at zero.
    """

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.sent = 0
        self._client = client

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Sends one request. Timeouts, certificates and proxies are the client's affair.

        Raises:
            requests.exceptions.ConnectionError: The client could not have it answered.
        """
        body: Any = request.body
        content = body.encode() if isinstance(body, str) else body
        if content is not None and not isinstance(content, bytes):  # a file, or an iterator of pieces
            content = b"".join(piece if isinstance(piece, bytes) else str(piece).encode() for piece in content)
        lines = [(name, _text(value)) for name, value in request.headers.items() if name.lower() != "host"]
        try:
            answer = self._client.request(
                str(request.method), str(request.url), content=content, headers=lines, follow_redirects=False
            )
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "httpcore"):
                raise
            raise Unreachable(str(error) or type(error).__name__, request=request) from error
        self.sent += 1
        return self._response(request, answer)

    def _response(self, request: PreparedRequest, answer: Any) -> Response:
        headers = HTTPHeaderDict()
        for name, value in answer.headers.multi_items():
            if name.lower() not in _OF_TRANSFER:
                headers.add(name, value)
        response = Response()
        response.status_code = answer.status_code
        response.reason = answer.reason_phrase
        response.url = str(request.url)
        response.request = request
        response.headers = CaseInsensitiveDict(headers)
        response.encoding = answer.charset_encoding
        response.raw = HTTPResponse(
            body=io.BytesIO(answer.content), headers=headers, status=answer.status_code, preload_content=False
        )
        return response

    def close(self) -> None:
        """Does nothing: the client belongs to whoever made it."""


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
