"""Options, environment, profile and defaults: which counts, and what it becomes."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.options import OPTIONS, PREFIX, Option, UsageProblem
from commit_conformance.settings import Source, resolve, run_settings, settings_of
from commit_conformance.verdict.catalogue import Effort, Level

STAGING = "https://upload.staging.example/api/2.0"
FILE = f"""\
effort = "quick"

[profile.staging]
target = "{STAGING}"
api-url = "https://api.staging.example/2.0"
token-env = "STAGING_TOKEN"
folder-id = "77"
gate = ["documented", "rfc"]
rule = ["PART-*"]
allow-origin = ["https://upload-eu.staging.example"]
known-failures = "known.toml"
seed = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "commit-conformance.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "known.toml").write_text("", encoding="utf-8")
    return tmp_path


def other_values() -> dict[str, tuple[Any, str, str]]:
    """For each option that a profile may have: a value given, in the environment, and in a profile (in TOML)."""
    special: dict[str, tuple[Any, str, str]] = {
        "target": ("https://a.example", "https://b.example", '"https://c.example"'),
        "effort": ("quick", "standard", '"thorough"'),
        "static-mock": ("yes", "no", '"auto"'),
        "client-auth": ("header", "body", '"header"'),
        "gate": ("documented", "implied", '["rfc"]'),
        "token-parameter": (["a=1"], "a=2", '{ a = "3" }'),
    }
    found = {}
    for option in OPTIONS:
        if not option.in_profile or (option.choices and option.name not in special):
            continue
        if option.name in special:
            found[option.name] = special[option.name]
        elif option.flag:
            found[option.name] = (True, "yes", "true")
        elif option.number:
            found[option.name] = ("1", "2", "3")
        elif option.many or option.commas:
            found[option.name] = (["one"], "two", '["three"]') if option.many else ("one", "two", '["three"]')
        else:
            found[option.name] = ("one", "two", '"three"')
    return found


def read_from(written: str, option: Option, folder: Path) -> Any:
    """What a value in a profile becomes."""
    value = tomllib.loads(f"value = {written}")["value"]
    if option.pairs:
        return [f"{name}={text}" for name, text in value.items()]
    if option.commas:
        return ",".join(value)
    if option.path:
        return str(folder / value)
    return str(value) if option.number else value


@pytest.mark.parametrize("name", other_values())
def test_an_option_counts_before_the_environment_before_the_profile_before_the_default(
    name: str, tmp_path: Path
) -> None:
    given, said, written = other_values()[name]
    option = next(option for option in OPTIONS if option.name == name)
    path = tmp_path / "profiles.toml"
    path.write_text(f"{name} = {written}\n")
    config = {"config": str(path)}

    def source(given: dict[str, Any], environment: dict[str, str]) -> tuple[Any, Source]:
        setting = settings_of(given, environment).by_field[option.field]
        return setting.value, setting.source

    assert source({**config, option.field: given}, {option.variable: said}) == (given, Source.OPTION)
    value, where = source(config, {option.variable: said})
    assert where is Source.ENVIRONMENT
    assert value == (True if option.flag else [said] if option.many else said)
    value, where = source(config, {})
    assert where is Source.PROFILE
    assert value == read_from(written, option, tmp_path)
    assert source({}, {})[1] is Source.DEFAULT


def test_a_profile_becomes_the_settings_of_a_run(folder: Path) -> None:
    settings = run_settings({"profile": "staging", "out": str(folder / "out")}, {"STAGING_TOKEN": "secret-1"})
    assert settings.target.url == STAGING
    assert settings.target.api_url == "https://api.staging.example/2.0"
    assert settings.target.token == "secret-1"
    assert settings.target.folder_id == "77"
    assert settings.target.allowed_origins == ("https://upload-eu.staging.example",)
    assert (settings.effort, settings.gate) == (Effort.QUICK, (Level.DOCUMENTED, Level.RFC))
    assert (settings.rules, settings.seed) == (("PART-*",), 7)
    assert settings.known is not None
    assert settings.known.path == Path("known.toml")
    assert (settings.config, settings.profile) == (Path("commit-conformance.toml"), "staging")


def test_the_usual_file_is_read_where_it_is_there(folder: Path) -> None:
    assert settings_of({}, {}).value("effort") == "quick"
    assert settings_of({}, {}).value("target") == "mock", "a profile counts only when it is chosen"
    assert settings_of({}, {}, profiles=False).value("effort") == "standard"
    (folder / "commit-conformance.toml").unlink()
    assert settings_of({}, {}).config is None


