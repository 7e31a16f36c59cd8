"""The bodies of a 201: right ones in all their forms, and ones with exactly one fault.

They are drawn from the schema of the answer, and then made to agree with an upload: schema and agreement together are
what a server has to keep. A right File has from six members to all of them, with members nobody documented, null where
that may be, and any form of a date, a digest or a ``paged``. A near miss is a right body with one place set wrong.

    >>> document = schema("CommittedFiles")     # of commit_conformance.specs; this room does not load it
    >>> draw(files(document, wanted))           # has to be accepted
    >>> draw(near_files(document, wanted))      # has to be refused, at its ``pointer``
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from commit_conformance.model import WantedFile
from strategies.file_agreement import DISAGREEMENTS, agree
from strategies.schema_places import Place, pointer, read_schema
from strategies.schema_values import Fullness, draw_value, draw_wrong

#: What every File has; the others may be missing.
NEEDED = ("id", "type", "etag", "sha1", "size", "name")
#: The kind of those near misses that the schema takes: what they say is wrong of this upload.
AGREEMENT = "agreement"
_REQUIRED = "required "
#: Full bodies take some ten times as long to draw as those with a few members, so most are not.
_usual_fullness: st.SearchStrategy[Fullness] = st.sampled_from(("least", "some", "some", "broad", "most"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One way in which a body can be wrong.

    Attributes:
        path: Steps of the place in the schema; ``EACH`` stands for any index or free name.
        kind: The keyword that is broken, ``required NAME`` for a missing member, or ``AGREEMENT``.
    """

    path: tuple[str, ...]
    kind: str

    def __str__(self) -> str:
        return f"{pointer(self.path) or '/'}: {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NearFile:
    """A body of a 201 with exactly one fault.

    Attributes:
        body: The body, as JSON values.
        pointer: JSON pointer of the place that is wrong; of a missing member, where it should be.
        what: What is wrong there, in words.
        wrong: The kind of fault.
    """

    body: Any
    pointer: str
    what: str
    wrong: Wrong


def files(
    document: Mapping[str, Any], wanted: WantedFile, *, fullness: Fullness | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """Right bodies of the 201 to one upload. They shrink to the six members every File has.

    Args:
        document: The schema of the answer, a list of exactly one File.
        wanted: What was uploaded.
        fullness: How many of the optional members there are; drawn as well without it.
    """
    return _right(_root(document), wanted, fullness)


def near_files(
    document: Mapping[str, Any],
    wanted: WantedFile,
    *,
    wrongs: Sequence[Wrong] | None = None,
    fullness: Fullness | None = None,
) -> st.SearchStrategy[NearFile]:
    """Bodies with exactly one fault. They shrink to the least body that can have it.

    Args:
        document: The schema of the answer, a list of exactly one File.
        wanted: What was uploaded.
        wrongs: The faults to draw from; all that are possible without it.
        fullness: How many of the optional members there are; drawn as well without it.
    """
    root = _root(document)
    kinds = list(wrongs_of(document, wanted) if wrongs is None else wrongs)
    return st.sampled_from(kinds).flatmap(lambda wrong: _near(root, wanted, wrong, fullness))


def wrongs_of(document: Mapping[str, Any], wanted: WantedFile) -> list[Wrong]:
    """Every fault that the answer to this upload can have, those of the outermost places first."""
    places = sorted(_root(document).below(), key=lambda place: len(place.path))
    by_schema = [Wrong(path=place.path, kind=fault) for place in places for fault in place.faults]
    known = [path for path, disagreement in DISAGREEMENTS.items() if disagreement.possible(wanted)]
    return by_schema + [Wrong(path=path, kind=AGREEMENT) for path in known]


def _root(document: Mapping[str, Any]) -> Place:
    """The schema, with the members that every File has as required ones."""
    root = read_schema(document)
    entries = root.members["entries"]
    if entries.each is None or entries.bounds.get("maxItems") != 1:
        raise ValueError("the schema should be that of a list of one File, as CommittedFiles of the description is")
    file = replace(entries.each, required=NEEDED)
    return replace(root, members={**root.members, "entries": replace(entries, each=file)})


@st.composite
def _right(draw: st.DrawFn, root: Place, wanted: WantedFile, fullness: Fullness | None) -> dict[str, Any]:
    body, _ = draw_value(draw, root, fullness=draw(_usual_fullness) if fullness is None else fullness)
    agree(draw, body["entries"][0], wanted)
    return dict(body)


@st.composite
def _near(draw: st.DrawFn, root: Place, wanted: WantedFile, wrong: Wrong, fullness: Fullness | None) -> NearFile:
    missing = wrong.kind.removeprefix(_REQUIRED) if wrong.kind.startswith(_REQUIRED) else None
    through = wrong.path if missing is None else (*wrong.path, missing)
    body, steps = draw_value(
        draw, root, fullness=draw(_usual_fullness) if fullness is None else fullness, through=through
    )
    agree(draw, body["entries"][0], wanted)
    if wrong.kind == AGREEMENT:
        steps, value = DISAGREEMENTS[wrong.path].alter(draw, body, steps, wanted)
    elif missing is not None:
        del _at(body, steps[:-1])[missing]
        return NearFile(body=body, pointer=pointer(steps), what=f"{missing} is missing", wrong=wrong)
    else:
        place = root
        for step in wrong.path:
            place = place.step(step) or place
        value = draw_wrong(draw, place, wrong.kind, _at(body, steps))
    value = copy.deepcopy(value)
    if steps:
        _at(body, steps[:-1])[steps[-1]] = value
    else:
        body = value
    return NearFile(body=body, pointer=pointer(steps), what=f"{wrong.kind}: {value!r:.80}", wrong=wrong)


def _at(body: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        body = body[step]
    return body
