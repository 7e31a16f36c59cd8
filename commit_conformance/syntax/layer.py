"""The syntactic layer of a run: sends what Schemathesis generates by the run's wire, within what its budget has left.

Nothing here needs a transport of Schemathesis: a case becomes a commit plan, and goes the way of all commits. So the
budget, the ledger, redaction, second looks and the event log hold, over a socket as well as on the embedded service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings

from commit_conformance.target.bank import SetupFailed
from commit_conformance.trial.journey import SHARES
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Blocked, Ending, Unsupported
from commit_conformance.wire import Unsendable, WireError, describe_answer

if TYPE_CHECKING:
    from commit_conformance.syntax.cases import Drawn

#: Cases of a standard run, at most: a sixtieth of its requests to the upload endpoints. Each place in the description
#: comes in turn, so the first ones see every member of a part; more of them would take from the rules that come after.
STANDARD_CASES = 8
#: Right commits of a thorough run. Each makes a file, which takes some twenty times as long as a refusal.
THOROUGH_COMMITS = 24
#: How many cases are drawn for one that is sent: many become the same commit.
DRAWN_AGAIN = 4


def refuses_what_is_not_described(server: Server) -> str:
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
    sent = answered = 0

    def send(drawn: Drawn) -> None:
        nonlocal sent, answered
        try:
            before = len(server.attempts)
            answered += server.refuses_one(drawn.plan, upload=carrier)
            sent += len(server.attempts) > before
        except Unsendable:
            return  # a header that no client of HTTP writes

    for drawn in chosen:
        send(drawn)
    _draw(server, every, negative=True, send=send)
    server.judge.folder(server.attempts[-1])
    if not answered:
        raise Blocked("no answer said anything: each was a 5xx, or came of a session that ended")
    return f"{sent} of {len(every)} forms"


def commits_what_is_described(server: Server) -> str:
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
    return f"{committed} commits"


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


@cache
def covered(*, positive: bool) -> tuple[Drawn, ...]:
    """Every case that covers a place of the description; made once a process, since that takes longer than a run.

    Args:
        positive: Those that the description allows, or those that it forbids.

    Raises:
        Unsupported: Schemathesis is not installed.
    """
    try:
        from commit_conformance.syntax.cases import covering, load_operation
    except ModuleNotFoundError as error:
        raise Unsupported(
            f"{error.name} is not installed; install the extra: pip install 'box-commit-conformance[schemathesis]'"
        ) from None
    return tuple(covering(load_operation(), positive=positive))


def _draw(server: Server, known: Iterable[Drawn], *, negative: bool, send: Callable[[Drawn], None]) -> None:
    """Further cases, drawn by Schemathesis' own strategies. What fails is one change already, and made no smaller."""
    wanted = server.run.settings.drawn
    if not wanted:
        return
    from schemathesis import GenerationMode

    from commit_conformance.syntax.cases import drawn_of, load_operation

    seen = {drawn.makes for drawn in known}
    ended: list[Exception] = []
    mode = GenerationMode.NEGATIVE if negative else GenerationMode.POSITIVE

    @hypothesis_seed(server.run.settings.seed)
    @hypothesis_settings(
        max_examples=DRAWN_AGAIN * wanted,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(load_operation().as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        nonlocal wanted
        drawn = drawn_of(case)
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
