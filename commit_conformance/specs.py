"""The contract as data: where ``specs/`` is, and what its OpenAPI description says.

This room owns finding the folder that holds ``specs/``, ``strategies/`` and ``tests/``, and loading
``specs/commit.openapi.yaml`` into plain JSON values. It knows nothing of what a request or an answer means: no model,
no HTTP, no validator. Whoever validates brings their own::

    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema("Files"), format_checker=Draft202012Validator.FORMAT_CHECKER)
    problems = list(validator.iter_errors(body))

Errors::

    SuiteNotFoundError(FileNotFoundError)   there is no specs/ where it should be
    UnknownSchemaError(LookupError)         no component schema has that name
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # PyYAML built without libyaml; the same values, some ten times slower
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

__all__ = ["DESCRIPTION", "SuiteNotFoundError", "UnknownSchemaError", "openapi", "schema", "suite_root"]

DESCRIPTION: Final = "specs/commit.openapi.yaml"
"""Path of the OpenAPI description below the suite's root."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_COMPONENT: Final = "#/components/schemas/"


class SuiteNotFoundError(FileNotFoundError):
    """Neither the installed suite nor a checkout is there.

    Attributes:
        looked_in: The folders that were tried, in order.
    """

    def __init__(self, looked_in: Iterable[Path]) -> None:
        self.looked_in = tuple(looked_in)
        places = ", ".join(str(place) for place in self.looked_in)
        super().__init__(
            f"no {DESCRIPTION} in any of: {places}; install the package from its wheel, or run from a full checkout"
        )


class UnknownSchemaError(LookupError):
    """The description has no component schema of that name.

    Attributes:
        name: The name that was asked for.
        near: Existing names that look like it, the most similar first.
    """

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.near = tuple(difflib.get_close_matches(name, list(known)))
        hint = f"; did you mean {' or '.join(map(repr, self.near))}?" if self.near else ""
        super().__init__(f"{DESCRIPTION} has no schema {name!r}{hint}")


class _JsonValuesLoader(_SafeLoader):
    """Reads YAML into JSON values alone: a date-time stays the string it is written as.

    YAML 1.1 turns an unquoted ``2012-12-12T10:53:43-08:00`` into a ``datetime``, which fits no JSON Schema type and can
    no longer be told from the same instant written otherwise.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads this name from the class
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
    }


def suite_root() -> Path:
    """Find the folder that holds ``specs/``, ``strategies/`` and ``tests/``.

    It is ``_suite`` inside the package where a wheel was installed, else the checkout around the package.

    Returns:
        An absolute path.

    Raises:
        SuiteNotFoundError: Neither is there.
    """
    return _find_root(Path(__file__).resolve().parent)


def _find_root(package: Path) -> Path:
    # The file, not the folder, is looked for: other projects have a folder named specs beside their packages too.
    candidates = (package / "_suite", package.parent)
    for candidate in candidates:
        if (candidate / DESCRIPTION).is_file():
            return candidate
    raise SuiteNotFoundError(candidates)


@functools.cache
def openapi() -> dict[str, Any]:
    """Give the OpenAPI 3.1 description of the commit and of the operations around it.

    It is read once; everybody gets the same object, so take a copy before changing anything.

    Returns:
        The document, of JSON values only.

    Raises:
        SuiteNotFoundError: The file is not there.
    """
    with (suite_root() / DESCRIPTION).open("rb") as file:
        document = yaml.load(file, Loader=_JsonValuesLoader)  # a subclass of the safe loader
    if not isinstance(document, dict):
        raise TypeError(f"{DESCRIPTION} should hold a mapping, not {type(document).__name__}")
    return document


def schema(name: str) -> dict[str, Any]:
    """Give one component schema as a JSON Schema of its own.

    What it refers to comes along below ``$defs``, so that a plain validator needs neither network nor registry.

    Args:
        name: Name of the component, such as ``Files``, ``File``, ``Error`` or ``UploadPart``.

    Returns:
        A JSON Schema of dialect 2020-12, new at each call.

    Raises:
        UnknownSchemaError: There is no such component.
        SuiteNotFoundError: The description is not there.
    """
    components: dict[str, Any] = openapi()["components"]["schemas"]
    if name not in components:
        raise UnknownSchemaError(name, components)
    wanted: set[str] = set()
    root = _with_local_refs(components[name], wanted)
    definitions: dict[str, Any] = {}
    while missing := sorted(wanted - definitions.keys()):
        for component in missing:
            definitions[component] = _with_local_refs(components[component], wanted)
    return {"$schema": _DIALECT, **root, **({"$defs": definitions} if definitions else {})}


def _with_local_refs(node: Any, wanted: set[str]) -> Any:
    """Copy a schema with its references turned to ``#/$defs/``, and note the names they point at in ``wanted``."""
    if isinstance(node, list):
        return [_with_local_refs(item, wanted) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _with_local_refs(value, wanted) for key, value in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str):
        component = reference.removeprefix(_COMPONENT)
        if component == reference or "/" in component:
            raise ValueError(f"{DESCRIPTION}: a schema may refer to {_COMPONENT}NAME only, not to {reference!r}")
        wanted.add(component)
        copy["$ref"] = f"#/$defs/{component}"
    return copy
