"""What is asked of HTTP servers, and parts of files, as the command line has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuite.cli.client.asking import (
    JSON,
    Asking,
    Part,
    data_of,
    fields_of,
    json_of,
    method_of,
    part_of,
)
from netsuite.cli.client.problems import FileTrouble, Usage


@pytest.mark.parametrize(
    ("text", "part", "of_ten"),
    [
        ("0-3", Part(0, 3), (0, 4)),
        ("4-", Part(4), (4, 6)),
        ("-3", Part(None, 3), (7, 3)),
        ("-30", Part(None, 30), (0, 10)),
        ("8-30", Part(8, 30), (8, 2)),
        ("10-", Part(10), (10, 0)),
        ("12-13", Part(12, 13), (12, 0)),
        ("5-5", Part(5, 5), (5, 1)),
    ],
)
def test_parts(text: str, part: Part, of_ten: tuple[int, int]) -> None:
    """A part is where it begins and ends, within what there is; it is written as it was read."""
    assert part_of(text) == part
    assert part.within(10) == of_ten
    assert str(part) == text


@pytest.mark.parametrize("text", ["", "-", "1", "3-2", "0-1,3-4", "a-b", "1-2-3", "٣-٤"])
def test_no_parts(text: str) -> None:
    """Several parts would come as something else than a file."""
    with pytest.raises(Usage):
        part_of(text)


def test_fields() -> None:
    """A field is one line; its octets are those that were typed."""
    assert fields_of(["A: b", "X-Empty;", "C:d: e ", "U: \u00e9"]) == [
        ("A", "b"), ("X-Empty", ""), ("C", "d: e"), ("U", "\u00c3\u00a9"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "A", ": b", "A b: c", "A: b\r\nC: d", "A: b\nC: d", "A: \0", "Content-Length: 3",
     "transfer-encoding: chunked", "Connection: close"],
)  # fmt: skip
def test_no_fields(text: str) -> None:
    """None adds a line, or says where the request ends."""
    with pytest.raises(Usage):
        fields_of([text])


@pytest.mark.parametrize("text", ["", "GET x", "GET\r\n", "CONNECT", "connect"])
def test_no_methods(text: str) -> None:
    """A method is a word."""
    with pytest.raises(Usage):
        method_of(text)


def test_data(tmp_path: Path) -> None:
    """Several are one form; a form's file has no line ends, a JSON's all that it has."""
    file = tmp_path / "f"
    file.write_bytes(b"c=d\r\n\n")
    assert data_of(["a=b", f"@{file}", "e=\u00e9"]) == b"a=b&c=d&e=\xc3\xa9"
    assert json_of(['{"a": 1}']) == b'{"a": 1}'
    assert json_of([f"@{file}"]) == b"c=d\r\n\n"
    with pytest.raises(FileTrouble):
        data_of([f"@{tmp_path / 'none'}"])


def test_methods() -> None:
    """The method follows from what is asked, unless it is said."""
    assert Asking().http_method == "GET"
    assert Asking(head=True).http_method == "HEAD"
    assert Asking(body=b"").http_method == "POST"
    assert Asking(body=b"", kind=JSON, method="PATCH").http_method == "PATCH"
    assert Asking(head=True).is_plain
    assert not Asking(fields=[("A", "b")]).is_plain
    assert Asking(fields=[("Accept", "b")]).has("accept")
