"""How a run is divided: among shards, each on a machine of its own, and among the workers of one machine.

The tests of one file stay together, since they share what they have uploaded. Files are dealt out by what they cost,
the dearest first, each to the part that has least so far, and two that share much in one go: the same everywhere,
without anybody asking the others.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

#: Seconds that one test of a file takes, on average, at each effort: on the reference service, with 30 ms for every
#: request, two workers sharing the run, as ``python -m benchmarks.parallel --weights`` measures it; long files are a
#: guess, and repeats in a standard run count more: where commits are put off, they wait most. They only balance, so
#: rough ones are enough.
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "quick": {
        "test_life_cycle": 0.22,
        "test_digest": 0.17,
        "test_part_list": 0.06,
        "test_auth": 0.05,
        "test_body": 0.02,
        "test_errors": 0.01,
        "test_created": 0.01,
        "test_limits": 0.01,
    },
    "standard": {
        "test_walks": 3.3,
        "test_syntax": 0.55,
        "test_retries": 0.3,
        "test_part_list": 0.2,
        "test_digest": 0.18,
        "test_conflict": 0.17,
        "test_life_cycle": 0.13,
        "test_preconditions": 0.12,
        "test_auth": 0.07,
        "test_body": 0.06,
        "test_limits": 0.04,
        "test_errors": 0.05,
        "test_accepted": 0.02,
        "test_created": 0.01,
        "test_large_files": 0.01,
    },
    "thorough": {
        "test_walks": 118.0,
        "test_syntax": 7.3,
        "test_retries": 5.2,
        "test_large_files": 3.9,
        "test_part_list": 1.2,
        "test_conflict": 0.99,
        "test_preconditions": 0.89,
        "test_body": 0.65,
        "test_digest": 0.6,
        "test_accepted": 0.21,
        "test_life_cycle": 0.12,
        "test_auth": 0.06,
        "test_limits": 0.04,
        "test_errors": 0.04,
        "test_created": 0.01,
    },
}
#: Files that stay together though they are several: a list in another order and another destination go into one commit,
#: and where that goes wrong it has to be known what is to blame; and what is said of a 202 needs one that was seen,
#: which comes the sooner the more is committed.
TOGETHER: Mapping[str, str] = {"test_body": "test_part_list", "test_accepted": "test_part_list"}
#: Files of which one uses what the other has uploaded and committed: wrong digests and wrong lists, which are sent for
#: a new version too, and files of every size. They stay together where no part gets longer by it.
SHARE: Mapping[str, str] = {"test_digest": "test_part_list"}
#: What that saves of what they cost: some 25 requests of 300 in a standard run.
SAVED = 0.08
#: What a test counts whose file is not in the table.
UNKNOWN = 0.1


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a run, of so many. Counted from 1.

    Example:
        >>> str(Shard.parse("2/4"))
        '2/4'
    """

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Reads ``I/N``.

        Raises:
            ValueError: It is not that, or there is no such part.
        """
        match = re.fullmatch(r"\s*([0-9]{1,4})/([0-9]{1,4})\s*", text)
        if match is None:
            raise ValueError(f"{text!r} is not understood; write it as I/N, like 1/4 for the first of four")
        index, count = int(match[1]), int(match[2])
        if not count:
            raise ValueError(f"{text!r}: there have to be shards; write it as I/N, like 1/4 for the first of four")
        if not 1 <= index <= count:
            raise ValueError(f"{text!r}: there is no shard {index} of {count}; they are 1/{count} to {count}/{count}")
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def divide(tests: Mapping[str, int], count: int, *, effort: str) -> dict[str, int]:
    """Which part each file goes to, from 0.

    Args:
        tests: How many tests are run of each file, by `file_of`.
        count: How many parts.
        effort: The run's effort, by which the cost of a file is known.

    Returns:
        The part of every file. With more parts than files some parts are empty.
    """
    weights = WEIGHTS.get(effort, {})
    seconds = {file: weights.get(file, UNKNOWN) * number for file, number in sorted(tests.items())}
    apart, longest_apart = _dealt(seconds, count, TOGETHER)
    sharing, longest_sharing = _dealt(seconds, count, {**TOGETHER, **SHARE})
    saved = SAVED * sum(seconds.get(file, 0.0) for file in {*SHARE, *SHARE.values()})
    return sharing if longest_sharing <= longest_apart + saved / 2 else apart  # two parts gain by it


def _dealt(seconds: Mapping[str, float], count: int, together: Mapping[str, str]) -> tuple[dict[str, int], float]:
    """The part of every file, the dearest first to the part that has least so far; and what the longest part takes."""
    costs: dict[str, float] = {}
    for file, cost in seconds.items():
        group = together.get(file, file)
        costs[group] = costs.get(group, 0.0) + cost
    loads = [0.0] * count
    parts: dict[str, int] = {}
    for group in sorted(costs, key=lambda group: (-costs[group], group)):
        part = min(range(count), key=lambda each: (loads[each], each))
        parts[group] = part
        loads[part] += costs[group]
    return {file: parts[together.get(file, file)] for file in seconds}, max(loads)


def parts_for(tests: Iterable[str], count: int, *, effort: Callable[[], str]) -> dict[str, int]:
    """Which part of the tests of a session each file goes to; empty where none of them is the suite's.

    Args:
        tests: Names of tests.
        effort: Gives the run's effort; asked where there is a run.
    """
    files = Counter(map(file_of, tests))
    ours = any(files.keys() & weights.keys() for weights in WEIGHTS.values())
    return divide(files, count, effort=effort()) if ours and count else {}


def file_of(test: str) -> str:
    """The file of a test, by the test's name: ``test_digest`` for ``tests/server/test_digest.py::test_…``."""
    return PurePosixPath(test.partition("::")[0]).stem


def plan_id(*told: Iterable[str]) -> str:
    """A name for how a run is divided: shards of which it is the same are parts of one run."""
    text = "\n".join("\t".join(each) for each in told)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
