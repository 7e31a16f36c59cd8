"""``st run`` with our hooks: on the correct service, on every behaviour, and on the faults that stock Schemathesis had.

    python -m benchmarks.schemathesis_hooks            # writes reports/schemathesis.md; about ten minutes on two cores
    python -m benchmarks.schemathesis_hooks --faults 10

Every server gets the command of docs/schemathesis.md, briefly: four examples an operation. A behaviour is rightful, so
nothing may fail on it. What stock Schemathesis found on the same faults is read from ``reports/detection-stock.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.behaviour_pairs import behaviour_names
from commit_conformance.reference import configure
from commit_conformance.reference.faults import FAULTS
from commit_conformance.reference.server import ServerThread
from commit_conformance.specs import suite_root

ROOT = Path(__file__).parent.parent
STOCK = ROOT / "reports" / "detection-stock.json"
TOKEN = "token-of-user-1"
EXAMPLES = 4
TIMEOUT = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HookedResult:
    """What one run came to.

    Attributes:
        name: The fault or behaviour; ``correct`` for neither.
        exit_code: That of the command; None when it did not end in time.
        statuses: Answers to commits by their status.
        rules: Rules that were broken, by the summary of our hooks.
        seconds: Wall time of the command.
    """

    name: str
    exit_code: int | None
    statuses: Counter[int]
    rules: tuple[str, ...]
    seconds: float


def run_hooked(name: str, *, behaviour: str = "", fault: str = "") -> HookedResult:
    """Runs ``st run`` with our hooks on a server of its own."""
    needs = FAULTS[fault].needs if fault else {}
    service = configure(
        [behaviour] if behaviour else [],
        [fault] if fault else [],
        **{"tokens": {TOKEN: "1"}, "part_size": 4096, **needs},
    )
    specs = suite_root() / "specs"
    ours = {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, service, ServerThread(service) as server:
        command = [
            str(Path(sys.executable).parent / "st"),
            "--config-file",
            str(specs / "schemathesis.toml"),
            "--no-color",
        ]
        command += ["run", str(specs / "commit.openapi.yaml"), "--url", f"{server.url}/2.0", "--seed=1"]
        try:
            done = subprocess.run(
                [*command, f"--max-examples={EXAMPLES}"],
                cwd=folder,
                env={**ours, "COMMIT_CONFORMANCE_TOKEN": TOKEN},
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
            code, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as stopped:
            said = stopped.stdout or b""
            code, output = None, said.decode(errors="replace") if isinstance(said, bytes) else said
    answered = re.search(r"^answered (.*)$", output, re.MULTILINE)
    counts = re.findall(r"(\d+): (\d+)", answered[1]) if answered else []
    broken = re.search(r"^rules broken: (.*)$", output, re.MULTILINE)
    return HookedResult(
        name=name,
        exit_code=code,
        statuses=Counter({int(status): int(count) for status, count in counts}),
        rules=tuple(re.findall(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+", broken[1])) if broken else (),
        seconds=time.monotonic() - started,
    )


def main(given: Sequence[str] | None = None) -> int:
    """Runs it and writes the table; 1 where something rightful raised an alarm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "reports" / "schemathesis.md", help="file to write")
    parser.add_argument("--faults", type=int, default=None, metavar="N", help="only the first N faults")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    options = parser.parse_args(given)
    stock = json.loads(STOCK.read_text(encoding="utf-8"))["faults"]
    faults = [name for name, was in stock.items() if name in FAULTS and was["ended"] == "completed"][: options.faults]
    with ThreadPoolExecutor(options.workers) as pool:
        rightful = list(pool.map(lambda name: run_hooked(name or "correct", behaviour=name), ["", *behaviour_names()]))
        wrong = list(pool.map(lambda name: run_hooked(name, fault=name), faults))
    options.out.write_text("\n".join(_page(rightful, wrong, stock)) + "\n", encoding="utf-8")
    print(
        f"{options.out}: {sum(result.exit_code != 0 for result in rightful)} alarms on {len(rightful)} rightful servers"
    )
    return int(any(result.exit_code != 0 for result in rightful))


def _page(
    rightful: Sequence[HookedResult], wrong: Sequence[HookedResult], stock: dict[str, dict[str, object]]
) -> list[str]:
    correct = rightful[0]
    alarms = [result for result in rightful if result.exit_code != 0]
    found = [result for result in wrong if result.exit_code]
    by_stock = [result.name for result in wrong if stock[result.name]["found"]]
    lines = [
        "# Schemathesis with our hooks",
        "",
        "Written by `python -m benchmarks.schemathesis_hooks`: the command of",
        f"[docs/schemathesis.md](../docs/schemathesis.md) with {EXAMPLES} examples an operation, Schemathesis",
        f"{version('schemathesis')}, each server for itself.",
        "",
        "| | |",
        "|---|---|",
        f"| answers to commits on the correct service | {_statuses(correct)} |",
        f"| alarms on the correct service and {len(rightful) - 1} behaviours | {len(alarms)} |",
        f"| faults found with our hooks | {len(found)} of {len(wrong)} |",
        f"| found by stock Schemathesis, of the same | {len(by_stock)} of {len(wrong)} |",
        "",
        "Its share of a run is smaller. What the whole suite finds is in [detection.md](detection.md).",
        "",
        "## Rightful servers",
        "",
        "| behaviour | alarm | answers to commits | s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {result.name} | {'no' if result.exit_code == 0 else ', '.join(result.rules) or 'yes'} "
        f"| {_statuses(result)} | {result.seconds:.0f} |"
        for result in rightful
    ]
    lines += ["", "## Faults", "", "| fault | breaks | with our hooks | rules named | stock |", "|---|---|---|---|---|"]
    lines += [
        f"| {result.name} | {', '.join(sorted(FAULTS[result.name].rules)[:3])} | {_found(result)} "
        f"| {', '.join(result.rules[:4])} | {'found' if result.name in by_stock else ''} |"
        for result in wrong
    ]
    return lines


def _found(result: HookedResult) -> str:
    return "not done in time" if result.exit_code is None else "found" if result.exit_code else ""


def _statuses(result: HookedResult) -> str:
    return ", ".join(f"{status}: {count}" for status, count in sorted(result.statuses.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
