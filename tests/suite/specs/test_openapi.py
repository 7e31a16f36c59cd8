"""The OpenAPI description is sound: valid, closed under its references, true to its examples, links and bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from commit_conformance import specs

DOCUMENT = specs.openapi()
METHODS = ("get", "put", "post", "delete")

OPERATIONS = {
    "post_files_upload_sessions": ("post", "/files/upload_sessions"),
    "post_files_id_upload_sessions": ("post", "/files/{file_id}/upload_sessions"),
    "get_files_upload_sessions_id": ("get", "/files/upload_sessions/{upload_session_id}"),
    "put_files_upload_sessions_id": ("put", "/files/upload_sessions/{upload_session_id}"),
    "delete_files_upload_sessions_id": ("delete", "/files/upload_sessions/{upload_session_id}"),
    "get_files_upload_sessions_id_parts": ("get", "/files/upload_sessions/{upload_session_id}/parts"),
    "post_files_upload_sessions_id_commit": ("post", "/files/upload_sessions/{upload_session_id}/commit"),
    "get_files_id": ("get", "/files/{file_id}"),
    "delete_files_id": ("delete", "/files/{file_id}"),
    "get_files_id_content": ("get", "/files/{file_id}/content"),
    "get_files_id_versions": ("get", "/files/{file_id}/versions"),
    "post_folders": ("post", "/folders"),
    "get_folders_id": ("get", "/folders/{folder_id}"),
    "delete_folders_id": ("delete", "/folders/{folder_id}"),
    "get_folders_id_items": ("get", "/folders/{folder_id}/items"),
    "get_users_me": ("get", "/users/me"),
}

# Where a link must lead, by the operation it starts from.
LINKS = {
    "post_files_upload_sessions": {
        "put_files_upload_sessions_id",
        "post_files_upload_sessions_id_commit",
        "get_files_upload_sessions_id",
        "delete_files_upload_sessions_id",
        "get_files_upload_sessions_id_parts",
    },
    "put_files_upload_sessions_id": {"post_files_upload_sessions_id_commit"},
    "post_files_upload_sessions_id_commit": {"get_files_id"},
}


def resolve(node: Any) -> Any:
    """Follow a reference within the document, if this is one."""
    while isinstance(node, dict) and set(node) == {"$ref"}:
        node = at(node["$ref"])
    return node


def at(reference: str) -> Any:
    assert reference.startswith("#/"), f"{reference} leaves the document"
    node: Any = DOCUMENT
    for token in reference[2:].split("/"):
        node = node[token.replace("~1", "/").replace("~0", "~")]
    return node


def walk(node: Any, pointer: str = "#") -> Iterator[tuple[str, Any]]:
    yield pointer, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{pointer}/{index}")


def operations() -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield method, path, operation and all its parameters, those of the path included."""
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [
                    resolve(one) for one in [*item.get("parameters", []), *item[method].get("parameters", [])]
                ]
                yield method, path, item[method], parameters


def by_id(operation_id: str) -> tuple[str, str, dict[str, Any], list[dict[str, Any]]]:
    return next(entry for entry in operations() if entry[2]["operationId"] == operation_id)


