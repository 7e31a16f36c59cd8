"""The matrix as one HTML page: nothing beside it, nothing loaded, no script."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from commit_conformance.clients.report.matrix import MARKS, Matrix
from commit_conformance.report.plain import plain

__all__ = ["render"]

_LONGEST = 2000  # Characters of one value.
_MOODS = {0: "good", 1: "bad"}


def render(matrix: Matrix) -> str:
    """Gives the page: who was asked, the matrix, each SDK's failures, and the rules."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True)
    style = _source("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.from_string(_source("page.html.j2")).render(
        matrix=matrix, marks=MARKS, moods=_MOODS, style=Markup(style), style_hash=Markup(f"sha256-{digest}")
    )


def _shown(value: object) -> object:
    """Every value that the template prints, without what a browser would obey; what is markup is ours."""
    return plain(value, _LONGEST) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> str:
    return (files("commit_conformance.clients.report") / name).read_text(encoding="utf-8")
