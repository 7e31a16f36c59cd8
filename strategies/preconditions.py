"""Values of ``if-match`` and ``if-none-match``, made from a file's current etag."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from strategies.family import Family
from strategies.plan import CommitPlan, TagForm

#: How forms that do not speak for themselves are told; what they look like stands in `Tag.render`.
_TOLD = {
    "older": "an etag one before the current one",
    "newer": "an etag one beyond the current one",
    "first": "the etag of the file's first version",
    "prefix": "the current etag without its last character",
    "extended": "the current etag with a 1 behind it",
    "random": "an etag that the file never had",
    "quoted": "the current etag in quotes",
    "quoted random": "an etag that the file never had, in quotes",
    "weak": "the current etag as a weak one",
    "list": "a list of the current etag and another",
    "any": "*",
}


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
        return _TOLD.get(self.form, f"the {self.form} etag")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTag:
    """This etag, whatever the current one is; should it be that one, even as a number, it is made another.

    ``form`` says how it is written, with ``#`` for the etag: bare by default.
    """

    tag: str
    form: str = "#"

    def render(self, etag: str | None) -> str:
        current = etag if etag is not None else ""
        alike = self.tag == current or (_is_number(self.tag) and _is_number(current) and int(self.tag) == int(current))
        return self.form.replace("#", self.tag + "x" if alike else self.tag)

    def __str__(self) -> str:
        return f"the etag {self.form.replace('#', self.tag)}"


def _is_number(tag: str) -> bool:
    return tag.isdecimal() and tag.isascii()


_STALE = ("newer", "older", "random", "extended", "prefix", "first")
_tags = st.integers(0, 2**64).map(str) | st.text("0123456789abcdefABCDEF_-", min_size=1, max_size=40)
#: Forms of etags that are not the current one, and that no way to read them makes it.
_STALE_FORMS = ('"#"', 'W/"#"', '"#", "#-or-none"', "#, #-or-none")


def stale_tags() -> st.SearchStrategy[TagForm]:
    """Bare etags that are not the current one: older, newer, the first ever, a prefix, an extension, any other."""
    return st.sampled_from([Tag(form=form) for form in _STALE]) | st.builds(OtherTag, tag=_tags)


def stale_forms() -> st.SearchStrategy[TagForm]:
    """Etags that are not the current one, quoted, weak or in a list; a server may refuse the very form."""
    return st.builds(OtherTag, tag=_tags, form=st.sampled_from(_STALE_FORMS))


def current_tags() -> st.SearchStrategy[TagForm]:
    """The current etag, and everything a server may read as it: bare, `*`, quoted, weak, in a list."""
    return st.sampled_from([Tag(form=form) for form in ("current", "any", "quoted", "weak", "list")])


def right() -> st.SearchStrategy[CommitPlan]:
    """Commits for a new version with conditions that hold and that every server has to know."""
    if_match, if_none_match = st.just(Tag()), stale_tags()
    return st.one_of(
        st.builds(CommitPlan, if_match=if_match),
        st.builds(CommitPlan, if_none_match=if_none_match),
        st.builds(CommitPlan, if_match=if_match, if_none_match=if_none_match),
    )


def wrong() -> st.SearchStrategy[CommitPlan]:
    """Commits for a new version with a condition that fails: one of the two, or both."""
    failing, none_failing = stale_tags(), st.just(Tag())
    return st.one_of(
        st.builds(CommitPlan, if_match=failing),
        st.builds(CommitPlan, if_none_match=none_failing),
        st.builds(CommitPlan, if_match=failing, if_none_match=none_failing | stale_tags()),
        st.builds(CommitPlan, if_match=st.just(Tag()), if_none_match=none_failing),
    )


def _stale(name: str, header: str) -> Family:
    plans = [CommitPlan(**{header: Tag(form=form)}) for form in _STALE]  # type: ignore[arg-type]
    drawn = stale_tags().map(lambda tag: CommitPlan(**{header: tag}))  # type: ignore[arg-type]
    return Family(name=name, representatives=tuple(plans), drawn=drawn)


stale_if_match = _stale("an etag that is not the current one", "if_match")

current_if_match = CommitPlan(if_match=Tag())
current_if_none_match = CommitPlan(if_none_match=Tag())
other_if_none_match = CommitPlan(if_none_match=Tag(form="random"))
any_if_match = CommitPlan(if_match=Tag(form="any"))
any_if_none_match = CommitPlan(if_none_match=Tag(form="any"))
both_false = CommitPlan(if_match=Tag(form="random"), if_none_match=Tag())