def links() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Yield the starting operation's id, the link's name, the response it hangs on, and the link."""
    for _, _, operation, _ in operations():
        for response in map(resolve, operation["responses"].values()):
            for name, link in response.get("links", {}).items():
                yield operation["operationId"], name, response, link


def values_with_schemas() -> Iterator[tuple[str, Any, Any]]:
    """Yield every example of the document with the schema it stands beside."""
    for pointer, node in walk(DOCUMENT):
        if not isinstance(node, dict):
            continue
        if "schema" in node and "examples" in node:
            for name, example in node["examples"].items():
                yield f"{pointer}/examples/{name}", node["schema"], resolve(example)["value"]
        if re.fullmatch(r"#/components/schemas/\w+", pointer):
            for index, value in enumerate(node.get("examples", [])):
                yield f"{pointer}/examples/{index}", {"$ref": pointer}, value


def faults(name: str, value: Any) -> set[str]:
    """Give the JSON pointers at which a value breaks a component schema."""
    validator = Draft202012Validator(specs.schema(name), format_checker=Draft202012Validator.FORMAT_CHECKER)
    return {"".join(f"/{step}" for step in error.absolute_path) for error in validator.iter_errors(value)}


EXAMPLES = list(values_with_schemas())
ALL_LINKS = list(links())


def test_the_description_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_description_holds_json_values_only() -> None:
    # Turned to JSON and back it stays the same: no datetime, no status as a number among the keys.
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_no_key_is_written_twice() -> None:
    # PyYAML lets the last one win without a word.
    twice: list[str] = []

    def look(node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            twice.extend(f"{key} near {node.start_mark}" for key in set(keys) if keys.count(key) > 1)
            for _, value in node.value:
                look(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                look(value)

    tree = yaml.compose((specs.suite_root() / specs.DESCRIPTION).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    assert tree is not None
    look(tree)
    assert twice == []


def test_an_unquoted_date_time_stays_a_string(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / specs.DESCRIPTION).write_text("when: 2012-12-12T10:53:43-08:00\nday: 2012-12-12\nsize: 12\n")
    monkeypatch.setattr(specs, "suite_root", lambda: tmp_path)
    fresh = specs.openapi.__wrapped__()
    assert fresh == {"when": "2012-12-12T10:53:43-08:00", "day": "2012-12-12", "size": 12}


def test_every_reference_leads_somewhere() -> None:
    references = [node["$ref"] for _, node in walk(DOCUMENT) if isinstance(node, dict) and "$ref" in node]
    assert len(references) > 100
    for reference in references:
        assert at(reference) is not None


def test_every_component_is_used() -> None:
    used = {node["$ref"] for _, node in walk(DOCUMENT) if isinstance(node, dict) and "$ref" in node}
    sections = ("schemas", "parameters", "responses", "examples")
    defined = {f"#/components/{section}/{name}" for section in sections for name in DOCUMENT["components"][section]}
    assert defined - used == set()


def test_the_operations_are_those_of_a_chunked_upload_and_its_evidence() -> None:
    assert {operation["operationId"]: (method, path) for method, path, operation, _ in operations()} == OPERATIONS


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_declares_the_parameters_of_its_path(operation_id: str) -> None:
    _, path, _, parameters = by_id(operation_id)
    in_path = {one["name"] for one in parameters if one["in"] == "path" and one["required"]}
    assert in_path == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_operation_has_an_error_by_default(operation_id: str) -> None:
    _, _, operation, _ = by_id(operation_id)
    content = resolve(operation["responses"]["default"])["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_evidence_comes_from_the_api_host_and_all_else_from_the_upload_host(operation_id: str) -> None:
    _, path, operation, _ = by_id(operation_id)
    servers = DOCUMENT["paths"][path].get("servers", DOCUMENT["servers"])
    wanted = "https://{api-host}/2.0" if operation["tags"] == ["evidence"] else "https://{upload-host}/api/2.0"
    assert [server["url"] for server in servers] == [wanted]


@pytest.mark.parametrize(("where", "schema", "value"), EXAMPLES, ids=[where for where, _, _ in EXAMPLES])
def test_an_example_is_valid_against_the_schema_beside_it(where: str, schema: Any, value: Any) -> None:
    # The components stand beside the schema, so that its references mean the same here as in the document.
    validator = Draft202012Validator(
        {"allOf": [schema], "components": DOCUMENT["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)] == [], where


def test_an_error_shows_the_status_of_the_answer_it_is_an_example_of() -> None:
    """A mock server answers with it: one that says another status is wrong for every client."""
    shown = 0
    for _, _, operation, _ in operations():
        for status, answer in operation["responses"].items():
            for name, example in examples_of(answer).items():
                body = resolve(example)["value"]
                if body.get("type") == "error":
                    shown += 1
                    assert str(body["status"]) == str(status) or status == "default", (operation["operationId"], name)
    assert shown > 20


@pytest.mark.parametrize("operation_id", [name for name in OPERATIONS if "upload_sessions" in name])
def test_every_answer_around_a_commit_has_an_example(operation_id: str) -> None:
    """Without one a mock server makes up an answer: a status of 0, and texts that say ``string``."""
    _, _, operation, _ = by_id(operation_id)
    for status, answer in operation["responses"].items():
        if "application/json" in resolve(answer).get("content", {}):
            assert examples_of(answer), status
        for name, header in resolve(answer).get("headers", {}).items():
            assert header.get("examples"), (status, name)


def examples_of(answer: Any) -> dict[str, Any]:
    """The examples of an answer's JSON body, by name."""
    content: dict[str, Any] = resolve(answer).get("content", {})
    examples: dict[str, Any] = content.get("application/json", {}).get("examples", {})
    return examples


