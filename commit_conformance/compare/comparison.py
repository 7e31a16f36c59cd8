"""One comparison: both targets connected, the script played on both, the answers compared, nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from commit_conformance.compare.differences import (
    Blame,
    Difference,
    Group,
    compare_step,
    group,
    without_chance,
)
from commit_conformance.compare.script import COMMITTED_FILES, UPLOAD_REQUESTS, Step, script
from commit_conformance.compare.seen import Aspect, Seen
from commit_conformance.compare.settings import SideSettings
from commit_conformance.compare.side import Side
from commit_conformance.model import FilesSchema
from commit_conformance.specs import schema
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.connect import Target
from commit_conformance.target.embedded import BASE_URL, embedded
from commit_conformance.target.ledger import CleanupResult
from commit_conformance.target.settings import TargetUnusable
from commit_conformance.verdict.catalogue import Catalogue, Level
from commit_conformance.wire import Budget, BudgetSpent, Cost, Unsendable, Wire, WireError, describe_answer
from commit_conformance.wire.errors import Trouble

#: Steps without any answer, one after the other, that show that nobody is there.
MOST_SILENT = 3
#: What is given by the user, and so tells nothing of a target.
_GIVEN = frozenset({"second_user", "limited_token", "expired_session", "socket"})


class NotComparable(Exception):
    """The sides could not be compared; the message says which one and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of the script on one side.

    Attributes:
        unasked: Why steps could not be asked, one for each.
        seconds: Wall time, connecting and cleaning up included.
    """

    label: str
    unasked: tuple[str, ...]
    cost: Cost
    cleanup: CleanupResult
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came out.

    Attributes:
        compared: How many steps both sides have answered.
        differing: How many of them were answered differently.
        wrong_alike: How many of them both answered wrongly in the same way.
        groups: Differences by kind, the worst first.
    """

    seed: int
    a: Played
    b: Played
    compared: int
    differing: int
    wrong_alike: int
    groups: tuple[Group, ...]


