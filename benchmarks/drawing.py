"""Draws wrong commits, builds each on an upload of its own, and does nothing with them: what strategies cost.

    python -m benchmarks.drawing COUNT

Hypothesis remembers every example of a test, so as not to draw it twice. A campaign of many examples is therefore made
of rounds, each with a seed of its own: memory stays that of one round.
"""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, Phase, given, seed, settings

from strategies.commits import wrong_commits
from strategies.materials import Material, materials
from strategies.plan import CommitPlan

ROUND = 1000


def draw(count: int) -> int:
    """Draws as many; gives the bytes of all bodies."""
    total = 0

    @settings(
        max_examples=min(ROUND, count),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(upload=materials(least=2), plan=wrong_commits())
    def each(upload: Material, plan: CommitPlan) -> None:
        nonlocal total
        total += len(plan.build(upload).body)

    for number in range(max(1, count // ROUND)):
        seed(number)(each)()
    return total


if __name__ == "__main__":
    print(f"{draw(int(sys.argv[1])):,} bytes")
