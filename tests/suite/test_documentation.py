"""What the pages say is true: links lead somewhere, options exist, and the examples run.

Fenced blocks are read with the words behind their language:

``sh``          run as one script; has to succeed
``console``     lines after ``$ `` are run, the rest is what they print, with ``…`` where something was left out
``python``      run from the root of a checkout
``exit=N``      the block ends with this code
``background``  started first and stopped at the end of the page; ready when it has printed a line
``norun``       not run, since it needs something that is not here; its options are checked all the same
``yaml rule``   an entry of the rule catalogue, checked against its schema
``toml profile`` a file of profiles, read as one; ``toml known`` a list of known failures

The blocks of one page run in order and in one folder, which looks like a checkout. ``make`` only says what it would do.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

import click
import jsonschema
import pytest
import yaml

from commit_conformance.cli import main
from commit_conformance.clients.catalogue import client_rules
from commit_conformance.known import load
from commit_conformance.options import OPTIONS, PREFIX
from commit_conformance.reference import BEHAVIOURS, FAULTS
from commit_conformance.settings import settings_of
from commit_conformance.verdict.catalogue import GROUPS, Catalogue, Effort

ROOT = Path(__file__).parents[2]
#: Folders whose pages are read, from the root of the checkout; on the site are the same.
FOLDERS = (".", "docs", "reports", "reports/sdk-findings", "specs/rules")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
#: What a checkout holds that examples look for.
CHECKOUT = ("Makefile", "commit_conformance", "conftest.py", "docs", "pyproject.toml", "specs", "strategies", "tests")
#: The port that pages name; a free one takes its place.
PORT = "8741"
#: Secrets have a variable each, but no option: an option could be read by others.
SECRETS = {PREFIX + name for name in ("TOKEN", "SECOND_TOKEN", "LIMITED_TOKEN", "CLIENT_SECRET")}
#: What has a variable and no option: the hooks of Schemathesis read it.
OF_HOOKS = {PREFIX + "TARGET_DESCRIPTION"}
#: Where the SDKs are installed that the suite for clients drives.
OF_DRIVERS = {PREFIX + "SDKS"}
#: Options of other programs, in code spans.
FOREIGN = {"--strict", "--check", "--mistake", "--driver", "--liberty", "--pairs", "--run-time"}
FOREIGN |= {"--env", "--network", "--user", "--volume", "--before", "--only", "--repeats"}
#: No example takes a tenth of this on an idle machine.
SECONDS = 120

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_RULE = re.compile(r"\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+(?![\w*-])")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        line: Where it begins in its page, for messages.
        words: What stands behind the language.
    """

    line: int
    language: str
    words: frozenset[str]
    text: str

    @property
    def exit_code(self) -> int:
        return next((int(word.removeprefix("exit=")) for word in self.words if word.startswith("exit=")), 0)

    @property
    def commands(self) -> str:
        """What is to be run, without what it prints."""
        if self.language != "console":
            return self.text
        lines = self.text.splitlines()
        return "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))

    @property
    def output(self) -> list[str]:
        """What is printed, as far as it is the same each time: numbers are not."""
        lines = [line for line in self.text.splitlines() if self.language == "console" and not line.startswith("$ ")]
        return [line.rstrip() for line in lines if line.strip() and "…" not in line and not re.search(r"\d", line)]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(line, language, frozenset(words), textwrap.dedent(match["text"])))
    return found


