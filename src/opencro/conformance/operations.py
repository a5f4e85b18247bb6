"""Operations: what a rule computes before its check, as a constant or as one more column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from opencro.conformance.bench import MissingColumn, Operand, UnknownWord
from opencro.conformance.model import Table
from opencro.conformance.operators.text import check_pattern
from opencro.conformance.scope import is_custom
from opencro.conformance.tables import MARKS, Tables, dataset_facts, records
from opencro.conformance.terminology import find_codelist, find_term, release_dates, term_part
from opencro.terms import DomainSpec, TermsStore

Library = Mapping[str, DomainSpec]


class NoDataset(Exception):
    """An operation asks for a dataset that the study lacks."""


@dataclass
class Work:
    """The frame that is checked and the constants found so far, while operations are carried out."""

    table: Table
    tables: Tables
    library: Library
    frame: pl.DataFrame
    constants: dict[str, Any] = field(default_factory=dict)
    store: TermsStore = field(default_factory=TermsStore)

    def keep(self, name: str, value: Any) -> None:
        """Hold a result that is the same on every row."""
        self.constants[name] = value


def run_operations(operations: tuple[Mapping[str, Any], ...], work: Work) -> None:
    """Carry out the operations in order; UnknownWord, NoDataset or MissingColumn when one cannot be done."""
    for operation in operations:
        word = str(operation.get("operator"))
        function = OPERATIONS.get(word)
        if function is None:
            raise UnknownWord(f"operation {word}")
        function(operation, work)


def _domain(operation: Mapping[str, Any], work: Work) -> str:
    domain = str(operation.get("domain") or work.table.whole)
    if domain.startswith(("SUPP", "SQ")) and domain.endswith("--") and work.table.related_domain:
        domain = domain.replace("--", work.table.related_domain)
    return domain


def _source(operation: Mapping[str, Any], work: Work) -> pl.DataFrame:
    """The dataset that an operation reads: the checked one with what was joined to it, or another of the study."""
    domain = _domain(operation, work)
    lone = domain in ("RELREC", "RELSUB", "CO") or domain.startswith(("SUPP", "SQ"))
    frame = work.frame
    if not lone and "DOMAIN" in frame.columns and frame.height and frame["DOMAIN"][0] == domain:
        return frame
    stem = domain[:-2] if domain.endswith("--") else None
    other = next(
        (t for t in work.tables.values() if t.whole == domain or (stem is not None and t.whole.startswith(stem))), None
    )
    if other is None:
        raise NoDataset(domain)
    return records(other, work.tables)


def _target(operation: Mapping[str, Any], work: Work) -> str:
    name = str(operation.get("name") or "")
    prefix = str(operation.get("domain") or work.table.prefix)
    return name.replace("--", prefix) if name.startswith("--") else name


def _needed(frame: pl.DataFrame, *names: str) -> None:
    for name in names:
        if name not in frame.columns:
            raise MissingColumn(name)


def _filtered(operation: Mapping[str, Any], frame: pl.DataFrame) -> pl.DataFrame:
    for name, value in (operation.get("filter") or {}).items():
        _needed(frame, name)
        column = Operand(pl.col(name), frame.schema[name])
        if isinstance(value, str) and value.endswith("&"):
            frame = frame.filter(column.text.str.starts_with(value.rstrip("&")))
        else:
            wanted = str(value) if isinstance(value, str | bool) else value
            left = column.text if isinstance(wanted, str) else column.number
            frame = frame.filter(left == wanted)
    return frame


def _groups(operation: Mapping[str, Any], work: Work) -> tuple[list[str], list[str]]:
    """The grouping columns in the source and their names in the checked frame."""
    domain = _domain(operation, work)
    names = operation.get("group") or []
    aliases = operation.get("group_aliases") or []
    source: list[str] = []
    own: list[str] = []
    for n, name in enumerate([names] if isinstance(names, str) else names):
        constant = work.constants.get(name)
        parts = list(constant) if isinstance(constant, list) else [str(name).replace("--", domain)]
        source.extend(parts)
        own.extend([str(aliases[n]).replace("--", domain)] if n < len(aliases) else parts)
    return list(dict.fromkeys(source)), list(dict.fromkeys(own))


def _spread(operation: Mapping[str, Any], work: Work, found: pl.DataFrame, source: list[str], own: list[str]) -> None:
    """One column more in the checked frame: the result of each row's group."""
    name = str(operation["id"])
    _needed(work.frame, *own)
    keys = [f"\0g{n}" for n in range(len(own))]
    left = work.frame.with_columns(
        Operand(pl.col(c), work.frame.schema[c]).text.alias(k) for c, k in zip(own, keys, strict=True)
    )
    right = found.select(
        *(Operand(pl.col(c), found.schema[c]).text.alias(k) for c, k in zip(source, keys, strict=True)), "\0result"
    )
    joined = left.join(right, on=keys, how="left", nulls_equal=True, maintain_order="left").drop(keys)
    work.frame = joined.drop(name, strict=False).rename({"\0result": name})


