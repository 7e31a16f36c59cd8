"""One scenario played with one call of an SDK, and everything that came of it.

Owns the play: a service and a socket of its own, what the driver is told, and what can be seen afterwards. What it
means is `judge`'s business.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from commit_conformance.clients.prepare import CURRENT_ETAG, OTHER_ETAG, Prepared, message_for, prepare
from commit_conformance.clients.process import DriverTrouble
from commit_conformance.clients.protocol import Call, Result
from commit_conformance.clients.record import Sent
from commit_conformance.clients.scenarios import Scenario
from commit_conformance.clients.stage import Stage, Tokens
from commit_conformance.model import UploadedPart, UploadedSession
from commit_conformance.reference import Service, Settings
from commit_conformance.reference.server import ServerThread

__all__ = ["Ask", "Play", "Stored", "play"]

HANGS_AFTER: Final = 30.0
"""Seconds without a request: the longest pause of public clients between two tries is 16 seconds before chance adds to
it, where the number of tries is the one they come with."""

Ask = Callable[[Mapping[str, Any], float], Result]
"""Has a scenario done by a driver: the message, and the seconds it may take. Raises DriverTrouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file that is there after the play.

    Attributes:
        id: Its id.
        name: Its name.
        size: Length in bytes.
        sha1: SHA-1 of its bytes, hexadecimal.
        versions: How many versions it has.
    """

    id: str
    name: str
    size: int
    sha1: str
    versions: int


@dataclass(frozen=True)
class Play:
    """What happened in one scenario.

    Attributes:
        id: Scenario and call, joined by a slash.
        scenario: The scenario.
        call: The call of the SDK it was played with.
        prepared: What it began with.
        sent: What the client sent.
        result: What its caller was told; ``None`` where there is no answer.
        trouble: Why there is none, if that is the driver's fault.
        cut: Whether the play was ended while the client was still at it, as the scenario provides for.
        errors: What came on the driver's standard error.
        stored: The files that are there now.
        tokens: Every access token of the play.
        secrets: Every token of any kind of the play.
        commit_paths: Session id to the path of its commit.
        started: When it began, of the clock of `Sent.arrived`.
        seconds: How long it took.
    """

    id: str
    scenario: Scenario
    call: Call
    prepared: Prepared
    sent: tuple[Sent, ...]
    result: Result | None
    trouble: DriverTrouble | None
    cut: bool
    errors: str
    stored: tuple[Stored, ...]
    tokens: tuple[str, ...]
    secrets: tuple[str, ...]
    commit_paths: Mapping[str, str]
    started: float
    seconds: float

    @functools.cached_property
    def commits(self) -> tuple[Sent, ...]:
        """The commits, in the order in which they arrived."""
        return tuple(each for each in self.sent if each.operation == "commit")

    @functools.cached_property
    def refusal(self) -> Sent | None:
        """The first commit that the service refused of its own accord; then the client was wrong, not unlucky."""
        return next((each for each in self.commits if each.status >= 400 and not each.is_scripted), None)

    @property
    def hangs(self) -> bool:
        """Whether the play was ended when the client had not done anything that shows for longer than any waits."""
        last = max((each.answered or each.arrived for each in self.sent), default=self.started)
        return self.cut and self.started + self.seconds - last > HANGS_AFTER

    @property
    def sha1(self) -> str:
        """SHA-1 of the file that was to be uploaded."""
        return self.prepared.sha1

    @property
    def if_match(self) -> str | None:
        """The tag that the caller gave for If-Match."""
        return CURRENT_ETAG if "if_match" in self.scenario.needs else None

    @property
    def if_none_match(self) -> str | None:
        """The tag that the caller gave for If-None-Match."""
        return OTHER_ETAG if "if_none_match" in self.scenario.needs else None

    @functools.cached_property
    def file(self) -> Stored | None:
        """The uploaded file, if it is there with the right bytes."""
        return next((each for each in self.stored if each.sha1 == self.sha1), None)

    def session_at(self, commit: Sent) -> UploadedSession:
        """The session of a commit, with the parts that had been taken when the commit arrived."""
        size, part_size = self._sizes(commit.session)
        parts: dict[str, UploadedPart] = {}
        prepared = self.prepared.session or {}
        documents = list(self.prepared.parts) if prepared.get("id") == commit.session else []
        for each in self.sent:
            taken = each.operation == "upload_part" and each.status == 200 and each.session == commit.session
            if taken and each.answered is not None and each.answered <= commit.arrived:
                documents.append(each.answer_document["part"])
        for document in documents:
            names = ("part_id", "offset", "size", "sha1")
            part = UploadedPart(**{name: document[name] for name in names})
            parts[part.part_id] = part
        ordered = tuple(sorted(parts.values(), key=lambda part: part.offset))
        return UploadedSession(file_size=size, part_size=part_size, parts=ordered, sha1=self.sha1)

    def _sizes(self, session: str) -> tuple[int, int]:
        """Sizes of the file and of a part, as a session was created with them."""
        for each in self.sent:
            creates = each.operation in ("create_session", "create_version_session") and each.status == 201
            if creates and isinstance(each.answer_document, dict) and each.answer_document.get("id") == session:
                return int(each.document["file_size"]), int(each.answer_document["part_size"])
        return len(self.prepared.content), self.scenario.part_size


def play(scenario: Scenario, call: Call, *, options: frozenset[str], ask: Ask, errors: Callable[[], str]) -> Play:
    """Play a scenario.

    Args:
        options: What the SDK's call can be given.
        ask: Has the scenario done.
        errors: Gives what has come on standard error meanwhile.

    Raises:
        RuntimeError: aiohttp is not installed.
    """
    play_id = f"{scenario.name}/{call}"
    accepted: dict[str, str] = {}
    settings = Settings(
        tokens=accepted,
        trust_first_token=False,
        second_user_token=None,
        limited_token=None,
        expired_session=None,
        part_size=scenario.part_size,
        processing_every=0,
        memory_limit=2**62,
    )
    tokens = Tokens()
    with (
        Service(settings) as service,
        tempfile.TemporaryDirectory(prefix="commit-conformance-") as folder,
    ):
        stage = Stage(service, accepted=accepted, tokens=tokens, script=scenario.script, elsewhere=scenario.elsewhere)
        with ServerThread(stage) as server:
            prepared = prepare(scenario, call, stage, origin=server.url, folder=Path(folder))
            message = message_for(scenario, call, prepared, stage, origin=server.url, play=play_id, options=options)
            started = time.monotonic()
            result, trouble, cut = _ask(ask, message, scenario)
            seconds = time.monotonic() - started
            stage.over.set()
        sent = stage.record.sent()
        return Play(
            id=play_id,
            scenario=scenario,
            call=call,
            prepared=prepared,
            sent=sent,
            result=result,
            trouble=trouble,
            cut=cut,
            errors=errors(),
            stored=_stored(service),
            tokens=tuple(tokens.issued),
            secrets=tuple(tokens.secrets),
            commit_paths={each.session: path for each in sent if (path := stage.commit_path(each.session))},
            started=started,
            seconds=seconds,
        )


def _ask(ask: Ask, message: Mapping[str, Any], scenario: Scenario) -> tuple[Result | None, DriverTrouble | None, bool]:
    try:
        return ask(message, scenario.watch or scenario.timeout), None, False
    except DriverTrouble as trouble:
        if trouble.kind == "hang" and scenario.watch is not None:
            return None, None, True
        return None, trouble, False


def _stored(service: Service) -> tuple[Stored, ...]:
    with service.decisions.lock:
        return tuple(
            Stored(
                id=file.id,
                name=file.name,
                size=file.current.content.size,
                sha1=file.current.content.sha1.hex(),
                versions=len(file.versions),
            )
            for file in service.world.files.values()
            if not file.trashed
        )
