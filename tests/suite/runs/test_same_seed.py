"""Two runs with one seed send the same requests to the same target, but for the name of the run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from commit_conformance.verdict.catalogue import Catalogue

SCRIPT = Path(__file__).parent / "recorded_run.py"
ROOT = Path(__file__).parents[3]
#: Groups of rules that send one request after the other; but for a race, and for what long uploads need.
GROUPS = ("part-list", "digest", "body", "preconditions")
AT_ONCE = frozenset({"many_parts", "large_file"})
RULES = [
    rule.id
    for rule in Catalogue.load()
    if rule.group in GROUPS and rule.id != "IF-MATCH-RACE" and AT_ONCE.isdisjoint(rule.needs)
]


def requests_of(folder: Path, name: str, seed: int) -> list[str]:
    file = folder / name
    command = [sys.executable, str(SCRIPT), str(file), str(seed), *RULES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert file.is_file(), done.stderr[-2000:]
    text = file.read_text(encoding="utf-8")
    run = re.search(r"cc-\d{8}-\d{6}-[0-9a-f]+", text)
    assert run is not None
    # A digest of a body that names the run differs with it; its text stands beside it.
    return [re.sub(r" [0-9a-f]{40} (?=\{)", " ", line) for line in text.replace(run[0], "RUN").splitlines()]


def test_the_same_seed_sends_the_same_requests_and_another_one_others(tmp_path: Path) -> None:
    first, again, other = (requests_of(tmp_path, name, seed) for name, seed in (("a", 5), ("b", 5), ("c", 6)))
    assert len(first) > 300
    differing = [(one, two) for one, two in zip(first, again, strict=False) if one != two]
    assert differing[:1] == []
    assert len(first) == len(again)
    assert first != other
