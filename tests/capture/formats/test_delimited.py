"""Delimited text is read strictly, or refused with its line."""

from __future__ import annotations

import gzip
import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencro.capture import parse_delimited
from opencro.capture.formats.packed import unpack
from opencro.kernel.finding import Refused


def _refusal(data: bytes, **options: str) -> list[tuple[str, int | None]]:
    with pytest.raises(Refused) as refused:
        parse_delimited(data, "x.csv", **options)
    return [(f.code, f.place.line) for f in refused.value.findings]


def test_words_that_other_readers_take_for_missing_stay_text() -> None:
    frame = parse_delimited(b"A,B,C,D\nNA,None,NULL,\n", "x.csv")
    assert frame.rows() == [(2, "NA", "None", "NULL", None)]


def test_a_row_has_the_line_where_it_begins_even_after_quoted_newlines() -> None:
    frame = parse_delimited(b'A,B\r\n"one\r\ntwo",1\r\n\r\nx,2\r\n', "x.csv")
    assert frame.rows() == [(2, "one\r\ntwo", "1"), (5, "x", "2")]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert parse_delimited(b"\xef\xbb\xbfA\n1\n", "x.csv").columns == ["_line", "A"]


def test_windows_1252_is_read_where_it_is_declared_and_refused_where_not() -> None:
    data = b"A,B\n1,x\n2,caf\xe9\n"
    assert parse_delimited(data, "x.csv", encoding="windows-1252").item(1, "B") == "café"
    with pytest.raises(Refused) as refused:
        parse_delimited(data, "x.csv")
    (finding,) = refused.value.findings
    assert finding.code == "CAP-101"
    assert finding.place.line == 3
    assert "byte 13 (0xE9, line 3, column 6)" in finding.got


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (b"A\n\x81\n", {"encoding": "windows-1252"}, [("CAP-101", 2)]),
        ("A\nx\n".encode("utf-16"), {}, [("CAP-101", 1)]),
        (b"\xef\xbb\xbfA\nx\n", {"encoding": "windows-1252"}, [("CAP-101", 1)]),
        (b"A,B\n1,2\nx\0,2\n", {}, [("CAP-102", 3)]),
        (b"", {}, [("CAP-103", 1)]),
        (b",,\n1,2,3\n", {}, [("CAP-103", 1)]),
        (b"A,A,\n1,2,3\n", {}, [("CAP-104", 1), ("CAP-104", 1)]),
        (b"_line,B\n1,2\n", {}, [("CAP-104", 1)]),
        (b"A,B\n1\n1,2\n1,2,3\n", {}, [("CAP-105", 2), ("CAP-105", 4)]),
        (b'A,B\n1,2\n"1,2\n3,4\n', {}, [("CAP-106", 3)]),
        (b'A,B\n"1"x,2\n', {}, [("CAP-106", 2)]),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    data: bytes, options: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    assert _refusal(data, **options) == expected


def test_ten_thousand_columns_are_refused_at_once() -> None:
    names = ",".join(f"C{i}" for i in range(10_000))
    data = (names + "\n" + (",".join("1" * 10_000) + "\n") * 100).encode()
    started = time.perf_counter()
    assert _refusal(data) == [("CAP-107", 1)]
    assert time.perf_counter() - started < 2


def test_packed_files_are_known_by_their_content() -> None:
    data = b"A\n1\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("../../somewhere/else.csv", data)
    assert parse_delimited(gzip.compress(data), "x.csv").item(0, "A") == "1"
    assert parse_delimited(archive.getvalue(), "x.csv").item(0, "A") == "1"


def test_archives_that_hold_several_files_are_damaged_or_too_large_are_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("a.csv", b"A\n")
        out.writestr("b.csv", b"A\n")
    assert _refusal(archive.getvalue()) == [("CAP-108", None)]
    assert _refusal(gzip.compress(b"A\n1\n" * 1000)[:-20]) == [("CAP-108", None)]
    with pytest.raises(Refused):
        unpack(gzip.compress(b"0" * 10_000), "x.csv.gz", largest=9_999)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1),
            min_size=2,
            max_size=2,
        )
    )
)
def test_every_text_that_is_written_is_read_again(rows: list[list[str]]) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    frame = parse_delimited("\n".join(["A,B", *quoted]).encode(), "x.csv")
    assert [list(r) for r in frame.drop("_line").rows()] == rows
