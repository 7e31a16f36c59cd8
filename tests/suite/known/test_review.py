"""Which entries a run has shown to be out of date."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commit_conformance.known import load, outdated

TODAY = date(2026, 6, 15)
RULES = ("PART-GAP", "PART-OVERLAP", "DIGEST-MISSING")


def reviewed(tmp_path: Path, rule: str, verdicts: dict[str, str], *, expires: str = "2026-12-31", kind: str) -> list:
    path = tmp_path / "known.toml"
    path.write_text(f'\n[[{kind}]]\nrule = "{rule}"\nreason = "r"\nowner = "the team"\nexpires = {expires}\n')
    found = outdated(load(path, today=TODAY), verdicts, rules=RULES)
    assert all(each.message.startswith(f"{path}, lines 2 to 6 ({rule}): ") for each in found)
    return [(each.kind, each.message.partition("): ")[2]) for each in found]


@pytest.mark.parametrize(
    ("rule", "verdicts", "kinds"),
    [
        ("PART-GAP", {"PART-GAP": "failed"}, []),
        ("PART-GAP", {"PART-GAP": "passed"}, ["stale"]),
        ("PART-GAP", {"PART-GAP": "observed"}, ["stale"]),
        ("PART-GAP", {"PART-GAP": "blocked"}, []),
        ("PART-GAP", {"PART-GAP": "unsupported"}, []),
        ("PART-GAP", {"PART-GAP": "errored"}, []),
        ("PART-GAP", {}, []),
        ("PART-*", {"PART-GAP": "passed", "PART-OVERLAP": "passed"}, ["stale"]),
        ("PART-*", {"PART-GAP": "passed", "PART-OVERLAP": "failed"}, []),
        ("PART-*", {"PART-GAP": "passed"}, []),
        ("PART-*", {"PART-GAP": "passed", "PART-OVERLAP": "blocked"}, []),
        ("PART-GAPP", {"PART-GAP": "failed"}, ["unmatched"]),
        ("part-gap", {"PART-GAP": "passed"}, ["stale"]),
    ],
)
def test_an_entry_goes_when_all_it_names_passes_or_it_names_nothing(
    tmp_path: Path, rule: str, verdicts: dict[str, str], kinds: list[str]
) -> None:
    assert [kind for kind, _ in reviewed(tmp_path, rule, verdicts, kind="known-failure")] == kinds


@pytest.mark.parametrize(
    ("rule", "verdicts", "expires", "kinds"),
    [
        ("PART-GAP", {"PART-GAP": "passed"}, "2026-12-31", []),
        ("PART-GAP", {"PART-GAP": "passed"}, "2026-06-14", ["expired"]),
        ("PART-GAPP", {}, "2026-12-31", ["unmatched"]),
    ],
)
def test_a_flaky_rule_may_pass(
    tmp_path: Path, rule: str, verdicts: dict[str, str], expires: str, kinds: list[str]
) -> None:
    assert [kind for kind, _ in reviewed(tmp_path, rule, verdicts, expires=expires, kind="flaky")] == kinds


def test_the_words_say_what_to_do(tmp_path: Path) -> None:
    def words(rule: str, verdict: str, expires: str = "2026-12-31") -> str:
        verdicts = dict.fromkeys(RULES, verdict)
        return reviewed(tmp_path, rule, verdicts, expires=expires, kind="known-failure")[0][1]

    assert words("PART-GAP", "passed") == "PART-GAP passes; delete these lines"
    assert words("PART-*", "passed") == "each of its 2 rules passes; delete these lines"
    assert words("PART-GAPP", "failed") == "no rule has this id; delete these lines, or write PART-GAP"
    assert words("PART-GAP", "failed", "2026-06-14") == (
        "expired after 2026-06-14; delete these lines, or let the team give another date"
    )


def test_an_entry_of_an_array_has_no_lines_and_is_told_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text('known-failure = [{ rule = "PART-GAP", reason = "r", owner = "o", expires = 2026-12-31 }]\n')
    (found,) = outdated(load(path, today=TODAY), {"PART-GAP": "passed"}, rules=RULES)
    assert found.message == f"{path} (PART-GAP): PART-GAP passes; delete these lines"
    assert found.as_json()["lines"] is None
