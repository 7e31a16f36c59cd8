"""Agreement of a File with the upload it was made of, and every way in which it can disagree.

The schema knows nothing of these: any digest of forty digits is right by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from commit_conformance.model import WantedFile
from commit_conformance.model.dates import instant
from strategies.attributes import instants
from strategies.schema_places import EACH

Steps = tuple[str | int, ...]
#: Gives the steps to the place that is wrong, and the wrong value; may set right what else speaks of it.
Alter = Callable[[st.DrawFn, dict[str, Any], Steps, WantedFile], tuple[Steps, Any]]
#: Seconds by which a wrong instant is off: from the least to more than any offset of a time zone.
_OFF = st.integers(1, 90_000)
_SHA1S = st.text("0123456789abcdef", min_size=40, max_size=40)
_IDS = st.integers(0).map(str) | st.text(max_size=6)


def agree(draw: st.DrawFn, file: dict[str, Any], wanted: WantedFile) -> None:
    """Make a File speak of this upload, in place, wherever it speaks of it at all."""
    file |= {"sha1": draw(_cased(wanted.sha1)), "size": wanted.size, "name": wanted.name}
    version, parent, path = file.get("file_version"), file.get("parent"), file.get("path_collection")
    if version and "sha1" in version:
        version["sha1"] = draw(_cased(wanted.sha1))
    if parent:
        parent["id"] = wanted.parent_id
    if path:
        path["entries"] = path["entries"] or [{"id": wanted.parent_id, "type": "folder"}]
        path["entries"][-1]["id"] = wanted.parent_id
        path["total_count"] = len(path["entries"])
    always = {"item_status": "active", "trashed_at": None, "purged_at": None}
    file |= {name: value for name, value in always.items() if name in file}
    made, changed = instant(file.get("created_at")), instant(file.get("modified_at"))
    if made is not None and changed is not None and made > changed:
        file["created_at"], file["modified_at"] = file["modified_at"], file["created_at"]
    for name, sent in _sent_dates(wanted).items():
        if name in file and sent is not None:
            file[name] = draw(_same_second(sent))
    if "description" in file and wanted.description is not None:
        file["description"] = wanted.description
    before = wanted.previous
    if before is None:
        for name in ("created_by", "owned_by"):
            if name in file and wanted.owner_id is not None:
                file[name]["id"] = wanted.owner_id
        return
    file["id"] = before.file_id
    if file["etag"] == before.etag:
        file["etag"] = f"{before.etag}1"
    if version and version["id"] == before.version_id:
        version["id"] = f"{before.version_id}1"


def _cased(sha1: str) -> st.SearchStrategy[str]:
    return st.sampled_from([sha1.lower(), sha1.upper(), sha1[:20].upper() + sha1[20:].lower()])


def _same_second(moment: float) -> st.SearchStrategy[str]:
    return instants(first=int(moment // 1), last=int(moment // 1))


def _sent_dates(wanted: WantedFile) -> Mapping[str, float | None]:
    return {"content_modified_at": wanted.content_modified_at, "content_created_at": wanted.content_created_at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """What is wrong at a place though the schema takes it.

    Attributes:
        alter: Makes it wrong.
        possible: Whether so much is known of the upload that it is wrong.
    """

    alter: Alter
    possible: Callable[[WantedFile], bool] = lambda wanted: True


def _other(
    values: st.SearchStrategy[Any],
    right: Callable[[WantedFile], Any],
    *near: Callable[[WantedFile], Any],
    possible: Callable[[WantedFile], bool] = lambda wanted: True,
) -> Disagreement:
    """Any value but the right one, beginning with those that look like it."""

    def alter(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
        alike = st.sampled_from([value(wanted) for value in near]) if near else st.nothing()
        return steps, draw((alike | values).filter(lambda value: value != right(wanted)))

    return Disagreement(alter=alter, possible=possible)


def _still(right: Callable[[WantedFile], Any]) -> Disagreement:
    """What was right before this commit, and is not any more."""
    return _other(st.nothing(), lambda wanted: None, right, possible=lambda wanted: right(wanted) is not None)


def _other_second(name: str) -> Disagreement:
    """An instant after the one that was sent."""

    def alter(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
        return steps, draw(_same_second((_sent_dates(wanted)[name] or 0) + draw(_OFF)))

    return Disagreement(alter=alter, possible=lambda wanted: _sent_dates(wanted)[name] is not None)


def _last_folder(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
    last = len(body["entries"][0]["path_collection"]["entries"]) - 1
    return (*steps[:-2], last, steps[-1]), draw(_IDS.filter(lambda found: found != wanted.parent_id))


def _other_count(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
    right = len(body["entries"][0]["path_collection"]["entries"])
    return steps, draw(st.integers(0).filter(lambda count: count != right))


def _changed_before_made(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
    made = draw(st.integers(10**6, 4 * 10**9))
    body["entries"][0]["modified_at"] = draw(_same_second(made - draw(_OFF)))
    return steps, draw(_same_second(made))


def _two_files(draw: st.DrawFn, body: dict[str, Any], steps: Steps, wanted: WantedFile) -> tuple[Steps, Any]:
    body["total_count"] = 2
    return steps, body["entries"] * 2


def _owned(wanted: WantedFile) -> bool:
    return wanted.owner_id is not None and wanted.previous is None


#: Every disagreement by the member of the File it lies in; ``"entries"`` of the list alone lies in the list.
_IN_FILE: Mapping[tuple[str, ...], Disagreement] = {
    ("sha1",): _other(_SHA1S, lambda wanted: wanted.sha1.lower(), lambda wanted: wanted.sha1.lower()[::-1]),
    ("size",): _other(
        st.integers(0, 2**53), lambda wanted: wanted.size, lambda wanted: wanted.size + 1, lambda wanted: 0
    ),
    ("name",): _other(
        st.text(max_size=6),
        lambda wanted: wanted.name,
        lambda wanted: wanted.name.swapcase(),
        lambda wanted: f"{wanted.name} ",
        lambda wanted: wanted.name[:-1],
    ),
    ("parent", "id"): _other(_IDS, lambda wanted: wanted.parent_id, lambda wanted: f"0{wanted.parent_id}"),
    ("path_collection", "entries", EACH, "id"): Disagreement(alter=_last_folder),
    ("path_collection", "total_count"): Disagreement(alter=_other_count),
    ("file_version", "sha1"): _other(_SHA1S, lambda wanted: wanted.sha1.lower()),
    ("item_status",): _other(st.sampled_from(["trashed", "deleted"]), lambda wanted: "active"),
    ("trashed_at",): _other(instants(), lambda wanted: None),
    ("purged_at",): _other(instants(), lambda wanted: None),
    ("created_at",): Disagreement(alter=_changed_before_made),
    ("created_by", "id"): _other(_IDS, lambda wanted: wanted.owner_id, possible=_owned),
    ("owned_by", "id"): _other(_IDS, lambda wanted: wanted.owner_id, possible=_owned),
    ("content_modified_at",): _other_second("content_modified_at"),
    ("content_created_at",): _other_second("content_created_at"),
    ("description",): _other(
        st.text(max_size=6),
        lambda wanted: wanted.description,
        possible=lambda wanted: wanted.description is not None,
    ),
    ("id",): _other(
        _IDS.filter(bool),
        lambda wanted: wanted.previous and wanted.previous.file_id,
        possible=lambda wanted: wanted.previous is not None,
    ),
    ("etag",): _still(lambda wanted: wanted.previous and wanted.previous.etag),
    ("file_version", "id"): _still(lambda wanted: wanted.previous and wanted.previous.version_id),
}
DISAGREEMENTS: Mapping[tuple[str, ...], Disagreement] = {
    ("entries",): Disagreement(alter=_two_files),
    **{("entries", EACH, *path): disagreement for path, disagreement in _IN_FILE.items()},
}
"""Every disagreement by its place in the schema of the answer."""
