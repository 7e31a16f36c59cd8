"""The one walk that is laid down: it touches every kind of step, and what several of them may do to each other."""

from __future__ import annotations

from functools import partial

from commit_conformance.trial.attempt import Attempt
from commit_conformance.trial.journey import Journey
from commit_conformance.trial.races import Races
from commit_conformance.trial.walker import Walker
from strategies import preconditions


def laid_down(journey: Journey) -> None:
    """The walk that every run takes: sessions for one name and for one file, a new name, a deletion, repeats.

    It begins with a file that the run has made before, where there is one, so that it makes no more than a version.
    Where a file is costly only the session that is committed gets all its parts; the others get the last one, which is
    the smallest, or none.
    """
    walker = journey.begin()
    first_name, second_name, _ = walker.names
    step = partial(journey.step, walker)
    try:
        made = _made_before(journey.server)
        if made is not None:
            step(walker.adopt, made)
        sparing = journey.server.sparing and made is not None
        step(walker.open, first_name, size=1)
        one, known = walker.sessions[-1], len(walker.sessions)
        step(walker.open, first_name, size=int(sparing))
        if sparing:
            step(walker.put, one, -1)
        else:
            step(walker.fill, one, backwards=True)
        step(walker.put, one, -1 if sparing else 0)
        step(walker.list_parts, one)
        for other in walker.sessions[known:]:
            if sparing:
                step(walker.put, other, -1)
            else:
                step(walker.fill, other)
            step(walker.commit, one, parts_of=other)
            step(walker.abort, other)
            step(walker.open, first_name, size=int(sparing))  # nothing of the one before is left in it
            for fresh in walker.live()[1:]:
                step(walker.list_parts, fresh)
        if made is None:
            step(walker.commit, one)
        else:
            step(walker.list_parts, one)
        if walker.present:
            _one_file(journey, walker, second_name)
    finally:
        journey.end(walker)


def _one_file(journey: Journey, walker: Walker, name: str) -> None:
    """What can happen to one file while sessions are open for it: a version, an abort, a new name, its deletion."""
    step = partial(journey.step, walker)
    file_id = walker.present[0]
    former, known = walker.world.files[file_id].name, len(walker.sessions)
    if journey.makes_versions:
        step(walker.open, file_id=file_id)
        # The second one, which is aborted, has the same bytes: they are the first one's all the same.
        step(walker.open, file_id=file_id, bytes_of=next(iter(walker.sessions[known:]), None))
        step(walker.open, file_id=file_id)
    versions = walker.sessions[known:]
    for number, key in enumerate(versions):
        if number == 0 or not journey.server.sparing:
            step(walker.fill, key, backwards=journey.server.sparing)
        elif number == 1:
            step(walker.put, key, -1)
    for key in versions[1:2]:
        step(walker.abort, key)
        step(walker.list_parts, versions[0])
    step(walker.rename, file_id, name)
    for key in versions[:1]:
        step(walker.commit, key, preconditions.current_if_match)
    over = [key for key in walker.sessions if key not in walker.live() or key in versions]
    if former is not None and walker.world.holder(former) is None:
        step(walker.open, former)  # by now the file has another name
    step(walker.delete, file_id)
    if file_id not in walker.present:
        step(walker.open, name)
        for key in reversed(over):
            step(walker.commit, key)


def _made_before(server: Races) -> Attempt | None:
    """A commit of a new file in the run's folder that nothing has happened to since, other than the first."""
    for attempt in server.attempts:
        session, file = attempt.upload.session, attempt.file
        plain = not attempt.repeated and not attempt.stray and not attempt.others and not attempt.expectation.reasons
        ours = attempt.upload.target is None and session.parent_id == server.target.folder_id
        current = file is not None and server.target.files.get(file.file_id) is file
        if plain and ours and current and attempt is not server.sample and "read_file" in server.target.capabilities:
            return attempt
    return None
