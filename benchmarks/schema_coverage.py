"""How much of the File schema the drawn bodies reach, place by place.

    python -m benchmarks.schema_coverage                 # prints the table, and writes reports/file-schema-coverage.md
    python -m benchmarks.schema_coverage --right 200 --near 1

What the schema says of a place is a list of aspects: each JSON type, each word of a list, a pattern, a format, a bound
that is just reached, a member left out. Right bodies have to show every one of them, and be accepted. Near misses have
to break every keyword at every place, and be refused there. Nothing is random: each run draws the same bodies.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from commit_conformance.model import Answer, FilesSchema, Problem, WantedFile, check_created
from commit_conformance.specs import schema
from strategies.files import AGREEMENT, NEEDED, NearFile, Wrong, files, near_files, wrongs_of
from strategies.schema_places import JUDGED_FORMATS, Place, pointer, read_schema

REPORT = Path(__file__).parent.parent / "reports" / "file-schema-coverage.md"
COMMAND = "python -m benchmarks.schema_coverage"
#: Enough for every aspect: the rarest is one word of fourteen in a list that few Files have.
RIGHT_BODIES = 500
#: Bodies for each fault: the least one, and one with members around it.
NEAR_BODIES = 2
WANTED = WantedFile(
    name="Contract.pdf",
    parent_id="12345",
    size=629644,
    sha1="134b65991ed521fcfe4724b7d814ab8ded5185dc",
    owner_id="42",
)
#: What the schema allows and no right answer to a commit shows.
NEVER_RIGHT = {
    ("/entries/*/item_status", 'word "trashed"'): "the file was just created",
    ("/entries/*/item_status", 'word "deleted"'): "the file was just created",
    ("/entries/*/trashed_at", "type string"): "the file was just created",
    ("/entries/*/trashed_at", "format date-time"): "the file was just created",
    ("/entries/*/purged_at", "type string"): "the file was just created",
    ("/entries/*/purged_at", "format date-time"): "the file was just created",
    ("/entries/*/size", "at minimum"): "no upload session is of an empty file",
    ("/entries/*/path_collection/total_count", "at minimum"): "the path ends with the session's folder",
    **{(f"/entries/*/{name}", "left out"): "every File has it" for name in NEEDED},
}


@dataclass(slots=True, kw_only=True)
class Coverage:
    """What was seen, by place of the schema.

    Attributes:
        shown: How many right bodies showed an aspect of a place.
        alarms: Problems that were found in right bodies; there should be none.
        near: How many near misses there were of each fault.
        refused: How many of them were refused at their place, and nowhere else.
        seconds: Seconds taken to draw and judge right bodies, and near misses.
    """

    shown: Counter[tuple[str, str]] = field(default_factory=Counter)
    alarms: list[Problem] = field(default_factory=list)
    near: Counter[Wrong] = field(default_factory=Counter)
    refused: Counter[Wrong] = field(default_factory=Counter)
    bodies: int = 0
    seconds: tuple[float, float] = (0.0, 0.0)


def aspects_of(place: Place) -> list[str]:
    """All that a right value of a place can show."""
    if place.words is not None:
        return [f"word {json.dumps(word)}" for word in place.words]
    found = [f"type {name}" for name in place.types]
    found += ["pattern"] if place.pattern is not None else []
    found += [f"format {place.format}"] if place.format in JUDGED_FORMATS else []
    return found + [f"at {name}" for name in place.bounds]


def aspects_in(value: Any, place: Place) -> Iterator[tuple[str, str]]:
    """The aspects that a right value shows, of its place and of all below, as place and aspect."""
    for aspect in aspects_of(place):
        if _shows(value, aspect, place):
            yield str(place), aspect
    if isinstance(value, dict):
        for name in place.optional:
            if name not in value:
                yield pointer((*place.path, name)), "left out"
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, below in steps:
        member = place.step(str(name))
        if member is not None:
            yield from aspects_in(below, member)


def _shows(value: Any, aspect: str, place: Place) -> bool:
    kind, _, name = aspect.partition(" ")
    match kind:
        case "word":
            return json.dumps(value) == name
        case "type":
            return _type_of(value) == name
        case "at":
            measured = value if name in ("minimum", "maximum") else len(value) if value is not None else None
            return bool(measured == place.bounds[name])
    return isinstance(value, str)


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", float: "number", type(None): "null"}
    return names[type(value)]


def expected(root: Place) -> dict[tuple[str, str], str | None]:
    """Every aspect of every place, with the reason why no right answer shows it, or None."""
    found: dict[tuple[str, str], str | None] = {}
    for place in root.below():
        for aspect in aspects_of(place):
            found[str(place), aspect] = None
        for name in place.optional:
            found[pointer((*place.path, name)), "left out"] = None
    return {key: NEVER_RIGHT.get(key) for key in found}


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """The first bodies that a strategy draws: always the same ones."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def problems_of(body: Any, wanted: WantedFile, files_schema: FilesSchema) -> list[Problem]:
    """What the oracle says of a body."""
    headers = {"content-type": ("application/json",)}
    return check_created(Answer(status=201, headers=headers, body=json.dumps(body).encode()), wanted, files_schema)


