"""What a standard run uploads, rule by rule: where a file is costly, where it is cheap, and what sharing saves.

    python -m benchmarks.cost            # writes reports/cost.md

Each run goes over the embedded service, in a process of its own. Two switches that no option reaches show what sharing
saves: ``Commits.sparing`` off makes a costly target be treated like any other, and ``Bank.reuses`` off makes every
request for a session open a fresh one. The latter keeps gigabytes in memory at the real sizes, so it runs with parts of
1/64 of their size; its bytes are told in files of the smallest size, of which both have the same share of parts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

REPORTS = Path(__file__).parent.parent / "reports"
COMMAND = "python -m benchmarks.cost"
PART, SMALLEST = 8 * 1024 * 1024, 20_000_000
#: Parts and files of 1/64. The smallest file is the least with which the target is asked for such parts.
SMALL_PART, SMALL_SMALLEST = PART // 64, 305_835


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """A service to run over.

    Attributes:
        title: What it is called in the report.
        part, smallest: Bytes of a part and of the smallest file; None for what the service has by itself.
        cheap_part: Bytes of a part up to which parts are cheap; None for the usual.
        sparing: Whether rules share uploads where a file is costly.
        reuses: Whether sessions are handed out again at all.
    """

    title: str
    part: int | None = None
    smallest: int | None = None
    cheap_part: int | None = None
    sparing: bool = True
    reuses: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one rule has taken, or all of them: bytes of parts, sessions, committed files, upload requests."""

    part_bytes: int
    sessions: int
    files: int
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a run has taken.

    Attributes:
        rules: What each rule has taken that took anything; finding out what the target can do is no rule.
        total: The sum of it, and what was taken before the first rule.
        passed, failed: Numbers of rules.
        smallest: Bytes of the smallest file that the run knew of.
    """

    title: str
    rules: dict[str, Spent]
    total: Spent
    passed: int
    failed: int
    smallest: int

    @property
    def in_files(self) -> float:
        """The bytes of parts, in files of the smallest size."""
        return self.total.part_bytes / self.smallest


COSTLY = Geometry(title="costly", part=PART, smallest=SMALLEST)
GEOMETRIES = (
    COSTLY,
    Geometry(title="costly, not shared", part=PART, smallest=SMALLEST, sparing=False),
    Geometry(title="1/64", part=SMALL_PART, smallest=SMALL_SMALLEST, cheap_part=SMALL_PART // 2),
    Geometry(
        title="1/64, a session each",
        part=SMALL_PART,
        smallest=SMALL_SMALLEST,
        cheap_part=SMALL_PART // 2,
        reuses=False,
    ),
    Geometry(title="default"),
)


def measure(geometry: Geometry) -> Bill:
    """Runs over one service, in a process of its own."""
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return pool.apply(_measure, (geometry,))


def _measure(geometry: Geometry) -> Bill:
    from commit_conformance.runner import run_suite
    from commit_conformance.target.bank import Bank
    from commit_conformance.target.settings import TargetSettings
    from commit_conformance.trial.commits import Commits
    from commit_conformance.verdict.run import Run

    if geometry.cheap_part is not None:
        defaults = TargetSettings.__init__.__kwdefaults__
        assert defaults is not None
        defaults["cheap_part"] = geometry.cheap_part
    if not geometry.sparing:
        Commits.sparing = property(lambda self: False)  # type: ignore[method-assign, assignment]
    if not geometry.reuses:
        made = Bank.__init__

        def forgetful(self: Bank, **options: object) -> None:
            made(self, **options)  # type: ignore[arg-type]
            self.reuses = False

        Bank.__init__ = forgetful  # type: ignore[method-assign, assignment]

    rules: dict[str, Spent] = {}
    runs: set[Run] = set()
    verdicts: list[str] = []
    examine = Run.examine

    def counted(self: Run, rule: object, *args: object, **options: object) -> dict[str, object]:
        runs.add(self)
        before = _spent(self)
        event = examine(self, rule, *args, **options)  # type: ignore[arg-type]
        after = _spent(self)
        taken = Spent(
            part_bytes=after.part_bytes - before.part_bytes,
            sessions=after.sessions - before.sessions,
            files=after.files - before.files,
            requests=after.requests - before.requests,
        )
        rules[event["rule"]] = taken
        verdicts.append(event["verdict"])
        return event

    Run.examine = counted  # type: ignore[method-assign, assignment]
    behaviours = []
    if geometry.part is not None:
        behaviours = [f"part-size={geometry.part}", f"min-file-size={geometry.smallest}"]
    with tempfile.TemporaryDirectory() as out, Path(os.devnull).open("w") as nothing, redirect_stdout(nothing):
        given = {"behaviour": behaviours, "seed": "1", "out": out}
        if not geometry.reuses:
            given |= {"max_upload_requests": "100000", "max_files": "1000"}
        run_suite(given, quiet=True)
    (run,) = runs
    assert run.target is not None
    return Bill(
        title=geometry.title,
        rules={rule: spent for rule, spent in rules.items() if spent.part_bytes or spent.sessions or spent.files},
        total=_spent(run),
        passed=sum(verdict in ("passed", "observed") for verdict in verdicts),
        failed=sum(verdict in ("failed", "errored") for verdict in verdicts),
        smallest=run.target.smallest,
    )


def _spent(run: object) -> Spent:
    target = getattr(run, "target", None)
    if target is None:
        return Spent(part_bytes=0, sessions=0, files=0, requests=0)
    cost = target.wire.purse.cost
    return Spent(
        part_bytes=cost.part_bytes,
        sessions=cost.sessions,
        files=cost.committed_files,
        requests=cost.upload_requests,
    )


_HEAD = f"""# What a standard run uploads

