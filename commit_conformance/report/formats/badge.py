"""A badge: the conclusion in two words, as SVG, for a README or a dashboard.

It says what decides: how many gating rules failed, or that the run could not be tested. Nothing a target sent is in it.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from commit_conformance.report.log import Log
from commit_conformance.report.plain import plain_line
from commit_conformance.report.summary import CONFORMS, DOES_NOT_CONFORM, summarize

_LABEL = "commit conformance"
_COLOURS = {CONFORMS: "#1a7f37", DOES_NOT_CONFORM: "#b3261e"}
_UNSURE = "#7a5200"
_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">
<title>{title}</title>
<clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#414853"/>\
<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{left_middle}" y="14" textLength="{left_text}">{label}</text>
<text x="{right_middle}" y="14" textLength="{right_text}">{value}</text>
</g>
</svg>
"""
#: Width of a letter of 11 px, and the margins of a field: `textLength` makes up for the fonts that differ.
_LETTER, _MARGIN = 6.3, 12


def render(log: Log) -> str:
    """Gives the badge for a log."""
    summary = summarize(log)
    failed = len(summary.gating_failures)
    value = {CONFORMS: "conforms", DOES_NOT_CONFORM: f"{failed:,} failed" if failed else "does not conform"}.get(
        summary.exit_code, "not tested"
    )
    left_text, right_text = (round(len(text) * _LETTER) for text in (_LABEL, value))
    left, right = left_text + _MARGIN, right_text + _MARGIN
    return _SVG.format(
        width=left + right,
        left=left,
        right=right,
        left_text=left_text,
        right_text=right_text,
        left_middle=left / 2,
        right_middle=left + right / 2,
        colour=_COLOURS.get(summary.exit_code, _UNSURE),
        label=_LABEL,
        value=value,
        title=escape(plain_line(f"{_LABEL}: {value}"), {'"': "&quot;"}),
    )
