"""Whether some order of operations that overlapped in time explains their answers (linearizability).

Each operation of a history has begun at one moment and ended at another, and took its effect somewhere between. So an
operation that ended before another began comes first; of those that overlap any may. If some order that keeps to this
fits the sequential model, with what was read afterwards at its end, the server did nothing that it could not have done
one request after the other. The search tries one operation after another and goes back where the model refutes it
(Wing and Gong, 1993). It takes time that grows with the orders of those that overlap: six of them are 720.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commit_conformance.model.sequential import Answered, Operation, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation of a history.

    Attributes:
        what: What was asked, in words.
        begin: When it was sent, in seconds from any moment, the same one for the whole history.
        end: When its answer was there.
    """

    what: str
    operation: Operation
    answered: Answered
    begin: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What came of looking for an order.

    Attributes:
        order: Indices of the calls in an order that explains them; None when there is none.
        prefix: Otherwise, the longest beginning of an order that can be explained.
        wrong: What then is in the way of every call that could come next.
    """

    order: tuple[int, ...] | None
    prefix: tuple[int, ...] = ()
    wrong: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.order is not None

    @property
    def found(self) -> str:
        """What cannot be explained, in words, whichever order the calls are taken in."""
        return "; ".join(dict.fromkeys(self.wrong))


def explain(world: World, calls: Sequence[Call]) -> Explanation:
    """Looks for an order of the calls in which the model allows every answer.

    Args:
        world: What was there before the first of them.
        calls: The history, in any order.
    """
    furthest = Explanation(order=None)
    pending: list[tuple[tuple[int, ...], World]] = [((), world)]
    while pending:
        done, reached = pending.pop()
        if len(done) == len(calls):
            return Explanation(order=done)
        wrong: list[str] = []
        following: list[tuple[tuple[int, ...], World]] = []
        for index in _next(calls, done):
            step = calls[index].operation.step(reached, calls[index].answered)
            following += [((*done, index), after) for after in step.worlds]
            if not step.worlds:
                wrong.append(f"{calls[index].what}: {step.wrong}")
        pending += following[::-1]
        if not following and (len(done) > len(furthest.prefix) or not furthest.wrong):
            furthest = Explanation(order=None, prefix=done, wrong=tuple(wrong))
    return furthest


def _next(calls: Sequence[Call], done: tuple[int, ...]) -> list[int]:
    """The calls that may come next: those that no other call, still to come, has ended before."""
    left = [index for index in range(len(calls)) if index not in done]
    first_end = min(calls[index].end for index in left)
    return sorted((index for index in left if calls[index].begin <= first_end), key=lambda index: calls[index].end)


def story(calls: Sequence[Call]) -> str:
    """The calls that were on their way at once, in one line: what was sent when, and what came of it.

    Example:
        ``commit the session → 201 Created; the same, sent 0.6 ms later → 201 Created``
    """
    start, first_end = min(call.begin for call in calls), min(call.end for call in calls)
    told: list[str] = []
    seen: set[str] = set()
    for call in sorted((call for call in calls if call.begin <= first_end), key=lambda call: call.begin):
        when = f", sent {1000 * (call.begin - start):.1f} ms later" if told else ""
        told.append(f"{'the same' if call.what in seen else call.what}{when} → {call.answered}")
        seen.add(call.what)
    return "; ".join(told)


def history_lines(calls: Sequence[Call], explanation: Explanation) -> list[str]:
    """A history for people to read: one line a call, in the order in which they began, and what came of it."""
    start = min((call.begin for call in calls), default=0.0)
    numbered = sorted(range(len(calls)), key=lambda index: calls[index].begin)
    number = {index: place for place, index in enumerate(numbered, 1)}
    lines = [
        f"{number[index]}. sent at {1000 * (calls[index].begin - start):7.1f} ms, answered at "
        f"{1000 * (calls[index].end - start):7.1f} ms: {calls[index].what} → {calls[index].answered}"
        for index in numbered
    ]
    if explanation.order is not None:
        return [*lines, f"explained by the order {_order(explanation.order, number)}"]
    reached = f"taken in the order {_order(explanation.prefix, number)}, " if explanation.prefix else ""
    told = [f"{reached}{wrong}" for wrong in explanation.wrong]
    return [*lines, "in no order could one request after the other have had these answers:", *told]


def _order(order: Sequence[int], number: dict[int, int]) -> str:
    return ", ".join(str(number[index]) for index in order)
