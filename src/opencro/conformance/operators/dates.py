"""Dates and durations of ISO 8601 of any precision, as SDTM writes them (SDTMIG 3.4 section 4.4)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from opencro.conformance.bench import Bench, Operand
from opencro.conformance.model import Leaf
from opencro.conformance.operators.form import Operator, negate, truth
from opencro.conformance.operators.iso8601 import DURATION, FIELDS, FULL, KNOWN, MOMENTS


def valid_date(text: pl.Expr) -> pl.Expr:
    """Whether a text is a date of any precision that the calendar has."""
    ends = [r"^([0-9]{4}-[0-9]{2}-[0-9]{2})", r"/([0-9]{4}-[0-9]{2}-[0-9]{2})"]
    days = [text.str.extract(end, 1) for end in ends]
    real = [day.is_null() | day.str.to_date("%Y-%m-%d", strict=False).is_not_null() for day in days]
    return truth(text.str.contains(f"^{MOMENTS}$") & pl.all_horizontal(real))


def complete_date(text: pl.Expr) -> pl.Expr:
    """Whether a text is a date with year, month and day, with or without a time."""
    extended = text.str.contains(f"^{FULL}$") & text.str.head(10).str.to_date("%Y-%m-%d", strict=False).is_not_null()
    basic = text.str.contains("^[0-9]{8}$") & text.str.to_date("%Y%m%d", strict=False).is_not_null()
    return truth(extended | basic)


def _invalid(leaf: Leaf, bench: Bench) -> pl.Expr:
    target = bench.target(leaf)
    return ~valid_date(target.expr) if target.is_text else pl.lit(True)


def _complete(leaf: Leaf, bench: Bench) -> pl.Expr:
    target = bench.target(leaf)
    return complete_date(target.expr) if target.is_text else pl.lit(False)


def _invalid_duration(leaf: Leaf, bench: Bench) -> pl.Expr:
    text = bench.target(leaf).text
    sign = "" if leaf.options.get("negative") is False else "-?"
    return ~truth(text.str.contains(f"^{sign}{DURATION}$"))


def _precision(parts: pl.Expr) -> pl.Expr:
    fields = [parts.struct.field(name).is_not_null().cast(pl.Int8) for name in FIELDS]
    return pl.sum_horizontal(fields)


def _stamp(parts: pl.Expr) -> pl.Expr:
    """Year to fraction as one sortable text, moved to UTC where a zone is given."""
    zone = parts.struct.field("zone")
    defaults = {"year": "1970", "month": "01", "day": "01", "hour": "00", "minute": "00", "second": "00"}
    filled = [parts.struct.field(n).fill_null(d) for n, d in defaults.items()]
    micro = parts.struct.field("fraction").fill_null("").str.pad_end(6, "0").str.slice(0, 6)
    joined = pl.format("{}-{}-{}T{}:{}:{}.{}", *filled, micro)
    moment = joined.str.to_datetime("%Y-%m-%dT%H:%M:%S%.6f", strict=False, time_unit="us")
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = zone.str.slice(4, 2).cast(pl.Int64, strict=False).fill_null(0)
    return moment - pl.duration(minutes=sign * (hours * 60 + minutes))


def _cut(moment: pl.Expr, precision: pl.Expr) -> pl.Expr:
    steps = ("1y", "1mo", "1d", "1h", "1m", "1s")
    cut = moment
    for level, step in enumerate(steps, 1):
        cut = pl.when(precision == level).then(moment.dt.truncate(step)).otherwise(cut)
    return cut


def _text(operand: Operand) -> pl.Expr:
    return operand.expr if operand.is_text else pl.lit(None, dtype=pl.String)


def _compared(compare: Callable[[pl.Expr, pl.Expr], pl.Expr], exact: bool | None) -> Operator:
    def operator(leaf: Leaf, bench: Bench) -> pl.Expr:
        left, right = _text(bench.target(leaf)), _text(bench.comparator(leaf))
        component = leaf.options.get("date_component")
        one, two = left.str.extract_groups(f"^{KNOWN}"), right.str.extract_groups(f"^{KNOWN}")
        if component not in (None, "auto"):
            fields = [parts.struct.field(str(component)).cast(pl.Int64, strict=False) for parts in (one, two)]
            return truth(compare(fields[0], fields[1]) & valid_date(left) & valid_date(right))
        first, second = _precision(one), _precision(two)
        shared = pl.min_horizontal(first, second)
        found = compare(_cut(_stamp(one), shared), _cut(_stamp(two), shared))
        if exact is not None and component is None:
            found = found & (first == second) if exact else found | (first != second)
        return truth(found & (shared > 0) & valid_date(left) & valid_date(right))

    return operator


OPERATORS: dict[str, Operator] = {
    "invalid_date": _invalid,
    "invalid_duration": _invalid_duration,
    "is_complete_date": _complete,
    "is_incomplete_date": negate(_complete),
    "date_equal_to": _compared(pl.Expr.eq, True),
    "date_not_equal_to": _compared(pl.Expr.ne, False),
    "date_less_than": _compared(pl.Expr.lt, None),
    "date_less_than_or_equal_to": _compared(pl.Expr.le, None),
    "date_greater_than": _compared(pl.Expr.gt, None),
    "date_greater_than_or_equal_to": _compared(pl.Expr.ge, None),
}