def prose_of(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def command_lines(page: Path) -> Iterator[list[str]]:
    """Every command line of a page, in words: from blocks, and from code spans that begin with the command."""
    for block in blocks_of(page):
        if block.language in ("sh", "console"):
            for line in block.commands.replace("\\\n", " ").splitlines():
                if line.strip():
                    yield shlex.split(line, comments=True)
    for span in _SPAN.findall(prose_of(page)):
        if span.startswith(("commit-conformance ", "pytest tests/server")):
            yield shlex.split(span)


def options_of(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


RUNNABLE = [page for page in PAGES if any(block.language in ("sh", "console", "python") for block in blocks_of(page))]
pages = pytest.mark.parametrize("page", PAGES, ids=name_of)


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(prose_of(page)):
        if not target.startswith(("https://", "http://", "mailto:")):
            path = target.partition("#")[0]
            assert not path or (page.parent / path).exists(), f"{name_of(page)} links to {target}"


@pages
def test_fences_are_understood(page: Path) -> None:
    known = {"norun", "background", "rule", "profile", "known"}
    for block in blocks_of(page):
        where = f"{name_of(page)}, line {block.line}"
        known_languages = ("sh", "console", "python", "json", "yaml", "toml", "text", "{toctree}")
        assert block.language in known_languages, f"{where}: {block.language!r}"
        odd = {word for word in block.words if word not in known and not re.fullmatch(r"exit=\d", word)}
        assert not odd, f"{where}: {odd}"
    assert page.read_text(encoding="utf-8").count("```") == 2 * len(blocks_of(page)), "a fence is not closed"


@pages
def test_commands_and_options_exist(page: Path) -> None:
    of_run = {f"--{option.name}" for option in OPTIONS}
    for words in command_lines(page):
        if "commit-conformance" in words:
            rest = words[words.index("commit-conformance") + 1 :]
            rest = rest[: rest.index("--")] if "--" in rest else rest  # what follows is another program's
            assert rest, words
            command = main.commands.get(rest[0])
            assert command is not None, f"{name_of(page)}: there is no commit-conformance {rest[0]}"
            given = {word.partition("=")[0] for word in rest if word.startswith("--")}
            assert given <= options_of(command), f"{name_of(page)}: {' '.join(words)}"
        elif words[0] == "pytest":
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert given <= of_run, f"{name_of(page)}: {' '.join(words)}"
    everywhere = set().union(*(options_of(command) for command in main.commands.values())) | FOREIGN
    spans = " ".join(_SPAN.findall(prose_of(page)))
    assert set(_OPTION.findall(spans)) <= everywhere


@pages
def test_names_exist(page: Path) -> None:
    """Rules, faults, behaviours, groups, efforts, make targets and environment variables."""
    text = page.read_text(encoding="utf-8")
    rules = {rule.id for rule in (*Catalogue.load(), *client_rules())}
    prefixes = {rule.partition("-")[0] for rule in rules}
    mentioned = {name for name in _RULE.findall(text) if name.partition("-")[0] in prefixes}
    examples = {name for name in mentioned if name.endswith("-EXAMPLE")}
    candidates = set(re.findall(r"candidates: \[([A-Z0-9-]+)\]", text))
    assert mentioned - examples - candidates <= rules
    variables = set(re.findall(rf"\b{PREFIX}[A-Z_]+", text))
    assert variables <= {option.variable for option in OPTIONS} | SECRETS | OF_HOOKS | OF_DRIVERS
    for words in command_lines(page):
        if words[0] == "make":
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            for target in [word for word in words[1:] if "=" not in word]:
                assert re.search(rf"^{target}:", makefile, re.M), f"{name_of(page)}: make {target}"
        for option, known in (
            ("--fault", FAULTS),
            ("--behaviour", BEHAVIOURS),
            ("--group", GROUPS),
            ("--effort", Effort),
        ):
            given = [value for word, value in pairwise(words) if word == option]
            assert {value.partition("=")[0] for value in given} <= {str(name) for name in known}, words


def test_the_readme_tells_of_every_option_and_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        row = f"| `--{option.name}` | `{option.variable}` | "
        assert row in readme, f"the table of options lacks: {row}"
        default = readme.split(row, 1)[1].split("|")[0].strip()
        assert option.default is None or default in (f"`{option.default}`",), f"--{option.name}: {default}"
    for command in main.commands:
        assert f"commit-conformance {command}" in readme
    for secret in SECRETS:
        assert secret in readme


def test_rules_in_the_pages_are_written_as_the_catalogue_wants_them() -> None:
    schema = json.loads((ROOT / "specs/rule.schema.json").read_text(encoding="utf-8"))
    blocks = [block for page in PAGES for block in blocks_of(page) if "rule" in block.words]
    assert blocks
    for block in blocks:
        group = {"group": "part-list", "title": "Parts", "about": "The parts.", "rules": yaml.safe_load(block.text)}
        jsonschema.Draft202012Validator(schema).validate(group)


def test_profiles_and_lists_in_the_pages_can_be_read(tmp_path: Path) -> None:
    blocks = [block for page in PAGES for block in blocks_of(page) if block.words & {"profile", "known"}]
    assert {word for block in blocks for word in block.words} == {"profile", "known"}
    rules = {rule.id for rule in Catalogue.load()}
    for block in blocks:
        path = tmp_path / "block.toml"
        path.write_text(block.text, encoding="utf-8")
        if "profile" in block.words:
            (tmp_path / "known-failures.toml").touch()
            settings_of({"config": str(path), "profile": "staging"}, {})
        else:
            entries = load(path).entries
            assert all(any(entry.matches(rule) for rule in rules) for entry in entries)


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    port = free_port()
    for name in CHECKOUT:
        (tmp_path / name).symlink_to(ROOT / name)
    blocks = [block for block in blocks_of(page) if "norun" not in block.words]
    started = [block for block in blocks if "background" in block.words]
    with servers([block.commands.replace(PORT, port) for block in started], tmp_path):
        rest = [block for block in blocks if block.language in ("sh", "console", "python") and block not in started]
        for is_python, group in groupby(rest, key=lambda block: block.language == "python"):
            if is_python:
                run_python(list(group), page, tmp_path)
            else:
                for block in group:
                    run_commands(block, page, tmp_path, port)


def run_python(blocks: list[Block], page: Path, folder: Path) -> None:
    """Runs blocks that follow each other in one process, since starting one takes longer than they do."""
    texts = json.dumps([(f"{name_of(page)}, line {block.line}", block.text) for block in blocks])
    script = "import json, sys\nfor where, text in json.load(sys.stdin):\n    "
    script += "exec(compile(text, where, 'exec'), {'__name__': '__main__'})"
    done = run([sys.executable, "-c", script], folder, given=texts)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def run_commands(block: Block, page: Path, folder: Path, port: str) -> None:
    # Whoever runs this test may have come from make.
    script = 'set -euo pipefail\nmake() { command make --dry-run "$@"; }\n' + block.commands.replace(PORT, port)
    done = run(["bash", "-c", script], folder)
    where = f"{name_of(page)}, line {block.line}"
    assert done.returncode == block.exit_code, f"{where} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    printed = iter([line.rstrip() for line in done.stdout.splitlines()])
    for line in block.output:
        assert line in printed, f"{where}: this line, or its place, is not in the output: {line!r}\n{done.stdout}"


def run(words: list[str], folder: Path, *, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        input=given,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


@contextmanager
def servers(commands: list[str], folder: Path) -> Iterator[None]:
    """Programs that run while the page's other blocks do."""
    running = []
    try:
        for command in commands:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
            )
            running.append(process)
            assert process.stdout is not None
            assert process.stdout.readline(), f"{command} ended without a word"
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=SECONDS)


def environment() -> dict[str, str]:
    """The environment without settings of ours, this interpreter's programs first, and a terminal of usual width."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_", "MAKE"))}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**inherited, "PATH": programs, "COLUMNS": "80", "PYTHONUTF8": "1", "NO_COLOR": "1"}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
