"""A family: all the plans that show one kind of mistake.

Each family has *representatives*, smallest first, which together touch every place and size the mistake can have, and
a Hypothesis strategy for the endless rest. A cheap run sends the representatives, a thorough one draws as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from strategies.plan import CommitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Plans that show one kind of mistake.

    Attributes:
        name: A short noun phrase for messages.
        representatives: Fixed plans, the simplest first.
        drawn: A strategy for further plans; it shrinks towards the simplest.
    """

    name: str
    representatives: tuple[CommitPlan, ...]
    drawn: st.SearchStrategy[CommitPlan] = field(repr=False)

    def first(self, count: int | None) -> Sequence[CommitPlan]:
        """The first representatives; all of them when ``count`` is None."""
        return self.representatives[:count]