def test_requests_and_answers_have_examples() -> None:
    beside = {where.rpartition("/examples/")[0] for where, _, _ in EXAMPLES}
    commit = "#/paths/~1files~1upload_sessions~1{upload_session_id}~1commit/post"
    for part in ("requestBody", "responses/201", "responses/409", "responses/412", "responses/default"):
        assert f"{commit}/{part}/content/application~1json" in beside
    assert f"{commit}/responses/202/headers/Retry-After" in beside
    bodies = [pointer for pointer, _ in walk(DOCUMENT["paths"], "#/paths") if "/requestBody/" in pointer]
    assert {p for p in bodies if p.endswith("/application~1json")} <= beside


@pytest.mark.parametrize(
    ("source", "name", "response", "link"), ALL_LINKS, ids=[f"{s}-{n}" for s, n, _, _ in ALL_LINKS]
)
def test_a_link_leads_to_an_operation_and_fills_its_path(
    source: str, name: str, response: dict[str, Any], link: dict[str, Any]
) -> None:
    _, _, _, parameters = by_id(link["operationId"])
    targets = {one["name"] for one in parameters} | {f"{one['in']}.{one['name']}" for one in parameters}
    assert link["parameters"].keys() <= targets
    assert {one["name"] for one in parameters if one["in"] == "path"} <= link["parameters"].keys()

    _, _, operation, own = by_id(source)
    for expression in [*link["parameters"].values(), *([link["requestBody"]] if "requestBody" in link else [])]:
        if expression.startswith("$response.body#/"):
            schema = response["content"]["application/json"]["schema"]
            assert member(schema, expression.removeprefix("$response.body#/").split("/"))["type"] == "string"
        elif expression == "$request.body":
            assert "requestBody" in operation
        else:
            place, _, parameter = expression.removeprefix("$request.").partition(".")
            assert (place, parameter) in {(one["in"], one["name"]) for one in own}, expression


def member(schema: Any, tokens: list[str]) -> Any:
    """Find the schema of the value at a JSON pointer, through references that stand beside other keywords."""
    for token in tokens:
        while True:
            step = schema.get("items") if token.isdigit() else schema.get("properties", {}).get(token)
            if step is not None and not step.keys() <= {"minItems", "maxItems", "const"}:
                break
            schema = at(schema["$ref"])
        schema = step
    return schema


@pytest.mark.parametrize("source", LINKS)
def test_the_steps_of_an_upload_are_linked(source: str) -> None:
    assert {link["operationId"] for start, _, _, link in ALL_LINKS if start == source} >= LINKS[source]


