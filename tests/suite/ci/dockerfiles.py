"""A Dockerfile's instructions, and a .dockerignore that says what to keep, read as far as ours goes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path


def instructions_of(path: Path) -> list[tuple[str, str]]:
    """Every instruction with its arguments; lines that go on are joined, comments left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name, rest) for name, rest in found]


def copy_context(root: Path, to: Path) -> None:
    """Copies what ``COPY . .`` would: nothing but the lines with ``!``, less what any depth is rid of."""
    lines = [line for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] not in "#"]
    everything, *rest = [line for line in lines if line]
    assert everything == "*", "it begins with what is left out"
    left_out = [line.removeprefix("**/") for line in rest if line.startswith("**/")]
    kept = [line.removeprefix("!") for line in rest if line.startswith("!")]
    assert len(left_out) + len(kept) == len(rest), "every line is read"
    for name in kept:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name, ignore=shutil.ignore_patterns(*left_out))
        else:
            shutil.copy(root / name, to / name)
