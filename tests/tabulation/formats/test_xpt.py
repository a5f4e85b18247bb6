"""SAS transport: several members, special missing values, encodings, and everything that it cannot hold."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pyreadstat
import pytest

from opencro.kernel.finding import Findings, Refused
from opencro.tabulation.dataset import Column, Dataset, SpecialMissing
from opencro.tabulation.formats import read_xpt, write_xpt
from opencro.tabulation.formats import xpt_layout as layout

CREATED = datetime(2024, 2, 29, 23, 59, 58)


def _write(datasets: Dataset | list[Dataset], encoding: str = "windows-1252") -> bytes:
    sink = io.BytesIO()
    write_xpt(datasets, sink, created=CREATED, encoding=encoding)
    return sink.getvalue()


def _refusal(datasets: Dataset | list[Dataset], encoding: str = "windows-1252") -> Findings:
    with pytest.raises(Refused) as refused:
        _write(datasets, encoding)
    return refused.value.findings


def _text(*values: str | None, name: str = "A", length: int | None = None) -> Dataset:
    return Dataset(
        "T", "", (Column(name, length=length),), pl.DataFrame({name: list(values)}, schema={name: pl.String})
    )


def _numbers(*values: float | None) -> Dataset:
    frame = pl.DataFrame({"N": list(values)}, schema={"N": pl.Float64})
    return Dataset("T", "", (Column("N", type="float"),), frame)


def test_a_file_holds_several_datasets(vitals: Dataset) -> None:
    datasets = read_xpt(_write([vitals, _text("x"), vitals.rows(0, 0)]))
    assert [(d.name, d.frame.height) for d in datasets] == [("VS", 3), ("T", 1), ("VS", 0)]


@pytest.mark.requirement(41)
def test_another_reader_reads_what_is_written(vitals: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "vs.xpt"
    write_xpt(vitals, path, created=CREATED)
    cells, about = pyreadstat.read_xport(path, disable_datetime_conversion=True, output_format="dict")
    (expected,) = read_xpt(path)
    for column in expected.frame:
        missing = "" if column.dtype == pl.String else None
        theirs = [None if value != value else value for value in cells[column.name]]
        assert theirs == [missing if value is None else value for value in column]
    assert about.table_name == "VS"
    assert about.file_label == "Vital Signs"
    assert about.column_labels == [c.label for c in vitals.columns]
    assert about.original_variable_types["ADT"] == "DATE9"


def test_special_missing_values_say_why(vitals: Dataset) -> None:
    special = (SpecialMissing("VSSTRESN", 1, "C"),)
    (again,) = read_xpt(_write(replace(vitals, special_missing=special)))
    assert again.special_missing == special
    assert again.frame["VSSTRESN"][1] is None
    assert again.rows(1, 1).special_missing == (SpecialMissing("VSSTRESN", 0, "C"),)


def test_a_special_missing_value_beside_a_number_is_refused(vitals: Dataset) -> None:
    assert _refusal(replace(vitals, special_missing=(SpecialMissing("VSSTRESN", 0, "C"),))).codes() == ("XPT-030",)


def test_short_numbers_are_read_and_written_in_their_bytes() -> None:
    short = _numbers(1.0, -2.5, None)
    short = replace(short, columns=(replace(short.columns[0], transport_bytes=3),))
    (again,) = read_xpt(_write(short))
    assert again.columns[0].transport_bytes == 3
    assert again.frame.equals(short.frame)
    lossy = replace(short, frame=pl.DataFrame({"N": [1.0, 0.1, None]}))
    (finding,) = _refusal(lossy)
    assert finding.code == "XPT-029"
    assert finding.place.path == "T.N row 2"


def test_the_same_input_gives_the_same_bytes_and_leaves_no_half_file(vitals: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "vs.xpt"
    write_xpt(vitals, path, created=CREATED)
    assert path.read_bytes() == _write(vitals)
    assert len(path.read_bytes()) % 80 == 0
    with pytest.raises(Refused):
        write_xpt(_text("x" * 201), tmp_path / "t.xpt", created=CREATED)
    assert [p.name for p in tmp_path.iterdir()] == ["vs.xpt"]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_the_encoding_is_found_on_reading(encoding: str) -> None:
    (again,) = read_xpt(_write(_text("naïve", "Größe", "plain", "naïve"), encoding))
    assert again.frame["A"].to_list() == ["naïve", "Größe", "plain", "naïve"]


def test_everything_wrong_is_said_at_once() -> None:
    columns = (
        Column("TOOLONGNAME", "x" * 41, "text"),
        Column("B", "", "text", 3, display_format="not a format"),
        Column("C", "", "text"),
        Column("N", "", "float"),
    )
    frame = pl.DataFrame({"TOOLONGNAME": ["a", "b"], "B": ["ok", "long"], "C": ["ok", "日"], "N": [1e76, float("inf")]})
    findings = _refusal(Dataset("DATASETNAME", "", columns, frame))
    assert findings.codes() == (
        "XPT-020", "XPT-020", "XPT-021", "XPT-024", "XPT-026", "XPT-025", "XPT-028"
    )  # fmt: skip
    places = [f.place.path for f in findings]
    assert places[4:] == ["DATASETNAME.B row 2", "DATASETNAME.C row 2", "DATASETNAME.N row 1"]


def test_ascii_means_ascii() -> None:
    assert _refusal(_text("ok", "é"), "ascii").codes() == ("XPT-025",)


def test_text_of_two_hundred_bytes_is_the_limit() -> None:
    _write(_text("x" * 200))
    (finding,) = _refusal(_text("short", "x" * 201))
    assert finding.code == "XPT-026"
    assert finding.place.path == "T.A row 2"
    assert _refusal(_text("é" * 101), "utf-8").codes() == ("XPT-026",)


def test_names_that_differ_only_in_case_are_refused() -> None:
    columns = (Column("A"), Column("a"))
    dataset = Dataset("T", "", columns, pl.DataFrame({"A": ["1"], "a": ["2"]}))
    assert _refusal(dataset).codes() == ("XPT-020", "XPT-020")


def test_ten_thousand_columns_are_refused() -> None:
    names = [f"C{i}" for i in range(10_000)]
    dataset = Dataset("T", "", tuple(Column(n) for n in names), pl.DataFrame({n: ["x"] for n in names}))
    assert _refusal(dataset).codes() == ("XPT-022",)


def test_whole_numbers_beyond_a_double_are_refused() -> None:
    frame = pl.DataFrame({"N": [1, 2**53 + 1]})
    findings = _refusal(Dataset("T", "", (Column("N", type="integer"),), frame))
    assert findings.codes() == ("XPT-028",)


def test_blank_rows_that_the_filling_would_swallow_are_warned_of() -> None:
    sink = io.BytesIO()
    findings = write_xpt(_text("x", None, None, length=8), sink, created=CREATED)
    assert findings.codes() == ("XPT-031",)
    (again,) = read_xpt(sink.getvalue())
    assert again.frame.height == 1
    assert write_xpt(_text("x", None, "y"), io.BytesIO(), created=CREATED).codes() == ()


def _why(data: bytes) -> Findings:
    with pytest.raises(Refused) as refused:
        read_xpt(data)
    return refused.value.findings


def test_other_files_are_told_from_transport_files() -> None:
    assert _why(b"").codes() == ("XPT-001",)
    assert _why(b"PK\x03\x04" * 40).codes() == ("XPT-001",)
    assert _why(layout.LIBRARY_V8 + b" " * 400).codes() == ("XPT-002",)
    assert _why(b"**COMPRESSED** **COMPRESSED** **COMPRESSED**").codes() == ("XPT-003",)


def test_a_cut_file_names_the_byte(vitals: Dataset) -> None:
    data = _write(vitals)
    (finding,) = _why(data[:-1])
    assert finding.code == "XPT-004"
    assert finding.place.path == f"byte {len(data) - 1}"
    wide = _write(_text("x" * 200, "y" * 200, length=200))
    (finding,) = _why(wide[:-160])
    assert finding.code == "XPT-010"
    rows = wide.index(layout.OBSERVATIONS) + layout.RECORD
    assert finding.place.path == f"byte {rows + 200}"


def test_a_damaged_header_names_the_byte(vitals: Dataset) -> None:
    data = bytearray(_write(vitals))
    first = data.index(layout.NAMESTR) + layout.RECORD
    data[first : first + 2] = b"\x00\x09"
    (finding,) = _why(bytes(data))
    assert finding.code == "XPT-009"
    assert finding.place.path == f"byte {first}"


def test_bytes_outside_the_named_encoding_are_refused(vitals: Dataset) -> None:
    data = _write(_text("plain", "naïve"))
    with pytest.raises(Refused) as refused:
        read_xpt(data, encoding="ascii")
    (finding,) = refused.value.findings
    assert finding.code == "XPT-012"
    assert "row 2" in finding.place.path


def test_no_truncation_and_no_flipped_byte_gets_past_the_findings(vitals: Dataset) -> None:
    data = _write([vitals, _text("some text", "ünïcode", length=40), _numbers(*map(float, range(40)))])
    refused = 0
    for cut in range(0, len(data), 7):
        refused += _is_refused(data[:cut])
    assert refused > len(data) / 7 * 0.9
    source = random.Random(20240229)
    for _ in range(3000):
        damaged = bytearray(data)
        for _ in range(source.randint(1, 4)):
            damaged[source.randrange(len(data))] = source.randrange(256)
        _is_refused(bytes(damaged))


def _is_refused(data: bytes) -> bool:
    try:
        read_xpt(data)
    except Refused as refused:
        findings = refused.findings
    else:
        return False
    assert findings
    assert all(f.code.startswith("XPT-0") and f.place.path for f in findings)
    return True
