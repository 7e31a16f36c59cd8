"""The HTML page: complete in itself, sound as a document, usable without its script."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commit_conformance.report.html.page import render
from commit_conformance.report.log import Log
from tests.suite.report.event_logs import HOSTILE, exchange, failed, failure, log_of, part_list, uploaded, verdict

VOID = {"meta", "input", "br", "hr", "img", "link"}


class Page(HTMLParser):
    """Reads a page strictly: what is opened is closed in its place, ids are unique, attributes are not repeated."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.headings: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def values(self, name: str, tag: str | None = None) -> list[str]:
        return [value for on, attribute, value in self.attributes if attribute == name and tag in (None, on)]

    def text(self, tag: str) -> str:
        return " ".join(self.texts.get(tag, []))


def mixed(folder: Path, **changes: bool) -> Log:
    return log_of(
        folder,
        verdict("DIGEST-ACCEPTED", group="digest"),
        failed(),
        failed("DIGEST-CASE", group="digest", level="rfc", failure=None, reason="the case was ignored"),
        verdict("PART-SHA1-NULL", "observed", level="observed", observation="400 bad_request"),
        *(verdict(f"ACCEPTED-{n}", "unsupported", group="accepted", reason="never answers 202") for n in range(9)),
        verdict("PART-MANY", "blocked", reason="not tested at effort standard"),
        **changes,
    )


def test_the_page_is_a_sound_document(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))
    page = Page(text)

    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert page.tags.count("h1") == page.tags.count("main") == len(re.findall("<title>[^<]+ – https", text)) == 1


def test_nothing_is_loaded_and_nothing_is_run_but_the_pages_own_script(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))
    page = Page(text)

    assert page.tags.count("script") == 1
    assert not {"img", "link", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("style", "src", "srcset")]
    assert all(value.startswith("#") for value in page.values("href"))
    assert "url(" not in text
    assert "@import" not in text


def digest_of(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    assert found is not None
    return base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()


def test_the_policy_allows_the_style_sheet_and_the_script_of_the_page_alone(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))
    style, script = digest_of(text, "style"), digest_of(text, "script")

    sources = f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'"
    assert f"{sources}; base-uri 'none'; form-action 'none'" in Page(text).values("content", "meta")


def test_the_page_parses_without_an_error(tmp_path: Path) -> None:
    justhtml = pytest.importorskip("justhtml", reason="the parser that reports errors is not installed")

    assert justhtml.JustHTML(render(mixed(tmp_path)), collect_errors=True).errors == []


def test_every_link_leads_somewhere_and_every_failure_has_its_anchor(tmp_path: Path) -> None:
    page = Page(render(mixed(tmp_path)))

    assert {value.removeprefix("#") for value in page.values("href")} <= set(page.ids)
    assert {"PART-GAP", "DIGEST-CASE", "DIGEST-ACCEPTED", "PART-SHA1-NULL"} <= set(page.ids)


def test_tables_have_captions_and_headers_have_scopes(tmp_path: Path) -> None:
    page = Page(render(mixed(tmp_path)))

    assert page.tags.count("caption") == page.tags.count("table")
    assert len(page.values("scope", "th")) == page.tags.count("th")
    assert set(page.values("aria-labelledby")) - set(page.ids) == {"PART-GAP-t PART-GAP-d"}


def test_the_conclusion_stands_first_and_in_the_title(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))

    told = '<h1 class="conclusion bad">does not conform<span class="hidden">: </span>'
    assert f"{told}<small>1 of 12 gating rules failed</small></h1>" in text
    assert "<title>does not conform: 1 of 12 gating rules failed – https://upload.example.test/api/2.0</title>" in text


@pytest.mark.parametrize(
    ("rules", "mood"), [([verdict("A")], "good"), ([verdict("A", "errored")], "unsure"), ([failed()], "bad")]
)
def test_the_colour_follows_the_conclusion(tmp_path: Path, rules: list[dict[str, object]], mood: str) -> None:
    assert f'<h1 class="conclusion {mood}">' in render(log_of(tmp_path, *rules))


