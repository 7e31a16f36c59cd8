"""The rules for clients.

Owns where they lie and the groups they are in. What a rule is, and how its file is read, is the same as for servers;
the two catalogues know nothing of each other, so neither counts, orders or selects the other's rules.
"""

from __future__ import annotations

import functools
from typing import Final

from commit_conformance.clients.protocol import CALLS, OPTIONS
from commit_conformance.specs import suite_root
from commit_conformance.verdict.catalogue import Catalogue
from commit_conformance.verdict.rule_files import read_rules

__all__ = ["GROUPS", "client_rules"]

GROUPS: Final = ("request", "waiting", "refusals", "retries", "answers", "sessions", "caller")
"""The groups in reading order."""


@functools.cache
def client_rules() -> Catalogue:
    """All rules for clients.

    Raises:
        CatalogueError: The files are wrong.
    """
    directory = suite_root() / "specs" / "rules" / "client"
    return Catalogue(read_rules(directory, groups=GROUPS, capabilities=frozenset({*CALLS, *OPTIONS})))
