"""Plans as JSON and back, so that a failing commit can be sent again by somebody else, later, to another server.

    >>> written(CommitPlan(parts=(Drop(at=0),)))
    {'is': 'CommitPlan', 'parts': {'tuple': [{'is': 'Drop', 'at': 0}]}}

Members that have their usual values are left out. JSON's own values stand for themselves but for objects, which are
written as pairs, because every object here says what it is.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import ModuleType
from typing import Any

from strategies import bodies, digests, entry_edits, liberties, part_edits, plan, preconditions, spellings
from strategies.plan import ABSENT, USUAL, CommitPlan

_MODULES: tuple[ModuleType, ...] = (plan, part_edits, entry_edits, digests, bodies, spellings, preconditions, liberties)
_SENTINELS = {"ABSENT": ABSENT, "USUAL": USUAL}


class NotWritable(TypeError):
    """There is something in a plan that has no form as JSON, such as what Schemathesis has drawn."""


class NotAPlan(ValueError):
    """What was read is no plan; the message says where it is wrong."""


def written(value: Any) -> Any:
    """A plan, or anything a plan is made of, as JSON.

    Raises:
        NotWritable: There is something in it that has no such form.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    for name, sentinel in _SENTINELS.items():
        if value is sentinel:
            return {"value": name}
    match value:
        case bytes():
            return {"bytes": base64.b64encode(value).decode("ascii")}
        case list():
            return [written(item) for item in value]
        case tuple():
            return {"tuple": [written(item) for item in value]}
        case Mapping():
            return {"object": [[key, written(item)] for key, item in value.items()]}
    if type(value) in _kinds().values():
        told = {item.name: getattr(value, item.name) for item in fields(value)}
        usual = {item.name: _usual(item) for item in fields(value)}
        changed = {name: each for name, each in told.items() if not _same(each, usual[name])}
        return {"is": type(value).__name__, **{name: written(each) for name, each in changed.items()}}
    raise NotWritable(f"{type(value).__name__} cannot be written")


def read(data: Any) -> Any:
    """What `written` has made JSON of.

    Raises:
        NotAPlan: It has not made this.
    """
    if isinstance(data, list):
        return [read(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "is" in data:
        kind = _kinds().get(str(data["is"]))
        if kind is None:
            raise NotAPlan(f"{str(data['is'])[:60]!r} is not known here; perhaps a later version has written it")
        members = {name: read(item) for name, item in data.items() if name != "is"}
        try:
            return kind(**members)
        except TypeError as error:
            raise NotAPlan(f"{kind.__name__}: {error}") from None
    readers: dict[str, Callable[[Any], Any]] = {
        "float": float,
        "value": _SENTINELS.__getitem__,
        "bytes": lambda text: base64.b64decode(text, validate=True),
        "tuple": lambda items: tuple(read(item) for item in items),
        "object": lambda pairs: {key: read(item) for key, item in pairs},
    }
    try:
        ((name, inner),) = data.items()
        return readers[name](inner)
    except (ValueError, KeyError, TypeError) as error:
        raise NotAPlan(f"{str(data)[:60]!r} stands for nothing ({type(error).__name__})") from None


def read_plan(data: Any) -> CommitPlan:
    """A plan from JSON.

    Raises:
        NotAPlan: It is none.
    """
    value = read(data)
    if not isinstance(value, CommitPlan):
        raise NotAPlan(f"{str(data)[:60]!r} is not a plan")
    return value


@cache
def _kinds() -> dict[str, type[Any]]:
    """Everything a plan may be made of, by name."""
    kinds: dict[str, type[Any]] = {}
    for module in _MODULES:
        for value in vars(module).values():
            ours = isinstance(value, type) and is_dataclass(value) and value.__module__ == module.__name__
            if ours and (value is CommitPlan or hasattr(value, "apply") or hasattr(value, "render")):
                assert value.__name__ not in kinds, value
                kinds[value.__name__] = value
    return kinds


def _usual(item: Any) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else MISSING


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type: False is not 0 on the wire."""
    return one is other or (type(one) is type(other) and bool(one == other) and repr(one) == repr(other))
