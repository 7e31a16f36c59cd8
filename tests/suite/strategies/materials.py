"""Uploads of every shape that tests of strategies look at, and what a plan may be answered on them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

from commit_conformance.model import CommitRequest, Expectation, FileState, expect_commit
from strategies.materials import Shape
from strategies.plan import CommitPlan, Material

ETAG = "3"
SHAPES = (
    *(Shape(parts=number) for number in range(1, 7)),
    Shape(parts=4, ids="from 0"),
    Shape(parts=4, ids="from 8"),
    Shape(parts=3, ids="uuid"),
    Shape(parts=3, part_size=1, last=1, ids="from 0"),
    Shape(parts=1, part_size=1, last=1, ids="from 0"),
    Shape(parts=4, last=8, same_bytes=True),
    Shape(parts=2, part_size=5000, last=1),
)


def expect(plan: CommitPlan, upload: Material) -> Expectation:
    """What the plan may be answered when it is carried out on this upload."""
    return expect_request(plan.build(upload), upload)


def expect_request(request: CommitRequest, upload: Material) -> Expectation:
    file = FileState(file_id="7", etag=upload.etag, sha1=None, size=None, name=None)
    return expect_commit(request, upload.session, current=file if upload.etag is not None else None)


def claimed(request: CommitRequest) -> Any:
    """The part list as it goes over the wire."""
    return json.loads(request.body)["parts"]


def smallest(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool] = lambda _: True) -> Any:
    """What Hypothesis would show of a failure under this condition; the same each time."""
    chosen = settings(
        max_examples=20_000,  # what is looked for once is found long before; what is drawn depends on the process
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    return find(strategy, condition, settings=chosen, random=random.Random(1))
