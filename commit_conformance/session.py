"""What the command, the plugin and the conductor hand to each other through pytest's session.

Nothing heavy is imported here: a controller of xdist needs no more than this before it starts its workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from commit_conformance.options import OPTIONS
from commit_conformance.process import StopSignals
from commit_conformance.settings import run_settings, settings_of

if TYPE_CHECKING:
    from commit_conformance.report.progress import Progress
    from commit_conformance.verdict.settings import RunSettings

#: Set by the command line, which shows the results itself.
PROGRESS: pytest.StashKey[Progress] = pytest.StashKey()
#: What tells the run to stop, of the command; pytest alone has its own for Ctrl-C.
SIGNALS = pytest.StashKey[StopSignals]()
#: The id of a run that several processes share.
RUN = pytest.StashKey[str]()
#: The seed of a run that was told none, where several processes have to have the same.
SEED = pytest.StashKey[int]()


def rule_id_of(item: pytest.Item) -> str | None:
    """The rule a test is marked with, if any."""
    mark = item.get_closest_marker("rule")
    return str(mark.args[0]) if mark else None


def settings_of_session(config: pytest.Config) -> RunSettings:
    """What the run was asked to do, by pytest's options, the environment and a profile.

    Raises:
        UsageProblem: An option is wrong.
    """
    return run_settings(_given(config), drawn_seed=config.stash.get(SEED, None))


def effort_of_session(config: pytest.Config) -> str:
    """The effort alone: a controller of xdist deals the tests out by it while every worker waits.

    To check the other settings takes what talks to the target, which is a good deal to import.

    Raises:
        UsageProblem: The effort is none, or the profile is wrong.
    """
    return str(settings_of(_given(config)).values["effort"])


def _given(config: pytest.Config) -> dict[str, Any]:
    return {option.field: getattr(config.option, f"cc_{option.field}", None) for option in OPTIONS}
