"""The schema of Files decides as it should: the right ones pass, and each single fault is refused where it stands."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from commit_conformance.specs import schema

DATA = Path(__file__).parent / "data"
REMOVED: Final = object()
FILE: Final = "/entries/0"
STRING_OR_BOOLEAN = [f"{FILE}/representations/entries/0/properties/{name}" for name in ("paged", "thumb")]


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)


FILES = validator("Files")


def published(number: int = 1) -> Any:
    return json.loads((DATA / f"seed-{number}-created.json").read_text(encoding="utf-8"))


def faults(value: Any, against: Draft202012Validator = FILES) -> dict[str, str]:
    """Give what is wrong with a value, by JSON pointer."""
    return {"".join(f"/{step}" for step in error.absolute_path): error.message for error in against.iter_errors(value)}


def changed(value: Any, pointer: str, to: Any) -> Any:
    """Copy a JSON value with one place set to something else, or taken out."""
    whole = copy.deepcopy(value)
    *steps, last = pointer.split("/")[1:]
    node = whole
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    key = int(last) if isinstance(node, list) else last
    if to is REMOVED:
        del node[key]
    else:
        node[key] = to
    return whole


def places(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if pointer:
        yield pointer, value
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in steps:
        yield from places(below, f"{pointer}/{step}")


# --- the published examples ---


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("name", ["Files", "CommittedFiles"])
def test_a_published_example_is_valid(number: int, name: str) -> None:
    assert faults(published(number), validator(name)) == {}


def test_the_published_examples_differ_in_paged_and_thumb_only() -> None:
    first, second = dict(places(published(1))), dict(places(published(2)))
    assert first.keys() == second.keys()
    leaves = [place for place, value in first.items() if not isinstance(value, dict | list)]
    assert len(leaves) == 121  # counted in the published text of both
    # Compared with their types, since 1 == True.
    differing = {place: (first[place], second[place]) for place in leaves if repr(first[place]) != repr(second[place])}
    assert differing == dict.fromkeys(STRING_OR_BOOLEAN, ("true", True))


def declared(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Give the members a schema declares, those of the schema it refers to included."""
    own = dict(node.get("properties", {}))
    if "$ref" in node:
        own = {**declared(definitions[node["$ref"].removeprefix("#/$defs/")], definitions), **own}
    return own


def follow(node: dict[str, Any], keyword: str, definitions: dict[str, Any]) -> Any:
    while keyword not in node and "$ref" in node:
        node = definitions[node["$ref"].removeprefix("#/$defs/")]
    return node.get(keyword)


