"""Published results of the family `categorical`, and the pilot's tables that use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from opencro.stats import categorical
from tests.reference.stats.material import Reference, table

Numbers = list[float]
STATISTICS = {"cor": 0, "rmeans": 1, "general": 2}


def _count(frame: pl.DataFrame, row: str, column: str, stratum: str) -> np.ndarray:
    levels = [sorted(frame[name].unique().to_list()) for name in (stratum, row, column)]
    tables = np.zeros([len(values) for values in levels])
    for key in zip(frame[stratum], frame[row], frame[column], strict=True):
        tables[tuple(values.index(v) for values, v in zip(levels, key, strict=True))] += 1
    return tables


def _fisher(r: Reference) -> float:
    x1, n1, x2, n2 = (r.data[name] for name in ("x1", "n1", "x2", "n2"))
    return categorical.fisher_exact([[x1, n1 - x1], [x2, n2 - x2]]).p_value


def _corrected(r: Reference) -> Numbers:
    x1, n1, x2, n2 = (table(r.data)[name].to_numpy() for name in ("x1", "n1", "x2", "n2"))
    tables = np.stack([np.stack([x1, n1 - x1], axis=1), np.stack([x2, n2 - x2], axis=1)], axis=1)
    found = categorical.mantel_haenszel_test(tables, correct=True)
    return [found.chi_square, found.p_value]


def _camis(r: Reference) -> Numbers:
    scenario, _, condition = r.params["scenario"].partition(";")
    frame = table(r.data)
    if condition:
        frame = frame.filter((pl.col("TRTPN") != 54) & (pl.col("AGEGR1") != ">80"))
    sides, stratum = scenario.split(" | ")
    found = categorical.cochran_mantel_haenszel(_count(frame, *sides.split(" x "), stratum))
    i = STATISTICS[r.id.rsplit(".", 1)[1]]
    # SAS printed four decimals, for the smallest statistics a single digit.
    return [round(float(found.chi_square[i]), 4), float(found.df[i]), round(float(found.p_value[i]), 4)]


def _mcnemar(r: Reference) -> Numbers:
    a, c, b, d = r.data["table"]  # by columns, as R's matrix() reads them
    pairs = [[a, b], [c, d]]
    plain, corrected = categorical.mcnemar(pairs), categorical.mcnemar(pairs, correct=True)
    exact = categorical.mcnemar_exact(pairs).p_value
    return [plain.chi_square, plain.p_value, corrected.chi_square, corrected.p_value, exact]


def _eosinophils(r: Reference) -> Numbers:
    found = categorical.cochran_mantel_haenszel(list(r.data.values()))
    return [found.chi_square[2], found.df[2], found.p_value[2]]


def _demographics(r: Reference) -> Numbers:
    frame = table("adam/tdf/adsl.parquet").filter(pl.col("ITTFL") == "Y")
    counts = _count(frame.with_columns(ALL=pl.lit("all")), "TRT01P", r.id.rsplit(".", 1)[1], "ALL")[0]
    found = categorical.pearson_chi_square(counts)
    return [found.chi_square, found.p_value]


def _cibic(r: Reference) -> Numbers:
    week = int(r.id.removeprefix("14-3.13.wk"))
    frame = table("adam/tdf/adcibc.parquet").filter(
        (pl.col("EFFFL") == "Y") & (pl.col("ANL01FL") == "Y") & (pl.col("AVISITN") == week)
    )
    found = categorical.cochran_mantel_haenszel(_count(frame, "TRTP", "AVAL", "SITEGR1"))
    return [found.chi_square[1], found.p_value[1]]


RECOMPUTE: dict[str, Callable[[Reference], float | Sequence[float]]] = {
    "fisher.p.*": _fisher,
    "cmh.2x2x5.cc": _corrected,
    "cmh.camis.*": _camis,
    "mcnemar.colds": _mcnemar,
    "14-6.05.cmh.eosinophils": _eosinophils,
    "14-2.01.chisq.*": _demographics,
    "14-3.13.wk*": _cibic,
}
