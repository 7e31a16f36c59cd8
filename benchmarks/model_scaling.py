"""How the model's reading of part lists grows with their length.

Run it from the root of a checkout::

    python benchmarks/model_scaling.py

One line a list: its parts, seconds (the best of several readings), the peak of memory the reading itself took, and how
many times both grew over a list a tenth as long. Ten is linear; a sort is a little more. No test asserts any of it.
"""

from __future__ import annotations

import gc
import hashlib
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from commit_conformance.model import UploadedPart, UploadedSession, read_part_list

LENGTHS = (100, 1_000, 10_000, 100_000)
PART_SIZE = 8 * 1024 * 1024
#: Readings at each length: enough for the best one to be free of disturbance, few enough for a second or two in all.
READINGS = 5


def uploaded(parts: int) -> UploadedSession:
    """A session with this many parts, whose digests are made up."""
    taken = tuple(
        UploadedPart(
            part_id=f"{number:08X}",
            offset=number * PART_SIZE,
            size=PART_SIZE,
            sha1=hashlib.sha1(number.to_bytes(4, "big")).hexdigest(),
        )
        for number in range(parts)
    )
    return UploadedSession(file_size=parts * PART_SIZE, part_size=PART_SIZE, parts=taken, sha1="0" * 40)


def lists(session: UploadedSession) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The right list, the same in reverse, and one where every tenth entry is wrong in one of five ways."""
    right = [part.as_json() for part in session.parts]
    yield "right", right
    yield "reversed", right[::-1]
    wrong = [dict(entry) for entry in right]
    for turn, index in enumerate(range(0, len(wrong), 10)):
        entry = wrong[index]
        match turn % 5:
            case 0:
                entry["offset"] += 1
            case 1:
                entry["size"] -= 1
            case 2:
                entry["sha1"] = "0" * 40
            case 3:
                entry["part_id"] = "unknown"
            case 4:
                wrong[index] = dict(wrong[index - 1])
    yield "with defects", wrong


def reading_time(claimed: list[dict[str, Any]], session: UploadedSession) -> float:
    """Seconds that the model takes to read a list once."""
    gc.collect()
    started = time.perf_counter()
    read_part_list(claimed, session)
    return time.perf_counter() - started


def measured(claimed: list[dict[str, Any]], session: UploadedSession) -> tuple[float, int, int]:
    """Seconds, peak bytes and defects of reading a list. Time and memory are taken apart: tracing slows down."""
    seconds = [reading_time(claimed, session) for _ in range(READINGS)]
    defects = len(read_part_list(claimed, session).defects)
    gc.collect()
    tracemalloc.start()
    read_part_list(claimed, session)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return min(seconds), peak, defects


def main() -> None:
    """Prints the table."""
    print(f"{'list':<13}{'parts':>8}{'defects':>9}{'seconds':>11}{'per 10x':>9}{'MiB':>9}{'per 10x':>9}")
    before: dict[str, tuple[float, int]] = {}
    for length in LENGTHS:
        session = uploaded(length)
        for name, claimed in lists(session):
            seconds, peak, defects = measured(claimed, session)
            growth = ["", ""]
            if name in before:
                growth = [f"{seconds / before[name][0]:.1f}", f"{peak / before[name][1]:.1f}"]
            before[name] = seconds, peak
            print(f"{name:<13}{length:>8}{defects:>9}{seconds:>11.6f}{growth[0]:>9}{peak / 2**20:>9.2f}{growth[1]:>9}")


if __name__ == "__main__":
    main()
