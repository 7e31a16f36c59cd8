"""The pytest plugin for users' own projects: the fixture ``commit_api``, and nothing else.

pytest loads it in every project of an environment that this package is installed in. Hence it adds no option, no hook
and no marker, and imports nothing until the fixture is asked for. It has nothing to do with
`commit_conformance.plugin`, which runs the rules against a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commit_conformance.mock import CommitApi

__all__ = ["commit_api"]


@pytest.fixture
def commit_api() -> Iterator[CommitApi]:
    """Box's upload API for httpx clients: sessions, parts, commits, files. No real socket is opened meanwhile."""
    from commit_conformance.mock import CommitApi

    with CommitApi() as api:
        yield api
