"""What is sent to both sides, and in which order. Every plan is settled here, before anybody is asked anything.

Wrong commits are the first representatives of their families, and a few that are drawn; a refusal costs no session, so
they share some. Right ones are the commit as documented, every liberty, and a few that are drawn; each costs a file, so
liberties that do not touch the same thing go into one commit, and are sent one by one only if either side does not take
it. The seed decides what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from strategies import bodies, commits, digests, part_lists, preconditions
from strategies.family import Family
from strategies.liberties import LIBERTIES, Liberty, pack, together
from strategies.plan import CommitPlan

#: Requests to the upload endpoints that one side is sent at most: little more than a minute at 240 a minute.
UPLOAD_REQUESTS = 250
#: Files and versions that one side is made to commit at most: every liberty may cost one, and every wrong commit that
#: it carries out.
COMMITTED_FILES = 40
#: Commits with one mistake or several that are drawn. Each costs a request.
DRAWN_WRONG = 8
#: Right commits in any form that are drawn. Each costs a file, and a file costs four requests or more.
DRAWN_RIGHT = 1


class Scene(StrEnum):
    """On what kind of session a step takes place."""

    FIRST = "the first commit"
    AFTERWARDS = "a session that was committed"
    LISTS = "wrong lists and bodies"
    DIGESTS = "wrong digests"
    SURVIVAL = "the right commit after refusals"
    LIBERTY = "a right commit in an unusual form"
    CONDITIONS = "conditions that fail"
    VERSION = "a new version"
    ABORTED = "an aborted session"
    UNKNOWN = "a session that is not there"
    STRANGER = "nobody's token"
    INCOMPLETE = "an upload that lacks a part"
    TAKEN = "a name that is taken"
    FREED = "the name is free again"
    AGAIN = "the same commit again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One commit of the script.

    Attributes:
        subject: What the step is about, a noun phrase; differences of one subject are told together.
        plan: How the commit differs from the right one.
        what: What is sent, in words.
        carrier: For `Scene.SURVIVAL`, the scene whose session is committed.
        token: For `Scene.STRANGER`, the token that is sent; None sends none.
        alone: What to send one by one in its place, where a side does not take it.
    """

    scene: Scene
    subject: str
    what: str
    plan: CommitPlan = field(default_factory=CommitPlan)
    carrier: Scene | None = None
    token: str | None = None
    alone: tuple[Step, ...] = ()


def script(*, seed: int) -> tuple[Step, ...]:
    """Every step, in order.

    Args:
        seed: What is drawn follows from it.
    """
    return tuple(_steps(seed))


def _steps(seed: int) -> Iterator[Step]:
    yield Step(scene=Scene.FIRST, subject="a right commit", what="a right commit, as documented")
    yield Step(scene=Scene.AFTERWARDS, subject="a committed session", what="GET of a session that was committed")
    families = [*part_lists.FAMILIES.values(), part_lists.in_list_order, part_lists.reordered]
    for family in [*families, *bodies.FAMILIES.values()]:
        yield from _of(family, Scene.LISTS)
    for plan in drawn(commits.wrong_commits(), DRAWN_WRONG, seed=seed):
        yield Step(scene=Scene.LISTS, subject="a wrong commit", what=str(plan), plan=plan)
    yield _survival(Scene.LISTS)
    for family in digests.FAMILIES.values():
        yield from _of(family, Scene.DIGESTS)
    yield _survival(Scene.DIGESTS)
    yield from _liberties()
    for plan in drawn(commits.right_commits(version=False), DRAWN_RIGHT, seed=seed):
        yield Step(scene=Scene.LIBERTY, subject="a right commit in an unusual form", what=str(plan), plan=plan)
    again = "the first commit once more, after its 201"
    yield Step(scene=Scene.AGAIN, subject="the second commit", what=again)
    yield from _versions()
    yield from _states()


def _of(family: Family, scene: Scene) -> Iterator[Step]:
    """A family's first representative, and the first that comes with another digest than the whole file's.

    Lists that are wrong are refused by accident where only the digest is compared.
    """
    first = family.representatives[0]
    plans = [first]
    if scene is Scene.LISTS and first.digest is None:
        plans += [plan for plan in family.representatives if plan.digest is not None][:1]
    for plan in plans:
        yield Step(scene=scene, subject=family.name, what=str(plan), plan=plan)


def _liberties() -> Iterator[Step]:
    """Right commits of a new file in unusual forms: those that many servers refuse alone, the others together."""
    new = [liberty for liberty in LIBERTIES if not liberty.version]
    for members in pack(liberty for liberty in new if not liberty.doubtful):
        alone = tuple(_liberty(liberty) for liberty in members)
        plan = together(members)
        what = f"{len(members)} unusual forms at once: {plan}"
        yield Step(scene=Scene.LIBERTY, subject="unusual forms", what=what, plan=plan, alone=alone)
    yield from (_liberty(liberty) for liberty in new if liberty.doubtful)


def _liberty(liberty: Liberty) -> Step:
    return Step(scene=Scene.LIBERTY, subject=str(liberty.plan), what=str(liberty.plan), plan=liberty.plan)


def _survival(carrier: Scene) -> Step:
    what = f"the right commit, after {carrier} were refused"
    return Step(scene=Scene.SURVIVAL, subject=f"the right commit after {carrier}", what=what, carrier=carrier)


def _versions() -> Iterator[Step]:
    conditions = [
        ("an if-match that fails", preconditions.stale_if_match.representatives[0]),
        ("an if-none-match that fails", preconditions.current_if_none_match),
        ("two conditions that fail", preconditions.both_false),
    ]
    for subject, plan in conditions:
        yield Step(scene=Scene.CONDITIONS, subject=subject, what=f"for a new version, {plan}", plan=plan)
    yield _survival(Scene.CONDITIONS)
    right = [preconditions.current_if_match, *(liberty.plan for liberty in LIBERTIES if liberty.version)]
    for plan in right:
        what = f"for a new version, {plan}"
        yield Step(scene=Scene.VERSION, subject=what, what=what, plan=plan)


def _states() -> Iterator[Step]:
    table = [
        (Scene.ABORTED, "a right commit for a session that was aborted"),
        (Scene.UNKNOWN, "a right commit for a session that is not there"),
        (Scene.INCOMPLETE, "a commit before the last part is uploaded"),
        (Scene.TAKEN, "a right commit for a name that was taken meanwhile"),
        (Scene.FREED, "the same once the name is free again"),
    ]
    yield Step(scene=Scene.STRANGER, subject="no token", what="a right commit without a token", token=None)
    wrong = "not-a-token-of-anybody"
    yield Step(scene=Scene.STRANGER, subject="a wrong token", what="a right commit with a wrong token", token=wrong)
    for scene, what in table:
        yield Step(scene=scene, subject=str(scene), what=what)


def drawn(strategy: st.SearchStrategy[CommitPlan], count: int, *, seed: int) -> list[CommitPlan]:
    """Different plans of a strategy, the same ones for the same seed."""
    plans: dict[str, CommitPlan] = {}

    @hypothesis_seed(seed)
    @hypothesis_settings(
        # The first examples are the simplest there are, whatever the seed, and some come twice.
        max_examples=4 * count + 8,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(plan: CommitPlan) -> None:
        plans.setdefault(str(plan), plan)

    draw()
    return list(plans.values())[-count:]
