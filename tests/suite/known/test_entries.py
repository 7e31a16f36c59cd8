"""Reading a list of known failures, and finding the entry of a rule."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commit_conformance.known import KnownFailuresProblem, load

TODAY = date(2026, 6, 15)
LIST = """\
# What is wrong at staging.

# The storage service does not look.
[[known-failure]]
rule = "PART-GAP"
reason = "holes are not looked for"
owner = "storage team"
expires = 2026-12-31

[[known-failure]]
rule = "DIGEST-*"
reason = "no digest is compared"
owner = "storage team"
expires = 2026-06-15

[[flaky]]   # not in our hands
rule = "RACE-TWO-COMMITS"
reason = "the cluster elects twice"
owner = "platform"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "known.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_entries_say_what_the_file_says(tmp_path: Path) -> None:
    known = load(written(tmp_path, LIST), today=TODAY)
    gap, digests, race = known.entries
    assert (gap.rule, gap.reason, gap.owner) == ("PART-GAP", "holes are not looked for", "storage team")
    assert (gap.expires, gap.flaky, gap.lines) == (date(2026, 12, 31), False, (3, 8))
    assert (digests.lines, race.lines) == ((10, 14), (16, 19))
    assert (race.flaky, race.expires) == (True, None)
    assert gap.as_json() == {
        "rule": "PART-GAP",
        "reason": "holes are not looked for",
        "owner": "storage team",
        "expires": "2026-12-31",
        "flaky": False,
    }


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("PART-GAP", "PART-GAP"),
        ("PART-GAP-LAST", None),
        ("DIGEST-MISSING", "DIGEST-*"),
        ("DIGEST", None),
        ("RACE-TWO-COMMITS", "RACE-TWO-COMMITS"),
        ("part-gap", "PART-GAP"),
    ],
)
def test_a_rule_is_found_by_its_id_or_a_pattern(tmp_path: Path, rule: str, found: str | None) -> None:
    entry = load(written(tmp_path, LIST), today=TODAY).match(rule)
    assert (entry.rule if entry else None) == found


def test_an_entry_holds_through_its_last_day_and_no_longer(tmp_path: Path) -> None:
    path = written(tmp_path, LIST)
    assert load(path, today=date(2026, 6, 15)).match("DIGEST-MISSING") is not None
    assert load(path, today=date(2026, 6, 16)).match("DIGEST-MISSING") is None


def test_an_id_counts_before_a_pattern_and_flaky_before_both(tmp_path: Path) -> None:
    def entry(kind: str, rule: str) -> str:
        return f'[[{kind}]]\nrule = "{rule}"\nreason = "{kind} {rule}"\nowner = "o"\nexpires = 2027-01-01\n'

    path = written(tmp_path, entry("known-failure", "PART-*") + entry("known-failure", "PART-GAP"))
    found = load(path, today=TODAY).match("PART-GAP")
    assert found is not None
    assert found.rule == "PART-GAP"
    path.write_text(path.read_text() + entry("flaky", "PART-G*"))
    found = load(path, today=TODAY).match("PART-GAP")
    assert found is not None
    assert found.flaky


def test_no_list_knows_nothing(tmp_path: Path) -> None:
    assert load(None).match("PART-GAP") is None
    assert load(tmp_path / "none.toml", may_be_missing=True).entries == ()
    assert load(written(tmp_path, "# nothing yet\n")).entries == ()


GOOD = 'rule = "A-B"\nreason = "r"\nowner = "o"\nexpires = 2026-12-31\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[known-failure]\n", "is not TOML"),
        (f"[[known-failures]]\n{GOOD}", "did you mean known-failure"),
        (f"[known-failure]\n{GOOD}", "write [[known-failure]], two brackets"),
        (f"[[known-failure]]\n{GOOD}expiry = 1\n", "'expiry' is not known; an entry has rule, reason, owner, expires"),
        (f"\n[[known-failure]]\n{GOOD.replace('owner', 'owners')}", "line 2, [[known-failure]] A-B: 'owners' is not"),
        ("[[known-failure]]\n" + GOOD.replace('owner = "o"\n', ""), "A-B: owner is missing; write an entry like"),
        ("[[known-failure]]\n" + GOOD.replace('"r"', '" "'), "reason ' ' is no text"),
        ("[[known-failure]]\n" + GOOD.replace('"A-B"', "7"), "rule 7 is no text"),
        ("[[known-failure]]\n" + GOOD.replace("expires = 2026-12-31\n", ""), "expires is missing; give the last day"),
        ("[[known-failure]]\n" + GOOD.replace("2026-12-31", '"2026-12-31"'), "is no date; write it without quotes"),
        ("[[known-failure]]\n" + GOOD.replace("2026-12-31", "2026-12-31T00:00:00Z"), "is no date"),
        (f"[[known-failure]]\n{GOOD}[[known-failure]]\n{GOOD}", "A-B is listed already; delete one"),
        ("flaky = 7\n", "flaky has to be a list of entries"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(KnownFailuresProblem) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_a_list_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(KnownFailuresProblem, match="cannot be read \\(No such file"):
        load(tmp_path / "none.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KnownFailuresProblem, match="it is not UTF-8"):
        load(path)