def record_count(operation: Mapping[str, Any], work: Work) -> None:
    """How many records there are, in all or in each group."""
    frame = _source(operation, work)
    kept = _filtered(operation, frame)
    if not operation.get("group"):
        work.keep(operation["id"], kept.height)
        return
    source, own = _groups(operation, work)
    _needed(frame, *source)
    pattern = str(operation.get("regex") or "")
    keys = [_cut(frame, name, pattern).alias(f"\0c{n}") for n, name in enumerate(source)]
    names = [f"\0c{n}" for n in range(len(source))]
    counts = kept.with_columns(keys).group_by(names).agg(pl.len().alias("\0result"))
    every = frame.select(*source, *keys).unique(maintain_order=True)
    found = every.join(counts, on=names, how="left", nulls_equal=True).with_columns(pl.col("\0result").fill_null(0))
    _spread(operation, work, found.unique(source, keep="first"), source, own)


def _cut(frame: pl.DataFrame, name: str, pattern: str) -> pl.Expr:
    column = pl.col(name)
    if not pattern or frame.schema[name] != pl.String:
        return column
    check_pattern(pattern)
    starts = column.drop_nulls().first().str.contains(f"^(?:{pattern})").fill_null(False)
    return pl.when(starts).then(column.str.extract(f"^({pattern})", 1).fill_null(column)).otherwise(column)


def distinct(operation: Mapping[str, Any], work: Work) -> None:
    """The different values of a column, in all or in each group."""
    frame, target = _filtered(operation, _source(operation, work)), _target(operation, work)
    _needed(frame, target)
    if operation.get("value_is_reference"):
        known = {t.name: set(t.frame.columns) for t in work.tables.values()}
        _needed(frame, "RDOMAIN")
        pairs = frame.select("RDOMAIN", target).unique(maintain_order=True).rows()
        valid = [name for domain, name in pairs if name in known.get(domain, ())]
        frame = frame.with_columns(pl.when(pl.col(target).is_in(valid)).then(pl.col(target)).alias(target))
    if not operation.get("group"):
        work.keep(operation["id"], frame[target].drop_nulls().unique(maintain_order=True).to_list())
        return
    source, own = _groups(operation, work)
    _needed(frame, *source)
    values = Operand(pl.col(target), frame.schema[target]).text
    found = frame.group_by(source, maintain_order=True).agg(
        values.drop_nulls().unique(maintain_order=True).alias("\0result")
    )
    _spread(operation, work, found, source, own)


