"""Which behaviours are paired with which."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from benchmarks.behaviour_pairs import (
    COURSE,
    MORE_VALUES,
    all_pairs,
    behaviour_names,
    kind,
    left_out,
    pair_jobs,
    sample_pairs,
    value_names,
    why_not,
)
from commit_conformance.reference import BEHAVIOURS, Settings, apply_behaviours

SAMPLE = sample_pairs()


def test_all_pairs_are_every_two_behaviours_once() -> None:
    count = len(BEHAVIOURS)
    pairs = {frozenset(pair) for pair in all_pairs()}
    assert len(pairs) == len(all_pairs()) == count * (count - 1) // 2 - len(left_out())


def test_a_pair_of_which_one_undoes_the_other_is_left_out_with_the_reason() -> None:
    assert left_out()["processing=2 + processing-every=2"] == "both set processing_every"
    assert why_not("repeat=404", "repeat=410") == "both set repeat"


def test_operations_that_are_missing_add_up() -> None:
    assert why_not("no-status", "no-content") is None
    assert apply_behaviours(["no-status", "no-content"]).missing == {"status", "content"}


def test_the_sample_is_small_and_the_same_every_time() -> None:
    assert sample_pairs() == SAMPLE
    assert len({frozenset(pair) for pair in SAMPLE}) == len(SAMPLE)
    assert 40 <= len(SAMPLE) <= 100
    assert {frozenset(pair) for pair in SAMPLE} <= {frozenset(pair) for pair in all_pairs()}


@pytest.mark.parametrize("text", behaviour_names())
def test_in_the_sample_a_behaviour_meets_every_other_kind(text: str) -> None:
    partners = {kind(other) for pair in SAMPLE if text in pair for other in pair if other != text}
    assert partners >= {"course", "answers", "lacks"} - {kind(text)}


def test_in_the_sample_every_two_kinds_meet_more_than_a_few_times() -> None:
    met = Counter(frozenset(map(kind, pair)) for pair in SAMPLE)
    for one, other in itertools.combinations(("course", "answers", "lacks"), 2):
        assert met[frozenset({one, other})] >= 10
    assert met[frozenset({"course"})] >= 10


def test_the_names_given_by_hand_exist() -> None:
    assert set(BEHAVIOURS) >= COURSE
    assert {text.partition("=")[0] for text in MORE_VALUES} <= set(BEHAVIOURS)


@pytest.mark.parametrize("text", value_names())
def test_a_further_value_differs_from_the_default_and_from_the_example(text: str) -> None:
    assert apply_behaviours([text]) != Settings()
    assert text not in behaviour_names()


def test_jobs_carry_both_behaviours() -> None:
    assert pair_jobs("none") == []
    assert [job.behaviours for job in pair_jobs("sample")] == SAMPLE
    assert len({job.name for job in pair_jobs("all")}) == len(all_pairs())
