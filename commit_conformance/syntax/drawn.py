"""One case of Schemathesis as a commit plan, and such cases in a file: what a run takes, so that it need not make them.

Making them takes Schemathesis, an extra, and longer than sending them does. The file says which description they were
made from; of another one it says nothing, and they are made anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from commit_conformance.model import UploadedPart, UploadedSession
from commit_conformance.specs import DESCRIPTION, suite_root
from commit_conformance.syntax.graft import DigestLines, Grafted
from strategies.bodies import Raw
from strategies.plan import ABSENT, CommitPlan, Material

#: Path of the file below the suite's root.
CASES = "specs/commit.cases.json"

#: An upload to tell plans apart by what they make of it.
_SOME_UPLOAD = Material(
    session=UploadedSession(
        file_size=2,
        part_size=1,
        parts=tuple(UploadedPart(part_id=f"p{at}", offset=at, size=1, sha1="0" * 40) for at in range(2)),
        sha1="0" * 40,
    ),
    content=b"..",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One case, as a plan.

    Attributes:
        positive: Whether the description allows it.
        place: What the case is about, as a place in the description; cases of one place are of one kind.
        plan: The commit it makes of a session.
    """

    positive: bool
    place: str
    plan: CommitPlan

    @property
    def makes(self) -> str:
        """What it makes of some upload: plans for which this is the same are one."""
        return f"{self.positive} {self.plan.build(_SOME_UPLOAD)!r}"


def described() -> str:
    """The description that cases are made from, by its SHA-256 in hexadecimal."""
    return hashlib.sha256((suite_root() / DESCRIPTION).read_bytes()).hexdigest()


def kept_cases() -> tuple[Drawn, ...] | None:
    """The cases in the file; None where it is not there, or was made from another description."""
    path = suite_root() / CASES
    if not path.is_file():
        return None
    kept = json.loads(path.read_bytes())
    if kept["description"] != described():
        return None
    return tuple(_read(case) for case in kept["cases"])


def as_text(cases: Iterable[Drawn], *, made_by: str) -> str:
    """The text of a file that keeps cases.

    Args:
        made_by: Name and version of what has made them.
    """
    kept = {"made_by": made_by, "description": described(), "cases": [_written(case) for case in cases]}
    return json.dumps(kept, indent=1, ensure_ascii=True) + "\n"


def _written(case: Drawn) -> dict[str, Any]:
    usual, plan = CommitPlan(), case.plan
    changed = {item.name for item in fields(plan) if getattr(plan, item.name) != getattr(usual, item.name)}
    kept: dict[str, Any] = {"positive": case.positive, "place": case.place}
    match plan.body:
        case Grafted(generated=text):
            kept["body"] = json.loads(text)
        case Raw(content=content):
            kept["bytes"] = base64.b64encode(content).decode("ascii")
    if isinstance(plan.digest, DigestLines):
        kept["digest"] = list(plan.digest.values)
    if "content_type" in changed:
        kept["content_type"] = None if plan.content_type is ABSENT else plan.content_type
    if plan.headers:
        kept["headers"] = [list(header) for header in plan.headers]
    if _read(kept) != case:
        raise ValueError(f"a case with {sorted(changed)} cannot be kept as it is: {case}")
    return kept


def _read(kept: dict[str, Any]) -> Drawn:
    changes: dict[str, Any] = {}
    if "body" in kept:
        changes["body"] = Grafted(generated=json.dumps(kept["body"], sort_keys=True))
    elif "bytes" in kept:
        changes["body"] = Raw(content=base64.b64decode(kept["bytes"]))
    if "digest" in kept:
        changes["digest"] = DigestLines(values=tuple(kept["digest"]))
    if "content_type" in kept:
        changes["content_type"] = ABSENT if kept["content_type"] is None else kept["content_type"]
    if "headers" in kept:
        changes["headers"] = tuple((str(name), str(value)) for name, value in kept["headers"])
    return Drawn(positive=kept["positive"], place=kept["place"], plan=CommitPlan(**changes))
