"""Binds cases of Schemathesis to live state, and hands what comes back to the judge.

What a link or a schema cannot say stands here: which digest a slice has, which parts a commit has to list, which name
is still free. A case stays what it is in the one thing that it is about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemathesis import Case, GenerationMode, Response
from schemathesis.core import NotSet

from commit_conformance.model import Answer, Problem
from commit_conformance.syntax.cases import BOUND_HEADERS, is_commit, plan_of
from commit_conformance.syntax.graft import graft
from commit_conformance.syntax.scenes import Place
from commit_conformance.syntax.sessions import LiveSessions, commit_request
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.wire import WireError

_CREATE = "post_files_upload_sessions"
_CREATE_VERSION = "post_files_id_upload_sessions"
_UPLOAD_PART = "put_files_upload_sessions_id"
_ABORT = "delete_files_upload_sessions_id"


class Binder:
    """Binds cases to the sessions of one run.

    Args:
        sessions: The run, connected.
    """

    def __init__(self, sessions: LiveSessions) -> None:
        self.sessions = sessions
        self._places: dict[str, Place] = {}

    def bind(self, case: Case[Any]) -> Problem | None:
        """Makes a case one for a session that is there; changes it in place.

        Returns:
            What kept the target from having such a session, if that is what happened. The case is sent as it is then.

        Raises:
            TargetUnusable: The target cannot be tested in this way at all.
        """
        self._places.pop(case.id, None)
        try:
            self._bind(case)
        except SetupFailed as problem:
            return Problem("PART-COMPLETE", f"no session could be made ready: {problem}")
        except WireError:
            return None  # the budget is spent, or the network in trouble
        return None

    def _bind(self, case: Case[Any]) -> None:
        operation = _operation_id(case)
        if case.method.upper() != case.operation.method.upper():
            if case.path.endswith("/commit"):
                carrier = self.sessions.server.target.bank.lease("general")
                case.path_parameters["upload_session_id"] = carrier.handle.session_id
        elif is_commit(case):
            self._bind_commit(case)
        elif operation in (_CREATE, _CREATE_VERSION):
            self._bind_creation(case, operation)
        elif operation == _UPLOAD_PART and _positive(case):
            part = self.sessions.linked.part(str(case.path_parameters.get("upload_session_id")))
            if part is not None:
                case.headers.update(part[0])
                case.body = part[1]
                case.media_type = "application/octet-stream"

    def _bind_commit(self, case: Case[Any]) -> None:
        if _forbids_path(case):
            return
        positive, plan = _positive(case), plan_of(case)
        linked = self.sessions.linked.ready(str(case.path_parameters.get("upload_session_id")))
        place = self.sessions.scenes.place(plan, positive=positive, linked=linked)
        self._places[case.id] = place
        case.path_parameters["upload_session_id"] = place.upload.handle.session_id
        self._go_to(case, place.upload.commit_url)
        for name in BOUND_HEADERS:
            case.headers.pop(name, None)
        for name, value in place.request.headers:
            # Schemathesis writes the content type itself, unless that is what the case is about.
            if name.lower() != "content-type" or "content-type" in case.headers:
                case.headers[name] = value
        if place.request.body:
            try:
                case.body = json.loads(place.request.body)
            except ValueError:
                return  # no JSON: it stays as it was generated, and is judged as it is sent

    def _go_to(self, case: Case[Any], url: str) -> None:
        """Sends a case where the session says, which need not be the documented path.

        Raises:
            TargetUnusable: That is beyond the URL that Schemathesis was given.
        """
        base = self.sessions.server.target.api.upload_url
        if not url.startswith(f"{base}/") or "?" in url:
            raise TargetUnusable(
                f"the target's sessions are committed at {url[:200]}, which is not below {base}: Schemathesis sends to "
                "one URL only; use commit-conformance run, which follows the session's own URLs"
            )
        path = url.removeprefix(base)
        if path != case.formatted_path and "{" not in path:
            case.path = path

    def _bind_creation(self, case: Case[Any], operation: str) -> None:
        if isinstance(case.body, (NotSet, bytes)):
            return
        right = self.sessions.linked.new_session()
        if operation == _CREATE_VERSION:
            right = {"file_size": right["file_size"]}
        component = "CreateSessionRequest" if operation == _CREATE else "CreateVersionSessionRequest"
        case.body = right if _positive(case) else graft(right, case.body, component=component)

    def answered(self, case: Case[Any], response: Response) -> list[Problem]:
        """Notes what an answer has made, follows a 202 to its end, and judges: what is wrong, by rule.

        What was sent is what is judged, whatever the case was meant to be.
        """
        sessions, sent = self.sessions, response.request
        answer = Answer(status=response.status_code, headers=_lines(response.headers), body=response.content or b"")
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        body = body if isinstance(body, bytes) else b""
        headers = [(str(name), _text(value)) for name, value in sent.headers.items()]
        exchange = sessions.exchange(
            method=str(sent.method),
            url=str(sent.url),
            headers=headers,
            body=body,
            answer=answer,
            seconds=response.elapsed,
        )
        place = self._places.pop(case.id, None)
        # Without the run's token an answer speaks of the caller, and not of the commit.
        authorized = ("authorization", f"Bearer {sessions.server.target.wire.token}") in {
            (name.lower(), value) for name, value in headers
        }
        if place is not None and authorized:
            return sessions.judged(place, exchange, commit_request(headers, body))
        if is_commit(case) and authorized:
            return sessions.nowhere(exchange)
        if 200 <= answer.status <= 299 and case.method.upper() == case.operation.method.upper():
            self._note(case, answer)
        return sessions.general(exchange)

    def _note(self, case: Case[Any], answer: Answer) -> None:
        operation = _operation_id(case)
        session_id = str(case.path_parameters.get("upload_session_id"))
        if operation in (_CREATE, _CREATE_VERSION) and isinstance(case.body, Mapping):
            file_id = str(case.path_parameters["file_id"]) if operation == _CREATE_VERSION else None
            self.sessions.linked.opened(answer, case.body, version_of=file_id)
        elif operation == _UPLOAD_PART:
            given = str(case.headers.get("content-range", ""))
            offset = given.removeprefix("bytes ").partition("-")[0]
            if offset.isdigit():
                self.sessions.linked.stored(session_id, answer, int(offset))
        elif operation == _ABORT:
            self.sessions.linked.aborted(session_id)


def _operation_id(case: Case[Any]) -> str:
    return str(case.operation.definition.raw.get("operationId", ""))


def _positive(case: Case[Any]) -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE


def _forbids_path(case: Case[Any]) -> bool:
    if case.meta is None:
        return False
    return any(
        location.name == "PATH" and component.mode is GenerationMode.NEGATIVE
        for location, component in case.meta.components.items()
    )


def _lines(headers: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name.lower(): tuple(values) for name, values in headers.items()}


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
