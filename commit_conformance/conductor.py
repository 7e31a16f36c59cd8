"""The conductor of a run: which rules are tested in which order, what goes into the log, and what the run comes to.

There is one for each pytest session. Under xdist each worker has one, with a target of its own, and the controller has
the one that writes the log.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.known import KnownFailuresProblem, outdated, update
from commit_conformance.options import OPTIONS
from commit_conformance.report.log import read_log
from commit_conformance.report.progress import Progress
from commit_conformance.report.running import Now, Outlook, Waiting
from commit_conformance.report.summary import conclusion, summarize
from commit_conformance.report.time_left import earlier_seconds
from commit_conformance.report.write import write
from commit_conformance.settings import run_settings
from commit_conformance.static_mock import Signs, StaticTrial, look_for_signs
from commit_conformance.target.connect import Target
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.trial.server import Server
from commit_conformance.verdict.catalogue import Level, Rule
from commit_conformance.verdict.events import FORMAT, EventLog, now
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run import Run
from commit_conformance.verdict.settings import RunSettings
from commit_conformance.wire import Exchange, WireError

#: Set by the command line, which shows the results itself.
PROGRESS = pytest.StashKey[Progress]()


def rule_id_of(item: pytest.Item) -> str | None:
    """The rule a test is marked with, if any."""
    mark = item.get_closest_marker("rule")
    return str(mark.args[0]) if mark else None


class Conductor:
    """What the plugin keeps for one pytest session.

    Args:
        config: pytest's.

    Raises:
        UsageProblem: An option is wrong.
    """

    #: The conductor that writes the log in this process: none in an xdist worker.
    writing: Conductor | None = None
    #: pytest's configuration in a controller of xdist.
    controller: pytest.Config | None = None

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        worker = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        given = {option.field: getattr(config.option, f"cc_{option.field}", None) for option in OPTIONS}
        if worker is not None:
            given["seed"] = worker.get("cc_seed", given["seed"])
        self.settings: RunSettings = run_settings(given)
        worker_id = worker["workerid"] if worker else ""
        self.run = Run(self.settings, ledger_name=f"ledger{'-' + worker_id if worker_id else ''}.jsonl")
        if self.settings.target.static_mock != "no":
            self.run.recognize = self._recognize
        self.server = Server(self.run)
        self.static: StaticTrial | None = None
        self.interrupted: str | None = None
        self.selected: list[Rule] = []
        self.not_at_effort: list[Rule] = []
        self._workers: list[dict[str, Any]] = []
        self._awaiting: list[dict[str, Any]] = []
        self._tested: set[str] = set()
        self._wrote_target = False
        self._finished = False
        self._started = time.monotonic()
        self._distributes = bool(getattr(config.option, "dist", "no") != "no" or getattr(config.option, "tx", None))
        self.log_path: Path | None = None
        self._log = EventLog(None)
        if not self.is_worker:
            self.log_path = self.settings.out / "events.jsonl" if self.settings.out else None
            Conductor.writing = self

    def choose(self, items: Iterable[pytest.Item]) -> list[pytest.Item]:
        """The tests to run, in order; notes the rules that are left out because of the effort."""
        catalogue = self.run.catalogue
        wanted = {rule.id for rule in catalogue.select(self.settings.rules)}
        by_rule: dict[str, list[pytest.Item]] = {}
        for item in items:
            rule_id = rule_id_of(item)
            if rule_id in wanted and rule_id is not None:
                by_rule.setdefault(rule_id, []).append(item)
        rules = [catalogue.get(rule_id) for rule_id in by_rule]
        chosen = [rule for rule in rules if self._is_chosen(rule)]
        self.not_at_effort = [rule for rule in rules if rule not in chosen]
        self.selected = list(catalogue.in_dependency_order(chosen))
        self.run.chosen = frozenset(rule.id for rule in self.selected)
        ordered = [item for rule in self.selected for item in by_rule[rule.id]]
        return sorted(ordered, key=self._turn)

    def _turn(self, item: pytest.Item) -> int:
        """When a test is run: what decides first, and what is only recorded with what the budget has left."""
        mark = item.get_closest_marker("rule")
        assert mark is not None
        observed = self.run.catalogue.get(str(mark.args[0])).level is Level.OBSERVED
        return 3 * observed + (2 if mark.kwargs.get("last") else bool(mark.kwargs.get("late")))

    def start(self) -> bool:
        """Opens the log and reaches the target; False when there is none to test."""
        if self.is_worker:
            return True
        self._show()  # before the log is opened: the one that is there says how long a run takes
        self._log = EventLog(self.log_path)
        self._log.write(self._header())  # before anything is sent, so that a log is one whatever becomes of the run
        reached = self._distributes or self._reach()
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
        awaits = event.pop("awaits", None)
        if awaits and self._distributes and not self._finished:
            self._awaiting.append(event)
            return
        if not self._wrote_target:
            self._write_target()
        self._tested.add(event["rule"])
        self._log.write(event)
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None and event["test"]:
            progress.verdict(event)

    def take_worker(self, output: dict[str, Any]) -> None:
        """Takes what a worker found in passing, and what it cost."""
        for event in output["leftovers"]:
            self.take(event)
        if not self._workers:
            for event in output["not_at_effort"]:
                self.take(event)
        self._workers.append(output)

    def worker_output(self) -> dict[str, Any]:
        """What a worker has to say at its end."""
        leftovers = self.run.leftovers({rule.id for rule in self.selected})
        self.run.close()
        return {
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
        nothing_ran = not self.selected and not self._workers
        if self._finished or nothing_ran or self._log.path is None:
            Conductor.writing = Conductor.controller = None
            return None
        self._finished = True
        self._settle()
        for event in self.run.leftovers({rule.id for rule in self.selected}):
            self.take(event)
        try:
            self.run.close()
        except KeyboardInterrupt:
            self.interrupted = "interrupted by Ctrl-C while cleaning up"
        self._write_target(again=True)
        code = self._end_log()
        Conductor.writing = Conductor.controller = None
        progress = self.config.stash.get(PROGRESS, None)
        if progress is not None:
            progress.done()
        return code

    def _settle(self) -> None:
        """Gives the verdicts that had to wait: what any worker has seen was tested by the run."""
        for event in self._awaiting:
            subject = self.run.monitor.subject_of(event["rule"])
            if any(output["seen"].get(subject) for output in self._workers):
                rule = self.run.catalogue.get(event["rule"])
                verdict = Verdict.OBSERVED if rule.level is Level.OBSERVED else Verdict.PASSED
                event |= {"verdict": str(verdict), "reason": "", **self.run.standing(rule, verdict)}
            self.take(event)

    def _end_log(self) -> int:
        assert self._log.path is not None
        cost, cleanup = self._cost(), self._cleanup()
        if self.interrupted:
            self._log.write({"event": "truncated", "reason": self.interrupted, "cost": cost, "cleanup": cleanup})
            self._log.close()
            write(self._log.path, self.settings.reports)
            return 3
        self._review_known()
        log = read_log(self._log.path)
        summary = summarize(log)
        static_mock = log.target.static_mock if log.target else ""
        code, text = conclusion(log.verdicts, static_mock=static_mock, outdated=log.outdated)
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
            }
        )

    @property
    def unusable(self) -> str | None:
        """Why the target could not be tested at all, if so."""
        for output in self._workers:
            if output["unusable"]:
                return str(output["unusable"])
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
            "selected": [rule.id for rule in self.selected] if settings.rules else None,
            "profile": {"name": settings.profile, "path": str(settings.config)} if settings.config else None,
        }

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
            event = next((output["target"] for output in self._workers if output["target"]), None)
        if event is not None:
            self._wrote_target = True
            self._log.write(event)

    def _cost(self) -> dict[str, int]:
        total = dict(self.run.cost)
        for output in self._workers:
            for name, value in output["cost"].items():
                total[name] = total.get(name, 0) + value
        return total

    def _cleanup(self) -> dict[str, Any]:
        results = [output["cleanup"] for output in self._workers if output["cleanup"]]
        if self.run.cleanup is not None:
            results.append(self.run.cleanup.as_json())
        return {
            "deleted": sum(result["deleted"] for result in results),
            "left": [item for result in results for item in result["left"]],
        }
