"""Negotiation, limits, and what must never happen."""

from __future__ import annotations

import pytest

from commit_conformance.verdict.evidence import describe_answer
from commit_conformance.verdict.marks import looking_back, rule
from commit_conformance.verdict.server import Server

TRICKS = ("..%2f..%2ffolders%2f0", "%00", "x" * 2000, "%F0%9F%97%8E", "..", "' OR '1'='1")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(rule_id, marks=rule(rule_id, late=True), id=rule_id)
        for rule_id in ("ACCEPT-ANY", "ACCEPT-ENCODING", "VERSION-CURRENT")
    ],
)
def test_a_right_commit_with_these_headers_is_committed(server: Server, what: str) -> None:
    server.takes_liberty()


@rule("VERSION-WRONG")
def test_what_an_unknown_version_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PATH-TRICKS")
def test_tricks_in_the_path_are_refused(server: Server) -> None:
    for trick in TRICKS if server.thorough else TRICKS[:4]:
        attempt = server.commit_to(trick)
        if not 400 <= attempt.answer.status <= 499:
            server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="a 4xx")


@rule("CORS-ORIGIN")
def test_what_a_preflight_from_an_unknown_origin_gets(server: Server) -> str:
    upload = server.target.bank.lease(server.rule.group)
    headers = (("origin", "https://elsewhere.invalid"), ("access-control-request-method", "POST"))
    exchange = server.target.wire.send("OPTIONS", upload.commit_url, headers=headers, token=None, upload=True)
    allowed = exchange.answer.header("access-control-allow-origin") if exchange.answer else None
    return f"{describe_answer(exchange)}, allowed origin: {allowed or 'none'}"


@looking_back("TOKEN-ECHO", "NO-REDIRECT", "RATE-LIMIT-NO-LOSS")
def test_every_answer(server: Server, looked_for: str) -> None:
    server.seen()
