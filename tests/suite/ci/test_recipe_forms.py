"""The recipes have the form that the programs expect which read them, and no input or secret can become a command.

The linters come with the extra ``dev``; where one of them has no build for a machine, its test is skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.suite.ci.machine import ROOT, call, surroundings
from tests.suite.ci.workflows import scripts_of, yaml_of

ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "ci" / "github").glob("*.yml"))
GITLAB = ROOT / "ci" / "gitlab" / "conformance.gitlab-ci.yml"
SHELL = ROOT / "ci" / "shell" / "conformance.sh"
DOCKER = ROOT / "ci" / "docker" / "Dockerfile"
SCRIPTS = [
    pytest.param(path, script, id=f"{path.name}: {name}")
    for path in (ACTION, *WORKFLOWS)
    for name, script in scripts_of(path)
]


def linter(name: str, *words: str, folder: Path) -> str:
    """What a linter finds: nothing, if all is well."""
    program = shutil.which(name, path=surroundings()["PATH"])
    if program is None:
        pytest.skip(f"{name} is not installed here; pip install -e '.[dev]' brings it")
    done = call([program, *words], cwd=folder, environment=surroundings())
    return "" if done.returncode == 0 else done.stdout


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("github-actions", [ACTION]), ("github-workflows", WORKFLOWS), ("gitlab-ci", [GITLAB])],
)
def test_files_keep_to_their_schema(schema: str, paths: list[Path], tmp_path: Path) -> None:
    assert paths
    words = ("--builtin-schema", f"vendor.{schema}", *map(str, paths))
    assert linter("check-jsonschema", *words, folder=tmp_path) == ""


@pytest.mark.parametrize(("path", "script"), SCRIPTS)
def test_scripts_hold_no_expression_and_no_mistake_of_the_shell(path: Path, script: str, tmp_path: Path) -> None:
    del path
    assert "${{" not in script, "what an expression gives would be read as commands"
    (tmp_path / "script.sh").write_text(script, encoding="utf-8")
    assert linter("shellcheck", "--shell=bash", "script.sh", folder=tmp_path) == ""


def test_the_shell_recipe_is_posix(tmp_path: Path) -> None:
    assert SHELL.stat().st_mode & 0o111
    # But for braces around every name.
    words = ("--shell=sh", "--enable=all", "--exclude=SC2250", str(SHELL))
    assert linter("shellcheck", *words, folder=tmp_path) == ""


def test_the_dockerfile_is_sound(tmp_path: Path) -> None:
    assert linter("hadolint", str(DOCKER), folder=tmp_path) == ""


def test_the_workflows_give_nothing_away(tmp_path: Path) -> None:
    """Permissions, credentials, expressions in scripts, dangerous triggers. Actions are named by major version."""
    policy = {"rules": {"unpinned-uses": {"config": {"policies": {"*": "ref-pin"}}}}}
    (tmp_path / "zizmor.yml").write_text(json.dumps(policy), encoding="utf-8")
    words = ("--offline", "--no-progress", "--config", "zizmor.yml", str(ACTION), *map(str, WORKFLOWS))
    assert linter("zizmor", *words, folder=tmp_path) == ""


def test_one_version_of_each_action_is_used_everywhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ACTION, *WORKFLOWS, *ROOT.glob("docs/*.md"))]
    used = set(re.findall(r"uses: ([\w./-]+@[\w.-]+)", "\n".join(texts)))
    assert len(used) == len({each.partition("@")[0] for each in used}), sorted(used)


def test_what_the_recipes_install_is_what_the_project_offers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (asked,) = re.findall(r"\$\{wheel\}\[([\w,]+)\]", DOCKER.read_text(encoding="utf-8"))
    assert set(asked.split(",")) <= set(project["optional-dependencies"])
    oldest = project["requires-python"].removeprefix(">=")
    assert yaml_of(ACTION)["inputs"]["python-version"]["default"] == oldest
    assert yaml_of(GITLAB)[".conformance"]["image"] == f"python:{oldest}"
    assert f"ARG PYTHON_VERSION={oldest}" in DOCKER.read_text(encoding="utf-8")
