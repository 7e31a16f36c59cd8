"""Every format that has a schema keeps to it, whatever is in the log: SARIF 2.1.0, HAR 1.2, JUnit and our own JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft6Validator, Draft202012Validator
from lxml import etree
from referencing import Registry
from referencing.jsonschema import DRAFT6

from commit_conformance.report.formats import document, har, junit, sarif
from commit_conformance.report.log import Log
from tests.suite.report.event_logs import exchange, failed, log_of, verdict
from tests.suite.report.test_hostile_texts import TEXTS, log_with

SCHEMAS = Path(__file__).parent / "schemas"
OWN = Path(__file__).parents[3] / "specs" / "report.schema.json"


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


@cache
def sarif_validator() -> Draft4Validator:
    return Draft4Validator(schema("sarif-2.1.0.json"), format_checker=Draft4Validator.FORMAT_CHECKER)


@cache
def har_validator() -> Draft6Validator:
    parts = schema("har-1.2.json")
    registry = Registry().with_resources((name, DRAFT6.create_resource(part)) for name, part in parts.items())
    # Formats are left out: a URL that a target sends need not be one.
    return Draft6Validator(parts["har.json"], registry=registry)


@cache
def own_validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(OWN.read_text(encoding="utf-8")))


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / "junit.xsd")))


def problems(log: Log) -> Iterator[str]:
    for name, validator, text in (
        ("sarif", sarif_validator(), sarif.render(log)),
        ("har", har_validator(), har.render(log)),
        ("json", own_validator(), document.render(log)),
    ):
        assert text.isascii()
        for error in validator.iter_errors(json.loads(text)):
            yield f"{name}: {error.json_path}: {error.message[:200]}"
    checked = junit_schema()
    if not checked.validate(etree.fromstring(junit.render(log).encode())):
        yield from (f"junit: {error.message}" for error in checked.error_log)


def mixed(folder: Path, **changes: Any) -> Log:
    return log_of(
        folder,
        verdict("DIGEST-ACCEPTED", group="digest"),
        failed(known={"reason": "ticket 7", "owner": "storage", "expires": "2027-01-01"}, gating=False),
        failed("PART-SUM", place={"file": "specs/commit.openapi.yaml", "line": 986, "pointer": "/components"}),
        failed("PART-UNKNOWN", exchanges=[exchange(status=None, error="connection reset", response_body=None)]),
        verdict("DIGEST-CASE", "failed", group="digest", level="rfc", reason="the case was ignored"),
        verdict("PART-SHA1-NULL", "observed", level="observed", observation="400 bad_request"),
        verdict("PART-OTHER-USER", "unsupported", reason="the target lacks second_user"),
        verdict("PART-MANY", "blocked", reason="not tested at effort standard"),
        verdict("PART-COUNT", "errored", reason="ReadTimeout"),
        **changes,
    )


@pytest.mark.parametrize("truncated", [False, True])
def test_a_log_with_every_verdict_keeps_to_the_schemas(tmp_path: Path, truncated: bool) -> None:
    assert list(problems(mixed(tmp_path, truncated=truncated))) == []


def test_a_log_of_nothing_keeps_to_the_schemas(tmp_path: Path) -> None:
    log = log_of(
        tmp_path, truncated=True, run=None, seed=None, versions=None, selected=[], started="yesterday", tool=None
    )
    assert list(problems(log)) == []


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "long"])
def test_hostile_texts_keep_to_the_schemas(tmp_path: Path, name: str) -> None:
    assert list(problems(log_with(tmp_path, TEXTS[name]))) == []


def test_the_schemas_refuse_what_is_wrong(tmp_path: Path) -> None:
    """A validator that lets everything pass would make the tests above worthless."""
    log = mixed(tmp_path)
    for validator, text, spoil in (
        (sarif_validator(), sarif.render(log), ("runs", 0, "results", 0, "level")),
        (har_validator(), har.render(log), ("log", "entries", 0, "request", "method")),
        (own_validator(), document.render(log), ("rules", 0, "verdict")),
    ):
        report = json.loads(text)
        place = report
        for step in spoil[:-1]:
            place = place[step]
        place[spoil[-1]] = 17
        assert list(validator.iter_errors(report))
    assert not junit_schema().validate(etree.fromstring(junit.render(log).replace('name="', 'nome="').encode()))


def test_the_published_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(OWN.read_text(encoding="utf-8")))


def test_the_report_says_what_each_rule_amounts_to(tmp_path: Path) -> None:
    report = json.loads(document.render(mixed(tmp_path)))
    rules = {rule["rule"]: rule for rule in report["rules"]}

    assert report["version"] == 1
    assert report["failed"] == ["PART-SUM", "PART-UNKNOWN", "DIGEST-CASE", "PART-GAP"]
    assert rules["PART-SUM"]["place"]["line"] == 986
    assert rules["PART-GAP"]["known"] == {"reason": "ticket 7", "owner": "storage", "expires": "2027-01-01"}
    assert rules["PART-GAP"]["failure"]["exchange"]["status"] == 201
    assert rules["DIGEST-ACCEPTED"]["failure"] is None
    assert report["conclusion"]["exit_code"] == 1


def test_a_result_stands_at_the_line_that_the_log_names(tmp_path: Path) -> None:
    (run,) = json.loads(sarif.render(mixed(tmp_path)))["runs"]
    results = {result["ruleId"]: result for result in run["results"]}
    place = results["PART-SUM"]["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "specs/commit.openapi.yaml"
    assert place["region"] == {"startLine": 986}
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "warning"]
    assert results["PART-GAP"]["suppressions"][0]["justification"].startswith("ticket 7")
    assert "commit-conformance run --target" in results["PART-SUM"]["message"]["text"]
    rule = run["tool"]["driver"]["rules"][results["PART-SUM"]["ruleIndex"]]
    assert rule["id"] == "PART-SUM"
    assert "What it breaks: The stored file has a hole" in rule["help"]["text"]


def test_an_alert_keeps_its_name_from_run_to_run(tmp_path: Path) -> None:
    def names(**changes: Any) -> set[str]:
        (run,) = json.loads(sarif.render(log_of(tmp_path, failed(), **changes)))["runs"]
        return {result["partialFingerprints"]["rule/v1"] for result in run["results"]}

    assert names(seed=1) == names(seed=2, run="cc-other")
    assert names() != names(target={"url": "https://other.example.test"})


def test_the_archive_holds_the_exchanges_of_failures_by_rule(tmp_path: Path) -> None:
    archive = json.loads(har.render(mixed(tmp_path)))["log"]

    assert [page["id"] for page in archive["pages"]] == ["PART-SUM", "PART-UNKNOWN", "DIGEST-CASE", "PART-GAP"]
    assert [entry["pageref"] for entry in archive["entries"]] == ["PART-SUM"] * 2 + ["PART-UNKNOWN"] + ["PART-GAP"] * 2
    upload, commit, unanswered = archive["entries"][:3]
    assert upload["request"]["postData"] == {
        "mimeType": "application/json",
        "comment": "<65536 bytes of application/octet-stream>",
        "text": "",
    }
    assert commit["comment"] == "this exchange decided"
    assert commit["response"]["status"] == 201
    assert unanswered["response"]["status"] == 0
    assert "connection reset" in unanswered["comment"]
