"""MedDRA as its maintainer distributes it: `llt.asc` and `mdhier.asc`, fields between `$`, no heading.

Of llt.asc fields 1 to 3 (code, name, code of the preferred term) and 10 (currency, Y or N) are read; of mdhier.asc the
codes and names of all levels and field 12 (Y on the primary path). Every preferred term is also a lowest level term.

Source: MedDRA Distribution File Format Document (MSSO), the files llt.asc and mdhier.asc.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from opencro.capture.coding.formats.text import read_fields
from opencro.capture.coding.model import NO_CLASSES, Dictionary
from opencro.kernel.finding import Finding, Place, Refused

FILES = ("llt.asc", "mdhier.asc")
LEVELS = ("pt", "hlt", "hlgt", "soc")
_LLT = {0: "code", 1: "term", 2: "pt_code", 9: "currency"}
_PATH = {
    0: "pt_code",
    1: "hlt_code",
    2: "hlgt_code",
    3: "soc_code",
    4: "pt_term",
    5: "hlt_term",
    6: "hlgt_term",
    7: "soc_term",
    11: "primary",
}


def read_meddra(name: str, version: str, files: Mapping[str, bytes]) -> Dictionary:
    """The dictionary in llt.asc and mdhier.asc; Refused with COD-201 (too few fields), COD-202 (no path)."""
    terms = read_fields(files["llt.asc"], "llt.asc", "$", _LLT)
    paths = read_fields(files["mdhier.asc"], "mdhier.asc", "$", _PATH)
    primary = paths.filter(pl.col("primary") == "Y").unique("pt_code", keep="first", maintain_order=True)
    joined = terms.join(primary, on="pt_code", how="left", maintain_order="left")
    lost = joined.filter(pl.col("soc_code").is_null())
    if len(lost):
        code, term = lost.row(0)[:2]
        got = f"{len(lost):,} terms without a primary path, the first is {code} {term}"
        remedy = "Take llt.asc and mdhier.asc of one version."
        raise Refused([Finding("COD-202", Place("llt.asc"), got, "a path in mdhier.asc for every term", remedy)])
    columns = [f"{level}_{part}" for level in LEVELS for part in ("code", "term")]
    read = joined.select("code", "term", (pl.col("currency") != "N").alias("current"), *columns)
    return Dictionary(name, version, LEVELS, read, NO_CLASSES)
