"""What a run does in trouble: on a bad road to a server that is right, and on servers that are hostile.

    python -m benchmarks.trouble [FILE]     # FILE: reports/trouble.md by default

Every run is a process of its own on loopback. The waits between two tries are shortened, as are the bounds on hostile
answers; how often is tried, and what is concluded, is as always. Memory is the most that the run's process had.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from commit_conformance.reference import FAULTS, configure
from commit_conformance.reference.server import ServerThread
from tests.suite.trouble.furnished import Household
from tests.suite.trouble.hostile import SOMEBODYS_FILE, HostileServer, hostilities
from tests.suite.trouble.messages import Message
from tests.suite.trouble.road import Fate, Mishaps, Road
from tests.suite.trouble.watched import HASTY, SHORT_WAITS, TOKEN, Runs, Watched

REPORT = Path(__file__).parent.parent / "reports" / "trouble.md"
#: One connection in twenty is lost, one answer in a hundred is the gateway's, and the rate is limited.
BAD = Mishaps(lost_requests=0.025, lost_answers=0.025, busy=0.01, per_second=60)
#: Faults of every kind: one of a digest, one of a list, one that a race shows, one that only a walk shows, and so on.
SPREAD = (
    "ignores-digest",
    "accepts-bare-digest",
    "accepts-gap",
    "loses-last-part",
    "ignores-part-sha1",
    "assembles-in-list-order",
    "accepts-malformed-json",
    "ignores-content-modified-at",
    "ignores-if-match",
    "precondition-at-creation",
    "created-as-text",
    "reads-back-other-size",
    "lists-twice",
    "no-retry-after",
    "every-accepted-makes-a-file",
    "conflict-touches-file",
    "html-errors",
    "refusal-ends-session",
    "repeat-makes-a-file",
    "concurrent-commits-make-files",
    "abort-ends-siblings",
    "needs-no-token",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble on the way to a server that is right.

    Attributes:
        what: What happens, for the table.
        road: Shares of requests, or what decides.
        behaviours: Of the server.
    """

    what: str
    road: Mishaps | Fate
    behaviours: tuple[str, ...] = ()


def _commits(message: Message) -> bool:
    return message.start[0] == "POST" and message.start[1].endswith("/commit")


def _when(condition: Callable[[int, Message], bool], fate: str) -> Fate:
    return lambda number, message: fate if condition(number, message) else "pass"


TROUBLES = (
    Trouble("none", Mishaps()),
    Trouble("5 % of requests are cut off before they arrive", Mishaps(lost_requests=0.05)),
    Trouble("5 % of answers are lost", Mishaps(lost_answers=0.05)),
    Trouble("the same, and a repeated commit is answered 404", Mishaps(lost_answers=0.05), ("repeat=404",)),
    Trouble("the first 201 of every commit is lost", _when(lambda _, m: _commits(m), "lose 201")),
    Trouble("5 % are answered 503 by a gateway", Mishaps(busy=0.05)),
    Trouble("5 % are answered 504 by a gateway, though they were done", Mishaps(late_busy=0.05)),
    Trouble("the rate is limited to 40 requests a second, with 429", Mishaps(per_second=40)),
    Trouble("half cut off, 1 % 503, 60 requests a second: the bad road below", BAD),
    Trouble("a deploy: twelve requests in a row come to nothing", _when(lambda n, _: 200 <= n < 212, "lose request")),
    Trouble("every commit is answered 503 by a gateway", _when(lambda _, m: _commits(m), "503")),
    Trouble("the server goes away for good in the middle", _when(lambda n, _: n >= 300, "lose request")),
)


