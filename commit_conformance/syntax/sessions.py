"""The run behind Schemathesis: live state for its cases, and the judgement of what they are answered.

Schemathesis sends; everything around that is a run like any other: a target with a folder of its own, a bank that opens
sessions, a ledger, a judge that files what it finds under the rules. Knows nothing of Schemathesis: ``binding`` tells
it what is sent and what came back.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from commit_conformance.model import (
    Answer,
    CommitRequest,
    Outcome,
    Problem,
    check_any,
    check_error,
    classify,
    expect_commit,
)
from commit_conformance.syntax.linked import Linked
from commit_conformance.syntax.scenes import Place, Scene, Scenes
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.commit import CommitRun, Glance, Patience, follow
from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.judge import Judge
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Level
from commit_conformance.verdict.outcomes import Blocked, Ending, Nonconformance
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Exchange, WireError
from commit_conformance.wire.exchange import show_body

#: Numbers of exchanges that Schemathesis sent, beyond those of the wire.
_FIRST_NUMBER = 1_000_000
#: Headers that say nothing of a commit.
_OF_CONNECTION = frozenset(
    {"authorization", "host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
    | {"x-schemathesis-testcaseid", "transfer-encoding"}
)


@dataclass(slots=True)
class Tally:
    """What became of the cases.

    Attributes:
        sent: How many went to the commit: allowed by the description, forbidden by it, and for no session.
        statuses: How many commits were answered by each status, the answers after a 202 included.
        found: Problems by rule, of every answer.
    """

    sent: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        total = self.sent.total()
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.sent.items())
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        rules = ", ".join(f"{rule}: {count}" for rule, count in sorted(self.found.items())) or "none"
        return f"commits sent: {total} ({kinds or 'none'})\nanswered {statuses or 'nothing'}\nrules broken: {rules}"


class _Listening(Judge):
    """A judge that remembers what it files, also what is filed again."""

    def __init__(self, run: Run, server: Server) -> None:
        super().__init__(run, server)
        self.heard: list[Problem] = []

    def file(
        self,
        problem: Problem,
        attempt: Attempt,
        exchange: Exchange | None = None,
        *,
        unless: tuple[str, ...] = (),
    ) -> None:
        """Files a problem with the commit it was seen at."""
        self.heard.append(problem)
        super().file(problem, attempt, exchange, unless=unless)

    def taken(self) -> list[Problem]:
        """What was filed since it was last asked for."""
        heard, self.heard = self.heard, []
        return heard


class LiveSessions:
    """The run behind Schemathesis.

    Args:
        settings: The target, and how much may be spent on state: sessions, files, requests of our own.

    Attributes:
        scenes: Sessions for commits; there once it is connected.
        linked: Sessions that links have led to; there once it is connected.
    """

    def __init__(self, settings: RunSettings) -> None:
        self.run = Run(settings)
        self.server = Server(self.run)
        self.judge = self.server.judge = _Listening(self.run, self.server)
        self.tally = Tally()
        self.closed = False
        self.scenes: Scenes = None  # type: ignore[assignment]  # set by connect
        self.linked: Linked = None  # type: ignore[assignment]  # set by connect
        self._numbers = itertools.count(_FIRST_NUMBER)

    def connect(self) -> None:
        """Reaches the target and makes the run's folder.

        Raises:
            TargetUnusable: It cannot be tested; the message says why.
        """
        target = self.run.connect()
        self.server.rule = self.run.catalogue.get("SYNTAX-NEGATIVE")
        self.scenes, self.linked = Scenes(self.server), Linked(target)

    # What came back

    def judged(self, place: Place, exchange: Exchange, request: CommitRequest) -> list[Problem]:
        """Follows a 202 to its end, notes what the commit has done, and judges every answer.

        Args:
            place: Where it went.
            exchange: What Schemathesis sent, and its answer.
            request: The same, as it was sent.
        """
        upload, server = place.upload, self.server
        expectation = expect_commit(
            request, upload.session, current=server.current(upload), name_taken=place.scene is Scene.TAKEN
        )
        run = self._followed(place, exchange, request)
        attempt = Attempt(upload=upload, request=request, expectation=expectation, run=run, what=place.what)
        self.tally.sent["allowed by the description" if place.positive else "forbidden by it"] += 1
        self.tally.statuses.update(each.status for each in run.exchanges if each.status is not None)
        server.attempts.append(attempt)
        del server.attempts[:-200]
        server.settle(attempt)
        wrong = self._unexpected(place, attempt)
        # What was heard when the session was made ready is told here, too.
        return self._deciding([*self.judge.taken(), *([wrong] if wrong is not None else [])])

    def _followed(self, place: Place, exchange: Exchange, request: CommitRequest) -> CommitRun:
        api = self.server.target.api
        first = CommitRun(request=request, exchanges=[exchange])
        if exchange.status not in (202, 429) or exchange.answer is None:
            return first
        (first.glances if exchange.status == 202 else first.limited).append(Glance(accepted=exchange))
        try:
            rest = follow(api, place.upload, request, patience=Patience())
        except WireError:
            return first
        first.exchanges += rest.exchanges
        first.glances += rest.glances
        first.limited += rest.limited
        return first

    def _unexpected(self, place: Place, attempt: Attempt) -> Problem | None:
        """What is wrong with the answer as such, under the rule that speaks of it."""
        if attempt.repeated or attempt.expectation.allows(attempt.answer):
            return None
        said = f"{attempt.answer.status} to {place.what}"
        expected = f"{attempt.expectation}, since {'; '.join(attempt.expectation.reasons[:6]) or 'nothing is wrong'}"
        if attempt.outcome is Outcome.RATE_LIMITED:
            return None
        rule = "SYNTAX-NEGATIVE" if attempt.expectation.must_refuse else "SYNTAX-POSITIVE"
        if place.rule is not None and place.positive:
            rule = place.rule
        return Problem(rule, f"{said}; right would be {expected}")

    def general(self, exchange: Exchange) -> list[Problem]:
        """Judges an answer to what is no commit for a known session: by what holds for every answer."""
        assert exchange.answer is not None
        problems = check_any(exchange.answer, token=self.server.target.wire.token) + check_error(exchange.answer)
        return self._deciding(problems)

    def nowhere(self, exchange: Exchange) -> list[Problem]:
        """Judges an answer to a commit for a session that is not there."""
        assert exchange.answer is not None
        self.tally.sent["for no session"] += 1
        self.tally.statuses[exchange.answer.status] += 1
        problems = self.general(exchange)
        if classify(exchange.answer) not in (Outcome.REFUSED, Outcome.NOT_FOUND) and exchange.answer.status != 405:
            said = f"{exchange.answer.status} to a commit for no session"
            problems.append(Problem("ERROR-SESSION-MALFORMED", said))
        return problems

    def _deciding(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems of rules that decide a run; the others are not what a check fails for."""
        kept = [each for each in problems if self.run.catalogue.get(each.rule).level is not Level.OBSERVED]
        self.tally.found.update(each.rule for each in kept)
        return kept

    def exchange(
        self,
        *,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        answer: Answer,
        seconds: float,
    ) -> Exchange:
        """What Schemathesis sent, with its answer, redacted as the wire does it."""
        redact = self.server.target.wire.redactor
        sent_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        sent, sent_cut = show_body(body, sent_type, redact)
        shown, cut = show_body(answer.body, answer.media_type, redact)
        lines = [(name, value) for name, values in answer.headers.items() for value in values]
        number = next(self._numbers)
        record = {
            "n": number,
            "at": "",
            "method": method,
            "url": redact.text(url)[:2048],
            "request_headers": [[name, redact.header(name, value)] for name, value in headers],
            "request_body": sent,
            "request_bytes": len(body),
            "status": answer.status,
            "reason": "",
            "response_headers": [[name, redact.header(name, value)[:1024]] for name, value in lines[:50]],
            "response_body": shown,
            "response_bytes": len(answer.body),
            "truncated": sent_cut or cut,
            "seconds": round(seconds, 6),
            "error": None,
        }
        return Exchange(n=number, at="", method=method, url=url, answer=answer, error=None, record=record)

    # The end

    def finish(self) -> list[Problem]:
        """Looks at what is left behind, takes it away, and gives what was wrong with it. Safe to call twice.

        The session that has carried the refusals has to commit, and the folder may hold nothing that no 201 spoke of.
        """
        if self.closed or self.run.target is None:
            return []
        self.closed = True
        problem: list[Problem] = []
        try:
            self.server.close_carriers()
            self.judge.folder(self.server.attempts[-1] if self.server.attempts else None)
        except Nonconformance as failure:
            problem.append(Problem(self.server.rule.id, str(failure)))
        except (Blocked, Ending, SetupFailed, WireError):
            pass  # nothing can be said of it
        finally:
            self.run.close()
        return self._deciding([*self.judge.taken(), *problem])

    def close(self) -> None:
        """Takes away what was made, without a look at it."""
        if not self.closed and self.run.target is not None:
            self.closed = True
            self.run.close()


def commit_request(headers: Sequence[tuple[str, str]], body: bytes) -> CommitRequest:
    """What was sent, as the model takes it."""
    lines = tuple((name, value) for name, value in headers if name.lower() not in _OF_CONNECTION)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    return CommitRequest(headers=lines, body=body, parts=document.get("parts") if isinstance(document, dict) else None)
