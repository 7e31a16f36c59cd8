"""What the suite costs: starting, running, reading lists, drawing examples, writing reports; in seconds and memory.

    python -m benchmarks.speed                    # writes reports/benchmarks.json and reports/benchmarks.md
    python -m benchmarks.speed --only run,start   # some sections
    python -m benchmarks.speed --before OLD.json  # and beside an earlier result, see benchmarks.difference

What is set in relation was measured in turns, in one go and on one machine. The detection table and the cost of a run
are scripts of their own; what they have published is named here again, so that all figures stand on one page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.difference import compared
from benchmarks.measured import Measure, in_turns, load, own_python, run_process, save, table
from benchmarks.serving import TOKEN, Served, service

ROOT = Path(__file__).parent.parent
LATEST = ROOT / "reports" / "benchmarks.json"
#: Failing rules in the log that reports are made of.
_FAILURES = 40
#: Exit codes of a run that has come to an end, whatever it found.
_ENDED = (0, 1, 3)
Measures = list[Measure]


def start(repeats: int, folder: Path) -> Measures:
    """Start-up of each command, beside an interpreter that does nothing and one that imports click."""
    log = str(_log(folder))
    commands = {
        "an empty script": own_python("-c", "pass"),
        "import click": own_python("-c", "import click"),
        "--help": _suite("--help"),
        "run --help": _suite("run", "--help"),
        "rules": _suite("rules"),
        "faults": _suite("faults"),
        "report": _suite("report", log),
        "fingerprint": _suite("fingerprint", log),
        "history": _suite("history", log),
        "serve --help": _suite("serve", "--help"),
        "client --help": _suite("client", "--help"),
        "run --rule PART-GAP": _suite("run", "--rule", "PART-GAP", "--quiet", "--out", str(folder / "one")),
    }
    ran = in_turns(repeats, {name: partial(run_process, each, codes=_ENDED) for name, each in commands.items()})
    return [
        Measure(section="Starting", name=name, unit="s", values=tuple(each.seconds for each in ends), against="--help")
        for name, ends in ran.items()
    ]


def run(repeats: int, folder: Path) -> Measures:
    """A standard run on the embedded service and over a socket, beside a bare client that sends the same requests."""
    measures: Measures = []
    for place in ("embedded", "socket"):
        sent = folder / f"{place}.sent"
        with service(place) as served:
            run_process(
                _replay("record", str(sent), "--", *_standard(served, folder)), codes=_ENDED, env=_environment()
            )
        ran: list[tuple[float, float, float]] = []
        bare: list[tuple[float, float]] = []
        verdicts, same = [], []
        for _ in range(repeats):
            with service(place) as served:
                out = folder / place
                ended = run_process(_suite(*_standard(served, out)), codes=_ENDED, env=_environment())
                ran.append((ended.seconds, ended.peak, _seconds(out)))
                verdicts.append(_first_verdict(_suite(*_standard(served, out)), out))
            with service(place) as served:
                began = time.perf_counter()
                told = json.loads(_said(_replay("replay", str(sent), served.url or "embedded")))
                bare.append((time.perf_counter() - began, told["seconds"]))
                same.append(100 * told["same"] / told["requests"])
        section = f"A standard run, {'on the embedded service' if place == 'embedded' else 'over a socket'}"
        make = partial(Measure, section=section)
        alone = make(name="its requests by a bare client, in all", unit="s", values=tuple(each[0] for each in bare))
        sending = make(name="its requests by a bare client, sending", unit="s", values=tuple(each[1] for each in bare))
        measures += [
            make(name="in all", unit="s", values=tuple(each[0] for each in ran), against=alone.name),
            make(
                name="from its start to its conclusion", unit="s", values=tuple(r[2] for r in ran), against=sending.name
            ),
            make(name="until the first verdict", unit="s", values=tuple(verdicts)),
            alone,
            sending,
            make(name="answers with the same status as in the run", unit="%", values=tuple(same), less_is_better=None),
            make(name="requests", unit="", values=(told["requests"],), less_is_better=None),
            make(name="peak memory", unit="MiB", values=tuple(each[1] for each in ran)),
        ]
    return measures


def lists(repeats: int, folder: Path) -> Measures:
    """The model reading part lists, and the service committing them, by the length of the list."""
    from benchmarks import model_scaling
    from benchmarks.serving import commit_of

    measures: Measures = []
    for length in (1_000, 10_000, 100_000):
        session = model_scaling.uploaded(length)
        for name, claimed in model_scaling.lists(session):
            if name == "reversed":
                continue
            times = tuple(model_scaling.reading_time(claimed, session) for _ in range(repeats))
            read = f"the model reads {length:,} parts, {name}"
            tenth = "" if length == 1_000 else f"the model reads {length // 10:,} parts, {name}"
            measures.append(Measure(section="Part lists", name=read, unit="s", values=times, against=tenth))
    for length in (100, 1_000, 10_000):
        times = tuple(commit_of(length) for _ in range(repeats))
        tenth = "" if length == 100 else f"the service commits {length // 10:,} parts"
        name = f"the service commits {length:,} parts"
        measures.append(Measure(section="Part lists", name=name, unit="s", values=times, against=tenth))
    return measures


def examples(repeats: int, folder: Path) -> Measures:
    """Drawing wrong commits by Hypothesis, and the memory of a process that draws many."""
    measures: Measures = []
    for count in (1_000, 10_000, 100_000):
        again = repeats if count == 1_000 else 1  # the others take minutes
        ran = [run_process(own_python("-m", "benchmarks.drawing", str(count))) for _ in range(again)]
        tenth = "" if count == 1_000 else f"{count // 10:,} wrong commits drawn"
        make = partial(Measure, section="Examples")
        measures += [
            make(name=f"{count:,} wrong commits drawn", unit="s", values=tuple(r.seconds for r in ran), against=tenth),
            make(
                name=f"{count:,} wrong commits drawn, peak memory",
                unit="MiB",
                values=tuple(r.peak for r in ran),
                against=tenth and f"{tenth}, peak memory",
            ),
        ]
    return measures


def reports(repeats: int, folder: Path) -> Measures:
    """All report formats from logs of a run with forty failures, by the number of exchanges in them."""
    measures: Measures = []
    formats = "html,markdown,junit,sarif,json,har,badge"
    small = _log(folder)
    for count in (1_000, 10_000, 100_000):
        log = _swollen(small, folder / f"{count}.jsonl", count)
        command = _suite("report", str(log), "--quiet", "--format", formats, "--out", str(folder / "out"))
        ran = [run_process(command, codes=_ENDED) for _ in range(repeats)]
        tenth = "" if count == 1_000 else f"{count // 10:,} exchanges"
        make = partial(Measure, section="Reports, seven formats")
        measures += [
            make(name=f"{count:,} exchanges", unit="s", values=tuple(each.seconds for each in ran), against=tenth),
            make(
                name=f"{count:,} exchanges, peak memory",
                unit="MiB",
                values=tuple(each.peak for each in ran),
                against=tenth and f"{tenth}, peak memory",
            ),
        ]
    return measures


#: Lists come last: what this process holds of them would be counted as that of the processes it starts after them.
SECTIONS: dict[str, Callable[[int, Path], Measures]] = {
    "start": start,
    "run": run,
    "examples": examples,
    "reports": reports,
    "lists": lists,
}


def main(given: Sequence[str] | None = None) -> int:
    """Measures, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SECTIONS), metavar="NAMES", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--before", type=Path, help="an earlier result to set beside")
    parser.add_argument("--out", type=Path, default=LATEST, help="JSON file to write; the page has its name with .md")
    options = parser.parse_args(given)
    chosen = options.only.split(",")
    if unknown := [name for name in chosen if name not in SECTIONS]:
        parser.error(f"--only: there is no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    try:
        before = load(options.before) if options.before else None
    except ValueError as problem:
        parser.error(f"--before {problem}")
    measures: Measures = []
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            measures += SECTIONS[name](options.repeats, Path(folder))
    command = " ".join(["python -m benchmarks.speed", *(given if given is not None else sys.argv[1:])])
    save(options.out, measures, command=command, repeats=options.repeats)
    document, measures = load(options.out)
    machine = document["machine"]
    lines = [
        "# Benchmarks",
        "",
        f"Made by `{command}` on {document['made']}, {machine['system']}, {machine['cores']} cores,",
        f"Python {machine['python']}; {options.repeats} repeats. Ratios are of medians, measured in one go; absolute",
        "figures hold for that machine only. `python -m benchmarks.difference OLD.json NEW.json` compares two results.",
        "",
        *_published(),
        *table(measures),
    ]
    if before is not None:
        lines += ["", "## Before and after", "", *compared(before[1], measures)]
    options.out.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


def _published() -> list[str]:
    """Where the figures are that other scripts have published."""
    pages = {
        "detection.md": "what is found at which effort, and after how many requests",
        "cost.md": "bytes and sessions of a standard run where files are large",
        "parallel.md": "several workers and shards",
        "load.md": "contract checks under load",
        "large-uploads.md": "uploads of gigabytes",
        "trouble.md": "time and memory on bad roads and on hostile servers",
    }
    there = {name: text for name, text in pages.items() if (ROOT / "reports" / name).exists()}
    return [*(f"- [{name}]({name}): {text}" for name, text in there.items()), ""]


def _environment() -> dict[str, str]:
    """That of this process, with the token that the service takes."""
    return {**os.environ, "COMMIT_CONFORMANCE_TOKEN": TOKEN}


def _suite(*arguments: str) -> list[str]:
    return own_python("-m", "commit_conformance", *arguments)


def _replay(*arguments: str) -> list[str]:
    return own_python("-m", "benchmarks.bare_replay", *arguments)


def _standard(served: Served, out: Path) -> list[str]:
    """A standard run on this service, without reports: those are measured by themselves."""
    return ["run", *served.options, "--quiet", "--seed", "1", "--report", "none", "--out", str(out)]


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _seconds(out: Path) -> float:
    """How long a run took by its own log, from its start to its conclusion."""
    footer = json.loads((out / "events.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return float(footer["seconds"])


def _first_verdict(command: Sequence[str], out: Path) -> float:
    """Seconds until a run has written its first verdict; it goes on to its end afterwards."""
    log = out / "events.jsonl"
    log.unlink(missing_ok=True)
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment()) as process:
        while process.poll() is None:
            if log.exists() and '"event": "verdict"' in log.read_text(encoding="utf-8"):
                break
            time.sleep(0.005)
        seconds = time.perf_counter() - began
        process.wait()
    return seconds


def _log(folder: Path) -> Path:
    """The log of a run in which forty rules failed.

    One did, and what its verdict tells is told of others that passed too: with more faults at once most rules would be
    blocked, and a log of one failure is not what reports are slow at.
    """
    out = folder / "failing"
    path = out / "events.jsonl"
    if path.exists():
        return path
    run_process(_suite("run", "--fault", "accepts-gap", "--quiet", "--report", "none", "--out", str(out)), codes=_ENDED)
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    failed = next(event for event in events if event.get("verdict") == "failed")
    others = [event for event in events if event.get("verdict") == "passed"][: _FAILURES - 1]
    for event in others:
        event.update({name: failed[name] for name in ("verdict", "reason", "failure", "exchanges")})
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return path


def _swollen(log: Path, path: Path, exchanges: int) -> Path:
    """A log with at least so many exchanges, by telling those of each verdict again and again.

    Written piece by piece: what this process once held in memory would be counted as that of those it starts.
    """
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    have = sum(len(event.get("exchanges") or ()) for event in events)
    times = -(-exchanges // max(1, have))
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            told = [json.dumps(exchange) for exchange in event.get("exchanges") or ()]
            if not told:
                file.write(json.dumps(event) + "\n")
                continue
            del event["exchanges"]
            file.write(json.dumps(event).removesuffix("}") + ', "exchanges": [')
            for number in range(times * len(told)):
                file.write((", " if number else "") + told[number % len(told)])
            file.write("]}\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
