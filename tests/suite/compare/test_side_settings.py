from __future__ import annotations

from pathlib import Path

import pytest

from commit_conformance.compare.settings import both_sides, read_target
from commit_conformance.options import LOOPBACK_TOKEN, UsageProblem

STAGING, OTHER, LOCAL = "https://staging.example/2.0", "https://other.example/2.0", "http://127.0.0.1:8741"
TOKEN = "COMMIT_CONFORMANCE_TOKEN"


def tokens(tmp_path: Path, *targets: str, environment: dict[str, str] | None = None, **options: object) -> list[str]:
    sides = both_sides(targets, out=str(tmp_path), environment=environment or {}, **options)  # type: ignore[arg-type]
    return [side.target.token for side in sides]


def test_a_mock_has_faults_and_behaviours_of_its_own() -> None:
    assert read_target("mock") == ("mock", [], [])
    assert read_target("mock:fault=a-b,behaviour=c=2,fault=d") == ("mock", ["a-b", "d"], ["c=2"])
    assert read_target("mock:behaviour=x=1,2,fault=y") == ("mock", ["y"], ["x=1,2"])
    assert read_target(STAGING) == (STAGING, [], [])


@pytest.mark.parametrize("text", ["mock:", "mock:accepts-gap", "mock:fault=", "mock:colour=red"])
def test_what_is_neither_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageProblem, match="write mock:fault=accepts-gap"):
        both_sides([text, "mock"], environment={})


def test_an_unknown_fault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="accepts-gap"):
        both_sides(["mock", "mock:fault=accepts-gaps"], out=str(tmp_path), environment={})


def test_both_sides_have_the_same_seed(tmp_path: Path) -> None:
    a, b = both_sides(["mock", "mock"], out=str(tmp_path), environment={})
    assert a.seed == b.seed


@pytest.mark.parametrize("targets", [(), ("mock",), ("mock", "mock", "mock")])
def test_there_are_two_sides(targets: tuple[str, ...]) -> None:
    with pytest.raises(UsageProblem, match="twice"):
        both_sides(targets, environment={})


def test_one_token_serves_the_one_side_that_asks_for_one(tmp_path: Path) -> None:
    assert tokens(tmp_path, "mock", STAGING, environment={TOKEN: "secret"}) == ["", "secret"]
    assert tokens(tmp_path, STAGING, "mock", environment={TOKEN: "secret"}) == ["secret", ""]


def test_the_token_of_staging_does_not_go_to_a_mock_on_this_machine(tmp_path: Path) -> None:
    assert tokens(tmp_path, LOCAL, STAGING, environment={TOKEN: "secret"}) == [LOOPBACK_TOKEN, "secret"]


def test_two_hosts_do_not_share_a_token(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="different hosts"):
        tokens(tmp_path, STAGING, OTHER, environment={TOKEN: "secret"})
    named = {"ONE": "first", "TWO": "second"}
    assert tokens(tmp_path, STAGING, OTHER, environment=named, token_variables=["ONE", "TWO"]) == ["first", "second"]
    files = [tmp_path / "a", tmp_path / "b"]
    for file, text in zip(files, ("first", "second"), strict=True):
        file.write_text(f"{text}\n", encoding="utf-8")
    assert tokens(tmp_path, STAGING, OTHER, token_files=[str(file) for file in files]) == ["first", "second"]


def test_two_paths_of_one_host_may_share_it(tmp_path: Path) -> None:
    assert tokens(tmp_path, STAGING, "https://staging.example/3.0", environment={TOKEN: "secret"}) == ["secret"] * 2


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="NOWHERE"):
        tokens(tmp_path, "mock", STAGING, token_variables=["NOWHERE"])


def test_a_side_without_a_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no token"):
        tokens(tmp_path, "mock", STAGING)


def test_production_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="production"):
        tokens(tmp_path, "mock", "https://upload.box.com/api/2.0", environment={TOKEN: "secret"})
