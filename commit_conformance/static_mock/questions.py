"""What our description documents of the commit and of the session calls around it: the answers a mock may be asked for.

Owns reading ``specs/commit.openapi.yaml`` for that purpose. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from commit_conformance.specs import openapi

__all__ = ["COMMIT", "DocumentedAnswer", "documented_answers", "example_of"]

COMMIT: Final = "post_files_upload_sessions_id_commit"
"""The operation under test."""
_TAGS: Final = ("commit", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedAnswer:
    """One answer that the description documents.

    Attributes:
        operation: Id of the operation.
        status: Its status.
        example: Name of one of its examples; None for whichever the mock takes.
    """

    operation: str
    status: int
    example: str | None = None


def documented_answers(*, of_commit: bool) -> Iterator[DocumentedAnswer]:
    """Every documented status of the commit, or of the calls around it; then every one of their examples by its name.

    One example alone needs no asking for: it is the one that the status gets by itself.
    """
    document = openapi()
    operations = [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters" and isinstance(operation, dict) and set(operation.get("tags", ())) & set(_TAGS)
    ]
    answers = [
        (operation["operationId"], int(status), _resolved(document, response))
        for operation in operations
        for status, response in operation["responses"].items()
        if str(status).isdigit() and (operation["operationId"] == COMMIT) is of_commit
    ]
    for name, status, _ in answers:
        yield DocumentedAnswer(operation=name, status=status)
    for name, status, response in answers:
        examples = list(response.get("content", {}).get("application/json", {}).get("examples", {}))
        for example in examples if len(examples) > 1 else ():
            yield DocumentedAnswer(operation=name, status=status, example=example)


def example_of(name: str) -> Any:
    """The value of one of the description's examples: what a mock that serves our description knows."""
    return openapi()["components"]["examples"][name]["value"]


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while isinstance(node.get("$ref"), str):
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node
