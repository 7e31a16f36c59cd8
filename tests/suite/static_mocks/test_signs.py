"""A static mock is told from a server, and a server is never taken for one, however wrong it is."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from commit_conformance.reference.behaviours import BEHAVIOURS
from commit_conformance.reference.faults import FAULTS
from commit_conformance.static_mock import Signs, look_for_signs
from commit_conformance.target.connect import Target
from commit_conformance.target.embedded import BASE_URL, embedded
from commit_conformance.target.settings import TargetSettings
from commit_conformance.wire import Wire
from tests.suite.static_mocks.mocks import (
    CREATE,
    PART,
    PARTS,
    STATUS,
    Given,
    StaticMock,
    given,
    random_values,
    target_of,
)

FOLDERS = frozenset({"post_folders", "get_folders_id", "get_folders_id_items"})
ONLY_SESSIONS = FOLDERS | {"get_users_me"}


def signs_of(answer: Callable[[httpx.Request], httpx.Response]) -> Signs | None:
    """What is found where a run has got as far as its first session."""
    found: list[Signs | None] = []
    with target_of(answer) as (_, target):
        target.connect(forgets=lambda first: bool(found.append(look_for_signs(target, first))) or True)
    return found[0]


def unusable_id(request: httpx.Request) -> Given:
    """A session without a usable id."""
    return given(201, {"id": "", "part_size": 4096, "session_endpoints": {"commit": ""}})


def exact_urls(request: httpx.Request) -> httpx.Response:
    """Stubs for the one session that the examples know, and nothing for any other."""
    known = "/files/upload_sessions/F971964745A5CD0C001BBE4E58196BFD"
    path = request.url.path.removeprefix("/2.0")
    if path.startswith("/files/upload_sessions/") and not path.startswith(known):
        return httpx.Response(404, text="no stub")
    return StaticMock(prefers=False, lacks=ONLY_SESSIONS)(request)


@pytest.mark.parametrize(
    "mock",
    [
        StaticMock(),
        StaticMock(prefers=False),
        StaticMock(validates=True),
        StaticMock(lacks=ONLY_SESSIONS),
        StaticMock(lacks=ONLY_SESSIONS | {STATUS}),
        StaticMock(answers={(CREATE, 0): unusable_id}),
        StaticMock(answers={(PART, 200): given(200, {"part": {"part_id": "BFDF5379"}})}, lacks=ONLY_SESSIONS),
        random_values,
        exact_urls,
    ],
    ids=["prefers", "plain", "validates", "sessions", "no status", "unusable id", "bare part", "random", "exact URLs"],
)
def test_a_static_mock_is_known_by_itself(mock: Callable[[httpx.Request], httpx.Response]) -> None:
    signs = signs_of(mock)
    assert signs is not None
    assert len(signs.seen) >= 3
    assert signs.sentence.startswith("the target is a static mock: it answers from examples and remembers nothing (")


def told_of(faults: tuple[str, ...] = (), behaviours: tuple[str, ...] = ()) -> tuple[Signs | None, int]:
    """What is found on the embedded service where its folder did not clear it, and how many requests that took."""
    settings, transport, close = embedded(TargetSettings(faults=faults, behaviours=behaviours), seed=1)
    wire = Wire(token=settings.token, origins=[BASE_URL], transport=transport, sleep=lambda seconds: None)
    target = Target(settings, wire, run_id="cc-x", seed=1, ledger_path=None, base_url=BASE_URL)
    try:
        _, _, tried = target._smallest()
        target.first_size, first = tried[-1]
        before = wire.purse.cost.requests
        return look_for_signs(target, first), wire.purse.cost.requests - before
    finally:
        wire.close()
        close()


def test_no_fault_makes_a_server_a_static_mock() -> None:
    taken = {name: signs for name in FAULTS if (signs := told_of((name,))[0]) is not None}
    assert taken == {}


def test_no_behaviour_makes_a_server_a_static_mock() -> None:
    written = {name: f"{name}={one.example}" if one.example else name for name, one in BEHAVIOURS.items()}
    taken = {name: signs for name, text in written.items() if (signs := told_of((), (text,))[0]) is not None}
    assert taken == {}


def test_a_server_that_makes_no_folders_is_cleared_by_two_requests() -> None:
    """One more session, whose number of parts is the one that was asked for; and its end."""
    assert told_of() == (None, 2)


def test_a_server_that_makes_the_folder_is_cleared_by_nothing_more() -> None:
    settings, transport, close = embedded(TargetSettings(), seed=1)
    wire = Wire(token=settings.token, origins=[BASE_URL], transport=transport, sleep=lambda seconds: None)
    target = Target(settings, wire, run_id="cc-x", seed=1, ledger_path=None, base_url=BASE_URL)
    costs: list[int] = []

    def forgets(first: object) -> bool:
        costs.append(wire.purse.cost.requests)
        found = look_for_signs(target, first)  # type: ignore[arg-type]
        costs.append(wire.purse.cost.requests)
        return found is not None

    target.connect(forgets=forgets)
    target.close()
    close()
    assert len(costs) == 2
    assert costs[0] == costs[1]


class Forgetful:
    """A server that keeps sessions badly: one id for all of them, no folders, and whatever else is said of it.

    Attributes:
        loses: Whether it lists no part that was uploaded.
        knows_all: Whether it takes any session for one of its own.
    """

    def __init__(self, *, loses: bool = False, knows_all: bool = False) -> None:
        self.loses = loses
        self.knows_all = knows_all
        self.parts: list[dict[str, object]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/2.0/files/upload_sessions")
        if request.method == "POST" and path == "":
            return httpx.Response(201, json={"id": "ONE", "part_size": 4096})
        if not path.startswith("/ONE") and not self.knows_all:
            return httpx.Response(404, json={"type": "error", "status": 404})
        if request.method == "PUT":
            first, last = request.headers["content-range"].split(" ")[1].split("/")[0].split("-")
            size = int(last) - int(first) + 1
            self.parts.append({"part_id": f"P{len(self.parts)}", "offset": int(first), "size": size})
            return httpx.Response(200, json={"part": self.parts[-1]})
        if path.endswith("/parts"):
            return httpx.Response(200, json={"entries": [] if self.loses else self.parts})
        if path.endswith("/commit"):
            return httpx.Response(201 if self.knows_all else 400, json={})
        return httpx.Response(200, json={"id": "ONE", "part_size": 4096})


@pytest.mark.parametrize("loses", [False, True])
@pytest.mark.parametrize("knows_all", [False, True])
def test_a_server_with_one_session_id_for_all_is_still_a_server(*, loses: bool, knows_all: bool) -> None:
    def with_root(request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/2.0/files"):
            return httpx.Response(404, text="not here")
        return server(request)

    server = Forgetful(loses=loses, knows_all=knows_all)
    assert signs_of(with_root) is None
    assert server.parts, "it was not even asked to keep a part"


def test_the_session_that_was_opened_for_looking_is_aborted() -> None:
    opened: list[str] = []
    aborted: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/2.0")
        if request.method == "POST" and path == "/files/upload_sessions":
            opened.append(f"S{len(opened)}")
            total = -(-json.loads(request.content)["file_size"] // 4096)
            return httpx.Response(201, json={"id": opened[-1], "part_size": 4096, "total_parts": total})
        if request.method == "DELETE":
            aborted.append(path.rpartition("/")[2])
            return httpx.Response(204)
        return httpx.Response(404, text="not here")

    assert signs_of(server) is None
    assert opened == ["S0", "S1"]
    assert aborted == ["S1"], "the run goes on with the first"


def test_two_signs_are_not_enough() -> None:
    """Sessions that are known whatever their id, and a commit of any of them; parts are kept."""
    record = given(200, {"part": {"part_id": "P"}})
    mock = StaticMock(answers={(PART, 200): record, (PARTS, 200): Given(404)}, lacks=ONLY_SESSIONS)
    ids = iter(range(100))

    def server(request: httpx.Request) -> httpx.Response:
        response = mock(request)
        if request.url.path.endswith("/upload_sessions"):
            return httpx.Response(201, json={**response.json(), "id": f"S{next(ids)}"})
        if request.method == "PUT":
            return httpx.Response(200, json={"part": {"part_id": f"P{next(ids)}"}})
        return response

    assert signs_of(server) is None
