"""The JUnit document: what CI systems count must agree with what the run concludes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from commit_conformance.report.formats.junit import render
from commit_conformance.report.log import Log
from commit_conformance.report.summary import summarize
from tests.suite.report.event_logs import failed, failure, log_of, verdict

ALLOWED = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "properties": ["property"],
    "testcase": ["skipped", "error", "failure"],
}
REQUIRED = {
    "testsuites": set[str](),
    "testsuite": {
        *("name", "timestamp", "hostname", "package", "id"),
        *("tests", "failures", "errors", "skipped", "time"),
    },
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}
"""Elements in their order and attributes, as far as the schemas of Ant and Jenkins agree on them."""


def document(log: Log) -> Element:
    return ElementTree.fromstring(render(log))


def case(root: Element, rule: str) -> Element:
    found = root.find(f".//testcase[@name='{rule}']")
    assert found is not None
    return found


def check_schema(element: Element) -> None:
    assert set(element.keys()) == REQUIRED.get(element.tag, set())
    order = [ALLOWED[element.tag].index(child.tag) for child in element] if len(element) else []
    assert order == sorted(order)
    if element.tag == "testsuite":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", ""))
        assert [child.tag for child in element].count("properties") == 1
        assert [child.tag for child in element][-2:] == ["system-out", "system-err"]
    if element.tag == "testcase":
        assert len(element) <= 1
    assert re.fullmatch(r"\d+\.\d{3}", element.get("time", "0.000"))
    for child in element:
        check_schema(child)


def mixed(folder: Path) -> Log:
    return log_of(
        folder,
        verdict("DIGEST-ACCEPTED", group="digest"),
        verdict("DIGEST-CASE", "failed", group="digest", level="rfc", reason="the case was ignored"),
        failed(),
        verdict("PART-SHA1-NULL", "observed", level="observed", observation="400 bad_request"),
        verdict("PART-OTHER-USER", "unsupported", reason="the target lacks second_user"),
        verdict("PART-MANY", "blocked", reason="not tested at effort standard"),
        verdict("PART-SUM", "errored", reason="ReadTimeout"),
        verdict("PART-COUNT", "errored", level="rfc", reason="ReadTimeout"),
    )


def test_the_document_keeps_to_the_common_schema(tmp_path: Path) -> None:
    check_schema(document(mixed(tmp_path)))
    check_schema(document(log_of(tmp_path, truncated=True, started="yesterday")))


@pytest.mark.parametrize(
    ("effort", "name"), [("thorough", "thorough"), ("quick, standard", "quick-standard"), ("", "unknown")]
)
def test_a_rule_has_a_case_for_each_effort(tmp_path: Path, effort: str, name: str) -> None:
    root = document(log_of(tmp_path, failed(), effort=effort))

    assert case(root, "PART-GAP").get("classname") == f"commit-conformance.{name}.part-list"


def test_a_suite_is_a_group_and_a_case_a_rule(tmp_path: Path) -> None:
    root = document(mixed(tmp_path))

    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("digest", "2"), ("part-list", "6")]
    assert case(root, "PART-GAP").get("classname") == "commit-conformance.standard.part-list"
    assert [root[1].get(name) for name in ("failures", "errors", "skipped")] == ["1", "1", "3"]


def test_several_lines_of_a_rule_are_one_case(tmp_path: Path) -> None:
    root = document(log_of(tmp_path, verdict("PART-GAP"), failed(), verdict("PART-GAP")))

    assert [(item.get("name"), item.get("time")) for item in root.iter("testcase")] == [("PART-GAP", "0.375")]


@pytest.mark.parametrize(
    ("rule", "tag", "message"),
    [
        ("PART-GAP", "failure", "the server committed a list that leaves a hole"),
        ("DIGEST-CASE", "skipped", "not gating: the case was ignored"),
        ("PART-OTHER-USER", "skipped", "unsupported: the target lacks second_user"),
        ("PART-MANY", "skipped", "blocked: not tested at effort standard"),
        ("PART-SUM", "error", "errored: ReadTimeout"),
        ("PART-COUNT", "skipped", "not gating: errored: ReadTimeout"),
    ],
)
def test_a_verdict_becomes_an_element(tmp_path: Path, rule: str, tag: str, message: str) -> None:
    (element,) = case(document(mixed(tmp_path)), rule)

    assert (element.tag, element.get("message")) == (tag, message)


@pytest.mark.parametrize("rule", ["DIGEST-ACCEPTED", "PART-SHA1-NULL"])
def test_passed_and_observed_rules_are_empty_cases(tmp_path: Path, rule: str) -> None:
    assert len(case(document(mixed(tmp_path)), rule)) == 0


def test_a_failure_can_be_acted_on_without_another_report(tmp_path: Path) -> None:
    text = case(document(mixed(tmp_path)), "PART-GAP")[0].text or ""

    for needed in (
        "PART-GAP (implied): The sentence of PART-GAP.",
        "sent: list without part 2 of 3",
        "........ gap ........",
        "got: 201 Created",
        "expected: a refusal",
        "problem: /entries/0/size: 195608",
        "curl: curl -X POST",
        "replay: commit-conformance run --target",
    ):
        assert needed in text


def test_what_does_not_gate_is_told_in_the_output_of_its_suite(tmp_path: Path) -> None:
    root = document(mixed(tmp_path))

    assert "DIGEST-CASE (rfc)" in (root[0].findtext("system-out") or "")
    assert "PART-SHA1-NULL observed: 400 bad_request" in (root[1].findtext("system-out") or "")


def test_the_run_is_described_in_properties(tmp_path: Path) -> None:
    suite = document(mixed(tmp_path))[0]
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}

    assert properties["target"] == "https://upload.example.test/api/2.0"
    assert (properties["seed"], properties["effort"]) == ("123", "standard")


@pytest.mark.parametrize("word", ["passed", "failed", "errored", "blocked", "unsupported", "observed"])
@pytest.mark.parametrize("level", ["documented", "rfc"])
@pytest.mark.parametrize("truncated", [True, False])
def test_the_document_is_red_exactly_when_the_run_does_not_conform(
    tmp_path: Path, word: str, level: str, truncated: bool
) -> None:
    log = log_of(tmp_path, verdict("A"), verdict("B", word, level=level, reason="r"), truncated=truncated)
    red = [element for element in document(log).iter() if element.tag in ("failure", "error")]

    assert bool(red) is (summarize(log).exit_code != 0)


def test_a_run_that_tested_nothing_is_an_error(tmp_path: Path) -> None:
    error = case(document(log_of(tmp_path)), "conclusion")[0]

    assert (error.tag, error.get("message")) == ("error", "could not be tested: no gating rule was run")


def test_a_history_is_told_line_by_line(tmp_path: Path) -> None:
    history = ["1. open a session: 201 Created", "2. forged\nline"]
    text = render(log_of(tmp_path, failed(failure=failure(history=history))))
    told = "".join(ElementTree.fromstring(text).itertext())
    assert "\n1. open a session: 201 Created\n2. forged\\nline\n" in told
