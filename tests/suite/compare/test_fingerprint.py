from __future__ import annotations

import json
from pathlib import Path

import pytest
from run_logs import log, observed, verdict

from commit_conformance.report.runs.fingerprint import LABELS, fingerprint, normal
from commit_conformance.report.runs.lines import fingerprint_lines
from commit_conformance.verdict.catalogue import Catalogue, Level


def test_every_rule_that_observes_has_a_label_of_its_own() -> None:
    rules = {rule.id: rule for rule in Catalogue.load()}
    assert set(LABELS) <= set(rules)
    assert {rule.id for rule in rules.values() if rule.level is Level.OBSERVED} <= set(LABELS)
    assert len(set(LABELS.values())) == len(LABELS)


def test_a_line_for_each_observation(tmp_path: Path) -> None:
    found = fingerprint(
        log(
            tmp_path,
            observed("REPEAT-ANSWER", "404 Not Found, code 'gone'"),
            observed("ATTR-EMPTY", "attributes {}: 201 Created"),
            verdict("IF-NONE-MATCH-CURRENT", observation="answered 412"),
            verdict("PART-GAP"),
            verdict("ETAG-QUOTED", "blocked", level="observed", reason="the budget is spent"),
            can={"abort": True, "status": False, "second_user": True},
        )
    )
    assert list(fingerprint_lines(found)) == [
        "target mock",
        "empty attributes                   201 Created",
        "the current etag in if-none-match  answered 412",
        "the second commit                  404 Not Found, code 'gone'",
        "can: abort",
        "cannot: status",
        "parts of 4,096 bytes",
        "not known: 1 rule (ETAG-QUOTED)",
    ]


def test_what_was_tried_is_named_where_there_was_more_than_one_thing_to_try(tmp_path: Path) -> None:
    text = "digest: sha1: 400 Bad Request; digest: sha-1: 201 Created"
    found = fingerprint(log(tmp_path, observed("DIGEST-ALGORITHM-VARIANT", text)))
    assert found.observed["DIGEST-ALGORITHM-VARIANT"].answers == {
        "digest: sha1": "400 Bad Request",
        "digest: sha-1": "201 Created",
    }
    assert text in "\n".join(fingerprint_lines(found))


def test_how_much_was_asked_is_no_behaviour(tmp_path: Path) -> None:
    found = fingerprint(log(tmp_path, verdict("LIFE-CYCLE-MODEL", observation="2 walks of 33 steps in all")))
    assert not found.observed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the file 1234567890 is there", "the file 9876543210 is there"),
        ("named cc-20261122-004504-100a-File-001", "named cc-20261123-114504-2ff-File-001"),
        ("until 2026-11-22T00:45:04.506Z", "until 2027-01-02T10:45:04+01:00"),
        ("etag '0f1e2d3c4b5a6978'", "etag 'a0b1c2d3e4f50617'"),
        ("id 6a3f9c1e-0b2d-4e5f-8a7b-9c0d1e2f3a4b", "id 00000000-1111-2222-3333-444455556666"),
        ("at Sun, 22 Nov 2026 00:45:04 GMT", "at Mon, 23 Nov 2026 10:05:00 GMT"),
    ],
)
def test_what_is_made_anew_in_each_run_is_taken_out(one: str, other: str) -> None:
    assert normal(one) == normal(other) != one


@pytest.mark.parametrize(
    "text", ["404 Not Found, code 'item_name_in_use'", "168 hours", "etag '0', sequence_id '0'", "256 characters kept"]
)
def test_what_is_behaviour_stays(text: str) -> None:
    assert normal(text) == text


def test_what_a_target_says_is_made_harmless(tmp_path: Path) -> None:
    found = fingerprint(log(tmp_path, observed("CONFLICT-CODE", "code '\x1b[31m\u202e\nevil'"), target="\x1b]0;x\x07"))
    text = "\n".join(fingerprint_lines(found))
    assert not set(text) & {"\x1b", "\u202e", "\x07"}
    assert "\\x1b[31m\\u202e\\nevil" in text
    json.dumps(found.as_json())


def test_a_log_that_was_cut_short_says_so(tmp_path: Path) -> None:
    found = fingerprint(log(tmp_path, observed("CONFLICT-CODE", "code 'x'"), footer=False))
    assert next(line for line in fingerprint_lines(found) if line.startswith("INCOMPLETE"))
    assert found.as_json()["truncated"]
