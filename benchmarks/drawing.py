"""Draws wrong commits, builds each on an upload of its own, and does nothing with them: what strategies cost.

python -m benchmarks.drawing COUNT
"""

from __future__ import annotations

import sys

from hypothesis import HealthCheck, Phase, given, settings

from strategies.commits import wrong_commits
from strategies.materials import Material, materials
from strategies.plan import CommitPlan


def draw(count: int) -> int:
    """Draws as many; gives the bytes of all bodies."""
    total = 0

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(upload=materials(least=2), plan=wrong_commits())
    def each(upload: Material, plan: CommitPlan) -> None:
        nonlocal total
        total += len(plan.build(upload).body)

    each()
    return total


if __name__ == "__main__":
    print(f"{draw(int(sys.argv[1])):,} bytes")