def main() -> None:
    """Runs everything and writes the report."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else REPORT
    with ThreadPoolExecutor(3) as pool:  # most of the time of a run on a bad road is waiting
        parts = [pool.submit(part) for part in (_introduction, _roads, _found, _hostile)]
        lines = [line for part in parts for line in part.result()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(target.read_text(encoding="utf-8"))


def _introduction() -> list[str]:
    return [
        "# Trouble on the way, and hostile servers",
        "",
        "Written by `python -m benchmarks.trouble`. Each run is a process of its own, on loopback, with shortened",
        "waits between tries. Memory is the most that its process had, of which Python and libraries are 60 MiB.",
        "",
        "`tests/suite/trouble` asserts what matters of this: that nothing fails for trouble, that runs end",
        "within bounds of time and memory, and that what was on the server before is there afterwards.",
    ]


def _roads() -> list[str]:
    lines = [
        "",
        "## Trouble on the way to a server that is right",
        "",
        "Standard runs through a proxy on the reference service. What is left for a thorough run is not counted. What",
        "is blocked is so for want of requests in the budget, which every try costs: more of it here than elsewhere",
        "where the rate is limited, since the shortened waits are shorter than Retry-After.",
        "",
        "| what happens | requests, of them disturbed | failed | errored | blocked | passed | left behind "
        "| the run says | s | MiB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda trouble: _over(trouble.road, behaviours=trouble.behaviours), TROUBLES))
    for trouble, (done, road) in zip(TROUBLES, runs, strict=True):
        disturbed = road.counts.total() - road.counts["pass"]
        counts = " | ".join(str(done.counts[verdict]) for verdict in ("failed", "errored", "blocked", "passed"))
        left = len(done.last.get("cleanup", {}).get("left", ()))
        lines.append(
            f"| {trouble.what} | {road.counts.total()}, {disturbed} | {counts} | {left} "
            f"| {_said(done).replace(road.url, 'URL')} | {done.seconds:.0f} | {done.mebibytes:.0f} |"
        )
    return lines


def _found() -> list[str]:
    """The spread of faults on the bad road."""
    lines = [
        "",
        "## The same faults are found",
        "",
        f"{len(SPREAD)} faults of the reference service, each in a run of the rules of its group on the bad road: 5 %",
        "of connections lost, half of them after the server has done it; 1 % answered 503; 429 beyond 60 a second.",
        "",
        "| fault | breaks | failed on the bad road | requests, of them disturbed | s |",
        "|---|---|---|---|---|",
    ]
    found = 0
    with ThreadPoolExecutor(4) as pool:
        ways = [replace(BAD, seed=number) for number in range(len(SPREAD))]
        for name, (done, road) in zip(SPREAD, pool.map(_with_fault, ways, SPREAD), strict=True):
            failed, total = done.reasons("failed"), road.counts.total()
            found += bool(set(FAULTS[name].rules) & set(failed))
            cells = [", ".join(rules) or "nothing" for rules in (FAULTS[name].rules, failed)]
            lines.append(
                f"| `{name}` | {' | '.join(cells)} | {total}, {total - road.counts['pass']} | {done.seconds:.0f} |"
            )
    return [*lines, "", f"{found} of {len(SPREAD)} faults were found on the bad road."]


def _with_fault(way: Mishaps, name: str) -> tuple[Watched, Road]:
    """A run of the rules whose names begin like those that the fault breaks."""
    groups = dict.fromkeys(f"{rule.split('-')[0]}-*" for rule in FAULTS[name].rules)
    return _over(way, *(word for group in groups for word in ("--rule", group)), faults=(name,))


def _over(
    way: Mishaps | Fate, *arguments: str, faults: tuple[str, ...] = (), behaviours: tuple[str, ...] = ()
) -> tuple[Watched, Road]:
    service = configure(behaviours, faults, tokens={TOKEN: "1"}, part_size=4096, seed=5)
    road_of = {"mishaps": way} if isinstance(way, Mishaps) else {"fate": way}
    limits = {**SHORT_WAITS, "patience": 10.0, "follow": 30.0}
    with _folder() as out, Runs() as runs, service, ServerThread(service) as server:
        with Road(server.url, **road_of) as road:  # type: ignore[arg-type]
            done = runs.run("run", "--target", road.url, "--seed", "7", *arguments, out=out, limit=400, limits=limits)
        return done, road


def _hostile() -> list[str]:
    lines = [
        "",
        "## Hostile servers",
        "",
        "Quick runs, on the reference service with some answers spoilt byte by byte. The bounds are those of a test:",
        "an answer may take 0.6 seconds, and a run puts up with 2 seconds of trouble; usually it is 120 and 300.",
        "",
        "| what the server does | exit code | the run says | s | MiB |",
        "|---|---|---|---|---|",
    ]
    with Runs() as runs, HostileServer(lambda message, response, send: False) as elsewhere:
        for hostility in hostilities(elsewhere.url).values():
            with _folder() as out, HostileServer(hostility.spoil, settings=hostility.settings) as server:
                SOMEBODYS_FILE[0] = Household(server.service).furnish()
                done = runs.run(
                    "run", "--target", server.url, "--seed", "7", *hostility.arguments, out=out, limit=90, limits=HASTY
                )
                says = _said(done).replace(server.url, "URL").replace(elsewhere.url, "URL")
            lines.append(f"| {hostility.what} | {done.code} | {says} | {done.seconds:.1f} | {done.mebibytes:.0f} |")
    return lines


def _said(done: Watched) -> str:
    """The headline, and the first reason for it, as a cell of a table."""
    first = next(iter({**done.reasons("errored"), **done.reasons("failed")}.items()), None)
    text = done.headline + (f" ({first[0]}: {first[1]})" if first else "")
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    for character in "\\|<>`*_[]{}":
        shown = shown.replace(character, f"\\{character}" if character in "|*_[]`" else f"&#{ord(character)};")
    return shown if len(shown) <= 260 else shown[:259] + "…"


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "out"


if __name__ == "__main__":
    main()
