"""The workers of xdist: how tests are spread over them, and what becomes of what a worker has left that was ended.

Every worker gets one part of the run, dealt out as for shards, and tests it in the order in which one process would
have tested it. So what is found does not depend on which worker is quicker. Imported by a controller of xdist only,
which has little else to import before its workers can begin; what talks to the target is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from commit_conformance.verdict.sharding import file_of, parts_for

if TYPE_CHECKING:
    from commit_conformance.target.ledger import CleanupResult
    from commit_conformance.verdict.settings import RunSettings


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


def sweep_after(worker: str, run_id: str, ledger: Path, settings: RunSettings) -> CleanupResult:
    """Takes away what a worker has left that was ended before it could.

    Args:
        worker: Its name, for what is told.
        run_id: The run's; a ledger of another one, which lies there still, is left alone.
        ledger: Its ledger.
        settings: The run's: the target and its tokens.
    """
    from commit_conformance.target.api import Api
    from commit_conformance.target.ledger import CleanupResult, LedgerError, clean_up, read_ledger
    from commit_conformance.wire import Wire

    target = settings.target
    if target.is_mock or not ledger.exists():  # the embedded service has ended with its process
        return CleanupResult()
    told = f"what {worker} had made, which was ended: commit-conformance sweep {ledger}"
    try:
        header, entries = read_ledger(ledger)
    except LedgerError as error:
        return CleanupResult(left=[f"{told} ({error})"])
    if header.get("run") != f"{run_id}-{worker}":
        return CleanupResult()
    url, api_url = str(header["url"]), str(header.get("api_url") or header["url"])
    wire = Wire(
        token=target.token,
        credentials=target.credentials,
        origins=[url, api_url, *target.allowed_origins],
        rate=target.rate,
    )
    try:
        result = clean_up(Api(wire, upload_url=url, api_url=api_url), entries)
    finally:
        wire.close()
    return CleanupResult(deleted=result.deleted, left=[*result.left, *([told] if result.left else [])])
