"""What a profile says, and what is said of one that is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from commit_conformance.options import OPTIONS
from commit_conformance.profiles import Field, Profile, ProfileProblem, read_profile

FIELDS = [
    Field(name=option.name, kind=option.kind, is_path=option.path, example=option.written)
    for option in OPTIONS
    if option.in_profile
]
FILE = """\
effort = "quick"
gate = ["documented"]

[profile.staging]
target = "https://upload.staging.example/api/2.0"
effort = "standard"
token-file = "secrets/token"
known-failures = "known.toml"
allow-origin = ["https://upload-eu.staging.example"]
seed = 7

[profile.staging.token-parameter]
box_subject_type = "enterprise"
box_subject_id = "12345"

[profile.mock]
behaviour = ["processing=2"]
allow-production = false
"""


def read(tmp_path: Path, text: str, name: str = "") -> Profile:
    path = tmp_path / "profiles.toml"
    path.write_text(text, encoding="utf-8")
    return read_profile(path, name, fields=FIELDS)


def test_a_profile_has_its_own_fields_and_those_of_all(tmp_path: Path) -> None:
    profile = read(tmp_path, FILE, "staging")
    path = tmp_path / "profiles.toml"
    assert profile.names == ("staging", "mock")
    assert profile.values == {
        "effort": "standard",
        "gate": ["documented"],
        "target": "https://upload.staging.example/api/2.0",
        "token-file": str(tmp_path / "secrets/token"),
        "known-failures": str(tmp_path / "known.toml"),
        "allow-origin": ["https://upload-eu.staging.example"],
        "seed": "7",
        "token-parameter": ["box_subject_type=enterprise", "box_subject_id=12345"],
    }
    assert profile.places["gate"] == str(path)
    assert profile.places["effort"] == f"{path} [profile.staging]"


def test_without_a_name_only_what_holds_for_all(tmp_path: Path) -> None:
    assert dict(read(tmp_path, FILE).values) == {"effort": "quick", "gate": ["documented"]}


def test_paths_are_seen_from_the_file_or_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert read(tmp_path, 'token-file = "~/token"').values["token-file"] == "/home/somebody/token"
    assert read(tmp_path, 'token-file = "/run/token"').values["token-file"] == "/run/token"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("effort = \n", "is not TOML"),
        ("efort = 'quick'", "efort: there is no such field; did you mean effort?"),
        (
            "[profile.staging]\nfolder_id = '1'",
            "[profile.staging] folder_id: there is no such field; did you mean folder",
        ),
        ("effort = 7", "effort: 7 is a number; write effort = "),
        ("folder-id = 1234567", 'folder-id: 1234567 is a number; write folder-id = "1234567"'),
        ("gate = 'documented'", "gate: 'documented' is a text; write gate = ["),
        ("rule = 'PART-*'", "rule: 'PART-*' is a text; write rule = ["),
        ("rule = ['PART-*', 7]", "rule: ['PART-*', 7] is a list; write rule = ["),
        ("seed = '7'", "seed: '7' is a text; write seed = 7"),
        ("seed = true", "seed: True is true or false; write seed = 7"),
        ("allow-production = 'yes'", "allow-production: 'yes' is a text; write allow-production = true"),
        ("allow-production = 1", "allow-production: 1 is a number; write allow-production = true"),
        ("token-parameter = ['a=b']", "is a list; write token-parameter = {"),
        ("token-parameter = { a = 1 }", "is a table; write token-parameter = {"),
        ("target = 2026-01-01", "is a date or time; write target = "),
        ("target = ''", "target: is empty; write target = "),
        ("profile = 'staging'", "profile has to hold tables, one for each profile; write [profile.staging]"),
        ("[profile]\nstaging = 1", "profile has to hold tables"),
        ("config = 'x'", "config: there is no such field"),
        ("update-known-failures = true", "update-known-failures: there is no such field"),
        ("[profile.other]\nefort = 'quick'", "[profile.other] efort: there is no such field"),
        ("target = '" + "x" * 500 + "'\nseed = '" + "y" * 500 + "'", "…"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProfileProblem) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'profiles.toml'}: ")
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("field", "homes"),
    [
        ("token", "token-file or token-env"),
        ("second-token", "second-token-file or second-token-env"),
        ("client_secret", "client-secret-file or client-secret-env"),
        ("Password", "token-file or token-env"),
    ],
)
def test_a_secret_is_refused_and_not_shown(tmp_path: Path, field: str, homes: str) -> None:
    with pytest.raises(ProfileProblem, match="a secret does not belong into a profile") as caught:
        read(tmp_path, f"[profile.staging]\n{field} = 'canary-of-a-secret'")
    assert homes in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileProblem, match=r"no profile 'stagin'; there are staging, mock; did you mean staging\?"):
        read(tmp_path, FILE, "stagin")
    with pytest.raises(ProfileProblem, match=r"it holds none; write \[profile.staging\]"):
        read(tmp_path, "", "staging")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ProfileProblem, match=r"none\.toml: the profile cannot be read \(No such file"):
        read_profile(tmp_path / "none.toml", "", fields=FIELDS)
    with pytest.raises(ProfileProblem, match="the profile cannot be read"):
        read_profile(tmp_path, "", fields=FIELDS)
    (tmp_path / "binary.toml").write_bytes(b"\xff")
    with pytest.raises(ProfileProblem, match="it is not UTF-8"):
        read_profile(tmp_path / "binary.toml", "", fields=FIELDS)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "closed.toml"
    path.touch(mode=0)
    with pytest.raises(ProfileProblem, match="Permission denied"):
        read_profile(path, "", fields=FIELDS)


def test_every_field_has_an_example_that_is_right(tmp_path: Path) -> None:
    for field in FIELDS:
        assert field.name in read(tmp_path, f"{field.name} = {field.example}").values
