"""Runs that go by a list of known failures."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from commit_conformance.cli import main
from commit_conformance.known import Entry, KnownFailures
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.catalogue import Rule
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from tests.suite.runs.commands import clean_environment, commit_conformance

TODAY = datetime.now(UTC).date()
LATER, GONE = TODAY + timedelta(days=90), TODAY - timedelta(days=1)
RULES = ["--rule", "PART-GAP", "--rule", "PART-EMPTY", "--rule", "DIGEST-MISSING"]


def entry(rule: str, *, kind: str = "known-failure", expires: Any = LATER) -> str:
    return f'[[{kind}]]\nrule = "{rule}"\nreason = "not looked for"\nowner = "storage team"\nexpires = {expires}\n\n'


class Outcome:
    """A run, and what it left."""

    def __init__(self, folder: Path, known: str, *arguments: str) -> None:
        self.path = folder / "known.toml"
        if known:
            self.path.write_text("# ours\n\n" + known, encoding="utf-8")
        out = folder / "out"
        options = ["--known-failures", str(self.path), "--out", str(out), "--seed", "1", *RULES]
        done = commit_conformance("run", *options, *arguments)
        assert not done.stderr, done.stderr
        self.code, self.text = done.returncode, " ".join(done.stdout.split())
        lines = (out / "events.jsonl").read_text(encoding="utf-8").splitlines()
        self.events = [json.loads(line) for line in lines]
        self.verdicts = {event["rule"]: event for event in self.events if event["event"] == "verdict"}
        self.list = next(event for event in self.events if event["event"] == "known-failures")


def test_a_run_with_known_failures_only_conforms_but_for_them(tmp_path: Path) -> None:
    not_tested = entry("PART-*") + entry("CREATED-SIZE")
    run = Outcome(tmp_path, entry("PART-G*") + not_tested, "--fault", "accepts-gap")
    assert run.code == 0
    assert "conforms but for 1 known failure: 2 of 2 gating rules passed" in run.text
    event = run.verdicts["PART-GAP"]
    assert (event["verdict"], event["gating"]) == ("failed", False)
    assert event["known"] == {
        "rule": "PART-G*",  # the first that speaks of it
        "reason": "not looked for",
        "owner": "storage team",
        "expires": LATER.isoformat(),
        "flaky": False,
    }
    assert event["failure"]["times"] == {"failed": 1, "asked": 1}, "it is not looked at twice, nor made smaller"
    assert event["requests"] > 0, "and tested all the same"
    assert run.list["outdated"] == [], "of entries for rules that were not all tested nothing is known"
    assert run.verdicts["DIGEST-MISSING"]["known"] is None


def test_a_list_that_nobody_keeps_makes_the_run_fail(tmp_path: Path) -> None:
    entries = [
        entry("PART-GAP"),
        entry("PART-GAPP"),
        entry("PART-ORDER", expires=GONE),
        entry("DIGEST-MISSING", kind="flaky"),
        entry("DIGEST-MISING", kind="flaky"),
    ]
    run = Outcome(tmp_path, "".join(entries))
    assert run.code == 1
    assert "4 known failures out of date; else it conforms" in run.text
    told = [each["message"].removeprefix(f"{run.path}, ") for each in run.list["outdated"]]
    assert told == [
        "lines 3 to 7 (PART-GAP): PART-GAP passes; delete these lines",
        "lines 9 to 13 (PART-GAPP): no rule has this id; delete these lines, or write PART-GAP",
        f"lines 15 to 19 (PART-ORDER): expired after {GONE}; delete these lines, or let storage team give another date",
        "lines 27 to 31 (DIGEST-MISING): no rule has this id; delete these lines, or write DIGEST-MISSING",
    ]
    assert all(" ".join(each["message"].split()) in run.text for each in run.list["outdated"])


def test_what_has_expired_decides_again(tmp_path: Path) -> None:
    run = Outcome(tmp_path, entry("PART-GAP", expires=GONE), "--fault", "accepts-gap")
    assert run.code == 1
    assert "does not conform: 1 of 3 gating rules failed; 1 known failure out of date" in run.text
    assert run.verdicts["PART-GAP"]["known"] is None


def test_a_flaky_rule_never_decides(tmp_path: Path) -> None:
    run = Outcome(tmp_path, entry("PART-GAP", kind="flaky"), "--fault", "accepts-gap")
    assert run.code == 0, run.text
    event = run.verdicts["PART-GAP"]
    assert (event["verdict"], event["gating"], event["known"]["flaky"]) == ("failed", False, True)


def test_the_list_is_written_anew_and_the_next_run_goes_by_it(tmp_path: Path) -> None:
    stale = entry("DIGEST-MISSING").replace("[[", "# to go\n[[")
    first = Outcome(tmp_path, stale + entry("CREATED-SIZE"), "--fault", "accepts-gap", "--update-known-failures")
    assert first.code == 1, "it went by the list as it was"
    assert "added PART-GAP" in first.text
    assert "took out DIGEST-MISSING" in first.text
    text = first.path.read_text()
    assert text.startswith("# ours\n\n" + entry("CREATED-SIZE").rstrip())
    assert "to go" not in text
    second = Outcome(tmp_path, "", "--fault", "accepts-gap")
    assert second.code == 0
    assert "conforms but for 1 known failure" in second.text
    assert "nobody yet" in second.text


def two_rules(known: KnownFailures) -> tuple[Run, Rule, Rule]:
    """A run, a rule that decides and builds on another one, and that other one."""
    run = Run(RunSettings(target=TargetSettings(), known=known))
    second = next(rule for rule in run.catalogue if rule.depends_on and run.is_gating(rule))
    return run, second, run.catalogue.get(second.depends_on[0])


def test_what_builds_on_a_known_failure_does_not_decide_either() -> None:
    _, _, first = two_rules(KnownFailures(today=TODAY))
    known = KnownFailures(today=TODAY, entries=(Entry(rule=first.id, reason="r", owner="o", expires=LATER),))
    run, second, first = two_rules(known)
    run.verdicts[first.id] = Verdict.FAILED
    assert run.event(first, Verdict.FAILED)["gating"] is False
    event = run.examine(second, lambda: None, test="t")
    assert (event["verdict"], event["reason"]) == ("blocked", f"builds on {first.id}, which failed")
    assert event["gating"] is False
    assert event["known"]["rule"] == first.id


def test_what_builds_on_another_failure_still_decides() -> None:
    run, second, first = two_rules(KnownFailures(today=TODAY))
    run.verdicts[first.id] = Verdict.FAILED
    run.event(first, Verdict.FAILED)
    event = run.examine(second, lambda: None, test="t")
    assert (event["verdict"], event["gating"], event["known"]) == ("blocked", True, None)


def test_trouble_with_the_network_is_no_known_failure() -> None:
    known = KnownFailures(today=TODAY, entries=(Entry(rule="*", reason="r", owner="o", expires=LATER),))
    run = Run(RunSettings(target=TargetSettings(), known=known))
    gap = run.catalogue.get("PART-GAP")
    run.verdicts[gap.id] = Verdict.ERRORED
    event = run.event(gap, Verdict.ERRORED)
    assert (event["gating"], event["known"]) == (True, None)


def test_pytest_s_own_command_goes_by_the_list_too(tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text(entry("PART-GAP"))
    arguments = [
        "tests/server",
        "--fault",
        "accepts-gap",
        "--known-failures",
        str(known),
        "--out",
        str(tmp_path),
        *RULES,
    ]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rx", *arguments],
        cwd=root,
        env=clean_environment(None),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 xfailed" in done.stdout
    assert "known: not looked for" in " ".join(done.stdout.split())


def test_a_list_that_cannot_be_read_is_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--known-failures", str(tmp_path / "none"), "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "--known-failures: " in done.stderr
    assert "cannot be read (No such file" in done.stderr