def undeclared(value: Any, node: dict[str, Any], definitions: dict[str, Any], pointer: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from undeclared(item, follow(node, "items", definitions), definitions, f"{pointer}/{index}")
    elif isinstance(value, dict):
        members = declared(node, definitions)
        for key, item in value.items():
            below = members.get(key) or follow(node, "additionalProperties", definitions)
            if below is None:
                yield f"{pointer}/{key}"
            else:
                yield from undeclared(item, below, definitions, f"{pointer}/{key}")


def test_every_published_member_is_described() -> None:
    root = schema("Files")
    assert list(undeclared(published(), root, root["$defs"])) == []
    assert list(undeclared({"entries": [{"nowhere": 1}]}, root, root["$defs"])) == ["/entries/0/nowhere"]


# --- one fault each, drawn from the published example ---

PLACES = dict(places(published()))
NULLABLE = {
    f"{FILE}/{name}"
    for name in (
        "etag",
        "sequence_id",
        "trashed_at",
        "purged_at",
        "content_created_at",
        "content_modified_at",
        "shared_link",
        "parent",
        "lock",
        "expires_at",
        "disposition_at",
        "classification",
        "shared_link_permission_options",
        "parent/etag",
        "parent/sequence_id",
        "path_collection/entries/0/etag",
        "path_collection/entries/0/sequence_id",
        "lock/app_type",
        "lock/expired_at",
        "shared_link/download_url",
        "shared_link/vanity_url",
        "shared_link/vanity_name",
        "shared_link/unshared_at",
        "expiring_embed_link/restricted_to/0/object",
        "expiring_embed_link/restricted_to/0/object/etag",
        "expiring_embed_link/restricted_to/0/object/sequence_id",
    )
}


def of_another_type(value: Any) -> Any:
    match value:
        case bool():
            return "true"
        case int():
            return str(value)
        case str():
            return 7
        case list():
            return {"0": value}
        case _:
            return [value]


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_another_type_is_refused_where_it_stands(place: str) -> None:
    assert set(faults(changed(published(), place, of_another_type(PLACES[place])))) == {place}


@pytest.mark.parametrize("place", PLACES)
def test_null_is_right_in_nullable_places_only(place: str) -> None:
    assert set(faults(changed(published(), place, None))) == (set() if place in NULLABLE else {place})


def test_the_nullable_places_exist() -> None:
    assert PLACES.keys() >= NULLABLE


REQUIRED = {
    "": ("total_count", "entries"),
    FILE: ("id", "type"),
    f"{FILE}/file_version": ("id", "type"),
    f"{FILE}/path_collection": ("total_count", "entries"),
    f"{FILE}/path_collection/entries/0": ("id", "type"),
    f"{FILE}/parent": ("id", "type"),
    f"{FILE}/created_by": ("id", "type"),
    f"{FILE}/modified_by": ("id", "type"),
    f"{FILE}/owned_by": ("id", "type"),
    f"{FILE}/lock/created_by": ("id", "type"),
    f"{FILE}/expiring_embed_link/restricted_to/0/object": ("id", "type"),
    f"{FILE}/shared_link": (
        "url",
        "effective_access",
        "effective_permission",
        "is_password_enabled",
        "download_count",
        "preview_count",
    ),
    f"{FILE}/shared_link/permissions": ("can_download", "can_preview", "can_edit"),
    f"{FILE}/permissions": tuple(PLACES[f"{FILE}/permissions"]),
}


@pytest.mark.parametrize("place", [place for place in PLACES if not place.rsplit("/", 1)[1].isdigit()])
def test_a_missing_member_is_refused_if_it_is_required_and_only_then(place: str) -> None:
    owner, _, name = place.rpartition("/")
    found = faults(changed(published(), place, REMOVED))
    if name in REQUIRED.get(owner, ()):
        assert list(found) == [owner]
        assert repr(name) in found[owner]
    else:
        assert found == {}


# --- one fault each, by hand ---

SHA1 = "7e94728397954257ad759a8429a165ab00572733"

NEAR_MISSES: list[tuple[str, str, Any]] = [
    ("id as a number", "id", 12345),
    ("empty id", "id", ""),
    ("type of a folder", "type", "folder"),
    ("type in capitals", "type", "File"),
    ("etag as a number", "etag", 1),
    ("sequence_id as a number", "sequence_id", 3),
    ("name as a list", "name", ["Contract.pdf"]),
    ("sha1 of 39 digits", "sha1", SHA1[:-1]),
    ("sha1 of 41 digits", "sha1", SHA1 + "0"),
    ("sha1 with a line end", "sha1", SHA1 + "\n"),
    ("sha1 with a letter beyond f", "sha1", "g" + SHA1[1:]),
    ("sha1 in base64", "sha1", "fpRyg5eVQletdZqEKaFlqwBXJzM="),
    ("empty sha1", "sha1", ""),
    ("sha256 in place of sha1", "sha1", "0" * 64),
    ("version of another type", "file_version/type", "file"),
    ("version id as a number", "file_version/id", 12345),
    ("version sha1 of 39 digits", "file_version/sha1", SHA1[:-1]),
    ("version as its id", "file_version", "12345"),
    ("description over 255 characters", "description", "x" * 256),
    ("size as a string", "size", "629644"),
    ("negative size", "size", -1),
    ("size with a fraction", "size", 629644.5),
    ("size as a boolean", "size", True),
    ("negative number of folders", "path_collection/total_count", -1),
    ("number of folders as a string", "path_collection/total_count", "1"),
    ("folders as an object", "path_collection/entries", {}),
    ("a file among the folders", "path_collection/entries/0/type", "file"),
    ("folder id as a number", "path_collection/entries/0/id", 0),
    ("folder as its id", "path_collection/entries/0", "0"),
    ("date without time", "created_at", "2012-12-12"),
    ("date without offset", "created_at", "2012-12-12T10:53:43"),
    ("offset without colon", "created_at", "2012-12-12T10:53:43-0800"),
    ("space between date and time", "modified_at", "2012-12-12 10:53:43Z"),
    ("month thirteen", "modified_at", "2012-13-12T10:53:43Z"),
    ("thirtieth of February", "content_created_at", "2012-02-30T10:53:43Z"),
    ("hour twenty-five", "content_modified_at", "2012-12-12T25:53:43Z"),
    ("seconds since 1970", "content_modified_at", 1355338423),
    ("date of the web", "trashed_at", "Wed, 12 Dec 2012 18:53:43 GMT"),
    ("empty date", "purged_at", ""),
    ("bad end date", "expires_at", "never"),
    ("bad disposition date", "disposition_at", "2012-12-12T10:53Z"),
    ("creator of another type", "created_by/type", "group"),
    ("creator id as a number", "created_by/id", 11446498),
    ("creator as a name", "created_by", "Mira Okafor"),
    ("login that is no address", "modified_by/login", "mira"),
    ("user name over 50 characters", "owned_by/name", "x" * 51),
    ("unknown access", "shared_link/access", "public"),
    ("unknown effective access", "shared_link/effective_access", "everyone"),
    ("unknown effective permission", "shared_link/effective_permission", "can_delete"),
    ("link that is no URL", "shared_link/url", "vspke7y05sb214wjokpk"),
    ("password flag as a string", "shared_link/is_password_enabled", "true"),
    ("negative downloads", "shared_link/download_count", -1),
    ("bad end of a link", "shared_link/unshared_at", "2018-04-13"),
    ("link permission as a string", "shared_link/permissions/can_edit", "no"),
    ("parent of another type", "parent/type", "file"),
    ("parent id as a number", "parent/id", 12345),
    ("parent as its id", "parent", "12345"),
    ("unknown item status", "item_status", "archived"),
    ("version number as a number", "version_number", 1),
    ("negative comments", "comment_count", -1),
    ("permission as a number", "permissions/can_share", 1),
    ("tags over 100", "tags", ["approved"] * 101),
    ("tags as a string", "tags", "approved"),
    ("lock type wrong", "lock/type", "unlock"),
    ("unknown app of a lock", "lock/app_type", "editor"),
    ("bad end of a lock", "lock/expired_at", "soon"),
    ("lock as a boolean", "lock", False),
    ("extension as null", "extension", None),
    ("unknown token type", "expiring_embed_link/token_type", "mac"),
    ("unknown scope", "expiring_embed_link/restricted_to/0/scope", "item_read_all"),
    ("scope on a user", "expiring_embed_link/restricted_to/0/object/type", "user"),
    ("seconds as a string", "expiring_embed_link/expires_in", "3600"),
    ("watermark as a string", "watermark_info/is_watermarked", "yes"),
    ("unknown role", "allowed_invitee_roles/0", "owner of everything"),
    ("metadata as a list", "metadata", []),
    ("metadata without a template", "metadata/enterprise_27335", "marketingCollateral"),
    ("metadata id too long", "metadata/enterprise_27335/marketingCollateral/$id", "0" * 37),
    ("metadata version as a string", "metadata/enterprise_27335/marketingCollateral/$version", "1"),
    ("paged as a number", "representations/entries/0/properties/paged", 1),
    ("unknown state of a representation", "representations/entries/0/status/state", "failed"),
    ("download link that is no URL", "shared_link/download_url", "rh935iit6ewrmw0unyul.jpeg"),
    ("vanity link that is no URL", "shared_link/vanity_url", "my_url"),
    ("negative previews", "shared_link/preview_count", -1),
    ("bad start of a lock", "lock/created_at", "2012-12-12"),
    ("embed link that is no URL", "expiring_embed_link/url", "preview"),
    ("negative seconds", "expiring_embed_link/expires_in", -1),
    ("sha1 of a scope's object as a number", "expiring_embed_link/restricted_to/0/object/sha1", 7),
    ("version of a scope's object as its id", "expiring_embed_link/restricted_to/0/object/file_version", "7"),
    ("inherited watermark as a string", "watermark_info/is_watermark_inherited", "no"),
    ("watermark by policy as a number", "watermark_info/is_watermarked_by_access_policy", 0),
    ("optional permission as a string", "permissions/can_apply_watermark", "yes"),
    ("negative metadata version", "metadata/enterprise_27335/marketingCollateral/$version", -1),
    ("negative version of a template", "metadata/enterprise_27335/marketingCollateral/$typeVersion", -1),
    ("classification as a string", "classification", "Top Secret"),
    ("unknown link option", "shared_link_permission_options/0", "can_share"),
]


@pytest.mark.parametrize(
    ("pointer", "value"), [miss[1:] for miss in NEAR_MISSES], ids=[miss[0] for miss in NEAR_MISSES]
)
def test_a_near_miss_is_refused_where_it_stands(pointer: str, value: Any) -> None:
    assert set(faults(changed(published(), f"{FILE}/{pointer}", value))) == {f"{FILE}/{pointer}"}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        pytest.param({}, "", id="empty object"),
        pytest.param([], "", id="list"),
        pytest.param(None, "", id="null"),
        pytest.param("", "", id="empty string"),
        pytest.param({"total_count": "1", "entries": []}, "/total_count", id="count as a string"),
        pytest.param({"total_count": 0.5, "entries": []}, "/total_count", id="count with a fraction"),
        pytest.param({"total_count": -1, "entries": []}, "/total_count", id="negative count"),
        pytest.param({"total_count": 1, "entries": {"id": "1", "type": "file"}}, "/entries", id="entries as an object"),
        pytest.param({"total_count": 1, "entries": None}, "/entries", id="entries as null"),
        pytest.param({"total_count": 1, "entries": [None]}, "/entries/0", id="null for a file"),
        pytest.param({"total_count": 1, "entries": ["12345"]}, "/entries/0", id="id for a file"),
        pytest.param(
            {"total_count": 2, "entries": [{"id": "1", "type": "file"}, {}]}, "/entries/1", id="second file bad"
        ),
        pytest.param({"id": "12345", "type": "file"}, "", id="file without its list"),
    ],
)
def test_a_list_that_is_none_is_refused_where_it_is_wrong(value: Any, place: str) -> None:
    assert set(faults(value)) == {place}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        pytest.param({"total_count": 0, "entries": []}, {"/total_count", "/entries"}, id="no file"),
        pytest.param(
            {"total_count": 2, "entries": [{"id": "1", "type": "file"}]}, {"/total_count"}, id="counted twice"
        ),
        pytest.param({"total_count": 1, "entries": [{"id": "1", "type": "file"}] * 2}, {"/entries"}, id="two files"),
    ],
)
def test_a_commit_answers_with_one_file(value: Any, place: set[str]) -> None:
    assert faults(value) == {}
    assert set(faults(value, validator("CommittedFiles"))) == place


