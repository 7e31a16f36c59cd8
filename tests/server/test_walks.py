"""Any sequence of steps: what the server shows is what those steps make."""

from __future__ import annotations

from commit_conformance.trial.marks import rule
from commit_conformance.trial.server import Server
from commit_conformance.trial.walk import walks


@rule("LIFE-CYCLE-MODEL", last=True)
def test_after_any_steps_what_is_shown_is_what_they_make(server: Server) -> str:
    return walks(server)
