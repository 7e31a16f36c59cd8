"""What a client makes of 201."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from commit_conformance.clients.judge.finding import Finding, blocked, failed, observed, passed
from commit_conformance.clients.play import Play

__all__ = ["JUDGES"]


def created_file(play: Play) -> Finding | None:
    """The caller gets the file of the answer's list, with its id."""
    wanted = play.file
    if wanted is None or play.result is None:
        return blocked(f"the file was not made; the caller was told {play.result or 'nothing yet'}", *play.commits)
    if play.result.outcome != "file":
        return failed(f"the file was made, and the caller was told {play.result}", *play.commits)
    shown = play.result.file
    members = {"id": wanted.id, "name": wanted.name, "size": wanted.size, "sha1": wanted.sha1}
    for name, value in members.items():
        told = shown.get(name)
        same = str(told).lower() == str(value).lower() if name == "sha1" else told == value
        if not same and (told is not None or name == "id"):
            return failed(f"the file has the {name} {value!r}, and the caller was told {told!r}", *play.commits)
    return passed(f"the caller got the file with the id {wanted.id!r}", *play.commits[-1:])


def tolerant(play: Play) -> Finding | None:
    """A file with few members, with unknown ones, with null, or with all that the schema knows is taken."""
    wanted = play.file
    if wanted is None or play.result is None:
        return blocked(f"the file was not made; the caller was told {play.result or 'nothing yet'}", *play.commits)
    if play.result.outcome == "file" and play.result.file.get("id") == wanted.id:
        return passed(f"{play.commits[-1].says}: the caller got the file", *play.commits[-1:])
    return failed(f"{play.scenario.summary}, and the caller was told {play.result}", *play.commits)


def odd(play: Play) -> Finding | None:
    """A 201 that brings no file is told as an error."""
    if play.result is None:
        return blocked("the play ended before the client did", *play.commits)
    if len(play.commits) > 1:
        return blocked("it committed again, so what it was told is not about this 201", *play.commits)
    if play.result.outcome == "error":
        return passed(f"the caller was told {play.result}", *play.commits)
    return failed(f"{play.scenario.summary}, and the caller was told {play.result}", *play.commits)


def whole(play: Play) -> Finding | None:
    """An answer that broke off is not taken for the whole."""
    if play.hangs:
        return failed(
            f"the answer broke off, and {play.seconds:.0f} seconds later the caller had not been told anything"
        )
    if play.result is None:
        return blocked(f"after {len(play.commits)} commit(s) the client was still at it", *play.commits[:2])
    if play.result.outcome == "error":
        return passed(f"the caller was told {play.result}", *play.commits)
    in_full = [each for each in play.commits if each.status == 201 and each.arrived_whole]
    if play.result.outcome == "file" and in_full and play.file and play.result.file.get("id") == play.file.id:
        return passed("a further commit was answered in full, and the caller got the file", *play.commits)
    return failed(f"the answer broke off, and the caller was told {play.result}", *play.commits)


def once(play: Play) -> Finding | None:
    """A commit that was answered 201 is never sent again, whatever its body holds and however slowly it came."""
    for first in play.commits:
        if first.status != 201 or first.wire != "normal":
            continue
        again = [each for each in play.commits if each.number > first.number and each.session == first.session]
        if again:
            return failed(f"the commit was answered 201, and sent {len(again)} more time(s)", first, *again)
        return passed("the commit was answered 201, and not sent again", first)
    return None


def status_200(play: Play) -> Finding | None:
    """What a client makes of 200 in place of 201 is recorded."""
    return observed(f"the caller was told {play.result or 'nothing yet'}", *play.commits)


JUDGES: Final[Mapping[str, Callable[[Play], Finding | None]]] = {
    "CLIENT-CREATED-FILE": created_file,
    "CLIENT-CREATED-TOLERANT": tolerant,
    "CLIENT-CREATED-ODD": odd,
    "CLIENT-CREATED-WHOLE": whole,
    "CLIENT-CREATED-ONCE": once,
    "CLIENT-CREATED-200": status_200,
}
