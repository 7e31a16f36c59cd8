from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sides import compared, screen

import commit_conformance.compare
from commit_conformance.compare.comparison import MOST_SILENT, NotComparable
from commit_conformance.compare.differences import Blame
from commit_conformance.compare.screen import LINES, as_json
from commit_conformance.compare.script import COMMITTED_FILES, UPLOAD_REQUESTS, Scene, Step, script
from commit_conformance.compare.seen import Aspect, Seen
from commit_conformance.compare.side import Side
from commit_conformance.reference import BEHAVIOURS
from commit_conformance.verdict.catalogue import Catalogue
from commit_conformance.wire.errors import Trouble

VALUES = [f"{each.name}={each.example}" if each.example else each.name for each in BEHAVIOURS.values()]
#: Faults of different kinds, and what of each has to be on the screen, its own line for each side included.
FAULTS = {
    "accepts-gap": (
        "B wrong: A refused, B committed: a hole",
        "  sent     the part list lacks the first part",
        "  A        400 Bad Request, code 'parts_mismatch'",
        "  B        201 Created",
        "  allowed  a refusal (4xx), since bytes 0 to 4095 are missing",
    ),
    "accepts-missing-digest": (
        "B wrong: A refused, B committed: no digest",
        "  sent     digest: left out",
        "  B        201 Created",
        "  allowed  a refusal (4xx), since there is no digest",
    ),
    "digest-failure-ends-session": (
        "B wrong: A committed, B refused: the right commit after wrong digests",
        "  B        404 Not Found, code 'not_found'",
        "B wrong: outcome [REJECTED-SESSION-LIVES]: a session that has refused a commit",
        "  A        lived",
    ),
}


