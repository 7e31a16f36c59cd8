"""Values for the places of a schema: right ones, and ones that are wrong in one named way.

Everything shrinks towards the least: an object towards its required members, a text towards the empty one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st

from strategies.attributes import impossible_instants, instants
from strategies.schema_places import EACH, Place

#: How many of the optional members an object gets: none, some, each one near the root and some below, or each one.
Fullness = Literal["least", "some", "broad", "most"]
#: Steps from the root down to which a broad value has every member: those of a File in its list.
_BROAD = 2
#: Optional members of one object in a value of ``some``: two beside each other are enough to disturb one another.
_SOME = 4

_labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_texts = st.text(max_size=8) | st.sampled_from(["a/b~c", "\N{BUTTERFLY}", 'quoted "1"', "null", "0"])
_WHOLE = st.integers(0, 9) | st.integers(0, 2**53 + 1)
_FORMS: Mapping[str, st.SearchStrategy[str]] = {
    "date-time": instants() | st.just("2016-12-31T23:59:60Z") | instants().map(str.lower),
    "uri": st.builds("https://{}.example.com/{}?x=%20".format, _labels, _labels) | st.just("https://app.example.com/"),
    "email": st.builds("{}@example.com".format, _labels) | st.just("o'neil+x@mail.example.com"),
}
#: Texts that are not in a form; a line feed at the end is what a regular expression ending in ``$`` overlooks.
_NOT_IN_FORM: Mapping[str, st.SearchStrategy[str]] = {
    "date-time": impossible_instants
    | st.sampled_from(["2012-12-12", "2012-12-12T10:53:43", "2012-12-12 10:53:43Z", "2012-12-12T10:53:60Z"])
    | instants().map(lambda text: text + "\n"),
    "uri": st.sampled_from(["", "my_url", "//app.example.com/s", "https://app.example.com/a b", "https://x/%zz"])
    | _labels
    | _labels.map("https://{}.example.com/\n".format),
    "email": st.sampled_from(["", "@", "@example.com", "ceiling@", "ceiling@example.com\n"]) | _labels,
}
_FREE_NAMES = st.sampled_from(["global", "enterprise_27335", "a/b", "~1", ""]) | st.text(max_size=6)
#: Values of each JSON type, as wrong ones: those which a lax reader would take for right come first.
_OF_TYPE: Mapping[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["0", "", "true", "null", "file"]),
    "integer": st.sampled_from([0, 1, -1, 12345]),
    "number": st.sampled_from([0.5, 1e-9, -7.25]),
    "boolean": st.booleans(),
    "array": st.sampled_from([[], [None], [{}]]),
    "object": st.sampled_from([{}, {"id": "0"}]),
}


#: Small values that no schema speaks of.
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | _texts
_FREE_JSON = _LEAVES | st.lists(_LEAVES, max_size=2) | st.dictionaries(_labels, _LEAVES, max_size=2)
_BOOLEANS = st.booleans()


def draw_value(
    draw: st.DrawFn, place: Place, *, fullness: Fullness, through: tuple[str, ...] = ()
) -> tuple[Any, tuple[str | int, ...]]:
    """Draw a right value.

    Args:
        draw: As Hypothesis gives it.
        place: What the value is for.
        fullness: How many optional members its objects get.
        through: Steps below this place, of which the last has to be there in the value.

    Returns:
        The value, and the steps to the last of ``through`` in it: names, and indexes where they say ``EACH``.
    """
    kinds = [name for name in place.types if not through or name in ("object", "array")]
    if place.words is not None and not through:
        return draw(st.sampled_from(place.words)) if len(place.words) > 1 else place.words[0], ()
    match draw(st.sampled_from(kinds)) if len(kinds) > 1 else kinds[0]:
        case "object":
            return _draw_object(draw, place, fullness, through)
        case "array":
            return _draw_list(draw, place, fullness, through)
        case "string":
            return draw(_texts_of(place)), ()
        case "integer" | "number":
            least, most = place.bounds.get("minimum"), place.bounds.get("maximum")
            return draw(_WHOLE if (least, most) == (0, None) else st.integers(least, most)), ()
        case "boolean":
            return draw(_BOOLEANS), ()
    return None, ()


def _draw_object(
    draw: st.DrawFn, place: Place, fullness: Fullness, through: tuple[str, ...]
) -> tuple[dict[str, Any], tuple[str | int, ...]]:
    way: str | None = None
    if through:
        way = draw(_FREE_NAMES) if through[0] == EACH else through[0]
    every = fullness == "most" or (fullness == "broad" and len(place.path) <= _BROAD)
    found: dict[str, Any] = {}
    steps: tuple[str | int, ...] = ()
    for name in dict.fromkeys(
        (*place.required, *(place.optional if every else ()), *([way] if way is not None else []))
    ):
        member, below = place.step(name) or Place(path=(*place.path, name)), through[1:] if name == way else ()
        found[name], rest = draw_value(draw, member, fullness=fullness, through=below)
        steps = (name, *rest) if name == way else steps
    if fullness == "least":
        return found, steps
    # A name is drawn together with its value, so that shrinking can take both away at once.
    more = (
        [] if every or not place.optional else draw(_members(place, st.sampled_from(place.optional), fullness, _SOME))
    )
    unnamed = _FREE_NAMES.filter(lambda name: name not in place.members)
    more += draw(_members(place, unnamed, fullness, 2 if place.each else 1))
    return {**dict(more), **found}, steps


def _members(
    place: Place, names: st.SearchStrategy[str], fullness: Fullness, most: int
) -> st.SearchStrategy[list[tuple[str, Any]]]:
    return st.lists(_member(place, names, fullness), unique_by=lambda member: member[0], max_size=most)


@st.composite
def _member(draw: st.DrawFn, place: Place, names: st.SearchStrategy[str], fullness: Fullness) -> tuple[str, Any]:
    name = draw(names)
    member = place.step(name)
    return name, draw(_FREE_JSON) if member is None else draw_value(draw, member, fullness=fullness)[0]


def _draw_list(
    draw: st.DrawFn, place: Place, fullness: Fullness, through: tuple[str, ...]
) -> tuple[list[Any], tuple[str | int, ...]]:
    least, most = place.bounds.get("minItems", 0), place.bounds.get("maxItems")
    least = max(least, 1 if through or fullness == "most" else 0)
    usual = st.integers(least, least if fullness == "least" else min(least + 1, most or least + 1))
    size = draw(usual if most is None or fullness == "least" else usual | st.just(most))
    entry = place.each or Place()
    at = draw(st.integers(0, min(size, 3) - 1)) if through else 0
    found: list[Any] = []
    steps: tuple[str | int, ...] = ()
    for index in range(size):
        if index > 3:
            found.append(found[-1])  # a long list is there for its length
            continue
        below = through[1:] if through and index == at else ()
        value, rest = draw_value(draw, entry, fullness=fullness, through=below)
        found.append(value)
        steps = (at, *rest) if through and index == at else steps
    return found, steps


def _texts_of(place: Place) -> st.SearchStrategy[str]:
    least, most = place.bounds.get("minLength", 0), place.bounds.get("maxLength")
    return _right_texts(place.pattern, place.format or "", least, most)


@functools.cache  # building a strategy takes longer than drawing from it
def _right_texts(pattern: str | None, form: str, least: int, most: int | None) -> st.SearchStrategy[str]:
    if pattern is not None:
        texts = st.from_regex(re.compile(rf"\A(?:{pattern})\Z", re.ASCII)).map(lambda text: text.rstrip("\n"))
    else:
        texts = _FORMS.get(form, _texts if most is None else _texts | st.just("x" * most))
    return texts.filter(lambda text: least <= len(text) and (most is None or len(text) <= most))


def draw_wrong(draw: st.DrawFn, place: Place, fault: str, value: Any) -> Any:
    """Draw a value that breaks one keyword at a place, and nothing at any other.

    Args:
        draw: As Hypothesis gives it.
        place: The place.
        fault: One of ``place.faults``, but for those that say ``required``.
        value: A right value for the place, from which the wrong one differs little where that can be.
    """
    bound = place.bounds.get(fault, 0)
    if value is None:
        there = replace(place, types=tuple(name for name in place.types if name != "null"))
        value = draw_value(draw, there, fullness="least")[0]
    match fault:
        case "type":
            right = {*place.types, *(["integer"] if "number" in place.types else [])}
            return draw(st.one_of(*(values for name, values in _OF_TYPE.items() if name not in right)))
        case "null":
            return None
        case "enum":
            return draw(_other_words(place.words or ()))
        case "pattern":
            return draw(_spoilt(value, re.compile(place.pattern or ""), place.bounds.get("maxLength")))
        case "format":
            return draw(_NOT_IN_FORM[place.format or ""])
        case "minimum":
            return draw(st.just(bound - 1) | st.integers(max_value=bound - 1))
        case "maximum":
            return draw(st.just(bound + 1) | st.integers(min_value=bound + 1))
        case "minLength":
            return draw(st.text(max_size=bound - 1))
        case "maxLength":
            return draw(st.sampled_from("x\N{BUTTERFLY}")) * (bound + draw(st.integers(1, 300)))
        case "minItems":
            return value[: bound - 1]
        case "maxItems":
            entry = value[-1] if value else draw_value(draw, place.each or Place(), fullness="least")[0]
            return [*value, *[entry] * (bound - len(value) + draw(st.integers(1, 3)))]
    raise ValueError(f"{place}: {fault!r} is none of {', '.join(place.faults)}")


def _other_words(known: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Values of the same types that are not among those that are known, beginning with those that look like them."""
    numbers = [word for word in known if isinstance(word, int)]
    if numbers:
        return st.integers(0).filter(lambda number: number not in numbers)
    texts = st.sampled_from([word for word in known if isinstance(word, str)])
    near = texts.flatmap(lambda word: st.sampled_from([word.upper(), word[:-1], f"{word} ", f"{word}\n", ""]))
    return (near | _texts).filter(lambda text: text not in known)


def _spoilt(text: str, pattern: re.Pattern[str], most: int | None) -> st.SearchStrategy[str]:
    """A text that fits a pattern, and does not any more."""
    forms = [text[:-1], f"{text}0", f"{text}\n", f"g{text[1:]}", f"0x{text[2:]}", ""]
    fits = [form for form in forms if pattern.search(form) and (most is None or len(form) <= most)]
    return st.sampled_from([form for form in forms if form not in fits])
