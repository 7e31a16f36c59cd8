"""Scenes: what a commit meets, so that each answer of the contract is reached.

A right commit goes in turn to a new file, to a name that is taken meanwhile, to a new version with a stale
precondition, and to one with the current etag: 201, 409, 412, 201. Between them its part list or its digest is made
wrong in a way that the description allows, since no schema can see it: 400. One that the description forbids goes to a
session that carries refusals.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum

from commit_conformance.model import CommitRequest
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.upload import State, Upload
from commit_conformance.trial.server import Server
from commit_conformance.verdict.outcomes import Ending
from commit_conformance.wire import BudgetSpent
from strategies import digests, part_lists, preconditions
from strategies.plan import CommitPlan


class Scene(StrEnum):
    """What a commit meets."""

    NEW = "a new file"
    TAKEN = "a name that is taken"
    STALE = "a stale precondition"
    VERSION = "a new version"
    CARRIER = "a session that carries refusals"
    WRONG = "a list or a digest that only looks right"
    LINKED = "a session that a link led to"


#: The scenes of right commits, in turn.
_ROUND = (
    *(Scene.NEW, Scene.WRONG),
    *(Scene.TAKEN, Scene.WRONG),
    *(Scene.STALE, Scene.WRONG),
    *(Scene.VERSION, Scene.WRONG),
)
#: Mistakes that no schema can see, each with the rule that speaks of it: their simplest form takes its turn.
_MISTAKES = tuple(
    (rule, family.representatives[0])
    for rule, family in {
        "PART-GAP": part_lists.gaps,
        "DIGEST-MISMATCH": digests.mismatch,
        "PART-OVERLAP": part_lists.overlaps,
        "PART-MISSING-LAST": part_lists.missing_last,
        "PART-DUPLICATE": part_lists.duplicates,
        "PART-SHA1": part_lists.wrong_sha1,
        "PART-OFFSET": part_lists.wrong_offset,
        "PART-SIZE": part_lists.wrong_size,
        "DIGEST-OF-PARTS": digests.of_parts,
        "PART-PAST-END": part_lists.past_end,
        "PART-UNKNOWN": part_lists.unknown,
        "PART-BOUNDARY": part_lists.moved_boundaries,
        "PART-SUM": part_lists.wrong_sum,
        "PART-COUNT": part_lists.too_many,
        "DIGEST-OF-BODY": digests.of_body,
        "DIGEST-HEX": digests.hexadecimal,
    }.items()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a case goes.

    Attributes:
        request: What to send there, as the plan has it.
        positive: Whether the description allows it.
        rule: The rule that speaks of it where it has to be refused although the description allows it.
    """

    scene: Scene
    upload: Upload
    request: CommitRequest
    what: str
    positive: bool
    rule: str | None = None


class Scenes:
    """Sessions for the commits of one run, made when they are needed.

    Args:
        server: Where to make them.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self._round = itertools.cycle(_ROUND)
        self._mistakes = itertools.cycle(_MISTAKES)
        self._taken: Upload | None = None
        self._stale: Upload | None = None
        self._without: set[Scene] = set()

    def place(self, plan: CommitPlan, *, positive: bool, linked: Upload | None = None) -> Place:
        """A session for a case, and the request the case becomes there.

        Args:
            plan: The case, as a plan.
            positive: Whether the description allows it.
            linked: The session that a link has led to, all parts of it uploaded, if one has.

        Raises:
            SetupFailed: The target does not let a session come about.
            WireError: It does not answer, or the budget is spent.
        """
        purse = self.server.target.wire.purse
        if linked is not None and (purse.has_files(1) or not positive):
            scene, upload = Scene.LINKED, linked
        elif positive:
            scene, upload = self._scene()
        else:
            scene, upload = Scene.CARRIER, self.server.target.bank.lease("general")
        rule: str | None = None
        if scene is Scene.WRONG:
            rule, mistake = next(self._mistakes)
            plan = plan.merge(mistake)
        elif scene is Scene.TAKEN:
            rule = "CONFLICT-NAME"
        elif scene is Scene.STALE:
            rule = "IF-MATCH-STALE"
            plan = plan.merge(preconditions.stale_if_match.representatives[0])
        elif scene is Scene.VERSION:
            plan = plan.merge(preconditions.current_if_match)
        request = plan.build(self.server.material(upload))
        what = f"{plan}, for {scene}"
        return Place(scene=scene, upload=upload, request=request, what=what, positive=positive, rule=rule)

    def _scene(self) -> tuple[Scene, Upload]:
        """The next scene that can be had; without files to spend, those that end in a refusal."""
        purse = self.server.target.wire.purse
        for scene in itertools.islice(self._round, len(_ROUND)):
            if scene in self._without or (scene in (Scene.NEW, Scene.VERSION) and not purse.has_files(1)):
                continue
            try:
                return scene, self._upload(scene)
            except (Ending, SetupFailed):
                self._without.add(scene)
            except BudgetSpent:
                continue
        return Scene.CARRIER, self.server.target.bank.lease("general")

    def _upload(self, scene: Scene) -> Upload:
        if scene is Scene.NEW:
            return self.server.light()
        if scene is Scene.WRONG:
            return self.server.target.bank.lease("general")
        if scene is Scene.TAKEN:
            if self._taken is None or self._taken.state is not State.LIVE:
                self._taken = self._take_name()
            return self._taken
        self.server.need("new_version")
        if scene is Scene.VERSION:
            return self.server.light(target=self.server.sample_file)
        if self._stale is None or self._stale.state is not State.LIVE or self.server.current(self._stale) is None:
            self._stale = self.server.light(target=self.server.sample_file)
        return self._stale

    def _take_name(self) -> Upload:
        name = self.server.target.bank.name()
        blocked = self.server.light(name=name)
        self.server.attempt(self.server.light(name=name), CommitPlan())
        return blocked
