"""The commands as users run them: what they print, and with which code they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from run_logs import observed, verdict, write

from commit_conformance.cli import main

BEFORE = [verdict("PART-GAP"), observed("REPEAT-ANSWER", "404 Not Found, code 'a'")]
AFTER = [verdict("PART-GAP", "failed", reason="it was committed"), observed("REPEAT-ANSWER", "409 Conflict")]


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def process(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as runs need one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COMMIT_CONFORMANCE_")}
    return subprocess.run(
        [sys.executable, "-m", "commit_conformance", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**clean, "PYTHONPATH": str(Path(__file__).parents[3])},
        cwd=folder,
        timeout=300,
        check=False,
    )


def test_diff_takes_folders_and_logs(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", *BEFORE), write(tmp_path / "b", *AFTER)
    done = command("diff", a, b / "events.jsonl")
    assert done.exit_code == 1
    assert done.output.splitlines()[2:] == [
        "new failures (1)",
        "  PART-GAP: passed became failed (it was committed)",
        "observed (1)",
        "  the second commit: 404 became 409",
    ]
    assert command("diff", a, b, "--fail-on", "never").exit_code == 0
    assert command("diff", b, a).exit_code == 0
    assert command("diff", b, a, "--fail-on", "changed").exit_code == 1
    assert command("diff", a, a, "--fail-on", "any").exit_code == 0


def test_diff_as_json(tmp_path: Path) -> None:
    told = json.loads(command("diff", write(tmp_path / "a", *BEFORE), write(tmp_path / "b", *AFTER), "--json").output)
    assert set(told) == {"format", "before", "after", "notes", "changes"}
    assert [change["kind"] for change in told["changes"]] == ["new_failure", "observed"]
    assert set(told["changes"][0]) == {"kind", "subject", "gating", "sentence", "before", "after"}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "nowhere", "cannot be read"),
        (lambda folder: write(folder, footer=False), "only whole runs can be compared"),
        (lambda folder: write(folder, format=9), "is of format 9"),
    ],
)
def test_a_log_that_is_no_good_gets_one_clear_message(tmp_path: Path, make: object, said: str) -> None:
    good, bad = write(tmp_path / "good", *BEFORE), make(tmp_path / "bad")  # type: ignore[operator]
    for arguments in ((good, bad), (bad, good)):
        done = command("diff", *arguments)
        assert done.exit_code == 2
        assert said in done.output
        assert len(done.output.splitlines()) == 1


def test_a_fail_on_that_is_none_is_refused(tmp_path: Path) -> None:
    run = write(tmp_path / "a", *BEFORE)
    done = command("diff", run, run, "--fail-on", "newest")
    assert (done.exit_code, "did you mean new" in done.output) == (2, True)


def test_fingerprint_of_a_run(tmp_path: Path) -> None:
    run = write(tmp_path / "a", *BEFORE)
    done = command("fingerprint", run)
    assert done.exit_code == 0
    assert "the second commit  404 Not Found, code 'a'" in done.output
    told = json.loads(command("fingerprint", run, "--json").output)
    assert set(told) == {"format", "target", "observed", "unknown", "capabilities", "part_size", "truncated"}
    assert told["observed"]["REPEAT-ANSWER"] == {"label": "the second commit", "text": "404 Not Found, code 'a'"}


def test_fingerprint_of_nothing(tmp_path: Path) -> None:
    assert command("fingerprint", tmp_path / "nowhere").exit_code == 2
    done = command("fingerprint", write(tmp_path / "a", verdict("PART-GAP")))
    assert (done.exit_code, "nothing was observed" in done.output) == (3, True)
    assert command("fingerprint", tmp_path / "a", "--target", "mock").exit_code == 2


@pytest.mark.parametrize(
    "behaviours", [[], ["repeat=409", "quoted-etags"], ["file-shape=minimal", "processing=2"], ["error-code=other"]]
)
def test_a_server_has_the_same_fingerprint_whatever_the_seed(tmp_path: Path, behaviours: list[str]) -> None:
    options = [word for name in behaviours for word in ("--behaviour", name)]
    found = []
    for seed in ("11", "12"):
        done = process(
            "fingerprint", "--target", "mock", "--seed", seed, "--out", seed, "--json", *options, folder=tmp_path
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert found[0] == found[1]
    assert len(found[0]["observed"]) >= 20
    same = command("diff", tmp_path / "11", tmp_path / "12", "--fail-on", "changed")
    assert same.exit_code == 0, same.output


def test_two_whole_runs_of_one_server_show_no_drift_and_another_server_does(tmp_path: Path) -> None:
    few = ("--rule", "PART-GAP", "--rule", "REPEAT-ANSWER")
    for out, *options in (("1",), ("2",), ("3", "--behaviour", "repeat=409", "--fault", "accepts-gap", *few)):
        process("run", "--seed", out, "--out", out, "--quiet", *options, folder=tmp_path)
    same = command("diff", tmp_path / "1", tmp_path / "2", "--fail-on", "changed")
    assert (same.exit_code, "observed (" in same.output) == (0, False), same.output
    process("run", "--seed", "4", "--out", "4", "--quiet", *few, folder=tmp_path)
    other = command("diff", tmp_path / "4", tmp_path / "3")
    assert other.exit_code == 1
    assert other.output.splitlines()[2:6] == [
        "new failures (1)",
        "  PART-GAP: passed became failed (the server committed it: 201 Created, although bytes 0 to 4095 are missing)",
        "observed (1)",
        "  the second commit: 201, the same file became 409",
    ]


def test_compare_ends_with_0_where_nothing_differs_and_1_where_something_does(tmp_path: Path) -> None:
    same = command("compare", "--target", "mock", "--target", "mock", "--seed", "7", "--out", tmp_path)
    assert (same.exit_code, "no difference in" in same.output) == (0, True)
    faulty = ("--target", "mock:fault=accepts-gap", "--seed", "7")
    other = command("compare", "--target", "mock", *faulty, "--json", "--out", tmp_path)
    assert other.exit_code == 1
    assert json.loads(other.output)["differences"][0]["subjects"] == ["a hole"]


@pytest.mark.parametrize(
    ("targets", "code", "said"),
    [
        (["mock"], 2, "given twice"),
        (["mock", "mock:fault=none-such"], 2, "none-such"),
        (["mock", "ftp://example"], 2, "neither 'mock' nor"),
        (["mock", "http://127.0.0.1:9"], 3, "B (http://127.0.0.1:9) could not be used"),
    ],
)
def test_compare_says_what_is_wrong(tmp_path: Path, targets: list[str], code: int, said: str) -> None:
    options = [word for target in targets for word in ("--target", target)]
    done = command("compare", *options, "--out", tmp_path)
    assert done.exit_code == code
    assert said in done.output
