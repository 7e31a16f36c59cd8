"""The conductor of a run: which rules are tested in which order, what goes into the log, and what the run comes to.

There is one for each pytest session. Under xdist each worker has one, with a target of its own, and the controller has
the one that writes the log. Verdicts that depend on what other workers have found are settled before they are written;
those that depend on other shards say so in the log, for `merge` to settle.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
from commit_conformance.verdict.catalogue import Level, Rule
from commit_conformance.verdict.events import FORMAT, EventLog, now
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run import Run, till_of
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.verdict.sharding import divide, file_of, parts_for, plan_id
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
        self.selected: list[Rule] = []
        self.not_at_effort: list[Rule] = []
        #: What the run is divided by, where it is a shard's.
        self.plan = ""
        self._items: dict[str, pytest.Function] = {}
        self.ahead = Ahead(ready=self._is_ready, examine=self._examined_ahead, forget=self._forget)
        self.run.meanwhile = lambda seconds: self.ahead.meanwhile(seconds)
        self._order: dict[str, int] = {}
        self._files: dict[str, str] = {}
        self._parts: dict[str, int] = {}
        self._taken: set[int] = set()
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

    def choose(self, items: Iterable[pytest.Item]) -> list[pytest.Item]:
        """The tests to run, in order, of the run or its shard; notes the rules that the effort leaves out."""
        catalogue = self.run.catalogue
        wanted = {rule.id for rule in catalogue.select(self.settings.rules)}
        by_rule: dict[str, list[pytest.Item]] = {}
        for item in items:
            rule_id = rule_id_of(item)
            if rule_id in wanted and rule_id is not None:
                by_rule.setdefault(rule_id, []).append(item)
        rules = [catalogue.get(rule_id) for rule_id in by_rule]
        chosen = [rule for rule in rules if self._is_chosen(rule)]
        left_out = [rule for rule in rules if rule not in chosen]
        every = [item for rule in catalogue.in_dependency_order(chosen) for item in by_rule[rule.id]]
        every.sort(key=self._turn)
        self._order = {str(rule_id_of(item)): place for place, item in enumerate(every)}
        self._files = {rule.id: file_of(by_rule[rule.id][0].nodeid) for rule in rules}
        mine = self._of_shard(by_rule)
        self.not_at_effort = [rule for rule in left_out if rule.id in mine]
        self.selected = [rule for rule in catalogue.in_dependency_order(chosen) if rule.id in mine]
        self.run.chosen = frozenset(rule.id for rule in self.selected)
        return [item for item in every if rule_id_of(item) in mine]

    def _of_shard(self, by_rule: dict[str, list[pytest.Item]]) -> set[str]:
        """The rules of this shard; all of them where the run has none. Every rule is in one shard, and in no other."""
        shard, effort = self.settings.shard, str(self.settings.effort)
        if shard is None:
            return set(by_rule)
        files = self._files
        tests = dict.fromkeys(files.values(), 0)
        for rule_id in self._order:
            tests[files[rule_id]] += len(by_rule[rule_id])
        parts = divide(tests, shard.count, effort=effort)
        dealt = sorted(f"{rule_id} {parts[file]}" for rule_id, file in files.items())
        told = [effort, str(self.settings.drawn), *(str(level) for level in self.settings.gate)]
        self.plan = plan_id(dealt, told)
        return {rule_id for rule_id, file in files.items() if parts[file] == shard.index - 1}

    def spread(self, tests: Sequence[str], parts: int) -> None:
        """Takes note, in a worker of xdist, of all tests of the session and of how many parts they are dealt out to."""
        self._parts = parts_for(tests, parts, effort=lambda: str(self.settings.effort))

    def comes_to(self, test: str) -> None:
        """Takes note, in a worker of xdist, of which part of the run this worker was given: that of its first test."""
        part = self._parts.get(file_of(test))
        if part is None or part in self._taken:
            return
        self._taken.add(part)
        mine = [rule.id for rule in self.selected if self._parts.get(self._files[rule.id]) in self._taken]
        self.run.chosen = frozenset(mine)

    def _builds_on(self, rule: Rule) -> list[str]:
        """Rules that a rule builds on, near or far, and that one process would have tested before it; not this one."""
        found: dict[str, None] = {}

        def visit(needing: Rule) -> None:
            for needed in needing.depends_on:
                if needed not in found and self._order.get(needed, len(self._order)) < self._order.get(rule.id, 0):
                    found[needed] = None
                visit(self.run.catalogue.get(needed))

        visit(rule)
        return [needed for needed in found if needed not in self.run.verdicts]

    def _turn(self, item: pytest.Item) -> int:
        """When a test is run: what decides first, and what is only recorded with what the budget has left."""
        mark = self._mark(item)
        observed = self.run.catalogue.get(str(mark.args[0])).level is Level.OBSERVED
        return 3 * observed + (2 if mark.kwargs.get("last") else bool(mark.kwargs.get("late")))

    def expect(self, items: Iterable[pytest.Item]) -> None:
        """Takes note of the tests that are to be run, in their order: some may be before their turn."""
        tests = {item.nodeid: item for item in items if rule_id_of(item) and isinstance(item, pytest.Function)}
        marked = {name: self._mark(item).kwargs for name, item in tests.items()}
        self._items = tests
        self.ahead.expect(
            beside=[name for name, marks in marked.items() if marks.get("meanwhile")],
            waiting=[name for name, marks in marked.items() if marks.get("waits")],
        )

    @staticmethod
    def _mark(item: pytest.Item) -> pytest.Mark:
        mark = item.get_closest_marker("rule")
        assert mark is not None
        return mark

    # Tests

    def verdict_of(self, item: pytest.Function, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The verdict of a test whose turn has come, as an event."""
        self.comes_to(item.nodeid)
        event = self.ahead.take(item.nodeid, forward=not self._shares()) or self._examined(item, arguments)
        return event | {"plan": self.plan} if self.is_worker else event

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
        elsewhere = self._builds_on(rule)
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

    def _is_ready(self, test: str) -> bool:
        """Whether a test can be run before its turn: it is for this process, and what it builds on has been tested."""
        if self.is_worker and not self._parts:
            return False  # nobody knows which tests are for which worker
        rule, mine = self.run.catalogue.get(str(rule_id_of(self._items[test]))), self.run.chosen or ()
        return rule.id in mine and all(each in self.run.verdicts for each in rule.depends_on if each in mine)

    def _forget(self, test: str) -> None:
        del self.run.verdicts[str(rule_id_of(self._items[test]))]

    def start(self) -> bool:
        """Opens the log and reaches the target; False when there is none to test."""
        if self.is_worker:
            return True
        self.begun = True
        self._show()  # before the log is opened: the one that is there says how long a run takes
        self._log = EventLog(self.log_path)
        self._log.write(self._header())  # before anything is sent, so that a log is one whatever becomes of the run
        # A shard that no rule fell to has nothing to ask.
        reached = self._distributes or (not self.selected and self.settings.shard is not None) or self._reach()
        for event in self._left_out():
            self.take(event)
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None:
            progress.expect({rule.id: rule.group for rule in self.selected or self._chosen_by_workers()})
        return reached

    def _chosen_by_workers(self) -> list[Rule]:
        """The rules to expect in a controller of xdist, which collects no tests: all that the effort includes."""
        rules = self.run.catalogue.select(self.settings.rules) if self._distributes else []
        return [rule for rule in rules if self._is_chosen(rule)]

    def _is_chosen(self, rule: Rule) -> bool:
        # A rule that was asked for by its very name is tested whatever it costs; a pattern keeps to the effort.
        by_name = {name.strip().upper() for name in self.settings.rules}
        return rule.id in by_name or self.settings.effort.includes(rule.effort)

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
            for rule in self.not_at_effort
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
        leftovers = self.ahead.left() + self.run.leftovers(set(self._order))
        self.run.close()
        return {
            "selected": [rule.id for rule in self.selected],
            "plan": self.plan,
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
        nothing_ran = not self.selected and not self._workers and not self._lost and self.settings.shard is None
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
        for event in self.run.leftovers(set(self._order)):
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
        return [rule.id for rule in self.selected or self.run.catalogue.select(self.settings.rules)]

    def _shard(self) -> dict[str, Any]:
        """Which part of which run this is."""
        shard = self.settings.shard
        assert shard is not None
        return {"index": shard.index, "count": shard.count, "plan": self.plan}

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
