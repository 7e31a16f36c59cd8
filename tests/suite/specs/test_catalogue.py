"""The rule catalogue: that its files say what they may, that they hang together, and that they can be asked."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from commit_conformance.specs import suite_root
from commit_conformance.verdict.catalogue import (
    CAPABILITIES,
    GROUPS,
    Catalogue,
    CatalogueError,
    Effort,
    Level,
    Rule,
    UnknownGroup,
    UnknownRule,
    explain,
)

DATA = Path(__file__).parent / "data"
RULES = suite_root() / "specs" / "rules"
SCHEMA = json.loads((suite_root() / "specs" / "rule.schema.json").read_text(encoding="utf-8"))
LEFT_OUT = yaml.safe_load((RULES / "left-out.yaml").read_text(encoding="utf-8"))

CATALOGUE = Catalogue.load()


def candidates() -> dict[str, set[str]]:
    """The working list of statements: number -> its levels (D, I, R, O, or ? where it was uncertain)."""
    with (DATA / "candidates.tsv").open(encoding="utf-8", newline="") as file:
        return {row["candidate"]: set(row["level"].split("/")) for row in csv.DictReader(file, delimiter="\t")}


def twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


# ---------------------------------------------------------------- the files


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("group", GROUPS)
def test_file_satisfies_the_schema(group: str) -> None:
    document = yaml.safe_load((RULES / f"{group}.yaml").read_text(encoding="utf-8"))
    problems = [f"{e.json_path}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(document)]
    assert problems == []
    assert document["group"] == group


def test_schema_and_catalogue_know_the_same_words() -> None:
    rule = SCHEMA["$defs"]["rule"]["properties"]
    assert rule["level"]["enum"] == [level.value for level in Level]
    assert rule["effort"]["enum"] == [effort.value for effort in Effort]
    assert set(rule["needs"]["items"]["enum"]) == CAPABILITIES
    assert tuple(SCHEMA["properties"]["group"]["enum"]) == GROUPS


def test_every_group_has_its_file_and_no_other_is_there() -> None:
    assert {path.stem for path in RULES.glob("*.yaml")} == {*GROUPS, "left-out"}
    assert CATALOGUE.groups == GROUPS


@pytest.mark.parametrize("field", ["statement", "why", "breaks", "check"])
def test_no_text_stands_in_two_rules(field: str) -> None:
    assert twice(getattr(rule, field) for rule in CATALOGUE) == []


def test_statement_is_one_sentence() -> None:
    assert [rule.id for rule in CATALOGUE if re.search(r"[.?!] [A-Z]", rule.statement)] == []


def test_only_observed_rules_record() -> None:
    def records(rule: Rule) -> bool:
        return "is recorded" in rule.statement or "are recorded" in rule.statement

    assert [rule.id for rule in CATALOGUE if records(rule) != (rule.level is Level.OBSERVED)] == []


# ---------------------------------------------------------------- ids


def test_published_ids_stay() -> None:
    """A published id is a rule, or withdrawn for good; whoever adds a rule adds its id to the list."""
    published = (DATA / "rule_ids.txt").read_text(encoding="utf-8").split()
    retired = [entry["id"] for entry in LEFT_OUT["retired"]]
    assert twice(published) == []
    assert twice([*retired, *(rule.id for rule in CATALOGUE)]) == []
    assert {*retired, *(rule.id for rule in CATALOGUE)} == set(published)


def test_ids_do_not_differ_by_hyphens_alone() -> None:
    assert twice(rule.id.replace("-", "") for rule in CATALOGUE) == []


# ---------------------------------------------------------------- sources and candidates


def test_every_candidate_is_covered_or_left_out_with_a_reason() -> None:
    listed = set(candidates())
    covered = {number for rule in CATALOGUE for number in rule.candidates}
    left_out = {entry["candidate"]: entry["reason"] for entry in LEFT_OUT["left_out"]}
    assert covered - listed == set(), "rules cover what is not on the list"
    assert covered & left_out.keys() == set(), "covered and left out at once"
    assert listed - covered - left_out.keys() == set(), "neither covered nor left out"
    assert left_out.keys() - listed == set(), "left out what is not on the list"
    assert all(len(reason) > 40 for reason in left_out.values())


def test_level_that_departs_from_its_candidates_is_explained() -> None:
    letters = {Level.DOCUMENTED: {"D"}, Level.IMPLIED: {"I"}, Level.RFC: {"R"}, Level.OBSERVED: {"O", "?"}}
    levels = candidates()
    departing = [
        rule for rule in CATALOGUE if not letters[rule.level] & set().union(*(levels[n] for n in rule.candidates))
    ]
    assert departing, "some levels were decided otherwise; if none is found, this test looks at nothing"
    assert [rule.id for rule in departing if rule.note is None] == []


def test_level_rests_on_a_source_that_can_carry_it() -> None:
    def carried(rule: Rule) -> bool:
        refs = {source.ref.split()[0] for source in rule.source}
        documentation = refs & {"S0", "S1", "S2", "OAS", "DOC"}
        match rule.level:
            case Level.DOCUMENTED:
                return bool(documentation)
            case Level.IMPLIED:
                return bool(documentation or "RFC" in refs)
            case Level.RFC:
                return "RFC" in refs
            case Level.OBSERVED:
                return True

    assert [rule.id for rule in CATALOGUE if not carried(rule)] == []


# ---------------------------------------------------------------- dependencies


def test_dependencies_belong_to_the_same_run() -> None:
    """A dependency that only a larger run checks says nothing in the smaller one."""
    assert {
        (rule.id, wanted)
        for rule in CATALOGUE
        for wanted in rule.depends_on
        if not rule.effort.includes(CATALOGUE.get(wanted).effort)
    } == set()


def test_rule_stands_behind_those_of_its_file_it_depends_on() -> None:
    place = {rule.id: n for n, rule in enumerate(CATALOGUE)}
    assert [
        (rule.id, wanted)
        for rule in CATALOGUE
        for wanted in rule.depends_on
        if CATALOGUE.get(wanted).group == rule.group and place[wanted] > place[rule.id]
    ] == []


def test_dependency_order_holds_every_rule_once_behind_its_dependencies() -> None:
    ordered = CATALOGUE.in_dependency_order(CATALOGUE)
    place = {rule.id: n for n, rule in enumerate(ordered)}
    assert len(ordered) == len(place) == len(CATALOGUE)
    assert [(r.id, wanted) for r in ordered for wanted in r.depends_on if place[wanted] > place[r.id]] == []


def test_dependency_order_holds_through_rules_that_were_not_chosen() -> None:
    chosen = [CATALOGUE.get("DIGEST-MISSING"), CATALOGUE.get("PART-COMPLETE")]
    assert [rule.id for rule in CATALOGUE.in_dependency_order(chosen)] == ["PART-COMPLETE", "DIGEST-MISSING"]


# ---------------------------------------------------------------- asking


def test_rule_is_found_whatever_the_case_of_its_id() -> None:
    assert CATALOGUE.get(" part-Gap ") is CATALOGUE.get("PART-GAP")
    assert "part-gap" in CATALOGUE
    assert "PART-CAP" not in CATALOGUE


def test_catalogue_is_read_once() -> None:
    assert Catalogue.load() is CATALOGUE


def test_rules_come_in_the_order_of_the_files() -> None:
    groups = [rule.group for rule in CATALOGUE]
    assert groups == sorted(groups, key=GROUPS.index)
    assert next(iter(CATALOGUE)).id == "DIGEST-ACCEPTED"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("PART-GAPS", "PART-GAP"),
        ("part_gap", "PART-GAP"),
        ("gap", "PART-GAP"),
        ("DIGEST-MISMATCHED", "DIGEST-MISMATCH"),
        ("ACCEPTED-RETRYAFTER", "ACCEPTED-RETRY-AFTER"),
        ("IFMATCH-STALE", "IF-MATCH-STALE"),
    ],
)
def test_unknown_id_offers_the_nearest(written: str, meant: str) -> None:
    with pytest.raises(UnknownRule) as caught:
        CATALOGUE.get(written)
    assert caught.value.name == written
    assert caught.value.nearest[0] == meant
    assert len(caught.value.nearest) <= 3
    assert str(caught.value).startswith(f"there is no rule {written!r}; did you mean {meant}")


def test_unknown_id_that_resembles_nothing_offers_nothing() -> None:
    with pytest.raises(UnknownRule, match=r"^there is no rule 'zzzzzz'$") as caught:
        CATALOGUE.get("zzzzzz")
    assert caught.value.nearest == ()
    assert isinstance(caught.value, KeyError)


def test_empty_id_offers_nothing() -> None:
    with pytest.raises(UnknownRule) as caught:
        CATALOGUE.get("")
    assert caught.value.nearest == ()


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["part-gap"], ["PART-GAP"]),
        (["IF-MATCH-*"], ["IF-MATCH-CURRENT", "IF-MATCH-STALE", "IF-MATCH-ANY", "IF-MATCH-RACE"]),
        (["*-retry"], ["DIGEST-RETRY", "PRECONDITION-RETRY", "ACCEPTED-EARLY-RETRY", "CONFLICT-RETRY"]),
        (["CONFLICT-CODE", "PART-GAP", "PART-GA?"], ["PART-GAP", "CONFLICT-CODE"]),
    ],
)
def test_patterns_select_in_file_order(patterns: list[str], expected: list[str]) -> None:
    assert [rule.id for rule in CATALOGUE.select(patterns)] == expected


def test_selecting_without_conditions_gives_everything() -> None:
    assert CATALOGUE.select() == tuple(CATALOGUE)
    assert CATALOGUE.select(["*"]) == tuple(CATALOGUE)


def test_conditions_narrow_each_other() -> None:
    chosen = CATALOGUE.select(["PART-SHA1*"], groups=["Part-List"], levels=["observed"], effort="standard")
    assert [rule.id for rule in chosen] == [
        "PART-SHA1-OMITTED",
        "PART-SHA1-NULL",
        "PART-SHA1-CASE",
        "PART-SHA1-BASE64",
    ]
    assert CATALOGUE.select(["PART-SHA1*"], groups=["digest"]) == ()


@pytest.mark.parametrize("effort", list(Effort))
def test_larger_effort_includes_the_smaller(effort: Effort) -> None:
    sizes = list(Effort)
    expected = {size for size in sizes if sizes.index(size) <= sizes.index(effort)}
    assert {rule.effort for rule in CATALOGUE.select(effort=effort)} == expected


def test_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(UnknownRule, match=r"there is no rule 'PARTS-GAP\*'; did you mean PART-GAP"):
        CATALOGUE.select(["PART-*", "PARTS-GAP*"])


def test_unknown_group_is_an_error() -> None:
    with pytest.raises(UnknownGroup, match="there is no group 'lifecycle'; did you mean life-cycle"):
        CATALOGUE.select(groups=["lifecycle"])


@pytest.mark.parametrize("condition", [{"levels": ["must"]}, {"effort": "huge"}])
def test_unknown_level_or_effort_is_an_error(condition: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|huge"):
        CATALOGUE.select(**condition)


def test_explanation_tells_everything_a_reader_asks_for() -> None:
    rule = CATALOGUE.get("IF-MATCH-STALE")
    told = dict(explain(rule))
    assert list(told)[:3] == ["Rule", "Statement", "Level"]
    assert told["Statement"] == rule.statement
    assert told["Level"].startswith("documented: ")
    assert told["Needs"] == "new_version"
    assert told["Depends on"] == "IF-MATCH-CURRENT"
    assert told["Source"].splitlines()[-1] == "RFC 9110: section 13.1.1"


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.id)
def test_explanation_has_no_empty_text(rule: Rule) -> None:
    told = explain(rule)
    assert all(label and text for label, text in told)
    assert ("Note" in dict(told)) == (rule.note is not None)


def test_catalogue_imports_nothing_heavy() -> None:
    script = "import sys, commit_conformance.verdict.catalogue as c; c.Catalogue.load(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=suite_root())
    loaded = set(run.stdout.split())
    assert "yaml" in loaded
    assert loaded & {"pytest", "hypothesis", "jsonschema", "httpx", "schemathesis", "rich", "click"} == set()


# ---------------------------------------------------------------- broken files


def a_rule(rule_id: str = "PART-ONE", **changes: Any) -> dict[str, Any]:
    return {
        "id": rule_id,
        "level": "implied",
        "statement": "A commit of one kind is refused.",
        "why": "It follows from the text.",
        "breaks": "Users lose what they uploaded.",
        "check": "It is sent, and the answer is looked at.",
        "source": [{"ref": "S0", "place": "introduction"}],
        "candidates": ["PRT-01"],
        "effort": "quick",
        "needs": [],
        "depends_on": [],
        **changes,
    }


def without(field: str) -> dict[str, Any]:
    return {key: value for key, value in a_rule().items() if key != field}


def a_group(*rules: object, group: object = "part-list") -> str:
    return yaml.safe_dump({"group": group, "title": "Title", "about": "About.", "rules": list(rules)}, sort_keys=False)


BROKEN = {
    "no files": ({}, r"no rule files here$"),
    "not YAML": ({"body.yaml": "group: [body"}, r"^body\.yaml: not readable as YAML: .*line \d+"),
    "a key twice": (
        {"body.yaml": "group: body\ngroup: body\nrules: []"},
        r"^body\.yaml: .*the key 'group' is given twice.*line 2",
    ),
    "not UTF-8": ({"body.yaml": "group: \udcff"}, r"^body\.yaml: not readable as YAML: .*utf-8"),
    "not a mapping": ({"body.yaml": "- a\n- b\n"}, r"^body\.yaml: expected a mapping with group"),
    "empty file": ({"body.yaml": ""}, r"^body\.yaml: expected a mapping with group"),
    "no list of rules": ({"body.yaml": "group: body\n"}, r"^body\.yaml: expected a mapping .* a list of rules$"),
    "unknown group": (
        {"parts.yaml": a_group(group="parts")},
        r"^parts\.yaml: a rule file is named after one of",
    ),
    "group of another file": ({"body.yaml": a_group()}, r"^body\.yaml: group 'part-list' differs from the name"),
    "rule is a text": ({"part-list.yaml": a_group("PART-ONE")}, r"^part-list\.yaml: rule 1: expected a mapping"),
    "id missing": ({"part-list.yaml": a_group(a_rule(), without("id"))}, r"^part-list\.yaml: rule 2: id None is not"),
    "id in small letters": ({"part-list.yaml": a_group(a_rule("part-one"))}, r"rule 1: id 'part-one' is not capitals"),
    "id of one word": ({"part-list.yaml": a_group(a_rule("PART"))}, r"id 'PART' is not capitals joined by hyphens"),
    "field missing": ({"part-list.yaml": a_group(without("why"))}, r"^part-list\.yaml: PART-ONE: lacks why$"),
    "unknown field": (
        {"part-list.yaml": a_group(a_rule(because="so"))},
        r"^part-list\.yaml: PART-ONE: a rule has no field because$",
    ),
    "blank text": ({"part-list.yaml": a_group(a_rule(breaks="  "))}, r"PART-ONE: breaks: expected a text, not '  '$"),
    "text is a number": ({"part-list.yaml": a_group(a_rule(check=3))}, r"PART-ONE: check: expected a text, not 3$"),
    "blank note": ({"part-list.yaml": a_group(a_rule(note=""))}, r"PART-ONE: note: expected a text, not ''$"),
    "unknown level": (
        {"part-list.yaml": a_group(a_rule(level="must"))},
        r"^part-list\.yaml: PART-ONE: level: 'must' is none of documented, implied, rfc, observed$",
    ),
    "level is a list": ({"part-list.yaml": a_group(a_rule(level=["rfc"]))}, r"level: \['rfc'\] is none of documented"),
    "unknown effort": (
        {"part-list.yaml": a_group(a_rule(effort="huge"))},
        r"^part-list\.yaml: PART-ONE: effort: 'huge' is none of quick, standard, thorough$",
    ),
    "unknown capability": (
        {"part-list.yaml": a_group(a_rule(needs=["read_file", "telepathy"]))},
        r"^part-list\.yaml: PART-ONE: needs: there is no capability telepathy$",
    ),
    "needs is a text": ({"part-list.yaml": a_group(a_rule(needs="read_file"))}, r"PART-ONE: needs: expected a list"),
    "no source": ({"part-list.yaml": a_group(a_rule(source=[]))}, r"PART-ONE: source: expected a list of at least one"),
    "source without place": (
        {"part-list.yaml": a_group(a_rule(source=[{"ref": "S0"}]))},
        r"PART-ONE: source: expected a mapping of ref and place, not \{'ref': 'S0'\}$",
    ),
    "candidate twice": (
        {"part-list.yaml": a_group(a_rule(candidates=["PRT-01", "PRT-01"]))},
        r"PART-ONE: candidates: names one thing twice: PRT-01, PRT-01$",
    ),
    "id twice in a file": (
        {"part-list.yaml": a_group(a_rule(), a_rule())},
        r"^part-list\.yaml: PART-ONE: this id is already taken in part-list\.yaml$",
    ),
    "id twice in two files": (
        {"part-list.yaml": a_group(a_rule()), "body.yaml": a_group(a_rule(), group="body")},
        r"^body\.yaml: PART-ONE: this id is already taken in part-list\.yaml$",
    ),
    "unknown dependency": (
        {"part-list.yaml": a_group(a_rule(), a_rule("PART-TWO", depends_on=["PART-ON"]))},
        r"^part-list\.yaml: PART-TWO: depends_on: there is no rule 'PART-ON'; did you mean PART-ONE",
    ),
    "depends on itself": (
        {"part-list.yaml": a_group(a_rule(depends_on=["PART-ONE"]))},
        r"^part-list\.yaml: PART-ONE: depends_on: the rule depends on itself: PART-ONE → PART-ONE$",
    ),
    "circle through two files": (
        {
            "part-list.yaml": a_group(
                a_rule(depends_on=["PART-TWO"]),
                a_rule("PART-TWO", depends_on=["BODY-ONE"]),
            ),
            "body.yaml": a_group(a_rule("BODY-ONE", depends_on=["PART-TWO"]), group="body"),
        },
        r"^part-list\.yaml: PART-TWO: depends_on: .*: PART-TWO → BODY-ONE → PART-TWO$",
    ),
}


@pytest.mark.parametrize(("files", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_files_give_one_clear_message(files: dict[str, str], message: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(tmp_path)
    assert re.search(message, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_right_are_read(tmp_path: Path) -> None:
    """Keeps the table above honest: without its one mistake, each of those files is accepted."""
    (tmp_path / "body.yaml").write_text(a_group(a_rule("BODY-ONE", depends_on=["PART-TWO"]), group="body"))
    (tmp_path / "part-list.yaml").write_text(a_group(a_rule(), a_rule("PART-TWO", note="So it was decided.")))
    (tmp_path / "left-out.yaml").write_text("left_out: []\n")
    (tmp_path / "README.md").write_text("Not a rule.\n")
    catalogue = Catalogue.load(tmp_path)
    assert [rule.id for rule in catalogue] == ["PART-ONE", "PART-TWO", "BODY-ONE"]
    assert catalogue.get("PART-TWO").note == "So it was decided."
    assert catalogue.groups == ("part-list", "body")


def _add_field(rule: dict[str, Any]) -> None:
    rule["severity"] = "high"


def _empty(field: str) -> Callable[[dict[str, Any]], None]:
    def change(rule: dict[str, Any]) -> None:
        rule[field] = ""

    return change


@pytest.mark.parametrize(
    "change",
    [
        _add_field,
        _empty("statement"),
        _empty("why"),
        _empty("breaks"),
        _empty("check"),
        _empty("level"),
        lambda rule: rule.update(id="part_one"),
        lambda rule: rule.update(needs=["telepathy"]),
        lambda rule: rule.update(source=[{"ref": "HEARSAY", "place": "somewhere"}]),
        lambda rule: rule.update(candidates=[]),
        lambda rule: rule.pop("depends_on"),
    ],
)
def test_schema_refuses_what_is_not_a_rule(change: Callable[[dict[str, Any]], object]) -> None:
    document = yaml.safe_load(a_group(a_rule()))
    validator = Draft202012Validator(SCHEMA)
    assert validator.is_valid(document)
    change(document["rules"][0])
    assert not validator.is_valid(document)
