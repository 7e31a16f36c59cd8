"""The page as people meet it: in headless Chromium, narrow and wide, light and dark, with hostile content.

Needs the extra ``browser`` and Chromium, as ``chromium`` on the path or named by CHROMIUM; skipped without them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commit_conformance.report.html.page import render
from tests.suite.report.event_logs import HOSTILE, exchange, failed, failure, log_of, part_list, uploaded, verdict

playwright = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("there is no Chromium; install it, or name it in CHROMIUM", allow_module_level=True)

#: What keeps a browser from looking for the network, and what a root user in a container needs.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (400, 1000, 2000)
LONG = "unbroken" * 400
#: Everything that has ever made a browser run what it should show.
EXECUTED = (
    '<script>window.owned=1</script><img src=x onerror="window.owned=1"><svg onload="window.owned=1">'
    '"\'><iframe srcdoc="<script>top.owned=1</script>"></iframe>{{7*7}}</pre></title></style></script>'
    "<a href=javascript:window.owned=1>x</a><math><mtext></mtext></math><!-- -->]]>"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield running
        running.close()


class Opened:
    """A page in the browser, and what it complained of."""

    def __init__(self, browser: Any, text: str, folder: Path, *, width: int = 1000, **context: Any) -> None:
        path = folder / "report.html"
        path.write_text(text, encoding="utf-8")
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **context)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda said: self.troubles.append(said.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = path.as_uri()
        self.page.goto(self.url)

    def rules(self) -> list[str]:
        """Ids of the rules in sight."""
        shown: list[str] = self.page.eval_on_selector_all(
            "#rules .rule",
            "rows => rows.filter(r => r.offsetParent).map(r => r.querySelector('th').firstChild.textContent)",
        )
        return [name.strip() for name in shown]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    contexts = []

    def opens(text: str, **options: Any) -> Opened:
        page = Opened(browser, text, tmp_path, **options)
        contexts.append(page.context)
        return page

    yield opens
    for context in contexts:
        context.close()


def mixed(folder: Path, text: str = "an answer") -> str:
    parts = uploaded(3)
    found = failure(
        message=text,
        sent=f"digest: {text}",
        got=text,
        expected=text,
        problems=[{"pointer": f"/{text[:40]}", "message": text}],
        history=[f"1. {text}", "2. another"],
        part_list=part_list([{**parts[0], "size": 65535}, *parts[1:]], parts),
        curl=f"curl '{text}'",
        replay="commit-conformance run --rule PART-GAP",
    )
    talk = [
        exchange(n=n, at=f"2026-11-21T20:00:0{n}Z", url=f"https://upload.example.test/{text}", response_body=text)
        for n in range(3)
    ]
    return render(
        log_of(
            folder,
            failed(failure=found, exchanges=talk, statement=f"The `code` of {text}."),
            verdict("DIGEST-ACCEPTED", group="digest"),
            verdict("PART-MANY", "blocked", reason=text),
            verdict("PART-SHA1-NULL", "observed", level="observed", observation=text),
            notes=[text],
        )
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_over_the_edge(opened: Any, tmp_path: Path, width: int, scheme: str) -> None:
    page = opened(mixed(tmp_path, LONG), width=width, color_scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        # A table of counts may be scrolled within its own frame.
        "width => [...document.querySelectorAll('main *:not(svg *, .scroll *)')]"
        ".filter(e => e.offsetParent && !e.closest('.hidden') && e.getBoundingClientRect().right > width + 1)"
        ".map(e => e.outerHTML.slice(0, 80))",
        width,
    )
    assert beyond == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(opened: Any, tmp_path: Path, scheme: str) -> None:
    """Every text has the contrast that WCAG 2.1 asks for at level AA."""
    page = opened(mixed(tmp_path), color_scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.evaluate(_CONTRAST) == []


def test_what_was_sent_is_shown_and_never_run(opened: Any, tmp_path: Path) -> None:
    found = opened(mixed(tmp_path, EXECUTED + HOSTILE))
    found.page.wait_for_timeout(50)  # longer than an onerror takes

    assert found.page.evaluate("window.owned") is None
    assert found.troubles == []
    assert found.asked == [found.url]
    assert found.page.locator("img, iframe, math").count() == 0
    assert found.page.locator("script").count() == 1
    assert "<script>window.owned=1</script>" in found.page.locator("#PART-GAP .found").inner_text()


def test_the_filter_hides_what_is_not_asked_for(opened: Any, tmp_path: Path) -> None:
    found = opened(mixed(tmp_path))
    assert found.rules() == ["PART-GAP", "PART-MANY", "PART-SHA1-NULL", "DIGEST-ACCEPTED"]

    for name, shown in {
        "failed": ["PART-GAP"],
        "untested": ["PART-MANY"],
        "observed": ["PART-SHA1-NULL"],
        "passed": ["DIGEST-ACCEPTED"],
    }.items():
        found.page.check(f"#show-{name}")
        assert found.rules() == shown
        assert found.page.locator("#found").inner_text() == "1 rule"
    assert found.troubles == []


def test_the_search_finds_ids_and_sentences(opened: Any, tmp_path: Path) -> None:
    found = opened(mixed(tmp_path))

    found.page.fill("#search", "sentence digest")
    assert found.rules() == ["DIGEST-ACCEPTED"]
    assert found.page.locator("#group-part-list").is_hidden()
    found.page.fill("#search", "no such rule")
    assert found.rules() == []
    assert found.page.locator("#found").inner_text() == "0 rules"
    found.page.fill("#search", "")
    assert len(found.rules()) == 4


def test_without_scripts_everything_is_there_and_the_filter_works(opened: Any, tmp_path: Path) -> None:
    found = opened(mixed(tmp_path), java_script_enabled=False)

    assert found.page.locator("#search").is_hidden()
    assert found.page.locator(".copy").first.is_hidden()
    found.page.check("#show-failed")
    assert found.page.locator("#rules .rule:visible").count() == 1
    assert found.page.locator("#PART-GAP").is_visible()
    found.page.click("#PART-GAP .exchanges > summary")
    assert found.page.locator("#PART-GAP .timeline").is_visible()


def test_an_anchor_leads_to_its_failure_also_from_the_first_screen(opened: Any, tmp_path: Path) -> None:
    found = opened(mixed(tmp_path))
    found.page.click(".overview a[href='#PART-GAP']")

    assert found.page.evaluate("location.hash") == "#PART-GAP"
    assert 0 <= found.page.locator("#PART-GAP").bounding_box()["y"] < 100
    found.page.goto(f"{found.url}#DIGEST-ACCEPTED")
    assert found.page.locator("#DIGEST-ACCEPTED").bounding_box()["y"] < 900


def test_the_first_screen_tells_verdict_failures_gaps_and_cost(opened: Any, tmp_path: Path) -> None:
    page = opened(mixed(tmp_path)).page

    for place in ("h1", "#overview-failed", "#overview-untested", "#overview-cost"):
        box = page.locator(place).bounding_box()
        assert box["y"] + box["height"] < 900, place


def test_the_keyboard_reaches_all_there_is_to_do(opened: Any, tmp_path: Path) -> None:
    page = opened(mixed(tmp_path)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"

    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.className || ''"))
    assert {"show-all", "search", "copy", "PART-GAP-curl", "PART-GAP-replay"} <= reached


def test_a_command_can_be_taken_along(opened: Any, tmp_path: Path) -> None:
    page = opened(mixed(tmp_path)).page
    page.click("#PART-GAP .copy >> nth=0")

    page.wait_for_function("document.querySelector('#PART-GAP .copy').textContent !== 'copy'")
    assert page.evaluate("getSelection().toString()") == "commit-conformance run --rule PART-GAP"


def test_a_range_of_one_byte_can_be_seen(opened: Any, tmp_path: Path) -> None:
    page = opened(mixed(tmp_path), width=400).page

    gap = page.locator("#PART-GAP .zone.gap").bounding_box()
    assert gap["width"] >= 8
    assert gap["height"] >= 20


_CONTRAST = """() => {
  const channel = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    const probe = document.documentElement.style.colorScheme;
    return parts(getComputedStyle(document.body).backgroundColor);
  };
  const weak = [];
  for (const element of document.querySelectorAll('body *:not(svg):not(svg *):not(script):not(style)')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.offsetParent || element.closest('.hidden, .skip')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parts(style.color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) weak.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(weak)];
}"""
