"""A driver is a stranger's program: whatever it does is bounded and named, and the other scenarios go on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from client_runs import PLAIN, outcome_of, plain_run, verdicts_of

from commit_conformance.clients.process import Command, Driver, DriverTrouble
from commit_conformance.clients.run import ClientRun, NotTested, run_client

HELLO = (
    '{"type": "hello", "protocol": 1, "sdk": {"name": "s", "version": "1", "language": "l"}, "calls": {"upload": []}}'
)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ends", "it ended with exit code 7"),
        ("hangs", "it did not answer within the 2 seconds it had for this scenario"),
        ("rubbish", "this is no JSON: 'WARNING: something was deprecated'"),
        ("not-an-object", "this is no object: '[1, 2]'"),
        ("not-text", "this is no JSON"),
        ("half-a-result", "'outcome' is a required property"),
        ("wrong-id", "answered 'x' when 'created/upload' was asked"),
        ("deep", "a result was due"),
        ("floods", "more than 1048576 bytes without the end of a line"),
        ("floods-lines", "a result was due, and this is none"),
        ("leaves-a-child", "it did not answer within the 2 seconds"),
    ],
)
def test_a_driver_that_goes_wrong_is_named_and_the_others_go_on(name: str, why: str) -> None:
    outcome = outcome_of("--driver", name, scenarios=("created", "attributes"), workers=1, timeout=2)
    by_rule = {each.rule.id: each for each in outcome.verdicts}
    created = by_rule["CLIENT-CREATED-FILE"]
    assert created.verdict == "errored"
    assert why in dict(created.findings)["created/upload"].reason
    assert dict(created.findings)["created/commit"].verdict == "passed"
    assert by_rule["CLIENT-ATTRIBUTES"].verdict == "passed"
    assert outcome.exit_code == 3


def test_a_second_answer_is_noticed_at_the_next_scenario() -> None:
    outcome = outcome_of("--driver", "answers-twice", scenarios=("created",), workers=1)
    findings = dict(next(each for each in outcome.verdicts if each.rule.id == "CLIENT-CREATED-FILE").findings)
    assert [each.verdict for each in findings.values()].count("errored") == 1
    assert any("a line that nobody had asked for" in each.reason for each in findings.values())


def test_what_floods_standard_error_is_bounded() -> None:
    assert outcome_of("--driver", "floods-errors", scenarios=("created",), workers=1).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--driver", "other-protocol"], "speaks protocol 9"),
        (["--driver", "no-hello"], "a hello was due"),
        (["--driver", "silent"], "within the 1 seconds it had to say hello"),
        (["--no-such-option"], "it ended with exit code 2"),
    ],
)
def test_without_a_hello_nothing_is_tested(arguments: list[str], why: str) -> None:
    with pytest.raises(NotTested, match=why):
        run_client(plain_run(*arguments, hello_seconds=1 if "silent" in arguments else 30))


def test_a_program_that_is_not_there_is_named() -> None:
    run = ClientRun(name="x", command=Command(words=["/no/such/driver"]), replay="x")
    with pytest.raises(NotTested, match=r"/no/such/driver: cannot be started \(No such file or directory\)"):
        run_client(run)


def test_a_driver_that_does_nothing_passes_nothing() -> None:
    outcome = outcome_of("--driver", "nothing", quick=True, workers=8)
    assert set(verdicts_of(outcome).values()) == {"blocked"}
    reasons = {each.reason for each in outcome.verdicts if each.rule.id == "CLIENT-CREATED-FILE"}
    assert any("nothing was sent" in reason for reason in reasons)
    assert (outcome.exit_code, outcome.reason) == (3, "no rule that decides could be tested")


def test_an_sdk_without_calls_is_unsupported() -> None:
    outcome = outcome_of("--driver", "unsupported", scenarios=("created", "resumed"))
    verdicts = verdicts_of(outcome)
    assert (verdicts["CLIENT-CREATED-FILE"], verdicts["CLIENT-RESUME"]) == ("unsupported", "unsupported")
    assert outcome.exit_code == 3


def test_everything_a_driver_has_started_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(
        "import os, sys, time\n"
        f"print('''{HELLO}''', flush=True)\n"
        "child = os.fork()\n"
        "if child == 0:\n    time.sleep(600)\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child))\n"
        "sys.stdin.read()\n"
    )
    with Driver(Command(words=[sys.executable, str(script)])) as driver:
        assert driver.hello.name == "s"
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            time.sleep(0.01)
    child = int((tmp_path / "child").read_text())
    ended = False
    for _ in range(200):
        # A child whose parent has gone may lie about as a zombie where nobody reaps it.
        state = Path(f"/proc/{child}/stat")
        ended = not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
        if ended:
            break
        time.sleep(0.02)
    assert ended, f"process {child} goes on"
    if not Path("/proc").is_dir():
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_driver_that_was_ended_cannot_be_asked() -> None:
    driver = Driver(Command(words=PLAIN))
    driver.stop()
    with pytest.raises(DriverTrouble):
        driver.ask({"id": "x"}, timeout=5)
