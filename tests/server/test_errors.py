"""Refusals in general, and sessions that are not there."""

from __future__ import annotations

import pytest

from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server
from commit_conformance.wire import describe_answer
from strategies.plan import CommitPlan


@looking_back(
    "ERROR-BODY",
    "ERROR-REQUEST-ID",
    "ERROR-LEAK",
    "ERROR-NO-5XX",
    "ERROR-RATE-LIMIT",
    "ERROR-FAILED-TERMINAL",
)
def test_every_refusal(server: Server, looked_for: str) -> None:
    server.seen()


@pytest.mark.parametrize(
    "session_id",
    [
        pytest.param(
            "00000000000000000000000000000000", marks=rule("ERROR-SESSION-UNKNOWN", meanwhile=True), id="unknown"
        ),
        pytest.param("not-a-session", marks=rule("ERROR-SESSION-MALFORMED", meanwhile=True), id="malformed"),
    ],
)
def test_a_session_that_is_not_there_is_refused(server: Server, session_id: str) -> None:
    server.refuses_session(session_id)


def free_again(server: Server) -> Upload | None:
    """A session that was refused for its name, which is free now: the abort alone can keep it from committing."""
    upload = server.made.get("loser") if server.sparing else None
    if not isinstance(upload, Upload) or upload.state is not State.LIVE:
        return None
    held = [file for file in server.target.files.values() if file.name == upload.session.name]
    freed = len(held) == 1 and server.rename(held[0], server.target.bank.name())
    return upload if freed and not server.named(upload) else None


@rule("ERROR-ABORTED")
def test_an_aborted_session_is_refused_and_makes_no_file(server: Server) -> None:
    upload = free_again(server) or server.light()
    server.abort(upload)
    what = "a right commit for a session that was aborted"
    attempt = server.attempt(upload, CommitPlan(), what=what, barred=True)
    server.session_is_refused(attempt)
    server.judge.folder(attempt)


@rule("ERROR-EXPIRED")
def test_an_expired_session_is_refused(server: Server) -> None:
    attempt = server.refuses_session(server.target.settings.expired_session or "")
    if attempt.answer.status not in (404, 410):
        server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="410")


@rule("ERROR-METHOD", meanwhile=True)
def test_other_methods_are_answered_405_with_allow(server: Server) -> None:
    upload = server.target.bank.lease(server.rule.group)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        exchange = server.target.wire.send(method, upload.commit_url, upload=True)
        allowed = exchange.answer.header("allow") if exchange.answer else None
        if exchange.status != 405:
            said = describe_answer(exchange)
            server.fail(f"{method} was answered {said}", exchange=exchange, what=f"{method} on the commit URL")
        if not allowed or "POST" not in allowed.upper():
            server.fail(
                f"the 405 to {method} has Allow: {allowed!r}", exchange=exchange, what=f"{method} on the commit URL"
            )
