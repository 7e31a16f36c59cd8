"""What a load is asked to do. Options of a run that say how to reach the target mean the same here.

Every process of Locust reads them for itself: those of the command come to it in one variable of the environment, which
holds no token, and everything else from the variables and the profile that a run reads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commit_conformance.options import PREFIX, UsageProblem, out_folder
from commit_conformance.settings import checked, seconds_of, settings_of
from commit_conformance.target.settings import TargetSettings

#: What the command hands to the processes of Locust: options as JSON, and never a token.
VARIABLE = f"{PREFIX}LOAD"
OUT = "reports/load"
#: Requests of one user at the same moment: three identical commits.
_AT_ONCE = 3
#: Connections a process may need whatever its users do.
_LEAST_CONNECTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """A load's settings.

    Attributes:
        seed: What is drawn and every file's bytes follow from it; None for a new one.
        users: Users at the same time, all workers together.
        workers: Worker processes.
        seconds: How long to go on; None for no limit of time.
        commits: How many commits to send, about: each user ends what it is about; None for no limit.
        meetings: Share of the tasks, from 0 to 1, in which requests meet.
        out: Folder for reports and ledgers.
        ground: What is known of the target, where it was prepared already.
    """

    target: TargetSettings
    seed: int | None = None
    users: int = 10
    workers: int = 2
    seconds: float | None = 60.0
    commits: int | None = None
    meetings: float = 0.2
    out: Path = Path(OUT)
    ground: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def connections(self) -> int:
        """Connections that one process may need, all users of the load being in it."""
        return max(_LEAST_CONNECTIONS, self.users * _AT_ONCE)


def load_settings(
    given: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    host: str | None = None,
) -> LoadSettings:
    """The settings of a load from options, environment and profile.

    Args:
        given: Options by field name, those of the load among them; what the environment's `VARIABLE` holds by default.
        host: Locust's own option for the target's URL, where nothing else names one.

    Raises:
        UsageProblem: An option is wrong, or the target is the embedded service, which no process can share.
    """
    environment = os.environ if environment is None else environment
    chosen = dict(given if given is not None else json.loads(environment.get(VARIABLE, "{}")))
    ground = chosen.pop("ground", None)
    chosen.pop("worker", None)
    own = {name: chosen.pop(name, None) for name in ("users", "workers", "time", "commits", "meetings", "out")}
    if host and not chosen.get("target") and not environment.get(f"{PREFIX}TARGET"):
        chosen["target"] = host
    # The reports of a run are none of a load's; the folder is tried below.
    options = settings_of({**chosen, "out": own["out"] or OUT}, environment)
    settings = checked(options, environment)
    if settings.target.is_mock:
        raise UsageProblem(
            "--target: a load needs a server that several processes can reach, by its URL; "
            "for the mock server start `commit-conformance serve`"
        )
    return LoadSettings(
        target=settings.target,
        seed=settings.seed if options.value("seed") is not None else None,
        users=int(own["users"] or 10),
        workers=int(own["workers"] or 2),
        seconds=_seconds(own["time"], commits=own["commits"]),
        commits=own["commits"],
        meetings=0.2 if own["meetings"] is None else own["meetings"] / 100,
        out=out_folder(own["out"] or OUT),
        ground=ground,
    )


def _seconds(text: str | None, *, commits: int | None) -> float | None:
    """The time of a load: a minute where neither that nor a number of commits was given."""
    if text is None:
        return None if commits else 60.0
    seconds = seconds_of(text)
    if seconds is None:
        raise UsageProblem(f"--time {text!r} is not understood; write it as 90s, 10m or 1h")
    return float(seconds)
