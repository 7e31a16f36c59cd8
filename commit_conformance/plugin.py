"""The pytest plugin that runs the suite in ``tests/server`` against a target.

It adds the options of a run, runs each test marked with a rule through `Run.examine`, and hands what comes of it to the
conductor. Tests without such a mark are none of its business.

With xdist every worker has a target of its own; verdicts travel to the controller with the test reports. How tests are
spread over the workers stands in ``workers``.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from commit_conformance.options import OPTIONS, UsageProblem
from commit_conformance.process import collect_less
from commit_conformance.session import RUN, SEED, effort_of_session, rule_id_of
from commit_conformance.verdict.outcomes import Verdict
from commit_conformance.verdict.run_id import new_run_id

if TYPE_CHECKING:
    from commit_conformance.conductor import Conductor
    from commit_conformance.trial.server import Server

_PROPERTY = "commit_conformance"
_CONDUCTOR = pytest.StashKey["Conductor"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of a run."""
    group = parser.getgroup("commit-conformance", "commit conformance")
    for option in OPTIONS:
        kind: dict[str, Any] = {"action": "append"} if option.many else {"metavar": option.metavar}
        if option.flag:
            kind = {"action": "store_true"}
        group.addoption(f"--{option.name}", dest=f"cc_{option.field}", default=None, help=option.help, **kind)


def pytest_configure(config: pytest.Config) -> None:
    """Declares the mark, and makes ready for a run by this process or by its workers."""
    config.addinivalue_line(
        "markers",
        "rule(id, late=False, last=False, meanwhile=False, waits=False): this test tests a rule of the catalogue",
    )
    collect_less()
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[SEED] = worker["cc_seed"]
        config.stash[RUN] = worker["cc_run"]
        return
    controls = getattr(config.option, "dist", "no") != "no"
    if controls:
        config.stash[SEED] = random.SystemRandom().randrange(10**6)
        config.stash[RUN] = new_run_id()
    config.pluginmanager.register(_Writer(config, controls=controls))


def conductor_of(config: pytest.Config) -> Conductor:
    """The conductor of this pytest run, made when first asked for."""
    if _CONDUCTOR not in config.stash:
        from commit_conformance.conductor import Conductor

        config.stash[_CONDUCTOR] = Conductor(config)
    return config.stash[_CONDUCTOR]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The server under test."""
    return conductor_of(request.config).server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the tests of the chosen rules, in an order in which each comes after those it builds on."""
    ours = [item for item in items if rule_id_of(item)]
    if not ours:
        return
    try:
        conductor = conductor_of(config)
    except UsageProblem as problem:
        raise pytest.UsageError(str(problem)) from None
    kept = conductor.agenda.choose(ours)
    dropped = [item for item in ours if item not in kept]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in ours] + kept


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Reaches the target before the first test; without one nothing is run."""
    if _CONDUCTOR not in session.config.stash or session.config.option.collectonly:
        return None
    conductor = conductor_of(session.config)
    if conductor.is_worker:
        parts = session.config.workerinput["cc_parts"]  # type: ignore[attr-defined]
        conductor.agenda.spread([item.nodeid for item in session.items], parts)
    conductor.expect(session.items)
    return None if conductor.start() else True


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs the test of a rule; every other test is left to pytest."""
    rule_id = rule_id_of(pyfuncitem)
    if rule_id is None:
        return None
    conductor = conductor_of(pyfuncitem.config)
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    event = conductor.verdict_of(pyfuncitem, arguments)
    pyfuncitem.user_properties.append((_PROPERTY, json.dumps(event, default=str)))
    _tell_pytest(event)
    return True


def _tell_pytest(event: dict[str, Any]) -> None:
    """Makes a verdict an outcome pytest knows."""
    __tracebackhide__ = True
    words = f"{event['rule']}: {event['reason']}"
    match Verdict(event["verdict"]):
        case Verdict.FAILED if event["gating"]:
            pytest.fail(_text(event), pytrace=False)
        case Verdict.FAILED if event["known"]:
            pytest.xfail(f"{words} (known: {event['known']['reason']})")
        case Verdict.FAILED:
            pytest.xfail(f"{words} (level {event['level']} does not gate)")
        case Verdict.ERRORED:
            pytest.fail(f"{words}\n(could not be tested; this says nothing about the target)", pytrace=False)
        case Verdict.BLOCKED | Verdict.UNSUPPORTED:
            pytest.skip(f"{event['verdict']}: {words}")
        case _:
            return


