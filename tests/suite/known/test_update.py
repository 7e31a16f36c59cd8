"""Writing a list anew: what people wrote stays to the letter."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commit_conformance.known import Changes, KnownFailuresProblem, load, update

TODAY = date(2026, 6, 15)
RULES = ("PART-GAP", "PART-OVERLAP", "DIGEST-MISSING", "RACE-TWO-COMMITS")
LIST = """\
# Kept by the storage team.

# Holes: mended with the next release.
[[known-failure]]
rule = "PART-GAP"   # since March
reason = "holes are not looked for"
owner = "storage team"
expires = 2026-12-31

# Digests: nobody knows yet.
[[known-failure]]
rule = "DIGEST-*"
reason = '''no digest is compared'''
owner = "storage team"
expires = 2026-12-31

# The end of the list.
"""


def updated(path: Path, failing: dict[str, str], verdicts: dict[str, str]) -> Changes:
    return update(load(path, today=TODAY, may_be_missing=True), failing, verdicts, rules=RULES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "known.toml"
    path.write_text(LIST, encoding="utf-8")
    return path


def test_nothing_changes_where_the_list_is_right(path: Path) -> None:
    changes = updated(path, {}, {"PART-GAP": "failed", "DIGEST-MISSING": "failed"})
    assert changes == Changes()
    assert path.read_text() == LIST
    assert changes.told(path) == (f"{path}: nothing to change",)


def test_what_passes_goes_with_its_comment_and_the_rest_stays(path: Path) -> None:
    changes = updated(path, {}, {"PART-GAP": "passed", "DIGEST-MISSING": "failed"})
    assert changes.removed == ("PART-GAP",)
    start, end = LIST.index("# Holes"), LIST.index("# Digests")
    assert path.read_text() == LIST[:start] + LIST[end:]


def test_the_last_entry_leaves_the_comment_behind_it(path: Path) -> None:
    updated(path, {}, {"PART-GAP": "failed", "DIGEST-MISSING": "passed"})
    start, end = LIST.index("# Digests"), LIST.index("# The end")
    assert path.read_text() == LIST[:start] + LIST[end:]


def test_what_fails_is_added_at_the_end(path: Path) -> None:
    failing = {"PART-OVERLAP": 'the server committed it: 201 "Created"\nand more', "DIGEST-MISSING": "listed already"}
    changes = updated(path, failing, {"PART-GAP": "failed", "PART-OVERLAP": "failed", "DIGEST-MISSING": "failed"})
    assert changes.added == ("PART-OVERLAP",)
    assert path.read_text() == LIST + (
        "\n[[known-failure]]\n"
        'rule = "PART-OVERLAP"\n'
        'reason = "the server committed it: 201 \\"Created\\" and more"\n'
        'owner = "nobody yet"\n'
        "expires = 2026-07-15\n"
    )
    assert load(path, today=TODAY).match("PART-OVERLAP") is not None
    assert any("who answers for them" in line for line in changes.told(path))


def test_ends_of_lines_stay_as_they_are(path: Path) -> None:
    path.write_bytes(LIST.replace("\n", "\r\n").encode())
    updated(path, {}, {"PART-GAP": "passed", "DIGEST-MISSING": "failed"})
    start, end = LIST.index("# Holes"), LIST.index("# Digests")
    kept = (LIST[:start] + LIST[end:]).replace("\n", "\r\n").rstrip() + "\n"
    assert path.read_bytes().decode() == kept


def test_an_entry_that_names_no_rule_goes(path: Path) -> None:
    path.write_text(LIST.replace("PART-GAP", "PART-GAPP"))
    changes = updated(path, {"PART-GAP": "it fails"}, {"PART-GAP": "failed", "DIGEST-MISSING": "failed"})
    assert (changes.removed, changes.added) == (("PART-GAPP",), ("PART-GAP",))


def test_an_entry_that_has_expired_and_still_fails_stays_for_people_to_decide(path: Path) -> None:
    text = LIST.replace("2026-12-31", "2026-06-14", 1)
    path.write_text(text)
    changes = updated(path, {"PART-GAP": "it fails"}, {"PART-GAP": "failed", "DIGEST-MISSING": "failed"})
    assert [each.entry.rule for each in changes.expired] == ["PART-GAP"]
    assert (changes.added, changes.removed) == ((), ())
    assert path.read_text() == text


def test_a_list_that_is_not_there_is_begun(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    changes = updated(path, {"PART-GAP": "it fails"}, {"PART-GAP": "failed"})
    assert changes.added == ("PART-GAP",)
    assert path.read_text().startswith("# Known failures")
    assert [entry.rule for entry in load(path, today=TODAY).entries] == ["PART-GAP"]


@pytest.mark.parametrize(
    "reason",
    ["", "\x00\x1b[31m", "a\u2028b\u202e", "é☃😀", '\\ " \\u0000', "x" * 5000, "\ud800", "'''", "\x7f", "a\r\n\tb"],
)
def test_a_server_s_words_cannot_spoil_the_file(path: Path, reason: str) -> None:
    updated(path, {"PART-OVERLAP": reason}, {"PART-OVERLAP": "failed"})
    entry = load(path, today=TODAY).match("PART-OVERLAP")
    assert entry is not None
    assert entry.reason
    assert entry.reason.isprintable()
    assert len(entry.reason) <= 200


@pytest.mark.parametrize(
    "text",
    [
        'known-failure = [{ rule = "PART-GAP", reason = "r", owner = "o", expires = 2026-12-31 }]\n',
        LIST.replace("'''no digest is compared'''", "'''no\n[[known-failure]]\ndigest'''"),
        LIST.replace('"holes are not looked for"', '"""holes\n[x]\nare not looked for"""'),
    ],
)
def test_a_form_that_cannot_be_edited_is_told_and_stays(path: Path, text: str) -> None:
    path.write_text(text)
    before = path.read_text()
    with pytest.raises(KnownFailuresProblem, match=r"cannot be edited; (take it out|change it) by hand"):
        updated(path, {}, {"PART-GAP": "passed", "DIGEST-MISSING": "failed"})
    assert path.read_text() == before


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "no-such-folder" / "known.toml"
    with pytest.raises(KnownFailuresProblem, match="cannot be written"):
        updated(path, {"PART-GAP": "it fails"}, {"PART-GAP": "failed"})
