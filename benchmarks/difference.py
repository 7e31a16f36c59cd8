"""Two results of `benchmarks.speed` beside each other, for people to read: it never fails for a figure.

    python -m benchmarks.difference OLD.json NEW.json            # a Markdown table
    python -m benchmarks.difference OLD.json NEW.json --all      # also what has hardly changed

Where a measure was set in relation to another one of its own run, the relations are compared: those of two machines, or
of one that was busy, can be. Otherwise the medians are. A change counts where the values of the two do not overlap.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measured import Measure, load, shown


def compared(before: Sequence[Measure], after: Sequence[Measure], *, everything: bool = True) -> list[str]:
    """A Markdown table of the measures that are in both.

    Args:
        everything: Also those that have hardly changed.
    """
    earlier = {(measure.section, measure.name): measure for measure in before}
    lines = ["| | before | after | after / before | |", "|---|---:|---:|---:|---|"]
    told = 0
    for measure in after:
        was = earlier.get((measure.section, measure.name))
        if was is None or not was.typical:
            continue
        relation, former = _relation(measure, after), _relation(was, before)
        in_relation = relation is not None and former is not None and former > 0
        change = relation / former if in_relation and relation and former else measure.typical / was.typical
        word = _word(was, measure, change)
        if not (word or everything):
            continue
        told += 1
        texts = [shown(each.typical, each.unit) for each in (was, measure)]
        if in_relation:
            texts = [f"{text} ({value:.2f})" for text, value in zip(texts, (former, relation), strict=True)]
        lines.append(f"| {measure.section}: {measure.name} | {texts[0]} | {texts[1]} | {change:.2f} | {word} |")
    missing = sorted({f"{section}: {name}" for section, name in earlier} - {f"{m.section}: {m.name}" for m in after})
    note = ["", "In brackets: how many times the measure that it is set in relation to."]
    note += [f"Not measured again: {'; '.join(missing)}."] if missing else []
    return [*lines, *note] if told else ["Nothing has changed by more than it varies."]


def _relation(measure: Measure, among: Sequence[Measure]) -> float | None:
    """How many times the measure it is set in relation to; None without one."""
    other = next((m for m in among if (m.section, m.name) == (measure.section, measure.against)), None)
    return measure.typical / other.typical if other is not None and other.typical else None


def _word(was: Measure, now: Measure, change: float) -> str:
    """``better`` or ``worse``, where it is neither chance nor a count."""
    apart = was.spread[1] < now.spread[0] or now.spread[1] < was.spread[0]
    if now.less_is_better is None or not apart or abs(change - 1) < 0.05:
        return ""
    return "better" if (change < 1) == now.less_is_better else "worse"


def main(given: Sequence[str] | None = None) -> int:
    """Prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--all", action="store_true", help="also what has hardly changed")
    options = parser.parse_args(given)
    try:
        (old, before), (new, after) = load(options.before), load(options.after)
    except ValueError as problem:
        parser.error(str(problem))
    if old["machine"] != new["machine"]:
        print(f"Two machines: {old['machine']} and {new['machine']}; only relations can be compared.\n")
    print("\n".join(compared(before, after, everything=options.all)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