def _text(event: dict[str, Any]) -> str:
    failure = event["failure"] or {}
    lines = [f"{event['rule']}: {event['statement']}", f"  {event['reason']}"]
    for label in ("sent", "got", "expected", "replay"):
        if failure.get(label):
            lines.append(f"  {label}: {failure[label]}")
    return "\n".join(lines)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells every xdist worker what all of them have in common."""
    node.workerinput["cc_seed"] = node.config.stash[SEED]
    node.workerinput["cc_run"] = node.config.stash[RUN]
    # Another way of spreading tests is somebody's wish; then no worker knows which ones it will be given.
    node.workerinput["cc_parts"] = node.workerinput["workercount"] if node.config.option.dist == "load" else 0


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives every worker one part of the run, where nothing else was asked for."""
    if config.getvalue("dist") != "load":
        return None
    from commit_conformance.workers import PartScheduling

    return PartScheduling(config, log, effort=lambda: effort_of_session(config))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Cleans up, ends the log, writes the reports, and sets the exit code."""
    if _CONDUCTOR not in session.config.stash:
        return
    conductor = conductor_of(session.config)
    if conductor.is_worker:
        workeroutput = session.config.workeroutput  # type: ignore[attr-defined]
        workeroutput[_PROPERTY] = json.dumps(conductor.worker_output(), default=str)
        return
    code = conductor.finish()
    if code is not None and session.exitstatus in (0, 1, 2, 5):
        session.exitstatus = code


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Shows the summary below pytest's own."""
    if _CONDUCTOR not in config.stash:
        return
    conductor = conductor_of(config)
    if conductor.is_worker or not conductor.log_path or not conductor.log_path.exists():
        return
    from rich.console import Console

    from commit_conformance.report import terminal
    from commit_conformance.report.log import read_log

    terminal.render(read_log(conductor.log_path), Console(), verbose=config.option.verbose)


class _Writer:
    """The hooks of the process that keeps the log, which pytest does not tell whose session they are of.

    Args:
        config: That of the session.
        controls: Whether this is a controller of xdist, which collects nothing: that there is a run shows when the
            first verdict arrives.
    """

    def __init__(self, config: pytest.Config, *, controls: bool) -> None:
        self._config = config
        self._controls = controls

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Writes a verdict to the log."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == _PROPERTY:
                event = json.loads(str(value))
                if (conductor := self._writing(event.pop("plan", ""))) is not None:
                    conductor.take(event)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Takes over what an xdist worker has to say at its end; of one that was ended, what it has left."""
        output = getattr(node, "workeroutput", {})
        if _PROPERTY in output:
            told = json.loads(output[_PROPERTY])
            if (conductor := self._writing(told["plan"])) is not None:
                conductor.take_worker(node.gateway.id, told)
        elif (conductor := self._begun()) is not None:
            conductor.lost(node.gateway.id)

    def pytest_keyboard_interrupt(self) -> None:
        """Notes that the run was cut short."""
        if (conductor := self._begun()) is not None:
            conductor.interrupted = "interrupted by Ctrl-C"

    def _begun(self) -> Conductor | None:
        conductor = self._config.stash.get(_CONDUCTOR, None)
        return conductor if conductor is not None and conductor.writing else None

    def _writing(self, plan: str) -> Conductor | None:
        """The conductor, if it still writes; begins the log in a controller of xdist, which has seen no tests.

        Args:
            plan: What the run is divided by, as a worker has found it.
        """
        if self._controls:
            conductor = conductor_of(self._config)
            if not conductor.begun:
                conductor.agenda.plan = plan
                conductor.start()
        return self._begun()
