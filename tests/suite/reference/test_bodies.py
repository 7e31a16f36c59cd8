from __future__ import annotations

import json

import pytest
from box_client import Box

from commit_conformance.reference.dates import read_date, write_date

WRONG = {
    "not JSON": b"parts",
    "cut off": b'{"parts": [',
    "trailing comma": b'{"parts": [],}',
    "NaN": b'{"parts": [{"part_id": "A", "offset": NaN, "size": 1}]}',
    "invalid UTF-8": b'{"parts": "\xff"}',
    "UTF-16": '{"parts": []}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "deep": b'{"parts":' + b"[" * 100_000,
    "deep and whole": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "five thousand digits": b'{"parts": [{"part_id": "A", "size": 1, "offset": ' + b"9" * 5000 + b"}]}",
    "array": b"[]",
    "string": b'"parts"',
    "null": b"null",
    "number": b"1",
    "nothing": b"",
    "blanks": b" \r\n\t",
    "NUL": b"\x00",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_is_refused_and_the_session_lives(name: str, box: Box) -> None:
    upload = box.upload()
    answer = upload.send(body=WRONG[name])
    assert answer.status == 400
    assert answer.json["type"] == "error"
    assert upload.commit().status == 201


@pytest.mark.parametrize("parts", [None, "x", {}, 1, True, [1], [None], [[]], ["x"], [{}], [[{}]]])
def test_parts_of_the_wrong_type_are_refused(parts: object, box: Box) -> None:
    assert box.upload().send(body=json.dumps({"parts": parts}).encode()).status == 400


@pytest.mark.parametrize("member", ["part_id", "offset", "size"])
@pytest.mark.parametrize(
    "value", ["16", "x", 1.5, True, False, None, [], {}, -1, 2**63, 2**64, 10**400, 1e300, -(2**70)]
)
def test_members_of_the_wrong_type_are_refused(member: str, value: object, box: Box) -> None:
    upload = box.upload()
    parts = [dict(part) for part in upload.parts]
    parts[1][member] = value
    if upload.parts[1][member] == value:
        pytest.skip("the right value")
    assert upload.send(parts).status == 400


@pytest.mark.parametrize("sha1", [1, "", "x", "0" * 39, "0" * 41, [], {}, True, "\ud800", "0" * 40])
def test_a_wrong_sha1_is_refused(sha1: object, box: Box) -> None:
    upload = box.upload()
    assert upload.send([upload.parts[0] | {"sha1": sha1}, *upload.parts[1:]]).status == 400


def test_a_number_with_a_zero_fraction_is_an_integer(box: Box) -> None:
    upload = box.upload()
    assert upload.commit([part | {"offset": float(part["offset"])} for part in upload.parts]).status == 201


def test_of_a_member_given_twice_the_last_counts(box: Box) -> None:
    upload = box.upload()
    good = json.dumps(upload.parts)
    assert upload.send(body=f'{{"parts":{good},"parts":[]}}'.encode()).status == 400
    assert upload.send(body=f'{{"parts":[],"parts":{good}}}'.encode()).status == 201


def test_unknown_members_are_let_pass(box: Box) -> None:
    upload = box.upload()
    assert upload.commit([part | {"sha512": "0" * 128} for part in upload.parts], plan=None).status == 201


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON;charset=UTF-8", 201),
        (None, 201),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_content_types(content_type: str | None, status: int, box: Box) -> None:
    assert box.upload().commit(content_type=content_type).status == status


@pytest.mark.parametrize("attributes", [None, [], "x", 1, True])
def test_attributes_of_the_wrong_type_are_refused(attributes: object, box: Box) -> None:
    upload = box.upload()
    body = json.dumps({"parts": upload.parts, "attributes": attributes}).encode()
    assert upload.send(body=body).status == 400


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2017-04-08T00:58:08Z", "2017-04-08T00:58:08Z"),
        ("2017-04-08t00:58:08z", "2017-04-08T00:58:08Z"),
        ("2017-04-08T00:58:08-07:00", "2017-04-08T07:58:08Z"),
        ("2017-04-08T00:58:08.5+05:30", "2017-04-07T19:28:08.500000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_dates_are_read_as_instants(text: str, utc: str) -> None:
    assert write_date(read_date(text), None) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2017-04-08",
        "2017-04-08T00:58:08",
        "2017-04-08 00:58:08Z",
        "2017-13-08T00:58:08Z",
        "2017-02-30T00:58:08Z",
        "2017-04-08T24:00:00Z",
        "2017-04-08T00:58:08+0700",
        "2017-04-08T00:58:08+24:00",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "2017-04-08T00:58:08Z\n",
        "\u0662017-04-08T00:58:08Z",
    ],
)
def test_texts_that_are_no_dates(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_date(text)
