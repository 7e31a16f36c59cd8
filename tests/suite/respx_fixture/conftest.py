from __future__ import annotations

from collections.abc import Iterator

import pytest

from commit_conformance.mock import CommitApi


@pytest.fixture
def api() -> Iterator[CommitApi]:
    with CommitApi() as api:
        yield api