def mapped(operation: Mapping[str, Any], work: Work) -> None:
    """A constant, or the output of the row of a small table that fits."""
    rows = operation.get("map") or []
    names = [key for key in rows[0] if key != "output"] if rows else []
    if not names:
        work.keep(operation["id"], rows[0]["output"] if rows else None)
        return
    _needed(work.frame, *names)
    table = pl.DataFrame([{**{n: str(r.get(n)) for n in names}, "\0result": r.get("output")} for r in rows])
    _spread(operation, work, table.unique(names, keep="first"), names, names)


def _extreme(largest: bool, dated: bool) -> Callable[[Mapping[str, Any], Work], None]:
    def operation_of(operation: Mapping[str, Any], work: Work) -> None:
        frame, target = _filtered(operation, _source(operation, work)), _target(operation, work)
        _needed(frame, target)
        column = pl.col(target).max() if largest else pl.col(target).min()
        if operation.get("group"):
            source, own = _groups(operation, work)
            _needed(frame, *source)
            _spread(operation, work, frame.group_by(source).agg(column.alias("\0result")), source, own)
            return
        value = frame.select(column).item()
        if dated and isinstance(value, str) and "T" not in value:
            value = value + {4: "-01-01", 7: "-01"}.get(len(value), "") + "T00:00:00"
        work.keep(operation["id"], value)

    return operation_of


def study_day(operation: Mapping[str, Any], work: Work) -> None:
    """The study day of a date, from RFSTDTC of the subject; there is no day 0."""
    target = _target(operation, work)
    subjects = next((t.frame for t in work.tables.values() if t.domain == "DM"), None)
    if subjects is None:
        raise NoDataset("DM")
    _needed(work.frame, target, "USUBJID")
    _needed(subjects, "USUBJID", "RFSTDTC")
    starts = subjects.select("USUBJID", pl.col("RFSTDTC").alias("\0start")).unique("USUBJID", keep="first")
    frame = work.frame.join(starts, on="USUBJID", how="left", maintain_order="left")
    day = pl.col(target).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    start = pl.col("\0start").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    days = (day - start).dt.total_days()
    result = pl.when(days < 0).then(days).otherwise(days + 1).cast(pl.Float64)
    work.frame = frame.with_columns(result.alias(operation["id"])).drop("\0start")


def split_by(operation: Mapping[str, Any], work: Work) -> None:
    """The parts of a text between delimiters."""
    target = _target(operation, work)
    _needed(work.frame, target)
    parts = pl.col(target).str.split(str(operation.get("delimiter")))
    work.frame = work.frame.with_columns(parts.alias(operation["id"]))


def variable_count(operation: Mapping[str, Any], work: Work) -> None:
    """In how many datasets of the study the variable is."""
    name = str(operation.get("name"))
    tables = {t.whole: t for t in work.tables.values()}.values()
    work.keep(operation["id"], sum(name.replace("--", t.prefix) in t.frame.columns for t in tables))


def _facts(operation: Mapping[str, Any], work: Work) -> None:
    row = dataset_facts(work.table, work.tables).row(0, named=True)
    work.keep(operation["id"], row.get(str(operation.get("name"))))


def _spec(work: Work) -> DomainSpec:
    name = "SUPPQUAL" if work.table.is_supplemental else work.table.whole
    if name not in work.library:
        raise UnknownWord(f"library metadata of {name}")
    return work.library[name]


def _listed(key: str, wanted: str) -> Callable[[Mapping[str, Any], Work], None]:
    """Variables that the implementation guide lists, all or those of one role or core."""

    def operation_of(operation: Mapping[str, Any], work: Work) -> None:
        name, value = key or str(operation.get("key_name") or ""), wanted or operation.get("key_value")
        if name not in ("", "role", "core"):
            raise UnknownWord(f"library key {name}")
        found = [v.name for v in _spec(work).variables if not name or getattr(v, name) == value]
        if operation.get("operator") == "get_dataset_filtered_variables":
            found = [v for v in found if v in work.frame.columns]
        work.keep(operation["id"], found)

    return operation_of


