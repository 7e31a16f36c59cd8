"""Targets to work on: a function that answers, or the reference service, both without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from commit_conformance.reference import Service, configure
from commit_conformance.reference.respx_adapter import mock_transport
from commit_conformance.target.api import Api
from commit_conformance.target.bank import Bank
from commit_conformance.target.ledger import Ledger
from commit_conformance.wire import Exchange, Limits, Wire

BASE = "https://target.test/2.0"
TOKEN = "token-of-user-1"
PART_SIZE = 16
FILE_SIZE = 3 * PART_SIZE + 5
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Bench:
    """A target with what was sent to it, as ``METHOD path``."""

    wire: Wire
    api: Api
    ledger: Ledger
    bank: Bank
    slept: list[float]
    service: Service | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def sent(self) -> list[str]:
        return [f"{exchange.method} {exchange.url.removeprefix(BASE)}" for exchange in self.exchanges]

    def names(self, folder_id: str = "0") -> list[str]:
        items = self.api.folder_items(folder_id)
        assert isinstance(items, list)
        return sorted(item["name"] for item in items)


def bench(
    transport: httpx.BaseTransport, *, service: Service | None = None, path: Path | None = None, **options: Any
) -> Bench:
    slept: list[float] = []
    limits = Limits(tries=2)
    wire = Wire(token=TOKEN, origins=[BASE], transport=transport, sleep=slept.append, limits=limits, **options)
    api = Api(wire, upload_url=BASE, api_url=BASE)
    ledger = Ledger(path, target={"url": BASE, "api_url": None, "run": "run-1", "folder_id": "0"})
    bank = Bank(api=api, ledger=ledger, folder_id="0", prefix="run-1", key="7", file_size=FILE_SIZE)
    made = Bench(wire=wire, api=api, ledger=ledger, bank=bank, slept=slept, service=service)
    wire._listeners.append(made.exchanges.append)
    return made


def on_reference(
    *behaviours: str,
    path: Path | None = None,
    faults: tuple[str, ...] = (),
    through: Callable[[httpx.BaseTransport], httpx.BaseTransport] = lambda transport: transport,
) -> Bench:
    """The reference service with parts of a few bytes; ``through`` stands in the way to it."""
    service = configure(behaviours, faults, part_size=PART_SIZE, tokens={TOKEN: "1"}, seed=7)
    return bench(through(mock_transport(service, base_url=BASE)), service=service, path=path)


def on_handler(handler: Handler, **options: Any) -> Bench:
    """A target that is a function."""
    return bench(httpx.MockTransport(handler), **options)


def always(status: int, body: Any = None, **headers: str) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return httpx.Response(status, headers=headers, content=content)

    return handle
