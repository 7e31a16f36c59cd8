"""Expressions of workflows, ``${{ … }}``, as far as the recipes use them.

Names with dots, texts, numbers, ``!``, ``==``, ``!=``, ``&&``, ``||``, parentheses and the functions that ask how the
steps before have ended. Everything else is refused, so that a recipe cannot use what nobody has interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>&&|\|\||[!=]=|[!()]))"
)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)

Functions = Mapping[str, Callable[[], bool]]


class NotUnderstood(AssertionError):
    """An expression uses what is not interpreted here."""


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """The value of an expression; a name that is not there is the empty text, as with GitHub."""
    tokens = _tokens(expression)
    value = _any_of(tokens, contexts, functions)
    if tokens:
        raise NotUnderstood(f"{expression!r}: {tokens[0][1]!r} was not expected")
    return value


def substitute(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """A text with its expressions replaced by their values."""
    return _EXPRESSION.sub(lambda match: written(evaluate(match[1], contexts, functions)), text)


def condition(text: str, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether a step or job is to be run; without a function in it, only where nothing before has failed."""
    inner = _EXPRESSION.fullmatch(text.strip())
    expression = inner[1] if inner else text
    asked = any(f"{name}()" in expression for name in functions)
    return (asked or functions["success"]()) and bool(evaluate(expression, contexts, functions))


def written(value: Any) -> str:
    """A value as it stands in a text."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, place = [], 0
    rest = expression.strip()
    while place < len(rest):
        match = _TOKEN.match(rest, place)
        if match is None:
            raise NotUnderstood(f"{expression!r}: {rest[place:]!r}")
        assert match.lastgroup is not None
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


def _any_of(tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions) -> Any:
    value = _all_of(tokens, contexts, functions)
    while _take(tokens, "||"):
        other = _all_of(tokens, contexts, functions)
        value = value or other
    return value


def _all_of(tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions) -> Any:
    value = _compared(tokens, contexts, functions)
    while _take(tokens, "&&"):
        other = _compared(tokens, contexts, functions)
        value = value and other
    return value


def _compared(tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions) -> Any:
    value = _single(tokens, contexts, functions)
    if _take(tokens, "=="):
        return written(value).lower() == written(_single(tokens, contexts, functions)).lower()
    if _take(tokens, "!="):
        return written(value).lower() != written(_single(tokens, contexts, functions)).lower()
    return value


def _single(tokens: list[tuple[str, str]], contexts: Mapping[str, Any], functions: Functions) -> Any:
    if not tokens:
        raise NotUnderstood("the expression ends too early")
    kind, token = tokens.pop(0)
    if token == "!":
        return not _single(tokens, contexts, functions)
    if token == "(":
        value = _any_of(tokens, contexts, functions)
        if not _take(tokens, ")"):
            raise NotUnderstood("a parenthesis is not closed")
        return value
    if kind == "text":
        return token[1:-1].replace("''", "'")
    if kind == "number":
        return int(token)
    if kind != "name":
        raise NotUnderstood(f"{token!r} was not expected")
    if _take(tokens, "("):
        if token not in functions or not _take(tokens, ")"):
            raise NotUnderstood(f"the function {token}")
        return functions[token]()
    return _looked_up(token, contexts)


def _looked_up(name: str, contexts: Mapping[str, Any]) -> Any:
    first, *rest = name.split(".")
    if first in ("true", "false"):
        return first == "true"
    if first not in contexts:
        raise NotUnderstood(f"the context {first}")
    value: Any = contexts[first]
    for part in rest:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value


def _take(tokens: list[tuple[str, str]], sign: str) -> bool:
    if tokens and tokens[0][1] == sign and tokens[0][0] == "sign":
        tokens.pop(0)
        return True
    return False
