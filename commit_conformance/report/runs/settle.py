"""Verdicts that one process cannot give alone, where the tests of a run are spread over several.

In one process a rule is blocked when one that it builds on has failed before it; and a rule about every answer of some
kind was tested when such an answer came, whatever was being tested then. Where tests are spread, over workers or over
shards, a verdict says what it depends on in the others: ``builds_on``, rules that would have been tested
before it, ``awaits``, what had to be seen and was not, ``unless``, rules whose failure would have kept the test from
being run that has seen this one fail in passing, or would explain what it has seen, and ``yields``, that its failure
counts only where nothing else has failed. Here they are settled, to what one process would have said.

Lines are read and given as the event log has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: How the test of a finding is called that came up while something else was tested.
IN_PASSING = "seen in passing"
_STOPS = ("failed", "errored")


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of a rule by its own test."""

    verdict: str
    known: Any


class Settlement:
    """Takes the verdicts of a run as they come and gives them settled, those that have to wait later.

    Args:
        gate: Levels whose failures decide.
        expected: Rules of which a verdict comes; None for any. What others would have said is left open.

    Example:
        >>> settlement = Settlement(gate=["implied"])
        >>> line = {"rule": "PART-SIZES", "verdict": "passed", "gating": True, "builds_on": ["PART-COMPLETE"]}
        >>> list(settlement.take(line))
        []
        >>> said = settlement.take({"rule": "PART-COMPLETE", "verdict": "failed", "gating": True})
        >>> [(line["rule"], line["verdict"]) for line in said]
        [('PART-COMPLETE', 'failed'), ('PART-SIZES', 'blocked')]
    """

    def __init__(self, *, gate: Collection[str], expected: Collection[str] | None = None) -> None:
        self._gate = gate
        self._expected = expected
        self._said: dict[str, _Said] = {}
        self._held: list[dict[str, Any]] = []
        self._failed: dict[str, None] = {}

    def take(self, line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Takes one line; gives those that can be settled now, in the order in which they came."""
        self._held.append(dict(line))
        yield from self._settled(seen=None)

    def end(self, seen: Collection[str]) -> Iterator[dict[str, Any]]:
        """Gives the lines that are left, once no more come.

        Args:
            seen: What was seen in passing, by any process of the run.
        """
        yield from self._settled(seen=seen)
        # No more come: what is not here blocks nothing, and those that are here go in the order of what they build on.
        self._expected = {str(line["rule"]) for line in self._held}
        yield from self._settled(seen=seen)
        held, self._held = sorted(self._held, key=lambda line: bool(line.get("yields"))), []
        for line in held:
            if not self._is_void(line):
                yield self._tell(line, seen)

    def holds(self, rule: str) -> bool:
        """Whether a line of a rule is waiting."""
        return any(line["rule"] == rule for line in self._held)

    def _settled(self, seen: Collection[str] | None) -> Iterator[dict[str, Any]]:
        moved = True
        while moved:
            moved = False
            for line in list(self._held):
                if self._has_to_wait(line, seen):
                    continue
                self._held.remove(line)
                moved = True
                if not self._is_void(line):
                    yield self._tell(line, seen)

    def _has_to_wait(self, line: Mapping[str, Any], seen: Collection[str] | None) -> bool:
        if line.get("yields") or (seen is None and line.get("awaits")):
            return True  # what yields comes last
        wanted = [*(line.get("builds_on") or ()), *(line.get("unless") or ())]
        return any(rule not in self._said and (self._expected is None or rule in self._expected) for rule in wanted)

    def _is_void(self, line: dict[str, Any]) -> bool:
        """Whether a line says nothing: one process would not have run its test, or would have told it of another rule.

        Of a rule's own test it is then what that test has come to.
        """
        wanted = line.pop("unless", None) or []
        said = [self._said[rule] for rule in wanted if rule in self._said]
        if any(each.verdict in _STOPS for each in said):
            if line.get("test") == IN_PASSING:
                return True
            line |= {**self._tested(line), "failure": None}
        elif len(said) < len(wanted):
            line["unless"] = [rule for rule in wanted if rule not in self._said]
        return False

    def _tell(self, line: dict[str, Any], seen: Collection[str] | None) -> dict[str, Any]:
        """The line as one process would have written it; what is left open says so still."""
        awaited = line.pop("awaits", None)
        if awaited is not None and awaited in (seen or ()):
            line |= self._tested(line)
        elif awaited is not None:
            line["awaits"] = awaited
        for rule in line.get("builds_on") or ():
            said = self._said.get(rule)
            if said is not None and said.verdict in _STOPS:
                line.pop("awaits", None)
                line |= _blocked(line, rule, said)
                break
        others = [rule for rule in self._failed if rule != line.get("rule")]
        if line.get("yields") and others and line.get("verdict") == "failed":
            del line["yields"]
            met = f"a walk met the same or another mistake ({line.get('reason')}); mend {', '.join(others[:5])} first"
            line |= {"verdict": "blocked", "reason": met, "observation": None, "failure": None}
        if line.get("verdict") == "failed" and line.get("level") != "observed":
            self._failed[str(line.get("rule"))] = None
        wanted = [rule for rule in line.pop("builds_on", None) or () if rule not in self._said]
        if wanted:
            line["builds_on"] = wanted
        if line.get("test") != IN_PASSING:
            self._said[str(line.get("rule"))] = _Said(str(line.get("verdict")), line.get("known"))
        return line

    def _tested(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """What changes when another process has seen what was waited for."""
        known = line.get("known")
        flaky = isinstance(known, Mapping) and known.get("flaky") is True
        gating = line.get("gating") is True or (known is not None and not flaky and line.get("level") in self._gate)
        verdict = "observed" if line.get("level") == "observed" else "passed"
        return {"verdict": verdict, "reason": "", "gating": gating, "known": None}


def _blocked(line: Mapping[str, Any], rule: str, said: _Said) -> dict[str, Any]:
    known = line.get("known") or said.known
    return {
        "verdict": "blocked",
        "reason": f"builds on {rule}, which {said.verdict}",
        "gating": line.get("gating") is True and known is None,
        "known": known,
        "observation": None,
        "failure": None,
    }