# --- right, but different ---

MINIMAL = {"id": "1", "type": "file", "etag": "0", "sha1": SHA1, "size": 10, "name": "a"}

RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("minimal", {}),
    ("upper-case sha1", {"sha1": SHA1.upper()}),
    ("mixed-case sha1", {"sha1": SHA1[:20].upper() + SHA1[20:]}),
    ("null etag", {"etag": None}),
    ("quoted etag", {"etag": '"1"'}),
    ("empty file", {"size": 0}),
    ("size beyond 31 bits", {"size": 2**31 + 1}),
    ("size beyond 32 bits", {"size": 2**32 + 1}),
    ("size beyond 53 bits", {"size": 2**53 + 1}),
    ("no tags", {"tags": []}),
    ("a hundred tags", {"tags": [str(number) for number in range(100)]}),
    ("no description", {"description": ""}),
    ("description of 255 characters", {"description": "\N{BUTTERFLY}" * 255}),
    ("name in any script", {"name": "vertrag \N{GREEK SMALL LETTER LAMDA} \N{CJK UNIFIED IDEOGRAPH-6587}.pdf"}),
    ("date in UTC", {"created_at": "2026-01-02T12:00:00Z"}),
    ("date with an offset", {"created_at": "2026-01-02T04:00:00-08:00", "modified_at": "2026-01-02T17:45:00+05:45"}),
    ("date with a fraction", {"created_at": "2026-01-02T12:00:00.123Z"}),
    ("date with a long fraction and an offset", {"content_created_at": "2026-01-02T04:00:00.123456789-08:00"}),
    ("date of 1970", {"content_modified_at": "1970-01-01T00:00:00Z"}),
    ("date of a leap day", {"content_modified_at": "2024-02-29T23:59:59+00:00"}),
    ("null dates", dict.fromkeys(["trashed_at", "purged_at", "content_created_at", "content_modified_at"])),
    ("null objects", dict.fromkeys(["shared_link", "parent", "lock", "classification"])),
    (
        "null elsewhere",
        dict.fromkeys(["expires_at", "disposition_at", "shared_link_permission_options", "sequence_id"]),
    ),
    ("unknown members", {"is_quarantined": False, "sha512": "00", "sibling": None, "deep": {"er": [1]}}),
    ("unknown members below", {"parent": {"id": "0", "type": "folder", "color": None}}),
    (
        "root folder as parent",
        {"parent": {"id": "0", "type": "folder", "etag": None, "sequence_id": None, "name": "All"}},
    ),
    ("no folders in the path", {"path_collection": {"total_count": 0, "entries": []}}),
    ("folders of id and type", {"path_collection": {"total_count": 1, "entries": [{"id": "0", "type": "folder"}]}}),
    ("user of id and type", {"created_by": {"id": "7", "type": "user"}}),
    ("user name of 50 characters", {"owned_by": {"id": "7", "type": "user", "name": "x" * 50}}),
    ("version without sha1", {"file_version": {"id": "7", "type": "file_version"}}),
    ("lock without an end", {"lock": {"id": "7", "type": "lock", "expired_at": None, "app_type": None}}),
    ("no representations", {"representations": {"entries": []}}),
    (
        "representation without properties",
        {"representations": {"entries": [{"representation": "pdf", "properties": {}}]}},
    ),
    ("paged as a boolean", {"representations": {"entries": [{"properties": {"paged": False, "thumb": "false"}}]}}),
    ("no metadata", {"metadata": {}}),
    ("metadata of its own", {"metadata": {"global": {"properties": {"$version": 0, "colour": "red", "weight": 1.5}}}}),
    ("role of two words", {"allowed_invitee_roles": ["previewer uploader", "co-owner"]}),
    ("watermark in part", {"watermark_info": {}}),
    ("trashed", {"item_status": "trashed", "trashed_at": "2026-01-02T12:00:00Z"}),
    (
        "bare shared link",
        {
            "shared_link": {
                "url": "https://app.example.com/s/abc",
                "effective_access": "open",
                "effective_permission": "no_access",
                "is_password_enabled": False,
                "download_count": 0,
                "preview_count": 0,
                "download_url": None,
                "vanity_url": None,
                "vanity_name": None,
                "unshared_at": None,
            }
        },
    ),
]