def test_the_correct_service_does_not_differ_from_itself() -> None:
    found = compared("mock", "mock")
    assert found.groups == ()
    assert found.compared == len(script(seed=7))
    assert (found.a.unasked, found.b.unasked) == ((), ())
    assert screen(found)[:3] == ["A  mock", "B  mock", f"no difference in {found.compared} requests"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_service_is_named_on_one_screen(fault: str) -> None:
    lines = screen(compared("mock", f"mock:fault={fault}"))
    assert len(lines) <= LINES
    assert lines[:2] == ["A  mock", f"B  mock:fault={fault}"]
    places = [lines.index(line) for line in FAULTS[fault]]
    assert places == sorted(places)
    assert places[0] == 3, "what is worst comes first"


def test_several_faults_at_once_are_all_named_on_one_screen() -> None:
    faults = "fault=accepts-gap,fault=accepts-missing-digest,fault=repeat-makes-a-file"
    found = compared("mock", f"mock:{faults},behaviour=error-code=other")
    lines = screen(found)
    assert len(lines) <= LINES
    shown = " ".join(" ".join(lines).split())
    assert "a hole; no digest" in shown
    assert "REPEAT-ONE-FILE" in shown
    assert "B wrong" in lines[3]


def test_more_kinds_than_fit_one_screen_are_counted_and_shown_on_request() -> None:
    found = compared("mock", "mock:fault=accepts-gap,behaviour=unknown-fields,behaviour=repeat=409")
    lines, whole = screen(found), screen(found, every=True)
    assert len(lines) <= LINES < len(whole)
    assert lines[3].startswith("B wrong: A refused, B committed")
    assert any(
        line.startswith("and ") and line.endswith("more kinds of differences; --all shows them") for line in lines
    )
    assert sum(line.startswith("  B        ") for line in whole) == len(found.groups)


def test_whoever_is_wrong_is_named_on_either_side() -> None:
    (group, *_) = compared("mock:fault=accepts-gap", "mock").groups
    assert group.example.blame is Blame.A
    assert (group.example.a, group.example.b[:3]) == ("201 Created", "400")


def test_what_both_do_wrongly_in_the_same_way_is_no_difference_but_is_told() -> None:
    found = compared("mock:fault=accepts-gap", "mock:fault=accepts-gap")
    assert not found.groups
    assert found.wrong_alike == 1
    assert any(line.startswith("both wrong alike in 1 request") for line in screen(found))


def test_what_is_stored_is_compared() -> None:
    found = compared("mock", "mock:fault=loses-last-part")
    (group,) = [group for group in found.groups if group.example.aspect is Aspect.STORED]
    assert group.example.blame is Blame.B
    assert "CREATED-CONTENT" in group.example.rules
    assert "bytes are stored" in group.example.b


@pytest.mark.parametrize("behaviour", VALUES)
def test_a_service_that_differs_rightly_is_never_called_wrong(behaviour: str) -> None:
    found = compared("mock", f"mock:behaviour={behaviour}")
    blamed = [group for group in found.groups if group.example.blame is not Blame.NEITHER]
    assert not blamed, screen(found, every=True)
    assert found.wrong_alike == 0
    for played in (found.a, found.b):
        assert played.cost.upload_requests <= UPLOAD_REQUESTS
        assert played.cost.committed_files <= COMMITTED_FILES
        assert played.unasked == ()
        assert played.cleanup.left == []


@pytest.mark.parametrize(
    ("behaviour", "aspect", "told"),
    [
        ("processing=2,behaviour=processing-every=1", Aspect.FIRST, "202 first, in the end 201 Created"),
        ("repeat=409", Aspect.OUTCOME, "409 Conflict"),
        ("parts-status=422", Aspect.STATUS, "422 Unprocessable"),
        ("error-code=other", Aspect.CODE, "service_not_found"),
        ("empty-tags", Aspect.MEMBERS, "/entries/*/tags empty list"),
        ("sha1-case=upper", Aspect.MEMBERS, "SHA-1 in capitals"),
        ("rate-limit=7", Aspect.LIMIT, "answers 429 at times"),
        ("no-listing", Aspect.ABILITY, "404"),
        ("part-size=32KiB", Aspect.SIZE, "32,768 bytes"),
    ],
)
def test_a_rightful_difference_is_shown_as_what_it_is(behaviour: str, aspect: Aspect, told: str) -> None:
    found = compared("mock:behaviour=processing-every=0", f"mock:behaviour={behaviour}")
    group, *_ = [group for group in found.groups if group.example.aspect is aspect and told in group.example.b]
    assert group.example.blame is Blame.NEITHER
    assert told not in group.example.a


def test_the_same_seed_makes_the_same_script_and_another_one_another() -> None:
    first = [(step.scene, step.what) for step in script(seed=1)]
    assert first == [(step.scene, step.what) for step in script(seed=1)]
    assert first != [(step.scene, step.what) for step in script(seed=2)]


def test_every_scene_is_in_the_script() -> None:
    assert {step.scene for step in script(seed=3)} == set(Scene)


def test_as_json_it_has_stable_keys() -> None:
    told = json.loads(json.dumps(as_json(compared("mock", "mock:fault=accepts-gap"))))
    assert set(told) == {"format", "seed", "a", "b", "compared", "differing", "wrong_alike", "differences"}
    assert told["format"] == 1
    assert set(told["a"]) == {"target", "seconds", "cost", "cleanup", "unasked"}
    first = told["differences"][0]
    assert set(first) == {"blame", "aspect", "count", "subjects", "rules", "sent", "a", "b", "allowed"}
    assert (first["blame"], first["aspect"], first["subjects"]) == ("b", "outcome", ["a hole"])


def test_the_rules_that_are_named_exist() -> None:
    sources = Path(commit_conformance.compare.__file__).parent.glob("*.py")
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    named = set(re.findall(r'(?:Problem\(|rule=|rule == )"([A-Z0-9-]+)"', text))
    assert {"REPEAT-ONE-FILE", "REJECTED-SESSION-LIVES", "CREATED-LISTED"} <= named
    assert named <= {rule.id for rule in Catalogue.load()}


@pytest.mark.parametrize("silent", [MOST_SILENT - 1, MOST_SILENT])
def test_a_step_without_an_answer_is_left_out_and_a_side_without_answers_given_up(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, play = silent, Side.play

    def breaks_off(side: Side, step: Step) -> Seen | None:
        nonlocal left
        if side.target.run_id.endswith("-B") and step.scene is Scene.LISTS and left:
            left -= 1
            raise Trouble("connection reset")
        return play(side, step)

    monkeypatch.setattr(Side, "play", breaks_off)
    if silent == MOST_SILENT:
        with pytest.raises(NotComparable, match=r"^B \(mock\) does not answer any more: connection reset"):
            compared("mock", "mock")
        return
    found = compared("mock", "mock")
    assert found.b.unasked == ("connection reset",) * silent
    assert found.groups == ()
    assert found.compared == len(script(seed=7)) - silent
    assert found.b.cleanup.left == []
