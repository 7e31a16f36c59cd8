"""A play against the rules for clients.

Owns the way from a play to findings: which rules are asked of it, and what stands in the way of asking. Each rule is
one function in `request`, `waiting`, `refusals`, `retries`, `answers`, `sessions` or `caller`, which reads like its
sentence. Must not know drivers, logs or how anything is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from commit_conformance.clients.judge import answers, caller, refusals, request, retries, sessions, waiting
from commit_conformance.clients.judge.finding import Finding, blocked, errored, unsupported
from commit_conformance.clients.play import Play

__all__ = ["EVERYWHERE", "JUDGES", "Finding", "findings"]

Judge = Callable[[Play], Finding | None]

JUDGES: Final[Mapping[str, Judge]] = {
    **request.JUDGES,
    **waiting.JUDGES,
    **refusals.JUDGES,
    **retries.JUDGES,
    **answers.JUDGES,
    **sessions.JUDGES,
    **caller.JUDGES,
}
"""Rule id to what decides it; ``None`` says that the play shows nothing about the rule."""

EVERYWHERE: Final = (
    "CLIENT-DIGEST",
    "CLIENT-HEADERS",
    "CLIENT-PARTS-COMPLETE",
    "CLIENT-PARTS-ORDER",
    "CLIENT-PRECONDITIONS",
    "CLIENT-ACCEPTED-SAME",
    "CLIENT-CREATED-ONCE",
    "CLIENT-ABORT-WRONG",
    "CLIENT-ARGUMENTS",
    "CLIENT-TOKEN-SECRET",
)
"""Rules that are asked of every play, since every play may show something about them."""

#: What is about the request itself stays to be judged where the service refused it; that is why it did.
_OF_THE_REQUEST: Final = frozenset({*request.JUDGES, *caller.JUDGES, "CLIENT-ACCEPTED-SAME", "CLIENT-ABORT-WRONG"})
#: What can be judged of a client that did not get as far as a commit, or sent a wrong one.
_WITHOUT_COMMIT: Final = frozenset({"CLIENT-LENGTH", "CLIENT-PART-RETRY", "CLIENT-RESUME"})
#: Rules that ask the question of others more closely where they are asked themselves; there the others are not.
_STANDS_FOR: Final[Mapping[str, frozenset[str]]] = {
    "CLIENT-PARTS-PAGED": frozenset({"CLIENT-PARTS-COMPLETE"}),
    "CLIENT-PART-RETRY": frozenset({"CLIENT-DIGEST", "CLIENT-PARTS-COMPLETE"}),
    "CLIENT-RESUME": frozenset({"CLIENT-DIGEST", "CLIENT-PARTS-COMPLETE"}),
    # A client that is told a wrong length cannot but be wrong somewhere.
    "CLIENT-LENGTH": frozenset(request.JUDGES),
}


def findings(play: Play) -> dict[str, Finding]:
    """What a play says about rules: those of its scenario, and of the others those that it shows something about."""
    found = {}
    for rule in dict.fromkeys((*play.scenario.rules, *EVERYWHERE)):
        own = rule in play.scenario.rules
        finding = _in_the_way(play, rule) if own else None
        if finding is None and (own or _may_be_asked(play, rule)):
            finding = JUDGES[rule](play)
        if finding is None and own:
            finding = blocked("nothing that was sent could show it")
        if finding is not None:
            found[rule] = finding
    return found


def _in_the_way(play: Play, rule: str) -> Finding | None:
    """Why a rule of the scenario cannot be asked."""
    if play.trouble is not None:
        return errored(f"the driver: {play.trouble}")
    if play.result is not None and play.result.outcome == "unsupported":
        return unsupported(play.result.reason)
    said = play.result.outcome if play.result is not None else None
    if not play.sent and not (rule == "CLIENT-LENGTH" and said == "error"):
        return blocked("nothing was sent")
    if not play.commits and rule not in _WITHOUT_COMMIT:
        return blocked(f"no commit was sent; the caller was told {play.result or 'nothing yet'}")
    refusal = play.refusal
    if refusal is not None and rule not in _OF_THE_REQUEST and rule not in _WITHOUT_COMMIT:
        document = refusal.answer_document
        why = document.get("message") if isinstance(document, dict) else ""
        return blocked(f"the service refused commit {play.commits.index(refusal) + 1} with {refusal.status}: {why}")
    return None


def _may_be_asked(play: Play, rule: str) -> bool:
    """Whether a rule that is asked everywhere may be asked here."""
    if play.result is not None and play.result.outcome == "unsupported":
        return False
    return bool(play.sent) and not any(rule in _STANDS_FOR.get(own, ()) for own in play.scenario.rules)
