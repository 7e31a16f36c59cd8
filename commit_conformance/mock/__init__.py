"""The upload service for tests of an upload client: behind respx, with a log, mishaps, a clock and no real socket.

Knows the reference service and nothing else of this project. pytest has it as the fixture ``commit_api``
(`commit_conformance.pytest_api`).
"""

from commit_conformance.mock.api import CommitApi
from commit_conformance.mock.clock import Clock
from commit_conformance.mock.guard import SocketRefused
from commit_conformance.mock.log import Answer, Exchange, Headers, Log
from commit_conformance.mock.state import FileState, SessionState, UploadedSession, digest_of
from commit_conformance.reference.respx_adapter import NotServed

__all__ = [
    "Answer",
    "Clock",
    "CommitApi",
    "Exchange",
    "FileState",
    "Headers",
    "Log",
    "NotServed",
    "SessionState",
    "SocketRefused",
    "UploadedSession",
    "digest_of",
]
