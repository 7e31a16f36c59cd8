"""A correct upload service, sans I/O, with faults it can be given and behaviours it may rightly have."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Any

from commit_conformance.reference.behaviours import BEHAVIOURS, apply_behaviours, parse_behaviour
from commit_conformance.reference.faults import FAULTS
from commit_conformance.reference.messages import Request, Response
from commit_conformance.reference.service import Service
from commit_conformance.reference.settings import Settings

__all__ = [
    "BEHAVIOURS",
    "FAULTS",
    "Request",
    "Response",
    "Service",
    "Settings",
    "apply_behaviours",
    "configure",
    "parse_behaviour",
]


def configure(
    behaviours: Iterable[str] = (),
    faults: Iterable[str] = (),
    *,
    clock: Callable[[], float] = time.time,
    **settings: Any,
) -> Service:
    """A service with behaviours (``"processing=2"``) and faults (``"accepts-gap"``).

    Example:
        >>> configure(["processing=2"], ["no-retry-after"], part_size=1024).settings.part_size
        1024

    Args:
        behaviours: Behaviours as `parse_behaviour` reads them.
        faults: Names of faults.
        clock: Seconds since 1970.
        **settings: Fields of `Settings`; they win over behaviours.

    Raises:
        ValueError: A name or value there is not.
        TypeError: A setting there is not.
    """
    return Service(dataclasses.replace(apply_behaviours(behaviours), **settings), faults=faults, clock=clock)
