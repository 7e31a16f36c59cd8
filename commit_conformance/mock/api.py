"""The service as a user's tests have it: behind their own httpx client, with a log, mishaps and a clock.

Owns the face of it. Answers come from the reference service, the way to it is respx'.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from types import TracebackType
from typing import TypedDict

from commit_conformance.mock.clock import Clock
from commit_conformance.mock.guard import guarded
from commit_conformance.mock.log import Exchange, Log
from commit_conformance.mock.player import Player
from commit_conformance.mock.script import Mishap, Script, check_operation
from commit_conformance.mock.state import FileState, Preparation, SessionState, UploadedSession
from commit_conformance.reference import Service, Settings, apply_behaviours
from commit_conformance.reference.faults import find_fault
from commit_conformance.reference.respx_adapter import intercept

__all__ = ["API_URL", "PART_SIZE", "TOKEN", "URL", "CommitApi"]

# No host below .invalid can exist (RFC 6761, section 6.4): what slips through goes nowhere.
URL = "https://upload.invalid/api/2.0"
API_URL = "https://api.invalid/2.0"
TOKEN = "commit-api-token"
PART_SIZE = 1024  # Small, so that a file of several parts is a short one.


class _Place(TypedDict):
    name: str
    folder_id: str
    file_id: str | None


class CommitApi:
    """The upload service, answering every httpx client of this process while it is entered.

    Left alone it is a plain correct service: a right commit is answered 201 at once, a wrong one is refused. The same
    calls get the same ids each time.

    Example:
        >>> import httpx
        >>> with CommitApi() as api:
        ...     session = api.upload_session(b"hello", name="a.txt")
        ...     headers = {"authorization": f"Bearer {api.token}", "digest": session.digest}
        ...     httpx.post(session.commit_url, json={"parts": session.parts}, headers=headers).status_code
        201
        >>> [(file.name, file.content) for file in api.files]
        [('a.txt', b'hello')]

    Args:
        url: Base URL of the upload endpoints.
        api_url: Base URL of the read endpoints. Both hosts answer everything.
        guard: Whether real sockets are refused meanwhile, in the whole process.

    Attributes:
        url: As given.
        api_url: As given.
        token: The token of the user who may upload; another one is answered 401.
        folder_id: A folder to upload to.
        clock: The time of the service. It moves only when it is moved.
        log: What the client sent and was answered.
        blocked: Why requests and sockets were refused, as the exceptions said. A client that catches every exception
            may have hidden them.
    """

    def __init__(self, *, url: str = URL, api_url: str = API_URL, guard: bool = True) -> None:
        self.url = url.rstrip("/")
        self.api_url = api_url.rstrip("/")
        self.token = TOKEN
        self.clock = Clock()
        self.log = Log(check_operation)
        self.blocked: list[str] = []
        self._guard = guard
        self._script = Script()
        self._player = Player(lambda: self._service, script=self._script, log=self.log, clock=self.clock)
        self._entered: contextlib.ExitStack | None = None
        # Everything stays in memory, where a test looks at it after the service has gone.
        self._plain = Settings(tokens={TOKEN: "1"}, part_size=PART_SIZE, processing_every=0, seed=0, memory_limit=2**62)
        self.reset()

    def reset(self) -> None:
        """Start again: no files, no sessions, no behaviour, no fault, no mishap, an empty log, the first moment."""
        self._behaviours: tuple[str, ...] = ()
        self._faults: tuple[str, ...] = ()
        self._names = itertools.count(1)
        self._script.clear()
        self.clock.reset()
        self.log.clear()
        self.blocked.clear()
        self._service = Service(self._plain, clock=self.clock)
        body = b'{"name": "uploads", "parent": {"id": "0"}}'
        headers = ("content-type", "application/json")
        folder = self._preparation().send("POST", f"{self.url}/folders", headers, body=body)
        self.folder_id: str = folder["id"]

    # -- what the service is like ---------------------------------------------------------------------------------

    def behave(self, name: str, value: object = None) -> None:
        """Let the service be different, rightly, from the next request on.

        Behaviours add up, and the last value of one counts. Sessions, parts and files stay as they are: an open
        session keeps its part size, and one that was promised no 202 may now get one. What the service counts, such as
        requests towards a rate limit, it counts from here.

        Args:
            name: A name as ``commit-conformance faults`` lists it, such as ``processing``.
            value: Its value, where it takes one.

        Raises:
            ValueError: There is no such behaviour or value; the message says what there is. Nothing has changed.
        """
        text = name if value is None else f"{name}={value}"
        self._become(behaviours=(*self._behaviours, text), faults=self._faults)

    def fault(self, name: str) -> None:
        """Let the service be wrong, from the next request on. Faults add up; see `behave` for what stays.

        Raises:
            ValueError: There is no such fault; the message names the nearest. Nothing has changed.
        """
        self._become(behaviours=self._behaviours, faults=(*self._faults, name))

    def _become(self, *, behaviours: tuple[str, ...], faults: tuple[str, ...]) -> None:
        # What a fault needs in order to show yields to what was chosen by name, and to nothing else.
        needs = {field: value for name in faults for field, value in find_fault(name).needs.items()}
        settings = apply_behaviours(behaviours, dataclasses.replace(self._plain, **needs))
        self._service = Service(settings, faults=faults, clock=self.clock, beside=self._service)
        self._behaviours, self._faults = behaviours, faults

    # -- what goes wrong on the way -------------------------------------------------------------------------------

    def drop(self, operation: str, *, times: int = 1, taken: bool = False) -> None:
        """Lose the connection of the next requests for an operation.

        Args:
            operation: ``create_session``, ``upload_part``, ``commit``, …
            times: How many requests.
            taken: Whether the service carries them out first: then the answer is lost (``httpx.ReadError``);
                otherwise no connection is made (``httpx.ConnectError``).

        Raises:
            ValueError: There is no such operation, or ``times`` is less than 1.
        """
        check_operation(operation)
        self._script.add(Mishap(operation=operation, effect="drop", taken=taken), times=times)

    def timeout(self, operation: str, *, times: int = 1, taken: bool = False) -> None:
        """Let the next requests for an operation time out: ``httpx.ReadTimeout`` when taken, else ``ConnectTimeout``.

        No time passes. Arguments and errors as for `drop`.
        """
        check_operation(operation)
        self._script.add(Mishap(operation=operation, effect="timeout", taken=taken), times=times)

    def answer(
        self,
        operation: str,
        status: int,
        *,
        times: int = 1,
        taken: bool = False,
        retry_after: int | str | None = None,
        body: bytes | None = None,
    ) -> None:
        """Answer the next requests for an operation with an error, as a gateway or an overloaded server does.

        Args:
            operation: As for `drop`.
            status: 400 to 599.
            times: How many requests.
            taken: Whether the service carries them out first, and only its answer is replaced.
            retry_after: Value of Retry-After, seconds or a date; without it there is none.
            body: The body; an error document as the service writes them, if not given.

        Raises:
            ValueError: As for `drop`, or the status is none of an error.
        """
        check_operation(operation)
        if isinstance(status, bool) or not isinstance(status, int) or not 400 <= status <= 599:
            raise ValueError(
                f"status must be one from 400 to 599, and is {status!r}; for a 202 see behave('processing')"
            )
        mishap = Mishap(
            operation=operation, effect="answer", taken=taken, status=status, retry_after=retry_after, body=body
        )
        self._script.add(mishap, times=times)

    @property
    def waiting(self) -> tuple[str, ...]:
        """What was asked for by `drop`, `timeout` and `answer` and has not come about yet, in words."""
        return self._script.waiting

    # -- what is there --------------------------------------------------------------------------------------------

    def upload_session(
        self, content: bytes | None = None, *, name: str | None = None, file: FileState | None = None
    ) -> UploadedSession:
        """A session with all its parts uploaded, ready to be committed.

        It is made without a client: the log does not have it, no mishap meets it, no fault spoils it.

        Args:
            content: The bytes; some of two and a half parts, if not given.
            name: Name of the file; a new one, if not given.
            file: The file it is to be a version of, instead of a new one.

        Raises:
            ValueError: The name is in use, or the file is not there any more.
        """
        session = self._preparation().upload(content, **self._place(name, file))
        found = self._service.world.sessions[session.id]
        # The URLs are those the service names by now, whatever it is like.
        decisions = self._service.decisions
        with decisions.lock:
            return dataclasses.replace(session, urls=decisions.endpoints(found, self.url))

    def store_file(
        self, content: bytes | None = None, *, name: str | None = None, file: FileState | None = None
    ) -> FileState:
        """A file that is there already, or a new version of one, as if somebody else had uploaded it.

        Arguments and errors as for `upload_session`.
        """
        file_id = self._preparation().store(content, **self._place(name, file))
        with self._service.decisions.lock:
            return FileState.of(self._service.world.files[file_id])

    def _place(self, name: str | None, file: FileState | None) -> _Place:
        usual = file.name if file else f"file-{next(self._names)}.bin"
        return {"name": name or usual, "folder_id": self.folder_id, "file_id": file.id if file else None}

    def _preparation(self) -> Preparation:
        plain = dataclasses.replace(self._plain, part_size=self._service.settings.part_size)
        service = Service(plain, clock=self.clock, beside=self._service)
        return Preparation(service, base_url=self.url, token=self.token)

    @property
    def files(self) -> tuple[FileState, ...]:
        """The files that are stored, oldest first; none that is in the trash."""
        with self._service.decisions.lock:
            return tuple(FileState.of(file) for file in self._service.world.files.values() if not file.trashed)

    @property
    def sessions(self) -> tuple[SessionState, ...]:
        """The upload sessions, oldest first, those that have ended included."""
        with self._service.decisions.lock:
            return tuple(SessionState.of(session) for session in self._service.world.sessions.values())

    @property
    def commits(self) -> tuple[Exchange, ...]:
        """The commits the client has sent up to now."""
        return self.log.commits

    # -- in force -------------------------------------------------------------------------------------------------

    def __enter__(self) -> CommitApi:
        if self._entered is not None:
            raise RuntimeError("this CommitApi is in force already; make another one, with URLs of its own")
        with contextlib.ExitStack() as stack:
            if self._guard:
                stack.enter_context(guarded(self._refuse_socket))
            urls = (self.url, self.api_url)
            stack.enter_context(intercept(self._player, base_urls=urls, refuse=self._refuse_request))
            self._entered = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        entered, self._entered = self._entered, None
        if entered is not None:
            entered.close()

    def __repr__(self) -> str:
        return f"<CommitApi at {self.url}, {len(self.log)} requests, {len(self.files)} files>"

    def _refuse_request(self, method: str, url: str) -> str:
        message = (
            f"{method} {url} is not served: the commit API answers below {self.url} and {self.api_url} only. "
            "Give the client these URLs, or mock the other ones with respx."
        )
        self.blocked.append(message)
        return message

    def _refuse_socket(self, address: str) -> str:
        message = (
            f"a real socket to {address} was refused, since the commit API is in force: it answers requests of httpx, "
            f"below {self.url} and {self.api_url}. Clients of other libraries (httpx2, requests, aiohttp, urllib) are "
            "not reached; they need commit_conformance.reference.server.ServerThread. CommitApi(guard=False) lets "
            "sockets pass."
        )
        self.blocked.append(message)
        return message
