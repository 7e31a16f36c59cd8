"""A profile's file: TOML, with fields that hold for every profile, and a table ``[profile.NAME]`` for each of them."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The table that holds the profiles.
TABLE = "profile"
#: What people write where a secret is wanted. A value under such a name is never shown.
_SECRETS = ("token", "second-token", "limited-token", "client-secret", "secret", "password", "access-token")


class ProfileProblem(Exception):
    """A profile is wrong; the message names file, profile and field, says why, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field, as the table of options describes it.

    Attributes:
        name: As it is written in the file.
        kind: ``text``, ``number``, ``flag``, ``texts`` (a list), or ``pairs`` (a table of names and texts).
        is_path: Whether it names a file or folder, seen from where the profile lies.
        example: A right value, as it is written in the file.
    """

    name: str
    kind: str = "text"
    is_path: bool = False
    example: str = '"…"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a file says.

    Attributes:
        path: The file.
        name: The profile chosen; empty for the fields that hold for all.
        values: By field: a text, a bool, or a list of texts. Numbers are texts, pairs are ``NAME=TEXT``.
        places: By field, the file and the table it stands in.
        names: The profiles that the file holds.
    """

    path: Path
    name: str
    values: Mapping[str, Any]
    places: Mapping[str, str]
    names: tuple[str, ...]


def read_profile(path: Path, name: str, *, fields: Sequence[Field]) -> Profile:
    """Reads a file, all of it, and gives one of its profiles.

    Args:
        path: The file.
        name: The profile; empty for the fields that hold for every profile.
        fields: The fields there are.

    Raises:
        ProfileProblem: The file cannot be read, a field of any profile is wrong, or there is no such profile.
    """
    found = _load(path)
    tables = found.pop(TABLE, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ProfileProblem(f"{path}: {TABLE} has to hold tables, one for each profile; write [{TABLE}.staging]")
    known = {field.name: field for field in fields}
    read = {each: _values(table, known, path, f"[{TABLE}.{each}]") for each, table in tables.items()}
    common = _values(found, known, path, "")
    names = tuple(tables)
    if name and name not in tables:
        there = f"there are {', '.join(names)}" if names else f"it holds none; write [{TABLE}.{name}]"
        raise ProfileProblem(f"{path}: there is no profile {name!r}; {there}{_nearest(name, names)}")
    own = read.get(name, {})
    return Profile(
        path=path,
        name=name,
        values={**common, **own},
        places={**dict.fromkeys(common, str(path)), **dict.fromkeys(own, f"{path} [{TABLE}.{name}]")},
        names=names,
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileProblem(f"{path}: the profile cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise ProfileProblem(f"{path}: the profile cannot be read (it is not UTF-8)") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileProblem(f"{path}: is not TOML: {error}") from None


def _values(table: Mapping[str, Any], known: Mapping[str, Field], path: Path, where: str) -> dict[str, Any]:
    values = {}
    for name, value in table.items():
        at = " ".join(filter(None, [f"{path}:", where, name]))
        if name not in known:
            if name.replace("_", "-").lower() in _SECRETS:
                raise ProfileProblem(
                    f"{at}: a secret does not belong into a profile, which others read; name a file or an environment "
                    f"variable that holds it ({_homes(name, known)})"
                )
            hint = _nearest(name.replace("_", "-"), tuple(known))
            raise ProfileProblem(f"{at}: there is no such field{hint}")
        values[name] = _value(known[name], value, path, at)
    return values


def _value(field: Field, value: Any, path: Path, at: str) -> Any:
    """A value in the form in which options have it."""
    match field.kind:
        case "flag":
            right = isinstance(value, bool)
        case "number":
            right = isinstance(value, int) and not isinstance(value, bool)
        case "texts":
            right = isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "pairs":
            right = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        case _:
            right = isinstance(value, str)
    if not right:
        raise ProfileProblem(f"{at}: {_shown(value)} is {_kind_of(value)}; write {field.name} = {field.example}")
    if value == "" and field.kind == "text":
        raise ProfileProblem(f"{at}: is empty; write {field.name} = {field.example}, or leave it out")
    if field.kind == "number":
        return str(value)
    if field.kind == "pairs":
        return [f"{name}={item}" for name, item in value.items()]
    if field.is_path:
        try:
            return str(path.parent / Path(value).expanduser())
        except RuntimeError:
            raise ProfileProblem(f"{at}: {value!r} names a home that is not there; write the whole path") from None
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _kind_of(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return next((said for kind, said in names.items() if isinstance(value, kind)), "a date or time")


def _homes(name: str, known: Collection[str]) -> str:
    """Fields that name where a secret lies."""
    start = name.replace("_", "-").lower()
    found = [each for each in known if each.startswith(f"{start}-") and each.endswith(("-file", "-env"))]
    return " or ".join(found or ["token-file", "token-env"])


def _nearest(value: str, choices: Collection[str]) -> str:
    near = difflib.get_close_matches(value, list(choices), 1)
    return f"; did you mean {near[0]}?" if near else ""
