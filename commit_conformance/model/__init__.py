"""The contract as pure functions: what is wrong with a request, what it may be answered, what an answer must hold.

This room decides. It does no I/O, keeps no state, knows nothing of HTTP clients, targets, tests or reports, and imports
nothing of this project outside itself. The reference service must never import it, nor it the service: a
misunderstanding in one must not hide in the other.

The modules, in reading order:

``types``          the nouns: parts, sessions, files, requests, answers
``parts``          every defect of a claimed part list, in O(n log n)
``digest``         what is wrong with the ``digest`` header
``body``           what is wrong with the JSON body and its ``attributes``
``preconditions``  whether ``if-match`` and ``if-none-match`` hold
``expectation``    the set of answers a commit may get, from all of the above
``answers``        what a 201, a 202 and an error must hold
``file_schema``    the schema of a 201's body, and what its errors mean in words
``created``        the File of a 201 against the schema and against what was uploaded
``dates``          instants, compared as instants
``sequential``     the visible world of a folder, and what each operation makes of it
``history``        whether some order of operations that overlapped explains their answers
"""

from commit_conformance.model.answers import check_accepted, check_any, check_error
from commit_conformance.model.body import BodyReading, read_body
from commit_conformance.model.created import check_attributes, check_created
from commit_conformance.model.digest import DigestReading, read_digest
from commit_conformance.model.expectation import Expectation, Outcome, classify, expect_commit
from commit_conformance.model.file_schema import FilesSchema
from commit_conformance.model.parts import Defect, DefectKind, Oddity, PartListReading, read_part_list
from commit_conformance.model.preconditions import Holds, read_if_match, read_if_none_match
from commit_conformance.model.types import (
    NOT_JSON,
    Answer,
    CommitRequest,
    FileState,
    Problem,
    UploadedPart,
    UploadedSession,
    WantedFile,
)

__all__ = [
    "NOT_JSON",
    "Answer",
    "BodyReading",
    "CommitRequest",
    "Defect",
    "DefectKind",
    "DigestReading",
    "Expectation",
    "FileState",
    "FilesSchema",
    "Holds",
    "Oddity",
    "Outcome",
    "PartListReading",
    "Problem",
    "UploadedPart",
    "UploadedSession",
    "WantedFile",
    "check_accepted",
    "check_any",
    "check_attributes",
    "check_created",
    "check_error",
    "classify",
    "expect_commit",
    "read_body",
    "read_digest",
    "read_if_match",
    "read_if_none_match",
    "read_part_list",
]