def test_sections_come_in_the_order_of_urgency(tmp_path: Path) -> None:
    headings = re.findall(r"<h2[^>]*>(?:<a[^>]*>)?([^<]+)<", render(mixed(tmp_path)))

    assert headings == [
        "Failed: 2",
        "Could not be tested: 10",
        "Cost",
        "Failures, the worst first",
        "What could not be tested, and why",
        "Verdicts",
        "Rules",
        "Fingerprint",
        "Target and tools",
    ]


def test_a_failure_shows_all_there_is_to_see(tmp_path: Path) -> None:
    text = render(log_of(tmp_path, failed()))
    article = text[text.index('<article class="failure" id="PART-GAP"') : text.index("</article>")]

    for needed in (
        "The sentence of PART-GAP.",
        "the server committed a list that leaves a hole",
        "list without part 2 of 3",
        "201 Created",
        "a refusal: any 4xx but 401",
        '<rect class="zone gap"',
        "bytes 65,536 to 131,071 are claimed by no entry",
        "/entries/0/size",
        "digest: sha=fpRyg5eVQletdZqEKaFlqwBXJzM=",
        "x-request-id: a1b2c3",
        "curl -X POST",
        "commit-conformance run --target",
        "Time line: 2 exchanges of this example",
        "S0 parts, description",
    ):
        assert needed in article


def test_a_truncated_log_is_marked_before_the_conclusion(tmp_path: Path) -> None:
    text = render(mixed(tmp_path, truncated=True))

    assert 0 < text.index("<strong>Incomplete.</strong>") < text.index("<h1")
    assert "<strong>Incomplete.</strong>" not in render(mixed(tmp_path))


def test_the_filter_works_without_scripts(tmp_path: Path) -> None:
    text = render(mixed(tmp_path))

    for name in ("all", "failed", "untested", "observed"):
        assert f'id="show-{name}"' in text
    assert "#rules:has(#show-failed:checked) .rule:not(.failed)" in text
    assert '<tr class="rule failed">' in text
    assert '<tr class="rule observed" id="PART-SHA1-NULL">' in text


def test_several_failures_with_rulers_keep_their_ids_apart(tmp_path: Path) -> None:
    Page(render(log_of(tmp_path, failed("A"), failed("B"))))


def test_a_log_of_nothing_is_a_page(tmp_path: Path) -> None:
    text = render(log_of(tmp_path, truncated=True, run=None, seed=None, versions=None, selected=[]))

    Page(text)
    assert "No rule failed." in text


def test_rule_ids_that_are_no_ids_become_some(tmp_path: Path) -> None:
    page = Page(render(log_of(tmp_path, failed(f"A {HOSTILE} B", group=HOSTILE))))

    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+", name) for name in page.ids)


def test_long_lists_are_cut_and_say_so(tmp_path: Path) -> None:
    problems = [{"pointer": f"/{n}", "message": "m"} for n in range(60)]
    parts = uploaded(2000)
    found = failure(problems=problems, part_list=part_list(parts[:-1], parts))
    text = render(log_of(tmp_path, failed(failure=found, exchanges=[exchange(n=n) for n in range(30)])))

    assert "and 10 more</p>" in text
    assert "Time line: the last 20 exchanges of 30 of this example" in text
    assert "and 10 more in the event log: POST 201 30 times" in text
    assert "1,997 entries outside of it left out" in text


def test_a_history_is_shown_in_order_and_escaped(tmp_path: Path) -> None:
    history = [f"{n}. step {n}: <b>{n}</b>" for n in range(1, 211)]
    text = render(log_of(tmp_path, failed(failure=failure(history=history)), failed("PART-SUM")))
    page = Page(text)
    assert "1. step 1: <b>1</b>\n2. step 2: <b>2</b>\n" in page.text("pre")
    assert "200. step 200: <b>200</b>" in page.text("pre")
    assert "201. step" not in page.text("pre")
    assert "and 10 more in the event log" in page.text("p")
    assert text.count("What happened, in this order") == 1


def test_a_line_of_a_history_stays_one_line(tmp_path: Path) -> None:
    page = Page(render(log_of(tmp_path, failed(failure=failure(history=["1. open\n2. forged", "2. put"])))))
    assert "1. open\\n2. forged\n2. put" in page.text("pre")
