from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from box_client import PART_SIZE, TOKEN, Box

from commit_conformance.reference import Service, configure

NOW = 1_800_000_000.5
Boxes = Callable[..., Box]


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    """Makes services, and closes them."""
    made: list[Service] = []

    def make(*behaviours: str, faults: tuple[str, ...] = (), **settings: object) -> Box:
        named = {"part_size": PART_SIZE, "tokens": {TOKEN: "1"}, "seed": 7, "clock": lambda: NOW} | settings
        if any(behaviour.startswith("part-size") for behaviour in behaviours):
            del named["part_size"]
        service = configure(behaviours, faults, **named)
        made.append(service)
        return Box(service=service)

    yield make
    for service in made:
        service.close()


@pytest.fixture
def box(boxes: Boxes) -> Box:
    return boxes()
