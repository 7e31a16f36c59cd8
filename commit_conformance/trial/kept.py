"""Failing examples that are kept from one run to the next, so that they are tried first.

One folder a rule: Hypothesis keeps the drawn ones there in a form of its own, and ``fixed.txt`` has the words of the
fixed ones, a line each. What no longer fails is forgotten, so a folder may be kept for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from strategies.plan import CommitPlan

_FIXED = "fixed.txt"


class Kept:
    """The failing examples of earlier runs.

    Args:
        folder: Where they are; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def database(self, rule_id: str) -> ExampleDatabase | None:
        """Where Hypothesis keeps the drawn examples of a rule."""
        return DirectoryBasedExampleDatabase(self._folder / rule_id) if self._folder else None

    def first(self, rule_id: str, plans: Sequence[CommitPlan], count: int | None) -> Sequence[CommitPlan]:
        """The first ``count`` plans of a rule, all when it is None, and before them those that failed last time."""
        known = set(self._read(rule_id))
        failed = [plan for plan in plans if str(plan) in known]
        return [*failed, *(plan for plan in plans[:count] if plan not in failed)]

    def note(self, rule_id: str, plan: CommitPlan, *, failed: bool) -> None:
        """Keeps a fixed plan that failed, or forgets one that did not."""
        if self._folder is None:
            return
        known = self._read(rule_id)
        words = str(plan)
        if failed is (words in known):
            return
        known = [*known, words] if failed else [line for line in known if line != words]
        path = self._folder / rule_id / _FIXED
        if not known:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")

    def _read(self, rule_id: str) -> list[str]:
        if self._folder is None:
            return []
        path = self._folder / rule_id / _FIXED
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
