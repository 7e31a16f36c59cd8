"""The syntactic layer of a run: sends what Schemathesis generates by the run's wire, within what its budget has left.

The cases that cover the description are read from a file, which Schemathesis has made; those that are drawn beyond them
are made while the run goes on.

Nothing here needs a transport of Schemathesis: a case becomes a commit plan, and goes the way of all commits. So the
budget, the ledger, redaction, second looks and the event log hold, over a socket as well as on the embedded service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from itertools import zip_longest
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings

from commit_conformance.syntax.drawn import CASES, Drawn, kept_cases
from commit_conformance.target.bank import SetupFailed
from commit_conformance.trial.journey import SHARES
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked, Ending, Unsupported
from commit_conformance.wire import Unsendable, WireError, describe_answer

#: Cases of a standard run, at most: a sixtieth of its requests to the upload endpoints. Each place in the description
#: comes in turn, so the first ones see every member of a part; more of them would take from the rules that come after.
STANDARD_CASES = 8
#: Right commits of a thorough run. Each makes a file, which takes some twenty times as long as a refusal.
THOROUGH_COMMITS = 24
#: How many cases are drawn for one that is sent: many become the same commit.
DRAWN_AGAIN = 4


def refuses_what_is_not_described(server: Server) -> None:
    """Commits that the description forbids in one place each; ends the test unless each is refused.

    Raises:
        Nonconformance: One was not refused, twice.
        Blocked: The budget left no room for a single one.
    """
    every = list(in_turn(covered(positive=False)))
    room = _room(server)
    chosen = every if room is None else every[:room]
    if not chosen:
        # In these words, which reports know: a run that was too small is not one that went wrong.
        raise Blocked(f"not tested at effort {server.run.settings.effort}: its budget has no requests left for this")
    carrier = server.target.bank.lease(server.rule.group)
    answered = 0

    def send(drawn: Drawn) -> None:
        nonlocal answered
        with suppress(Unsendable):  # a header that no client of HTTP writes
            answered += server.refuses_one(drawn.plan, upload=carrier)

    for drawn in chosen:
        send(drawn)
    _draw(server, every, negative=True, send=send)
    server.judge.folder(server.attempts[-1])
    if not answered:
        raise Blocked("no answer said anything: each was a 5xx, or came of a session that ended")


def commits_what_is_described(server: Server) -> None:
    """Right commits in forms that the description allows; ends the test unless each that has to succeed does.

    Raises:
        Nonconformance: One did not, and not for a reason that other rules speak of.
    """
    committed = 0

    def send(drawn: Drawn) -> None:
        nonlocal committed
        if committed >= THOROUGH_COMMITS:
            return
        upload = server.light()
        try:
            attempt = server.attempt(upload, drawn.plan)
        except Unsendable:
            return
        committed += attempt.created
        if attempt.created or server.excused(attempt):
            return
        if not attempt.expectation.allows(attempt.answer):
            server.fail(f"a commit that is right by the description was answered {_said(server)}", attempt)

    every = covered(positive=True)
    for drawn in every:
        send(drawn)
    _draw(server, every, negative=False, send=send)
    if not committed:
        raise Blocked("no commit of the kind succeeded, nor had to")


def in_turn(cases: Iterable[Drawn]) -> Iterator[Drawn]:
    """Cases of all places in turn, the deepest places first: what lies further up has families of its own."""
    by_place: dict[str, list[Drawn]] = {}
    for drawn in cases:
        by_place.setdefault(drawn.place, []).append(drawn)
    places = sorted(by_place, key=lambda place: -place.count("/"))
    for turn in zip_longest(*(by_place[place] for place in places)):
        yield from (drawn for drawn in turn if drawn is not None)


def _room(server: Server) -> int | None:
    """How many cases the budget has room for; None for any number.

    What the walks may spend is left to them: they come last, and tell what nothing else does.
    """
    effort, purse = server.run.settings.effort, server.target.wire.purse
    if effort is Effort.THOROUGH:
        return None
    limit = purse.budget.upload_requests
    if limit is None:
        return STANDARD_CASES
    bank = server.target.bank
    parts = -(-bank.file_size // server.target.first_session.part_size)
    # Most of the time there is a session that carries bad requests; another one has to be opened, filled and ended.
    opening = 0 if any(upload.group == "general" for upload in bank.carriers()) else 2 + parts
    kept = purse.reserved() + 1 + (SHARES[effort].requests or 0) + opening
    return max(0, min(STANDARD_CASES, limit - purse.spent.upload_requests - kept))


def covered(*, positive: bool) -> list[Drawn]:
    """Every case of Schemathesis that covers a place of the description.

    Args:
        positive: Those that the description allows, or those that it forbids.

    Raises:
        Unsupported: They have to be made, and Schemathesis is not installed.
    """
    return [drawn for drawn in _every_case() if drawn.positive is positive]


@cache
def _every_case() -> tuple[Drawn, ...]:
    kept = kept_cases()
    return _schemathesis().every_case() if kept is None else kept


def _schemathesis() -> ModuleType:
    """The module that needs it.

    Raises:
        Unsupported: It is not installed.
    """
    try:
        return import_module("commit_conformance.syntax.cases")
    except ModuleNotFoundError as error:
        raise Unsupported(
            f"{error.name} is not installed; install the extra: pip install 'box-commit-conformance[schemathesis]'"
        ) from None


def _draw(server: Server, known: Iterable[Drawn], *, negative: bool, send: Callable[[Drawn], None]) -> None:
    """Further cases, drawn by Schemathesis' own strategies. What fails is one change already, and made no smaller."""
    wanted = server.run.settings.drawn
    if not wanted:
        return
    try:
        cases = _schemathesis()
    except Unsupported as reason:
        told = f"no forms were drawn beyond those in {CASES}: {reason}"
        server.target.notes += [told] if told not in server.target.notes else []
        return
    seen = {drawn.makes for drawn in known}
    ended: list[Exception] = []

    @hypothesis_seed(server.run.settings.seed)
    @hypothesis_settings(
        max_examples=DRAWN_AGAIN * wanted,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases.drawing(positive=not negative))
    def draw(case: Any) -> None:
        nonlocal wanted
        drawn = cases.drawn_of(case)
        if wanted and drawn.positive is not negative and drawn.makes not in seen:
            seen.add(drawn.makes)
            wanted -= 1
            try:
                send(drawn)
            except (Ending, SetupFailed, WireError) as error:
                # Hypothesis would ask again, and call what is remembered the second time unreliable.
                ended.append(error)
                wanted = 0

    draw()
    if ended:
        raise ended[0]


def _said(server: Server) -> str:
    return describe_answer(server.attempts[-1].run.last)
