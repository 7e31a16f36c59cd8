"""Whether one process, two workers and four shards come to the same verdicts, on the right service and on wrong ones.

    python -m benchmarks.equal_verdicts [FAULT...]     # without names: the service as it is, and faults of every kind

The result goes into reports/parallel.md, beside what ``python -m benchmarks.parallel`` has measured there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.trouble import SPREAD
from commit_conformance.report.log import read_log
from commit_conformance.report.summary import summarize

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "parallel.md"
SEED = "7"
#: How a run can be spread; the first is what the others are held against.
WAYS = ("one process", "two workers", "four shards")


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of a run.

    Attributes:
        verdicts: By rule.
        cost: Upload requests and committed files.
    """

    exit_code: int
    verdicts: Mapping[str, str]
    cost: tuple[int, int]


def came_of(folder: Path) -> Came:
    """Reads what came of a run from its log."""
    log = read_log(folder / "events.jsonl")
    summary = summarize(log)
    spent = {each.name: each.amount for each in summary.cost}
    return Came(
        exit_code=summary.exit_code,
        verdicts={result.rule: result.verdict for result in summary.rules},
        cost=(spent.get("upload requests", 0), spent.get("committed files", 0)),
    )


def run(way: str, options: Sequence[str], folder: Path) -> Came:
    """Runs the suite in one of the ways.

    Raises:
        RuntimeError: It came to no log.
    """
    every = ["--report", "none", *options]
    if way == "one process":
        _command(["-m", "commit_conformance", "run", "--quiet", *every, "--out", str(folder)])
    elif way == "two workers":
        tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", str(ROOT / "tests" / "server")]
        _command([*tests, *every, "--out", str(folder)])
    else:
        shards = [folder / f"shard-{index}" for index in range(1, 5)]
        for index, shard in enumerate(shards, 1):
            given = [*every, "--shard", f"{index}/4", "--out", str(shard)]
            _command(["-m", "commit_conformance", "run", "--quiet", *given])
        logs = [str(shard) for shard in shards]
        _command(["-m", "commit_conformance", "merge", "--quiet", "--format", "none", "--out", str(folder), *logs])
    try:
        return came_of(folder)
    except Exception as error:
        raise RuntimeError(f"{way} of {' '.join(options)} came to no log: {error}") from error


def _command(words: Sequence[str]) -> None:
    ours = {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}
    subprocess.run([sys.executable, *words], cwd=ROOT, env=ours, capture_output=True, timeout=900, check=False)


def differences(one: Came, other: Came) -> list[str]:
    """Where two runs differ, a rule or the exit code each."""
    rules = sorted(one.verdicts.keys() | other.verdicts.keys())
    pairs = [(rule, one.verdicts.get(rule, "-"), other.verdicts.get(rule, "-")) for rule in rules]
    found = [f"{rule}: {before}, {after}" for rule, before, after in pairs if before != after]
    if one.exit_code != other.exit_code:
        found.append(f"exit code: {one.exit_code}, {other.exit_code}")
    return found


def compare(fault: str) -> dict[str, Came]:
    """Runs the service with a fault, or as it is, in every way."""
    options = ["--seed", SEED, *(["--fault", fault] if fault else [])]
    with tempfile.TemporaryDirectory() as folder:
        return {way: run(way, options, Path(folder) / way.replace(" ", "-")) for way in WAYS}


def lines(results: Iterable[tuple[str, dict[str, Came]]]) -> Iterator[str]:
    """The table."""
    yield "| service | exit code | failed | two workers differ in | four shards differ in | upload requests, files |"
    yield "|---|---|---|---|---|---|"
    for fault, came in results:
        one = came[WAYS[0]]
        failed = sum(verdict == "failed" for verdict in one.verdicts.values())
        told = ["<br>".join(differences(one, came[way])) or "nothing" for way in WAYS[1:]]
        costs = "; ".join("{}, {}".format(*came[way].cost) for way in WAYS)
        name = f"`{fault}`" if fault else "as it is"
        yield f"| {name} | {one.exit_code} | {failed} | {' | '.join(told)} | {costs} |"


def write_section(title: str, body: Iterable[str]) -> None:
    """Puts a section of the report in the place of the one of that title, or at its end."""
    text = REPORT.read_text(encoding="utf-8") if REPORT.exists() else "# Runs in parallel\n"
    head, *sections = text.split("\n## ")
    kept = {section.partition("\n")[0]: section for section in sections}
    kept[title] = f"{title}\n\n" + "\n".join(body) + "\n"
    REPORT.write_text("\n## ".join([head.rstrip("\n") + "\n", *(f"{each.rstrip()}\n" for each in kept.values())]))


def main(names: Sequence[str]) -> int:
    """Compares and writes; gives 1 where anything differs."""
    faults = list(names) or ["", *SPREAD]
    with ThreadPoolExecutor(2) as pool:
        results = list(zip(faults, pool.map(compare, faults), strict=True))
    table = list(lines(results))
    print("\n".join(table))
    if not names:
        intro = [
            "Every line is the embedded service with one fault, at standard effort with seed 7: in one process, with",
            "`pytest -n 2`, and as four shards that `merge` has joined. Verdicts of all rules and the exit code are compared.",
            "The last column is the cost in these three ways. Written by `python -m benchmarks.equal_verdicts`.",
            "",
        ]
        write_section("Equal verdicts", [*intro, *table])
    return int(any(differences(came[WAYS[0]], came[way]) for _, came in results for way in WAYS[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
