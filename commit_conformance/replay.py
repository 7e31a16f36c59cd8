"""A failure of an earlier run, tried again: what happened then beside what happens now.

The one failing commit is sent first, in the state it needs. Where it shows nothing, or where the failure was not about
one commit, the whole test of the rule is run, with the seed of that time: only then is it said that the rule is kept.
What was found in passing may have come of any commit of the run, and takes the whole run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commit_conformance.options import UsageProblem
from commit_conformance.report.log import events_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """A failure as its log holds it.

    Attributes:
        verdict: The event of its rule.
        header: The header of its run.
    """

    verdict: Mapping[str, Any]
    header: Mapping[str, Any]

    @property
    def failure(self) -> Mapping[str, Any]:
        """What was wrong."""
        return dict(self.verdict.get("failure") or {})

    @property
    def rule(self) -> str:
        """The id of the rule."""
        return str(self.verdict["rule"])

    @property
    def in_passing(self) -> bool:
        """Whether it was found in an answer that was asked for by the test of another rule, perhaps."""
        return bool((self.failure.get("times") or {}).get("in_passing"))

    @property
    def target(self) -> Mapping[str, Any]:
        """The target of that time."""
        return dict(self.header.get("target") or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What came of it this time.

    Attributes:
        fails: Whether it fails again; None when that could not be found out.
        by: ``example``, ``test`` or ``run``: what has shown it.
        said: In words.
        got: The answer, in words.
        exchanges: Records of what was sent and answered.
    """

    fails: bool | None
    by: str
    said: str
    target: str
    got: str = ""
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where the rule is kept now, 1 where it fails again, 3 where it could not be tried."""
        return 3 if self.fails is None else int(self.fails)


def find_failure(log: Path, which: str | None) -> Then:
    """A failure in an event log.

    Args:
        which: The rule's id; may be left out where one rule alone has failed.

    Raises:
        UsageProblem: There is none, or several; the message names them.
        BrokenLog: The log cannot be read.
    """
    header: dict[str, Any] = {}
    failed: dict[str, dict[str, Any]] = {}
    for _, event in events_of(log):
        if event.get("event") == "header":
            header = event
        if event.get("event") == "verdict" and event.get("verdict") == "failed":
            failed.setdefault(event["rule"], event)
    if not failed:
        raise UsageProblem(f"{log}: nothing has failed in this run, so there is nothing to replay")
    if which is None and len(failed) > 1:
        raise UsageProblem(f"{log}: {len(failed)} rules have failed; name one: {', '.join(failed)}")
    rule = (which or next(iter(failed))).strip().upper()
    if rule not in failed:
        raise UsageProblem(f"{log}: {rule} has not failed in this run; what has: {', '.join(failed)}")
    return Then(verdict=failed[rule], header=header)


def options_of(then: Then, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a run like that one, and in their place those that are given now."""
    target = then.target
    same = not given.get("target") or given["target"] == target.get("url")
    theirs: dict[str, Any] = {"seed": str(then.header["seed"]), "effort": then.header.get("effort")}
    if same:
        theirs |= {
            "target": target.get("url"),
            "api_url": target.get("api_url"),
            "folder_id": target.get("folder_id"),
            "fault": list(target.get("faults") or ()),
            "behaviour": list(target.get("behaviours") or ()),
        }
    chosen = {name: value for name, value in given.items() if value not in (None, (), [], "", False)}
    chosen.pop("rule", None)
    asked = {} if then.in_passing else {"rule": [then.rule]}
    # Whatever shard the environment speaks of, this rule is not to be left to another one.
    return {**theirs, **chosen, **asked, "shard": "1/1", "out": given.get("out") or "reports/replay"}


def replay(then: Then, given: Mapping[str, Any]) -> Now:
    """Tries a failure again.

    Args:
        given: Options of a run by field name; what is not among them is as it was.

    Raises:
        UsageProblem: An option is wrong.
    """
    options = options_of(then, given)
    shown = _example(then, options) if then.failure.get("plan") and then.failure.get("upload") else None
    return shown if shown is not None and shown.fails else _test(then, options)


def _example(then: Then, options: Mapping[str, Any]) -> Now | None:
    """The failing commit alone; None where it shows nothing."""
    from commit_conformance.settings import run_settings
    from commit_conformance.target.bank import SetupFailed
    from commit_conformance.target.settings import TargetUnusable
    from commit_conformance.trial.example import show_again
    from commit_conformance.trial.server import Server
    from commit_conformance.verdict.outcomes import Ending
    from commit_conformance.verdict.run import Run
    from commit_conformance.wire import BudgetSpent, WireError, describe_answer
    from strategies.written import NotAPlan

    run = Run(run_settings({**options, "rule": [then.rule]}))
    try:
        rule = run.catalogue.get(then.rule)
        run.chosen = frozenset({rule.id})
        shown = show_again(Server(run), rule, then.failure["plan"], then.failure["upload"])
    except (NotAPlan, Ending, SetupFailed, BudgetSpent, WireError, TargetUnusable):
        return None  # the test of the rule will say why
    finally:
        run.close()
    if shown.wrong is None:
        return None
    return Now(
        fails=True,
        by="example",
        said=shown.wrong,
        target=str(options["target"]),
        got=describe_answer(shown.attempt.run.last),
        exchanges=[exchange.record for exchange in shown.attempt.run.exchanges],
    )


def _test(then: Then, options: Mapping[str, Any]) -> Now:
    """The whole test of the rule, or the whole run, with the seed of that time."""
    import sys
    from contextlib import redirect_stdout

    from commit_conformance.runner import run_suite

    with redirect_stdout(sys.stderr):
        run_suite(options, quiet=True)
    log = Path(options["out"]) / "events.jsonl"
    mine = [event for _, event in events_of(log) if event.get("event") == "verdict" and event.get("rule") == then.rule]
    target, by = str(options["target"]), "run" if then.in_passing else "test"
    failed = next((event for event in mine if event["verdict"] == "failed"), None)
    if failed is not None:
        failure = failed["failure"] or {}
        return Now(
            fails=True,
            by=by,
            said=str(failed["reason"]),
            target=target,
            got=str(failure.get("got", "")),
            exchanges=list(failed["exchanges"]),
        )
    last = mine[-1] if mine else {"verdict": "not tested", "reason": "the run did not come that far"}
    kept = last["verdict"] == "passed"
    said = "the rule is kept" if kept else f"{last['verdict']}: {last['reason']}"
    return Now(fails=False if kept else None, by=by, said=said, target=target)
