"""What is installed is what was written: the wheel holds the suite, and runs it far from any checkout.

Needs a package index, since an empty virtual environment is filled. Where none can be reached these tests fail: a wheel
that nobody has installed is no result.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from commit_conformance.options import PREFIX

ROOT = Path(__file__).parents[2]
SUITE = "commit_conformance/_suite/"
#: Building takes seconds; filling an environment without any cache takes a minute.
SECONDS = 600


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    out = tmp_path_factory.mktemp("dist")
    # Without isolation nothing has to be downloaded, but then the build backend has to be here.
    here = importlib.util.find_spec("hatchling") is not None
    run(sys.executable, "-m", "build", "--wheel", *(["--no-isolation"] if here else []), "--outdir", str(out), cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of an environment are that holds the wheel, what it needs, and nothing else."""
    environment = tmp_path_factory.mktemp("elsewhere") / "environment"
    run(sys.executable, "-m", "venv", str(environment), cwd=environment.parent)
    found = environment / ("Scripts" if os.name == "nt" else "bin")
    arguments = ("install", "--quiet", "--disable-pip-version-check", "--retries", "1", str(wheel))
    run(str(found / "python"), "-m", "pip", *arguments, cwd=environment.parent)
    return found


def run(*words: str, cwd: Path, code: int = 0) -> str:
    """What a program prints; the test fails with all of it where the program fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_", "PYTHONPATH"))}
    done = subprocess.run(
        words, cwd=cwd, env=kept, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False
    )
    if done.returncode != code:
        pytest.fail(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def files_below(folder: str, *endings: str) -> set[str]:
    """Files of the checkout, by their paths."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in paths if path.suffix in endings}


def test_the_wheel_holds_the_suite_and_nothing_that_is_in_the_way(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = (
        files_below("specs", ".yaml", ".json", ".toml")
        | files_below("strategies", ".py")
        | files_below("tests/server", ".py")
    )
    assert wanted
    assert {SUITE + name for name in {*wanted, "conftest.py"}} <= names
    assert files_below("commit_conformance", ".py", ".ini", ".css", ".j2", ".js", ".typed") <= names
    assert "commit_conformance/py.typed" in names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"commit_conformance", "box_commit_conformance"}
    strays = ("__pycache__", ".pyc", "tests/suite", "reports/", ".venv")
    assert not [name for name in names for stray in strays if stray in name]
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_installed_command_tests_the_embedded_service(programs: Path, tmp_path: Path) -> None:
    printed = run(str(programs / "commit-conformance"), "run", "--effort", "quick", "--seed", "1", cwd=tmp_path)
    assert "conforms: " in printed
    written = {path.name for path in (tmp_path / "reports" / "latest").iterdir()}
    assert written == {"events.jsonl", "junit.xml", "ledger.jsonl", "report.html"}
    lines = (tmp_path / "reports" / "latest" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    footer = json.loads(lines[-1])
    assert (footer["event"], footer["exit_code"]) == ("footer", 0)
    assert footer["cleanup"] == {"deleted": footer["cleanup"]["deleted"], "left": []}


def test_the_installed_command_finds_a_fault(programs: Path, tmp_path: Path) -> None:
    words = ("run", "--fault", "accepts-gap", "--rule", "PART-GAP", "--out", "found", "--quiet")
    assert "failed PART-GAP" in run(str(programs / "commit-conformance"), *words, cwd=tmp_path, code=1)


def test_the_installed_command_explains_rules(programs: Path, tmp_path: Path) -> None:
    printed = run(str(programs / "commit-conformance"), "rules", "PART-GAP", cwd=tmp_path)
    assert "PART-GAP" in printed
    assert "Source" in printed


def test_the_fixture_is_there_for_tests_of_other_projects(programs: Path, tmp_path: Path) -> None:
    for name in ("upload_client.py", "test_upload_client.py"):
        (tmp_path / name).write_bytes((ROOT / "docs" / "examples" / name).read_bytes())
    printed = run(str(programs / "python"), "-m", "pytest", "--strict-config", str(tmp_path), cwd=tmp_path)
    assert " passed in " in printed
    assert "warning" not in printed


def test_serving_without_its_extra_says_what_to_install(programs: Path, tmp_path: Path) -> None:
    """Also shows that the environment holds nothing but what the wheel asks for."""
    words = [str(programs / "commit-conformance"), "serve", "--port", "0"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 2, done.stderr
    assert "[serve]" in done.stderr
