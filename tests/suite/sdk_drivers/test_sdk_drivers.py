"""The drivers that come along: their folders, and real SDKs driven through a few scenarios.

An SDK is installed by the command that users have, from a package registry. Where that cannot be done, for want of a
program or of a network, its tests are skipped and say why.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commit_conformance.clients.discovery import DriverFolder, drivers, find_driver
from commit_conformance.clients.run import ClientRun, Outcome, run_client

#: Seconds for an installation: it takes about ten where a registry answers, and never ends where none does.
INSTALLATION = 150

SCENARIOS = ("created", "conflict", "accepted-1")

#: Rules that the pinned versions break in these scenarios; reports/sdk-findings has where and why. A failure that is
#: not here is a new finding or a false accusation, and one that no longer comes is a finding lost.
BROKEN = {
    "boxsdk-3": set(),
    "boxsdk-10": set(),
    "box-node-sdk-3": {"CLIENT-ARGUMENTS", "CLIENT-REFUSAL-TOLD"},
    "box-node-sdk-10": {"CLIENT-ACCEPTED-RETRIED", "CLIENT-REFUSAL-DETAILS"},
    "box-java-sdk-4": set(),
    "box-java-sdk-5": set(),
    "curl": set(),
}

#: How much of an error Node prints, and so whether a token stands in it, is for its version to say.
UP_TO_THE_RUNTIME = {"CLIENT-TOKEN-SECRET"}

NEVER_RUN = {"box-ios-sdk-10", "box-v2-10"}


class Installation:
    """The installation of an SDK as a process of its own."""

    def __init__(self, driver: DriverFolder) -> None:
        command = [sys.executable, "-m", "commit_conformance", "client", "--install", "--sdk", driver.name]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def finish(self) -> str | None:
        """Waits for its end; gives the reason where the SDK is not there."""
        try:
            _, errors = self.process.communicate(timeout=INSTALLATION)
        except subprocess.TimeoutExpired:
            self.stop()
            return f"not installed within {INSTALLATION} seconds"
        return errors.strip()[-300:] if self.process.returncode else None

    def stop(self) -> None:
        """Ends it with everything it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="module")
def installations() -> Iterator[dict[str, Installation]]:
    """All at once: they wait for the network more than they work."""
    started = {name: Installation(find_driver(name)) for name in BROKEN if not find_driver(name).missing}
    yield started
    for installation in started.values():
        installation.stop()


@pytest.fixture
def sdk(request: pytest.FixtureRequest, installations: dict[str, Installation]) -> DriverFolder:
    driver = find_driver(request.param)
    if driver.missing:
        pytest.skip(f"{driver.name} was not run: it needs {', '.join(driver.missing)}, which is not there")
    if reason := installations[driver.name].finish():
        pytest.skip(f"{driver.name} was not run: {reason}")
    return driver


def driven(driver: DriverFolder) -> Outcome:
    run = ClientRun(name=driver.name, command=driver.run(), replay="", scenarios=SCENARIOS, workers=3)
    return run_client(run)


@pytest.mark.parametrize("sdk", BROKEN, indirect=True)
def test_a_real_sdk_breaks_what_was_found_at_its_version_and_nothing_else(sdk: DriverFolder) -> None:
    outcome = driven(sdk)
    assert re.fullmatch(r"[0-9.]+", outcome.hello.version)
    assert sdk.version in (outcome.hello.version, "as installed")
    said = {verdict.rule.id: verdict for verdict in outcome.verdicts}
    assert [rule for rule, verdict in said.items() if verdict.verdict == "errored"] == []
    broken = {rule for rule, verdict in said.items() if verdict.verdict == "failed"}
    assert broken - UP_TO_THE_RUNTIME == BROKEN[sdk.name], {rule: said[rule].reason for rule in broken}
    assert said["CLIENT-CREATED-FILE"].verdict == "passed"
    assert said["CLIENT-DIGEST"].verdict == "passed"


def test_every_driver_is_either_run_here_or_says_that_it_never_was() -> None:
    folders = {driver.name: driver for driver in drivers() if not driver.control}
    assert set(folders) == set(BROKEN) | NEVER_RUN
    assert all("never run" in folders[name].title for name in NEVER_RUN)
    assert not any("never run" in folders[name].title for name in BROKEN)


@pytest.mark.parametrize("driver", [each for each in drivers() if each.install], ids=lambda driver: driver.name)
def test_the_version_that_is_installed_is_the_one_that_is_named(driver: DriverFolder) -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8")
        for path in driver.folder.iterdir()
        if path.suffix in (".xml", ".csproj", ".swift")
    )
    commands = "\n".join(word for words in driver.install for word in words)
    assert driver.version in written + commands


def test_no_driver_brings_a_lock_file_or_what_it_was_built_into() -> None:
    folder = drivers()[0].folder.parent
    brought = {path.name for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert not {
        name for name in brought if "lock" in name.lower() or Path(name).suffix in (".class", ".jar", ".dll", ".whl")
    }
