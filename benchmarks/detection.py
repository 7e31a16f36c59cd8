"""The detection benchmark: every fault and every behaviour of the reference service, each in a run of its own.

    python -m benchmarks.detection            # writes reports/detection.md and reports/detection.json

Every fault is tested at quick and at standard effort with all rules, and, if standard does not find it, at thorough
with its own rules alone: a thorough run of everything takes minutes, of one rule seconds. Faults that only show over
a socket are tested over one. For behaviours, alone and in pairs, nothing may fail.

Stock Schemathesis takes longer on the same faults than all of this. What it found is read from
``reports/detection-stock.json``; ``--stock run`` runs it again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.behaviour_pairs import behaviour_names, left_out, pair_jobs, value_jobs
from benchmarks.detection_table import Detection, FaultRuns, table
from benchmarks.many_runs import Job, Result, run_many
from commit_conformance.reference import FAULTS
from commit_conformance.verdict.catalogue import Catalogue, Effort, Rule

__all__ = ["SOCKET_ONLY", "behaviour_jobs", "behaviour_names", "fault_jobs", "main"]

#: The large file of runs on the embedded service, whose 32 bits end at part 512: see `target.long_upload`.
LARGE_FILE = "2200KiB"
#: Rules that nothing in this process can break: there is no connection to lose and no body in chunks.
SOCKET_ONLY = frozenset({"REPEAT-LOST-ANSWER", "BODY-CHUNKED"})
COMMAND = "python -m benchmarks.detection"
REPORTS = Path(__file__).parent.parent / "reports"
STOCK = "detection-stock.json"


def fault_jobs() -> list[Job]:
    """One job for each fault, at the effort at which it has to be found."""
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
                limits=limits_of(fault.rules, rules),
            )
        )
    return jobs


def limits_of(rule_ids: Iterable[str], rules: Mapping[str, Rule]) -> dict[str, str]:
    """What has to be asked for beside the rules: a large file is uploaded on request only."""
    needed = any("large_file" in rules[rule_id].needs for rule_id in rule_ids)
    return {"large_file": LARGE_FILE} if needed else {}


def effort_jobs(effort: str) -> list[Job]:
    """One job for each fault at an effort, with all rules; over a socket where the fault shows nowhere else."""
    return [
        Job(name=f"fault {name}", faults=(name,), effort=effort, socket=set(fault.rules) <= SOCKET_ONLY)
        for name, fault in FAULTS.items()
    ]


def behaviour_jobs() -> list[Job]:
    """One job for each behaviour, and one for none."""
    return [Job(name=f"behaviour {text}", behaviours=(text,)) for text in behaviour_names()] + [Job(name="correct")]


def chosen(jobs: Iterable[Job], only: Sequence[str], seed: int) -> list[Job]:
    """The jobs whose name holds one of these; all without any."""
    return [replace(job, seed=seed) for job in jobs if not only or any(part in job.name for part in only)]


def carried_out(title: str, jobs: Sequence[Job], *, workers: int) -> Iterator[Result]:
    """Runs jobs, and tells on a terminal how far it has come."""
    started = time.monotonic()
    for number, result in enumerate(run_many(jobs, workers=workers), 1):
        if sys.stderr.isatty():
            print(f"\r{title}: {number}/{len(jobs)} {result.name:<60.60}", end="", file=sys.stderr)
        yield result
    print(f"{title}: {len(jobs)} runs in {time.monotonic() - started:.0f} s", flush=True)


def detect(*, only: Sequence[str] = (), pairs: str = "all", workers: int = 2, seed: int = 1) -> Detection:
    """Makes all runs.

    Args:
        only: Parts of the names of jobs; every other job is left out.
        pairs: Which pairs of behaviours: ``all``, ``sample`` or ``none``.
        workers: Runs at a time.
    """

    def runs(title: str, jobs: Iterable[Job]) -> dict[str, Result]:
        picked = chosen(jobs, only, seed)
        return {result.name: result for result in carried_out(title, picked, workers=workers)} if picked else {}

    started, catalogue = time.monotonic(), {rule.id: rule for rule in Catalogue.load()}
    quick, standard = runs("quick", effort_jobs("quick")), runs("standard", effort_jobs("standard"))
    missed = [name for name, result in standard.items() if not result.failed]
    more = [
        replace(
            job,
            effort="thorough",
            rules=FAULTS[job.faults[0]].rules,
            limits=limits_of(FAULTS[job.faults[0]].rules, catalogue),
        )
        for job in effort_jobs("thorough")
        if job.name in missed
    ]
    thorough = runs("thorough", more)
    behaviours = runs("behaviours", [*behaviour_jobs(), *value_jobs()])
    paired = runs(f"pairs of behaviours, {pairs}", pair_jobs(pairs))
    return Detection(
        faults=tuple(
            FaultRuns(
                name=name.removeprefix("fault "),
                socket=job.socket,
                quick=quick[name],
                standard=standard[name],
                thorough=thorough.get(name),
            )
            for job in effort_jobs("standard")
            if (name := job.name) in standard
        ),
        behaviours=tuple(behaviours.values()),
        pairs=tuple(paired.values()),
        which_pairs=pairs,
        whole=not only,
        seed=seed,
        seconds=time.monotonic() - started,
    )


def as_json(detection: Detection) -> dict[str, Any]:
    """Everything of it; of the verdicts only those that are not ``passed``, which are most."""

    def brief(result: Mapping[str, Any]) -> dict[str, Any]:
        verdicts = {rule: verdict for rule, verdict in result["verdicts"].items() if verdict != "passed"}
        return {**result, "verdicts": verdicts}

    whole = asdict(detection)
    for fault in whole["faults"]:
        for effort in ("quick", "standard", "thorough"):
            fault[effort] = fault[effort] and brief(fault[effort])
    return {**whole, "behaviours": [*map(brief, whole["behaviours"])], "pairs": [*map(brief, whole["pairs"])]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs it all and writes the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder to write to")
    parser.add_argument("--only", nargs="*", default=[], help="only jobs whose name holds one of these")
    parser.add_argument("--pairs", choices=("all", "sample", "none"), default="all", help="pairs of behaviours")
    parser.add_argument("--stock", choices=("read", "run", "none"), default="read", help="results of Schemathesis")
    parser.add_argument("--st", help="command of Schemathesis, for --stock run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    options = parser.parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    if options.stock == "run":
        # Only here: nothing else of this benchmark needs a server library.
        from benchmarks import stock_schemathesis

        st = ["--st", options.st] if options.st else []
        stock_schemathesis.main(["--out", str(options.out / STOCK), "--workers", str(options.workers), *st])
    stock = None
    if options.stock != "none":
        found = next((path for path in (options.out / STOCK, REPORTS / STOCK) if path.exists()), None)
        stock = json.loads(found.read_text(encoding="utf-8")) if found else None
    detection = detect(only=options.only, pairs=options.pairs, workers=options.workers, seed=options.seed)
    text = table(
        detection,
        command=" ".join([COMMAND, *given]),
        stock=stock,
        left_out=left_out() if options.pairs == "all" else {},
        cores=os.cpu_count() or 1,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "detection.md").write_text(text, encoding="utf-8")
    (options.out / "detection.json").write_text(json.dumps(as_json(detection), indent=1), encoding="utf-8")
    print(text.split("\n## ")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
