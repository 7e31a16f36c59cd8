"""Failing examples that are kept from one run to the next, so that they are tried first.

In a folder, one a rule: Hypothesis keeps the drawn ones there in a form of its own, and ``fixed.txt`` has the words of
the fixed ones, a line each. Or in a database that several machines share; or in both. What no longer fails is
forgotten, so they may be kept for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, MultiplexedDatabase

from commit_conformance.verdict.shared_examples import shared_examples
from strategies.plan import CommitPlan

_FIXED = "fixed.txt"
#: The key of the fixed examples of a rule in a shared database; those of Hypothesis are digests.
_FIXED_KEY = b"fixed"


class Kept:
    """The failing examples of earlier runs.

    Args:
        folder: Where they are; None keeps none in a folder.
        shared: URL of the Redis where they are as well; empty for none.
    """

    def __init__(self, folder: Path | None, *, shared: str = "") -> None:
        self._folder = folder
        self._shared = shared

    def database(self, rule_id: str) -> ExampleDatabase | None:
        """Where Hypothesis keeps the drawn examples of a rule."""
        shared = self._shared_by(rule_id)
        if self._folder is None:
            return shared
        own = DirectoryBasedExampleDatabase(self._folder / rule_id)
        return MultiplexedDatabase(own, shared) if shared is not None else own

    def first(self, rule_id: str, plans: Sequence[CommitPlan], count: int | None) -> Sequence[CommitPlan]:
        """The first ``count`` plans of a rule, all when it is None, and before them those that failed last time."""
        known = {*self._read(rule_id), *self._read_shared(rule_id)}
        failed = [plan for plan in plans if str(plan) in known]
        return [*failed, *(plan for plan in plans[:count] if plan not in failed)]

    def note(self, rule_id: str, plan: CommitPlan, *, failed: bool) -> None:
        """Keeps a fixed plan that failed, or forgets one that did not."""
        shared, words = self._shared_by(rule_id), str(plan)
        if shared is not None:
            (shared.save if failed else shared.delete)(_FIXED_KEY, words.encode())
        if self._folder is None:
            return
        known = self._read(rule_id)
        if failed is (words in known):
            return
        known = [*known, words] if failed else [line for line in known if line != words]
        path = self._folder / rule_id / _FIXED
        if not known:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")

    def _shared_by(self, rule_id: str) -> ExampleDatabase | None:
        return shared_examples(self._shared, rule_id) if self._shared else None

    def _read(self, rule_id: str) -> list[str]:
        if self._folder is None:
            return []
        path = self._folder / rule_id / _FIXED
        return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []

    def _read_shared(self, rule_id: str) -> list[str]:
        shared = self._shared_by(rule_id)
        return [words.decode(errors="replace") for words in shared.fetch(_FIXED_KEY)] if shared is not None else []
