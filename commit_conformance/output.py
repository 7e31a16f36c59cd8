"""What the command shows of pytest: progress while it runs, and problems of pytest's own. Nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from commit_conformance.process import StopSignals
from commit_conformance.report.progress import Progress
from commit_conformance.session import PROGRESS, SIGNALS


class Output:
    """A pytest plugin that stands in for pytest's terminal output.

    Args:
        progress: Shows verdicts as they come; None shows none.
        signals: What tells the run to stop.

    Attributes:
        problems: What went wrong outside the tests of rules: collection, usage, pytest itself.
        started: Whether the run began, so that there is a log of it.
    """

    def __init__(self, progress: Progress | None, signals: StopSignals) -> None:
        self.progress = progress
        self.signals = signals
        self.problems: list[str] = []
        self.started = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hands progress and signals to the plugin that runs the suite."""
        config.stash[SIGNALS] = self.signals
        if self.progress is not None:
            config.stash[PROGRESS] = self.progress

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps what could not be collected."""
        if report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Keeps what went wrong in pytest or in the plugin."""
        self.problems.append(f"internal error:\n{excrepr}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Notes that there is something to run."""
        self.started = bool(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes that something was run, which a controller of workers sees here only."""
        self.started = True
