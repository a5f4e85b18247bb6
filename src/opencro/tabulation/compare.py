"""Two versions of a dataset cell by cell, with a declared cause for every difference.

A study lists what it knows in tabulation/differences.yaml. A difference without a cause is a finding, and so is a
cause without a difference: the list can neither hide nor outlive anything. CMP-001..CMP-003.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from pydantic import Field, ValidationError

from opencro.kernel.expression import to_polars
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.kernel.located import Located
from opencro.study import Name, Part, Text, validation_findings
from opencro.tabulation.algorithms.derive import parsed

ROW, ORDER = "(row)", "(order)"
"""What stands in place of a variable: a row that one version lacks, a row that stands elsewhere."""

_TOLERANCE = 1e-12
"""Relative: SAS keeps 15 digits, and a hexadecimal double may be off in the last."""


class KnownDifference(Part):
    """One entry of differences.yaml: which cells differ, how many, why, and how that is known."""

    id: Name
    dataset: Name
    variables: tuple[str, ...] = Field(min_length=1, description='variables, or "(row)" or "(order)"')
    where: str = Field(default="", description="expression over the key columns of the row; empty = all rows")
    count: int = Field(ge=1, description="cells that differ")
    cause: Text
    evidence: Text


class KnownDifferences(Part):
    """tabulation/differences.yaml: by which variables rows are matched, and every cell that is known to differ."""

    keys: dict[Name, tuple[str, ...]] = Field(default={}, description="dataset: variables that identify a row")
    by_record: tuple[Name, ...] = Field(
        default=(), description="SUPP-- datasets whose rows are matched by the keys of their records, not by IDVARVAL"
    )
    differences: tuple[KnownDifference, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What comparing one dataset gave: rows and cells looked at, and a frame of key columns, variable, ours, theirs."""

    dataset: str
    keys: tuple[str, ...]
    rows: int
    cells: int
    differences: pl.DataFrame


def read_known_differences(document: Located | None) -> KnownDifferences:
    """The list of a study, empty where it has none; Refused with CMP-003 when it cannot be understood."""
    if document is None:
        return KnownDifferences()
    try:
        return KnownDifferences.model_validate(document.value)
    except ValidationError as error:
        raise Refused(validation_findings(error, document, "CMP-003")) from None


def compare_versions(
    ours: Mapping[str, pl.DataFrame], theirs: Mapping[str, pl.DataFrame], known: KnownDifferences
) -> list[Comparison]:
    """Every dataset that both versions have, row by row and cell by cell.

    Rows are matched by `known.keys`, else by USUBJID and --SEQ, else by all variables after the second.
    """
    made = []
    for name in [n for n in theirs if n in ours]:
        mine, other = ours[name], theirs[name]
        keys = known.keys.get(name) or _usual_keys(name, other)
        parent = name.removeprefix("SUPP")
        if name in known.by_record and parent in known.keys:
            sequence = f"{parent}SEQ"
            mine = supplemental_by_record(mine, ours[parent], sequence, known.keys[parent])
            other = supplemental_by_record(other, theirs[parent], sequence, known.keys[parent])
        made.append(compare_datasets(name, mine, other, keys))
    return made


def _usual_keys(name: str, frame: pl.DataFrame) -> tuple[str, ...]:
    usual = tuple(k for k in ("USUBJID", f"{name}SEQ", "IDVARVAL", "QNAM") if k in frame.columns)
    return usual or tuple(frame.columns[2:])


def compare_datasets(dataset: str, ours: pl.DataFrame, theirs: pl.DataFrame, keys: Sequence[str]) -> Comparison:
    """Every cell of two frames, rows matched by `keys` (rows that share a key in their order).

    Empty text equals missing, numbers equal within 1e-12 of their size. A column that one of them lacks counts as
    missing in it.
    """
    mine, other = _keyed(ours, keys), _keyed(theirs, keys)
    match = [*(f"_k{i}" for i in range(len(keys))), "_occurrence"]
    joined = mine.join(other, on=match, how="full", suffix="_theirs", coalesce=True, nulls_equal=True).with_columns(_ID)
    parts = [_row_differences(joined), _order_differences(joined)]
    both = joined.filter(pl.col("_at").is_not_null() & pl.col("_at_theirs").is_not_null())
    variables = list(dict.fromkeys([*ours.columns, *theirs.columns]))
    parts += [_cell_differences(both, v, v in ours.columns, v in theirs.columns) for v in variables]
    found = pl.concat(parts)
    shown = [pl.col(f"_k{i}").alias(k) for i, k in enumerate(keys)]
    frame = found.join(joined.select("_id", *shown), on="_id", how="left", maintain_order="left")
    return Comparison(
        dataset,
        tuple(keys),
        joined.height,
        both.height * len(variables),
        frame.select(*keys, "variable", "ours", "theirs"),
    )


