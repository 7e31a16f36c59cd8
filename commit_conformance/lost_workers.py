"""What becomes of what a worker of xdist has left that was ended before its time."""

from __future__ import annotations

from pathlib import Path

from commit_conformance.target.api import Api
from commit_conformance.target.ledger import CleanupResult, LedgerError, clean_up, read_ledger
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Wire


def sweep_after(worker: str, run_id: str, ledger: Path, settings: RunSettings) -> CleanupResult:
    """Takes away what a worker has left that was ended before it could.

    Args:
        worker: Its name, for what is told.
        run_id: The run's; a ledger of another one, which lies there still, is left alone.
        ledger: Its ledger.
        settings: The run's: the target and its tokens.
    """
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
