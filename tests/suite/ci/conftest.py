"""Servers on loopback that the recipes test: one that keeps the contract, and one that commits lists with holes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from commit_conformance.reference import Service, configure
from commit_conformance.reference.server import ServerThread

#: Found nowhere in what this project writes by itself.
TOKEN = "s3cret-of-staging-8f1c"


@pytest.fixture(scope="session")
def token() -> str:
    return TOKEN


@pytest.fixture
def right() -> Iterator[tuple[str, Service]]:
    yield from _served()


@pytest.fixture
def wrong() -> Iterator[tuple[str, Service]]:
    yield from _served("accepts-gap")


def _served(*faults: str) -> Iterator[tuple[str, Service]]:
    service = configure((), faults, tokens={TOKEN: "1"}, part_size=4096, seed=5)
    with service, ServerThread(service) as server:
        yield server.url, service


@pytest.fixture(scope="session")
def installed() -> dict[tuple[str, str], str]:
    """What installing steps have done already: see `tests.suite.ci.workflows`."""
    return {}


@pytest.fixture(scope="session", autouse=True)
def _bash() -> None:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
