"""What a fault is.

A fault is a subclass of `Decisions` that overrides one decision or a few; several combine by inheritance, each calling
on to the next with ``super()``. Its name is its class name in kebab case, its summary the first line of its docstring.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from commit_conformance.reference.decisions import Decisions

__all__ = ["Fault"]


class Fault(Decisions):
    """A documented way of being wrong.

    Attributes:
        name: Kebab-case name.
        summary: One sentence.
        rules: Ids of the rules that are expected to fail.
        needs: Settings without which the fault would not show; they yield to settings made on purpose.
    """

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    rules: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, *, rules: str = "", needs: Mapping[str, Any] | None = None, **more: Any) -> None:
        super().__init_subclass__(**more)
        if rules:
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__).lower()
            cls.summary = (cls.__doc__ or "").strip().split("\n")[0]
            cls.rules = tuple(rules.split())
            cls.needs = dict(needs or {})
