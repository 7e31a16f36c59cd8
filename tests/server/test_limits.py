"""Negotiation, limits, and what must never happen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server
from commit_conformance.wire import Undecodable, describe_answer
from strategies import part_lists

TRICKS = ("..%2f..%2ffolders%2f0", "%00", "x" * 2000, "%F0%9F%97%8E", "..", "' OR '1'='1")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(rule_id, marks=rule(rule_id, late=True), id=rule_id)
        for rule_id in ("ACCEPT-ANY", "VERSION-CURRENT")
    ],
)
def test_a_right_commit_with_these_headers_is_committed(server: Server, what: str) -> None:
    server.takes_liberty()


@rule("ACCEPT-ENCODING")
def test_gzip_gets_gzip_or_identity(server: Server) -> None:
    """Asked of a refusal, which costs nothing: its error can only be read when it is in the encoding it claims."""
    plan = replace(part_lists.missing_last.representatives[0], headers=(("accept-encoding", "gzip"),))
    upload = server.target.bank.lease(server.rule.group)
    try:
        server.attempt(upload, plan)
    except Undecodable as problem:
        server.fail(f"the answer cannot be decoded: {problem}", what="a bad commit with accept-encoding: gzip")


@rule("VERSION-WRONG")
def test_what_an_unknown_version_gets(server: Server) -> str:
    return server.observes_liberty()


@rule("PATH-TRICKS")
def test_tricks_in_the_path_are_refused(server: Server) -> None:
    for trick in TRICKS if server.thorough else TRICKS[:3]:
        attempt = server.commit_to(trick)
        if not 400 <= attempt.answer.status <= 499:
            server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="a 4xx")


@rule("CORS-ORIGIN")
def test_what_a_preflight_from_an_unknown_origin_gets(server: Server) -> str:
    upload = server.sample.upload if server.sparing else server.target.bank.lease(server.rule.group)
    headers = (("origin", "https://elsewhere.invalid"), ("access-control-request-method", "POST"))
    exchange = server.target.wire.send("OPTIONS", upload.commit_url, headers=headers, token=None, upload=True)
    allowed = exchange.answer.header("access-control-allow-origin") if exchange.answer else None
    return f"{describe_answer(exchange)}, allowed origin: {allowed or 'none'}"


@looking_back("TOKEN-ECHO", "NO-REDIRECT", "RATE-LIMIT-NO-LOSS")
def test_every_answer(server: Server, looked_for: str) -> None:
    server.seen()
