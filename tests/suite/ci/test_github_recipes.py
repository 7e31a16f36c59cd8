"""The GitHub action and the example workflows do what docs/ci.md says of them; their commands are really run."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.reference import Service
from tests.suite.ci.machine import ROOT, call, files_that_hold, surroundings
from tests.suite.ci.workflows import Job, Runner, scripts_of, yaml_of
from tests.suite.report.test_schemas import sarif_validator

RECIPES = ROOT / "ci" / "github"
WRITTEN = {"events.jsonl", "ledger.jsonl", "junit.xml", "report.html", "report.md", "report.sarif"}
#: Enough for a fault to be found and for a right server to pass.
FEW = {"COMMIT_CONFORMANCE_RULE": "PART-GAP,PART-EMPTY,DIGEST-MISMATCH"}
#: The shards' workflow, with two shards in place of three, on a server that is not shared with others.
FASTER = {
    "--rate=80": "--rate=60000",
    "effort: thorough": "effort: standard",
    "[1, 2, 3]": "[1, 2]",
    "matrix.shard }}/3": "matrix.shard }}/2",
}


@pytest.fixture
def runner(tmp_path: Path, installed: dict[tuple[str, str], str], token: str) -> partial[Runner]:
    return partial(Runner, folder=tmp_path, installed=installed, secrets={"STAGING_TOKEN": token}, environment=FEW)


def staging(url: str) -> dict[str, str]:
    return {"STAGING_UPLOAD_URL": url, "STAGING_API_URL": url, "STAGING_FOLDER_ID": "0"}


def failures_in(sarif: Path) -> list[str]:
    document: dict[str, Any] = json.loads(sarif.read_text(encoding="utf-8"))
    sarif_validator().validate(document)
    return [result["ruleId"] for run in document["runs"] for result in run["results"]]


def is_kept_secret(token: str, job: Job, folder: Path) -> None:
    """The token is in no file, in nothing that was printed, and in no command but the shell's own."""
    traces = [path for path in files_that_hold(token, folder) if path.name != "commands"]
    assert traces == []
    assert token not in job.log
    called = [line for line in job.commands.splitlines() if token in line]
    assert called
    assert {line.lstrip("+ ").split()[0] for line in called} <= {"'['", "export", f"COMMIT_CONFORMANCE_TOKEN={token}"}


def test_a_right_server_passes_and_everything_is_there(
    runner: partial[Runner], right: tuple[str, Service], token: str, tmp_path: Path
) -> None:
    (job,) = runner(variables=staging(right[0])).run(RECIPES / "conformance.yml")

    assert not job.failed, job.log
    outputs = job.steps["conformance"]["outputs"]
    assert (outputs["exit-code"], outputs["conclusion"]) == ("0", "conforms")
    assert {path.name for path in (tmp_path / "artifacts" / "conformance").iterdir()} == WRITTEN
    assert all((job.workspace / outputs[each]).is_file() for each in ("log", "html", "junit", "sarif"))
    assert job.summary.startswith("## ✅ conforms: ")
    assert "(<https://github.example.test/your-group/server/actions/runs/4711>)" in job.summary
    assert [failures_in(path) for path in job.sarif] == [[]]
    is_kept_secret(token, job, tmp_path)


def test_a_wrong_server_fails_and_says_why_in_each_place(
    runner: partial[Runner], wrong: tuple[str, Service], token: str, tmp_path: Path
) -> None:
    (job,) = runner(variables=staging(wrong[0])).run(RECIPES / "conformance.yml")

    assert (job.failed, job.code) == (True, 1)
    assert job.steps["conformance"]["outputs"]["conclusion"] == "does not conform"
    assert "PART-GAP" in job.summary
    assert {path.name for path in (tmp_path / "artifacts" / "conformance").iterdir()} == WRITTEN
    assert [failures_in(path) for path in job.sarif] == [["PART-GAP"]]
    is_kept_secret(token, job, tmp_path)


