"""What the Dockerfile runs works, with folders in the place of images.

No image is built here: that needs an engine and a base image. The commands of its build stage are run, below another
root, on what ``.dockerignore`` lets through; then what ``ENTRYPOINT`` and ``ENV`` say is run.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from commit_conformance.reference import Service
from tests.suite.ci.dockerfiles import copy_context, instructions_of
from tests.suite.ci.machine import ROOT, call, files_that_hold, surroundings

RECIPE = ROOT / "ci" / "docker" / "Dockerfile"


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, rest in instructions_of(RECIPE):
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root folder that the build stage leaves."""
    root = tmp_path_factory.mktemp("image")
    (build, _) = stages()
    source = root / "source"
    source.mkdir()
    for name, rest in build[1:]:
        match name:
            case "WORKDIR":
                assert rest == "/source"
            case "COPY":
                assert rest == ". ."
                copy_context(ROOT, source)
            case "RUN":
                # Without isolation, as pip is told too, nothing has to be downloaded.
                script = re.sub(r"(?<![\w}])/opt/", f"{root}/opt/", rest).replace("-m build", "-m build --no-isolation")
                (root / "opt").mkdir(exist_ok=True)
                done = call(["sh", "-ec", script], cwd=source, environment=surroundings())
                assert done.returncode == 0, done.stdout
            case _:
                pytest.fail(f"{name} is not understood")
    return root


def variables(root: Path) -> dict[str, str]:
    """What ENV says, below that root."""
    (text,) = (rest for name, rest in stages()[-1] if name == "ENV")
    found = dict(word.split("=", 1) for word in shlex.split(text))
    return {
        name: re.sub(r"(?<![\w}])/(opt|reports)/", rf"{root}/\1/", value).replace("$PATH", surroundings()["PATH"])
        for name, value in found.items()
    }


def test_the_image_runs_the_suite_and_keeps_its_reports_in_the_volume(
    image: Path, wrong: tuple[str, Service], token: str, tmp_path: Path
) -> None:
    environment = surroundings(COMMIT_CONFORMANCE_TOKEN=token) | variables(image)
    (entrypoint,) = (json.loads(rest) for name, rest in stages()[-1] if name == "ENTRYPOINT")
    words = [*entrypoint, "run", "--target", wrong[0], "--rule", "PART-GAP"]
    done = call(["sh", "-c", shlex.join(words)], cwd=tmp_path, environment=environment)

    assert done.returncode == 1, done.stdout
    assert (image / "reports" / "latest" / "report.html").is_file()
    assert list(tmp_path.iterdir()) == []
    assert files_that_hold(token, image / "reports") == []


def test_the_image_has_every_extra_and_the_suite_of_the_wheel(image: Path, tmp_path: Path) -> None:
    python = str(image / "opt" / "commit-conformance" / "bin" / "python")
    script = (
        "import aiohttp, oauthlib, schemathesis, xdist, commit_conformance.specs as specs; print(specs.suite_root())"
    )
    done = call([python, "-c", script], cwd=tmp_path, environment=surroundings())

    assert done.returncode == 0, done.stdout
    assert Path(done.stdout.strip()).is_relative_to(image / "opt" / "commit-conformance")


def test_the_last_stage_takes_what_the_first_has_made_and_gives_up_root() -> None:
    (build, last) = stages()
    assert re.fullmatch(r"python:\S+-slim AS build", build[0][1])
    assert ("COPY", "--from=build /opt/commit-conformance /opt/commit-conformance") in last
    names = [name for name, _ in last]
    assert names.index("USER") < names.index("ENTRYPOINT")
    (user,) = (rest for name, rest in last if name == "USER")
    assert int(user.partition(":")[0]) > 0
    assert ("VOLUME", "/reports") in last
    assert not [rest for name, rest in last if name in ("ARG", "ENV") and "TOKEN" in rest], "no secret is baked in"
