"""The hooks and checks for ``st run``, named in ``specs/schemathesis.toml``.

``st --config-file specs/schemathesis.toml run specs/commit.openapi.yaml --url URL`` needs nothing else: before a case
is sent it is bound to a session that was uploaded for it, and what comes back is judged by the model. The first case
makes the connection; at the end everything that was made is taken away again, and a summary tells how many commits
reached which answer. A run of which no commit was sent fails: it has tested nothing.

Options come from the environment, under the names that ``commit-conformance run`` has for them. Importing this module
registers hooks and checks for the whole process.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from commit_conformance.specs import suite_root

if str(suite_root()) not in sys.path:
    sys.path.append(str(suite_root()))  # where ``strategies`` is

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

from commit_conformance.model import Problem
from commit_conformance.options import PREFIX, UsageProblem
from commit_conformance.settings import run_settings
from commit_conformance.syntax.binding import Binder
from commit_conformance.syntax.description import (
    DescriptionProblem,
    check_description,
    commit_operation,
    parse_description,
)
from commit_conformance.syntax.sessions import LiveSessions
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.wire import WireError

__all__ = ["Summary", "commit_is_right"]

#: Environment variable with the target's description of itself, a file or a URL; it has to agree with ours.
TARGET_DESCRIPTION = f"{PREFIX}TARGET_DESCRIPTION"
#: The exit code of wrong use, as Schemathesis has it.
_WRONG_USE = 2


class _Link:
    """What the hooks and checks of one process share.

    Attributes:
        binder: Binds and judges, once there was a case to send.
        problems: What was wrong with the answers of cases, by the id of the case.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.binder: Binder | None = None
        self.problems: dict[str, list[Problem]] = {}

    def connected(self, url: str) -> Binder:
        """The binder; the first call reaches the target."""
        if self.binder is None:
            # What the bank and the judge send is kept within this effort's budget; the cases are Schemathesis' affair.
            given = {"target": url, "effort": os.environ.get(f"{PREFIX}EFFORT") or "standard"}
            try:
                sessions = LiveSessions(replace(run_settings(given), out=_ledger_folder()))
                sessions.connect()
            except (UsageProblem, TargetUnusable) as problem:
                _leave(str(problem))
            self.binder = Binder(sessions)
        return self.binder


_link = _Link()


def _ledger_folder() -> Path | None:
    """Where the ledger goes: nowhere, unless an output folder was asked for."""
    given = os.environ.get(f"{PREFIX}OUT")
    if not given:
        return None
    folder = Path(given)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _leave(message: str) -> NoReturn:
    """Ends the process with one message: an exception would be told once for each case."""
    sys.stdout.flush()
    sys.stderr.write(f"\n{message}\n")
    sys.stderr.flush()
    os._exit(_WRONG_USE)


def _look_at_files(arguments: Sequence[str]) -> None:
    """Ends the process for a description that cannot be parsed: Schemathesis takes it for GraphQL, and says so."""
    for argument in arguments[1:]:
        path = Path(argument)
        if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
            try:
                parse_description(path)
            except DescriptionProblem as problem:
                _leave(str(problem))


if Path(sys.argv[0]).stem in ("st", "schemathesis") and "run" in sys.argv:
    _look_at_files(sys.argv)


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Ends the run at once where the description, or the one the target gives of itself, is no use."""
    try:
        commit_operation(raw_schema)
        against = os.environ.get(TARGET_DESCRIPTION)
        if against:
            check_description(suite_root() / "specs" / "commit.openapi.yaml", against=against)
    except DescriptionProblem as problem:
        _leave(str(problem))


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Binds a case to a live session."""
    with _link.lock:
        try:
            problem = _link.connected(str(case.operation.base_url)).bind(case)
        except TargetUnusable as unusable:
            if _link.binder is not None:
                _link.binder.sessions.close()
            _leave(str(unusable))
        if problem is not None:
            _link.problems.setdefault(case.id, []).append(problem)


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Notes what an answer has made, and judges it."""
    with _link.lock:
        if _link.binder is None or _link.binder.sessions.closed:
            return
        try:
            problems = _link.binder.answered(case, response)
        except WireError:
            return  # the judge could not look further: nothing can be said of this answer
        _link.problems.setdefault(case.id, []).extend(problems)


@schemathesis.check
def commit_is_right(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """The model's judgement: the answer is one that the contract allows, and holds what it has to."""
    with _link.lock:
        problems = _link.problems.pop(case.id, [])
    _raise(problems)
    return None


@schemathesis.check
class Summary:
    """What is left behind has to be right too, and something has to have been tested."""

    def after_run(self, ctx: CheckContext) -> None:
        """Fails for what was left behind, and where no commit was sent at all."""
        with _link.lock:
            sessions = _link.binder.sessions if _link.binder is not None else None
            _raise(sessions.finish() if sessions is not None else [])
            if sessions is None or not sessions.tally.sent:
                raise AssertionError("no commit was sent, so nothing was tested")


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise AssertionError("\n".join(dict.fromkeys(f"{each.rule}: {each.message}" for each in problems)))


def _at_exit() -> None:
    """Takes away what was made, also after an interruption, and tells what became of the cases."""
    if _link.binder is None:
        return
    sessions = _link.binder.sessions
    try:
        sessions.close()
    finally:
        host = urlsplit(sessions.run.settings.target.url).netloc
        print(f"\ncommit-conformance, {host}\n{sessions.tally}", flush=True)  # noqa: T201


atexit.register(_at_exit)
