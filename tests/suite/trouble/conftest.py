"""One process that starts the runs, for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.suite.trouble.watched import Runs


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    with Runs() as process:
        yield process
