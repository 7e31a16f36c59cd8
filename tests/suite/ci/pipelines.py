"""Runs the jobs of a GitLab pipeline as a runner with bash does: variables, ``extends``, shards, artifacts, exit codes.

The commands of ``before_script`` and ``script`` are really run. The image is left out, since Python is here; so is the
cache. ``before_script`` makes the same environment in each job, so it is run in the first and lent to the others. A key
of a job that is not interpreted is an error.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.suite.ci.machine import call, surroundings

_KEYS = {
    "stage",
    "image",
    "cache",
    "before_script",
    "artifacts",
    "parallel",
    "script",
    "allow_failure",
    "needs",
    "when",
}
_GLOBAL = {"variables", "stages", "default", "include", "workflow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A job that has been run.

    Attributes:
        verdict: ``passed``, ``warning`` where its exit code is allowed, or ``failed``.
        kept: Folder with what it leaves to later jobs and to people.
        junit: The files that GitLab reads as test results.
    """

    name: str
    code: int
    verdict: str
    log: str
    kept: Path
    junit: list[Path] = field(default_factory=list)


def run_pipeline(path: Path, *, folder: Path, variables: Mapping[str, str], shards: int) -> list[Done]:
    """Runs all jobs of a pipeline, each after those that it needs, in folders below ``folder``.

    Args:
        variables: Those of the project; they come before the file's.
        shards: How many jobs take the place of one that is ``parallel``.
    """
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    everywhere = {**found.get("variables", {}), **variables}
    done: list[Done] = []
    environment = folder / "environment"
    for name, described in found.items():
        if name in _GLOBAL or name.startswith("."):
            continue
        job = _extended(described, found)
        assert set(job) <= _KEYS, f"{name} uses {set(job) - _KEYS}"
        before = [each for each in done if each.name.partition(" ")[0] in job.get("needs", [])]
        if any(each.verdict == "failed" for each in before) and job.get("when") != "always":
            continue
        total = shards if "parallel" in job else 1
        for index in range(1, total + 1):
            label = f"{name} {index}/{total}" if total > 1 else name
            own = {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(total)} if total > 1 else {"CI_NODE_TOTAL": "1"}
            place = folder / label.replace("/", "-of-")
            done.append(_run(label, job, {**everywhere, **own}, place, before, environment))
    return done


def _run(
    label: str, job: Mapping[str, Any], variables: Mapping[str, str], place: Path, before: list[Done], environment: Path
) -> Done:
    project, kept = place / "project", place / "kept"
    project.mkdir(parents=True)
    for each in before:
        shutil.copytree(each.kept, project, dirs_exist_ok=True)
    commands = list(job["script"])
    lent = project / ".conformance-venv"
    if environment.exists():
        lent.symlink_to(environment)
    else:
        commands = [*job["before_script"], *commands]
    told = {**variables, "CI_PROJECT_DIR": str(project)}
    script = "\n".join(["set -eo pipefail", *commands])
    given = surroundings(**{name: _expanded(value, told) for name, value in told.items()})
    ended = call(["bash", "--noprofile", "--norc", "-c", script], cwd=project, environment=given)
    if not environment.exists():
        # A virtual environment knows where it is: it stays, and a link leads to it.
        environment.symlink_to(lent)
    allowed = job.get("allow_failure", {}).get("exit_codes", [])
    allowed = [allowed] if isinstance(allowed, int) else allowed
    verdict = "passed" if ended.returncode == 0 else "warning" if ended.returncode in allowed else "failed"
    kept.mkdir()
    if ended.returncode == 0 or job["artifacts"].get("when") == "always":
        for pattern in job["artifacts"]["paths"]:
            for path in project.glob(pattern):
                shutil.copytree(path, kept / path.relative_to(project), dirs_exist_ok=True)
    junit = job["artifacts"].get("reports", {}).get("junit")
    return Done(
        name=label,
        code=ended.returncode,
        verdict=verdict,
        log=ended.stdout,
        kept=kept,
        junit=[project / junit] if junit else [],
    )


def _extended(job: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in job.items() if key != "extends"}
    return {**_extended(found[job["extends"]], found), **own} if "extends" in job else own


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: variables.get(match[1], ""), value)