def test_file_and_profile_may_be_named_by_the_environment(folder: Path) -> None:
    elsewhere = folder / "elsewhere.toml"
    elsewhere.write_text('[profile.other]\neffort = "thorough"\n')
    environment = {f"{PREFIX}CONFIG": str(elsewhere), f"{PREFIX}PROFILE": "other"}
    assert settings_of({}, environment).value("effort") == "thorough"
    assert settings_of({"profile": "staging", "config": "commit-conformance.toml"}, environment).value("seed") == "7"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"profile": "prod"}, "there is no profile 'prod'; there are staging"),
        ({"config": "none.toml"}, "none.toml: the profile cannot be read"),
    ],
)
def test_a_profile_that_cannot_be_had(folder: Path, given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        settings_of(given, {})


def test_a_profile_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageProblem, match=r"commit-conformance\.toml: the profile cannot be read"):
        settings_of({"profile": "staging"}, {})


def test_a_file_of_profiles_wants_one_to_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text('[profile.a]\neffort = "quick"\n[profile.b]\n')
    with pytest.raises(
        UsageProblem, match="holds the profiles a, b and nothing for all of them; choose one: --profile a"
    ):
        settings_of({"config": str(path)}, {})


@pytest.mark.parametrize("target", ["mock", "https://other.example/2.0", "http://127.0.0.1:9"])
def test_another_target_leaves_behind_what_the_profile_says_of_its_own(folder: Path, target: str) -> None:
    settings = settings_of({"profile": "staging", "target": target}, {})
    assert settings.value("target") == target
    for field in ("api_url", "token_env", "known_failures"):
        assert settings.value(field) is None
    assert settings.value("folder_id") == "0"
    assert settings.value("allow_origin") == []
    assert settings.value("rule") == ["PART-*"], "which does not speak of the target"
    assert "token-env" in settings.left_behind


def test_another_target_does_not_get_the_profile_s_token(folder: Path) -> None:
    given = {"profile": "staging", "target": "https://other.example/2.0", "out": str(folder / "out")}
    with pytest.raises(
        UsageProblem, match=r"no token for https://other\.example/2\.0.*token-env of the profile is for"
    ):
        run_settings(given, {"STAGING_TOKEN": "secret-1"})


def test_the_same_target_said_again_keeps_them(folder: Path) -> None:
    assert settings_of({"profile": "staging", "target": f"{STAGING}/"}, {}).value("folder_id") == "77"


@pytest.mark.parametrize(("said", "value"), [("yes", True), ("1", True), ("ON", True), ("no", False), ("0", False)])
def test_a_variable_says_yes_or_no(said: str, value: bool, tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text("allow-production = true\n")
    environment = {f"{PREFIX}ALLOW_PRODUCTION": said, f"{PREFIX}CONFIG": str(path)}
    assert resolve({}, environment)["allow_production"] is value


def test_a_variable_that_says_neither_is_told() -> None:
    with pytest.raises(
        UsageProblem, match="COMMIT_CONFORMANCE_ALLOW_PRODUCTION 'maybe' is neither yes nor no; write 1"
    ):
        resolve({}, {f"{PREFIX}ALLOW_PRODUCTION": "maybe"})


def test_an_empty_variable_is_none() -> None:
    assert resolve({}, {f"{PREFIX}TARGET": "", f"{PREFIX}RULE": " "})["target"] == "mock"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'effort = "standart"',
            "{path}: effort 'standart' is not one of quick, standard, thorough; did you mean standard",
        ),
        ('gate = ["documented", "implide"]', "{path}: gate 'implide' is not a level"),
        ('rule = ["PART-GAPP"]', "{path}: rule: there is no rule 'PART-GAPP'; did you mean PART-GAP"),
        ('target = "upload.example"', "{path}: target: 'upload.example' is neither 'mock' nor"),
        ("seed = -1", "{path}: seed -1 is negative"),
        ('allow-origin = ["upload-eu.example"]', "{path}: allow-origin: 'upload-eu.example' is neither"),
        (
            'known-failures = "none.toml"',
            "{path}: known-failures: {folder}/none.toml: the list of known failures cannot",
        ),
        ('target = "https://upload.box.com/api/2.0"', "{path}: target: upload.box.com is a public production host"),
        ('target = "https://upload.box.com./2.0"', "{path}: target: upload.box.com is a public production host"),
        (
            'allow-origin = ["https://UPLOAD.box.com"]',
            "{path}: allow-origin: upload.box.com is a public production host",
        ),
        (
            'token-url = "https://api.box.com/oauth2/token"',
            "{path}: token-url: api.box.com is a public production host",
        ),
        ('out = "profiles.toml/out"', "{path}: out {folder}/profiles.toml/out: cannot write there"),
    ],
)
def test_a_value_that_is_impossible_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(text + "\n")
    given = {"config": str(path)} | ({} if text.startswith("out") else {"out": str(tmp_path / "out")})
    with pytest.raises(UsageProblem) as caught:
        run_settings(given, {})
    assert str(caught.value).startswith(said.format(path=path, folder=tmp_path))


def test_a_list_to_be_written_anew_has_to_be_named(tmp_path: Path) -> None:
    given = {"update_known_failures": True, "out": str(tmp_path)}
    with pytest.raises(UsageProblem, match="which list"):
        run_settings(given, {})
    listed = {**given, "known_failures": str(tmp_path / "new.toml")}
    assert run_settings(listed, {}).known is not None
