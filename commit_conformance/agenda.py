"""The agenda of a run: which tests this process runs, in which order, and what it leaves to others.

A run is divided among shards, which find the same division by themselves, and among workers of xdist, which are given
their parts by the controller. All of them keep to the order of a whole run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pytest

from commit_conformance.session import rule_id_of
from commit_conformance.verdict.catalogue import Level, Rule
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.verdict.sharding import divide, file_of, parts_for, plan_id


class Agenda:
    """What one process of a run is to test.

    Args:
        run: The run; it is told which rules have been chosen.
        settings: Its settings.
        is_worker: Whether this is a worker of xdist, which is given one part of the tests after the other.

    Attributes:
        selected: The rules to be tested, each after those it builds on.
        not_at_effort: Rules that the effort leaves out, of those that are this process' to speak of.
        plan: What the run is divided by, where it is a shard's.
    """

    def __init__(self, run: Run, settings: RunSettings, *, is_worker: bool) -> None:
        self._run = run
        self._settings = settings
        self._is_worker = is_worker
        self.selected: list[Rule] = []
        self.not_at_effort: list[Rule] = []
        self.plan = ""
        self._order: dict[str, int] = {}
        self._files: dict[str, str] = {}
        self._parts: dict[str, int] = {}
        self._taken: set[int] = set()

    @property
    def rules(self) -> Collection[str]:
        """Ids of all rules that the run tests, whichever process does."""
        return self._order.keys()

    def choose(self, items: Iterable[pytest.Item]) -> list[pytest.Item]:
        """The tests to run, in order, of the run or its shard; notes the rules that the effort leaves out."""
        catalogue = self._run.catalogue
        wanted = {rule.id for rule in catalogue.select(self._settings.rules)}
        by_rule: dict[str, list[pytest.Item]] = {}
        for item in items:
            rule_id = rule_id_of(item)
            if rule_id in wanted and rule_id is not None:
                by_rule.setdefault(rule_id, []).append(item)
        rules = [catalogue.get(rule_id) for rule_id in by_rule]
        chosen = [rule for rule in rules if self.is_chosen(rule)]
        left_out = [rule for rule in rules if rule not in chosen]
        every = [item for rule in catalogue.in_dependency_order(chosen) for item in by_rule[rule.id]]
        every.sort(key=self._turn)
        self._order = {str(rule_id_of(item)): place for place, item in enumerate(every)}
        self._files = {rule.id: file_of(by_rule[rule.id][0].nodeid) for rule in rules}
        mine = self._of_shard(by_rule)
        self.not_at_effort = [rule for rule in left_out if rule.id in mine]
        self.selected = [rule for rule in catalogue.in_dependency_order(chosen) if rule.id in mine]
        self._run.chosen = frozenset(rule.id for rule in self.selected)
        return [item for item in every if rule_id_of(item) in mine]

    def is_chosen(self, rule: Rule) -> bool:
        """Whether a rule is tested at the run's effort.

        One that was asked for by its very name is, whatever it costs; a pattern keeps to the effort.
        """
        by_name = {name.strip().upper() for name in self._settings.rules}
        return rule.id in by_name or self._settings.effort.includes(rule.effort)

    def spread(self, tests: Sequence[str], parts: int) -> None:
        """Takes note, in a worker of xdist, of all tests of the session and of how many parts they are dealt out to."""
        self._parts = parts_for(tests, parts, effort=lambda: str(self._settings.effort))

    def comes_to(self, test: str) -> None:
        """Takes note, in a worker of xdist, of which part of the run this worker was given: that of its first test."""
        part = self._parts.get(file_of(test))
        if part is None or part in self._taken:
            return
        self._taken.add(part)
        mine = [rule.id for rule in self.selected if self._parts.get(self._files[rule.id]) in self._taken]
        self._run.chosen = frozenset(mine)

    def is_ready(self, rule: Rule) -> bool:
        """Whether a rule can be tested before its turn: by this process, which has tested all that it builds on."""
        if self._is_worker and not self._parts:
            return False  # nobody knows which tests are for which worker
        mine, tested = self._run.chosen or (), self._run.verdicts
        return rule.id in mine and all(needed in tested for needed in rule.depends_on if needed in mine)

    def untested(self, rule_id: str, also: Iterable[str] = ()) -> list[str]:
        """Rules that a rule builds on, near or far, and that a whole run would have tested before it; not this one.

        Args:
            also: Further ones to which that may apply.
        """
        if rule_id not in self._order:
            return []
        found: dict[str, None] = {}

        def visit(needs: Iterable[str]) -> None:
            for needed in needs:
                if needed not in found and self._order.get(needed, len(self._order)) < self._order[rule_id]:
                    found[needed] = None
                visit(self._run.catalogue.get(needed).depends_on)

        visit([*self._run.catalogue.get(rule_id).depends_on, *also])
        return [needed for needed in found if needed not in self._run.verdicts]

    def _of_shard(self, by_rule: dict[str, list[pytest.Item]]) -> set[str]:
        """The rules of this shard; all of them where the run has none. Every rule is in one shard, and in no other."""
        shard, effort = self._settings.shard, str(self._settings.effort)
        if shard is None:
            return set(by_rule)
        files = self._files
        tests = dict.fromkeys(files.values(), 0)
        for rule_id in self._order:
            tests[files[rule_id]] += len(by_rule[rule_id])
        parts = divide(tests, shard.count, effort=effort)
        dealt = sorted(f"{rule_id} {parts[file]}" for rule_id, file in files.items())
        told = [effort, str(self._settings.drawn), *(str(level) for level in self._settings.gate)]
        self.plan = plan_id(dealt, told)
        return {rule_id for rule_id, file in files.items() if parts[file] == shard.index - 1}

    def _turn(self, item: pytest.Item) -> int:
        """When a test is run: what decides first, and what is only recorded with what the budget has left."""
        marks = marks_of(item)
        observed = self._run.catalogue.get(str(rule_id_of(item))).level is Level.OBSERVED
        return 3 * observed + (2 if marks.get("last") else bool(marks.get("late")))


def marks_of(item: pytest.Item) -> dict[str, bool]:
    """What the mark of a rule says of its test, besides which rule that is; see ``trial.marks``."""
    mark = item.get_closest_marker("rule")
    return dict(mark.kwargs) if mark else {}
