"""The command: what it drives, what it refuses, and what its exit code says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from client_runs import PLAIN, example

from commit_conformance.cli import main

LIST = """
[[known-failure]]
rule = "{rule}"
reason = "because"
owner = "team"
expires = {expires}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMMIT_CONFORMANCE_SDKS", str(tmp_path / "sdks"))
    return tmp_path


def client(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["client", *arguments])


def test_one_that_comes_along(folder: Path) -> None:
    done = client("--sdk", "plain", "--scenario", "created")
    assert done.exit_code == 0, done.output
    assert "the right client of this suite 1 conforms" in done.output
    assert {path.name for path in (folder / "reports/client").iterdir()} == {
        "plain",
        "sdks.html",
        "sdks.json",
        "sdks.md",
    }


def test_a_command_that_breaks_a_rule(folder: Path) -> None:
    done = client("--scenario", "conflict", "--quiet", "--", *PLAIN, "--mistake", "no-context")
    assert done.exit_code == 1
    assert "CLIENT-REFUSAL-DETAILS" in done.output
    assert "--rule CLIENT-REFUSAL-DETAILS --scenario conflict -- " in " ".join(done.output.split())


def test_the_example_of_the_page_is_the_file_and_runs(folder: Path) -> None:
    page = (example("../sdks.md")).read_text(encoding="utf-8")
    _, _, code = example("upload_driver.py").read_text(encoding="utf-8").partition('"""\n\n')
    assert code in page
    done = client(
        "--scenario", "accepted-0", "--scenario", "if-match", "--", sys.executable, str(example("upload_driver.py"))
    )
    assert done.exit_code == 0, done.output


def test_the_reports_are_made_anew(folder: Path) -> None:
    client("--sdk", "plain", "--scenario", "created")
    page = folder / "reports/client/sdks.md"
    written = page.read_text(encoding="utf-8")
    page.unlink()
    done = client("--report", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["clients"][0]["name"] == "plain"
    assert page.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        ([], 2, "say what to drive"),
        (["--sdk", "plain", "--all"], 2, "say what to drive"),
        (["--sdk", "plan"], 2, "did you mean plain?"),
        (["--sdk", "plain", "--scenario", "creatd"], 2, "did you mean created"),
        (["--sdk", "plain", "--rule", "CLIENT-DIGST"], 2, "did you mean CLIENT-DIGEST"),
        (["--sdk", "plain", "--gate", "observed"], 2, "--gate 'observed' is not one of"),
        (["--sdk", "plain", "--known-failures", "missing.toml"], 2, "missing.toml"),
        (["--install", "--", "x"], 2, "--install goes with"),
        (["--report"], 3, "there are no logs of clients below reports/client"),
        (["--", "/no/such/driver"], 3, "cannot be started"),
        (["--sdk", "boxsdk-3"], 3, "boxsdk-3 is not installed; `commit-conformance client --install --sdk boxsdk-3`"),
    ],
)
def test_wrong_use_is_told(folder: Path, arguments: list[str], code: int, why: str) -> None:
    done = client(*arguments)
    assert done.exit_code == code
    assert why in done.output


def test_a_known_failure_does_not_decide(folder: Path) -> None:
    (folder / "known.toml").write_text(LIST.format(rule="CLIENT-REFUSAL-DETAILS", expires="2999-01-01"))
    done = client(
        *("--scenario", "conflict", "--known-failures", "known.toml", "--", *PLAIN, "--mistake", "no-context")
    )
    assert done.exit_code == 0, done.output
    assert "known   because (team, until 2999-01-01)" in done.output


def test_one_that_has_expired_decides(folder: Path) -> None:
    (folder / "known.toml").write_text(LIST.format(rule="CLIENT-REFUSAL-DETAILS", expires="2020-01-01"))
    done = client(
        *("--scenario", "conflict", "--known-failures", "known.toml", "--", *PLAIN, "--mistake", "no-context")
    )
    assert done.exit_code == 1


@pytest.mark.parametrize("rule", ["CLIENT-ATTRIBUTES", "CLIENT-NO-SUCH-RULE"])
def test_an_entry_that_is_not_needed_makes_the_run_fail(folder: Path, rule: str) -> None:
    (folder / "known.toml").write_text(LIST.format(rule=rule, expires="2999-01-01"))
    done = client("--sdk", "plain", "--rule", "CLIENT-ATTRIBUTES", "--known-failures", "known.toml")
    assert done.exit_code == 1
    assert "out of date" in " ".join(done.output.split())


def test_the_rules_for_clients_are_listed_apart() -> None:
    def rules(*arguments: str) -> str:
        return CliRunner().invoke(main, ["rules", *arguments]).output

    assert "CLIENT-" not in rules()
    assert "CLIENT-DIGEST" in rules("--client")
    assert "PART-GAP" not in rules("--client")
    assert rules("CLIENT-DIGEST").startswith("Rule\n  CLIENT-DIGEST\n")


def test_scenarios_and_drivers_are_listed(folder: Path) -> None:
    done = client("--list")
    assert "accepted-twice" in done.output
    assert "plain" in done.output
