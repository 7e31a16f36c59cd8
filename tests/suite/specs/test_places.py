"""Every rule has a line of the API's description to point at, and it is the right one."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
import yaml

from commit_conformance.specs import DESCRIPTION, suite_root
from commit_conformance.verdict.catalogue import Catalogue
from commit_conformance.verdict.places import place_of

LINES = (suite_root() / DESCRIPTION).read_text(encoding="utf-8").splitlines()
RULES = [rule.id for rule in Catalogue.load().select()]
ENTRIES = yaml.safe_load((suite_root() / "specs" / "places.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_points_at_the_line_on_which_its_member_begins(rule: str) -> None:
    place = place_of(rule)
    name = place.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    line = LINES[place.line - 1].strip().removeprefix("- ")

    assert place.file == DESCRIPTION
    if name.isdigit() and len(name) < 3:  # an item of a list has no key of its own
        assert line.startswith("name: ")
    else:
        assert line.startswith((f"{name}:", f"'{name}':"))


def test_every_entry_is_of_use() -> None:
    first = {rule: next(n for n, e in enumerate(ENTRIES) if matches(rule, e)) for rule in RULES}

    assert set(first.values()) == set(range(len(ENTRIES)))
    for entry in ENTRIES:
        for pattern in entry["rules"]:
            assert any(fnmatchcase(rule, pattern) for rule in RULES), pattern


def matches(rule: str, entry: dict[str, list[str]]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in entry["rules"])


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("DIGEST-CASE", "- name: digest"),
        ("IF-NONE-MATCH-OTHER", "- name: if-none-match"),
        ("IF-MATCH-STALE", "- name: if-match"),
        ("PART-SHA1", "sha1:"),
        ("ACCEPTED-RETRY-AFTER", "Retry-After:"),
    ],
)
def test_some_rules_stand_where_anybody_would_look(rule: str, line: str) -> None:
    assert LINES[place_of(rule).line - 1].strip() == line
