"""What ``run --dry-run`` prints: what the run would cost, without a request to the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from commit_conformance.rehearsal import (
    DOCUMENTED_PART,
    DOCUMENTED_SMALLEST,
    Plan,
    RehearsalFailed,
    rehearse,
    what_is_asked,
)
from commit_conformance.report.plain import plain_line, size_text
from commit_conformance.settings import PUBLIC_RATE, run_settings
from commit_conformance.target.embedded import PART_SIZE


def dry_run(given: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Tells what a run would cost; gives whether that could be found out.

    Args:
        given: Options of the run by field name.
        say: Takes lines to print.

    Raises:
        UsageProblem: An option is wrong.
    """
    settings = run_settings(given)
    small = settings.target.is_mock
    try:
        plan = rehearse(
            what_is_asked(settings),
            part_size=PART_SIZE if small else DOCUMENTED_PART,
            smallest=PART_SIZE if small else DOCUMENTED_SMALLEST,
            rate=settings.target.rate,
        )
    except RehearsalFailed as problem:
        say(plain_line(f"{problem}", 600))
        return False
    for line in _lines(plan, settings.target.url, str(settings.effort), settings.budget.as_json()):
        say(line)
    large = settings.target.large_file
    if large is not None:  # never rehearsed: it would cost as much as the run
        say(f"On top of this comes --large-file: {size_text(large)} in parts of {size_text(plan.part_size)}, once.")
    return True


def _lines(plan: Plan, target: str, effort: str, limits: Mapping[str, int | None]) -> Iterator[str]:
    yield plain_line(f"nothing was sent to {target}; a rehearsal on the embedded service took for effort {effort}")
    yield f"  requests         {plan.requests:,}, of which {plan.upload_requests:,} to the upload endpoints"
    yield f"  upload sessions  {plan.sessions:,}"
    yield f"  committed files  {plan.committed_files:,}, all taken away again"
    yield f"  bytes of parts   {size_text(plan.part_bytes)}, where parts have {size_text(plan.part_size)}"
    yield f"                   and the smallest file {size_text(plan.smallest)}"
    rate = plan.rate or PUBLIC_RATE
    told = "" if plan.rate else ", which is documented for Box; without --rate no pace is kept"
    yield f"  time             {plan.upload_requests / rate:.1f} minutes at {rate} upload requests a minute{told}"
    named = [f"{limit:,} {name.replace('_', ' ')}" for name, limit in limits.items() if limit is not None]
    yield f"  never more than  {', '.join(named) or 'it takes: there is no limit at this effort'}"
    yield "A target that answers 202 or 429, or that fails rules, which are then asked again, costs more than this."
