"""What may never be recorded, and how it is blanked.

Redaction happens when an exchange is recorded, below every report, so that no report can show a secret. Answers are
judged before redaction, in memory.
"""

from __future__ import annotations

import re

BLANK = "[redacted]"
_SHORTEST = 4
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
#: The rest of a JSON string; the text may end within it, where a body was cut short.
_STRING = r'((?:[^"\\]|\\.)*)("|\\?\Z)'
_SECRET_MEMBERS = re.compile(
    r'("(?:access_token|refresh_token|download_url|vanity_url|client_secret|password)"\s*:\s*")' + _STRING
)
#: The link's own members may hold objects (its permissions), so one level of braces may stand before its URL.
_SHARED_LINK = re.compile(r'("shared_link"\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?"url"\s*:\s*")' + _STRING)


class Redactor:
    """Blanks tokens and shared links.

    Args:
        secrets: Texts to blank wherever they stand, in any header, URL or body.
    """

    def __init__(self, *secrets: str) -> None:
        self._secrets: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Blanks one more text from now on. Texts of under four characters are everywhere and stay."""
        secret = secret.strip()
        if len(secret) >= _SHORTEST and secret not in self._secrets:
            # Another list, not the same one sorted: another thread may be going through it.
            self._secrets = sorted([*self._secrets, secret], key=len, reverse=True)

    def text(self, text: str) -> str:
        """A text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, BLANK)
        return text

    def body(self, text: str, *, cut: bool = False) -> str:
        """A body's text without secrets and without links that open a file to whoever has them.

        Args:
            text: The body, or its beginning.
            cut: Whether it is only the beginning, which may end within a secret.
        """
        text = _SECRET_MEMBERS.sub(rf"\g<1>{BLANK}\g<3>", text)
        text = self.text(_SHARED_LINK.sub(rf"\g<1>{BLANK}\g<3>", text))
        return self._end(text) if cut else text

    def _end(self, text: str) -> str:
        """A text without the beginning of a secret at its end."""
        for secret in self._secrets:
            for length in range(len(secret) - 1, _SHORTEST - 1, -1):
                if text.endswith(secret[:length]):
                    return text[:-length] + BLANK
        return text

    def header(self, name: str, value: str) -> str:
        """A header's value, blanked where the header is one that holds secrets."""
        if name.lower() in _SECRET_HEADERS:
            scheme, _, rest = value.partition(" ")
            return f"{scheme} {BLANK}" if rest and name.lower().endswith("authorization") else BLANK
        return self.text(value)
