"""The results of the detection benchmark as Markdown.

Reads results and the catalogue; runs nothing. Whatever it says in words follows from the results: a sentence that is
not true of them is not written.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.many_runs import Result
from commit_conformance.reference import FAULTS
from commit_conformance.report.summary import NOT_TESTED
from commit_conformance.verdict.catalogue import Catalogue, Effort, Level

#: Rules named beside the first one; a fault that breaks everything would fill the page.
OTHERS = 4
#: The levels that decide a run unless `--gate` says otherwise.
DECIDING = (Level.DOCUMENTED, Level.IMPLIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRuns:
    """The runs made for one fault.

    Attributes:
        socket: Whether they were made over a socket.
        thorough: The run with the fault's own rules, made if the standard one found nothing.
    """

    name: str
    socket: bool
    quick: Result
    standard: Result
    thorough: Result | None

    @property
    def best(self) -> Result:
        """The run to show: at standard, or at thorough if that had to be made."""
        return self.thorough or self.standard

    @property
    def named(self) -> tuple[str, ...]:
        """The rules that the fault says it breaks, the one it is about first."""
        return FAULTS[self.name].rules

    @property
    def first(self) -> str | None:
        """The failed rule that a report shows first."""
        return self.best.reported[0] if self.best.reported else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Everything that was run.

    Attributes:
        behaviours: Behaviours alone, and the correct service.
        pairs: Two behaviours at a time.
        which_pairs: ``all``, ``sample`` or ``none``.
        whole: Whether every fault was run, so that it can be said what none of them breaks.
        seconds: Wall time of all runs.
    """

    faults: tuple[FaultRuns, ...]
    behaviours: tuple[Result, ...]
    pairs: tuple[Result, ...]
    which_pairs: str
    whole: bool
    seed: int
    seconds: float


def alarms(results: Iterable[Result]) -> list[Result]:
    """Runs over a service that is right in which a rule failed or could not be tested for errors."""
    return [result for result in results if result.reasons]


def unconcluded(results: Iterable[Result]) -> list[Result]:
    """Runs in which nothing was wrong, and too much could not be reached."""
    return [result for result in results if result.exit_code == NOT_TESTED and not result.reasons]


def table(
    detection: Detection, *, command: str, stock: Mapping[str, Any] | None, left_out: Mapping[str, str], cores: int
) -> str:
    """The whole page.

    Args:
        command: What made it.
        stock: What `benchmarks.stock_schemathesis` wrote, if there is any.
        left_out: Pairs that were not run, each with its reason.
        cores: Processor cores of the machine.
    """
    blocks = [
        _head(detection, command, stock, cores),
        _meaning(stock),
        *([_unlike_named(detection.faults)] if any(_otherwise(fault) for fault in detection.faults) else []),
        _alarm_block(detection, left_out),
        _fault_block(detection.faults, stock),
        *([_stock_block(stock)] if stock else []),
        _behaviour_block(detection.behaviours),
    ]
    return "\n\n".join(blocks) + "\n"


def _head(detection: Detection, command: str, stock: Mapping[str, Any] | None, cores: int) -> str:
    faults = detection.faults
    total = len(faults)
    levels = {rule.id: rule.level for rule in Catalogue.load()}

    def count(holds: Callable[[FaultRuns], object]) -> int:
        return sum(bool(holds(fault)) for fault in faults)

    standard = count(lambda fault: fault.standard.failed)
    thorough = count(lambda fault: not fault.standard.failed and fault.best.failed)
    missed = [fault.name for fault in faults if not fault.best.failed]
    deciding = count(lambda fault: any(levels[rule] in DECIDING for rule in fault.best.failed))
    found = total - len(missed)
    pairs = f"{len(detection.pairs)} pairs of them" if detection.pairs else "no pairs of them"
    if detection.which_pairs == "sample":
        pairs += ", a sample"
    lines = [
        "# Detection",
        "",
        f"Made by `{command}` in {detection.seconds:.0f} s on {cores} cores, with seed {detection.seed} and the levels "
        "documented, implied and rfc gating.",
        "",
        "| faults of the mock server | |",
        "|---|---:|",
        f"| all | {total} |",
        f"| found at `quick` | {count(lambda fault: fault.quick.failed)} |",
        f"| found at `standard` | {standard} |",
        f"| found at `thorough` only | {thorough} |",
        f"| **missed** | {len(missed)}{': ' + ', '.join(missed) if missed else ''} |",
        f"| of the {found} found: by a rule that decides without `--gate` | {deciding} |",
        f"| of the {found} found: the first rule reported is the one that the fault is about | "
        f"{count(lambda fault: fault.first == fault.named[0])} |",
        f"| of the {found} found: exactly one rule fails | {count(lambda fault: len(fault.best.failed) == 1)} |",
    ]
    if stock:
        both = [fault.name for fault in faults if fault.name in stock["faults"]]
        hits = sum(bool(stock["faults"][name]["found"]) for name in both)
        lines.append(f"| found by stock Schemathesis {stock['schemathesis']} | {hits} of {len(both)} |")
    lines += [
        "",
        "| servers that are right | runs | alarms | not concluded |",
        "|---|---:|---:|---:|",
        *(
            f"| {title} | {len(results)} | {len(alarms(results))} | {len(unconcluded(results))} |"
            for title, results in (
                ("the correct service and its behaviours, one at a time", detection.behaviours),
                (pairs, detection.pairs),
            )
        ),
    ]
    if not detection.whole:
        return "\n".join(lines)
    never, not_alone = _unbroken(faults)
    if never:
        lines += ["", f"Rules that no fault made fail: {', '.join(never)}."]
    if not_alone:
        lines += ["", f"Rules that no fault made fail alone: {', '.join(not_alone)}."]
    if not never and not not_alone:
        lines += ["", "Every rule of these levels is made to fail by at least one fault, and by one alone."]
    return "\n".join(lines)


