"""The rule catalogue: every sentence of the contract that this suite can decide.

Owns the look-up of a rule by its id, the selection of rules, and the order in which they can be run. What a rule is
stands in :mod:`commit_conformance.verdict.rule`, how files are read in :mod:`commit_conformance.verdict.rule_files`;
both are given out from here, so that this is the one module to import.

Must not know how a rule is checked (``tests/server``), what came out of a check (the event log), or how anything is
shown. The command line imports it before it knows what it will do, so it needs the standard library and PyYAML alone.

Errors::

    CatalogueError(ValueError)    the files themselves are wrong: names the file and the rule
    UnknownName(KeyError)         somebody asked for what is not there: offers the nearest names
    ├── UnknownRule               no rule has this id, or none matches this pattern
    └── UnknownGroup              no group has this name
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from commit_conformance.specs import suite_root
from commit_conformance.verdict.rule import CAPABILITIES, GROUPS, Effort, Level, Rule, Source, explain
from commit_conformance.verdict.rule_files import CatalogueError, read_rules

__all__ = [
    "CAPABILITIES",
    "GROUPS",
    "Catalogue",
    "CatalogueError",
    "Effort",
    "Level",
    "Rule",
    "Source",
    "UnknownGroup",
    "UnknownName",
    "UnknownRule",
    "explain",
]


class UnknownName(KeyError):
    """Somebody asked for a name that is not in the catalogue.

    Attributes:
        name: What was asked for, as it was written.
        nearest: Up to three names that look like it, the likeliest first.
    """

    kind = "name"

    def __init__(self, name: str, nearest: Sequence[str] = ()) -> None:
        self.name = name
        self.nearest = tuple(nearest)
        super().__init__(name)

    def __str__(self) -> str:
        offer = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"there is no {self.kind} {self.name!r}{offer}"


class UnknownRule(UnknownName):
    """No rule has this id, or no rule matches this pattern."""

    kind = "rule"


class UnknownGroup(UnknownName):
    """No group of rules has this name."""

    kind = "group"


class Catalogue:
    """All rules, in the order in which the files give them.

    Example:
        >>> catalogue = Catalogue.load()
        >>> catalogue.get("part-gap").level
        <Level.IMPLIED: 'implied'>
        >>> [rule.id for rule in catalogue.select(["IF-MATCH-*"])]
        ['IF-MATCH-CURRENT', 'IF-MATCH-STALE', 'IF-MATCH-ANY']
    """

    __slots__ = ("_by_id", "_groups", "_ordered")

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Takes the rules in reading order and checks how they hang together.

        Raises:
            CatalogueError: An id occurs twice, a rule depends on one that is not there, or rules depend on each other.
        """
        self._by_id: dict[str, Rule] = {}
        for rule in rules:
            if earlier := self._by_id.get(rule.id):
                raise CatalogueError(f"{_place(rule)}: this id is already taken in {earlier.group}.yaml")
            self._by_id[rule.id] = rule
        self._groups = tuple(dict.fromkeys(rule.group for rule in self))
        for rule in self:
            for wanted in rule.depends_on:
                if wanted not in self._by_id:
                    unknown = UnknownRule(wanted, self._nearest(wanted))
                    raise CatalogueError(f"{_place(rule)}: depends_on: {unknown}")
        self._ordered = self._sorted()

    @classmethod
    def load(cls, directory: Path | None = None) -> Catalogue:
        """Reads the catalogue, once for each directory.

        Args:
            directory: Where the rule files are; by default the suite's own ``specs/rules``.

        Raises:
            CatalogueError: There are no rule files, or one is not YAML or holds what a rule cannot hold.
        """
        return _load((directory or suite_root() / "specs" / "rules").resolve())

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, rule_id: object) -> bool:
        return isinstance(rule_id, str) and rule_id.strip().upper() in self._by_id

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the groups, in reading order."""
        return self._groups

    def get(self, rule_id: str) -> Rule:
        """The rule of this id, whatever case it is written in.

        Raises:
            UnknownRule: There is none; its ``nearest`` offers ids that look like it.
        """
        try:
            return self._by_id[rule_id.strip().upper()]
        except KeyError:
            raise UnknownRule(rule_id, self._nearest(rule_id)) from None

    def select(
        self,
        patterns: Iterable[str] = (),
        *,
        groups: Iterable[str] = (),
        levels: Iterable[Level | str] = (),
        effort: Effort | str | None = None,
    ) -> tuple[Rule, ...]:
        """The rules that fit every condition given, in file order; a condition left empty does not narrow.

        Args:
            patterns: Ids, or globs over ids (``PART-*``, ``*-RETRY``), whatever case they are written in.
            groups: Names of groups.
            levels: Levels.
            effort: The size of the run: rules that ask for a larger one are left out.

        Raises:
            UnknownRule: A pattern matches no rule at all, the other conditions aside.
            UnknownGroup: There is no such group.
            ValueError: There is no such level or effort.
        """
        wanted = [self._matching(pattern) for pattern in patterns]
        chosen = frozenset().union(*wanted) if wanted else self._by_id.keys()
        kept_groups = {self._group(name) for name in groups} or set(self._groups)
        kept_levels = {Level(level) for level in levels} or set(Level)
        size = Effort(effort) if effort is not None else Effort.THOROUGH
        return tuple(
            rule
            for rule in self
            if rule.id in chosen
            and rule.group in kept_groups
            and rule.level in kept_levels
            and size.includes(rule.effort)
        )

    def in_dependency_order(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """The given rules, each behind those it depends on, directly or through rules that are not among them.

        Rules that do not depend on each other keep the order of the files.
        """
        chosen = {rule.id for rule in rules}
        return tuple(rule for rule in self._ordered if rule.id in chosen)

    def _matching(self, written: str) -> set[str]:
        pattern = written.strip().upper()
        found = {rule_id for rule_id in self._by_id if fnmatchcase(rule_id, pattern)}
        if not found:
            raise UnknownRule(written, self._nearest(written))
        return found

    def _group(self, written: str) -> str:
        name = written.strip().lower()
        if name not in self._groups:
            raise UnknownGroup(written, get_close_matches(name, self._groups, n=3, cutoff=0.4))
        return name

    def _nearest(self, written: str) -> tuple[str, ...]:
        """Up to three ids that somebody who wrote this may have meant."""
        plain = written.strip().upper().replace("_", "-").replace("*", "").strip("-")
        close = get_close_matches(plain, self._by_id, n=3, cutoff=0.6)
        # One word of an id is often all that somebody remembers: "gap" is far from PART-GAP when letters are counted.
        by_word = [rule_id for rule_id in self._by_id if plain and plain in rule_id]
        return tuple(dict.fromkeys([*close, *by_word]))[:3]

    def _sorted(self) -> tuple[Rule, ...]:
        """All rules, each behind those it depends on.

        Raises:
            CatalogueError: Rules depend on each other in a circle, which the message spells out.
        """
        ordered: dict[str, Rule] = {}
        path: list[str] = []

        def visit(rule: Rule) -> None:
            if rule.id in ordered:
                return
            if rule.id in path:
                circle = " → ".join([*path[path.index(rule.id) :], rule.id])
                raise CatalogueError(f"{_place(rule)}: depends_on: the rule depends on itself: {circle}")
            path.append(rule.id)
            for wanted in rule.depends_on:
                visit(self._by_id[wanted])
            path.pop()
            ordered[rule.id] = rule

        for rule in self:
            visit(rule)
        return tuple(ordered.values())


@cache
def _load(directory: Path) -> Catalogue:
    return Catalogue(read_rules(directory))


def _place(rule: Rule) -> str:
    return f"{rule.group}.yaml: {rule.id}"
