"""The valid example that stock Schemathesis is given."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from openapi_spec_validator import validate

from benchmarks import stock_schemathesis as stock
from commit_conformance.reference import FAULTS, configure
from commit_conformance.reference.server import ServerThread
from commit_conformance.specs import suite_root

COMMIT = "/files/upload_sessions/{upload_session_id}/commit"
HEADERS = {"Authorization": f"Bearer {stock.TOKEN}"}


@pytest.fixture(autouse=True)
def two_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "BASELINE_SEEDS", (1, 2))


def plain() -> dict[str, Any]:
    text = (suite_root() / "specs" / "commit.openapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def example_of(item: dict[str, Any]) -> str:
    (example,) = [each["example"] for each in item["parameters"] if each["in"] == "path"]
    return str(example)


def test_the_example_commits_a_file_and_the_copy_is_a_valid_description() -> None:
    service = configure(["processing=0"], tokens={stock.TOKEN: "1"}, part_size=stock.PART_SIZE)
    with service, ServerThread(service) as server:
        copy = stock.described(plain(), f"{server.url}/2.0")
        validate(copy)
        session = example_of(copy["paths"][COMMIT])
        operation = copy["paths"][COMMIT]["post"]
        (digest,) = [each["example"] for each in operation["parameters"] if each["name"] == "digest"]
        body = operation["requestBody"]["content"]["application/json"]["example"]
        url = f"{server.url}/2.0{COMMIT.format(upload_session_id=session)}"
        answer = httpx.post(url, json=body, headers={**HEADERS, "Digest": digest})
        assert answer.status_code == 201
        assert answer.json()["entries"][0]["size"] == len(stock.CONTENT)
        file_ids = {example_of(item) for path, item in copy["paths"].items() if "{file_id}" in path}
        assert len(file_ids) == len([path for path in copy["paths"] if "{file_id}" in path])
        for file_id in file_ids:
            assert httpx.get(f"{server.url}/2.0/files/{file_id}", headers=HEADERS).status_code == 200


def test_commits_have_a_session_of_their_own() -> None:
    service = configure([], tokens={stock.TOKEN: "1"}, part_size=stock.PART_SIZE)
    with service, ServerThread(service) as server:
        paths = stock.described(plain(), f"{server.url}/2.0")["paths"]
    assert example_of(paths[COMMIT]) != example_of(paths["/files/upload_sessions/{upload_session_id}"])


def test_the_digest_is_that_of_the_content() -> None:
    assert stock.digest(b"abc") == "sha=" + base64.b64encode(hashlib.sha1(b"abc").digest()).decode()


FAKE = """#!{python}
import json, pathlib, sys
if sys.argv[1:] == ["--version"]:
    print("st, version 0.0.0")
    sys.exit(0)
report = next(each.partition("=")[2] for each in sys.argv if each.startswith("--report-json-path="))
url = next(each.partition("=")[2] for each in sys.argv if each.startswith("--url="))
json.loads(pathlib.Path("commit.openapi.yaml").read_text())
import urllib.request, urllib.error
try:
    urllib.request.urlopen(urllib.request.Request(url + "/files/upload_sessions/x/commit", headers={headers}))
except urllib.error.HTTPError as error:
    status = error.code
failures = [dict(code="ST202", title="Rejected", operations=["POST /folders"])]
failures += [dict(code="ST106", title="Wrong method", operations=["GET /commit"])] if status != 405 else []
pathlib.Path(report).write_text(json.dumps(dict(failures=failures, test_cases=dict(generated=3))))
"""


@pytest.fixture
def st(tmp_path: Path) -> str:
    """A command that reports one failure always, and another if a wrong method is not answered 405."""
    command = tmp_path / "st"
    command.write_text(FAKE.format(python=sys.executable, headers=HEADERS), encoding="utf-8")
    command.chmod(0o755)
    return str(command)


def test_only_what_the_correct_service_does_not_show_counts(tmp_path: Path, st: str) -> None:
    out = tmp_path / "stock.json"
    assert stock.main(["--st", st, "--out", str(out), "--only", "wrong-method-is-not-found", "accepts-gap"]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["baseline"] == ["ST202 at POST /folders"]
    assert document["faults"]["accepts-gap"]["found"] == []
    assert document["faults"]["wrong-method-is-not-found"]["found"] == ["ST106 at GET /commit"]
    assert document["faults"]["accepts-gap"]["prepared"] is True
    assert document["titles"] == {"ST202": "Rejected", "ST106": "Wrong method"}


def test_results_that_are_missing_or_not_complete_are_made_and_the_others_kept(tmp_path: Path, st: str) -> None:
    out = tmp_path / "stock.json"
    stock.main(["--st", st, "--out", str(out), "--only", "accepts-gap", "ignores-digest"])
    before = json.loads(out.read_text(encoding="utf-8"))
    before["faults"]["accepts-gap"]["seconds"] = 1234.5
    before["faults"]["ignores-digest"] |= {"ended": "not done after 1 s", "seconds": 1234.5}
    before["faults"]["a-fault-that-has-gone"] = before["faults"]["accepts-gap"]
    out.write_text(json.dumps(before), encoding="utf-8")
    wanted = ["accepts-gap", "ignores-digest", "ignores-sum"]
    stock.main(["--st", st, "--out", str(out), "--missing", "--only", *wanted])
    after = json.loads(out.read_text(encoding="utf-8"))
    assert after["faults"]["accepts-gap"]["seconds"] == 1234.5
    assert after["faults"]["ignores-digest"]["ended"] == "completed"
    assert list(after["faults"]) == [name for name in FAULTS if name in wanted]
    with pytest.raises(SystemExit, match="without --missing"):
        stock.main(["--st", st, "--out", str(out), "--missing", "--examples", "3"])


def test_a_server_that_keeps_the_example_from_being_made_gets_the_plain_description(tmp_path: Path) -> None:
    said = tmp_path / "st"
    said.write_text('#!/bin/sh\ncp commit.openapi.yaml "$(dirname "$0")/given.yaml"\nexit 7\n', encoding="utf-8")
    said.chmod(0o755)
    result = stock.run_once(str(said), ["refuses-everything"])
    assert result.prepared is False
    assert result.ended.startswith("no report, exit code 7")
    assert yaml.safe_load((tmp_path / "given.yaml").read_text(encoding="utf-8")) == plain()


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    slow = tmp_path / "st"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    slow.chmod(0o755)
    assert stock.run_once(str(slow), [], timeout=1).ended == "not done after 1 s"


def test_without_the_command_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="pip install"):
        stock.find_st(str(tmp_path / "nowhere"))
