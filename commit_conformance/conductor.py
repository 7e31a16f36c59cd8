"""The conductor of a run: has rules tested, and knows what goes into the log and what the run comes to.

There is one for each pytest session. Under xdist each worker has one, with a target of its own, and the controller has
the one that writes the log. Verdicts that depend on what other workers have found are settled before they are written;
those that depend on other shards say so in the log, for `merge` to settle.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.agenda import Agenda, marks_of
from commit_conformance.ahead import Ahead
from commit_conformance.known import KnownFailuresProblem, open_entries, outdated, update
from commit_conformance.process import StopSignals
from commit_conformance.report.log import read_log
from commit_conformance.report.running import Now, Outlook, Waiting
from commit_conformance.report.runs.settle import Settlement
from commit_conformance.report.summary import LEFT_TO_OTHERS, conclusion, summarize
from commit_conformance.report.time_left import earlier_seconds
from commit_conformance.session import PROGRESS, RUN, SIGNALS, rule_id_of, settings_of_session
from commit_conformance.static_mock import Signs, StaticTrial, look_for_signs
from commit_conformance.target.connect import Target
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Rule
from commit_conformance.verdict.events import FORMAT, EventLog, now
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run import Run, till_of
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Exchange, WireError
from commit_conformance.wire.mishap import described
from commit_conformance.wire.till import clear

#: A rule whose failure others explain better: it counts only where nothing else has failed.
_YIELDING = "LIFE-CYCLE-MODEL"


class Conductor:
    """What the plugin keeps for one pytest session.

    Args:
        config: pytest's.

    Raises:
        UsageProblem: An option is wrong.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        worker = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        settings = settings_of_session(config)
        self._distributes = bool(getattr(config.option, "dist", "no") != "no" or getattr(config.option, "tx", None))
        processes = worker["workercount"] if worker else len(config.option.tx) if self._distributes else 1
        self.settings: RunSettings = replace(settings, processes=processes)
        self.run = Run(
            self.settings, of=config.stash.get(RUN, ""), worker=str(worker["workerid"]) if worker is not None else ""
        )
        if self.settings.target.static_mock != "no":
            self.run.recognize = self._recognize
        self.server = Server(self.run)
        self.static: StaticTrial | None = None
        self.interrupted: str | None = None
        self.agenda = Agenda(self.run, self.settings, is_worker=self.is_worker)
        self._items: dict[str, pytest.Function] = {}
        self.ahead = Ahead(
            ready=lambda test: self.agenda.is_ready(self._rule_of(test)),
            examine=self._examined_ahead,
            forget=lambda test: self.run.verdicts.pop(self._rule_of(test).id),
        )
        self.run.meanwhile = self.ahead.meanwhile
        self.run.untested = self.agenda.untested
        self._workers: dict[str, dict[str, Any]] = {}
        self._lost: list[str] = []
        self._swept: list[CleanupResult] = []
        self._settlement = Settlement(gate=[str(level) for level in self.settings.gate])
        self._tested: set[str] = set()
        self._wrote_target = False
        self.begun = False
        self._finished = False
        self._started = time.monotonic()
        self.log_path: Path | None = None
        self._log = EventLog(None)
        if not self.is_worker:
            self.log_path = self.settings.out / "events.jsonl" if self.settings.out else None
        #: Whether this process keeps the log, and has not ended it.
        self.writing = not self.is_worker

    def expect(self, items: Iterable[pytest.Item]) -> None:
        """Takes note of the tests that are to be run, in their order: some may be before their turn."""
        self._items = {item.nodeid: item for item in items if rule_id_of(item) and isinstance(item, pytest.Function)}
        marked = {name: marks_of(item) for name, item in self._items.items()}
        self.ahead.expect(
            beside=[name for name, marks in marked.items() if marks.get("meanwhile")],
            waiting=[name for name, marks in marked.items() if marks.get("waits")],
        )

    def verdict_of(self, item: pytest.Function, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The verdict of a test whose turn has come, as an event."""
        self.agenda.comes_to(item.nodeid)
        event = self.ahead.take(item.nodeid, forward=not self._shares()) or self._examined(item, arguments)
        return event | {"plan": self.agenda.plan} if self.is_worker else event

    def _examined(self, item: pytest.Function, arguments: Mapping[str, Any]) -> dict[str, Any]:
        rule = self.run.catalogue.get(str(rule_id_of(item)))
        static = self.static_trial()
        if static is not None:
            return static.event(rule, test=item.nodeid)

        def body() -> str | None:
            self.server.begin(rule)
            result = item.obj(**arguments)
            return result if isinstance(result, str) else None

        server = self.server
        event = self.run.examine(rule, body, test=item.nodeid, again=server.may_ask_again, renew=server.renew)
        elsewhere = self.agenda.untested(rule.id)
        event |= {"builds_on": elsewhere} if elsewhere else {}
        return event | ({"yields": True} if rule.id == _YIELDING and event["verdict"] == Verdict.FAILED else {})

    def _examined_ahead(self, test: str) -> dict[str, Any]:
        """The verdict of a test for which pytest has not made ready: what it needs is the server, and its case."""
        item = self._items[test]
        cases = item.callspec.params if hasattr(item, "callspec") else {}
        return self._examined(item, {**cases, "server": self.server})

    def _shares(self) -> bool:
        """Whether tests share what they upload in the order of their turns, as where a file is costly."""
        return self.run.target is not None and self.static is None and self.server.sparing

    def _rule_of(self, test: str) -> Rule:
        return self.run.catalogue.get(str(rule_id_of(self._items[test])))

    def start(self) -> bool:
        """Opens the log and reaches the target; False when there is none to test."""
        if self.is_worker:
            return True
        self.begun = True
        self._show()  # before the log is opened: the one that is there says how long a run takes
        self._log = EventLog(self.log_path)
        self._log.write(self._header())  # before anything is sent, so that a log is one whatever becomes of the run
        # A shard that no rule fell to has nothing to ask.
        reached = self._distributes or (not self.agenda.selected and self.settings.shard is not None) or self._reach()
        for event in self._left_out():
            self.take(event)
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None:
            progress.expect({rule.id: rule.group for rule in self.agenda.selected or self._chosen_by_workers()})
        return reached

    def _chosen_by_workers(self) -> list[Rule]:
        """The rules to expect in a controller of xdist, which collects no tests: all that the effort includes."""
        rules = self.run.catalogue.select(self.settings.rules) if self._distributes else []
        return [rule for rule in rules if self.agenda.is_chosen(rule)]

    def _show(self) -> None:
        """Lets whoever watches look at the run from now on."""
        progress = self.config.stash.get(PROGRESS, None)
        if progress is None:
            return
        settings, earlier = self.settings, {}
        if self.log_path is not None:
            earlier = earlier_seconds(self.log_path, target=settings.target.url, effort=str(settings.effort))
        self.run.waits.tell = progress.waits
        progress.begin(self._now, Outlook(limits=settings.budget.as_json(), rate=settings.target.rate, earlier=earlier))

    def _now(self) -> Now:
        waits, doing = self.run.waits.now(), self.run.at_work or ("" if self._distributes else "reaching the target")
        if self._finished:
            doing = "cleaning up and writing reports"
        waiting = Waiting(why=waits.why, seconds=waits.seconds, passed=waits.passed) if waits is not None else None
        return Now(doing=doing, cost=self.run.cost, waiting=waiting)

    def _reach(self) -> bool:
        try:
            self.run.connect()
        except TargetUnusable:
            return False
        return True

    def static_trial(self) -> StaticTrial | None:
        """The trial of the target as a static mock; None where it is none, or cannot be reached."""
        with suppress(TargetUnusable):
            self.run.connect()
        return self.static

    def _recognize(self, target: Target, first: Exchange | None) -> bool:
        """Puts a target that is a static mock on the trial that such a one can be given; says whether it is one."""
        said = self.settings.target.static_mock == "yes"
        if first is None and not said:
            return False
        signs = Signs(said=True) if first is None else look_for_signs(target, first)
        if signs is None:
            return False
        target.keeps_nothing = True
        try:
            self.static = StaticTrial(self.run, target, signs)
        except WireError as error:
            raise TargetUnusable(f"the target does not answer: {error}") from error
        return True

    def _left_out(self) -> list[dict[str, Any]]:
        """Verdicts for the rules that the effort leaves out."""
        reason = f"not tested at effort {self.settings.effort}: needs"
        return [
            self.run.event(rule, Verdict.BLOCKED, reason=f"{reason} {rule.effort}", test="")
            for rule in self.agenda.not_at_effort
        ]

    def take(self, event: dict[str, Any]) -> None:
        """Writes a verdict, and shows it where somebody watches; what another worker may know better has to wait."""
        if self._distributes and not self._finished:
            for line in self._settlement.take(event):
                self._write(line)
        else:
            self._write(event)

    def _write(self, event: dict[str, Any]) -> None:
        if self.settings.shard is None:  # nobody is left who could know better
            event.pop("awaits", None)
            event.pop("builds_on", None)
            event.pop("unless", None)
            event.pop("yields", None)
        elif event.get("awaits") and event["verdict"] == Verdict.BLOCKED:
            event["reason"] = f"{LEFT_TO_OTHERS}: {event['reason']}"
        if not self._wrote_target:
            self._write_target()
        self._tested.add(event["rule"])
        self._log.write(event)
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None and event["test"]:
            progress.verdict(event)

    def take_worker(self, name: str, output: dict[str, Any]) -> None:
        """Takes what a worker found in passing, and what it cost; once, though an interrupted one is told twice."""
        if name in self._workers:
            return
        for event in output["leftovers"]:
            self.take(event)
        if not self._workers:
            for event in output["not_at_effort"]:
                self.take(event)
        self._workers[name] = output

    def lost(self, name: str) -> None:
        """Takes note of a worker that was ended before it could say anything."""
        if name not in self._workers and name not in self._lost:
            self._lost.append(name)

    def worker_output(self) -> dict[str, Any]:
        """What a worker has to say at its end."""
        leftovers = self.ahead.left() + self.run.leftovers(set(self.agenda.rules))
        self.run.close()
        return {
            "selected": [rule.id for rule in self.agenda.selected],
            "plan": self.agenda.plan,
            "leftovers": leftovers,
            "seen": dict(self.run.monitor.seen),
            "not_at_effort": self._left_out(),
            "cost": self.run.cost,
            "target": self._target_event(),
            "cleanup": self.run.cleanup.as_json() if self.run.cleanup else None,
            "unusable": self.run.unusable,
        }

    def finish(self) -> int | None:
        """Ends the run; gives its exit code, or None when there was none."""
        nothing_ran = not self.agenda.selected and not self._workers and not self._lost and self.settings.shard is None
        if self._finished or nothing_ran or self._log.path is None:
            self.writing = False
            return None
        signals = self.config.stash.get(SIGNALS, StopSignals())
        signals.hold()
        try:
            self._take_leave(signals)
        except Exception as error:  # whatever a run was interrupted in, its log has an end
            self.interrupted = f"the harness failed at the end of the run: {described(error)}"
            self.run.close()
        code = self._end_log()
        self.writing = False
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None:
            progress.done()
        return code

    def _take_leave(self, signals: StopSignals) -> None:
        """Writes what the log still lacks, and leaves the target as it was found."""
        for event in self.ahead.left():
            self.take(event)
        self._without_verdict()
        self._finished = True
        for event in self._settlement.end({name for name, times in self._seen().items() if times}):
            self._write(event)
        for event in self.run.leftovers(set(self.agenda.rules)):
            self.take(event)
        try:
            with signals.let_through():
                self.run.close()
        except KeyboardInterrupt:
            self.interrupted = "interrupted by Ctrl-C while cleaning up"
        self._sweep()
        self._write_target(again=True)

    def _without_verdict(self) -> None:
        """Gives a verdict to rules that none came of: the process that tested them was ended."""
        chosen = {rule_id: None for output in self._workers.values() for rule_id in output["selected"]}
        for rule_id in chosen:
            if rule_id not in self._tested and not self._settlement.holds(rule_id) and not self.interrupted:
                reason = "no verdict came of its test: the process that ran it was ended"
                self.take(self.run.event(self.run.catalogue.get(rule_id), Verdict.ERRORED, test="", reason=reason))

    def _seen(self) -> dict[str, int]:
        """What was seen in passing, and how often, by every process of this run."""
        counts = [self.run.monitor.seen, *(Counter(output["seen"]) for output in self._workers.values())]
        return dict(sum(counts, Counter[str]()))

    def _sweep(self) -> None:
        """Takes away what workers have left that were ended, and what all of them had in common."""
        out = self.settings.out
        if not self._distributes or out is None:
            return
        clear(till_of(out, self.run.run_id))
        if self._lost:
            from commit_conformance.workers import sweep_after

            self._swept = [
                sweep_after(name, self.run.run_id, out / f"ledger-{name}.jsonl", self.settings) for name in self._lost
            ]

    def _end_log(self) -> int:
        from commit_conformance.report.write import write  # a worker writes none

        assert self._log.path is not None
        cost, cleanup = self._cost(), self._cleanup()
        of_shard = {} if self.settings.shard is None else {"seen": self._seen()}
        if self.interrupted:
            event = {"event": "truncated", "reason": self.interrupted, "cost": cost, "cleanup": cleanup}
            self._log.write({**event, **of_shard})
            self._log.close()
            write(self._log.path, self.settings.reports)
            return 3
        self._review_known()
        log = read_log(self._log.path)
        summary = summarize(log)
        static_mock = log.target.static_mock if log.target else ""
        part = self.settings.shard is not None
        code, text = conclusion(log.verdicts, static_mock=static_mock, outdated=log.outdated, part=part)
        unusable = self.unusable
        if unusable:
            code, text = 3, f"could not be tested: {unusable}"
        self._log.write(
            {
                "event": "footer",
                "finished": now(),
                "seconds": round(time.monotonic() - self._started, 3),
                "exit_code": code,
                "conclusion": text.split(":")[0],
                "reason": text,
                "verdicts": dict(summary.verdicts),
                "gating": dict(Counter(result.verdict for result in summary.rules if result.gating)),
                "cost": cost,
                "cleanup": cleanup,
                **of_shard,
            }
        )
        self._log.close()
        write(self._log.path, self.settings.reports)
        return code

    def _review_known(self) -> None:
        """Holds the list of known failures against what the run has found, and writes it anew where that was asked."""
        known = self.settings.known
        assert self._log.path is not None
        if known is None or known.path is None:
            return
        summary, rules = summarize(read_log(self._log.path)), [rule.id for rule in self.run.catalogue]
        verdicts = {result.rule: result.verdict for result in summary.rules}
        found = outdated(known, verdicts, rules=rules)
        changes: tuple[str, ...] = ()
        if self.settings.update_known and self.unusable is None:
            failing = {result.rule: result.told for result in summary.gating_failures}
            try:
                changed = update(known, failing, verdicts, rules=rules)
                found, changes = changed.expired, changed.told(known.path)
            except KnownFailuresProblem as problem:
                changes = (str(problem),)
        self._log.write(
            {
                "event": "known-failures",
                "path": str(known.path),
                "entries": len(known.entries),
                "outdated": [each.as_json() for each in found],
                "changes": list(changes),
                **({"open": open_entries(known, verdicts, rules=rules)} if self.settings.shard is not None else {}),
            }
        )

    @property
    def unusable(self) -> str | None:
        """Why the target could not be tested at all, if so."""
        for output in self._workers.values():
            if output["unusable"]:
                return str(output["unusable"])
        if self._lost and not self._workers:
            return "every process that ran tests was ended"
        return self.run.unusable

    def _header(self) -> dict[str, Any]:
        import platform
        from importlib.metadata import version

        settings = self.settings
        names = ("pytest", "hypothesis", "httpx", "jsonschema")
        return {
            "event": "header",
            "format": FORMAT,
            "run": self.run.run_id,
            "started": now(),
            "tool": {"name": "commit-conformance", "version": version("box-commit-conformance")},
            "versions": {"python": platform.python_version(), **{name: version(name) for name in names}},
            "target": {
                "url": settings.target.url,
                "api_url": settings.target.api_url,
                "folder_id": settings.target.folder_id,
                "faults": list(settings.target.faults),
                "behaviours": list(settings.target.behaviours),
            },
            "effort": str(settings.effort),
            "gate": [str(level) for level in settings.gate],
            "seed": settings.seed,
            "budget": settings.budget.as_json(),
            "selected": self._selected() if settings.rules else None,
            **({"shard": self._shard()} if settings.shard is not None else {}),
            "profile": {"name": settings.profile, "path": str(settings.config)} if settings.config else None,
        }

    def _selected(self) -> list[str]:
        """The rules that were chosen; a controller of xdist has seen no tests, and goes by the catalogue."""
        return [rule.id for rule in self.agenda.selected or self.run.catalogue.select(self.settings.rules)]

    def _shard(self) -> dict[str, Any]:
        """Which part of which run this is."""
        shard = self.settings.shard
        assert shard is not None
        return {"index": shard.index, "count": shard.count, "plan": self.agenda.plan}

    def _target_event(self) -> dict[str, Any] | None:
        target = self.run.target
        if self.static is not None:
            mock = self.static.as_json()
            return {"event": "target", "capabilities": [], "notes": self.static.notes, "static_mock": mock}
        if target is None or target.bank is None:
            return None
        return {
            "event": "target",
            "capabilities": target.capabilities.as_json(),
            "part_size": target.first_session.part_size,
            "file_size": target.bank.file_size,
            "notes": target.notes,
        }

    def _write_target(self, *, again: bool = False) -> None:
        event = self._target_event()
        if event is None and again:
            event = next((output["target"] for output in self._workers.values() if output["target"]), None)
        if event is not None:
            self._wrote_target = True
            self._log.write(event)

    def _cost(self) -> dict[str, int]:
        total = dict(self.run.cost)
        for output in self._workers.values():
            for name, value in output["cost"].items():
                total[name] = total.get(name, 0) + value
        return total

    def _cleanup(self) -> dict[str, Any]:
        results = [output["cleanup"] for output in self._workers.values() if output["cleanup"]]
        if self.run.cleanup is not None:
            results.append(self.run.cleanup.as_json())
        results += [result.as_json() for result in self._swept]
        return {
            "deleted": sum(result["deleted"] for result in results),
            "left": [item for result in results for item in result["left"]],
        }
