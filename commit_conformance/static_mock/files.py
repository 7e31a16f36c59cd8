"""The form of a 201: its file held against itself.

A mock shows some file, not the one that was uploaded. So the model's check is given a file that agrees with all that is
shown, and what it still finds is wrong with the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from commit_conformance.model import Answer, FilesSchema, Problem, WantedFile, check_created
from commit_conformance.static_mock.sessions import Remark
from commit_conformance.target.api import created_entry

__all__ = ["problems_of_created"]

_SHA1: Final = re.compile(r"[0-9A-Fa-f]{40}")
#: What a member has to be whose words would speak of the upload otherwise.
_FORMS: Final = {"sha1": "text of 40 hexadecimal digits", "size": "number of bytes"}


def problems_of_created(answer: Answer, schema: FilesSchema) -> Iterator[Problem | Remark]:
    """What is wrong with a 201 by itself."""
    entry = created_entry(answer)
    for problem in check_created(answer, _of_itself(entry), schema):
        if _is_of_another_file(problem, entry):
            of_version = problem.rule == "CREATED-VERSION-SHA1"
            said = "the version has another sha1 than its file" if of_version else problem.message
            yield Remark(problem.pointer, f"in a 201, {said}")
        else:
            yield _in_other_words(problem, entry)


def _of_itself(entry: dict[str, Any]) -> WantedFile:
    """A File that agrees with what it shows: then all that is left to be wrong is its form."""
    parent = entry.get("parent")
    path = entry.get("path_collection")
    folders = path.get("entries") if isinstance(path, dict) else None
    last = folders[-1] if isinstance(folders, list) and folders and isinstance(folders[-1], dict) else {}
    folder = parent.get("id") if isinstance(parent, dict) else last.get("id")
    sha1 = entry.get("sha1")
    return WantedFile(
        name=entry.get("name", ""),
        parent_id=str(folder),
        size=entry.get("size", 0),
        sha1=sha1 if isinstance(sha1, str) else "",
    )


def _in_other_words(problem: Problem, entry: dict[str, Any]) -> Problem:
    """A problem whose words would speak of an upload that nobody has compared anything with."""
    member = problem.pointer.removeprefix("/entries/0/")
    value = entry.get(member)
    if problem.rule == "CREATED-VERSION-SHA1":
        member, value = "sha1", _version_sha1(entry)
    elif problem.rule != "CREATED-SHA1" and not (problem.rule == "CREATED-SIZE" and isinstance(value, bool)):
        return problem
    return Problem(problem.rule, f"{member} is {value!r:.60}, not a {_FORMS[member]}", problem.pointer)


def _is_of_another_file(problem: Problem, entry: dict[str, Any]) -> bool:
    """Whether a problem is that members of one example do not belong together.

    The published examples are like that, with a version of other content and a date of the trash on an active file.
    Each of their members has its form, and no client fails to read them.
    """
    sha1 = _version_sha1(entry)
    has_form = isinstance(sha1, str) and _SHA1.fullmatch(sha1) is not None
    return problem.rule == "CREATED-ACTIVE" or (problem.rule == "CREATED-VERSION-SHA1" and has_form)


def _version_sha1(entry: dict[str, Any]) -> Any:
    version = entry.get("file_version")
    return version.get("sha1") if isinstance(version, dict) else None
