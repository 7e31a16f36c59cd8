"""Whether ``if-match`` and ``if-none-match`` hold for a file's current etag.

Box shows etags bare (``1``), RFC 9110 has them quoted (``"1"``), and nothing documents which of the two the commit
reads. So a bare tag is certain, ``*`` follows the RFC, and quoted, weak and listed tags are certain only where no
reading could make them match.
"""

from __future__ import annotations

import re
from enum import StrEnum

_TAG = re.compile(r'\s*(?:(W/)?"([^"]*)"|([^\s,"]+))\s*(?:,|$)')


class Holds(StrEnum):
    """Whether a condition lets the commit go on."""

    YES = "holds"
    NO = "fails"
    OPEN = "open"


def read_if_match(values: list[str], etag: str | None) -> Holds:
    """Whether If-Match lets a commit go on.

    Args:
        values: The values of the header lines; none means no condition.
        etag: The target file's current etag; None when there is no file, where the contract says nothing.
    """
    if not values:
        return Holds.YES
    if etag is None:
        return Holds.OPEN
    if [value.strip() for value in values] == ["*"]:
        return Holds.YES
    return _named(values, etag, if_bare=Holds.YES, if_absent=Holds.NO)


def read_if_none_match(values: list[str], etag: str | None) -> Holds:
    """Whether If-None-Match lets a commit go on; arguments as for `read_if_match`.

    ``*`` on an existing file fails by RFC 9110, but a server that takes header values for plain etags would not see
    it; it is left open.
    """
    if not values:
        return Holds.YES
    if etag is None or [value.strip() for value in values] == ["*"]:
        return Holds.OPEN
    return _named(values, etag, if_bare=Holds.NO, if_absent=Holds.YES)


def _named(values: list[str], etag: str, *, if_bare: Holds, if_absent: Holds) -> Holds:
    """Decides by whether the etag is named: bare (certain), in another form (open), or not at all (certain)."""
    if len(values) == 1 and values[0].strip() == etag:
        return if_bare
    text = ", ".join(values)
    tags = [(quoted or bare) for _, quoted, bare in _TAG.findall(text)]
    if not tags:
        return Holds.OPEN
    # A star among others is no form the RFC has; whoever splits at commas may still take it for any tag.
    return Holds.OPEN if etag in tags or "*" in tags else if_absent
