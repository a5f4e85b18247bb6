"""Dataset-JSON 1.1: schema-valid, as published, strict about what it reads."""

from __future__ import annotations

import gzip
import io
import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from opencro.kernel.finding import Findings, Refused
from opencro.tabulation.dataset import Column, Dataset, Exchange, SpecialMissing
from opencro.tabulation.formats import read_dataset_json, read_xpt, write_dataset_json

CREATED = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)


def _write(dataset: Dataset, layout: str = "json", created: datetime = CREATED) -> bytes:
    sink = io.BytesIO()
    write_dataset_json(dataset, sink, created=created, layout=layout)
    return sink.getvalue()


def _why(document: Any) -> Findings:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(Refused) as refused:
        read_dataset_json(raw)
    return refused.value.findings


@pytest.fixture
def document(vitals: Dataset) -> dict[str, Any]:
    """The small dataset as parsed Dataset-JSON, to be spoilt."""
    parsed: dict[str, Any] = json.loads(_write(vitals))
    return parsed


@pytest.fixture(scope="session")
def examples(shared: Path) -> Path:
    """CDISC's published examples."""
    return shared / "cdisc" / "dataset_json" / "examples"


def _schema(shared: Path, name: str, encoding: str) -> Any:
    return json.loads((shared / "cdisc" / "dataset_json" / "schema" / name).read_text(encoding))


@pytest.mark.peer
def test_what_is_written_is_valid_against_the_published_schemas(vitals: Dataset, shared: Path) -> None:
    whole = _schema(shared, "dataset.schema.json", "utf-8")
    lines = _schema(shared, "dataset-ndjson-schema.json", "utf-16")
    lines["$defs"] |= whole["$defs"]  # as published, it refers to definitions that only the other schema has
    told = Exchange("file", "study", "mdv", "define.xml", "us", "openCRO", "1", modified="2024-01-01T00:00:00")
    for dataset in (vitals, replace(vitals, exchange=told), vitals.rows(0, 0)):
        jsonschema.validate(json.loads(_write(dataset)), whole)
        head = json.loads(_write(dataset, "ndjson").splitlines()[0])
        jsonschema.validate(head, lines)


@pytest.mark.peer
@pytest.mark.requirement(34)
def test_published_examples_load_and_are_written_with_the_same_content(examples: Path) -> None:
    refused: dict[str, set[str]] = {}
    read = 0
    for path in sorted(p for p in examples.rglob("*") if p.suffix in (".json", ".ndjson", ".dsjc")):
        if "schema" in path.name:
            continue
        try:
            dataset = read_dataset_json(path)
        except Refused as error:
            refused[path.name] = set(error.findings.codes())
            continue
        read += 1
        again = _write(dataset, created=datetime.fromisoformat(dataset.exchange.created))
        if path.suffix == ".json":
            assert json.loads(again) == json.loads(path.read_bytes()), path.name
        assert read_dataset_json(again).frame.equals(dataset.frame), path.name
    # adadas declares integer and holds 56.724137931; the extended example is an extension by its own account.
    assert refused == {"adadas.dsjc": {"DSJ-013"}, "extended_dataset.json": {"DSJ-006"}}
    assert read == 81


@pytest.mark.peer
@pytest.mark.requirement(41)
def test_xpt_json_ndjson_and_compressed_of_one_dataset_agree(examples: Path) -> None:
    compared = 0
    for path in sorted((examples / "sdtm").glob("*.xpt")):
        (expected,) = read_xpt(path)
        for suffix in (".json", ".ndjson", ".dsjc"):
            other = path.with_suffix(suffix)
            if other.exists():
                assert _differences(expected.frame, read_dataset_json(other).frame) == [], other.name
                compared += 1
    assert compared > 60


def _differences(left: pl.DataFrame, right: pl.DataFrame) -> list[str]:
    if left.columns != right.columns or left.height != right.height:
        return ["shape"]
    plain = [
        frame.with_columns(pl.selectors.string().fill_null(""), pl.selectors.integer().cast(pl.Float64))
        for frame in (left, right)
    ]
    return [name for name in left.columns if not plain[0][name].equals(plain[1][name])]