def _unbroken(faults: Sequence[FaultRuns]) -> tuple[list[str], list[str]]:
    """Rules that nothing made fail, and those of the others that nothing made fail alone."""
    judging = [rule.id for rule in Catalogue.load() if rule.level is not Level.OBSERVED]
    broken = {rule for fault in faults for rule in fault.best.failed}
    alone = {fault.best.failed[0] for fault in faults if len(fault.best.failed) == 1}
    return [rule for rule in judging if rule not in broken], [
        rule for rule in judging if rule in broken and rule not in alone
    ]


def _meaning(stock: Mapping[str, Any] | None) -> str:
    text = """## What it means

Each fault is the correct service with one decision taken wrongly. It names the rules that have to notice, the one
it is about first. It counts as found if any rule failed; at `quick` and `standard` all rules were run, at
`thorough` those of the fault. Faults and rules were written by the same people: the table shows that the suite
finds what was thought of, at what price, and that a report names the cause. It does not tell how many of the
mistakes of real servers were thought of.

*Shown by request* is the number of the request whose answer gave the fault away. *Judged after* is how many
requests the tests had sent when the verdict was written, without the few that found out what the server can do;
rules that every answer is held against are judged late, when all answers are in. Both count all requests; the
limits of an effort are about those to the upload endpoints, in the column *upload*.

An alarm is a failure on a server that is right. A run that is *not concluded* ended with exit code 3: nothing
failed, but what such a server does took so many requests that the budget was spent before all rules had been
reached."""
    if stock:
        text += """

Stock Schemathesis had our OpenAPI description, a token and a valid example, and nothing that knows what parts, digests
or sessions mean. It is made for another question, whether a server keeps its description, and it answers that: it finds
crashes, statuses, bodies and headers that the description rules out. That a list leaves out bytes no schema can say."""
    return text


def _otherwise(fault: FaultRuns) -> bool:
    return fault.first is not None and fault.first != fault.named[0]


def _unlike_named(faults: Sequence[FaultRuns]) -> str:
    """The faults whose first rule is another than the one they are about, the strangest first."""
    lines = ["## Faults whose first rule is another one", ""]
    foreign = [fault for fault in faults if _otherwise(fault) and fault.first not in fault.named]
    own = [fault for fault in faults if _otherwise(fault) and fault.first in fault.named]
    for title, some in (("Not among the rules that the fault names:", foreign), ("Among them:", own)):
        if some:
            lines += [
                title,
                "",
                "| fault | what is wrong | it is about | first rule | reason |",
                "|---|---|---|---|---|",
            ]
        lines += [
            f"| {fault.name} | {_cell(FAULTS[fault.name].summary)} | {fault.named[0]} | {fault.first} "
            f"| {_cell(fault.best.reasons[fault.first or ''])} |"
            for fault in some
        ]
        lines += [""] if some else []
    return "\n".join(lines).rstrip()


def _alarm_block(detection: Detection, left_out: Mapping[str, str]) -> str:
    raised = alarms([*detection.behaviours, *detection.pairs])
    lines = ["## Alarms on servers that are right", ""]
    if raised:
        lines += ["| service | rule | reason |", "|---|---|---|"]
        lines += [
            f"| {result.name} | {rule} | {_cell(why)} |" for result in raised for rule, why in result.reasons.items()
        ]
    else:
        lines.append("None.")
    short = unconcluded([*detection.behaviours, *detection.pairs])
    if short:
        lines += ["", "Not concluded, with the number of rules that were not reached and of files committed:", ""]
        lines += ["| service | blocked | files |", "|---|---:|---:|"]
        lines += [f"| {each.name} | {_blocked(each)} | {each.cost.get('committed_files')} |" for each in short]
    if detection.pairs and left_out:
        lines += ["", "Pairs left out:", "", "| pair | why |", "|---|---|"]
        lines += [f"| {pair} | {_cell(why)} |" for pair, why in left_out.items()]
    return "\n".join(lines)


