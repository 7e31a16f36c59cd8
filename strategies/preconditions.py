"""Values of ``if-match`` and ``if-none-match``, made from a file's current etag."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from strategies.family import Family
from strategies.plan import CommitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The current etag, or one made from it. Stale forms never equal the current one, not even as numbers."""

    form: str = "current"

    def render(self, etag: str | None) -> str:
        tag = etag if etag is not None else "0"
        number = int(tag) if tag.isdecimal() and tag.isascii() else None
        forms = {
            "current": tag,
            "older": str(number - 1) if number else tag + "-older",
            "newer": str(number + 1) if number is not None else tag + "-newer",
            "first": "0" if tag != "0" else "7",
            "prefix": tag[:-1] or tag + "2",
            "extended": tag + "1",
            "random": "c0ffee" if tag != "c0ffee" else "decade",
            "quoted": f'"{tag}"',
            "quoted random": '"c0ffee"',
            "weak": f'W/"{tag}"',
            "list": f'"{tag}", "c0ffee"',
            "any": "*",
        }
        return forms[self.form]

    def __str__(self) -> str:
        return {"any": "*"}.get(self.form, f"{self.form} etag")


_STALE = ("newer", "older", "random", "extended", "prefix", "first")


def _stale(name: str, header: str) -> Family:
    plans = [CommitPlan(**{header: Tag(form=form)}) for form in _STALE]  # type: ignore[arg-type]
    return Family(name=name, representatives=tuple(plans), drawn=st.sampled_from(plans))


stale_if_match = _stale("an etag that is not the current one", "if_match")

current_if_match = CommitPlan(if_match=Tag())
current_if_none_match = CommitPlan(if_none_match=Tag())
other_if_none_match = CommitPlan(if_none_match=Tag(form="random"))
any_if_match = CommitPlan(if_match=Tag(form="any"))
any_if_none_match = CommitPlan(if_none_match=Tag(form="any"))
both_false = CommitPlan(if_match=Tag(form="random"), if_none_match=Tag())
