"""Whole commits: wrong ones must be refused, right ones must be carried out, on every upload they are drawn for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from materials import expect, smallest

from commit_conformance.model import read_body, read_digest
from commit_conformance.model.types import UploadedSession
from commit_conformance.verdict.catalogue import Catalogue, Level
from strategies import bodies, digests
from strategies.commits import STANDARD_BODIES, right_commits, wrong_commits
from strategies.digests import Lines, OfListed
from strategies.liberties import BINDING, LIBERTIES
from strategies.materials import Shape, material, materials
from strategies.part_edits import Drop
from strategies.plan import CommitPlan, Material

many = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
FOUR = material(Shape(parts=4), etag="3")
BASED_ON_DOCUMENTS = {Level.DOCUMENTED, Level.IMPLIED}


@many
@given(data=st.data(), upload=materials())
def test_a_wrong_commit_must_be_refused(data: st.DataObject, upload: Material) -> None:
    plan = data.draw(wrong_commits(material=upload))
    assert expect(plan, upload).must_refuse, str(plan)
    assert str(plan).isprintable()


@settings(many, max_examples=120)
@given(plan=wrong_commits(parts=1), upload=materials(most=1, version=False))
def test_a_wrong_commit_for_an_upload_of_one_part_must_be_refused(plan: CommitPlan, upload: Material) -> None:
    assert expect(plan, upload).must_refuse, str(plan)


@settings(many, max_examples=120)
@given(data=st.data(), upload=materials(least=2, most=9), standards=st.booleans())
def test_a_wrong_commit_for_any_upload_must_be_refused(data: st.DataObject, upload: Material, standards: bool) -> None:
    plan = data.draw(wrong_commits(standards=standards))
    assert plan.if_match is None
    assert plan.if_none_match is None
    assert expect(plan, upload).must_refuse, str(plan)


@settings(many, max_examples=120)
@given(data=st.data(), upload=materials())
def test_a_right_commit_must_be_carried_out(data: st.DataObject, upload: Material) -> None:
    plan = data.draw(right_commits(material=upload))
    assert expect(plan, upload).must_create, str(plan)
    assert str(plan).isprintable()


def test_the_simplest_wrong_commit_lacks_its_digest_and_the_simplest_right_one_is_usual() -> None:
    assert smallest(wrong_commits()) == CommitPlan(digest=Lines())
    assert smallest(wrong_commits(), lambda plan: wrong_in(plan, FOUR.session) == {"list"}) == CommitPlan(
        parts=(Drop(at=0),)
    )
    assert smallest(right_commits()) == CommitPlan()


def wrong_in(plan: CommitPlan, session: UploadedSession) -> set[str]:
    """Which sorts of mistakes a commit has."""
    request = plan.build(FOUR)
    wrong_digest = read_digest(request.header("digest"), sha1=session.sha1).defects
    # That of what is listed belongs to a wrong list.
    sorts = {"digest"} if wrong_digest and not isinstance(plan.digest, OfListed) else set()
    sorts |= {"body"} if read_body(request.body, request.header("content-type")).defects else set()
    sorts |= {"list"} if plan.parts else set()
    return sorts | ({"condition"} if plan.if_match or plan.if_none_match else set())


@pytest.mark.parametrize(
    "sorts", [{"digest"}, {"body"}, {"condition"}, {"list"}, {"list", "digest"}, {"digest", "condition"}], ids=sorted
)
def test_mistakes_come_alone_and_together(sorts: set[str]) -> None:
    assert smallest(wrong_commits(material=FOUR), lambda plan: wrong_in(plan, FOUR.session) == sorts)


def test_one_mistake_means_one() -> None:
    @settings(many, max_examples=100)
    @given(plan=wrong_commits(material=FOUR, at_most=1))
    def alone(plan: CommitPlan) -> None:
        assert len(plan.parts) <= 1
        assert len(wrong_in(plan, FOUR.session) - {"body" if plan.parts else ""}) == 1

    alone()


# What every server is bound to do, held against the catalogue


def test_liberties_are_binding_where_the_documents_bind() -> None:
    catalogue = Catalogue.load()
    for liberty in LIBERTIES:
        bound = catalogue.get(liberty.rule).level in BASED_ON_DOCUMENTS and not liberty.doubtful
        assert liberty.binding is bound, liberty.rule
    assert {liberty.rule for liberty in LIBERTIES} >= BINDING


def rule_of_families(file: str) -> dict[str, str]:
    """The rule that each family is sent for, read from the tables in the tests that send them."""
    tree = ast.parse((Path(__file__).parents[2] / "server" / file).read_text(encoding="utf-8"))
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return {
        value.attr: key.value
        for table in tables
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and isinstance(value, ast.Attribute)
    }


@pytest.mark.parametrize(
    ("file", "families", "of_standards"),
    [
        ("test_digest.py", set(digests.FAMILIES), digests.OF_STANDARDS),
        ("test_body.py", set(bodies.FAMILIES), STANDARD_BODIES),
    ],
    ids=["digests", "bodies"],
)
def test_what_only_a_standard_forbids_is_known(file: str, families: set[str], of_standards: frozenset[str]) -> None:
    catalogue = Catalogue.load()
    rules = rule_of_families(file)
    assert families <= set(rules)
    for name in families:
        assert (catalogue.get(rules[name]).level not in BASED_ON_DOCUMENTS) == (name in of_standards), name
