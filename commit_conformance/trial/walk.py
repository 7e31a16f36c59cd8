"""The life cycle as a state machine: walks that are drawn, beside the one that is laid down, and what comes of both.

A walk that is drawn is a `hypothesis.stateful` machine whose rules are the steps of a `Walker`. Hypothesis shrinks the
walk that fails; that costs requests too, and has a limit of its own. What the walks have seen is kept in a `Journey`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from commit_conformance.trial.journey import SHARES, Journey, Stop
from commit_conformance.trial.laid_down import laid_down
from commit_conformance.trial.races import Races
from commit_conformance.verdict.catalogue import Effort, Level
from commit_conformance.verdict.outcomes import Blocked, Nonconformance, Verdict
from strategies import preconditions
from strategies.commits import wrong_commits
from strategies.plan import CommitPlan

#: Sessions that a walk has open at once: enough for two for one file and two for one name.
MOST_LIVE = 4


def walks(server: Races) -> str:
    """Walks as the effort allows, and ends the test when what is there is not what the steps make; tells how many.

    Raises:
        Nonconformance: The shortest walk found that shows it.
        Blocked: The same, where other rules have failed already; or no walk came to its end.
    """
    effort = server.run.settings.effort
    server.leans = True  # a walk that fails was walked again while it was made shorter
    journey = Journey(server, SHARES[effort])
    # A drawn walk uploads whole files for most of its steps.
    kinds = [laid_down] if server.sparing else [laid_down, _drawn]
    # Drawn walks that fail are made shorter, the one that is laid down is not: it goes first only where little is left.
    for kind in kinds if effort is not Effort.THOROUGH else kinds[::-1]:
        try:
            kind(journey)
        except (Stop, Nonconformance, Flaky):
            break
    if journey.failure is not None:
        others = _others(server)
        if others:
            met = f"a walk met the same or another mistake ({journey.failure})"
            raise Blocked(f"{met}; mend {', '.join(others[:5])} first")
        raise journey.failure
    if not journey.completed:
        raise journey.ended_by or Blocked("no walk came to its end")
    return f"{journey.completed} walks of {journey.steps} steps in all"


def _others(server: Races) -> list[str]:
    """Rules other than the current one that have failed in the run, in passing or in a test of their own."""
    run = server.run
    failed = [rule for rule, verdict in run.verdicts.items() if verdict is Verdict.FAILED]
    failed += [rule for rule, findings in run.monitor.findings.items() if findings]
    return [
        rule
        for rule in dict.fromkeys(failed)
        if rule != server.rule.id and run.catalogue.get(rule).level is not Level.OBSERVED
    ]


_any = st.integers(0, 5)
#: Wrong on files of one part and of more, in one way or in several.
_WRONG = wrong_commits(parts=1) | st.sampled_from(preconditions.stale_if_match.representatives)


@st.composite
def _wrong_plan(draw: st.DrawFn) -> CommitPlan:
    """One of them; with a short name, since Hypothesis writes down how it draws, and these are hundreds."""
    return draw(_WRONG)


def _drawn(journey: Journey) -> None:
    """Walks that are drawn, and the shortest that fails when one does."""
    share = journey.share
    if not share.walks:
        return

    @hypothesis_seed(journey.server.run.settings.seed)
    class LifeCycle(RuleBasedStateMachine):
        """The steps of a walk, to be drawn. Sessions and files are counted from the newest."""

        def __init__(self) -> None:
            super().__init__()
            self.walker = journey.begin()

        def teardown(self) -> None:
            """Ends the walk."""
            journey.end(self.walker)

        def session(self, number: int) -> str:
            """A session of the walk: a live one more often than not."""
            live = self.walker.live()
            found = live if live and number < MOST_LIVE else self.walker.sessions
            return found[-1 - number % len(found)]

        def file(self, number: int) -> str:
            """A file of the walk, deleted or not."""
            return self.walker.files[-1 - number % len(self.walker.files)]

        def take(self, step: Callable[[], object]) -> None:
            """Takes a step."""
            journey.step(self.walker, step)

        @initialize(committed=st.booleans())
        def begin(self, committed: bool) -> None:
            """Makes a file to walk about, or only uploads it."""
            self.take(lambda: self._open("all", name=self.walker.names[0]))
            if committed and self.walker.sessions:
                self.take(lambda: self.walker.commit(self.session(0)))

        @precondition(lambda self: len(self.walker.live()) < MOST_LIVE)
        @rule(
            name=st.integers(0, 2), size=st.integers(0, 1), fill=st.sampled_from(("all", "all", "backwards", "nothing"))
        )
        def open(self, name: int, size: int, fill: str) -> None:
            """Opens a session for a new file."""
            self.take(lambda: self._open(fill, name=self.walker.names[name], size=size))

        @precondition(lambda self: self.walker.files and journey.makes_versions)
        @precondition(lambda self: len(self.walker.live()) < MOST_LIVE)
        @rule(
            file=_any,
            size=st.integers(0, 1),
            fill=st.sampled_from(("all", "all", "backwards", "nothing")),
            same_bytes=st.booleans(),
        )
        def open_version(self, file: int, size: int, fill: str, same_bytes: bool) -> None:
            """Opens a session for a new version, now and then with the bytes of the latest session."""
            bytes_of = self.walker.live()[-1] if same_bytes and self.walker.live() else None
            self.take(lambda: self._open(fill, file_id=self.file(file), size=size, bytes_of=bytes_of))

        def _open(self, fill: str, **options: Any) -> None:
            key = self.walker.open(**options)
            if key is not None and fill != "nothing":
                self.walker.fill(key, backwards=fill == "backwards")

        @precondition(lambda self: self.walker.sessions)
        @rule(session=_any, part=st.integers(0, 1), kind=st.sampled_from(("right", "right", "other", "digest")))
        def put(self, session: int, part: int, kind: str) -> None:
            """Uploads a part, again or for the first time."""
            key = self.session(session)
            self.take(lambda: self.walker.put(key, part, other_bytes=kind == "other", wrong_digest=kind == "digest"))

        @precondition(lambda self: self.walker.sessions)
        @rule(session=_any, parts=st.booleans())
        def ask(self, session: int, parts: bool) -> None:
            """Asks for a session or for its parts."""
            key = self.session(session)
            self.take(lambda: self.walker.list_parts(key) if parts else self.walker.status(key))

        @precondition(lambda self: self.walker.sessions)
        @rule(session=_any, condition=st.sampled_from((CommitPlan(), preconditions.current_if_match)))
        def commit(self, session: int, condition: CommitPlan) -> None:
            """Commits rightly, as far as the session is complete."""
            key = self.session(session)
            self.take(lambda: self.walker.commit(key, condition))

        @precondition(lambda self: self.walker.sessions)
        @rule(session=_any, plan=_wrong_plan())
        def commit_wrongly(self, session: int, plan: CommitPlan) -> None:
            """Commits wrongly."""
            key = self.session(session)
            self.take(lambda: self.walker.commit(key, plan))

        @precondition(lambda self: len(self.walker.sessions) > 1)
        @rule(session=_any, other=_any)
        def commit_across(self, session: int, other: int) -> None:
            """Commits a session with the parts of another."""
            key, parts_of = self.session(session), self.session(other)
            if key != parts_of:
                self.take(lambda: self.walker.commit(key, parts_of=parts_of))

        # Only beside another one: what an abort does to others is what matters, and somebody has to be left to commit.
        @precondition(lambda self: len(self.walker.live()) > 1 and "abort" in journey.server.target.capabilities)
        @rule(session=_any)
        def abort(self, session: int) -> None:
            """Aborts a session."""
            key = self.session(session)
            self.take(lambda: self.walker.abort(key))

        @precondition(lambda self: self.walker.files and self.walker.can("rename_file"))
        @rule(file=_any, name=st.integers(0, 2))
        def rename(self, file: int, name: int) -> None:
            """Gives a file another name."""
            file_id = self.file(file)
            self.take(lambda: self.walker.rename(file_id, self.walker.names[name]))

        @precondition(lambda self: self.walker.files and self.walker.can("delete_file"))
        @rule(file=_any)
        def delete(self, file: int) -> None:
            """Deletes a file."""
            file_id = self.file(file)
            self.take(lambda: self.walker.delete(file_id))

    server = journey.server
    settings = hypothesis_settings(
        max_examples=share.walks,
        stateful_step_count=share.steps,
        database=journey.server.kept.database(journey.server.rule.id),
        deadline=None,
        phases=(Phase.reuse, Phase.generate, *([] if server.run.is_known(server.rule) else [Phase.shrink])),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(LifeCycle, settings=settings)
