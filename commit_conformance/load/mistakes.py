"""Commits to send under load: wrong ones, each with the rule that has it refused, and right ones in other forms.

The families are those that the tests of these rules send. A very large body is left out: one would be a load by itself.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as hypothesis_seed
from hypothesis import settings as hypothesis_settings

from commit_conformance.verdict.catalogue import Catalogue, Level
from strategies import attributes, bodies, digests, part_lists
from strategies.family import Family
from strategies.liberties import LIBERTIES
from strategies.plan import CommitPlan

#: Every family of wrong commits for a new file, by its rule.
FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "PART-REQUIRED": part_lists.required,
        "PART-ARRAY": part_lists.not_a_list,
        "PART-EMPTY": part_lists.empty,
        "PART-MISSING-LAST": part_lists.missing_last,
        "PART-GAP": part_lists.gaps,
        "PART-UNKNOWN": part_lists.unknown,
        "PART-FOREIGN": part_lists.foreign,
        "PART-OFFSET": part_lists.wrong_offset,
        "PART-SIZE": part_lists.wrong_size,
        "PART-SUM": part_lists.wrong_sum,
        "PART-BOUNDARY": part_lists.moved_boundaries,
        "PART-SHA1": part_lists.wrong_sha1,
        "PART-SHA1-FORM": part_lists.malformed_sha1,
        "PART-DUPLICATE": part_lists.duplicates,
        "PART-OVERLAP": part_lists.overlaps,
        "PART-PAST-END": part_lists.past_end,
        "PART-COUNT": part_lists.too_many,
        "PART-MEMBER-MISSING": part_lists.missing_members,
        "PART-NUMBER-TYPE": part_lists.number_types,
        "PART-NEGATIVE": part_lists.negative,
        "PART-INT64": part_lists.beyond_int64,
        "PART-WIDE-NUMBERS": part_lists.beyond_32_bits,
        "DIGEST-MISSING": digests.missing,
        "DIGEST-MISMATCH": digests.mismatch,
        "DIGEST-OF-BODY": digests.of_body,
        "DIGEST-OF-PARTS": digests.of_parts,
        "DIGEST-HEX": digests.hexadecimal,
        "DIGEST-NO-ALGORITHM": digests.no_algorithm,
        "DIGEST-ALGORITHM-UNSUPPORTED": digests.unsupported,
        "DIGEST-BASE64": digests.bad_base64,
        "DIGEST-LENGTH": digests.wrong_length,
        "DIGEST-CASE": digests.wrong_case,
        "DIGEST-LIST": digests.lists,
        "DIGEST-TWICE": digests.twice,
        "BODY-MALFORMED": bodies.malformed,
        "BODY-EMPTY": bodies.empty,
        "BODY-TOP-LEVEL": bodies.top_level,
        "BODY-DUPLICATE-KEYS": bodies.duplicate_keys,
        "BODY-CONTENT-TYPE": bodies.content_types,
        "ATTR-DATE-INVALID": attributes.invalid_dates,
        "ATTR-TYPE": attributes.not_attributes,
    }
)
#: Levels whose rules decide a run by default, and alone accuse a server here.
DECIDING = frozenset({Level.DOCUMENTED, Level.IMPLIED})


@dataclass(frozen=True, slots=True)
class Ask:
    """A commit to send, and the rule that is broken if it is answered wrongly."""

    rule: str
    plan: CommitPlan


class Asks:
    """What the users of one worker send: drawn once, before the first of them starts.

    Args:
        seed: What is drawn follows from it.
        drawn: How many wrong commits to draw for each rule, beyond the fixed ones.
    """

    def __init__(self, seed: str, *, drawn: int = 10) -> None:
        self.deciding = frozenset(rule.id for rule in Catalogue.load() if rule.level in DECIDING)
        self.wrong: dict[str, Sequence[CommitPlan]] = {
            rule: (*family.representatives, *_drawn(family, f"{seed}/{rule}", drawn))
            for rule, family in FAMILIES.items()
            if rule in self.deciding
        }
        free = [each for each in LIBERTIES if each.binding and not each.version and each.rule in self.deciding]
        self.right = [Ask(each.rule, each.plan) for each in free]

    def a_wrong_one(self, chance: random.Random) -> Ask:
        """A wrong commit, every rule being as likely as any other."""
        rule = chance.choice(list(self.wrong))
        return Ask(rule, chance.choice(self.wrong[rule]))

    def a_right_one(self, chance: random.Random) -> Ask:
        """A right commit: a plain one, or every other time one in a form that has to be taken."""
        if chance.random() < 0.5:
            return Ask("PART-COMPLETE", CommitPlan())
        return chance.choice(self.right)


def _drawn(family: Family, seed: str, count: int) -> list[CommitPlan]:
    """Plans drawn from a family; the same ones for one seed."""
    found: list[CommitPlan] = []
    if not count:
        return found

    @hypothesis_settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis_seed(random.Random(seed).getrandbits(32))
    @given(family.drawn)
    def take(plan: CommitPlan) -> None:
        found.append(plan)

    take()
    return found
