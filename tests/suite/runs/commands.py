"""Runs the command in a process of its own, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping


def commit_conformance(
    *arguments: str,
    token: str | None = "token-of-user-1",
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Runs ``commit-conformance`` and waits for it."""
    return subprocess.run(
        [sys.executable, "-m", "commit_conformance", *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(token, environment),
        timeout=timeout,
        check=False,
    )


def clean_environment(token: str | None, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without settings of this project but the token and those that are given."""
    base = {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}
    extra = {"COMMIT_CONFORMANCE_TOKEN": token} if token else {}
    return {**base, "COLUMNS": "100", **extra, **(environment or {})}
