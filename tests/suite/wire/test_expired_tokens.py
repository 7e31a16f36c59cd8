"""A 401 that speaks of the token, told from one that speaks of the request."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from commit_conformance.wire import Allowed, BudgetSpent, TokenExpired
from commit_conformance.wire.budget import Budget
from tests.suite.wire.wires import TOKEN, URL, Probe

API = "https://api.test/2.0/users/me"
SECOND = "second-0123456789"


class Target:
    """A target that takes some tokens, and refuses some paths to everybody."""

    def __init__(self, *tokens: str) -> None:
        self.good = set(tokens)
        self.refused: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        taken = request.headers.get("authorization", "").removeprefix("Bearer ") in self.good
        return httpx.Response(200 if taken and request.url.path not in self.refused else 401)

    def probe(self, **options: Any) -> Probe:
        origins = ["https://upload.test", "https://api.test"]
        return Probe(self, origins=origins, other_tokens=(SECOND, None), **options)


def commit(probe: Probe, **options: Any) -> int | None:
    return probe.wire.send("POST", f"{URL}/commit", upload=True, **options).status


def test_a_token_that_was_accepted_and_is_not_any_more_has_expired() -> None:
    target = Target(TOKEN)
    probe = target.probe()
    probe.wire.send("GET", API)
    assert commit(probe) == 200
    target.good.clear()
    with pytest.raises(TokenExpired, match="the token is not accepted any more") as caught:
        commit(probe)
    assert "--client-id" in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_401_to_one_request_only_is_an_answer() -> None:
    target = Target(TOKEN)
    probe = target.probe()
    probe.wire.send("GET", API)
    target.refused = {"/2.0/files/commit"}
    assert [commit(probe) for _ in range(3)] == [401, 401, 401]


def test_what_the_token_was_allowed_is_asked_where_the_401_came_from() -> None:
    """Upload and API hosts may have different ideas of a token."""
    target = Target(TOKEN)
    probe = target.probe()
    probe.wire.send("GET", API)
    probe.wire.send("GET", f"{URL}/status", upload=True)
    target.refused = {"/2.0/files/commit"}
    commit(probe)
    assert str(probe.requests[-1].url) == f"{URL}/status"
    assert probe.wire.purse.cost.upload_requests == 3


def test_a_token_that_never_was_accepted_has_not_expired() -> None:
    probe = Target().probe()
    assert probe.wire.send("GET", API).status == 401
    assert commit(probe) == 401
    assert len(probe.requests) == 2


def test_a_refused_get_is_not_asked_twice() -> None:
    target = Target(TOKEN)
    probe = target.probe()
    probe.wire.send("GET", API)
    target.good.clear()
    with pytest.raises(TokenExpired):
        probe.wire.send("GET", API)
    assert len(probe.requests) == 2


def test_once_expired_each_401_costs_one_request_until_the_token_is_accepted_again() -> None:
    target = Target(TOKEN)
    probe = target.probe()
    probe.wire.send("GET", API)
    target.good.clear()
    for requests in (3, 4, 5):
        with pytest.raises(TokenExpired):
            commit(probe)
        assert len(probe.requests) == requests
    target.good.add(TOKEN)
    assert commit(probe) == 200
    target.refused = {"/2.0/files/commit"}
    assert commit(probe) == 401, "accepted again, so this speaks of the request"


@pytest.mark.parametrize("token", [None, "made-up", f"{TOKEN}x"])
def test_tokens_that_a_test_makes_up_do_not_expire(token: str | None) -> None:
    probe = Target(TOKEN).probe()
    probe.wire.send("GET", API)
    assert commit(probe, token=token) == 401
    assert len(probe.requests) == 2


def test_another_users_token_that_is_never_accepted_is_told_of() -> None:
    probe = Target(TOKEN).probe()
    probe.wire.bearers.of_anybody = Allowed(API, upload=False)
    with pytest.raises(TokenExpired):
        commit(probe, token=SECOND)
    assert [request.headers["authorization"] for request in probe.requests] == [f"Bearer {SECOND}"] * 2


def test_another_user_who_is_kept_out_with_401_is_an_answer() -> None:
    target = Target(TOKEN, SECOND)
    target.refused = {"/2.0/files/commit"}
    probe = target.probe()
    probe.wire.bearers.of_anybody = Allowed(API, upload=False)
    assert commit(probe, token=SECOND) == 401


def test_the_run_s_own_token_is_not_asked_for_what_it_never_was_allowed() -> None:
    probe = Target().probe()
    probe.wire.bearers.of_anybody = Allowed(API, upload=False)
    assert commit(probe) == 401
    assert len(probe.requests) == 1


def test_finding_out_is_counted_and_not_stopped_by_the_budget() -> None:
    target = Target(TOKEN)
    probe = target.probe(budget=Budget(requests=2))
    probe.wire.send("GET", API)
    target.good.clear()
    with pytest.raises(TokenExpired):
        commit(probe)
    assert probe.wire.purse.cost.requests == 3
    with pytest.raises(BudgetSpent):
        commit(probe)
