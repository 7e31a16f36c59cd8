"""The state of one run: its target, what was seen in passing, and the verdicts so far.

One `Run` lives in one process. It connects when the first test needs it, runs tests of rules one after another through
`examine`, and gives every verdict as an event, ready to be written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_conformance.known import Entry
from commit_conformance.model import FilesSchema
from commit_conformance.specs import schema
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.connect import Target
from commit_conformance.target.embedded import BASE_URL, embedded
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.verdict.catalogue import Catalogue, Effort, Level, Rule
from commit_conformance.verdict.monitor import Finding, Monitor
from commit_conformance.verdict.outcomes import Blocked, Ending, InDoubt, Nonconformance, Verdict
from commit_conformance.verdict.places import place_of
from commit_conformance.verdict.run_id import new_run_id
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import (
    BudgetSpent,
    Exchange,
    TokenExpired,
    TokenTrouble,
    Unsendable,
    Wire,
    WireError,
    describe_answer,
)
from commit_conformance.wire.budget import Purse
from commit_conformance.wire.client import Limits
from commit_conformance.wire.errors import Trouble
from commit_conformance.wire.exchange import Recent
from commit_conformance.wire.mishap import described
from commit_conformance.wire.outages import Outages
from commit_conformance.wire.till import Till
from commit_conformance.wire.waits import Waits

#: How often a test is run, at most, that trouble on the way has ended.
TURNS = 3


@dataclass(frozen=True, slots=True)
class _Spent:
    """What was spent: requests, commits, and seconds."""

    requests: int = 0
    examples: int = 0
    seconds: float = 0.0

    def __add__(self, other: _Spent) -> _Spent:
        return _Spent(self.requests + other.requests, self.examples + other.examples, self.seconds + other.seconds)

    def __sub__(self, other: _Spent) -> _Spent:
        return _Spent(self.requests - other.requests, self.examples - other.examples, self.seconds - other.seconds)


class Run:
    """One run over a target.

    Args:
        settings: What was asked for.
        of: The run's id, where this process is one of several; they share its budget.
        worker: What this process is called, where it is one of several.

    Attributes:
        chosen: Ids of the rules that will be tested; None when that is not known.
        looked: Whether the current test has looked at an answer of an earlier one.
        waits: What the run is waiting for, for whoever watches.
        at_work: Id of the rule that is examined, or was last.
        untested: Gives what a rule builds on, and which of others too, that this process has not tested, though others
            of the run may have.
        meanwhile: Examines other rules while the test of one waits for so many seconds; see `aside`.
        recognize: Tells whether a target is a static mock; None when nobody wants to know. It is asked before anything
            was sent, with None, and again with the answer to the first session. What it takes for one is not examined.
    """

    #: Bounds on what a target may do to the run.
    limits = Limits()

    def __init__(self, settings: RunSettings, *, of: str = "", worker: str = "") -> None:
        self.settings = settings
        self.catalogue = Catalogue.load()
        self.run_id = (of or new_run_id()) + (f"-{worker}" if worker else "")
        self.monitor = Monitor()
        self.verdicts: dict[str, Verdict] = {}
        self._without_token: dict[str, str] = {}
        self._excused: dict[str, dict[str, Any]] = {}
        self._stopped_by: dict[str, str] = {}
        self.schema = FilesSchema(schema("Files"))
        self.exchanges = Recent()
        self._disturbed = 0
        self.target: Target | None = None
        self.waits = Waits()
        self.at_work = ""
        self.meanwhile: Callable[[float], None] = lambda seconds: None
        self.untested: Callable[[str, Iterable[str]], list[str]] = lambda rule_id, also: []
        self._aside = _Spent()
        self._purse: Purse | None = None
        self.unusable: str | None = None
        self.chosen: frozenset[str] | None = None
        self.looked = False
        self.recognize: Callable[[Target, Exchange | None], bool] | None = None
        self.cleanup: CleanupResult | None = None
        self._ledger_name = f"ledger-{worker}.jsonl" if worker else "ledger.jsonl"
        self._till = Till(till_of(settings.out, of), name=worker) if worker and settings.out else None

    # The target

    def connect(self) -> Target:
        """The target, connected; the first call asks it what it can do.

        Raises:
            TargetUnusable: It cannot be tested. Later calls say the same again without asking.
        """
        if self.unusable is not None:
            raise TargetUnusable(self.unusable)
        if self.target is None:
            try:
                self.target = self._connect()
            except TargetUnusable as error:
                self.unusable = str(error)
                raise
        return self.target

    def _connect(self) -> Target:
        settings, transport, base_url, on_close = self.settings.target, None, None, None
        if settings.is_mock:
            settings, transport, on_close = embedded(settings, seed=self.settings.seed)
            base_url = BASE_URL
        origins = [base_url or settings.url, *settings.allowed_origins]
        origins += [settings.api_url] if settings.api_url else []
        wire = Wire(
            token=settings.token,
            credentials=settings.credentials,
            other_tokens=(settings.second_token, settings.limited_token),
            origins=origins,
            transport=transport,
            budget=self.settings.budget,
            rate=settings.rate,
            limits=self.limits,
            waits=self.waits,
            till=self._till,
        )
        self._purse = wire.purse
        if settings.is_mock:
            wire.sleep = lambda seconds: None if seconds <= 0 else time.sleep(seconds)
        out = self.settings.out
        target = Target(
            settings,
            wire,
            run_id=self.run_id,
            seed=self.settings.seed,
            ledger_path=out / self._ledger_name if out else None,
            base_url=base_url,
            on_close=on_close,
        )
        try:
            if self.recognize is not None and self.recognize(target, None):
                target.keeps_nothing = True
            else:
                target.connect(wanted=self._wanted(), forgets=self._forgets(target))
        except BaseException:
            self.cleanup = target.close()
            raise
        if not target.keeps_nothing:
            target.bank.digests_apart = self.settings.effort is not Effort.QUICK
        return target

    def _forgets(self, target: Target) -> Callable[[Exchange], bool] | None:
        recognize = self.recognize
        return None if recognize is None else lambda exchange: recognize(target, exchange)

    def _wanted(self) -> frozenset[str] | None:
        """What the rules to be tested may ask of the target; None for anything. A short run asks no more than that."""
        if self.chosen is None or self.settings.effort is not Effort.QUICK:
            return None
        return frozenset(need for rule_id in self.chosen for need in self.catalogue.get(rule_id).needs)

    def close(self) -> None:
        """Ends open sessions and takes away what the run created."""
        if self.target is not None and self.cleanup is None:
            self.cleanup = self.target.close()
            if self.target.wire.outages.counts:
                self.target.notes.append(f"on the way: {self.target.wire.outages}")

    # Rules

    def is_gating(self, rule: Rule) -> bool:
        """Whether a failure of the rule makes the run fail."""
        return rule.level in self.settings.gate

    def examine(
        self,
        rule: Rule,
        body: Callable[[], str | None],
        *,
        test: str,
        again: Callable[[], bool] = lambda: False,
        renew: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """Runs the test of a rule and gives its verdict as an event.

        Args:
            body: The test; gives what was observed, or None. It ends by an `Ending` when the rule is not kept.
            test: The test's name, for the event.
            again: Sees to it that ``body`` can be run once more in fresh state; gives whether it can.
            renew: Puts away what ``body`` has made, so that it can be run from its beginning after trouble on the way.
        """
        before = self._spent()
        self.at_work = rule.id
        if self.target is not None:
            self.target.wire.purse.nothing_due()
        self.exchanges, self.looked = Recent(), False
        self._disturbed = 0
        failure: dict[str, Any] | None = None
        records: list[dict[str, Any]] = []
        observation: str | None = None
        awaits: str | None = None
        reason = ""
        try:
            self._check_dependencies(rule, of=rule)
            target = self.connect()
            with target.wire.listening(self.exchanges.append):
                try:
                    observation = self._undisturbed(body, target.wire.outages, renew)
                except Nonconformance as error:
                    raise error if rule.level is Level.OBSERVED else self._asked_again(error, body, again) from None
            if self._spent().requests == before.requests and not self.looked:
                raise Blocked("nothing was sent or looked at, so nothing was tested")
            verdict = Verdict.OBSERVED if rule.level is Level.OBSERVED else Verdict.PASSED
        except Nonconformance as error:
            verdict, failure, reason = Verdict.FAILED, dict(error.failure), str(error)
            records = failure.pop("records", [])
            if rule.level is Level.OBSERVED:  # there is nothing to break: what was to be looked at was not reached
                verdict, failure = Verdict.BLOCKED, None
        except Ending as error:
            verdict, reason, awaits = error.verdict, str(error), error.awaits
        except Unsendable as error:
            verdict, reason = Verdict.UNSUPPORTED, str(error)
        except BudgetSpent as error:
            verdict, reason = Verdict.BLOCKED, str(error)
        except SetupFailed as error:
            verdict, reason = Verdict.BLOCKED, f"{error}: {describe_answer(error.exchange)}"
            records = [error.exchange.record]
        except (WireError, TargetUnusable) as error:
            verdict, reason = Verdict.ERRORED, str(error)
            if isinstance(error, TokenTrouble):
                self._without_token[rule.id] = reason
        except Exception as error:
            if _interrupted(error):
                raise KeyboardInterrupt from None
            verdict, reason = Verdict.ERRORED, f"the harness failed: {described(error)}"
        found = self._finding(rule) if verdict in (Verdict.PASSED, Verdict.OBSERVED) else None
        unless: list[str] = []
        if found is not None and rule.level is not Level.OBSERVED:
            unless = self.untested(found.during, found.unless)
            verdict, records = Verdict.FAILED, list(found.exchanges)
            failure = {**found.failure, "times": self.monitor.times(rule.id)}
            reason = found.problem.message
        self.verdicts[rule.id] = verdict
        spent = self._spent() - before
        return self.event(
            rule,
            verdict,
            test=test,
            reason=reason,
            observation=observation,
            failure=failure,
            exchanges=records,
            requests=spent.requests,
            examples=spent.examples,
            seconds=spent.seconds,
            **({"awaits": awaits} if awaits else {}),
            **({"unless": unless} if unless else {}),
            **({"disturbed": self._disturbed} if self._disturbed else {}),
        )

    def _undisturbed(
        self, body: Callable[[], str | None], outages: Outages, renew: Callable[[], None] | None
    ) -> str | None:
        """Runs a test, and from its beginning again when it was trouble on the way that ended it.

        A failure that came once while answers were lost has to come again to be one.

        Raises:
            InDoubt: It did not; or answers were lost each time.
            Trouble: The target could not be reached.
            Ending: Whatever else ended the test.
        """
        failed: Nonconformance | None = None
        trouble: Exception | None = None
        for turn in range(TURNS):
            if turn and renew is not None:
                self._disturbed += 1
                renew()
            before = outages.lost
            try:
                observation = body()
            except (InDoubt, Trouble) as error:
                trouble = error
            except Nonconformance as error:
                if outages.lost == before or error.failure["times"]["asked"] > 1:
                    raise
                if failed is not None:
                    error.failure["times"] = {"failed": 2, "asked": 2}
                    raise
                failed = error
            else:
                if failed is None:
                    return observation
                raise InDoubt(f"it failed once while answers were lost on the way, and not when asked again: {failed}")
            if renew is None:
                break
        if failed is not None:
            raise InDoubt(f"it failed while answers were lost on the way, and could not be asked again: {failed}")
        assert trouble is not None
        raise trouble

    def _asked_again(
        self, error: Nonconformance, body: Callable[[], str | None], again: Callable[[], bool]
    ) -> Nonconformance:
        """A failure with how often it came, when its test is run once more; as it is where it cannot be."""
        if error.failure["times"]["asked"] > 1 or not again():
            return error
        before, failed = self._spent(), 1
        try:
            body()
        except Nonconformance:
            failed = 2
        except (Ending, WireError, SetupFailed):
            return error  # it could not be asked again
        if self._spent().requests > before.requests:
            error.failure["times"] = {"failed": failed, "asked": 2}
        return error

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Puts the test that is run aside while the context lasts: others may be examined."""
        kept = self.at_work, self.exchanges, self.looked, self._disturbed
        spent, began = self._aside, self._counted()
        try:
            with self.target.wire.unheard() if self.target is not None else nullcontext():
                yield
        finally:
            self.at_work, self.exchanges, self.looked, self._disturbed = kept
            self._aside = spent + (self._counted() - began)

    def leftovers(self, tested: set[str]) -> list[dict[str, Any]]:
        """Verdicts for findings that came up after their rule had been judged: a verdict only ever gets worse."""
        found: list[tuple[Rule, Finding, list[str]]] = []
        for rule_id in self.monitor.findings:
            rule = self.catalogue.get(rule_id)
            if rule_id not in tested or self.verdicts.get(rule_id) is Verdict.FAILED or rule.level is Level.OBSERVED:
                continue
            if (first := self._finding(rule)) is not None:
                found.append((rule, first, self.untested(first.during, first.unless)))
        events = []
        for rule, first, unless in found:
            self.verdicts[rule.id] = Verdict.FAILED
            failure = {**first.failure, "times": self.monitor.times(rule.id)}
            events.append(
                self.event(
                    rule,
                    Verdict.FAILED,
                    test="seen in passing",
                    reason=first.problem.message,
                    failure=failure,
                    exchanges=list(first.exchanges),
                    **({"unless": unless} if unless else {}),
                )
            )
        return events

    def known(self, rule: Rule) -> Entry | None:
        """The entry of the list of known failures that speaks of a rule, if there is one that holds."""
        return self.settings.known.match(rule.id) if self.settings.known else None

    def is_known(self, rule: Rule) -> bool:
        """Whether a rule's failure is known, so that nothing is spent on looking at it from nearer."""
        entry = self.known(rule)
        return entry is not None and not entry.flaky

    def _excuse(self, rule: Rule, verdict: Verdict) -> dict[str, Any] | None:
        """Why a verdict does not decide, though the rule's level would: it, or what it builds on, is a known failure.

        A flaky rule never decides. Else only what was tested can be excused, and nothing that the network has stopped.
        """
        entry, tested = self.known(rule), rule.id in self.verdicts
        if entry is not None and (entry.flaky or (tested and verdict in (Verdict.FAILED, Verdict.BLOCKED))):
            return entry.as_json()
        return self._excused.get(self._stopped_by.get(rule.id, "")) if verdict is Verdict.BLOCKED else None

    def standing(self, rule: Rule, verdict: Verdict) -> dict[str, Any]:
        """Whether a verdict decides, and what is known of it, as its event holds them."""
        excuse = self._excuse(rule, verdict)
        if excuse is not None and verdict is Verdict.FAILED:
            self._excused[rule.id] = excuse
        shown = verdict in (Verdict.FAILED, Verdict.ERRORED, Verdict.BLOCKED)
        return {"gating": self.is_gating(rule) and excuse is None, "known": excuse if shown else None}

    def event(self, rule: Rule, verdict: Verdict, **fields: Any) -> dict[str, Any]:
        """A verdict as the event log holds it."""
        return {
            "event": "verdict",
            "rule": rule.id,
            "group": rule.group,
            "level": str(rule.level),
            "verdict": str(verdict),
            **self.standing(rule, verdict),
            "statement": rule.statement,
            "why": rule.why,
            "breaks": rule.breaks,
            "source": [{"ref": source.ref, "place": source.place} for source in rule.source],
            "place": place_of(rule.id).as_json(),
            "reason": "",
            "observation": None,
            "requests": 0,
            "examples": 0,
            "seconds": 0.0,
            "failure": None,
            "exchanges": [],
            **fields,
        }

    def replay(self, rule: Rule) -> str:
        """A command that tests one rule again in the same way."""
        settings = self.settings
        words = ["commit-conformance run"]
        if settings.profile:
            words.append(f"--config {settings.config} --profile {settings.profile}")
        words.append(f"--target {settings.target.url}")
        if settings.target.api_url:
            words.append(f"--api-url {settings.target.api_url}")
        if not settings.target.is_mock:
            words.append(f"--folder-id {settings.target.folder_id}")
        words += [f"--fault {name}" for name in settings.target.faults]
        words += [f"--behaviour {name}" for name in settings.target.behaviours]
        words += [f"--large-file {settings.target.large_file}"] if settings.target.large_file else []
        return " ".join([*words, f"--effort {settings.effort}", f"--seed {settings.seed}", f"--rule {rule.id}"])

    def _check_dependencies(self, rule: Rule, *, of: Rule) -> None:
        """Blocks a rule when one it builds on, near or far, has failed or could not be asked.

        Args:
            of: The rule to be tested; ``rule`` is that, or one it builds on.

        Raises:
            TokenExpired: The other one was stopped by that; so is this one.
        """
        for needed in rule.depends_on:
            if needed in self._without_token:
                raise TokenExpired(self._without_token[needed])
            if self.verdicts.get(needed) in (Verdict.FAILED, Verdict.ERRORED):
                self._stopped_by[of.id] = needed
                raise Blocked(f"builds on {needed}, which {self.verdicts[needed]}")
            self._check_dependencies(self.catalogue.get(needed), of=of)

    def _finding(self, rule: Rule) -> Finding | None:
        """What was found of a rule in passing: best while something was tested that had been made ready for here."""
        findings = self.monitor.findings.get(rule.id) or []
        return min(findings, key=lambda finding: bool(self.untested(finding.during, finding.unless)), default=None)

    def _spent(self) -> _Spent:
        """What was spent up to now, without what others have spent while a test was put aside."""
        return self._counted() - self._aside

    def _counted(self) -> _Spent:
        requests = self.target.wire.purse.cost.requests if self.target else 0
        return _Spent(requests, self.monitor.seen["example"], time.monotonic())

    @property
    def cost(self) -> dict[str, int]:
        """What was spent so far."""
        return {} if self._purse is None else self._purse.cost.as_json()


def till_of(out: Path, run_id: str) -> Path:
    """Where the processes of a run count what they spend together."""
    return out / f"{run_id}.till"


def _interrupted(error: BaseException | None) -> bool:
    """Whether an error came of an interruption: Hypothesis, stopped in the middle, fails with another one."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