def test_a_server_that_cannot_be_tested_is_a_warning_in_the_plain_workflow(
    runner: partial[Runner], right: tuple[str, Service]
) -> None:
    made = runner(variables=staging(right[0]), secrets={"STAGING_TOKEN": "of-somebody-else"})
    (job,) = made.run(RECIPES / "conformance.yml")

    assert not job.failed
    assert job.steps["conformance"]["outputs"]["exit-code"] == "3"
    assert "::warning::the server could not be tested" in job.log
    assert "could not be tested" in job.summary


@pytest.mark.parametrize(
    ("fail_on", "code", "new_failures", "ends_with"),
    [
        ("any", 0, "", 0),
        ("any", 1, "", 1),
        ("any", 1, "false", 1),
        ("any", 3, "", 3),
        ("failed", 0, "", 0),
        ("failed", 1, "", 1),
        ("failed", 3, "", 0),
        ("failed", 3, "false", 0),
        ("new", 0, "false", 0),
        ("new", 1, "", 1),
        ("new", 1, "true", 1),
        ("new", 1, "false", 0),
        ("new", 3, "false", 3),
        ("never", 1, "true", 0),
        ("never", 3, "", 0),
        *((fail_on, 2, "", 2) for fail_on in ("any", "failed", "new", "never")),
    ],
)
def test_what_makes_the_job_fail(fail_on: str, code: int, new_failures: str, ends_with: int, tmp_path: Path) -> None:
    script = dict(scripts_of(ROOT / "action.yml"))["Decide"]
    given = {"FAIL_ON": fail_on, "CODE": str(code), "NEW_FAILURES": new_failures, "CONCLUSION": "as it may be"}

    assert call(["bash", "-c", script], cwd=tmp_path, environment=surroundings(**given)).returncode == ends_with


@pytest.mark.parametrize(
    "inputs", [{"effort": "heroic", "fail-on": "never"}, {"fail-on": "sometimes"}, {"merge": "nothing"}]
)
def test_wrong_use_always_fails(runner: partial[Runner], inputs: dict[str, str]) -> None:
    job = runner().act(target="mock", **inputs)

    assert (job.failed, job.code) == (True, 2), job.log
    if "effort" in inputs:
        assert "wrong use" in job.summary
        assert (job.outputs["exit-code"], job.outputs["log"]) == ("2", "")


def test_inputs_are_texts_and_never_commands(runner: partial[Runner], tmp_path: Path) -> None:
    """Whatever a shell would make of them. The run does not begin with them, but bash has expanded every one."""
    text = f"$(touch {tmp_path}/made) `touch {tmp_path}/made`; touch {tmp_path}/made #\"'\n--fault=$(touch made)"
    inputs = set(yaml_of(ROOT / "action.yml")["inputs"]) - {"python-version", "extras", "fail-on"}
    for number, left_out in enumerate(({"merge"}, set[str]())):
        job = runner(folder=tmp_path / str(number)).act(**dict.fromkeys(inputs - left_out, text))
        assert job.done[-1] in ("Decide", "Keep log and reports")
        assert job.code == 2, job.log
        assert "touch" in job.commands
        assert not list(tmp_path.rglob("made"))


