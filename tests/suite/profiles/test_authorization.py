"""Which way to have a token counts, and that no message shows one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commit_conformance.options import LOOPBACK_TOKEN, PREFIX, UsageProblem
from commit_conformance.settings import run_settings

TARGET = "https://upload.staging.example/api/2.0"
LOGIN = "https://login.staging.example/oauth2/token"
CANARY = "canary-0123456789"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("of-a-file\n")
    (tmp_path / "two").write_text(f"{CANARY} {CANARY}\n")
    return tmp_path


def settings(given: dict[str, Any], environment: dict[str, str], profile: str = "") -> Any:
    Path("commit-conformance.toml").write_text(profile)
    return run_settings({"target": TARGET, "out": "out", **given}, environment).target


VARIABLE = {f"{PREFIX}TOKEN": "of-the-variable"}


@pytest.mark.parametrize(
    ("given", "environment", "profile", "token"),
    [
        ({}, VARIABLE, "", "of-the-variable"),
        ({"token_file": "token"}, VARIABLE, "", "of-a-file"),
        ({"token_env": "MINE"}, {**VARIABLE, "MINE": "of-mine"}, "", "of-mine"),
        ({}, {**VARIABLE, f"{PREFIX}TOKEN_FILE": "token"}, "", "of-a-file"),
        ({}, VARIABLE, 'token-file = "token"', "of-the-variable"),
        ({}, {"MINE": "of-mine"}, 'token-env = "MINE"', "of-mine"),
        ({}, {}, 'token-file = "token"', "of-a-file"),
        ({"token_file": "token"}, {}, 'token-env = "MINE"', "of-a-file"),
        ({"token_file": "token"}, {}, f'token-url = "{LOGIN}"\nclient-id = "c"', "of-a-file"),
        ({}, VARIABLE, f'token-url = "{LOGIN}"\nclient-id = "c"', "of-the-variable"),
        ({"target": "http://127.0.0.1:9"}, {}, "", LOOPBACK_TOKEN),
        ({"target": "http://[::1]:9"}, {}, "", LOOPBACK_TOKEN),
    ],
)
def test_the_earliest_way_counts(
    folder: Path, given: dict[str, Any], environment: dict[str, str], profile: str, token: str
) -> None:
    target = settings(given, environment, profile)
    assert (target.token, target.credentials) == (token, None)


def test_client_credentials_become_those_of_the_wire(folder: Path) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    profile = f"""\
token-url = "{LOGIN}"
client-id = "client-1"
client-secret-env = "SECRET"
client-auth = "header"
token-parameter = {{ box_subject_type = "enterprise", box_subject_id = "12345" }}
"""
    target = settings({}, {"SECRET": CANARY}, profile)
    assert target.token == ""
    assert (target.credentials.token_url, target.credentials.client_id) == (LOGIN, "client-1")
    assert (target.credentials.client_secret, target.credentials.basic) == (CANARY, True)
    assert target.credentials.parameters == (("box_subject_type", "enterprise"), ("box_subject_id", "12345"))
    assert CANARY not in repr(target)


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ({"client_secret_file": "token"}, {}),
        ({"client_secret_env": "MINE"}, {"MINE": "of-a-file"}),
        ({}, {f"{PREFIX}CLIENT_SECRET": "of-a-file"}),
    ],
)
def test_the_client_s_secret_lies_in_a_file_or_a_variable(
    folder: Path, given: dict[str, Any], environment: dict[str, str]
) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    target = settings({"token_url": LOGIN, "client_id": "client-1", **given}, environment)
    assert target.credentials.client_secret == "of-a-file"


def test_other_users_tokens_are_had_in_the_same_ways(folder: Path) -> None:
    profile = 'second-token-env = "SECOND"\nlimited-token-file = "token"\n'
    target = settings({}, {**VARIABLE, "SECOND": "of-second"}, profile)
    assert (target.second_token, target.limited_token) == ("of-second", "of-a-file")
    environment = {**VARIABLE, f"{PREFIX}SECOND_TOKEN": "second", f"{PREFIX}LIMITED_TOKEN": "limited"}
    target = settings({}, environment)
    assert (target.second_token, target.limited_token) == ("second", "limited")


def test_the_embedded_service_needs_no_token(folder: Path) -> None:
    target = settings({"target": "mock"}, {}, 'token-env = "MISSING"\nsecond-token-file = "none"\n')
    assert (target.token, target.second_token) == ("", None)


CLIENT = {"token_url": LOGIN, "client_id": "client-1"}


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        ({}, {}, "no token for https://upload.staging.example/api/2.0: set COMMIT_CONFORMANCE_TOKEN, or give"),
        ({"token_env": "MINE"}, {}, "--token-env MINE: this environment variable is not set, or empty"),
        ({"token_env": "MINE"}, {"MINE": " "}, "--token-env MINE: this environment variable is not set, or empty"),
        ({"token_env": "MINE"}, {"MINE": f"{CANARY} x"}, "MINE: this environment variable has to hold one secret"),
        ({"token_env": CANARY}, {}, "--token-env: has to be the name of an environment variable, not the secret"),
        ({"token_env": "canary0123456789"}, {}, "--token-env: this environment variable is not set"),
        ({}, {f"{PREFIX}TOKEN_ENV": "MINE"}, "COMMIT_CONFORMANCE_TOKEN_ENV MINE: this environment variable is not"),
        ({}, {f"{PREFIX}TOKEN": f"{CANARY} {CANARY}"}, "COMMIT_CONFORMANCE_TOKEN: has to hold one token"),
        ({"token_file": "none"}, {}, "--token-file none: cannot be read (No such file"),
        ({"token_file": "two"}, {}, "--token-file two: the file has to hold one token and nothing else"),
        ({"token_file": "token", "token_env": "MINE"}, {"MINE": "x"}, "--token-file and --token-env both say where"),
        ({**CLIENT, "token_file": "token"}, {}, "--token-file and --token-url both say how to have a token"),
        ({"token_url": LOGIN}, {}, "--client-id is missing"),
        ({"client_id": "client-1"}, {}, "--token-url is missing"),
        (CLIENT, {}, "no secret for the client client-1: set COMMIT_CONFORMANCE_CLIENT_SECRET"),
        (
            {**CLIENT, "token_url": "http://login.example/token"},
            {f"{PREFIX}CLIENT_SECRET": CANARY},
            "is not https, so that everybody on the way could read the secret",
        ),
        ({**CLIENT, "token_url": "mock"}, {}, "--token-url: 'mock' has no URL"),
        ({**CLIENT, "client_secret_file": "two"}, {}, "--client-secret-file two: the file has to hold one secret"),
    ],
)
def test_what_is_missing_is_told_and_no_secret_shown(
    folder: Path, given: dict[str, Any], environment: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageProblem) as caught:
        settings(given, environment)
    assert said in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("box_subject_type", "is written NAME=TEXT"),
        ("=enterprise", "is written NAME=TEXT"),
        ("client_secret=canary", "client_secret: is sent already"),
    ],
)
def test_a_parameter_that_is_wrong(folder: Path, parameter: str, said: str) -> None:
    pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    with pytest.raises(UsageProblem, match=said) as caught:
        settings({**CLIENT, "token_parameter": [parameter]}, {f"{PREFIX}CLIENT_SECRET": CANARY})
    assert "canary" not in str(caught.value)


def test_without_the_library_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commit_conformance.authorization.find_spec", lambda name: None)
    with pytest.raises(UsageProblem, match=r"pip install 'box-commit-conformance\[oauth\]'"):
        settings(CLIENT, {f"{PREFIX}CLIENT_SECRET": CANARY})
