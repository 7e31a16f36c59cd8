"""One request on its way through the service: routed, authenticated, its body read.

Owns the value that operations get, and how query parameters are read from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from commit_conformance.reference.access import Caller
from commit_conformance.reference.messages import Request
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.storage import Piece

__all__ = ["Call", "page_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation is given.

    Attributes:
        request: The request itself.
        caller: Who sends it.
        base: Scheme, host and path prefix of the request, which URLs in the answer repeat.
        ids: The variable segments of the path, decoded.
        query: Query parameters, the last value of each.
        body: The body, of every operation but the upload of a part.
        piece: The body of a part, stored; ``None`` when there is no such session or the body is longer than a part.
    """

    request: Request
    caller: Caller
    base: str
    ids: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes
    piece: Piece | None = None


def page_of(call: Call, *, default: int, most: int = 1000) -> tuple[int, int]:
    """Offset and limit a listing is asked for.

    Raises:
        Problem: 400, for a value that is no number in its range.
    """
    values = []
    for name, usual, low, high in (("offset", 0, 0, 10**15), ("limit", default, 1, most)):
        text = call.query.get(name, str(usual))
        # Eighteen digits are beyond every listing, and keep the conversion cheap.
        if not re.fullmatch(r"\d{1,18}", text, flags=re.ASCII) or not low <= int(text) <= high:
            raise Problem(400, f"invalid_{name}", f"The {name} must be a number from {low} to {high}.")
        values.append(int(text))
    return values[0], values[1]
