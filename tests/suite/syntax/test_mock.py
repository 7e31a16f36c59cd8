"""Schemathesis on services without a socket: through the adapter, plainly and along the description's links."""

from __future__ import annotations

import httpx
import pytest
import requests
import respx
import schemathesis

from commit_conformance.reference import Service, Settings
from commit_conformance.reference.respx_adapter import mock_router
from commit_conformance.specs import openapi
from commit_conformance.syntax.adapter import HttpxAdapter
from commit_conformance.syntax.cases import load_operation
from commit_conformance.syntax.machine import configuration, walk_links
from commit_conformance.syntax.sessions import LiveSessions
from commit_conformance.target.settings import TargetSettings
from commit_conformance.verdict.settings import RunSettings

URL = "https://mock.invalid/2.0"


def session_over(router: respx.Router) -> tuple[requests.Session, HttpxAdapter]:
    adapter = HttpxAdapter(httpx.Client(transport=httpx.MockTransport(router.handler)))
    session = requests.Session()
    session.mount("https://", adapter)
    return session, adapter


# -- the adapter ------------------------------------------------------------------------------------------------------


def test_a_case_reaches_the_respx_mock_and_its_answer_is_validated() -> None:
    with Service(Settings(tokens={"t": "1"})) as service:
        session, adapter = session_over(mock_router(service, base_url=URL))
        case = load_operation().Case(
            path_parameters={"upload_session_id": "F971964745A5CD0C001BBE4E58196BFD"},
            headers={"digest": "sha=fpRyg5eVQletdZqEKaFlqwBXJzM="},
            body={"parts": [{"part_id": "0A1B2C3D", "offset": 0, "size": 8}]},
            media_type="application/json",
        )
        answer = case.call_and_validate(base_url=URL, session=session, headers={"Authorization": "Bearer t"})
    assert answer.status_code == 404
    assert answer.json()["type"] == "error"
    assert adapter.sent == 1


def test_headers_and_bodies_go_through_as_they_are() -> None:
    router = respx.Router()
    route = router.put(f"{URL}/x").mock(
        side_effect=lambda request: httpx.Response(
            299, headers=[("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-y", "z")], content=request.content[::-1]
        )
    )
    session, _ = session_over(router)
    answer = session.put(f"{URL}/x", data=iter([b"ab", b"c"]), headers={"digest": "sha=1"})
    assert (answer.status_code, answer.content, answer.headers["x-y"]) == (299, b"cba", "z")
    assert answer.raw.headers.getlist("set-cookie") == ["a=1", "b=2"]
    assert route.calls.last.request.headers["digest"] == "sha=1"


def test_redirects_are_for_requests_to_follow() -> None:
    router = respx.Router()
    router.get(f"{URL}/a").respond(302, headers={"location": f"{URL}/b"})
    router.get(f"{URL}/b").respond(200, text="there")
    session, adapter = session_over(router)
    assert session.get(f"{URL}/a", allow_redirects=False).status_code == 302
    assert session.get(f"{URL}/a").text == "there"
    assert adapter.sent == 3


def test_what_the_client_cannot_reach_is_no_answer() -> None:
    router = respx.Router()
    router.get(f"{URL}/a").mock(side_effect=httpx.ConnectTimeout("too slow"))
    session, adapter = session_over(router)
    with pytest.raises(requests.exceptions.ConnectionError, match="too slow"):
        session.get(f"{URL}/a")
    assert adapter.sent == 0


# -- the links, as a state machine ------------------------------------------------------------------------------------


def walked(*behaviours: str, fault: str = "") -> tuple[LiveSessions, list[str]]:
    """Walks along the links on the embedded service: the run, and what was wrong."""
    target = TargetSettings(behaviours=behaviours, faults=(fault,) if fault else ())
    sessions = LiveSessions(RunSettings(target=target, seed=1))
    sessions.connect()
    try:
        told = walk_links(sessions, walks=8, steps=6, seed=1)
        told += [f"{problem.rule}: {problem.message}" for problem in sessions.finish()]
    finally:
        sessions.close()
    assert sessions.run.cleanup is not None
    assert sessions.run.cleanup.left == []
    return sessions, told


@pytest.mark.parametrize("behaviour", ["processing=0", "processing-every=1", "async-validation"])
def test_a_right_service_is_walked_from_a_session_to_its_file(behaviour: str) -> None:
    sessions, told = walked(behaviour)
    assert told == []
    assert sessions.tally.statuses[201]
    assert sessions.tally.statuses[202] or behaviour == "processing=0"


@pytest.mark.parametrize(("fault", "rule"), [("wrong-total-count", "CREATED-LIST"), ("wrong-sha1", "CREATED-SHA1")])
def test_a_wrong_answer_on_the_way_is_told_by_its_rule(fault: str, rule: str) -> None:
    _, told = walked(fault=fault)
    assert any(text.startswith(f"{rule}: ") for text in told)


def test_our_configuration_is_taken_and_no_other() -> None:
    config = configuration()
    loaded = schemathesis.openapi.from_dict(dict(openapi()), config=config)
    checks = loaded.config.checks_config_for()
    assert not checks.negative_data_rejection.enabled
    assert not checks.positive_data_acceptance.enabled
    assert checks.response_schema_conformance.enabled
    assert not checks.ignored_auth.enabled  # it would go to the network