@pytest.mark.peer
def test_dates_as_numbers_agree_with_the_transport_file(examples: Path) -> None:
    (expected,) = read_xpt(examples / "adam" / "adsl.xpt")
    for suffix in (".json", ".ndjson", ".dsjc"):
        read = read_dataset_json(examples / "adam" / f"adsl{suffix}")
        dates = [c.name for c in read.columns if c.target == "integer"]
        assert len(dates) >= 4
        if suffix != ".dsjc":
            assert read.frame.select(dates).equals(expected.frame.select(dates))


def test_a_compressed_file_is_read_whichever_wrapper_it_has(vitals: Dataset) -> None:
    plain = _write(vitals, "ndjson")
    assert read_dataset_json(gzip.compress(plain)).frame.equals(vitals.frame)
    assert _why(_write(vitals, "dsjc")[:-5]).codes() == ("DSJ-002",)
    assert _why(gzip.compress(plain)[:30]).codes() == ("DSJ-002",)


def test_values_have_their_json_types(document: dict[str, Any]) -> None:
    assert document["rows"] == [
        ["701-01", 1, 120.25, "120.250", "2012-01-08", "2012-01-08T09:30"],
        ["701-02", 2, None, None, None, None],
        [None, None, -0.5, "-0.5", "1960-01-01", "2012-02"],
    ]
    assert document["columns"][4]["targetDataType"] == "integer"
    assert document["columns"][3]["targetDataType"] == "decimal"


def test_times_as_numbers_keep_their_fractions() -> None:
    columns = (Column("DT", type="datetime", target="integer"), Column("TM", type="time", target="integer"))
    frame = pl.DataFrame({"DT": [0.5, -1.0, 1_000_000_000.0], "TM": [0.0, 86399.25, None]})
    dataset = Dataset("T", "", columns, frame)
    rows = json.loads(_write(dataset))["rows"]
    assert rows[0] == ["1960-01-01T00:00:00.5", "00:00:00"]
    assert rows[1] == ["1959-12-31T23:59:59", "23:59:59.25"]
    assert rows[2] == ["1991-09-09T01:46:40", None]
    assert read_dataset_json(_write(dataset)).frame.equals(frame)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("A", type="date", target="integer"), 0.5),
        (Column("A", type="date", target="integer"), 1e300),
        (Column("A", type="time", target="integer"), 86400.0),
        (Column("A", type="float"), float("inf")),
        (Column("A", type="float"), float("nan")),
    ],
)
def test_what_json_cannot_hold_is_refused(column: Column, value: float) -> None:
    with pytest.raises(Refused) as refused:
        _write(Dataset("T", "", (column,), pl.DataFrame({"A": [1.0, value]})))
    (finding,) = refused.value.findings
    assert finding.code == "DSJ-020"
    assert finding.place.path == "T.A row 2"


def test_special_missing_values_become_null_with_a_warning(vitals: Dataset) -> None:
    special = replace(vitals, special_missing=(SpecialMissing("VSSTRESN", 1, "C"),))
    assert write_dataset_json(special, io.BytesIO(), created=CREATED).codes() == ("DSJ-031",)


def test_an_attribute_given_twice_is_refused(vitals: Dataset) -> None:
    raw = _write(vitals).replace(b'"label":"Vital Signs"', b'"label":"Vital Signs","label":"Other"')
    assert _why(raw).codes() == ("DSJ-004",)


