"""Runs GitHub workflows and the action of this project, step by step, as their runner does.

``run`` steps are really run, by bash with the runner's options and files for outputs, environment, path and summary.
Of ``uses``, the action of this project is run from its ``action.yml``; checking out and setting up Python are left out,
since both are here already; artifacts are copied between folders; a SARIF file is kept for the test to look at. An
action that is none of these, an input that it does not have, or a permission that is missing is an error.

``Runner.installed`` remembers what the installing step wrote, so that it is run once and not for every job.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from tests.suite.ci.expressions import NotUnderstood, condition, evaluate, substitute, written
from tests.suite.ci.machine import ROOT, SECONDS, surroundings

INSTALLING = "Install the suite"
#: Inputs of the actions that are stood in for, as far as the recipes use them, and the permission that each needs.
FOREIGN = {
    "actions/checkout": ({"persist-credentials"}, "contents"),
    "actions/setup-python": ({"python-version"}, ""),
    "actions/upload-artifact": ({"name", "path", "if-no-files-found"}, ""),
    "actions/download-artifact": ({"pattern", "path"}, ""),
    "github/codeql-action/upload-sarif": ({"sarif_file", "category"}, "security-events"),
}
_PLAIN = ["bash", "-e"]
_ASKED_FOR = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]


@cache
def yaml_of(path: Path) -> dict[str, Any]:
    """A YAML file. ``on`` is a truth value to YAML 1.1, and the key of a workflow to GitHub."""
    read: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


@dataclass(slots=True)
class Status:
    """How a job, or the action in it, has fared so far."""

    failed: bool = False
    cancelled: bool = False

    @property
    def functions(self) -> dict[str, Callable[[], bool]]:
        return {
            "always": lambda: True,
            "success": lambda: not self.failed and not self.cancelled,
            "failure": lambda: self.failed,
            "cancelled": lambda: self.cancelled,
        }


@dataclass(slots=True, kw_only=True)
class Job:
    """A job while it runs, and what came of it.

    Attributes:
        steps: The outputs of the workflow's steps, by id.
        outputs: The outputs of this project's action, where the job uses it.
        commands: Every command that bash ran, with its words expanded.
        code: The exit code of the last step that failed; 0 where none has.
        groups: Process groups of its steps.
    """

    name: str
    workspace: Path
    temp: Path
    permissions: Mapping[str, str]
    environment: dict[str, str]
    status: Status = field(default_factory=Status)
    path: list[str] = field(default_factory=list)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    log: str = ""
    summary: str = ""
    commands: str = ""
    sarif: list[Path] = field(default_factory=list)
    code: int = 0
    groups: list[int] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return self.status.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs workflows in folders below ``folder``.

    Attributes:
        installed: What installing steps wrote to their path file, by script and input.
        programs: Folders with programs that the machine has besides.
        environment: Variables that the machine has besides.
        prepare: Puts into a job's workspace what its repository would hold.
        replaced: Texts of the recipes, each with what stands in for it here, such as a port.
        cut: A step by its name, and when it is killed and the job cancelled with it.
    """

    folder: Path
    installed: dict[tuple[str, str], str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    programs: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda workspace: None
    replaced: Mapping[str, str] = field(default_factory=dict)
    cut: tuple[str, Callable[[Path], bool]] | None = None

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    def run(self, workflow: Path) -> list[Job]:
        """Runs all jobs of a workflow, each after those that it needs."""
        text = workflow.read_text(encoding="utf-8")
        for old, new in self.replaced.items():
            assert old in text, f"{workflow.name} has no {old}"
            text = text.replace(old, new)
        found = yaml.safe_load(text)
        results: dict[str, str] = {}
        done: list[Job] = []
        for name, described in found["jobs"].items():
            needs = described.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            assert set(needs) <= set(results), "jobs are written in the order in which they can run"
            before = Status(failed=any(results[each] != "success" for each in needs))
            contexts = {"needs": {each: {"result": results[each]} for each in needs}}
            if not condition(described.get("if", "success()"), contexts, before.functions):
                results[name] = "skipped"
                continue
            jobs = [
                self._job(name, described, {**found.get("permissions", {})}, matrix) for matrix in _matrices(described)
            ]
            results[name] = "failure" if any(job.failed for job in jobs) else "success"
            done += jobs
        return done

    def act(self, **inputs: str) -> Job:
        """Runs one job that does nothing but use the action of this project."""
        step = {"id": "conformance", "uses": "your-group/box-commit-conformance@main", "with": inputs}
        return self._job("job", {"steps": [step]}, {}, {})

    def _job(
        self, name: str, described: Mapping[str, Any], permissions: dict[str, str], matrix: Mapping[str, Any]
    ) -> Job:
        label = "-".join([name, *map(str, matrix.values())])
        assert not (self.folder / label).exists(), f"two jobs are called {label}"
        workspace, temp = self.folder / label / "workspace", self.folder / label / "temp"
        workspace.mkdir(parents=True)
        temp.mkdir()
        self.prepare(workspace)
        job = Job(
            name=label,
            workspace=workspace,
            temp=temp,
            permissions={**permissions, **described.get("permissions", {})},
            environment=surroundings(
                GITHUB_WORKSPACE=str(workspace),
                GITHUB_SERVER_URL="https://github.example.test",
                GITHUB_REPOSITORY="your-group/server",
                GITHUB_WORKFLOW="conformance",
                GITHUB_RUN_ID="4711",
                RUNNER_TEMP=str(temp),
                **self.environment,
            ),
        )
        contexts: dict[str, Any] = {
            "secrets": self.secrets,
            "vars": self.variables,
            "matrix": matrix,
            "github": {"token": "token-of-the-job", "repository": "your-group/server", "run_number": 17},
            "steps": job.steps,
        }
        given = {key: self._text(value, contexts, job.status) for key, value in described.get("env", {}).items()}
        job.environment |= given
        try:
            self._steps(described["steps"], job, {**contexts, "env": given}, job.status, {})
        finally:
            # What steps have left running ends with the job.
            for group in job.groups:
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
        return job

    def _steps(
        self,
        steps: Sequence[Mapping[str, Any]],
        job: Job,
        contexts: Mapping[str, Any],
        status: Status,
        environment: Mapping[str, str],
    ) -> None:
        for step in steps:
            name = step.get("name") or step.get("uses") or step["run"].splitlines()[0]
            if not condition(step.get("if", "success()"), contexts, status.functions):
                continue
            job.done.append(name)
            job.log += f"== {name}\n"
            outputs: dict[str, str] = {}
            given = {key: self._text(value, contexts, status) for key, value in step.get("env", {}).items()}
            if "run" in step:
                code = self._script(name, step, job, {**environment, **given}, outputs)
            else:
                inputs = {key: self._text(value, contexts, status) for key, value in step.get("with", {}).items()}
                code = self._used(step["uses"], inputs, job, {**environment, **given}, outputs)
            if "id" in step:
                contexts["steps"][step["id"]] = {"outputs": outputs, "outcome": "failure" if code else "success"}
            if job.status.cancelled:
                status.cancelled = True
            elif code and not step.get("continue-on-error"):
                status.failed, job.code = True, code

    def _text(self, value: Any, contexts: Mapping[str, Any], status: Status) -> str:
        return substitute(written(value), contexts, status.functions)

    def _script(
        self, name: str, step: Mapping[str, Any], job: Job, environment: Mapping[str, str], outputs: dict[str, str]
    ) -> int:
        key = (step["run"], environment.get("EXTRAS", ""))
        if name == INSTALLING and key in self.installed:
            job.path += self.installed[key].splitlines()
            return 0
        here = job.temp / f"step-{len(job.done)}"
        here.mkdir()
        files = {
            each: here / each.lower() for each in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.touch()
        (here / "script.sh").write_text(step["run"], encoding="utf-8")
        shell = {None: _PLAIN, "bash": _ASKED_FOR}[step.get("shell")]
        path = os.pathsep.join([*reversed(job.path), *map(str, self.programs), job.environment["PATH"]])
        with (here / "commands").open("wb") as trace, (here / "log").open("wb") as log:
            process = subprocess.Popen(
                [*shell, "-x", str(here / "script.sh")],
                cwd=job.workspace / step.get("working-directory", "."),
                env={
                    **job.environment,
                    **environment,
                    **{each: str(path) for each, path in files.items()},
                    "BASH_XTRACEFD": str(trace.fileno()),
                    "PATH": path,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(trace.fileno(),),
                start_new_session=True,
            )
            job.groups.append(process.pid)
            if self.cut is not None and self.cut[0] == name:
                _kill_when(process, lambda: self.cut is not None and self.cut[1](job.workspace))
                job.status.cancelled = True
            code = process.wait(SECONDS)
        job.log += (here / "log").read_text(encoding="utf-8")
        job.commands += (here / "commands").read_text(encoding="utf-8")
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        job.environment |= _pairs(files["GITHUB_ENV"])
        job.path += files["GITHUB_PATH"].read_text(encoding="utf-8").splitlines()
        outputs |= _pairs(files["GITHUB_OUTPUT"])
        if name == INSTALLING and code == 0:
            self.installed[key] = files["GITHUB_PATH"].read_text(encoding="utf-8")
        return code

    def _used(
        self,
        uses: str,
        inputs: Mapping[str, str],
        job: Job,
        environment: Mapping[str, str],
        outputs: dict[str, str],
    ) -> int:
        action, _, version = uses.partition("@")
        assert version, f"{uses} names no version"
        if action.endswith("/box-commit-conformance"):
            return self._action(inputs, job, environment, outputs)
        if action not in FOREIGN:
            raise NotUnderstood(f"the action {action}")
        known, permission = FOREIGN[action]
        assert set(inputs) <= known, f"{action} is given {set(inputs) - known}"
        assert not permission or permission in job.permissions, f"{action} needs the permission {permission}"
        match action:
            case "actions/upload-artifact":
                self._upload(inputs["name"], job.workspace / inputs["path"])
            case "actions/download-artifact":
                for kept in sorted(self.artifacts.iterdir()):
                    if fnmatchcase(kept.name, inputs["pattern"]):
                        shutil.copytree(kept, job.workspace / inputs["path"] / kept.name)
            case "github/codeql-action/upload-sarif":
                job.sarif.append(job.workspace / inputs["sarif_file"])
                assert job.sarif[-1].is_file(), f"there is no {inputs['sarif_file']}"
        return 0

    def _upload(self, name: str, folder: Path) -> None:
        """Keeps a folder as an artifact; hidden files stay behind, and no artifact is written twice."""
        assert not (self.artifacts / name).exists(), f"two artifacts are called {name}"
        if folder.is_dir():
            shutil.copytree(folder, self.artifacts / name, ignore=shutil.ignore_patterns(".*"))

    def _action(
        self, inputs: Mapping[str, str], job: Job, environment: Mapping[str, str], outputs: dict[str, str]
    ) -> int:
        action = yaml_of(ROOT / "action.yml")
        assert set(inputs) <= set(action["inputs"]), f"action.yml has no {set(inputs) - set(action['inputs'])}"
        values = {key: inputs.get(key, written(each.get("default"))) for key, each in action["inputs"].items()}
        status = Status()
        contexts: dict[str, Any] = {"inputs": values, "steps": {}, "env": job.environment}
        around = {**environment, "GITHUB_ACTION_PATH": str(ROOT)}
        self._steps(action["runs"]["steps"], job, contexts, status, around)
        outputs |= {
            key: written(evaluate(_inner(each["value"]), contexts, status.functions))
            for key, each in action["outputs"].items()
        }
        job.outputs = outputs
        return job.code or 1 if status.failed else 0


def scripts_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every script of a workflow or an action, with the name of its step."""
    found = yaml_of(path)
    groups = [found["runs"]["steps"]] if "runs" in found else [job["steps"] for job in found["jobs"].values()]
    for step in (step for group in groups for step in group if "run" in step):
        yield step["name"], step["run"]


def _inner(text: str) -> str:
    match = re.fullmatch(r"\$\{\{(.*)\}\}", text.strip())
    assert match, text
    return match[1]


def _matrices(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    axes = described.get("strategy", {}).get("matrix", {})
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def _kill_when(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not reached():
        assert process.poll() is None, "the step ended before it could be cut"
        assert time.monotonic() < end, "the step never came to where it is cut"
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
