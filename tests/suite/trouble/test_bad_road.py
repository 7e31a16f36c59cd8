"""Trouble on the way is not non-conformance: nothing fails because of it, and what is wrong is found all the same."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from commit_conformance.reference import FAULTS, configure
from commit_conformance.reference.server import ServerThread
from tests.suite.trouble.furnished import Household
from tests.suite.trouble.messages import Message
from tests.suite.trouble.road import Fate, Mishaps, Road
from tests.suite.trouble.watched import SHORT_WAITS, TOKEN, Runs, Watched

BAD = Mishaps(lost_requests=0.025, lost_answers=0.025, busy=0.01, per_second=120, seed=3)
#: Every right commit is lost once, and its repetition refused: nothing can be told of those, and nothing is.
REFUSES_REPETITIONS = ("processing=0", "repeat=404")


def run_over(
    runs: Runs,
    out: Path,
    mishaps: Mishaps | Fate,
    *arguments: str,
    faults: tuple[str, ...] = (),
    behaviours: tuple[str, ...] = (),
    **limits: float,
) -> Watched:
    """A run on the reference service over a bad road; what was in the user's folder has to be there afterwards."""
    service = configure(behaviours, faults, tokens={TOKEN: "1"}, part_size=4096, seed=5)
    house = Household(service)
    house.furnish()
    before = house.inventory()
    given = {"mishaps": mishaps} if isinstance(mishaps, Mishaps) else {"fate": mishaps}
    with service, ServerThread(service) as server, Road(server.url, **given) as road:  # type: ignore[arg-type]
        # The limit is one of a second: six tries, with the five waits between them, have to take longer than that.
        limited = {"wait": 0.25} if isinstance(mishaps, Mishaps) and mishaps.per_second else {}
        bounds = {**SHORT_WAITS, **limited, **limits}
        done = runs.run("run", "--target", road.url, "--seed", "7", *arguments, out=out, limit=150, limits=bounds)
        after = house.inventory()
    assert b"Traceback" not in done.text
    assert done.last["event"] == "footer"
    assert done.last["cleanup"]["left"] == []
    assert after == before
    return done


def test_nothing_fails_on_a_bad_road(runs: Runs, tmp_path: Path) -> None:
    done = run_over(runs, tmp_path, BAD)
    assert done.reasons("failed") == {}
    assert done.code in (0, 3)
    assert done.counts["passed"] > 110
    notes = [event for event in done.events if event["event"] == "target"][-1]["notes"]
    assert any(note.startswith("on the way: ") and "ReadError" in note for note in notes)
    assert b"on the way: " in done.text


@pytest.mark.parametrize("name", ["accepts-gap", "repeat-makes-a-file", "ignores-if-match"])
def test_the_same_faults_are_found_on_a_bad_road(runs: Runs, tmp_path: Path, name: str) -> None:
    if name not in FAULTS:
        pytest.fail(f"the fault {name} has gone; choose another")
    done = run_over(runs, tmp_path, BAD, "--rule", "PART-*", "--rule", "REPEAT-*", "--rule", "IF-*", faults=(name,))
    assert done.code == 1
    assert set(FAULTS[name].rules) & set(done.reasons("failed"))


# Lost answers of every step


def commits(message: Message) -> bool:
    return message.start[0] == "POST" and message.start[1].endswith("/commit")


def creates_sessions(message: Message) -> bool:
    return message.start[0] == "POST" and message.start[1].endswith("/upload_sessions")


def creates_folders(message: Message) -> bool:
    return message.start[0] == "POST" and message.start[1].endswith("/folders")


def uploads(message: Message) -> bool:
    return message.start[0] == "PUT" and "upload_sessions" in message.start[1]


def deletes(message: Message) -> bool:
    return message.start[0] == "DELETE"


def first_try(kind: Callable[[Message], bool], fate: str) -> Fate:
    """The first try of every request of a kind meets this fate, and no other does."""
    seen: set[str] = set()

    def decide(number: int, request: Message) -> str:
        known = hashlib.sha1(repr((request.start, request.lines, request.body)).encode()).hexdigest()
        if not kind(request) or known in seen:
            return "pass"
        seen.add(known)
        return fate

    return decide


def lose_created(number: int, request: Message) -> str:
    """The 201 of every commit is lost once; a 202 before it is not."""
    return "lose 201" if commits(request) else "pass"


@pytest.mark.parametrize("fate", ["lose answer", "504"])
@pytest.mark.parametrize("kind", [creates_folders, creates_sessions, uploads, deletes, commits])
def test_the_answer_to_every_step_may_be_lost(
    runs: Runs, tmp_path: Path, kind: Callable[[Message], bool], fate: str
) -> None:
    done = run_over(runs, tmp_path, first_try(kind, fate), "--effort", "quick")
    assert done.reasons("failed") == {}
    # Retries cost requests, of which a quick run has 59; it is the one reason for which anything may be missing.
    assert set(done.reasons("errored")) == set()
    assert done.counts["passed"] > 12