@pytest.mark.parametrize("members", [right[1] for right in RIGHT], ids=[right[0] for right in RIGHT])
def test_a_different_file_is_right_too(members: dict[str, Any]) -> None:
    assert faults({"total_count": 1, "entries": [{**MINIMAL, **members}]}, validator("CommittedFiles")) == {}


VOCABULARIES: dict[str, list[str | None]] = {
    "item_status": ["active", "trashed", "deleted"],
    "shared_link/access": ["open", "company", "collaborators"],
    "shared_link/effective_access": ["open", "company", "collaborators"],
    "shared_link/effective_permission": ["can_edit", "can_download", "can_preview", "no_access"],
    "shared_link_permission_options/0": ["can_preview", "can_download", "can_edit"],
    "lock/app_type": ["gsuite", "office_wopi", "office_wopiplus", "other", None],
    "allowed_invitee_roles/0": [
        *("editor", "viewer", "previewer", "uploader", "previewer uploader", "viewer uploader", "co-owner"),
    ],
    "expiring_embed_link/restricted_to/0/scope": [
        *("annotation_edit", "annotation_view_all", "annotation_view_self"),
        *("base_explorer", "base_picker", "base_preview", "base_upload"),
        *("item_delete", "item_download", "item_preview", "item_read", "item_rename", "item_share", "item_upload"),
    ],
    "expiring_embed_link/restricted_to/0/object/type": ["folder", "file"],
    "representations/entries/0/status/state": ["success", "viewable", "pending", "none"],
}


@pytest.mark.parametrize("pointer", VOCABULARIES)
def test_every_documented_word_is_right(pointer: str) -> None:
    for word in VOCABULARIES[pointer]:
        assert faults(changed(published(), f"{FILE}/{pointer}", word)) == {}, word


def test_id_and_type_are_enough() -> None:
    assert faults({"total_count": 1, "entries": [{"id": "1", "type": "file"}]}) == {}


def test_unknown_members_are_welcome_beside_the_list() -> None:
    assert faults({"total_count": 1, "entries": [MINIMAL], "limit": 100, "order": []}) == {}


def test_null_in_all_nullable_places_at_once_is_right() -> None:
    files = published()
    for place in sorted(NULLABLE, key=lambda place: -place.count("/")):
        files = changed(files, place, None)
    assert faults(files) == {}


def test_a_required_member_that_exists_nowhere_is_not_asked_for() -> None:
    assert "accessed" not in json.dumps(schema("SharedLink")["required"])
    assert "accessed" not in schema("SharedLink")["properties"]
