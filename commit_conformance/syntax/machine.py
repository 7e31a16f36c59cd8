"""The links of the description as a state machine, bound to live state: create, upload, commit, read.

Schemathesis finds the machine's steps in the links; digests, contents and part lists are put in as each step is taken.
`st run` does the same by its hooks; this is for pytest, and for the embedded service, which no socket leads to.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as hypothesis_seed
from hypothesis.errors import Flaky
from schemathesis import Case, Response

from commit_conformance.specs import openapi, suite_root
from commit_conformance.syntax.adapter import HttpxAdapter
from commit_conformance.syntax.binding import Binder
from commit_conformance.syntax.sessions import LiveSessions


def configuration() -> Any:
    """Our configuration, ``specs/schemathesis.toml``, for use without ``st``.

    Hooks and token are given by hand. `ignored_auth` is off: it sends requests of its own by a session of its own,
    which leads to the network, also from a service that has no socket.
    """
    read = tomllib.loads((suite_root() / "specs" / "schemathesis.toml").read_text(encoding="utf-8"))
    kept = {key: value for key, value in read.items() if key not in ("hooks", "auth")}
    kept["checks"] = {**kept["checks"], "ignored_auth": {"enabled": False}}
    return schemathesis.Config.from_dict(kept)


def session_of(sessions: LiveSessions) -> requests.Session:
    """A session of requests over the run's own connections: to the embedded service there is no other way."""
    session = requests.Session()
    adapter = HttpxAdapter(sessions.server.target.wire._client)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def walk_links(sessions: LiveSessions, *, walks: int, steps: int, seed: int) -> list[str]:
    """Walks along the links of our description.

    What a server answers depends on what it was asked before, so a walk cannot be taken a second time: nothing is made
    shorter, and Hypothesis' complaint about that ends a walk and no more.

    Args:
        sessions: The run, connected. It is not closed.
        walks: How many walks.
        steps: Steps of each, at most.
        seed: What the walks are drawn from.

    Returns:
        What was wrong, a text each: the rule and what broke it, or what Schemathesis' own checks say.
    """
    told: list[str] = []
    chosen = settings(
        # The first walk of a machine is the shortest there is, the second one is drawn.
        max_examples=2,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    for number in range(walks):
        machine = hypothesis_seed(seed + number)(_machine(sessions, told))
        with suppress(Flaky):
            machine.run(settings=chosen)
    return list(dict.fromkeys(told))


def _machine(sessions: LiveSessions, told: list[str]) -> Any:
    """The state machine of our description on one target: a class, whose steps write down what is wrong."""
    loaded = schemathesis.openapi.from_dict(dict(openapi()), config=configuration())
    binder, session, target = Binder(sessions), session_of(sessions), sessions.server.target
    base: Any = loaded.as_state_machine()

    class Commits(base):  # type: ignore[misc]  # a class that Schemathesis has made
        """Steps along the links, each bound before it is taken and judged after it."""

        def before_call(self, case: Case[Any]) -> None:
            """Binds a step."""
            problem = binder.bind(case)
            if problem is not None:
                told.append(f"{problem.rule}: {problem.message}")

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            """Where a step goes."""
            headers = {"Authorization": f"Bearer {target.wire.token}"}
            return {"base_url": target.api.upload_url, "session": session, "headers": headers}

        def validate_response(
            self, response: Response, case: Case[Any], additional_checks: Any = None, **kwargs: Any
        ) -> None:
            """Judges a step."""
            told.extend(f"{each.rule}: {each.message}" for each in binder.answered(case, response))
            try:
                super().validate_response(response, case, additional_checks=additional_checks, **kwargs)
            except BaseExceptionGroup as failures:
                told.extend(f"{type(each).__name__}: {each}" for each in failures.exceptions)

    return Commits
