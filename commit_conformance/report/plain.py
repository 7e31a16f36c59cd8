r"""Foreign text, made safe to show.

What a target sends ends up in terminals, in XML and in HTML. This module owns the one step all of them share:
characters that move cursors, reorder text, hide themselves or are not allowed in XML become visible escapes (``\x1b``,
``\u202e``). Markup is not its business: escaping ``<`` belongs to the format that gives it a meaning.
"""

from __future__ import annotations

import re

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_NOT_CHARACTERS = r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff" + "".join(
    f"\\U{p:04x}fffe\\U{p:04x}ffff" for p in range(1, 17)
)
_TAGS = r"\U000e0000-\U000e0fff"
_UNSAFE = re.compile(f"[{_CONTROLS}{_INVISIBLE}{_NOT_CHARACTERS}{_TAGS}]")


def plain(text: str, limit: int | None = None) -> str:
    r"""Gives ``text`` with every unsafe character as a visible escape; tabs and line feeds stay.

    Args:
        text: Anything, lone surrogates included.
        limit: How many characters to keep. What is left out is counted in a closing remark.

    Example:
        >>> plain("\x1b[31mred\u202e")
        '\\x1b[31mred\\u202e'
    """
    if limit is None or len(text) <= limit:
        return _UNSAFE.sub(_escape, text)
    return f"{_UNSAFE.sub(_escape, text[:limit])}… ({len(text):,} characters, the first {limit:,} shown)"


def plain_line(text: str, limit: int | None = None) -> str:
    r"""Does what :func:`plain` does and turns line feeds and tabs into ``\n`` and ``\t``, so that one line results."""
    return plain(text, limit).replace("\n", "\\n").replace("\t", "\\t")


def size_text(count: int) -> str:
    """A number of bytes for people, exact below 10 kB: ``512 bytes``, ``20.0 MB``."""
    if count < 10_000:
        return f"{count:,} byte" if count == 1 else f"{count:,} bytes"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 1000:
            return f"{value:,.1f} {unit}"
    return f"{value / 1000:,.1f} TB"


def count_text(count: int, singular: str, plural: str | None = None) -> str:
    """``1 request``, ``2 requests``, ``1,200 entries``."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
