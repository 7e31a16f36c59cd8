"""The page on large uploads says what was measured, and the faults it tries are all there are."""

from __future__ import annotations

from benchmarks.large_upload import (
    BEYOND_32_BITS,
    BEYOND_A_PAGE,
    GIB,
    MIB,
    PART,
    Measured,
    commits,
    faults,
    report,
    shown,
)
from commit_conformance.reference import FAULTS
from commit_conformance.reference.faults import large


def test_every_fault_about_large_files_is_tried_on_a_file_that_shows_it() -> None:
    sizes = dict(faults())
    of_large_files = {name for name, fault in FAULTS.items() if fault.__module__ == large.__name__}
    assert of_large_files - set(sizes) == {"narrow-numbers-in-list"}  # small files show that one
    assert set(sizes.values()) == {BEYOND_32_BITS, BEYOND_A_PAGE}
    assert BEYOND_A_PAGE > 1000 * PART
    assert BEYOND_32_BITS > 2**32


def test_commits_within_the_service_are_timed_and_right() -> None:
    refused, right = commits(20)
    assert 0 < refused < 10
    assert 0 < right < 10


def test_sizes_are_written_for_people() -> None:
    assert [shown(size) for size in (10 * GIB, 300 * MIB, BEYOND_32_BITS)] == ["10 GiB", "300 MiB", "4,112 MiB"]


def test_the_page_has_a_line_for_everything() -> None:
    told = {"hashed": 1.0, "uploaded": 4.0, "committed": 0.002}
    upload = Measured(size=GIB, told=told, suite=100 * MIB, service=70 * MIB, disk=GIB)
    told = {"seconds": 12.0, "verdicts": {"PART-LARGE": "failed"}, "reasons": {"PART-LARGE": "a|b"}, "cost": {}}
    run = Measured(size=GIB, told=told, suite=110 * MIB, service=71 * MIB, disk=GIB)
    page = "\n".join(report([upload], run, [("a-fault", run)], [(1000, 0.003, 0.004)], command="this", load=0.5))
    assert "| 1 GiB | 128 | 4.0 s | 268 MB/s | 2 ms | 1.0 s | 100 MiB | 70 MiB | 1 GiB |" in page
    assert "| PART-LARGE | failed |" in page
    assert "| `a-fault` | 1 GiB | PART-LARGE | a\\|b | 12 |" in page
    assert "| 1,000 | 3 ms | 4 ms |" in page