def places_told(near: NearFile) -> set[str]:
    """The pointers by which a near miss may be told: its place, or the object that lacks a member."""
    return {near.pointer} | ({near.pointer.rpartition("/")[0]} if near.wrong.kind.startswith("required ") else set())


def measure(right: int, near: int) -> Coverage:
    """Draw, judge, and count."""
    document, judged = schema("CommittedFiles"), FilesSchema(schema("Files"))
    root, coverage = read_schema(document), Coverage()
    began = time.perf_counter()
    for body in drawn(files(document, WANTED), right):
        coverage.bodies += 1
        coverage.alarms += problems_of(body, WANTED, judged)
        coverage.shown.update(set(aspects_in(body, root)))
    half = time.perf_counter()
    for wrong in wrongs_of(document, WANTED):
        for miss in drawn(near_files(document, WANTED, wrongs=[wrong]), near):
            told = {problem.pointer for problem in problems_of(miss.body, WANTED, judged)}
            coverage.near[wrong] += 1
            coverage.refused[wrong] += bool(told) and told <= places_told(miss)
    coverage.seconds = (half - began, time.perf_counter() - half)
    return coverage


def report(coverage: Coverage) -> str:
    """The figures and the table, as Markdown."""
    root = read_schema(schema("CommittedFiles"))
    wanted = expected(root)
    right = [key for key, reason in wanted.items() if reason is None]
    shown = [key for key in right if coverage.shown[key]]
    by_schema = [wrong for wrong in coverage.near if wrong.kind != AGREEMENT]
    agreement = [wrong for wrong in coverage.near if wrong.kind == AGREEMENT]
    caught = {wrong for wrong in coverage.near if coverage.refused[wrong] == coverage.near[wrong]}
    near = sum(coverage.near.values())
    lines = [
        "# How much of the File schema is drawn",
        "",
        f"Made by `{COMMAND}`, which draws the same bodies each time.",
        "",
        "*Shown* counts what right bodies showed of a place: its types, words, pattern, format, bounds just reached,",
        "and that it was left out. *Refused* counts the kinds of fault at a place of which every near miss was refused",
        "at that place, and at no other.",
        "",
        "| | of | reached |",
        "|---|---|---|",
        f"| places of the schema | {len(list(root.below()))} | {len({place for place, _ in shown})} |",
        f"| aspects, in {coverage.bodies} right bodies | {len(right)} | {len(shown)} |",
        f"| right bodies accepted | {coverage.bodies} | {coverage.bodies if not coverage.alarms else 'not all'} |",
        f"| faults by the schema, in {near} near misses | {len(by_schema)} | {len(caught & set(by_schema))} |",
        f"| disagreements with the upload | {len(agreement)} | {len(caught & set(agreement))} |",
        "",
        "| place | shown | refused | not reached |",
        "|---|---|---|---|",
    ]
    for place in root.below():
        path = str(place)
        mine = [key for key in right if key[0] == path]
        wrongs = [wrong for wrong in coverage.near if wrong.path == place.path]
        missing = [aspect for key, aspect in mine if not coverage.shown[key, aspect]]
        missing += [f"fault: {wrong.kind}" for wrong in wrongs if wrong not in caught]
        row = (
            f"`{path or '/'}`",
            f"{len(mine) - len([1 for key in mine if not coverage.shown[key]])} of {len(mine)}",
            f"{len([1 for wrong in wrongs if wrong in caught])} of {len(wrongs)}",
            ", ".join(missing),
        )
        lines.append("| " + " | ".join(row).rstrip() + " |")
    lines += ["", "Allowed by the schema, and in no right answer to a commit:", ""]
    lines += [f"- `{path}`, {aspect}: {reason}" for (path, aspect), reason in wanted.items() if reason]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="How much of the File schema the drawn bodies reach.")
    parser.add_argument("--right", type=int, default=RIGHT_BODIES, help="right bodies to draw")
    parser.add_argument("--near", type=int, default=NEAR_BODIES, help="near misses to draw of each fault")
    parser.add_argument("--out", type=Path, default=REPORT, help="where to write the table")
    given_options = parser.parse_args()
    coverage = measure(given_options.right, given_options.near)
    text = report(coverage)
    print(text)
    right, near = coverage.seconds
    print(f"{right / coverage.bodies * 1000:.1f} ms a right body")
    print(f"{near / sum(coverage.near.values()) * 1000:.1f} ms a near miss")
    for problem in coverage.alarms:
        print(f"false alarm: {problem}")
    given_options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
