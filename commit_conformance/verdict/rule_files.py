"""Reading ``specs/rules/*.yaml`` into rules.

Owns the way from one file to its rules, and the messages for a file that is not as it should be: each names the file,
the rule and the field. What a file may hold is laid down in ``specs/rule.schema.json``; the command line reads rules
before anything heavy is imported, so the checks without which nobody could rely on a rule are made here in plain code.

Must not know how rules hang together (:mod:`commit_conformance.verdict.catalogue`) or where the suite keeps its files.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence, Set
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml

from commit_conformance.verdict.rule import CAPABILITIES, GROUPS, Effort, Level, Rule, Source

if TYPE_CHECKING:
    from yaml import SafeLoader as _FastestLoader
else:
    # The parser in C reads the whole catalogue ten times as fast, where PyYAML was built with it.
    _FastestLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

__all__ = ["CatalogueError", "read_rules"]

_BESIDE_RULES: Final = frozenset({"left-out.yaml"})
_RULE_ID: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
_REQUIRED: Final = frozenset(
    ("id", "level", "statement", "why", "breaks", "check", "source", "candidates", "effort", "needs", "depends_on")
)
_OPTIONAL: Final = frozenset({"note"})

_NamedT = TypeVar("_NamedT", bound=StrEnum)


class CatalogueError(ValueError):
    """The rule files are wrong; the message names the file and, where there is one, the rule."""


class _Loader(_FastestLoader):
    """A safe loader that refuses a key given twice, which YAML forbids and PyYAML lets pass in silence."""

    def construct_unique(self, node: yaml.MappingNode) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in found:
                problem = f"the key {key!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=True)
        return found


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_unique)


def read_rules(directory: Path, *, groups: Sequence[str] = GROUPS, capabilities: Set[str] = CAPABILITIES) -> list[Rule]:
    """All rules of a directory: the files in the order of the groups, the rules as each file gives them.

    Args:
        directory: Where the files are; folders in it are not looked into.
        groups: Names that a file may have, in reading order.
        capabilities: What a rule may need.

    Raises:
        CatalogueError: There is no rule file, or one of them holds what it must not.
    """
    files = {path.stem: path for path in sorted(directory.glob("*.yaml")) if path.name not in _BESIDE_RULES}
    if not files:
        raise CatalogueError(f"{directory}: no rule files here")
    if strangers := sorted(files.keys() - set(groups)):
        raise CatalogueError(f"{files[strangers[0]].name}: a rule file is named after one of {', '.join(groups)}")
    return [rule for group in groups if group in files for rule in _read_group(files[group], capabilities)]


def _read_group(path: Path, capabilities: Set[str]) -> list[Rule]:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list):
        raise CatalogueError(f"{path.name}: expected a mapping with group, title, about and a list of rules")
    group = document.get("group")
    if group != path.stem:
        raise CatalogueError(f"{path.name}: group {group!r} differs from the name of the file")
    return [
        _read_rule(entry, file=path.name, group=group, number=number, capabilities=capabilities)
        for number, entry in enumerate(document["rules"], 1)
    ]


def _read_rule(entry: object, *, file: str, group: str, number: int, capabilities: Set[str]) -> Rule:
    if not isinstance(entry, dict):
        raise CatalogueError(f"{file}: rule {number}: expected a mapping, not {entry!r}")
    rule_id = entry.get("id")
    if not isinstance(rule_id, str) or not _RULE_ID.fullmatch(rule_id):
        raise CatalogueError(f"{file}: rule {number}: id {rule_id!r} is not capitals joined by hyphens, as in PART-GAP")
    place = f"{file}: {rule_id}"
    if missing := sorted(_REQUIRED - entry.keys()):
        raise CatalogueError(f"{place}: lacks {', '.join(missing)}")
    if unknown := sorted(str(key) for key in entry.keys() - _REQUIRED - _OPTIONAL):
        raise CatalogueError(f"{place}: a rule has no field {', '.join(unknown)}")
    needs = _names(entry["needs"], place=f"{place}: needs")
    if strange := sorted(set(needs) - capabilities):
        raise CatalogueError(f"{place}: needs: there is no capability {', '.join(strange)}")
    return Rule(
        id=rule_id,
        group=group,
        level=_member(Level, entry["level"], place=f"{place}: level"),
        statement=_text(entry["statement"], place=f"{place}: statement"),
        why=_text(entry["why"], place=f"{place}: why"),
        breaks=_text(entry["breaks"], place=f"{place}: breaks"),
        check=_text(entry["check"], place=f"{place}: check"),
        source=_sources(entry["source"], place=f"{place}: source"),
        candidates=_names(entry["candidates"], place=f"{place}: candidates"),
        effort=_member(Effort, entry["effort"], place=f"{place}: effort"),
        needs=needs,
        depends_on=_names(entry["depends_on"], place=f"{place}: depends_on"),
        note=_text(entry["note"], place=f"{place}: note") if "note" in entry else None,
    )


def _sources(value: object, *, place: str) -> tuple[Source, ...]:
    if not isinstance(value, list) or not value:
        raise CatalogueError(f"{place}: expected a list of at least one place, not {value!r}")
    sources = []
    for item in value:
        if not isinstance(item, dict) or item.keys() != {"ref", "place"}:
            raise CatalogueError(f"{place}: expected a mapping of ref and place, not {item!r}")
        sources.append(Source(ref=_text(item["ref"], place=place), place=_text(item["place"], place=place)))
    return tuple(sources)


def _text(value: object, *, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise CatalogueError(f"{place}: expected a text, not {value!r}")
    return value.strip()


def _names(value: object, *, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise CatalogueError(f"{place}: expected a list of names, not {value!r}")
    if len(set(value)) != len(value):
        raise CatalogueError(f"{place}: names one thing twice: {', '.join(value)}")
    return tuple(value)


def _member(kind: type[_NamedT], value: object, *, place: str) -> _NamedT:
    names = [member.value for member in kind]
    if value not in names:
        raise CatalogueError(f"{place}: {value!r} is none of {', '.join(names)}")
    return kind(value)
