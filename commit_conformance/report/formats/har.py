"""The exchanges of failures as an HTTP archive (HAR 1.2), for browsers' developer tools and proxies.

Each failed rule is a page, so that its exchanges stand together. Bodies are what the log holds: redacted, and shortened
where they were long. Bytes that were never recorded are told in a comment and not made up.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from commit_conformance.report.exchanges import Exchange
from commit_conformance.report.log import Log
from commit_conformance.report.plain import plain, plain_line
from commit_conformance.report.summary import RuleResult, summarize

_NO_TIME = "1970-01-01T00:00:00Z"
"""Stands where the log does not say when; the schema wants a time."""
_BYTES = re.compile(r"<\d+ bytes of [^>]*>")
_LONGEST = 100_000
"""Characters of a body: more than a run records."""


def render(log: Log) -> str:
    """Gives the archive for a log; one without failures has no entries."""
    failed = summarize(log).failed
    archive = {
        "version": "1.2",
        "creator": {
            "name": plain_line(log.header.tool or "commit-conformance"),
            "version": plain_line(log.header.tool_version),
        },
        "pages": [_page(log, result) for result in failed],
        "entries": [_entry(log, result, exchange) for result in failed for exchange in result.worst.exchanges],
    }
    return json.dumps({"log": archive}, indent=1) + "\n"


def _page(log: Log, result: RuleResult) -> dict[str, Any]:
    exchanges = result.worst.exchanges
    started = _time(exchanges[0].at if exchanges else "", log)
    title = plain_line(f"{result.rule}: {result.told}", 500)
    return {"startedDateTime": started, "id": plain_line(result.rule, 200), "title": title, "pageTimings": {}}


def _entry(log: Log, result: RuleResult, exchange: Exchange) -> dict[str, Any]:
    milliseconds = max(round(exchange.seconds * 1000, 3), 0)
    entry: dict[str, Any] = {
        "pageref": plain_line(result.rule, 200),
        "startedDateTime": _time(exchange.at, log),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }
    remarks = [plain_line(exchange.error, 500)] * bool(exchange.error)
    remarks += ["bodies were shortened when they were recorded"] * exchange.truncated
    remarks += ["this exchange decided"] * (exchange is result.worst.decisive)
    if remarks:
        entry["comment"] = "; ".join(remarks)
    return entry


def _request(exchange: Exchange) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": plain_line(exchange.method),
        "url": plain_line(exchange.url),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(exchange.request_headers),
        "queryString": _query(exchange.url),
        "headersSize": -1,
        "bodySize": exchange.request_bytes,
    }
    if exchange.request_body:
        request["postData"] = {
            "mimeType": _content_type(exchange.request_headers),
            **_body(exchange.request_body, required=True),
        }
    return request


def _response(exchange: Exchange) -> dict[str, Any]:
    location = [value for name, value in exchange.response_headers if name.lower() == "location"]
    return {
        "status": exchange.status or 0,
        "statusText": plain_line(exchange.reason),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(exchange.response_headers),
        "content": {
            "size": exchange.response_bytes,
            "mimeType": _content_type(exchange.response_headers),
            **_body(exchange.response_body or ""),
        },
        "redirectURL": plain_line(location[0]) if location else "",
        "headersSize": -1,
        "bodySize": exchange.response_bytes,
    }


def _headers(pairs: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": plain_line(name, 1000), "value": plain_line(value, 10_000)} for name, value in pairs]


def _content_type(pairs: tuple[tuple[str, str], ...]) -> str:
    return next((plain_line(value, 1000) for name, value in pairs if name.lower() == "content-type"), "")


def _body(text: str, *, required: bool = False) -> dict[str, str]:
    """A body as text; where only its size is known, that is a comment."""
    if _BYTES.fullmatch(text):
        return {"comment": plain_line(text), **({"text": ""} if required else {})}
    return {"text": plain(text, _LONGEST)} if text or required else {}


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [{"name": plain_line(name, 1000), "value": plain_line(value, 10_000)} for name, value in pairs]


def _time(at: str, log: Log) -> str:
    for told in (at, log.header.started):
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", told, re.ASCII):
            return told
    return _NO_TIME
