"""Right requests in unusual forms.

A *liberty* is a way to write a right commit that a server has to take (or, for observed rules, may or may not take).
Liberties that do not touch the same thing fit into one request, so that a dozen of them cost one committed file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from strategies.digests import Form
from strategies.entry_edits import Add, Sha1Form
from strategies.plan import ABSENT, CommitPlan, Material
from strategies.preconditions import Tag

MODIFIED_AT = "2017-04-08T02:58:08.25+02:00"
CREATED_AT = "2011-12-31T23:30:00-05:30"
DESCRIPTION = "Überarbeitete Fassung – “final” <b>v2</b> & 日本語 🗎"


@dataclass(frozen=True, slots=True, kw_only=True)
class EveryPart:
    """Adds a member to every part."""

    member: str
    value: Any

    def apply(self, parts: Any, material: Material) -> Any:
        for entry in parts:
            entry[self.member] = self.value
        return parts

    def __str__(self) -> str:
        return f"has {self.member} added to every part"


#: Rules whose statement leaves a server no choice. Rules that only a standard states are not among them.
BINDING = frozenset(
    {
        "ACCEPT-ANY",
        "ATTR-ABSENT",
        "ATTR-CREATED-AT",
        "ATTR-DESCRIPTION",
        "ATTR-MODIFIED-AT",
        "BODY-UNKNOWN-MEMBER",
        "DIGEST-HEADER-NAME",
        "IF-NONE-MATCH-OTHER",
        "PART-UNKNOWN-MEMBER",
        "VERSION-CURRENT",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Liberty:
    """One unusual form of a right commit, and the rule that speaks of it. Equal to itself alone.

    Attributes:
        version: Whether it is meant for a session that makes a new version.
        doubtful: Whether many servers refuse it, so that it should not keep others from being taken.
    """

    rule: str
    plan: CommitPlan
    version: bool = False
    doubtful: bool = False

    @property
    def binding(self) -> bool:
        """Whether every server that keeps the contract has to take it."""
        return self.rule in BINDING and not self.doubtful


def _table(*rows: tuple[str, CommitPlan], version: bool = False, doubtful: bool = False) -> tuple[Liberty, ...]:
    return tuple(Liberty(rule=rule, plan=plan, version=version, doubtful=doubtful) for rule, plan in rows)


#: Every liberty; the more unusual ones stand further down.
LIBERTIES: tuple[Liberty, ...] = (
    _table(
        ("ATTR-MODIFIED-AT", CommitPlan(attributes={"content_modified_at": MODIFIED_AT})),
        ("ATTR-CREATED-AT", CommitPlan(attributes={"content_created_at": CREATED_AT})),
        ("ATTR-DESCRIPTION", CommitPlan(attributes={"description": DESCRIPTION})),
        ("DIGEST-HEADER-NAME", CommitPlan(digest_header="DIGEST")),
        ("PART-UNKNOWN-MEMBER", CommitPlan(parts=(EveryPart(member="x_unknown", value={"a": [1, None]}),))),
        ("BODY-UNKNOWN-MEMBER", CommitPlan(members={"x_unknown": {"a": [1, None]}})),
        ("BODY-CHARSET", CommitPlan(content_type="application/json; charset=utf-8")),
        ("ACCEPT-ANY", CommitPlan(headers=(("accept", "application/json"),))),
        ("ACCEPT-ANY", CommitPlan(headers=(("accept", ""),))),
        ("ATTR-ABSENT", CommitPlan(attributes=ABSENT)),
        ("VERSION-CURRENT", CommitPlan(headers=(("box-version", "2024.0"),))),
        ("DIGEST-ALGORITHM-CASE", CommitPlan(digest=Form(form="SHA"))),
        ("PART-SHA1-OMITTED", CommitPlan(parts=(Sha1Form(at=0, form="omitted"),))),
        ("PART-SHA1-CASE", CommitPlan(parts=(Sha1Form(at=-1, form="upper"),))),
        ("PART-SHA1-NULL", CommitPlan(parts=(Sha1Form(at=1, form="null"),))),
        ("ATTR-EMPTY", CommitPlan(attributes={})),
        ("BODY-NO-CONTENT-TYPE", CommitPlan(content_type=ABSENT)),
        ("PRECONDITION-NEW-FILE", CommitPlan(if_none_match=Tag(form="random"))),
        ("IF-NONE-MATCH-ANY", CommitPlan(if_none_match=Tag(form="any"))),
    )
    + _table(("BODY-CHUNKED", CommitPlan(headers=(("transfer-encoding", "chunked"),))), doubtful=True)
    + _table(
        ("VERSION-WRONG", CommitPlan(headers=(("box-version", "1999.0"),))),
        ("PRECONDITION-NEW-FILE", CommitPlan(if_match=Tag(form="random"))),
        ("DIGEST-ALGORITHM-VARIANT", CommitPlan(digest=Form(form="sha1"))),
        ("ATTR-DESCRIPTION-LONG", CommitPlan(attributes={"description": "x" * 256})),
        ("PART-SHA512-MIXED", CommitPlan(parts=(Add(at=1, member="sha512", value="0" * 128),))),
        ("DIGEST-ALGORITHM-VARIANT", CommitPlan(digest=Form(form="sha-1"))),
        ("PART-SHA1-BASE64", CommitPlan(parts=(Sha1Form(at=0, form="base64"),))),
        doubtful=True,
    )
    + _table(
        ("IF-NONE-MATCH-OTHER", CommitPlan(if_none_match=Tag(form="random"))),
        ("IF-MATCH-ANY", CommitPlan(if_match=Tag(form="any"))),
        version=True,
    )
    + _table(
        ("ETAG-QUOTED", CommitPlan(if_match=Tag(form="quoted"))),
        ("IF-NONE-MATCH-ANY", CommitPlan(if_none_match=Tag(form="any"))),
        ("ETAG-LIST-WEAK", CommitPlan(if_match=Tag(form="list"))),
        ("ETAG-LIST-WEAK", CommitPlan(if_match=Tag(form="weak"))),
        version=True,
        doubtful=True,
    )
)


def pack(liberties: Iterable[Liberty]) -> list[list[Liberty]]:
    """Sorts liberties into as few requests as a first fit finds; those in one list do not touch the same thing."""
    packs: list[list[Liberty]] = []
    for liberty in liberties:
        for members in packs:
            if not any(member.plan.conflicts(liberty.plan) for member in members):
                members.append(liberty)
                break
        else:
            packs.append([liberty])
    return packs


def together(liberties: Iterable[Liberty]) -> CommitPlan:
    """All these liberties in one request."""
    plan = CommitPlan()
    for liberty in liberties:
        plan = plan.merge(liberty.plan)
    return plan
