"""What the description allows and what it forbids, in forms that a generator finds."""

from __future__ import annotations

from commit_conformance.syntax import layer
from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server


@rule("SYNTAX-POSITIVE", late=True)
def test_what_the_description_allows_is_committed(server: Server) -> None:
    layer.commits_what_is_described(server)


@rule("SYNTAX-NEGATIVE")
def test_what_the_description_forbids_is_refused(server: Server) -> None:
    layer.refuses_what_is_not_described(server)