def test_a_commit_is_answered_as_documented() -> None:
    _, _, commit, parameters = by_id("post_files_upload_sessions_id_commit")
    answers = commit["responses"]
    assert set(answers) == {"201", "202", "304", "400", "401", "404", "409", "410", "412", "429", "default"}
    assert {status for status, answer in answers.items() if "content" not in resolve(answer)} == {"202", "304"}
    assert answers["202"]["headers"]["Retry-After"]["required"] is True
    assert answers["202"]["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 0}
    headers = {one["name"]: one for one in parameters if one["in"] == "header"}
    assert {name: one["required"] for name, one in headers.items()} == {
        "digest": True,
        "if-match": False,
        "if-none-match": False,
    }
    assert headers["digest"]["schema"] == {"type": "string"}
    assert commit["requestBody"]["required"] is True


def test_a_token_is_asked_for_everywhere() -> None:
    assert {name for one in DOCUMENT["security"] for name in one} == set(DOCUMENT["components"]["securitySchemes"])
    assert DOCUMENT["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert [operation["operationId"] for _, _, operation, _ in operations() if "security" in operation] == []


def test_source_tags_are_explained() -> None:
    tags = {tag for _, node in walk(DOCUMENT) if isinstance(node, dict) for tag in node.get("x-source", [])}
    assert tags == set(DOCUMENT["info"]["x-sources"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_a_component_stands_alone_as_a_json_schema(name: str) -> None:
    standalone = specs.schema(name)
    Draft202012Validator.check_schema(standalone)
    for pointer, node in walk(standalone):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/$defs/") in standalone["$defs"], pointer


def test_a_standalone_schema_is_the_callers_own() -> None:
    specs.schema("Files")["properties"].clear()
    assert set(specs.schema("Files")["properties"]) == {"total_count", "entries"}


def test_a_standalone_schema_carries_only_what_it_refers_to() -> None:
    assert "$defs" not in specs.schema("UploadPart")
    assert set(specs.schema("Lock")["$defs"]) == {"UserMini"}


def test_an_unknown_schema_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(specs.UnknownSchemaError, match=r"'Flies'.*did you mean 'File") as caught:
        specs.schema("Flies")
    assert caught.value.name == "Flies"
    assert "Files" in caught.value.near


def test_a_reference_out_of_the_components_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"components": {"schemas": {"Odd": {"$ref": "https://schemas.example/else.json"}}}}
    monkeypatch.setattr(specs, "openapi", lambda: document)
    with pytest.raises(ValueError, match="not to 'https://schemas"):
        specs.schema("Odd")


def test_the_root_is_the_folder_inside_an_installed_package_or_else_the_checkout(tmp_path: Path) -> None:
    package = tmp_path / "commit_conformance"
    for root in (tmp_path, package / "_suite"):
        (root / "specs").mkdir(parents=True)
        (root / specs.DESCRIPTION).touch()
    assert specs._find_root(package) == package / "_suite"
    (package / "_suite" / specs.DESCRIPTION).unlink()
    assert specs._find_root(package) == tmp_path


def test_a_folder_of_the_same_name_is_not_mistaken_for_the_suite(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    with pytest.raises(specs.SuiteNotFoundError, match=r"commit\.openapi\.yaml") as caught:
        specs._find_root(tmp_path / "commit_conformance")
    assert caught.value.looked_in == (tmp_path / "commit_conformance" / "_suite", tmp_path)


def test_the_root_of_this_checkout_holds_the_description() -> None:
    assert (specs.suite_root() / specs.DESCRIPTION).is_file()


SHA1 = "7e94728397954257ad759a8429a165ab00572733"
PART = {"part_id": "BFDF5379", "offset": 0, "size": 8388608, "sha1": SHA1}
ERROR = {"type": "error", "status": 409}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UploadPart", PART),
        ("UploadPart", {**PART, "sha1": None}),
        ("UploadPart", {**PART, "sha1": SHA1.upper()}),
        ("UploadPart", {"part_id": "0", "offset": 2**63 - 1, "size": 0}),
        ("UploadPart", {**PART, "sha512": "00" * 64}),
        ("CommitRequest", {"parts": [PART]}),
        ("CommitRequest", {"parts": [PART], "attributes": {}, "unknown": None}),
        ("CommitRequest", {"parts": [PART], "attributes": {"description": "x" * 300, "flavour": ["any"]}}),
        ("StoredPart", {}),
        ("StoredPart", {**PART, "sha1": None, "etag": 7}),
        ("UploadedPart", {"part": {"part_id": "BFDF5379"}}),
        ("UploadedPart", {"part_id": "BFDF5379", "offset": 0}),
        ("Error", ERROR),
        ("Error", {**ERROR, "status": 500, "code": "a_code_of_its_own", "context_info": None, "trace": []}),
        ("ConflictError", {**ERROR, "context_info": {"conflicts": {"type": "file", "id": "1", "etag": None}}}),
        ("ConflictError", {**ERROR, "context_info": {"conflicts": [{"type": "folder", "id": "1"}]}}),
        ("ConflictError", {**ERROR, "context_info": {"session": {"id": "1"}}}),
        ("PreconditionError", {**ERROR, "status": 412}),
        ("UploadSession", {"id": "1", "part_size": 65536, "session_endpoints": {"commit": "http://[::1]:80/c"}}),
    ],
)
def test_other_bodies_that_are_right(name: str, value: Any) -> None:
    assert faults(name, value) == set()


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("UploadPart", {}, ""),
        ("UploadPart", {"offset": 0, "size": 1}, ""),
        ("UploadPart", {"part_id": "0", "size": 1}, ""),
        ("UploadPart", {"part_id": "0", "offset": 0}, ""),
        ("UploadPart", {**PART, "part_id": 7}, "/part_id"),
        ("UploadPart", {**PART, "part_id": ""}, "/part_id"),
        ("UploadPart", {**PART, "offset": "0"}, "/offset"),
        ("UploadPart", {**PART, "offset": -1}, "/offset"),
        ("UploadPart", {**PART, "offset": None}, "/offset"),
        ("UploadPart", {**PART, "size": 0.5}, "/size"),
        ("UploadPart", {**PART, "size": True}, "/size"),
        ("UploadPart", {**PART, "size": 2**63}, "/size"),
        ("UploadPart", {**PART, "sha1": SHA1[:-1]}, "/sha1"),
        ("UploadPart", {**PART, "sha1": SHA1 + "\n"}, "/sha1"),
        ("CommitRequest", {}, ""),
        ("CommitRequest", [PART], ""),
        ("CommitRequest", {"attributes": {}}, ""),
        ("CommitRequest", {"parts": []}, "/parts"),
        ("CommitRequest", {"parts": PART}, "/parts"),
        ("CommitRequest", {"parts": [PART, None]}, "/parts/1"),
        ("CommitRequest", {"parts": [PART], "attributes": []}, "/attributes"),
        ("CommitRequest", {"parts": [PART], "attributes": {"description": 1}}, "/attributes/description"),
        (
            "CommitRequest",
            {"parts": [PART], "attributes": {"content_modified_at": "2017-04-08"}},
            "/attributes/content_modified_at",
        ),
        ("StoredPart", {"offset": "0"}, "/offset"),
        ("UploadedPart", {}, ""),
        ("UploadedPart", {"part": []}, "/part"),
        ("Error", {}, ""),
        ("Error", {"type": "error"}, ""),
        ("Error", {"status": 400}, ""),
        ("Error", {**ERROR, "type": "warning"}, "/type"),
        ("Error", {**ERROR, "status": "409"}, "/status"),
        ("Error", {**ERROR, "code": 17}, "/code"),
        ("Error", {**ERROR, "message": None}, "/message"),
        ("Error", {**ERROR, "context_info": "none"}, "/context_info"),
        ("ConflictError", {**ERROR, "status": 400}, "/status"),
        ("ConflictError", {**ERROR, "context_info": {"conflicts": "a.txt"}}, "/context_info/conflicts"),
        ("ConflictError", {**ERROR, "context_info": {"conflicts": ["a.txt"]}}, "/context_info/conflicts/0"),
        ("ConflictError", {**ERROR, "context_info": {"conflicts": {"id": 7}}}, "/context_info/conflicts/id"),
        ("PreconditionError", ERROR, "/status"),
        ("UploadSession", {"id": "1", "session_endpoints": {"commit": "http://[::1]:80/c"}}, ""),
        ("UploadSession", {"id": "1", "part_size": 0, "session_endpoints": {"commit": "http://h/c"}}, "/part_size"),
        (
            "UploadSession",
            {"id": "1", "part_size": 1, "session_endpoints": {"commit": "/c"}},
            "/session_endpoints/commit",
        ),
    ],
)
def test_other_bodies_with_one_fault_are_refused_where_it_stands(name: str, value: Any, place: str) -> None:
    assert faults(name, value) == {place}
