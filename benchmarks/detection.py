"""The detection benchmark: every fault and every behaviour of the reference service, each in a run of its own.

    python -m benchmarks.detection            # writes reports/detection.md and reports/detection.json

For each fault: which rules failed, the first of them, after how many requests and seconds. For each behaviour: that
nothing failed. Faults of rules that only a thorough run tests get a thorough run of those rules; faults that only show
over a socket are left to ``tests/suite/runs/test_socket_faults.py`` and marked.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.many_runs import Job, Result, run_many
from commit_conformance.reference import BEHAVIOURS, FAULTS
from commit_conformance.verdict.catalogue import Catalogue, Effort

#: Rules that nothing in this process can break: there is no connection to lose and no body in chunks.
SOCKET_ONLY = frozenset({"REPEAT-LOST-ANSWER", "BODY-CHUNKED"})
COMMAND = "python -m benchmarks.detection"


def fault_jobs() -> list[Job]:
    """One job for each fault."""
    rules = {rule.id: rule for rule in Catalogue.load()}
    jobs = []
    for name, fault in FAULTS.items():
        thorough = any(rules[rule].effort is Effort.THOROUGH for rule in fault.rules)
        jobs.append(
            Job(
                name=f"fault {name}",
                faults=(name,),
                # A thorough run of everything takes minutes, of one rule seconds.
                rules=tuple(fault.rules) if thorough else (),
                effort="thorough" if thorough else "standard",
            )
        )
    return jobs


def behaviour_names() -> list[str]:
    """Every behaviour with a value that differs from the default."""
    return [f"{b.name}={b.example}" if b.syntax else b.name for b in BEHAVIOURS.values()]


def behaviour_jobs() -> list[Job]:
    """One job for each behaviour, and one for none."""
    return [Job(name=f"behaviour {text}", behaviours=(text,)) for text in behaviour_names()] + [Job(name="correct")]


def table(results: Sequence[Result], seconds: float) -> str:
    """The results as Markdown."""
    faults = [result for result in results if result.name.startswith("fault ")]
    others = [result for result in results if not result.name.startswith("fault ")]
    socket = [r for r in faults if set(FAULTS[r.name.removeprefix("fault ")].rules) <= SOCKET_ONLY]
    found = [result for result in faults if result.failed]
    missed = [result for result in faults if not result.failed and result not in socket]
    alone = [result for result in found if len(result.failed) == 1]
    lines = [
        "# Detection",
        "",
        f"Made by `{COMMAND}` in {seconds:.0f} s, at effort standard, with seed 1 and all levels gating.",
        "",
        f"- {len(found)} of {len(faults)} faults found; {len(missed)} missed; {len(socket)} show only over a socket",
        f"- {len(alone)} faults make exactly one rule fail",
        f"- {sum(bool(r.failed) for r in others)} alarms on the correct service and {len(others) - 1} behaviours",
        "",
        "| fault | first rule | others | upload requests before it | all upload requests | files | seconds |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for result in faults:
        first = result.failed[0] if result.failed else ("only over a socket" if result in socket else "**missed**")
        rest = ", ".join(result.failed[1:6]) + (f" and {len(result.failed) - 6} more" if len(result.failed) > 6 else "")
        cost = result.cost
        lines.append(
            f"| {result.name.removeprefix('fault ')} | {first} | {rest} | {result.first_after or ''} "
            f"| {cost.get('upload_requests')} | {cost.get('committed_files')} | {result.seconds:.1f} |"
        )
    lines += ["", "| behaviour | failed | upload requests | files | seconds |", "|---|---|---:|---:|---:|"]
    for result in others:
        alarm = ", ".join(result.failed) or "none"
        cost = result.cost
        lines.append(
            f"| {result.name.removeprefix('behaviour ')} | {alarm} | {cost.get('upload_requests')} "
            f"| {cost.get('committed_files')} | {result.seconds:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it all and writes the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "reports", help="folder to write to")
    parser.add_argument("--only", nargs="*", default=[], help="only jobs whose name holds one of these")
    options = parser.parse_args(arguments)
    jobs = [*fault_jobs(), *behaviour_jobs()]
    jobs = [job for job in jobs if not options.only or any(part in job.name for part in options.only)]
    started, results = time.monotonic(), []
    for result in run_many(jobs):
        results.append(result)
        if sys.stderr.isatty():
            print(f"\r{len(results)}/{len(jobs)} {result.name:<60}", end="", file=sys.stderr)
    text = table(results, time.monotonic() - started)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "detection.md").write_text(text, encoding="utf-8")
    (options.out / "detection.json").write_text(json.dumps([asdict(r) for r in results], indent=1), encoding="utf-8")
    print(text.split("\n| fault")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
