"""How long a run will still take: estimated where there is something to go by, and nowhere else.

An earlier run of the same kind says how long each rule takes. Without one the budget says what is the most that can
still be sent, and the run itself how fast it sends.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

#: An earlier run has to speak of so much of what is to come to say anything of it.
_COVERED = 0.8
#: Rules after which this run's speed can be compared with that of the earlier one: before, one slow rule decides.
_ENOUGH_RULES = 5
#: Requests and seconds after which a run's speed is known.
_ENOUGH_REQUESTS, _ENOUGH_SECONDS = 20, 5.0
#: Logs that are larger are not read for an estimate, which should cost nothing. Bytes.
_LARGEST_LOG = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """Seconds that are left: an estimate, or, with ``at_most``, a bound that a run seldom reaches."""

    seconds: float
    at_most: bool


def time_left(
    *,
    elapsed: float,
    done: Collection[str],
    to_come: Collection[str],
    earlier: Mapping[str, float],
    requests: tuple[int, int | None],
    most: int | None,
) -> TimeLeft | None:
    """How long a run will still take; None where nothing says.

    Args:
        elapsed: Seconds since it began.
        done, to_come: Rules that have a verdict, and those that have none yet.
        earlier: Seconds that each rule took in an earlier run of the same kind.
        requests: Upload requests so far, and the most there may be; None is no limit.
        most: Seconds after which the run asks nothing more; None is no limit.
    """
    if not to_come:
        return None
    known = [rule for rule in to_come if rule in earlier]
    took = sum(earlier.get(rule, 0.0) for rule in done)
    if took > 0 and len(known) >= _COVERED * len(to_come):
        if len(done) < _ENOUGH_RULES:
            return None
        seconds = elapsed / took * sum(earlier[rule] for rule in known) * len(to_come) / len(known)
        return TimeLeft(seconds=seconds if most is None else max(0.0, min(seconds, most - elapsed)), at_most=False)
    bounds = [] if most is None else [most - elapsed]
    spent, limit = requests
    if limit is not None and spent >= _ENOUGH_REQUESTS and elapsed >= _ENOUGH_SECONDS:
        bounds.append((limit - spent) * elapsed / spent)
    return TimeLeft(seconds=max(0.0, min(bounds)), at_most=True) if bounds else None


def earlier_seconds(path: Path, *, target: str, effort: str) -> dict[str, float]:
    """Seconds that each rule took in the run of this log; empty where it is none, or was another kind of run.

    Args:
        path: An event log, which may be missing, torn or no log at all.
        target, effort: Of the run that is about to begin.
    """
    seconds: dict[str, float] = {}
    try:
        if path.stat().st_size > _LARGEST_LOG:
            return {}
        with path.open(encoding="utf-8") as lines:
            header = json.loads(next(lines, "{}"))
            if header["target"]["url"] != target or header["effort"] != effort:
                return {}
            for line in lines:
                event = json.loads(line)
                if event.get("event") == "verdict" and event.get("test"):
                    seconds[str(event["rule"])] = float(event["seconds"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # a log that is torn has told something all the same
    return seconds