def compare(sides: tuple[SideSettings, SideSettings], *, say: Callable[[str], None] = lambda _: None) -> Comparison:
    """Plays one script on both sides and compares.

    Args:
        say: Takes a line on what is being done.

    Raises:
        NotComparable: A side could not be reached or used, or nothing could be asked of both.
    """
    steps = script(seed=sides[0].seed)
    run_id = datetime.now(UTC).strftime("cc-%Y%m%d-%H%M%S-") + f"{time.time_ns() // 1000 % 46656:03x}"
    with ExitStack() as stack:
        # Both are reached before either is asked anything that costs.
        reached = [stack.enter_context(_reached(settings, run_id)) for settings in sides]
        pairs: list[_Pair] = []
        usual: frozenset[str] = frozenset()
        for number, step in enumerate(steps, 1):
            say(f"{number} of {len(steps)}: {step.subject}")
            pairs += _play(step, reached, usual=usual)
            if number == 1:
                usual = pairs[0].broken
        abilities = _abilities(reached[0].side, reached[1].side)
    a, b = (each.played() for each in reached)
    return _compared(sides[0].seed, pairs, a, b, abilities)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What became of one step on both sides; None where a side could not be asked or had nothing to try it on."""

    step: Step
    a: Seen | None
    b: Seen | None

    @property
    def broken(self) -> frozenset[str]:
        """Rules that either side breaks, an outcome that is wrong being one of them."""
        seen = [each for each in (self.a, self.b) if each is not None]
        return frozenset(problem.rule for each in seen for found in each.wrong.values() for problem in found)


class _Reached:
    """A side that is connected."""

    def __init__(self, side: Side, settings: SideSettings) -> None:
        self.side = side
        self.settings = settings
        self.unasked: list[str] = []
        self.silent = 0
        self.cleanup = CleanupResult()
        self.seconds = 0.0

    @property
    def name(self) -> str:
        return f"{self.settings.name} ({self.settings.label})"

    def play(self, step: Step) -> Seen | None:
        """What became of a step; None, with a note, where it could not be asked."""
        try:
            seen = self.side.play(step)
            self.silent = 0
            return seen
        except SetupFailed as error:
            self.unasked.append(f"{error}: {describe_answer(error.exchange)}")
        except (BudgetSpent, Unsendable) as error:
            self.unasked.append(str(error))
        except Trouble as error:
            self.unasked.append(str(error))
            self.silent += 1
            if self.silent == MOST_SILENT:
                raise NotComparable(f"{self.name} does not answer any more: {error}") from error
            self.side.start_afresh()
        except WireError as error:
            raise NotComparable(f"{self.name} could not be asked: {error}") from error
        return None

    def played(self) -> Played:
        return Played(
            label=self.settings.label,
            unasked=tuple(self.unasked),
            cost=self.side.target.wire.purse.cost,
            cleanup=self.cleanup,
            seconds=self.seconds,
        )


@contextmanager
def _reached(settings: SideSettings, run_id: str) -> Iterator[_Reached]:
    """A side, connected; what it has made is taken away at the end, whatever happens."""
    started = time.monotonic()
    given, transport, base_url, on_close = settings.target, None, None, None
    try:
        if given.is_mock:
            given, transport, on_close = embedded(given, seed=settings.seed)
            base_url = BASE_URL
        origins = [base_url or given.url, *given.allowed_origins, *([given.api_url] if given.api_url else [])]
        budget = Budget(upload_requests=UPLOAD_REQUESTS, committed_files=COMMITTED_FILES)
        wire = Wire(token=given.token, origins=origins, transport=transport, budget=budget)
        target = Target(
            given,
            wire,
            run_id=f"{run_id}-{settings.name}",
            seed=settings.seed,
            ledger_path=None if given.is_mock else settings.out / f"ledger-{settings.name}.jsonl",
            base_url=base_url,
            on_close=on_close,
        )
    except OSError as error:
        raise NotComparable(f"{settings.name} ({settings.label}): {error}") from error
    catalogue = Catalogue.load()

    def judged(rule: str) -> bool:
        return catalogue.get(rule).level is not Level.OBSERVED

    reached = _Reached(Side(target, schema=FilesSchema(schema("Files")), judged=judged), settings)
    try:
        with wire.listening(reached.side.hear):
            try:
                target.connect()
            except TargetUnusable as error:
                raise NotComparable(f"{reached.name} could not be used: {error}") from error
            yield reached
    finally:
        reached.cleanup = target.close()
        reached.seconds = time.monotonic() - started


def _play(step: Step, sides: list[_Reached], *, usual: frozenset[str]) -> list[_Pair]:
    """One step on both sides, or what stands for it where one of them does not take several forms at once.

    Args:
        usual: Rules that the first commit has broken: no form is needed for that.
    """
    pair = _Pair(step, *(side.play(step) for side in sides))
    taken = all(seen is not None and seen.aspects.get(Aspect.OUTCOME) == "committed" for seen in (pair.a, pair.b))
    if step.alone and not (taken and pair.broken <= usual):
        return [found for each in step.alone for found in _play(each, sides, usual=usual)]
    return [pair]


def _compared(seed: int, pairs: list[_Pair], a: Played, b: Played, abilities: list[Difference]) -> Comparison:
    differences: list[Difference] = []
    compared = alike = 0
    first: dict[str, set[str]] = {}
    for pair in pairs:
        for name, seen in (("A", pair.a), ("B", pair.b)):
            if seen is not None and seen.aspects.get(Aspect.FIRST) == "202 first":
                first.setdefault(str(seen.due), set()).add(name)
        if pair.a is None or pair.b is None:
            continue
        compared += 1
        found = compare_step(pair.step, pair.a, pair.b)
        differences += found
        alike += not found and bool(pair.a.wrong) and bool(pair.b.wrong)
    if not compared:
        why = (a.unasked or b.unasked or ("no step could be asked of both",))[0]
        raise NotComparable(f"nothing could be compared: {why}")
    both = frozenset(due for due, names in first.items() if len(names) == 2)
    kept = without_chance(differences, ever=both)
    return Comparison(
        seed=seed,
        a=a,
        b=b,
        compared=compared,
        differing=len({each.sent for each in kept}),
        wrong_alike=alike,
        groups=group([*kept, *abilities]),
    )


def _abilities(a: Side, b: Side) -> list[Difference]:
    """Differences that belong to no step: what the targets can do, sizes, 429, and sessions that were lost."""
    found = []

    def note(aspect: Aspect, subject: str, said: tuple[str, str], blame: Blame = Blame.NEITHER, **more: str) -> None:
        allowed = more.get("allowed", "either")
        rules = (more["rule"],) if "rule" in more else ()
        found.append(
            Difference(
                aspect=aspect,
                blame=blame,
                label=str(aspect),
                subject=subject,
                sent="",
                a=said[0],
                b=said[1],
                allowed=allowed,
                rules=rules,
                key=(aspect, blame, subject),
            )
        )

    for name in _names(a.target, b.target):
        left, right = a.target.capabilities.get(name), b.target.capabilities.get(name)
        if left is not None and right is not None and left.available != right.available:
            note(Aspect.ABILITY, name.replace("_", " "), (left.detail, right.detail))
    for subject, sizes in (
        ("the size of a part", [side.target.first_session.part_size for side in (a, b)]),
        ("the smallest file", [side.target.smallest for side in (a, b)]),
    ):
        if sizes[0] != sizes[1]:
            note(Aspect.SIZE, subject, (f"{sizes[0]:,} bytes", f"{sizes[1]:,} bytes"))
    if a.limited != b.limited:
        said = tuple("answers 429 at times" if side.limited else "never answered 429" for side in (a, b))
        note(Aspect.LIMIT, "a limit on requests", (said[0], said[1]))
    if bool(a.lost) != bool(b.lost):
        said = tuple(f"ended after: {side.lost[0]}" if side.lost else "lived" for side in (a, b))
        note(
            Aspect.OUTCOME,
            "a session that has refused a commit",
            (said[0], said[1]),
            Blame.A if a.lost else Blame.B,
            allowed="a refusal leaves the session as it was, unless it is 410",
            rule="REJECTED-SESSION-LIVES",
        )
    return found


def _names(a: Target, b: Target) -> list[str]:
    names = [str(each["name"]) for target in (a, b) for each in target.capabilities.as_json()]
    return [name for name in dict.fromkeys(names) if name not in _GIVEN]