def test_a_row_of_another_width_is_refused(document: dict[str, Any]) -> None:
    document["rows"][1].append("more")
    (finding,) = _why(document)
    assert finding.code == "DSJ-012"
    assert finding.place.path == "row 2"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (0, 5, "DSJ-013"),
        (1, "1", "DSJ-013"),
        (1, True, "DSJ-013"),
        (1, 1.5, "DSJ-013"),
        (1, 2**70, "DSJ-014"),
        (2, 10**400, "DSJ-014"),
        (2, "x", "DSJ-013"),
        (3, 120.25, "DSJ-013"),
        (3, "12,5", "DSJ-015"),
        (4, "2012-13-01", "DSJ-015"),
        (4, "2012-01", "DSJ-015"),
        (5, ["nested"], "DSJ-013"),
        (5, {"nested": 1}, "DSJ-013"),
    ],
)
def test_a_value_of_another_type_is_refused(document: dict[str, Any], column: int, value: object, code: str) -> None:
    document["rows"][2][column] = value
    (finding,) = _why(document)
    assert finding.code == code
    assert finding.place.path == f"{document['columns'][column]['name']} row 3"


def test_metadata_is_checked_all_at_once(document: dict[str, Any]) -> None:
    del document["itemGroupOID"]
    document["datasetJSONVersion"] = "1.0.0"
    document["lable"] = "x"
    document["columns"][0]["dataType"] = "text"
    document["columns"][1]["length"] = 0
    document["columns"][2]["name"] = "VSORRES"
    findings = _why(document)
    assert sorted(findings.codes()) == ["DSJ-005", "DSJ-006", "DSJ-007", "DSJ-007", "DSJ-008", "DSJ-009"]
    assert 'Did you mean "label"?' in [f.remedy for f in findings]


def test_records_must_count_the_rows(document: dict[str, Any]) -> None:
    document["records"] = 4
    assert _why(document).codes() == ("DSJ-010",)


def test_what_is_not_json_names_the_line(vitals: Dataset) -> None:
    lines = _write(vitals, "ndjson").decode().splitlines()
    lines[2] = lines[2][:-1]
    (finding,) = _why("\n".join(lines).encode())
    assert finding.code == "DSJ-003"
    assert finding.place.line == 3
    assert _why(_write(vitals).replace(b"120.25,", b"NaN,")).codes() == ("DSJ-003",)
    assert _why(b"[1,2").codes() == ("DSJ-003",)
    assert _why(b"[" * 100_000).codes() == ("DSJ-003",)
    assert _why(b"\xff\xfe").codes() == ("DSJ-001",)
    assert _why(b"[]").codes() == ("DSJ-003",)


def test_half_a_character_is_refused_and_a_whole_one_is_not(document: dict[str, Any]) -> None:
    document["label"] = "\ud83d"
    assert _why(document).codes() == ("DSJ-001",)
    document["label"] = "\\ud83d"
    document["rows"][0][0] = "\U0001f600"
    assert read_dataset_json(json.dumps(document).encode()).frame["USUBJID"][0] == "\U0001f600"
    document["rows"][0][0] = "\udc00"
    assert _why(document).codes() == ("DSJ-001",)


def test_no_random_damage_gets_past_the_findings(vitals: Dataset) -> None:
    source = random.Random(20240229)
    words = [b"null", b"1e999", b"{}", b"[]", b'"', b",", b"-", b"true", b"\n", b"9" * 25, b"\\ud800", b"NaN"]
    refused = 0
    for _ in range(1500):
        data = bytearray(_write(vitals, source.choice(["json", "ndjson"])))
        at = source.randrange(len(data))
        data[at : at + source.randint(0, 6)] = source.choice(words)
        refused += _is_refused(bytes(data))
    assert refused > 750


def _is_refused(data: bytes) -> bool:
    try:
        dataset = read_dataset_json(data)
    except Refused as refused:
        findings = refused.findings
    else:
        assert read_dataset_json(_write(dataset)).frame.equals(dataset.frame)
        return False
    return bool(findings)


def test_no_truncation_gets_past_the_findings(vitals: Dataset) -> None:
    for layout in ("json", "ndjson", "dsjc"):
        data = _write(vitals, layout)
        for cut in range(0, len(data) - 2, 5):
            assert _why(data[:cut])
