"""SAS transport and Dataset-JSON on the pilot's largest dataset (QS, 121,749 rows), beside pyreadstat in the same run.

The limit is the same bytes read or written raw. Needs ../shared/data.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyreadstat

from benchmarks._process import cpu_seconds
from opencro.tabulation.formats import read_dataset_json, read_xpt, write_dataset_json, write_xpt

SOURCE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdisc" / "cdiscpilot01" / "sdtm" / "qs.zip"
CREATED = datetime(2024, 1, 1)
Row = tuple[str, float, float, float, float]


def measure() -> list[Row]:
    """(name, ours, peer, ratio peer/ours, limit) in CPU seconds; peer and ratio are NaN where there is no peer."""
    with zipfile.ZipFile(SOURCE) as archive:
        data = archive.read("qs.xpt")
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder) / "qs.xpt", Path(folder) / "other.xpt"
        path.write_bytes(data)
        (dataset,) = read_xpt(path)
        frame, _ = pyreadstat.read_xport(path, encoding="windows-1252", output_format="polars")
        raw_read = _best(path.read_bytes)
        raw_write = _best(lambda: other.write_bytes(data))
        peer_read = _best(lambda: pyreadstat.read_xport(path, encoding="windows-1252", output_format="polars"))
        peer_write = _best(lambda: pyreadstat.write_xport(frame, other, file_format_version=5))
        rows = [
            _row("xpt read: CPU s", _best(lambda: read_xpt(path)), peer_read, raw_read),
            _row("xpt write: CPU s", _best(lambda: write_xpt(dataset, other, created=CREATED)), peer_write, raw_write),
        ]
        json_path = Path(folder) / "qs.json"
        ours = _best(lambda: write_dataset_json(dataset, json_path, created=CREATED))
        text = json_path.read_bytes()
        rows.append(_row("dataset-json write: CPU s", ours, float("nan"), _best(lambda: json_path.write_bytes(text))))
        ours = _best(lambda: read_dataset_json(json_path))
        rows.append(_row("dataset-json read: CPU s", ours, float("nan"), _best(json_path.read_bytes)))
        buffer = io.BytesIO()
        write_dataset_json(dataset, buffer, created=CREATED)
        assert buffer.getvalue() == text
    return rows


def _row(name: str, ours: float, peer: float, limit: float) -> Row:
    return name, ours, peer, peer / ours, limit


def _best(work: Callable[[], object], times: int = 3) -> float:
    spans = []
    for _ in range(times):
        spans.append(cpu_seconds(work))
    return min(spans)
