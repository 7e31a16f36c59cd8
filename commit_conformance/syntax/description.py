"""OpenAPI descriptions: ours, and one that a target gives of itself. Reading them, and comparing the two.

Nothing is tested without a description of the commit, so whatever is wrong with a file is told in one message, before
anything is sent. Knows files, URLs and plain JSON values; neither Schemathesis nor requests to a server under test.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from commit_conformance.specs import openapi

#: The operation under test, and the path it has in our description.
COMMIT = "post_files_upload_sessions_id_commit"
COMMIT_PATH = "/files/upload_sessions/{upload_session_id}/commit"
#: Bytes of a description that is fetched; the whole public one has less than a third of it.
_LIMIT = 16 * 1024 * 1024
_TIMEOUT = 30.0


class DescriptionProblem(Exception):
    """A description cannot be used; the message says which, why, and what to do."""


def read_description(source: str | Path) -> dict[str, Any]:
    """Reads an OpenAPI description from a file or an ``http(s)`` URL.

    Raises:
        DescriptionProblem: It cannot be read, is no JSON or YAML, or is no OpenAPI 3 description.
    """
    document = parse_description(source)
    if not isinstance(document, dict):
        raise DescriptionProblem(f"{source} holds {type(document).__name__}, not an OpenAPI description")
    if not str(document.get("openapi", "")).startswith("3."):
        raise DescriptionProblem(
            f"{source} does not say which version of OpenAPI 3 it is written in (`openapi: 3.1.0`)"
        )
    if not isinstance(document.get("paths"), dict):
        raise DescriptionProblem(f"{source} has no paths, so it describes no operation")
    return document


def parse_description(source: str | Path) -> Any:
    """Parses a file, or what a URL gives, whatever it describes.

    Raises:
        DescriptionProblem: It cannot be read, or is neither JSON nor YAML.
    """
    try:
        text = _fetch(source) if isinstance(source, str) and "://" in source else Path(source).read_bytes()
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise DescriptionProblem(f"cannot read the description {source}: {error}") from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise DescriptionProblem(f"{source} is neither JSON nor YAML: {said[:300]}") from None


def _fetch(url: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise ValueError("only http and https are fetched")
    with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
        data: bytes = answer.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise ValueError(f"it is larger than {_LIMIT} bytes")
    return data


def commit_operation(
    document: Mapping[str, Any], *, source: str | Path = "the description"
) -> tuple[str, dict[str, Any]]:
    """Path and operation of the commit: by its operation id, or by the end of its path.

    Raises:
        DescriptionProblem: There is none.
    """
    paths = document.get("paths", {})
    for path, item in paths.items():
        operation = item.get("post") if isinstance(item, dict) else None
        if isinstance(operation, dict) and (operation.get("operationId") == COMMIT or _is_commit_path(path)):
            return path, operation
    raise DescriptionProblem(
        f"{source} does not describe the commit: no operation has the id {COMMIT}, and no path ends in "
        f"upload_sessions/{{…}}/commit with a post; {len(paths)} paths were looked at"
    )


def _is_commit_path(path: str) -> bool:
    steps = path.rstrip("/").split("/")
    return len(steps) >= 3 and steps[-1] == "commit" and steps[-2].startswith("{") and steps[-3] == "upload_sessions"


def disagreements(theirs: Mapping[str, Any], *, source: str | Path = "the target's description") -> list[str]:
    """Where a target's own description of the commit disagrees with ours, a line each; empty where it does not.

    Compared are the required headers, the content type and the required members of the body, and which answers are
    documented. What theirs says beyond ours is no disagreement, unless a client that knows ours alone would be refused.

    Raises:
        DescriptionProblem: Theirs does not describe the commit, or refers to what is not there.
    """
    their_path, their_operation = commit_operation(theirs, source=source)
    our_document = openapi()
    _, our_operation = commit_operation(our_document)
    our_headers = _headers(our_document, our_document["paths"][COMMIT_PATH], our_operation)
    their_headers = _headers(theirs, theirs["paths"][their_path], their_operation)
    found = []
    for name, needed in our_headers.items():
        if name not in their_headers:
            found.append(f"the header {name} is not described")
        elif needed and not their_headers[name]:
            found.append(f"the header {name} is optional, and required here")
        elif their_headers[name] and not needed:
            found.append(f"the header {name} is required, and optional here")
    found += [
        f"the header {name} is required, and unknown here"
        for name, needed in their_headers.items()
        if needed and name not in our_headers
    ]
    found += _body_disagreements(our_document, our_operation, theirs, their_operation)
    documented = {str(status).upper() for status in their_operation.get("responses", {})}
    for status, answer in our_operation["responses"].items():
        if "OAS" not in _resolve(our_document, answer).get("x-source", ()):
            continue  # no answer of its own in the public description, so no other one need have it
        known = status in documented or f"{str(status)[0]}XX" in documented or "DEFAULT" in documented
        if not known:
            found.append(f"the answer {status} is not described")
    return found


def _body_disagreements(
    ours: Mapping[str, Any], our_operation: Mapping[str, Any], theirs: Mapping[str, Any], operation: Mapping[str, Any]
) -> Iterator[str]:
    our_type, our_needed = _body(ours, our_operation)
    types = _resolve(theirs, operation.get("requestBody", {})).get("content", {})
    if our_type not in {str(name).split(";")[0].strip().lower() for name in types}:
        yield f"the body is not described as {our_type}"
        return
    _, needed = _body(theirs, operation)
    for name in sorted(our_needed - needed):
        yield f"the body's member {name} is optional, and required here"
    for name in sorted(needed - our_needed):
        yield f"the body's member {name} is required, and optional here"


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> tuple[str, set[str]]:
    content = _resolve(document, operation.get("requestBody", {})).get("content", {})
    for name, media in content.items():
        if str(name).split(";")[0].strip().lower() == "application/json":
            described = _resolve(document, media.get("schema", {}))
            return "application/json", {str(member) for member in described.get("required", ())}
    return "application/json", set()


def _headers(document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each described request header is required, by its name in lower case."""
    found: dict[str, bool] = {}
    for parameter in (*item.get("parameters", ()), *operation.get("parameters", ())):
        resolved = _resolve(document, parameter)
        if resolved.get("in") == "header":
            found[str(resolved.get("name", "")).lower()] = bool(resolved.get("required", False))
    return found


def _resolve(document: Mapping[str, Any], node: Any) -> dict[str, Any]:
    """What a node refers to within its document, however often it is referred on."""
    for _ in range(32):
        if not isinstance(node, dict):
            raise DescriptionProblem(f"the description holds {node!r:.60} where an object is needed")
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node
        if not reference.startswith("#/"):
            raise DescriptionProblem(
                f"the description refers to {reference!r:.80}, outside itself; give it in one file"
            )
        node = document
        for token in reference[2:].split("/"):
            token = token.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, Mapping) or token not in node:
                raise DescriptionProblem(f"the description refers to {reference!r:.80}, which is not there")
            node = node[token]
    raise DescriptionProblem("the description refers to itself in a circle")


def check_description(source: str | Path, *, against: str | Path | None = None) -> None:
    """Ends with one message unless a description can be used and, where a second is given, agrees with it.

    Args:
        source: The description that cases are made from.
        against: What the target says of itself; None asks for no comparison.

    Raises:
        DescriptionProblem: See there.
    """
    commit_operation(read_description(source), source=source)
    if against is None:
        return
    found = disagreements(read_description(against), source=against)
    if found:
        raise DescriptionProblem(
            f"{against} disagrees with specs/commit.openapi.yaml on the commit: {'; '.join(found)}"
        )
