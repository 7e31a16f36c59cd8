"""Tests that are run before their turn, while the commit of another one waits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from commands import commit_conformance

from commit_conformance.ahead import SHORTEST, Ahead
from commit_conformance.reference import configure
from commit_conformance.reference.messages import Handler, Request, Response
from commit_conformance.reference.server import ServerThread
from commit_conformance.target.embedded import PART_SIZE
from commit_conformance.target.settings import TargetSettings
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Effort
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire.budget import Budget, Purse
from commit_conformance.wire.errors import BudgetSpent
from commit_conformance.wire.till import Till
from strategies import digests


class Bench:
    """Tests that take a second each, on a clock that only they move."""

    def __init__(self, *, beside: list[str], waiting: list[str] | None = None) -> None:
        self.now = 0.0
        self.examined: list[str] = []
        self.verdicts: dict[str, Verdict] = {}
        self.needs: dict[str, str] = {}
        self.waits: dict[str, float] = {}
        self.badly: set[str] = set()
        self.ahead = Ahead(ready=self.ready, examine=self.examine, forget=self.forget, clock=lambda: self.now)
        self.ahead.expect(beside=beside, waiting=waiting or [])

    def ready(self, test: str) -> bool:
        return test not in self.needs or self.needs[test] in self.verdicts

    def examine(self, test: str) -> dict[str, Any]:
        self.examined.append(test)
        if test in self.waits:
            self.ahead.meanwhile(self.waits[test])
        self.now += 1.0
        self.verdicts[test] = Verdict.FAILED if test in self.badly else Verdict.PASSED
        return {"rule": test, "verdict": str(self.verdicts[test])}

    def forget(self, test: str) -> None:
        del self.verdicts[test]

    def turn(self, test: str, **options: bool) -> dict[str, Any]:
        return self.ahead.take(test, **options) or self.examine(test)


def test_as_many_tests_are_run_as_a_wait_has_time_for() -> None:
    bench = Bench(beside=["a", "b", "c", "d"])
    bench.ahead.meanwhile(2.5)
    assert bench.examined == ["a", "b", "c"]


def test_what_is_left_of_a_wait_is_waited_out_where_it_is_short() -> None:
    bench = Bench(beside=["a", "b"])
    bench.ahead.meanwhile(1.0 + SHORTEST / 2)
    assert bench.examined == ["a"]
    bench.ahead.meanwhile(SHORTEST / 2)
    assert bench.examined == ["a"]


def test_a_verdict_is_handed_in_once_when_its_turn_comes() -> None:
    bench = Bench(beside=["a"])
    bench.ahead.meanwhile(1.0)
    assert bench.turn("a") == {"rule": "a", "verdict": "passed"}
    assert bench.examined == ["a"]
    assert bench.ahead.take("a") is None
    assert bench.ahead.left() == []


def test_a_test_whose_turn_has_come_is_not_run_again_later() -> None:
    bench = Bench(beside=["a", "b"])
    bench.turn("a")
    bench.ahead.meanwhile(5.0)
    assert bench.examined == ["a", "b"]


def test_what_a_test_builds_on_is_tested_before_it() -> None:
    bench = Bench(beside=["a", "b"])
    bench.needs = {"a": "z"}
    bench.ahead.meanwhile(5.0)
    assert bench.examined == ["b"]
    bench.verdicts["z"] = Verdict.PASSED
    bench.ahead.meanwhile(5.0)
    assert bench.examined == ["b", "a"]


def test_nothing_is_run_beside_what_is_run_beside_another() -> None:
    bench = Bench(beside=["a", "b"])
    bench.waits = {"a": 1.0}
    bench.ahead.meanwhile(1.0)
    assert bench.examined == ["a"]


def test_what_does_not_go_well_is_run_again_in_its_turn_and_nothing_else_ahead_of_it() -> None:
    bench = Bench(beside=["a", "b", "c"])
    bench.badly = {"b"}
    bench.ahead.meanwhile(5.0)
    assert bench.examined == ["a", "b"]
    assert "b" not in bench.verdicts
    bench.badly = set()
    assert bench.turn("b")["verdict"] == "passed"
    bench.ahead.meanwhile(5.0)
    assert bench.examined == ["a", "b", "b"]
    assert bench.turn("a")["verdict"] == "passed"
    assert bench.examined == ["a", "b", "b"]


def test_tests_that_wait_are_moved_to_before_those_that_can_be_run_beside_them() -> None:
    bench = Bench(beside=["a", "b", "c"], waiting=["w"])
    bench.waits = {"w": 1.5}
    bench.ahead.meanwhile(1.0)
    assert bench.examined == ["a"], "now it is known that this target makes commits wait"
    assert bench.turn("a")["rule"] == "a"
    assert bench.examined == ["a"]
    bench.turn("b")
    assert bench.examined == ["a", "w", "b", "c"]
    assert bench.turn("c")["rule"] == "c"
    assert bench.turn("w")["rule"] == "w"
    assert bench.examined == ["a", "w", "b", "c"]


def test_nothing_is_moved_where_no_commit_waits_or_where_tests_share_what_they_upload() -> None:
    bench = Bench(beside=["a", "b"], waiting=["w"])
    bench.turn("a")
    assert bench.examined == ["a"]
    bench = Bench(beside=["a", "b"], waiting=["w"])
    bench.ahead.meanwhile(1.0)
    bench.turn("b", forward=False)
    assert bench.examined == ["a", "b"]


def test_verdicts_whose_turn_never_comes_are_not_lost() -> None:
    bench = Bench(beside=["a", "b"])
    bench.ahead.meanwhile(2.0)
    assert [event["rule"] for event in bench.ahead.left()] == ["a", "b"]
    assert bench.ahead.left() == []


# What a waiting test keeps


def test_a_file_is_kept_for_the_commit_that_waits() -> None:
    purse = Purse(Budget(committed_files=2))
    purse.check_files()
    with purse.file_under_way():
        purse.check_files()
        purse.file_committed()
        assert not purse.has_files()
        with pytest.raises(BudgetSpent):
            purse.check_files()
    purse.file_committed()
    assert purse.cost.committed_files == 2


def test_other_processes_leave_it_to_that_commit_too(tmp_path: Path) -> None:
    one, two = (Purse(Budget(committed_files=2), till=Till(tmp_path / "a.till", name=name)) for name in ("1", "2"))
    one.check_files()
    with one.file_under_way():
        one.nothing_due()  # the next test begins
        one.check_files()
        with pytest.raises(BudgetSpent):
            two.check_files()
        one.file_committed()
        with pytest.raises(BudgetSpent):
            two.check_files()
    with pytest.raises(BudgetSpent):
        two.check_files()
    one.file_committed()
    one.nothing_due()
    with pytest.raises(BudgetSpent, match="2 committed files"):
        two.check_files()
    assert two.spent.committed_files == 2


@contextmanager
def waiting_run(meanwhile: Callable[[Run, Server], None], *behaviours: str) -> Iterator[tuple[Run, Server]]:
    """A run on a service whose right commits wait a second, after its first commit, with something to do meanwhile."""
    target = TargetSettings(behaviours=("processing=1", "retry-after=1", *behaviours))
    run = Run(RunSettings(target=target, effort=Effort.STANDARD, seed=1))
    server = Server(run)
    run.connect().wire.sleep = lambda seconds: None
    assert examined(run, server, "PART-COMPLETE", lambda: server.sample)["verdict"] == "passed"
    server.sample.run.early = True  # nobody has to be early any more
    run.meanwhile = lambda seconds: meanwhile(run, server)
    try:
        yield run, server
    finally:
        run.close()


def examined(run: Run, server: Server, rule_id: str, test: Callable[[], object]) -> dict[str, Any]:
    rule = run.catalogue.get(rule_id)

    def body() -> None:
        server.begin(rule)
        test()

    return run.examine(rule, body, test="")


def test_what_is_examined_beside_a_test_is_not_counted_to_it_and_changes_nothing_for_it() -> None:
    beside: list[dict[str, Any]] = []

    def meanwhile(run: Run, server: Server) -> None:
        if beside:
            return
        assert server.target.bank.carriers() == [], "a session whose commit is under way carries nothing else"

        def keeps_out() -> None:
            carrier = server.target.bank.lease("auth")
            server.keeps_out(carrier, token=None, statuses=(401,))

        beside.append(examined(run, server, "AUTH-MISSING", keeps_out))

    with waiting_run(meanwhile) as (run, server):
        before = run.cost["requests"]

        def commits() -> None:
            upload = server.target.bank.lease("digest")
            server.commits(upload=upload)
            assert server.rule.id == "DIGEST-RETRY"
            assert {exchange.status for exchange in run.exchanges} >= {202, 201}
            assert 401 not in {exchange.status for exchange in run.exchanges}

        event = examined(run, server, "DIGEST-RETRY", commits)
        assert event["verdict"] == "passed"
        assert [each["verdict"] for each in beside] == ["passed"]
        assert beside[0]["requests"] > 1
        assert event["requests"] + beside[0]["requests"] == run.cost["requests"] - before
        assert event["examples"] == beside[0]["examples"] == 1
        assert run.at_work == "DIGEST-RETRY"


def test_nothing_is_examined_while_a_commit_waits_that_has_to_be_refused() -> None:
    calls: list[str] = []

    def refused() -> None:
        attempt = server.attempt(upload, digests.missing.representatives[0])
        assert attempt.run.glances, "it was answered 202 first"

    with waiting_run(lambda run, server: calls.append(server.rule.id), "async-validation") as (run, server):
        upload = server.target.bank.lease("digest")
        assert examined(run, server, "DIGEST-MISSING", refused)["verdict"] == "passed"
        assert calls == []
        examined(run, server, "DIGEST-RETRY", lambda: server.commits(upload=upload))
        assert calls == ["DIGEST-RETRY"]


# A whole run


@dataclass
class Recording:
    """A service that notes what it was asked, by whom it was asked last, and when."""

    handler: Handler
    seen: list[tuple[float, str, str, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Response:
        response = self.handler.handle(request)
        with self._lock:
            self.seen.append((time.monotonic(), request.method, request.target, response.status))
        return response


RULES = (
    "PART-COMPLETE",
    "DIGEST-ACCEPTED",
    "DIGEST-RETRY",
    "AUTH-MISSING",
    "AUTH-INVALID",
    "ERROR-METHOD",
    "SESSION-LIST-PARTS",
)


def run_beside(out: Path, *faults: str) -> tuple[int, list[dict[str, Any]], Recording]:
    """A run of some rules on a service whose right commits wait a second: exit code, events, and what was asked."""
    with configure(["processing=1", "retry-after=1"], list(faults), part_size=PART_SIZE) as service:
        recording = Recording(service)
        with ServerThread(recording) as server:
            words = [word for rule in RULES for word in ("--rule", rule)]
            result = commit_conformance(
                "run", "--target", server.url, *words, "--seed", "3", "--out", str(out), "--report", "none"
            )
    events = [json.loads(line) for line in (out / "events.jsonl").read_text("utf-8").splitlines()]
    return result.returncode, events, recording


def test_a_run_does_something_else_while_a_commit_waits_and_repeats_it_no_sooner(tmp_path: Path) -> None:
    code, events, recording = run_beside(tmp_path)

    verdicts = [event for event in events if event["event"] == "verdict" and event["test"]]
    assert sorted(event["rule"] for event in verdicts) == sorted(RULES)
    assert {event["verdict"] for event in verdicts} == {"passed"}
    assert code == 0
    beside = 0
    for place, (when, _, path, status) in enumerate(recording.seen):
        if status != 202:
            continue
        rest = recording.seen[place + 1 :]
        again, (repeated, *_) = next((n, each) for n, each in enumerate(rest) if each[1:3] == ("POST", path))
        others = {each[2] for each in rest[:again] if each[1] == "POST" and each[2].endswith("/commit")}
        beside += bool(others)
        assert repeated - when >= 1.0 or not others
    assert beside


def test_a_rule_that_is_not_kept_beside_another_is_tested_again_alone(tmp_path: Path) -> None:
    code, events, _ = run_beside(tmp_path, "needs-no-token")

    found = [event for event in events if event["event"] == "verdict" and event["rule"] == "AUTH-MISSING"]
    assert [event["verdict"] for event in found] == ["failed"]
    assert code == 1
