"""What a 202, an error, and any answer at all must hold. The 201 has a module of its own, ``created``.

Each check gives the problems it found, every one under the rule it breaks.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from commit_conformance.model.types import NOT_JSON, Answer, Problem

_SECONDS = re.compile(r"[0-9]{1,9}")
#: Lines only a stack trace has: Python, Java and .NET, Node, Go, Ruby, PHP, Rust.
_STACK_TRACE = re.compile(
    r"Traceback \(most recent call last\)"
    r"|File \"[^\"]+\", line \d+, in "
    r"|(?:^|\")\s*at [\w$.<>/@-]+\([\w$.]+(?:\.java|\.kt|\.scala|\.cs|\.[jt]s)?:\d+"
    r"|(?:^|\")\s*at .+ in .+:line \d+"
    r"|(?:^|\")\s*at .+\((?:/|[A-Z]:\\|node:|file:)[^)]*:\d+:\d+\)"
    r"|goroutine \d+ \[running\]"
    r"|\.rb:\d+:in [`']"
    r"|#\d+ /\S+\.php\(\d+\)"
    r"|(?:^|\")thread '[^']*'(?: \(\d+\))? panicked at ",
    re.MULTILINE,
)
_ERROR_RULES = {409: "CONFLICT-BODY", 412: "PRECONDITION-BODY"}
#: Statuses a proxy or server framework answers on its own, before the API sees the request.
OFTEN_NOT_THE_API = frozenset({401, 403, 405, 407, 408, 411, 413, 414, 421, 426, 429, 431})


def check_accepted(answer: Answer) -> list[Problem]:
    """What a 202 must hold: Retry-After in whole seconds, and no body."""
    problems = []
    retry_after = answer.headers.get("retry-after", ())
    if not retry_after:
        problems.append(Problem("ACCEPTED-RETRY-AFTER", "the 202 has no Retry-After header"))
    elif len(retry_after) > 1 or not _SECONDS.fullmatch(retry_after[0].strip()):
        shown = ", ".join(retry_after)[:80]
        problems.append(Problem("ACCEPTED-RETRY-AFTER", f"Retry-After is {shown!r}, not a whole number of seconds"))
    if answer.body.strip():
        problems.append(Problem("ACCEPTED-EMPTY", f"the 202 has a body of {len(answer.body)} bytes"))
    return problems


def retry_after_seconds(answer: Answer) -> float | None:
    """The seconds an answer asks to wait; None when it names none in the documented form."""
    value = (answer.header("retry-after") or "").strip()
    return float(value) if _SECONDS.fullmatch(value) else None


def check_error(answer: Answer) -> list[Problem]:
    """What the body of a refused commit must hold: a JSON error whose status is the answer's.

    Statuses that proxies and frameworks answer by themselves, and 5xx, are not held to it.
    """
    if not 400 <= answer.status <= 499 or answer.status in OFTEN_NOT_THE_API:
        return []
    rule = _ERROR_RULES.get(answer.status, "ERROR-BODY")
    body = answer.json
    if body is NOT_JSON:
        return [Problem(rule, f"the body of the {answer.status} is not JSON")]
    if not isinstance(body, dict):
        return [Problem(rule, f"the body of the {answer.status} is not an object")]
    problems = []
    if body.get("type") != "error":
        problems.append(Problem(rule, f"type is {_shown(body.get('type'))}, not 'error'", "/type"))
    status = body.get("status")
    if isinstance(status, bool) or not isinstance(status, int) or status != answer.status:
        problems.append(Problem(rule, f"status is {_shown(status)}, the answer's is {answer.status}", "/status"))
    for member in ("code", "message", "request_id", "help_url"):
        if member in body and not isinstance(body[member], str):
            problems.append(Problem(rule, f"{member} is {_shown(body[member])}, not a string", f"/{member}"))
    if "code" in body and body["code"] == "":
        problems.append(Problem(rule, "code is empty", "/code"))
    context = body.get("context_info")
    if context is not None and not isinstance(context, dict):
        problems.append(Problem(rule, f"context_info is {_shown(context)}, not an object", "/context_info"))
    return problems


def check_any(answer: Answer, *, token: str | None) -> list[Problem]:
    """What holds for every answer: no token echoed, no stack trace in an error, no redirect that turns POST into GET.

    Args:
        answer: The answer as received, before redaction.
        token: The token that was sent; None when none was.
    """
    problems = []
    if token and len(token) >= 6:
        needle = token.encode()
        if needle in answer.body:
            problems.append(Problem("TOKEN-ECHO", "the body holds the token that was sent"))
        elif any(token in value for values in answer.headers.values() for value in values):
            problems.append(Problem("TOKEN-ECHO", "a header holds the token that was sent"))
    if answer.status >= 400:
        found = _STACK_TRACE.search(_text(answer))
        if found:
            problems.append(Problem("ERROR-LEAK", f"the error holds a stack trace: {found.group().strip()[:80]!r}"))
    if answer.status in (301, 302, 303):
        problems.append(Problem("NO-REDIRECT", f"the commit is redirected with {answer.status}, which makes it a GET"))
    if answer.status == 304 and answer.body:
        problems.append(Problem("NOT-MODIFIED-EMPTY", f"the 304 has a body of {len(answer.body)} bytes"))
    if answer.status == 401 and not answer.headers.get("www-authenticate"):
        problems.append(Problem("AUTH-CHALLENGE", "the 401 has no WWW-Authenticate header"))
    if answer.status == 429 and retry_after_seconds(answer) is None and not _is_http_date(answer.header("retry-after")):
        problems.append(Problem("ERROR-RATE-LIMIT", "the 429 has no Retry-After with seconds or a date"))
    return problems


def _is_http_date(value: str | None) -> bool:
    """Whether a header's value is a date (RFC 9110, section 5.6.7)."""
    try:
        return value is not None and parsedate_to_datetime(value) is not None
    except ValueError:
        return False


def _text(answer: Answer) -> str:
    """The body as a person would read it: JSON strings hold their line breaks escaped."""
    text = answer.body[:65536].decode("utf-8", "replace")
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _shown(value: object) -> str:
    return "missing" if value is None else repr(value)[:60]
