"""The published results and the data they were computed from, read once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "analysis"


@dataclass(frozen=True)
class Reference:
    """One published result: `value` holds one number or several, None where it is not estimable."""

    id: str
    group: str
    method: str
    data: Any
    params: dict[str, Any]
    stat: str
    value: Any
    rel_tol: float
    note: str
    table: str


@cache
def references() -> tuple[Reference, ...]:
    """All references of the file, or none where the folder is absent."""
    path = FOLDER / "stats_reference.json"
    if not path.is_file():
        return ()
    rows = json.loads(path.read_text(encoding="utf-8"))["references"]
    return tuple(
        Reference(
            r["id"], r["group"], r["method"], r.get("data"), r.get("params") or {}, r["stat"], r["value"],
            r["rel_tol"], r.get("note") or "", r.get("table") or "",
        )
        for r in rows
    )  # fmt: skip


@cache
def table(name: str) -> pl.DataFrame:
    """A CSV or Parquet file of the folder, e.g. `stats_data/lung.csv`; "NA" is null."""
    path = FOLDER / name
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, null_values=["NA", ""], infer_schema_length=None)
