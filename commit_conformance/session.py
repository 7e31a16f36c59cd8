"""What the command, the plugin and the conductor hand to each other through pytest's session.

Nothing heavy is imported here: a controller of xdist needs no more than this before it starts its workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commit_conformance.options import OPTIONS
from commit_conformance.process import StopSignals
from commit_conformance.settings import run_settings

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
    given = {option.field: getattr(config.option, f"cc_{option.field}", None) for option in OPTIONS}
    return run_settings(given, drawn_seed=config.stash.get(SEED, None))
