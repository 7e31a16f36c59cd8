"""The workers of xdist: how tests are spread over them.

Every worker gets one part of the run, dealt out as for shards, and tests it in the order in which one process would
have tested it. So what is found does not depend on which worker is quicker. Imported by a controller of xdist only,
which has nothing else to import before its workers can begin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from commit_conformance.verdict.sharding import file_of, parts_for


class PartScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each worker one part of the tests, whole. Who takes the place of another one gets the rest of its part.

    Args:
        config, log: xdist's.
        effort: Gives the run's effort; asked when the tests are known.
    """

    def __init__(self, config: pytest.Config, log: Any, *, effort: Callable[[], str]) -> None:
        super().__init__(config, log)
        self._effort = effort
        self._parts: dict[str, int] = {}

    def schedule(self) -> None:
        """Deals the tests out, once every worker has told which there are."""
        if not self._parts:
            tests = next(iter(self.registered_collections.values()))
            self._parts = parts_for(tests, self.numnodes, effort=self._effort)
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]  # of other tests than the suite's, each file for itself
        return str(self._parts.get(file_of(nodeid), file))
