"""Drivers that come along: their files, and how SDKs get into caches of their own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from commit_conformance.clients import discovery
from commit_conformance.clients.discovery import InstallFailed, UnknownDriver, drivers, find_driver, install

DRIVER = """
name = "one"
title = "One"
sdk = "one"
version = "1"
language = "python"
needs = [{needs}]
install = [["{{python}}", "-c", "open('made', 'a').write('x')"]{more}]
command = ["{{python}}", "{{driver}}/driver.py"]

[environment]
PLACE = "{{cache}}/lib"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(discovery, "_FOLDER", tmp_path / "drivers")
    monkeypatch.setenv("COMMIT_CONFORMANCE_SDKS", str(tmp_path / "sdks"))
    (tmp_path / "drivers/one").mkdir(parents=True)
    (tmp_path / "drivers/one/driver.py").write_text("pass")
    return tmp_path


def write(folder: Path, *, needs: str = "", more: str = "") -> None:
    (folder / "drivers/one/driver.toml").write_text(DRIVER.format(needs=needs, more=more))


def test_the_drivers_that_come_along_are_well_formed() -> None:
    found = drivers()
    assert "plain" in {each.name for each in found}
    for each in found:
        assert each.filled(each.command)
        assert each.control == (each.name == "plain")


def test_a_driver_is_installed_once_until_it_changes(folder: Path) -> None:
    write(folder)
    one = find_driver("one")
    said: list[str] = []
    assert not one.is_installed
    install(one, say=said.append)
    assert one.is_installed
    install(one, say=said.append)
    assert said[-1] == "one: there already"
    assert (folder / "sdks/one/made").read_text() == "x"
    (folder / "drivers/one/driver.py").write_text("pass  # changed")
    assert not one.is_installed


def test_places_are_filled_in(folder: Path) -> None:
    write(folder)
    command = find_driver("one").run()
    assert command.words == [sys.executable, f"{folder / 'drivers/one'}/driver.py"]
    assert command.environment == {"PLACE": f"{folder / 'sdks/one'}/lib"}
    assert command.folder == folder / "sdks/one"


def test_what_fails_leaves_the_driver_uninstalled(folder: Path) -> None:
    write(folder, more=', ["{python}", "-c", "import sys; sys.exit(\'no network\')"]')
    with pytest.raises(InstallFailed, match="no network"):
        install(find_driver("one"), say=lambda line: None)
    assert not find_driver("one").is_installed


def test_a_program_that_is_missing_is_named(folder: Path) -> None:
    write(folder, needs='"no-such-program"')
    assert find_driver("one").missing == ("no-such-program",)
    with pytest.raises(InstallFailed, match="one needs no-such-program"):
        install(find_driver("one"), say=lambda line: None)


def test_a_wrong_file_is_named(folder: Path) -> None:
    write(folder)
    path = folder / "drivers/one/driver.toml"
    path.write_text(path.read_text().replace('name = "one"', 'name = "two"'))
    with pytest.raises(UnknownDriver, match="is not that of its folder"):
        drivers()
    path.write_text("name = 1")
    with pytest.raises(UnknownDriver, match=r"driver\.toml: "):
        drivers()
    shutil.rmtree(folder / "drivers/one")
    assert drivers() == ()