def test_settings_come_from_the_profile_where_no_input_says_otherwise(
    runner: partial[Runner], wrong: tuple[str, Service], token: str
) -> None:
    def prepare(workspace: Path) -> None:
        profile = f'[profile.staging]\ntarget = "{wrong[0]}"\ntoken-env = "OF_STAGING"\nrule = ["PART-GAP"]\n'
        (workspace / "commit-conformance.toml").write_text(profile, encoding="utf-8")

    job = runner(prepare=prepare, environment={"OF_STAGING": token}).act(profile="staging")

    assert (job.code, job.outputs["exit-code"]) == (1, "1"), job.log


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def of_a_change(runner: partial[Runner], folder: Path, *, before: Path | None) -> Job:
    """The workflow for pull requests, on a server that commits lists with holes.

    Args:
        before: The artifact of the last run on main, which ``gh`` fetches; None for none.
    """
    programs, port = folder / "programs", free_port()
    programs.mkdir(parents=True)
    fetched = f'[ "$2" = list ] && echo 17 || cp -R "{before}" before' if before else "exit 1"
    program(programs / "gh", fetched)

    def prepare(workspace: Path) -> None:
        serve = f'exec "{sys.executable}" -m commit_conformance serve --fault accepts-gap --port "$1"'
        program(workspace / "start-server", serve)

    made = runner(folder=folder, programs=[programs], prepare=prepare, replaced={"8741": port})
    (job,) = made.run(RECIPES / "pull-request.yml")
    return job


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_change_fails_on_what_is_new_and_passes_with_what_failed_before(
    runner: partial[Runner], tmp_path: Path
) -> None:
    first = of_a_change(runner, tmp_path / "first", before=None)
    assert (first.failed, first.code) == (True, 1), first.log
    assert "nothing is compared" in first.log

    artifact = tmp_path / "first" / "artifacts" / "conformance"
    same = of_a_change(runner, tmp_path / "same", before=artifact)
    assert not same.failed, same.log
    assert "### Since the baseline" in same.summary

    # The other way round, the same log has a failure that the new one has not, and back again.
    job = runner(folder=tmp_path / "gone").act(target="mock", baseline=str(artifact), **{"fail-on": "new"})
    assert (job.code, job.outputs["new-failures"]) == (0, "false"), job.log
    back = runner(folder=tmp_path / "back", replaced={}).act(
        target="mock",
        args="--fault=accepts-gap",
        baseline=str(tmp_path / "gone" / "artifacts" / "conformance"),
        **{"fail-on": "new"},
    )
    assert (back.code, back.outputs["new-failures"]) == (1, "true"), back.log
    assert "    new failures (1)" in back.summary


def test_a_cancelled_run_is_swept_and_keeps_its_ledger(
    runner: partial[Runner], right: tuple[str, Service], token: str, tmp_path: Path
) -> None:
    def under_way(workspace: Path) -> bool:
        ledger = workspace / "reports" / "conformance" / "ledger.jsonl"
        return ledger.is_file() and len(ledger.read_bytes().splitlines()) > 5

    job = runner(cut=("Run the suite", under_way), environment={}).act(target=right[0], token=token)

    assert "Sweep what a cancelled run has left" in job.done
    assert " deleted, 0 left" in job.log
    assert "\n0 deleted" not in job.log
    assert (tmp_path / "artifacts" / "conformance" / "ledger.jsonl").is_file()
    assert "Decide" not in job.done


def test_shards_are_merged_into_one_verdict(
    runner: partial[Runner], wrong: tuple[str, Service], token: str, tmp_path: Path
) -> None:
    jobs = runner(variables=staging(wrong[0]), replaced=FASTER).run(RECIPES / "sharded.yml")

    *shards, merged = jobs
    assert [job.name for job in shards] == ["shard-1", "shard-2"]
    assert not any(job.failed for job in shards)
    assert (merged.failed, merged.code) == (True, 1), merged.log
    assert "PART-GAP" in merged.summary
    assert [failures_in(path) for path in merged.sarif] == [["PART-GAP"]]
    for job in shards:
        is_kept_secret(token, job, tmp_path)


def test_a_shard_that_is_missing_leaves_the_whole_untested(runner: partial[Runner], tmp_path: Path) -> None:
    """One shard of two, which has nothing to find."""
    job = runner().act(target="mock", shard="1/2")
    assert not job.failed, job.log

    def prepare(workspace: Path) -> None:
        shutil.copytree(tmp_path / "artifacts" / "conformance", workspace / "shards" / "conformance")

    merged = runner(folder=tmp_path / "merged", prepare=prepare).act(merge="shards")
    assert (merged.code, merged.outputs["conclusion"]) == (3, "could not be tested"), merged.log
