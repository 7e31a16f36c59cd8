"""Words for places and amounts, so that what a plan sends can be read without counting from zero or from behind."""

from __future__ import annotations

_ORDINALS = ("first", "second", "third")


def part_text(at: int) -> str:
    """The part that Python's index ``at`` means: ``the first part``, ``part 5``, ``the last part but one``."""
    if at >= 0:
        return f"the {_ORDINALS[at]} part" if at < len(_ORDINALS) else f"part {at + 1}"
    return {-1: "the last part", -2: "the last part but one"}.get(at, f"part {-at} from the end")


def amount_text(count: int, unit: str = "byte") -> str:
    """``1 byte``, ``2 bytes``; the sign is left to `off_by`."""
    return f"{abs(count):,} {unit}{'' if abs(count) == 1 else 's'}"


def off_by(by: int, member: str, unit: str = "byte") -> str:
    """How far a number is off: ``1 byte too large`` of a size, ``2 bytes too far`` of an offset."""
    larger, smaller = ("too far", "too early") if member == "offset" else ("too large", "too small")
    return f"{amount_text(by, unit)} {larger if by > 0 else smaller}"
