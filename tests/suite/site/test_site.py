"""The site as Sphinx builds it: without a warning, with an anchor for each rule, every link leading somewhere."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from commit_conformance.clients.catalogue import client_rules
from commit_conformance.clients.plain.mistakes import MISTAKES
from commit_conformance.reference import BEHAVIOURS, FAULTS
from commit_conformance.verdict.catalogue import Catalogue
from tests.suite.test_documentation import FOLDERS

ROOT = Path(__file__).parents[3]
#: The page that everything is reached from.
FIRST = "docs/index.html"
#: Where a page names what a browser fetches by itself.
FETCHED = ("//script/@src", "//img/@src", "//link[@rel='stylesheet' or @rel='icon' or @rel='preload']/@href")
#: It takes ten seconds on an idle machine.
SECONDS = 180


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was built.

    Attributes:
        links: Where it leads, inside the site: path of a page or file from the root, and anchor or nothing.
        shown: Texts of the links in its own text, without those of menus.
    """

    tree: html.HtmlElement
    anchors: frozenset[str]
    links: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]

    def text_of(self, anchor: str) -> str:
        """What stands in the section, or behind the term, that has this anchor."""
        (element,) = self.tree.xpath("//*[@id=$anchor]", anchor=anchor)
        if element.tag != "section":
            (term,) = element.xpath("ancestor-or-self::dt")
            element = term.getnext()
        return " ".join(element.text_content().split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does it."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "sphinx", "--quiet", "--nitpicky", "--fail-on-warning", "--conf-dir", "docs"]
    done = subprocess.run(
        [*words, "--doctree-dir", str(folder / "doctrees"), str(ROOT), str(folder / "site")],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Page]:
    """Every page, by its path from the root of the site."""
    return {str(path.relative_to(folder)): read(path, folder) for path in sorted(folder.rglob("*.html"))}


def read(path: Path, folder: Path) -> Page:
    tree = html.fromstring(path.read_bytes())
    name = str(path.relative_to(folder))
    return Page(
        tree=tree,
        anchors=frozenset(tree.xpath("//@id")),
        links=tuple(inside(name, tree.xpath("//a/@href"))),
        shown=tuple(link.text_content() for link in tree.xpath("//article//a[@href]")),
    )


def inside(name: str, addresses: list[str]) -> Iterator[tuple[str, str]]:
    """The addresses of a page that lie in the site, seen from its root."""
    for address in addresses:
        parts = urlsplit(address)
        if not parts.scheme and not parts.netloc:
            path = os.path.normpath(Path(name).parent / unquote(parts.path)) if parts.path else name
            yield path, unquote(parts.fragment)


def test_every_page_of_the_checkout_is_on_the_site(pages: dict[str, Page]) -> None:
    sources = [page for folder in FOLDERS for page in (ROOT / folder).glob("*.md")]
    wanted = {str(source.relative_to(ROOT).with_suffix(".html")) for source in sources}
    assert "README.html" in wanted
    assert pages.keys() == wanted | {"index.html", "search.html"}


def test_every_page_is_reached_from_the_first(pages: dict[str, Page]) -> None:
    reached, waiting = {FIRST}, [FIRST]
    while waiting:
        found = {path for path, _ in pages[waiting.pop()].links if path in pages}
        waiting += found - reached
        reached |= found
    assert pages.keys() - reached == {"index.html", "search.html"}  # the one leads here, the other is a form


def test_whoever_opens_the_folder_is_led_to_the_first_page(pages: dict[str, Page]) -> None:
    (refresh,) = pages["index.html"].tree.xpath("//meta[@http-equiv='refresh']/@content")
    assert refresh == f"0; url={FIRST}"
    assert pages["index.html"].links == ((FIRST, ""),)


def test_every_link_leads_somewhere(pages: dict[str, Page], folder: Path) -> None:
    broken = []
    for name, page in pages.items():
        for path, anchor in page.links:
            known = pages[path].anchors if path in pages else frozenset()
            if not (folder / path).is_file() or (anchor and anchor not in known):
                broken.append(f"{name} links to {path}#{anchor}")
    assert not broken
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_nothing_is_fetched_from_the_network(pages: dict[str, Page], folder: Path) -> None:
    for name, page in pages.items():
        for address in [found for place in FETCHED for found in page.tree.xpath(place)]:
            ((path, _),) = inside(name, [address])  # none, if it lay on another host
            assert (folder / path).is_file(), f"{name} fetches {address}"
    sheets = list(folder.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"""url\(\s*["']?(https?:)?//|@import\s+["']?(https?:)?//""", text), sheet.name


def test_every_rule_has_its_anchor(pages: dict[str, Page]) -> None:
    for name, rules in (("server-rules", Catalogue.load()), ("client-rules", client_rules())):
        page = pages[f"docs/{name}.html"]
        for rule in rules:
            told = page.text_of(rule.id.lower())
            assert told.startswith(rule.id)
            assert f"{rule.level}: {rule.level.meaning}" in told
            assert f"from {rule.effort} on" in told
            for source in rule.source:
                assert source.ref in told
            for other in rule.depends_on:
                assert (f"docs/{name}.html", other.lower()) in page.links


def test_a_rule_is_told_of_in_full(pages: dict[str, Page]) -> None:
    rule = Catalogue.load().get("PART-GAP")
    told = pages["docs/server-rules.html"].text_of("part-gap")
    for text in (rule.statement, rule.breaks):
        assert text in told
    links = pages["docs/server-rules.html"].links
    assert ("docs/fault-list.html", "accepts-gap") in links
    assert "accepts-gap" in told
    assert "Faults that break it: none, as it only records" in pages["docs/server-rules.html"].text_of("repeat-answer")


def test_what_can_go_wrong_has_an_anchor_each(pages: dict[str, Page]) -> None:
    for page, wrongs in (
        (pages["docs/fault-list.html"], {name: fault.rules for name, fault in FAULTS.items()}),
        (pages["docs/client-rules.html"], {name: mistake.rules for name, mistake in MISTAKES.items()}),
    ):
        for name, rules in wrongs.items():
            assert f"Must fail: {', '.join(rules)}" in page.text_of(name)
    for name, behaviour in BEHAVIOURS.items():
        assert f"--behaviour {name}={behaviour.example}" in pages["docs/fault-list.html"].text_of(name) or (
            not behaviour.example
        )


def test_mentions_of_rules_and_faults_are_links(pages: dict[str, Page]) -> None:
    assert ("docs/server-rules.html", "part-complete") in pages["docs/rules.html"].links
    assert ("docs/client-rules.html", "client-accepted-wait") in pages["reports/sdks.html"].links
    assert ("docs/fault-list.html", "accepts-gap") in pages["reports/trouble.html"].links


def test_links_show_titles_and_not_paths(pages: dict[str, Page]) -> None:
    shown = [text for page in pages.values() for text in page.shown]
    assert "Testing a server" in shown
    assert not [text for text in shown if text.endswith(".md")]


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "docs/site"))
    return importlib.import_module("catalogue_extension")


def test_a_page_that_asks_for_a_catalogue_that_is_not_there_is_an_error(extension: ModuleType) -> None:
    with pytest.raises(Exception, match="there is no catalogue of 'rules of thumb', but of rules for servers"):
        extension.put_in(None, "docs/page", ["# Page\n\n<!-- catalogue: rules of thumb -->\n"])


def test_texts_of_the_catalogue_are_no_markup_but_for_code(extension: ModuleType) -> None:
    texts = importlib.import_module("catalogue_texts")
    assert texts._plain("a *b* [c](d) <e> `f*g`\n  h_i") == r"a \*b\* \[c\](d) \<e\> `f*g` h\_i"
