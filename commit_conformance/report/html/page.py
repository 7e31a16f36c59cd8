"""The report as one HTML page: no files beside it, nothing loaded from anywhere, nothing that needs a script.

What a target sent is shown here too, so two things are not left to the template's care: every value it prints goes
through :func:`commit_conformance.report.plain.plain` and is then escaped, and a content security policy allows nothing
but the page's own style sheet and script, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from commit_conformance.report.html.messages import answer_of, request_of
from commit_conformance.report.html.timeline import timeline
from commit_conformance.report.log import Log
from commit_conformance.report.plain import count_text, plain, plain_line, size_text
from commit_conformance.report.ruler.layout import lay_out
from commit_conformance.report.ruler.scale import scale_of
from commit_conformance.report.ruler.svg import ruler_svg
from commit_conformance.report.runs.fingerprint import fingerprint
from commit_conformance.report.summary import CONFORMS, DOES_NOT_CONFORM, summarize
from commit_conformance.report.verdicts import VERDICTS

_LONGEST = 2_000
"""Characters of one value, so that a page with many still opens."""
_LONGEST_BODY = 20_000
"""Characters of a body or command: enough for any part list worth reading."""
_MOST_PROBLEMS = 50
_MOST_STEPS = 200
_MOODS = {CONFORMS: "good", DOES_NOT_CONFORM: "bad"}


def render(log: Log) -> str:
    """Gives the page for a log: conclusion, failures worst first, what could not be tested, every rule, fingerprint."""
    summary = summarize(log)
    style, script = _source("page.css"), _source("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            log=log,
            summary=summary,
            mood=_MOODS.get(summary.exit_code, "unsure"),
            verdicts=VERDICTS,
            fingerprint=fingerprint(log),
            style=Markup(style),
            style_hash=_hash(style),
            script=Markup(script),
            script_hash=_hash(script),
            most_problems=_MOST_PROBLEMS,
            most_steps=_MOST_STEPS,
        )
    )


def _hash(text: str) -> Markup:
    return Markup("sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def _source(name: str) -> str:
    return (files("commit_conformance.report.html") / "templates" / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "anchor": _anchor,
        "answer": answer_of,
        "count": count_text,
        "layout": lay_out,
        "line": lambda text: escape(plain_line(text, _LONGEST)),
        "long": lambda text: escape(plain(text, _LONGEST_BODY)),
        "path": _path,
        "prose": _prose,
        "request": request_of,
        "ruler": ruler_svg,
        "scale": scale_of,
        "size": size_text,
        "timeline": timeline,
    }
    environment.filters.update(filters)
    return environment


def _shown(value: object) -> object:
    """What the template prints for a value. Markup was escaped where it was made."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value, _LONGEST)
    return value


def _prose(text: str) -> Markup:
    """A sentence of the catalogue: what stands between backticks is code."""
    pieces = str(escape(plain(text, _LONGEST))).split("`")
    if len(pieces) % 2 == 0:
        return Markup("`").join(map(Markup, pieces))
    return Markup("").join(Markup(f"<code>{piece}</code>" if at % 2 else piece) for at, piece in enumerate(pieces))


def _anchor(name: str) -> str:
    """A rule's or group's name as an id: ``PART-GAP`` stays what it is."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:100] or "unnamed"


def _path(url: str) -> str:
    """A URL without its origin, for lists in which all have the same."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts.path + (f"?{parts.query}" if parts.query else "") or url
