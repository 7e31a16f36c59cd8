"""All scenarios for one driver, side by side, into an event log.

Owns which scenarios are played for which rules, the processes that play them, the log and the exit code. A scenario
waits more than it works, so several are played at once, each with a service and a process of the driver of its own.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commit_conformance.clients.catalogue import client_rules
from commit_conformance.clients.crew import Crew
from commit_conformance.clients.events import CONFORMS, DOES_NOT, NOT_TESTED, footer, header, play_event, verdict_event
from commit_conformance.clients.judge import EVERYWHERE, Finding, findings
from commit_conformance.clients.judge.finding import errored, unsupported
from commit_conformance.clients.play import Play, play
from commit_conformance.clients.process import Driver, DriverTrouble
from commit_conformance.clients.protocol import Call, Hello, Result
from commit_conformance.clients.scenarios import Scenario, chosen
from commit_conformance.clients.settings import GATE, ClientRun
from commit_conformance.clients.verdicts import RuleVerdict, sum_up
from commit_conformance.known import Outdated, outdated
from commit_conformance.verdict.catalogue import Rule
from commit_conformance.verdict.events import EventLog

__all__ = ["GATE", "ClientRun", "NotTested", "Outcome", "run_client"]


class NotTested(Exception):
    """Nothing could be asked of this driver; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        hello: What the driver said of itself.
        verdicts: One for each rule that was asked.
        exit_code: 0, 1 or 3.
        reason: The conclusion in a sentence.
        outdated: Entries of the known failures that have to go.
        log: The event log, if one was written.
        plays: How many scenarios were played.
        seconds: How long it took.
    """

    hello: Hello
    verdicts: tuple[RuleVerdict, ...]
    exit_code: int
    reason: str
    outdated: tuple[Outdated, ...]
    log: Path | None
    plays: int
    seconds: float


def run_client(run: ClientRun, *, say: Callable[[str], None] = lambda line: None) -> Outcome:
    """Ask a driver everything.

    Args:
        say: Hears of every scenario that has been played.

    Raises:
        NotTested: The driver does not start, or has no call.
        UnknownScenario: There is no such scenario.
        UnknownRule: There is no such rule.
        RuntimeError: aiohttp is not installed.
    """
    rules, scenarios = _selection(run)
    if run.timeout is not None:
        scenarios = tuple(replace(each, timeout=run.timeout) for each in scenarios)
    began = time.monotonic()
    crew = Crew(run.command, run.hello_seconds)
    try:
        first = Driver(run.command, hello_seconds=run.hello_seconds)
    except DriverTrouble as trouble:
        raise NotTested(f"the driver could not be asked: {trouble}") from None
    crew.add(first)
    hello = first.hello
    if run.out is not None:
        run.out.mkdir(parents=True, exist_ok=True)
    log = EventLog(run.out / "events.jsonl" if run.out else None)
    try:
        log.write(header(run, hello, rules, scenarios))
        said: dict[str, list[tuple[str, Finding]]] = {}
        plan, cannot = _plan(hello, scenarios)
        for scenario, reason in cannot:
            for rule in scenario.rules:
                said.setdefault(rule, []).append((scenario.name, unsupported(reason)))
        played = _play_all(plan, hello, crew, run, log, say)
        for scenario, call in sorted(plan, key=lambda each: scenarios.index(each[0])):
            for rule, finding in played[f"{scenario.name}/{call}"].items():
                said.setdefault(rule, []).append((f"{scenario.name}/{call}", finding))
        verdicts = sum_up(client_rules(), rules, said)
        seconds = time.monotonic() - began
        old = _outdated(run, verdicts)
        exit_code, reason = _conclusion(run, verdicts, old)
        for verdict in verdicts:
            log.write(verdict_event(verdict, run))
        log.write(
            {
                **footer(verdicts, run, exit_code, reason, seconds, len(plan)),
                "known_failures": [each.as_json() for each in old],
            }
        )
    except KeyboardInterrupt:
        crew.kill()
        log.write({"event": "truncated", "reason": "the run was interrupted"})
        raise
    finally:
        crew.stop()
        log.close()
    return Outcome(
        hello=hello,
        verdicts=verdicts,
        exit_code=exit_code,
        reason=reason,
        outdated=old,
        log=log.path,
        plays=len(plan),
        seconds=seconds,
    )


def _selection(run: ClientRun) -> tuple[tuple[Rule, ...], tuple[Scenario, ...]]:
    """The rules that are asked, and the scenarios that can show something about them."""
    catalogue = client_rules()
    rules = catalogue.select(run.rules)
    scenarios = chosen(run.scenarios, quick=run.quick)
    if run.rules:
        wanted = {rule.id for rule in rules}
        # A rule that is asked everywhere needs no more than the scenarios of a quick run to be asked.
        everywhere = bool(wanted & set(EVERYWHERE))
        scenarios = tuple(
            each for each in scenarios if wanted & set(each.rules) or (everywhere and (each.quick or run.scenarios))
        )
    if run.scenarios or run.quick:
        shown = {rule for scenario in scenarios for rule in scenario.rules} | set(EVERYWHERE)
        rules = tuple(rule for rule in rules if rule.id in shown)
    return rules, scenarios


def _plan(
    hello: Hello, scenarios: Iterable[Scenario]
) -> tuple[list[tuple[Scenario, Call]], list[tuple[Scenario, str]]]:
    """What can be played with this SDK, longest first; and what cannot, with the reason."""
    plan: list[tuple[Scenario, Call]] = []
    cannot = []
    for scenario in scenarios:
        calls = [call for call in scenario.calls if hello.can(call, scenario.options(call))]
        plan += [(scenario, call) for call in calls]
        if not calls:
            there = [call for call in scenario.calls if call in hello.calls]
            lacking = sorted(scenario.options(there[0]) - hello.calls[there[0]]) if there else []
            reason = (
                f"{there[0]} cannot be given {', '.join(lacking)}"
                if there
                else (f"the SDK has no call {' or '.join(scenario.calls)}")
            )
            cannot.append((scenario, reason))
    # What may last longest begins first, so that nobody waits for it alone in the end.
    plan.sort(key=lambda each: -(each[0].watch or 0))
    return plan, cannot


def _play_all(
    plan: list[tuple[Scenario, Call]],
    hello: Hello,
    crew: Crew,
    run: ClientRun,
    log: EventLog,
    say: Callable[[str], None],
) -> Mapping[str, Mapping[str, Finding]]:
    played: dict[str, Mapping[str, Finding]] = {}
    with concurrent.futures.ThreadPoolExecutor(max(1, run.workers), thread_name_prefix="play") as pool:
        running = {pool.submit(_play_one, scenario, call, hello, crew): (scenario, call) for scenario, call in plan}
        try:
            for done in concurrent.futures.as_completed(running):
                scenario, call = running[done]
                found = done.result()
                if isinstance(found, DriverTrouble):
                    played[f"{scenario.name}/{call}"] = {
                        rule: errored(f"the driver: {found}") for rule in scenario.rules
                    }
                    say(f"{scenario.name}/{call}: the driver: {found}")
                    continue
                said = findings(found)
                played[found.id] = said
                log.write(play_event(found, said))
                say(f"{found.id}: {found.trouble or found.result or 'ended by the check'}")
        except BaseException:
            for each in running:
                each.cancel()
            crew.kill()
            raise
    return played


def _play_one(scenario: Scenario, call: Call, hello: Hello, crew: Crew) -> Play | DriverTrouble:
    try:
        driver = crew.driver()
    except DriverTrouble as trouble:
        return trouble

    def ask(message: Mapping[str, Any], seconds: float) -> Result:
        try:
            return driver.ask(message, timeout=seconds)
        except DriverTrouble:
            crew.forget()
            raise

    return play(scenario, call, options=hello.calls[call], ask=ask, errors=driver.errors)


def _outdated(run: ClientRun, verdicts: tuple[RuleVerdict, ...]) -> tuple[Outdated, ...]:
    """Entries of the known failures that have to go; a run of some scenarios only cannot tell."""
    if run.known is None or run.scenarios or run.quick:
        return ()
    by_rule = {each.rule.id: each.verdict for each in verdicts}
    return outdated(run.known, by_rule, rules=[rule.id for rule in client_rules()])


def _conclusion(run: ClientRun, verdicts: tuple[RuleVerdict, ...], old: tuple[Outdated, ...]) -> tuple[int, str]:
    deciding = [each for each in verdicts if run.decides(each)]
    counts = Counter(each.verdict for each in deciding)
    known = sum(each.verdict == "failed" and run.entry(each.rule) is not None for each in verdicts)
    aside = f"; {known} known failure(s) do not decide" if known else ""
    if counts["failed"]:
        return DOES_NOT, f"{counts['failed']} of {len(deciding)} rules that decide failed{aside}"
    if old:
        return DOES_NOT, f"{len(old)} of the known failures are out of date{aside}"
    if counts["errored"]:
        return NOT_TESTED, f"the driver went wrong where {counts['errored']} rules that decide were asked{aside}"
    if not counts["passed"]:
        return NOT_TESTED, f"no rule that decides could be tested{aside}"
    return CONFORMS, f"{counts['passed']} of {len(deciding)} rules that decide passed, and none failed{aside}"
