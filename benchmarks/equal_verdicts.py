"""Whether one process, two workers and four shards come to the same verdicts, on the right service and on wrong ones.

    python -m benchmarks.equal_verdicts [FAULT...]     # without names: the service as it is, and faults of every kind

The result goes into reports/parallel.md, beside what ``python -m benchmarks.parallel`` has measured there. Every run is
a process of its own, so that none inherits what another has imported or changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.trouble import SPREAD
from commit_conformance.report.log import read_log
from commit_conformance.report.runs.merge import merge
from commit_conformance.report.summary import summarize

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "reports" / "parallel.md"
SEED = "7"
#: Limits that nothing here comes up to. A fault makes a run ask again, and the effort's own limits then end it at
#: another rule when it is spread: less is untested, since every part has some room of its own.
LIMITS = {"max-upload-requests": "4000", "max-files": "400"}
#: By default the service answers 202 to every fourth session only, and which of the suite's that is depends on how many
#: there were: whether a commit that somebody watched was one of them is chance then, and no matter of spreading.
EVERY_COMMIT_WAITS = "processing-every=1"
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


def run(way: str, options: Mapping[str, str | Sequence[str]], folder: Path) -> Came:
    """Runs the suite in one of the ways.

    Raises:
        RuntimeError: It came to no log.
    """
    every = {"report": "none", **options}
    if way == "one process":
        _run_suite({**every, "out": str(folder)})
    elif way == "two workers":
        tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", str(ROOT / "tests" / "server")]
        _command([*tests, *_words(every), "--out", str(folder)])
    else:
        shards = [folder / f"shard-{index}" for index in range(1, 5)]
        for index, shard in enumerate(shards, 1):
            _run_suite({**every, "shard": f"{index}/4", "out": str(shard)})
        merge([shard / "events.jsonl" for shard in shards], folder / "events.jsonl")
    try:
        return came_of(folder)
    except Exception as error:
        raise RuntimeError(f"{way} of {options} came to no log: {error}") from error


def _run_suite(given: Mapping[str, str | Sequence[str]]) -> None:
    _command(["-m", "commit_conformance", "run", "--quiet", *_words(given)])


def _words(given: Mapping[str, str | Sequence[str]]) -> list[str]:
    pairs = [
        (name, value) for name, values in given.items() for value in ([values] if isinstance(values, str) else values)
    ]
    return [word for name, value in pairs for word in (f"--{name}", value)]


def _command(words: Sequence[str]) -> None:
    environment = clean_environment()
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, timeout=900, check=False)


def clean_environment() -> dict[str, str]:
    """The environment without settings of this project, which would count for every run."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COMMIT_CONFORMANCE_")}


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
    options: dict[str, str | Sequence[str]] = {"seed": SEED, **LIMITS, "behaviour": EVERY_COMMIT_WAITS}
    options["fault"] = [fault] if fault else []
    with tempfile.TemporaryDirectory() as folder:
        return {way: run(way, options, Path(folder) / way.replace(" ", "-")) for way in WAYS}


HEAD = (
    "| service | exit code | failed | two workers differ in | four shards differ in | upload requests, files |",
    "|---|---|---|---|---|---|",
)


def row(fault: str, came: Mapping[str, Came]) -> str:
    """A line of the table."""
    one = came[WAYS[0]]
    failed = sum(verdict == "failed" for verdict in one.verdicts.values())
    told = ["<br>".join(differences(one, came[way])) or "nothing" for way in WAYS[1:]]
    costs = "; ".join("{}, {}".format(*came[way].cost) for way in WAYS)
    name = f"`{fault}`" if fault else "as it is"
    return f"| {name} | {one.exit_code} | {failed} | {' | '.join(told)} | {costs} |"


def write_section(title: str, body: Iterable[str]) -> None:
    """Puts a section of the report in the place of the one of that title, or at its end."""
    text = REPORT.read_text(encoding="utf-8") if REPORT.exists() else "# Runs in parallel\n"
    head, *sections = text.split("\n## ")
    kept = {section.partition("\n")[0]: section for section in sections}
    kept[title] = f"{title}\n\n" + "\n".join(body) + "\n"
    REPORT.write_text("\n## ".join([head.rstrip("\n") + "\n", *(f"{each.rstrip()}\n" for each in kept.values())]))


def main(names: Sequence[str]) -> int:
    """Compares and writes; gives 1 where anything differs."""
    import commit_conformance.plugin
    import commit_conformance.reference.respx_adapter  # noqa: F401 - so that no child has to

    faults, differ = list(names) or ["", *SPREAD], False
    table = list(HEAD)
    with ThreadPoolExecutor(2) as pool:
        for fault, came in zip(faults, pool.map(compare, faults), strict=True):
            table.append(row(fault, came))
            print(table[-1], flush=True)
            differ = differ or any(differences(came[WAYS[0]], came[way]) for way in WAYS[1:])
    if not names:
        intro = [
            "Every line is the embedded service with one fault, which answers 202 once to every commit, at standard",
            f"effort with seed {SEED} and limits that nothing comes up to (the effort's own end a run at another rule",
            "when it is spread): in one process, with `pytest -n 2`, and as four shards that `merge` has joined.",
            "Verdicts of all rules and the exit code are compared. The last column is the cost in each way.",
            "Written by `python -m benchmarks.equal_verdicts`.",
            "",
        ]
        write_section("Equal verdicts", [*intro, *table])
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
