"""Runs the suite on the embedded service and writes down every request that it sends, a line each.

Called as ``python tests/suite/runs/recorded_run.py FILE SEED RULE...``
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commit_conformance.runner import run_suite
from commit_conformance.wire import Wire

sent: list[str] = []
_send_once = Wire._send_once


def _recorded(self: Wire, method: str, url: str, lines: Sequence[tuple[str, str]], content: bytes, *rest: Any) -> Any:
    digest = hashlib.sha1(content).hexdigest()
    shown = content if len(content) < 4000 and content.isascii() else b""
    sent.append(f"{method} {url} {sorted(lines)} {digest} {shown.decode()}")
    return _send_once(self, method, url, lines, content, *rest)


def main() -> None:
    """Runs and writes."""
    file, seed, *rules = sys.argv[1:]
    Wire._send_once = _recorded  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as out:
        given = {"seed": seed, "rule": rules, "effort": "thorough", "examples": "3", "out": out}
        run_suite(given, quiet=True)
    Path(file).write_text("\n".join(sent), encoding="utf-8")


if __name__ == "__main__":
    main()
