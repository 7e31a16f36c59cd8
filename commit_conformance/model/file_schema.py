"""The schema of a 201 body, compiled, and what one of its errors means in words.

Owns validating and the reading of formats. Which rule an error belongs to is decided in ``created``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from commit_conformance.model.dates import instant

_STANDARD = Draft202012Validator.FORMAT_CHECKER
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LEAP = re.compile(r"(.{16}:)60(.*)")
_ARTICLES = {"object": "an object", "array": "a list", "integer": "an integer", "null": "null"}
#: Of a value, or of the words it should be one of, as much as leaves room for the reason in a line of a report.
_SHOWN = 60


class FilesSchema:
    """The schema of a 201 body, compiled once.

    Args:
        document: A self-contained JSON Schema (2020-12) of the list of Files.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._validator = Draft202012Validator(document, format_checker=_formats())

    def errors(self, body: Any) -> Iterator[ValidationError]:
        """Every schema error, the innermost cause first where alternatives failed."""
        yield from self._validator.iter_errors(body)


def reason_of(error: ValidationError) -> str:
    """What is wrong, the member and its value first, in one line: long values are cut, the reason is not."""
    name = _name_of(error)
    found: Any = error.instance
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            return f"{name} has no {', '.join(member for member in limit if member not in found)}"
        case "type":
            kinds = [limit] if isinstance(limit, str) else limit
            return f"{name} is {_shown(found)}, not {' or '.join(_ARTICLES.get(kind, f'a {kind}') for kind in kinds)}"
        case "enum" | "const":
            words = ", ".join(_shown(word) for word in (limit if error.validator == "enum" else [limit]))
            return f"{name} is {_shown(found)}, none of {words:.{2 * _SHOWN}}"
        case "pattern":
            return f"{name} is {_shown(found)}, which does not match {limit:.{_SHOWN}}"
        case "format":
            return f"{name} is {_shown(found)}, which is no {limit:.{_SHOWN}}"
        case "minimum" | "maximum":
            return f"{name} is {_shown(found)}, {'less' if error.validator == 'minimum' else 'more'} than {limit}"
        case "minLength" | "maxLength":
            compared = "fewer" if error.validator == "minLength" else "more"
            return f"{name} has {len(found)} characters, {compared} than {limit}: {_shown(found)}"
        case "minItems" | "maxItems":
            return (
                f"{name} has {len(found)} entries, {'fewer' if error.validator == 'minItems' else 'more'} than {limit}"
            )
    return error.message[:200]


def _name_of(error: ValidationError) -> str:
    steps = list(error.absolute_path)
    if not steps:
        return "the body"
    if isinstance(steps[-1], int):
        return f"entry {steps[-1]} of {steps[-2] if len(steps) > 1 else 'the body'!s:.{_SHOWN}}"
    return f"{steps[-1]:.{_SHOWN}}" or "the member without a name"


def _shown(value: Any) -> str:
    """A value as JSON has it; of what holds others only the kind, which may be deep."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    return f"{value!r:.{_SHOWN}}"


def _formats() -> FormatChecker:
    """The standard's formats, without two slips of the usual validators.

    They end in ``$``, which also takes a line feed at the end. They know no leap seconds, which RFC 3339 has, and they
    take ``@`` for an address.
    """
    checker = FormatChecker(formats=())
    checker.checkers = {
        **_STANDARD.checkers,
        "date-time": (_if_text(_is_date_time), ()),
        "uri": (_if_text(lambda text: not _CONTROL.search(text) and bool(_STANDARD.conforms(text, "uri"))), ()),
        "email": (_if_text(_is_email), ()),
    }
    return checker


def _if_text(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    """A format says nothing about values that are no text."""
    return lambda value: not isinstance(value, str) or bool(holds(value))


def _is_date_time(text: str) -> bool:
    if _CONTROL.search(text):
        return False
    leap = _LEAP.fullmatch(text)
    if leap is None:
        return bool(_STANDARD.conforms(text, "date-time"))
    # A minute has 61 seconds only where the next one begins a day, in UTC.
    before, after = leap.groups()
    following = instant(text)
    right_else = bool(_STANDARD.conforms(f"{before}59{after}", "date-time"))
    return right_else and following is not None and following // 1 % 86400 == 0


def _is_email(text: str) -> bool:
    user, at, host = text.rpartition("@")
    return bool(user and at and host) and not _CONTROL.search(text)
