"""The machine that a recipe's commands are run on: a folder, this interpreter's programs, and no package index.

``pip install`` is really run, into an environment that the recipe makes itself. What the suite needs is found in the
environment of these tests, by ``PYTHONPATH``, so nothing is downloaded; the suite itself is built and installed anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Installing takes seconds on an idle machine, and a minute on one that is busy with other tests.
SECONDS = 600
#: What a run must find in its surroundings for a test to mean anything: not what this test was started with.
_FOREIGN = ("COMMIT_CONFORMANCE_", "GITHUB_", "CI_", "RUNNER_", "PYTEST_", "PIP_", "MAKE")


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a machine without settings of ours, on which pip finds what is here and nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    programs = Path(sys.executable).parent
    return {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": sysconfig.get_path("purelib"),
        # In this variable, and in no other, 0 means that the build backend is not installed apart.
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        **more,
    }


def call(words: list[str], *, cwd: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, with what it prints put together as a CI system's log has it."""
    return subprocess.run(
        words,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def files_that_hold(secret: str, folder: Path) -> list[Path]:
    """Files below a folder in which a secret stands."""
    needle = secret.encode()
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files, f"nothing was written below {folder}"
    return [path for path in files if needle in path.read_bytes()]
