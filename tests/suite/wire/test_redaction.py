"""What a record may never hold."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wires import TOKEN, URL, Probe, answering

from commit_conformance.wire import Redactor, Unsendable
from commit_conformance.wire.errors import Trouble
from commit_conformance.wire.exchange import BODY_LIMIT, show_body
from commit_conformance.wire.redact import BLANK

LINK = "https://app.box.com/s/vspke7y05sb214wjokpk"


def recorded(answer: httpx.Response, *, url: str = URL, **options: Any) -> str:
    """Everything that is written down of one exchange."""
    exchange = Probe(answering(answer)).wire.send("POST", url, **options)
    return json.dumps(exchange.record, ensure_ascii=False) + exchange.curl()


def test_the_token_is_sent_but_not_recorded() -> None:
    probe = Probe(answering(201))
    exchange = probe.wire.send("POST", URL)
    assert probe.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert exchange.record["request_headers"] == [["authorization", f"Bearer {BLANK}"]]
    assert TOKEN not in json.dumps(exchange.record)


def test_the_answer_is_judged_unredacted() -> None:
    exchange = Probe(answering(httpx.Response(400, text=f"bad {TOKEN}"))).wire.send("GET", URL)
    assert exchange.answer is not None
    assert TOKEN.encode() in exchange.answer.body
    assert exchange.record["response_body"] == f"bad {BLANK}"


@pytest.mark.parametrize(
    "kept",
    [
        recorded(httpx.Response(400, text=f"a {TOKEN} b {TOKEN}")),
        recorded(httpx.Response(400, headers={"x-debug": f"token={TOKEN}", TOKEN: "x"}, text="")),
        recorded(httpx.Response(302, headers={"location": f"https://elsewhere.test/?access_token={TOKEN}"})),
        recorded(httpx.Response(200), url=f"{URL}?access_token={TOKEN}"),
        recorded(httpx.Response(200), content=f'{{"token":"{TOKEN}"}}'.encode()),
        recorded(httpx.Response(200), headers=[("x-token", TOKEN), ("x-token", f"{TOKEN}{TOKEN}")]),
    ],
    ids=["body", "header", "location", "url", "sent body", "sent header"],
)
def test_a_token_is_nowhere_in_a_record(kept: str) -> None:
    assert TOKEN not in kept
    assert BLANK in kept


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "Bearer other-token", f"Bearer {BLANK}"),
        ("authorization", "other-token", BLANK),
        ("Proxy-Authorization", "Basic dXNlcjpwdw==", f"Basic {BLANK}"),
        ("Cookie", "a=b c", BLANK),
        ("set-cookie", "z=visitor; Path=/", BLANK),
        ("etag", "1", "1"),
    ],
)
def test_headers_that_hold_secrets_are_blanked_whatever_they_say(name: str, value: str, shown: str) -> None:
    assert Redactor().header(name, value) == shown


@pytest.mark.parametrize(
    "member", ["access_token", "refresh_token", "download_url", "vanity_url", "client_secret", "password"]
)
@pytest.mark.parametrize(
    "value", ["secret-value", 'secret-value with "quotes"', "secret-value\\", "", "secret-value\n"]
)
def test_members_that_open_something_are_blanked(member: str, value: str) -> None:
    text = json.dumps({"id": "7", member: value, "after": "kept"})
    shown = json.loads(Redactor().body(text))
    assert shown == {"id": "7", member: BLANK, "after": "kept"}


@pytest.mark.parametrize(
    "link",
    [
        {"url": LINK, "access": "open"},
        {"access": "open", "url": LINK},
        {"access": "open", "permissions": {"can_download": True}, "url": LINK},
        {"permissions": {}, "x": {"y": 1}, "url": LINK, "z": {}},
        {"url": LINK, "permissions": {"url": "kept"}},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_shared_link_is_blanked_wherever_it_stands_in_its_object(link: dict[str, Any], indent: int | None) -> None:
    text = json.dumps({"shared_link": link, "url": "https://kept.test"}, indent=indent)
    shown = json.loads(Redactor().body(text))
    assert shown["shared_link"] == {**link, "url": BLANK}
    assert shown["url"] == "https://kept.test"


def test_a_file_without_a_shared_link_keeps_its_urls() -> None:
    text = json.dumps({"shared_link": None, "x": {"url": LINK}})
    assert Redactor().body(text) == text


def test_longer_secrets_go_first_and_short_ones_stay() -> None:
    redactor = Redactor("secret", "secret-and-more", "abc", "", "  padded-secret\n")
    assert redactor.text("secret-and-more secret abc") == f"{BLANK} {BLANK} abc"
    assert redactor.text("padded-secret") == BLANK
    redactor.add("another")
    assert redactor.text("another") == BLANK


def test_a_secret_may_be_added_while_the_run_goes_on() -> None:
    probe = Probe(answering(httpx.Response(400, text="second-token")))
    probe.wire.redactor.add("second-token")
    assert probe.wire.send("GET", URL).record["response_body"] == BLANK


@pytest.mark.parametrize("before", [0, 1, BODY_LIMIT - 30, BODY_LIMIT - 10, BODY_LIMIT - 1, BODY_LIMIT, 4 * BODY_LIMIT])
def test_no_half_of_a_token_stays_at_the_cut(before: int) -> None:
    body = b"x" * before + TOKEN.encode() + b"y" * 5 * BODY_LIMIT
    shown, cut = show_body(body, "text/plain", Redactor(TOKEN))
    assert cut
    assert shown is not None
    assert len(shown) <= BODY_LIMIT
    assert TOKEN[:4] not in shown


@settings(deadline=None, max_examples=60)
@given(st.integers(0, len(TOKEN)), st.integers(1, 40))
def test_no_half_of_a_token_stays_where_blanking_made_the_text_short(shift: int, every: int) -> None:
    """Where most of a body is blanked, what is read last comes to stand well before the limit."""
    secret = TOKEN * 8
    body = b"x" * shift + (secret.encode() + b"," * every) * 400
    shown, _ = show_body(body, "text/plain", Redactor(secret))
    assert shown is not None
    assert TOKEN[:6] not in shown


@pytest.mark.parametrize("member", ["download_url", "access_token"])
@pytest.mark.parametrize("ending", ["", "\\", '"'])
def test_a_member_cut_within_its_value_is_blanked(member: str, ending: str) -> None:
    body = f'{{"{member}":"secret-{"s" * 10 * BODY_LIMIT}{ending}'.encode()
    shown, cut = show_body(body, "application/json", Redactor())
    assert cut
    assert shown is not None
    assert "secret" not in shown


def test_errors_name_no_secret() -> None:
    probe = Probe(answering(httpx.ConnectError(f"cannot connect with {TOKEN}")))
    with pytest.raises(Trouble) as raised:
        probe.wire.send("GET", "https://upload.test/" + "x" * 170 + f"?t={TOKEN}")
    assert TOKEN[:6] not in str(raised.value)

    probe = Probe(answering(httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}\\n'")), token=f"{TOKEN}\n")
    with pytest.raises(Unsendable) as unsendable:
        probe.wire.send("GET", f"{URL}/{'x' * 170}?t={TOKEN}")
    assert TOKEN[:6] not in str(unsendable.value)


def test_a_url_that_is_none_is_named_without_secrets() -> None:
    with pytest.raises(Unsendable) as raised:
        Probe(answering(200)).wire.send("GET", f"https://upload.test:port/{TOKEN}")
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        '"shared_link":{' * 20_000,
        '"shared_link":{"a":{}' * 5_000,
        '"password":"' * 20_000,
        '"download_url":"\\' * 20_000,
        '{"shared_link":{' + "{}" * 100_000,
    ],
    ids=range(5),
)
def test_hostile_bodies_are_redacted_in_reasonable_time(body: str) -> None:
    started = time.process_time()
    show_body(body.encode(), "application/json", Redactor(TOKEN))
    assert time.process_time() - started < 20, "one that backtracks takes minutes"