def _fault_block(faults: Sequence[FaultRuns], stock: Mapping[str, Any] | None) -> str:
    columns = ["fault", "quick", "standard", "first rule", "others", "shown by request", "judged after", "after s"]
    columns += ["upload", "files", "s"] + (["Schemathesis"] if stock else [])
    numbers = {"shown by request", "judged after", "after s", "upload", "files", "s"}
    lines = [
        "## Faults",
        "",
        "`=` behind the first rule: it is the one that the fault is about.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'|'.join('---:' if column in numbers else '---' for column in columns)}|",
    ]
    for fault in faults:
        run = fault.best
        when = run.failures[fault.first] if fault.first else None
        cells = [
            fault.name + (" (over a socket)" if fault.socket else ""),
            "yes" if fault.quick.failed else "",
            "yes" if fault.standard.failed else ("thorough" if run.failed else ""),
            (fault.first + (" =" if fault.first == fault.named[0] else "")) if fault.first else "**missed**",
            _others(run),
            *([f"{when.shown_by or ''}", f"{when.requests}", f"{when.seconds:.1f}"] if when else ["", "", ""]),
            f"{run.cost.get('upload_requests', '')}",
            f"{run.cost.get('committed_files', '')}",
            f"{run.seconds:.1f}",
        ]
        if stock:
            result = stock["faults"].get(fault.name)
            cells.append("not run" if result is None else "; ".join(result["found"]))
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines)


def _others(run: Result) -> str:
    rest = run.reported[1:]
    more = f" and {len(rest) - OTHERS} more" if len(rest) > OTHERS else ""
    return ", ".join(rest[:OTHERS]) + more


def _stock_block(stock: Mapping[str, Any]) -> str:
    results = stock["faults"].values()
    cases = sorted(result["cases"] for result in results)
    plain = [name for name, result in stock["faults"].items() if not result["prepared"]]
    ended = [(name, result["ended"]) for name, result in stock["faults"].items() if result["ended"] != "completed"]
    lines = [
        "## Stock Schemathesis",
        "",
        "Made by `python -m benchmarks.stock_schemathesis`, which runs in an empty folder",
        "",
        "```sh norun",
        f"st {' '.join(map(shlex.quote, stock['arguments']))}",
        "```",
        "",
        f"It took {sum(result['seconds'] for result in results):.0f} s in all, and "
        f"{cases[len(cases) // 2] if cases else 0} test cases for a fault (median).",
        "",
        f"- {stock['examples']} test cases an operation when fuzzing keep it at about half an hour, one run at a time. "
        "The phases of examples and of coverage, which are most of it, are whole.",
        "- The valid example is a copy of the description in which the ids, the digest and the part list of a commit "
        "are those of a session with all parts uploaded.",
        *(
            [f"- These faults kept it from being made, and got the description as it is: {', '.join(plain)}."]
            if plain
            else []
        ),
        f"- A failure counts if its code has not come up at that operation in {len(stock['baseline_seeds'])} runs on "
        "the correct service, each with another seed.",
        "",
        "| code | meaning | at, on the correct service |",
        "|---|---|---|",
    ]
    for code, title in sorted(stock["titles"].items()):
        places = [kind.partition(" at ")[2] for kind in stock["baseline"] if kind.partition(" at ")[0] == code]
        lines.append(f"| {code} | {_cell(title)} | {_cell('; '.join(places))} |")
    if ended:
        lines += ["", "Not completed:", "", *(f"- {name}: {_cell(why)}" for name, why in ended)]
    return "\n".join(lines)


def _behaviour_block(results: Sequence[Result]) -> str:
    lines = [
        "## Behaviours",
        "",
        "| behaviour | failed | blocked | upload | files | s |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for result in results:
        lines.append(
            f"| {result.name.removeprefix('behaviour ')} | {', '.join(result.failed) or 'none'} | {_blocked(result)} "
            f"| {result.cost.get('upload_requests')} | {result.cost.get('committed_files')} | {result.seconds:.1f} |"
        )
    return "\n".join(lines)


def _blocked(result: Result) -> int:
    """Rules that were not reached, without those that are only tested at a higher effort."""
    asked = {rule.id for rule in Catalogue.load() if rule.effort is not Effort.THOROUGH}
    return sum(verdict == "blocked" for rule, verdict in result.verdicts.items() if rule in asked)


def _cell(text: str) -> str:
    """Text that does not end its cell, nor its line."""
    return " ".join(text.split()).replace("|", "\\|")
