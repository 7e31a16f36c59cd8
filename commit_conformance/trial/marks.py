"""How a test in ``tests/server`` says which rule it tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def rule(
    rule_id: str, *, late: bool = False, last: bool = False, meanwhile: bool = False, waits: bool = False
) -> pytest.MarkDecorator:
    """Marks a test as the test of a rule.

    Args:
        rule_id: The rule's id.
        late: Run it after the other rules that decide, because its right commit uses up a session they share.
        last: Run it after all others, because it looks back on what they have seen.
        meanwhile: It may be run while the right commit of another test waits to be repeated: it takes its sessions from
            the bank, has nothing to commit, and looks at no file that a commit under way may change.
        waits: It waits where right commits are answered 202, and may be run before its turn for that.
    """
    return pytest.mark.rule(rule_id, late=late, last=last, meanwhile=meanwhile, waits=waits)


def looking_back(*rule_ids: str) -> Callable[[Any], Any]:
    """Makes one test stand for several rules that look back on every answer of the run."""
    cases = [pytest.param(rule_id, marks=rule(rule_id, last=True), id=rule_id) for rule_id in rule_ids]
    return pytest.mark.parametrize("looked_for", cases)
