"""The GitLab template does what docs/ci.md says of it; its commands are really run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from commit_conformance.reference import Service
from tests.suite.ci.machine import ROOT, files_that_hold
from tests.suite.ci.pipelines import Done, run_pipeline
from tests.suite.report.test_schemas import junit_schema, sarif_validator

RECIPE = ROOT / "ci" / "gitlab" / "conformance.gitlab-ci.yml"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first pipeline's environment is lent to the second."""
    return tmp_path_factory.mktemp("gitlab")


def pipeline(folder: Path, url: str, token: str, lent: Path) -> list[Done]:
    folder.mkdir(exist_ok=True)
    if (lent / "environment").exists():
        (folder / "environment").symlink_to((lent / "environment").resolve())
    done = run_pipeline(
        RECIPE,
        folder=folder,
        shards=2,
        variables={
            "CONFORMANCE_SUITE": str(ROOT),
            "COMMIT_CONFORMANCE_TARGET": url,
            "COMMIT_CONFORMANCE_FOLDER_ID": "0",
            "COMMIT_CONFORMANCE_TOKEN": token,
            "COMMIT_CONFORMANCE_RULE": "PART-GAP,PART-EMPTY,DIGEST-MISMATCH",
        },
    )
    if not (lent / "environment").exists():
        (lent / "environment").symlink_to((folder / "environment").resolve())
    return done


def test_a_right_server_passes_and_a_wrong_one_fails_in_the_job_that_merges(
    right: tuple[str, Service], wrong: tuple[str, Service], token: str, tmp_path: Path, environment: Path
) -> None:
    *shards, merged = pipeline(tmp_path / "right", right[0], token, environment)
    assert [each.name for each in shards] == ["conformance 1/2", "conformance 2/2"]
    assert {each.verdict for each in shards} <= {"passed", "warning"}, [each.log for each in shards]
    assert (merged.name, merged.verdict) == ("conformance-verdict", "passed"), merged.log

    *shards, merged = pipeline(tmp_path / "wrong", wrong[0], token, environment)
    assert "failed" not in {each.verdict for each in shards}, [each.log for each in shards]
    assert (merged.code, merged.verdict) == (1, "failed"), merged.log

    for name, found in (("right", []), ("wrong", ["PART-GAP"])):
        kept = tmp_path / name / "conformance-verdict" / "kept" / "reports" / "conformance"
        assert {path.name for path in kept.iterdir()} >= {"events.jsonl", "junit.xml", "report.html", "report.sarif"}
        sarif = json.loads((kept / "report.sarif").read_text(encoding="utf-8"))
        sarif_validator().validate(sarif)
        assert [result["ruleId"] for run in sarif["runs"] for result in run["results"]] == found
    for path in merged.junit:
        assert junit_schema().validate(etree.parse(str(path))), junit_schema().error_log
    assert files_that_hold(token, tmp_path) == []
    assert not [each.name for each in (*shards, merged) if token in each.log]


def test_wrong_use_fails_at_once_and_a_server_that_cannot_be_tested_is_a_warning(
    right: tuple[str, Service], token: str, tmp_path: Path, environment: Path
) -> None:
    *shards, merged = pipeline(tmp_path / "misspelt", "staging.example", token, environment)
    assert {(each.code, each.verdict) for each in shards} == {(2, "failed")}
    assert merged.verdict == "failed"

    *shards, merged = pipeline(tmp_path / "refused", right[0], "of-somebody-else", environment)
    assert {(each.code, each.verdict) for each in shards} == {(3, "warning")}
    assert (merged.code, merged.verdict) == (3, "warning"), merged.log
