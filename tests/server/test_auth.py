"""Who may commit."""

from __future__ import annotations

from commit_conformance.target.upload import State
from commit_conformance.trial.marks import looking_back, rule
from commit_conformance.trial.server import Server
from commit_conformance.wire import describe_answer
from strategies.plan import CommitPlan

WRONG_TOKEN = "wrong-token-of-nobody"


@rule("AUTH-MISSING", meanwhile=True)
def test_no_token_is_answered_401(server: Server) -> None:
    server.keeps_out(server.target.bank.lease(server.rule.group), token=None, statuses=(401,))


@rule("AUTH-INVALID", meanwhile=True)
def test_a_wrong_token_is_answered_401(server: Server) -> None:
    for token in (WRONG_TOKEN, f"{server.target.wire.token}x"):
        server.keeps_out(server.target.bank.lease(server.rule.group), token=token, statuses=(401,))


@rule("AUTH-OTHER-USER")
def test_another_user_is_kept_out(server: Server) -> None:
    second = server.target.settings.second_token
    server.keeps_out(server.target.bank.lease(server.rule.group), token=second, statuses=(403, 404))


@rule("AUTH-SCOPE")
def test_a_token_without_upload_right_is_answered_403(server: Server) -> None:
    limited = server.target.settings.limited_token
    server.keeps_out(server.target.bank.lease(server.rule.group), token=limited, statuses=(403,))


@rule("AUTH-FIRST")
def test_without_a_token_an_unknown_session_looks_like_a_known_one(server: Server) -> None:
    attempt = server.commit_to("00000000000000000000000000000000", token=None)
    if attempt.answer.status != 401:
        server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="401")


def left_alone(server: Server) -> bool:
    """Whether the second user is kept out of the session whose folder an earlier test has taken away from them."""
    upload = server.made.get("left alone")
    if upload is None or upload.state is not State.LIVE:
        return False
    what = "a right commit of a user who lost the folder meanwhile"
    attempt = server.attempt(upload, CommitPlan(), token=server.target.settings.second_token, what=what)
    return attempt.answer.status in (403, 404)


@rule("AUTH-REVOKED")
def test_a_user_whose_permission_was_withdrawn_is_kept_out(server: Server) -> None:
    if server.shares("left alone and kept out", lambda: left_alone(server)):
        return
    with server.second_user() as second:
        upload = server.light(folder_id=second.folder_id, token=second.token)
        second.leave()
        attempt = server.attempt(
            upload, CommitPlan(), token=second.token, what="a right commit of a user who lost the folder meanwhile"
        )
        if attempt.answer.status not in (403, 404):
            server.fail(f"the answer is {describe_answer(attempt.run.last)}", attempt, expected="403 or 404")


@looking_back("AUTH-CHALLENGE")
def test_every_401(server: Server, looked_for: str) -> None:
    server.seen()
