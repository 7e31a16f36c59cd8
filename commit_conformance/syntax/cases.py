"""Cases of Schemathesis as commit plans: what it generates, bound to nothing yet.

Schemathesis makes a case from the description alone. `plan_of` keeps of it the one thing that the case is about, an
invalid body or header, or the attributes and unknown members of a valid one, and leaves everything else right. A plan
fits every session, so a case can be asked again, on another session, and judged by the model like any other commit.

Importing this module imports Schemathesis. Run as a program, it writes the file of cases that `drawn` reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation

from commit_conformance.specs import openapi, suite_root
from commit_conformance.syntax.description import COMMIT, commit_operation
from commit_conformance.syntax.drawn import CASES, Drawn, as_text
from commit_conformance.syntax.graft import DigestLines, Grafted
from strategies.bodies import Raw
from strategies.plan import ABSENT, CommitPlan

#: Headers of a commit that are bound to a session, and those that no case may bring along.
BOUND_HEADERS = ("digest", "if-match", "if-none-match")
_NOT_TAKEN = frozenset({*BOUND_HEADERS, "authorization", "content-type", "content-length", "host", "transfer-encoding"})


def load_operation(document: Mapping[str, Any] | None = None) -> Any:
    """The commit as Schemathesis sees it, whatever ``schemathesis.toml`` lies around: its configuration is empty.

    Args:
        document: An OpenAPI description; ours by default.

    Raises:
        DescriptionProblem: It does not describe the commit.
    """
    described = openapi() if document is None else document
    path, _ = commit_operation(described)
    loaded = schemathesis.openapi.from_dict(dict(described), config=schemathesis.Config.from_dict({}))
    return loaded[path]["POST"]


def covering(operation: Any, *, positive: bool) -> Iterator[Drawn]:
    """The cases of the coverage phase, each commit once: they touch every keyword of every parameter and of the body.

    Methods that are not described are left out, and so are paths: those are no commits.

    Args:
        positive: Those that the description allows, or those that it forbids.
    """
    seen: set[str] = set()
    loaded = operation.schema
    # The one call that is no part of Schemathesis' public interface: the version is pinned for it, and tested.
    cases = loaded.iter_coverage_cases(
        operation,
        generation_modes=[GenerationMode.POSITIVE if positive else GenerationMode.NEGATIVE],
        generation_config=loaded.config.generation_for(operation=operation, phase="coverage"),
        extra_data_source=None,
        error_feedback=None,
    )
    for case in cases:
        if is_commit(case) and not _is_negative(case, ParameterLocation.PATH):
            drawn = drawn_of(case)
            if drawn.positive is positive and drawn.makes not in seen:
                seen.add(drawn.makes)
                yield drawn


def every_case() -> tuple[Drawn, ...]:
    """All cases that cover a place of our description, those that it allows first."""
    operation = load_operation()
    return tuple(drawn for positive in (True, False) for drawn in covering(operation, positive=positive))


def made_by() -> str:
    """What makes the cases: Schemathesis, with its version."""
    return f"Schemathesis {schemathesis.__version__}"


def drawing(*, positive: bool) -> SearchStrategy[Case[Any]]:
    """Schemathesis' own strategy for commits that our description allows, or forbids."""
    mode = GenerationMode.POSITIVE if positive else GenerationMode.NEGATIVE
    strategy: SearchStrategy[Case[Any]] = load_operation().as_strategy(generation_mode=mode)
    return strategy


def drawn_of(case: Case[Any]) -> Drawn:
    """A case with the plan it becomes."""
    meta = case.meta
    positive = meta is None or meta.generation.mode is GenerationMode.POSITIVE
    data = meta.phase.data if meta is not None else None
    parts = [getattr(data, "parameter", None), getattr(data, "location", None)]
    place = " ".join(str(part) for part in parts if part)
    return Drawn(positive=positive, place=place, plan=plan_of(case))


def is_commit(case: Case[Any]) -> bool:
    """Whether a case is a commit by path and method."""
    commit = case.operation.definition.raw.get("operationId") == COMMIT or case.path.endswith("/commit")
    return bool(commit and case.method.upper() == "POST")


def plan_of(case: Case[Any]) -> CommitPlan:
    """The plan that differs from a right commit in what the case is about."""
    changes: dict[str, Any] = {}
    if isinstance(case.body, NotSet):
        changes.update(body=Raw(content=b""), content_type=ABSENT)
    elif not _is_negative(case, ParameterLocation.HEADER):
        changes["body"] = _body(case)
    given = {str(name).lower(): str(value) for name, value in (case.headers or {}).items()}
    if "content-type" in given:
        changes["content_type"] = given["content-type"]
    if _is_negative(case, ParameterLocation.HEADER):
        if "content-type" not in given:
            changes["digest"] = DigestLines(values=(given["digest"],) if "digest" in given else ())
        further = tuple((name, value) for name, value in given.items() if name not in _NOT_TAKEN and _sendable(value))
        changes["headers"] = further
    return CommitPlan(**changes)


def _body(case: Case[Any]) -> Grafted | Raw:
    if isinstance(case.body, bytes):
        return Raw(content=case.body)
    try:
        text = json.dumps(case.body, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        # Mixed keys, bytes and the like: what JSON cannot say is sent as text that is no JSON.
        return Raw(content=repr(case.body).encode("utf-8", "replace"))
    return Grafted(generated=text)


def _is_negative(case: Case[Any], location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta is not None else None
    return component is not None and component.mode is GenerationMode.NEGATIVE


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable()


def write_cases(path: Path) -> bool:
    """Writes the file of cases where it does not say the same already; whoever reads it meanwhile sees a whole one.

    Returns:
        Whether anything has changed.
    """
    text = as_text(every_case(), made_by=made_by())
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return True


if __name__ == "__main__":
    print(f"{CASES}: {'written' if write_cases(suite_root() / CASES) else 'says the same already'}")  # noqa: T201