Written by `{COMMAND}`, over the embedded service, with seed 1. Bytes are those of parts, everything
included: a part that is refused counts like one that is taken. A file is one of the smallest size the service takes.

- **costly**: parts of 8 MiB, files of at least 20 MB. Rules share what is uploaded.
- **costly, not shared**: the same, when each rule uploads for itself, as it does where files are cheap.
- **1/64** and **1/64, a session each**: parts of 128 KiB, files of at least 305,835 bytes, taken for costly. The second
  opens a fresh session whenever one is asked for, and has no limit of requests; a test that sends several commits to
  one session on purpose still does. That was not run at the real sizes.
- **default**: the embedded service as it is, with parts of 4 KiB, whose smallest file is one such part here.

| run | MB | files' worth | sessions | committed | upload requests | rules passed or observed | failed or errored |
|---|---:|---:|---:|---:|---:|---:|---:|"""


def table(bills: Sequence[Bill]) -> str:
    """The report."""
    lines = [_HEAD]
    for bill in bills:
        total = bill.total
        lines.append(
            f"| {bill.title} | {total.part_bytes / 1e6:.1f} | {bill.in_files:.1f} | {total.sessions} | {total.files} "
            f"| {total.requests} | {bill.passed} | {bill.failed} |"
        )
    shown = [bill for bill in bills if bill.title != "1/64"]
    titles = [f"{bill.title}: files' worth, sessions" for bill in shown]
    lines += [
        "",
        "## By rule",
        "",
        "Each rule that uploaded, opened a session or committed in any of the runs.",
        "",
        f"| rule | {' | '.join(titles)} |",
        f"|---|{'---:|' * len(shown)}",
    ]
    for rule in dict.fromkeys(rule for bill in shown for rule in bill.rules):
        cells = []
        for bill in shown:
            spent = bill.rules.get(rule)
            cells.append(f"{spent.part_bytes / bill.smallest:.2f}, {spent.sessions}" if spent else "")
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the runs and writes the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder to write to")
    options = parser.parse_args(arguments)
    bills = []
    for geometry in GEOMETRIES:
        bills.append(measure(geometry))
        total = bills[-1].total
        print(f"{geometry.title}: {total.part_bytes / 1e6:.1f} MB, {total.sessions} sessions", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "cost.md").write_text(table(bills), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