def _keyed(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Empty text as missing, numbers as floats, keys without noise in the last digits, the place of each row."""
    clean = frame.with_columns(
        pl.when(pl.col(n) != "").then(pl.col(n)).alias(n) if t == pl.String else pl.col(n).cast(pl.Float64)
        for n, t in frame.schema.items()
    )
    keyed = clean.with_columns(
        (pl.col(k).round(9) if clean.schema[k] == pl.Float64 else pl.col(k)).alias(f"_k{i}") for i, k in enumerate(keys)
    )
    occurrence = pl.int_range(pl.len()).over([f"_k{i}" for i in range(len(keys))]).alias("_occurrence")
    return keyed.with_row_index("_at").with_columns(occurrence)


_FOUND = {"_id": pl.String, "variable": pl.String, "ours": pl.String, "theirs": pl.String}
_ID = pl.concat_str(pl.col("_at").fill_null(-1), pl.lit("/"), pl.col("_at_theirs").fill_null(-1)).alias("_id")


def _row_differences(joined: pl.DataFrame) -> pl.DataFrame:
    alone = joined.filter(pl.col("_at").is_null() | pl.col("_at_theirs").is_null())
    there = [pl.when(pl.col(c).is_not_null()).then(pl.lit("present")) for c in ("_at", "_at_theirs")]
    return alone.select("_id", pl.lit(ROW).alias("variable"), there[0].alias("ours"), there[1].alias("theirs"))


def _order_differences(joined: pl.DataFrame) -> pl.DataFrame:
    both = joined.filter(pl.col("_at").is_not_null() & pl.col("_at_theirs").is_not_null())
    ranks = both.with_columns(pl.col("_at", "_at_theirs").rank("ordinal"))
    moved = ranks.filter(pl.col("_at") != pl.col("_at_theirs"))
    return moved.select(
        "_id", pl.lit(ORDER).alias("variable"),
        pl.col("_at").cast(pl.String).alias("ours"), pl.col("_at_theirs").cast(pl.String).alias("theirs"),
    )  # fmt: skip


def _cell_differences(both: pl.DataFrame, variable: str, in_ours: bool, in_theirs: bool) -> pl.DataFrame:
    nothing = pl.lit(None, dtype=pl.String)
    mine = pl.col(variable) if in_ours else nothing
    # A column that only they have keeps its name in the join.
    other = pl.col(f"{variable}_theirs" if in_ours else variable) if in_theirs else nothing
    unlike = mine.ne_missing(other)
    if in_ours and in_theirs and both.schema[variable] == both.schema[f"{variable}_theirs"] == pl.Float64:
        near = (mine - other).abs() <= _TOLERANCE * pl.max_horizontal(mine.abs(), other.abs())
        unlike = unlike & ~near.fill_null(value=False)
    elif in_ours and in_theirs:
        mine, other = mine.cast(pl.String), other.cast(pl.String)
        unlike = mine.ne_missing(other)
    different = both.filter(unlike)
    return different.select(
        "_id", pl.lit(variable).alias("variable"),
        mine.cast(pl.String).alias("ours"), other.cast(pl.String).alias("theirs"),
    )  # fmt: skip


def supplemental_by_record(
    supplemental: pl.DataFrame, parent: pl.DataFrame, sequence: str, keys: Sequence[str]
) -> pl.DataFrame:
    """A SUPP-- dataset with the keys of its records, so that it can be compared where their numbers differ."""
    ids = parent.select(
        "USUBJID", pl.col(sequence).cast(pl.Int64).cast(pl.String).alias("_id"), *(k for k in keys if k != "USUBJID")
    )
    named = supplemental.with_columns(pl.col("IDVARVAL").str.strip_chars().alias("_id"))
    return named.join(ids, on=["USUBJID", "_id"], how="left", maintain_order="left").drop("_id")


@dataclass(frozen=True)
class Explained:
    """Differences with their causes: `differences` has dataset, row, variable, ours, theirs, cause (id, or missing)."""

    comparisons: tuple[Comparison, ...]
    known: tuple[KnownDifference, ...]
    differences: pl.DataFrame
    findings: Findings

    @property
    def unexplained(self) -> pl.DataFrame:
        """Differences without a cause."""
        return self.differences.filter(pl.col("cause").is_null())


_EXPLAINED = {
    "dataset": pl.String,
    "row": pl.String,
    "variable": pl.String,
    "ours": pl.String,
    "theirs": pl.String,
    "cause": pl.String,
}


def explain_differences(
    comparisons: Sequence[Comparison], known: Sequence[KnownDifference], file: str = ""
) -> Explained:
    """Give each difference the first cause that fits; findings CMP-001 (no cause), CMP-002 (another count)."""
    frames = [pl.DataFrame(schema=_EXPLAINED)]
    for comparison in comparisons:
        fitting = [k for k in known if k.dataset == comparison.dataset]
        frames.append(_with_causes(comparison, fitting))
    explained = pl.concat(frames)
    counts = dict(explained.drop_nulls("cause").group_by("cause").len().iter_rows())
    findings = [_unexplained(c.dataset, explained, file) for c in comparisons]
    for entry in known:
        found = counts.get(entry.id, 0)
        if found != entry.count:
            got = f"{entry.id} says that {entry.count} cells of {entry.dataset} differ, {found} do"
            remedy = "Correct the count and its cause, or take the entry out."
            findings.append(Finding("CMP-002", Place(file, None, entry.id), got, f"{entry.count}", remedy))
    return Explained(tuple(comparisons), tuple(known), explained, Findings(tuple(f for f in findings if f)))


def _with_causes(comparison: Comparison, known: Sequence[KnownDifference]) -> pl.DataFrame:
    frame = comparison.differences
    cause: pl.Expr = pl.lit(None, dtype=pl.String)
    for entry in reversed(known):
        fits = pl.col("variable").is_in(list(entry.variables))
        if entry.where:
            fits = fits & to_polars(parsed(entry.where), dict(frame.schema))
        cause = pl.when(fits).then(pl.lit(entry.id)).otherwise(cause)
    shown = [pl.concat_str(pl.lit(f"{k}="), pl.col(k).cast(pl.String).fill_null("")) for k in comparison.keys]
    return frame.select(
        pl.lit(comparison.dataset).alias("dataset"), pl.concat_str(shown, separator=", ").alias("row"),
        "variable", "ours", "theirs", cause.alias("cause"),
    )  # fmt: skip


def _unexplained(dataset: str, explained: pl.DataFrame, file: str) -> Finding | None:
    rows = explained.filter((pl.col("dataset") == dataset) & pl.col("cause").is_null())
    if rows.is_empty():
        return None
    first = rows.row(0, named=True)
    at = f"{first['variable']} of {first['row']}"
    got = f'{rows.height} cells of {dataset} differ without a cause, first {at}: "{first["ours"]}"'
    return Finding("CMP-001", Place(file), got, f'"{first["theirs"]}"', "Correct the derivation, or add the cause.")


_SHOWN = 12
"""Differences of one cause that the report prints one by one."""


def render_differences(explained: Explained, title: str) -> str:
    """The report as Markdown: a table of datasets, then every cause with its evidence and its rows."""
    lines = [f"# {title}", "", "| dataset | rows | cells | differ | without a cause |", "|---|---:|---:|---:|---:|"]
    per: Mapping[str, tuple[int, int]] = {
        name: (total, lost)
        for name, total, lost in explained.differences.group_by("dataset")
        .agg(pl.len(), pl.col("cause").null_count())
        .iter_rows()
    }
    for c in explained.comparisons:
        total, lost = per.get(c.dataset, (0, 0))
        lines.append(f"| {c.dataset} | {c.rows} | {c.cells} | {total} | {lost} |")
    for entry in explained.known:
        rows = explained.differences.filter(pl.col("cause") == entry.id)
        lines += [
            "",
            f"## {entry.id}: {entry.dataset} {', '.join(entry.variables)}",
            "",
            f"{rows.height} differ. {entry.cause}",
            "",
        ]
        lines += [f"Evidence: {entry.evidence}", "", *_rows_table(rows)]
    if not explained.unexplained.is_empty():
        lines += ["", "## Without a cause", "", *_rows_table(explained.unexplained)]
    return "\n".join(lines) + "\n"


def _rows_table(rows: pl.DataFrame) -> list[str]:
    lines = ["| dataset | row | variable | ours | theirs |", "|---|---|---|---|---|"]
    for row in rows.head(_SHOWN).iter_rows(named=True):
        cells = [row[n] if row[n] is not None else "" for n in ("dataset", "row", "variable", "ours", "theirs")]
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    if rows.height > _SHOWN:
        lines.append(f"| | and {rows.height - _SHOWN} more | | | |")
    return lines
