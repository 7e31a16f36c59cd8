"""Every mistake of the plain client in every scenario: which rules fail, and whether they are those they should be.

Run as ``python -m benchmarks.client_mistakes``. The tests play the scenarios of a mistake's own rules; here all of them
are played, so that a rule that fails for somebody else's mistake shows. The liberties are played along: nothing may
fail for them.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from commit_conformance.clients.plain.liberties import LIBERTIES
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.clients.process import Command
from commit_conformance.clients.run import ClientRun, run_client

#: Runs at once, and scenarios at once in each: nearly all of the time is waiting.
RUNS, WORKERS = 6, 6


def failed(kind: str, name: str) -> tuple[set[str], int, float]:
    """Rules that fail, how many scenarios were played, and seconds."""
    words = [sys.executable, "-m", "commit_conformance.clients.plain", f"--{kind}", name]
    outcome = run_client(ClientRun(name=name, command=Command(words=words), replay="", workers=WORKERS))
    return {each.rule.id for each in outcome.verdicts if each.verdict == "failed"}, outcome.plays, outcome.seconds


def main() -> int:
    """Print a line for each; gives 1 if a rule fails that should not, or the reverse."""
    wanted = {("mistake", name): set(mistake.rules) for name, mistake in MISTAKES.items()}
    wanted |= {("liberty", name): set() for name in LIBERTIES}
    began, plays, wrong = time.monotonic(), 0, 0
    with ThreadPoolExecutor(RUNS) as pool:
        for (kind, name), (found, count, _) in zip(wanted, pool.map(lambda each: failed(*each), wanted), strict=True):
            plays += count
            right = found == wanted[kind, name]
            wrong += not right
            print(f"{'  ' if right else '! '}{kind} {name}: {', '.join(sorted(found)) or 'nothing'} fails")
    seconds = time.monotonic() - began
    print(f"{len(wanted)} clients, {plays} scenarios, {seconds:.0f} seconds; {wrong} not as they should be")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
