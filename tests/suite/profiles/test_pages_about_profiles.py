"""The page about profiles names every field, and the example is one that works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from commit_conformance.options import OPTIONS
from commit_conformance.settings import Source, run_settings, settings_of

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "commit-conformance.toml"
ENVIRONMENT = {"STAGING_TOKEN": "t", "STAGING_CLIENT_SECRET": "s", "STAGING_SECOND_TOKEN": "u"}


def test_the_page_has_a_row_for_every_field_and_no_other() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    table = page.split("## Fields", 1)[1].split("## Tokens", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted(option.name for option in OPTIONS if option.in_profile)


@pytest.mark.parametrize("profile", ["staging", "staging-quick"])
def test_the_example_works(profile: str, tmp_path: Path) -> None:
    if profile == "staging":
        pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")
    given = {"config": str(EXAMPLE), "profile": profile}
    settings = run_settings({**given, "out": str(tmp_path)}, ENVIRONMENT)
    assert settings.target.url == "https://upload.staging.example/api/2.0"
    found = settings_of(given, {})
    assert sum(setting.source is Source.PROFILE for setting in found.by_field.values()) >= 7
