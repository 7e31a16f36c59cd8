"""Runs the suite on an otherwise right service whose 201s hold drawn bodies.

Called as ``python tests/suite/strategies/drawn_server.py OUT PATH KIND``; without path and kind the bodies are right.
A path is that of a place in the schema, such as ``entries/*/size``.
"""

from __future__ import annotations

import sys
from typing import Any

from benchmarks.schema_coverage import drawn
from commit_conformance.model import WantedFile
from commit_conformance.reference.views import Views
from commit_conformance.reference.world import File
from commit_conformance.runner import run_suite
from commit_conformance.specs import schema
from strategies.files import Wrong, files, near_files

RULES = ["CREATED-*", "ATTR-MODIFIED-AT", "ATTR-DESCRIPTION"]
DOCUMENT = schema("CommittedFiles")


def wanted_of(file: File) -> WantedFile:
    """What the service has stored, which is what was uploaded: it is right but for its words."""
    version = file.current
    return WantedFile(
        name=file.name,
        parent_id=file.parent.id,
        size=version.content.size,
        sha1=version.content.sha1.hex(),
        owner_id=file.owner.id,
        content_modified_at=file.content_modified_at.timestamp() if file.content_modified_at else None,
        content_created_at=file.content_created_at.timestamp() if file.content_created_at else None,
        description=file.description,
    )


def serve(wrong: Wrong | None) -> None:
    """Let the service answer commits with drawn bodies: every time another one."""
    made: list[str] = []

    def files_view(self: Views, file: File) -> dict[str, Any]:
        made.append(file.id)
        wanted = wanted_of(file)
        number = len(made) % 5 + 1
        body: Any
        if wrong is None:
            body = drawn(files(DOCUMENT, wanted), number)[-1]
        else:
            body = drawn(near_files(DOCUMENT, wanted, wrongs=[wrong]), number)[-1].body
        # Who reads the file afterwards finds it under its id, in the state that was told.
        shown = body["entries"][0]
        right = self.file_view(file, shown="created")
        shown |= {name: right[name] for name in ("id", "etag")}
        if shown.get("file_version"):
            shown["file_version"]["id"] = file.current.id
        return dict(body)

    Views.files_view = files_view  # type: ignore[method-assign]


def main() -> int:
    """Run; the exit code is that of the run."""
    out, *fault = sys.argv[1:]
    serve(Wrong(path=tuple(fault[0].split("/")), kind=fault[1]) if fault else None)
    given: dict[str, Any] = {"seed": "7", "rule": RULES, "effort": "quick", "out": out}
    return run_suite(given, quiet=True)


if __name__ == "__main__":
    sys.exit(main())
