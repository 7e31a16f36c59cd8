"""What the caller handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from commit_conformance.clients.judge.finding import Finding, failed, passed
from commit_conformance.clients.play import Play

__all__ = ["JUDGES"]


def arguments(play: Play) -> Finding | None:
    """What the caller handed over is the same after the call."""
    if play.result is None or play.result.changed_arguments is None:
        return None
    if play.result.changed_arguments:
        return failed(f"the call changed its caller's {', '.join(play.result.changed_arguments)}")
    return passed("the call changed nothing of what it was given")


def token_secret(play: Play) -> Finding | None:
    """The access token appears neither in errors nor in what the client logs by itself."""
    texts = {"on standard error": play.errors}
    if play.result is not None and play.result.error is not None:
        texts["in the message of the error"] = play.result.error.message
        texts["in the text of the error"] = play.result.error.text
    for place, text in texts.items():
        if any(secret in text for secret in play.secrets):
            return failed(f"a token stands {place}")
    return passed("no token stands in its errors") if any(texts.values()) else None


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-ARGUMENTS": arguments,
    "CLIENT-TOKEN-SECRET": token_secret,
}