def _answered(
    operation: Mapping[str, Any], work: Work, options: list[str], answer: Callable[..., Any], kind: pl.DataType
) -> None:
    """One answer for each different combination of the options, which are columns, constants or plain values."""
    names = [str(operation[option]) for option in options]
    own = list(dict.fromkeys(n for n in names if n not in work.constants and n != operation.get("codelist_code")))
    own += [n for n in dict.fromkeys(names) if n not in own and n in work.frame.columns and n not in work.constants]
    _needed(work.frame, *own)
    plain = {n: work.constants.get(n, n) for n in names if n not in own}
    texts = work.frame.select(Operand(pl.col(n), work.frame.schema[n]).text.alias(n) for n in own).unique()
    rows = [plain | row for row in texts.rows(named=True)] if own else [plain]
    answers = [answer(*(row[n] for n in names)) for row in rows]
    if not own:
        work.keep(operation["id"], answers[0])
        return
    _spread(operation, work, texts.with_columns(pl.Series("\0result", answers, dtype=kind)), own, own)


def codelist_extensible(operation: Mapping[str, Any], work: Work) -> None:
    """Whether sponsors may add terms to the code list of the version that each row names."""

    def answer(code: str | None, version: str | None) -> bool | None:
        found = find_codelist(work.store, str(operation.get("ct_package_type")), version, code)
        return None if found is None else found.extensible

    _answered(operation, work, ["codelist_code", "version"], answer, pl.Boolean())


def codelist_terms(operation: Mapping[str, Any], work: Work) -> None:
    """Code, value or preferred term of the term that each row names, in the code list of the version it names."""
    by = [option for option in ("term_code", "term_value", "term_pref_term") if option in operation]
    if len(by) != 1 or "version" not in operation:
        raise UnknownWord("codelist_terms without one term and a version")

    def answer(code: str | None, version: str | None, word: str | None) -> str | None:
        found = find_codelist(work.store, str(operation.get("ct_package_type")), version, code)
        term = None if found is None or word is None else find_term(found, by[0], word)
        return None if term is None else term_part(term, str(operation.get("returntype")))

    _answered(operation, work, ["codelist_code", "version", *by], answer, pl.String())


def _kept(value: Callable[[Mapping[str, Any], Work], Any]) -> Callable[[Mapping[str, Any], Work], None]:
    def operation_of(operation: Mapping[str, Any], work: Work) -> None:
        work.keep(operation["id"], value(operation, work))

    return operation_of


OPERATIONS: dict[str, Callable[[Mapping[str, Any], Work], None]] = {
    "record_count": record_count,
    "distinct": distinct,
    "map": mapped,
    "max": _extreme(True, False),
    "min": _extreme(False, False),
    "max_date": _extreme(True, True),
    "min_date": _extreme(False, True),
    "dy": study_day,
    "split_by": split_by,
    "variable_count": variable_count,
    "extract_metadata": _facts,
    "required_variables": _listed("core", "Req"),
    "expected_variables": _listed("core", "Exp"),
    "get_column_order_from_library": _listed("", ""),
    "get_dataset_filtered_variables": _listed("", ""),
    "codelist_extensible": codelist_extensible,
    "codelist_terms": codelist_terms,
    "valid_codelist_dates": _kept(lambda o, work: release_dates(o.get("ct_package_types") or (), work.store)),
    "domain_label": _kept(lambda _, work: _spec(work).label),
    "domain_is_custom": _kept(lambda o, work: is_custom(_domain(o, work))),
    "variable_exists": _kept(lambda o, work: _target(o, work) in _source(o, work).columns),
    "dataset_names": _kept(lambda _, work: sorted(t.name for t in work.tables.values())),
    "study_domains": _kept(lambda _, work: sorted({t.domain or "" for t in work.tables.values()})),
    "get_column_order_from_dataset": _kept(
        lambda o, work: [c for c in _source(o, work).columns if c not in MARKS and c not in work.constants]
    ),
}
