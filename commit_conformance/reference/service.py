"""The reference service: a request in, an answer out, no socket anywhere.

Owns the way of a request through the service: route, token, rate, body, operation, answer. What is right or wrong is
decided in the rooms (`decisions` and what it is built of). One lock guards all state; bodies of parts are read and
hashed before it is taken, so that uploads run side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from urllib.parse import parse_qsl

from commit_conformance.reference.calls import Call
from commit_conformance.reference.decisions import Decisions
from commit_conformance.reference.messages import Request, Response
from commit_conformance.reference.problems import Problem
from commit_conformance.reference.routes import CAPABILITIES, find_route, split_prefix
from commit_conformance.reference.settings import Settings
from commit_conformance.reference.storage import Piece, Storage, StorageFull
from commit_conformance.reference.world import World

__all__ = ["Service"]


class Service:
    """A correct upload service, or one with faults.

    Example:
        >>> service = Service()
        >>> answer = service.handle(Request(method="GET", target="/2.0/users/me"))
        >>> answer.status
        401

    Args:
        settings: How it is set up.
        faults: Names of faults it is to have, see `commit_conformance.reference.faults`.
        clock: Seconds since 1970.
        beside: A service whose sessions, parts and files this one works on as well, each with its own settings and
            faults. Ids go on from the seed of the first; closing either closes both.

    Raises:
        ValueError: There is no fault of a name.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        faults: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
        beside: Service | None = None,
    ) -> None:
        # Imported here because faults build on the rooms, and a correct service needs none.
        from commit_conformance.reference.faults import decisions_with, settings_with

        names = tuple(faults)
        self.settings = settings_with(names, settings or Settings())
        self.storage: Storage = beside.storage if beside else Storage(self.settings.spool_directory)
        self.world: World = beside.world if beside else World(storage=self.storage, seed=self.settings.seed)
        kind = decisions_with(names)
        # What two services share is guarded by one lock.
        lock = beside.decisions.lock if beside else None
        self.decisions: Decisions = kind(settings=self.settings, world=self.world, clock=clock, lock=lock)
        self.decisions.user("1")
        self._lock = self.decisions.lock
        missing = (operation for name in self.settings.missing for operation in CAPABILITIES[name])
        self._missing = frozenset(missing)

    def __enter__(self) -> Service:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what the service keeps on disk."""
        self.storage.close()

    def handle(self, request: Request) -> Response:
        """Answer one request. May be called from several threads at once."""
        decisions = self.decisions
        try:
            response = self._handle(request)
        except Problem as problem:
            with self._lock:
                response = decisions.error_answer(problem, request)
        with self._lock:
            return decisions.finish(request, response)

    def _handle(self, request: Request) -> Response:
        decisions = self.decisions
        prefix, path, query = split_prefix(request.target)
        found = find_route(path, other_commit_path=self.settings.other_commit_path)
        with self._lock:
            if request.method == "OPTIONS" and request.header("origin") is not None:
                return decisions.foreign_origin(request)
            if request.header("authorization") is None:
                decisions.check_path_without_token(request)
            caller = decisions.caller(request)
            if found is None:
                return decisions.unknown_path(request)
            route, ids = found
            operation = route.operations.get(request.method)
            if operation is None:
                return decisions.wrong_method(request, list(route.operations))
            if operation in self._missing:
                return decisions.unknown_path(request)
            if route.upload:
                decisions.check_rate()
        body, piece = self._read(request, operation, ids)
        host = request.header("host") or "localhost"
        call = Call(
            request=request,
            caller=caller,
            base=f"{request.scheme}://{host}{prefix}",
            ids=ids,
            query=dict(parse_qsl(query, keep_blank_values=True, errors="replace")),
            body=body,
            piece=piece,
        )
        with self._lock:
            return decisions.carry_out(call, operation)

    def _read(self, request: Request, operation: str, ids: tuple[str, ...]) -> tuple[bytes, Piece | None]:
        """The body of a request; a part's goes straight to where it will stay."""
        if operation != "upload_part":
            return self.decisions.read_body(request), None
        with self._lock:
            room = self.decisions.part_room(ids[0])
        if room is None:
            return b"", None
        limit, spool = room
        try:
            return b"", self.storage.keep(request.body, limit=limit, spool=spool)
        except OverflowError:
            return b"", None
        except StorageFull:
            message = "There is no room left for the part."
            raise Problem(403, "storage_limit_exceeded", message, subject="access") from None