def test_every_201_may_be_lost(runs: Runs, tmp_path: Path) -> None:
    done = run_over(runs, tmp_path, lose_created, "--effort", "quick")
    assert done.reasons("failed") == done.reasons("errored") == {}
    assert done.counts["passed"] > 30


RULES = ("--rule", "LIFE-CYCLE-MODEL", "--rule", "REPEAT-*", "--rule", "CONFLICT-*", "--rule", "REJECTED-*")


@pytest.mark.parametrize("behaviours", [(), ("processing=0", "repeat=404")])
@pytest.mark.parametrize("kind", [uploads, deletes, commits])
def test_lost_answers_do_not_disturb_walks_races_and_what_is_seen_in_passing(
    runs: Runs, tmp_path: Path, kind: Callable[[Message], bool], behaviours: tuple[str, ...]
) -> None:
    fate = lose_created if kind is commits else first_try(kind, "lose answer")
    done = run_over(runs, tmp_path, fate, *RULES, behaviours=behaviours)
    assert done.reasons("failed") == {}
    if not (kind is commits and behaviours):
        assert done.verdicts["LIFE-CYCLE-MODEL"] == "passed"


def test_a_server_that_refuses_repetitions_is_accused_of_nothing(runs: Runs, tmp_path: Path) -> None:
    """Each commit is sent twice, so no right one is ever seen to be answered 201: that is told, and no more."""
    done = run_over(runs, tmp_path, lose_created, "--rule", "PART-COMPLETE", behaviours=REFUSES_REPETITIONS)
    assert done.reasons("failed") == {}
    assert done.code == 3
    assert "lost on the way" in done.reasons("errored")["PART-COMPLETE"]


def test_a_session_without_a_list_of_parts_is_opened_anew_when_a_part_is_in_doubt(runs: Runs, tmp_path: Path) -> None:
    count = 0

    def now_and_then(number: int, request: Message) -> str:
        nonlocal count
        count += uploads(request)
        return "lose answer" if uploads(request) and count % 9 == 1 else "pass"

    done = run_over(runs, tmp_path, now_and_then, "--effort", "quick", behaviours=("no-list-parts",))
    assert done.reasons("failed") == done.reasons("errored") == {}


# Away for a while, and for good


def test_a_deploy_in_the_middle_of_a_run_is_waited_for(runs: Runs, tmp_path: Path) -> None:
    def deploy(number: int, request: Message) -> str:
        return "lose request" if 20 <= number < 23 else "503" if 23 <= number < 25 else "pass"

    done = run_over(runs, tmp_path, deploy, "--effort", "quick")
    assert done.reasons("failed") == done.reasons("errored") == {}


def test_a_server_that_goes_away_for_good_ends_the_run_soon(runs: Runs, tmp_path: Path) -> None:
    service = configure((), (), tokens={TOKEN: "1"}, part_size=4096)
    with service, ServerThread(service) as server:
        fate: Fate = lambda number, request: "pass" if number < 150 else "lose request"  # noqa: E731
        with Road(server.url, fate=fate) as road:
            limits = {**SHORT_WAITS, "patience": 1.0}
            done = runs.run("run", "--target", road.url, out=tmp_path, limit=60, limits=limits)
    assert done.reasons("failed") == {}
    assert done.code == 3
    assert "nothing more is sent" in "; ".join(done.reasons("errored").values())
    assert "errored" in done.headline
    assert done.last["cleanup"]["left"] != []


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_gateway_that_never_lets_a_commit_pass_is_not_the_servers_fault(
    runs: Runs, tmp_path: Path, status: str
) -> None:
    fate: Fate = lambda number, request: status if commits(request) else "pass"  # noqa: E731
    done = run_over(runs, tmp_path, fate, "--effort", "quick", follow=0.5)
    assert done.reasons("failed") == {}
    assert done.code == 3
    assert "PART-COMPLETE" in done.reasons("errored")


def test_nobody_there_is_told_at_once(runs: Runs, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    done = runs.run("run", "--target", url, out=tmp_path, limit=30)
    assert done.code == 3
    assert "Connection refused" in done.headline
    assert done.seconds < 15


def test_a_server_without_tls_is_told_at_once(runs: Runs, tmp_path: Path) -> None:
    service = configure((), (), tokens={TOKEN: "1"})
    with service, ServerThread(service) as server:
        target = server.url.replace("http://", "https://")
        done = runs.run("run", "--target", target, out=tmp_path, limit=30)
    assert done.code == 3
    assert "SSL" in done.headline
