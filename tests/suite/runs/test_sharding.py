"""How a run is divided: every rule in one shard, the same shards everywhere, and none much dearer than it has to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from commit_conformance.verdict.catalogue import Catalogue
from commit_conformance.verdict.sharding import TOGETHER, UNKNOWN, WEIGHTS, Shard, divide, file_of, plan_id
from tests.suite.runs.commands import clean_environment

ROOT = Path(__file__).parents[3]
FILES = sorted(path.stem for path in (ROOT / "tests" / "server").glob("test_*.py"))


def test_every_file_of_the_suite_has_its_weight() -> None:
    assert sorted(WEIGHTS["thorough"]) == sorted(WEIGHTS["standard"]) == FILES
    assert set(WEIGHTS["quick"]) <= set(FILES)


@settings(derandomize=True, max_examples=60)
@given(
    tests=st.dictionaries(st.sampled_from([*FILES, "test_of_mine"]), st.integers(0, 40), min_size=1),
    count=st.integers(1, 20),
    effort=st.sampled_from(sorted(WEIGHTS)),
)
def test_every_file_goes_to_one_part_and_no_part_is_much_dearer(tests: dict[str, int], count: int, effort: str) -> None:
    parts = divide(tests, count, effort=effort)
    assert parts.keys() == tests.keys()
    assert set(parts.values()) <= set(range(count))
    costs: dict[str, float] = {}
    for file, number in tests.items():
        group = TOGETHER.get(file, file)
        costs[group] = costs.get(group, 0.0) + WEIGHTS[effort].get(file, UNKNOWN) * number
        assert parts[file] == next(parts[other] for other in tests if TOGETHER.get(other, other) == group)
    loads = dict.fromkeys(range(count), 0.0)
    for group, cost in costs.items():
        loads[next(part for file, part in parts.items() if TOGETHER.get(file, file) == group)] += cost
    # The dearest part without its cheapest file was the cheapest when that file came to it.
    assert max(loads.values()) - min(loads.values()) <= max(costs.values()) + 1e-9
    assert divide(dict(reversed(tests.items())), count, effort=effort) == parts


def test_a_shard_is_written_as_it_is_read() -> None:
    assert str(Shard.parse(" 2/4 ")) == "2/4"
    assert file_of("tests/server/test_part_list.py::test_a_wrong_list[PART-GAP]") == "test_part_list"


def test_another_division_has_another_name() -> None:
    assert plan_id(["A 0", "B 1"], ["quick"]) == plan_id(["A 0", "B 1"], ["quick"])
    assert len({plan_id(["A 0", "B 1"], ["quick"]), plan_id(["A 0", "B 0"], ["quick"]), plan_id(["A 0"], ["B 1"])}) == 3


def collected(*options: str, environment: dict[str, str] | None = None) -> list[str]:
    words = ["-q", "--collect-only", "-p", "no:cacheprovider", str(ROOT / "tests" / "server"), *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=clean_environment(None, environment),
        timeout=120,
        check=False,
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_every_test_is_in_one_shard_and_keeps_its_place(tmp_path: Path) -> None:
    whole = collected("--out", str(tmp_path), "--effort", "thorough")
    shards = [collected("--out", str(tmp_path), "--effort", "thorough", "--shard", f"{i}/3") for i in (1, 2, 3)]
    assert len(whole) == len(Catalogue.load())
    assert sorted(test for shard in shards for test in shard) == sorted(whole)
    for shard in shards:
        assert shard
        assert shard == [test for test in whole if test in shard]


def test_the_environment_says_it_as_the_option_does(tmp_path: Path) -> None:
    given = collected("--out", str(tmp_path), "--shard", "9/9")
    said = collected("--out", str(tmp_path), environment={"COMMIT_CONFORMANCE_SHARD": "9/9"})
    assert said == given != []
