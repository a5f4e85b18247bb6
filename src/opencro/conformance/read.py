"""Reading what is checked and what checks it: folders of datasets, and published rules in a folder or an archive."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from opencro.conformance.model import Rule, Table, VariableFacts
from opencro.conformance.parse import parse_rule
from opencro.kernel.finding import Finding, Findings, Place, Refused
from opencro.tabulation import Dataset, read_dataset_json, read_dataset_parquet, read_xpt

_LARGEST_RULE = 1_000_000
_MOST_RULES = 100_000
_DATASETS = (".xpt", ".json", ".ndjson", ".parquet", ".csv")


def read_rules(path: Path) -> tuple[tuple[Rule, ...], Findings]:
    """The rules of a folder, a rule file or a .tar archive, by id, and what is wrong with them.

    Refused with CNF-005 when there is nothing to read at the path.
    """
    rules: dict[str, Rule] = {}
    findings: list[Finding] = []
    for file, data in _rule_files(path):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            findings.append(_finding("CNF-001", file, "text that is not UTF-8", "a rule in UTF-8", "Save it as UTF-8."))
            continue
        rule, wrong = parse_rule(text, file)
        findings.extend(wrong)
        if rule is not None and rule.id in rules:
            findings.append(_finding("CNF-003", file, f"rule {rule.id} again", "each rule once", "Remove one of them."))
        elif rule is not None:
            rules[rule.id] = rule
    return tuple(rules[name] for name in sorted(rules)), Findings(tuple(findings))


def _finding(code: str, file: str, got: str, expected: str, remedy: str) -> Finding:
    return Finding(code, Place(file), got, expected, remedy)


def _rule_files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        files = [f for f in sorted(path.rglob("*.y*ml")) if f.suffix in (".yml", ".yaml")]
        yield from ((f.relative_to(path).as_posix(), f.read_bytes()[: _LARGEST_RULE + 1]) for f in files)
    elif path.is_file() and tarfile.is_tarfile(path):
        yield from _archived(path)
    elif path.is_file():
        yield path.name, path.read_bytes()[: _LARGEST_RULE + 1]
    else:
        raise Refused([_finding("CNF-005", str(path), "no file or folder", "published rules", "Give --rules a path.")])


def _archived(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for number, member in enumerate(archive):
            if number > _MOST_RULES:
                raise Refused([_finding("CNF-004", str(path), "more members", f"at most {_MOST_RULES}", "Split it.")])
            if not member.isfile() or not member.name.endswith((".yml", ".yaml")) or member.size > _LARGEST_RULE:
                continue
            stream = archive.extractfile(member)
            if stream is not None:
                yield member.name, stream.read(_LARGEST_RULE + 1)


def read_tables(path: Path) -> tuple[Table, ...]:
    """The datasets of a file or folder: SAS transport, Dataset-JSON, Parquet, or CSV with its two tables of metadata.

    Refused with CNF-006 when the path holds none.
    """
    files = [path] if path.is_file() else sorted(f for f in path.iterdir() if f.suffix.lower() in _DATASETS)
    files = [f for f in files if not f.name.startswith("_")]
    csv = [f for f in files if f.suffix.lower() == ".csv"]
    tables = [_read_file(f) for f in files if f not in csv]
    found = (*(t for group in tables for t in group), *read_csv_tables(csv))
    if not found:
        raise Refused([_finding("CNF-006", str(path), "no dataset", "XPT, Dataset-JSON, Parquet or CSV", "Check it.")])
    return found


def _read_file(file: Path) -> list[Table]:
    suffix = file.suffix.lower()
    if suffix == ".xpt":
        datasets = read_xpt(file)
    elif suffix == ".parquet":
        datasets = [read_dataset_parquet(file)]
    else:
        datasets = [read_dataset_json(file)]
    return [table_of(dataset, file.name, file.stat().st_size) for dataset in datasets]


def table_of(dataset: Dataset, file: str = "", size: int = 0) -> Table:
    """A dataset of the tabulation room as a table to check: empty text becomes null.

    Numbers are taken to 15 significant digits, so that 0.05 is 0.05 when SAS transport held it in base 16.
    """
    text = pl.col(pl.String)
    frame = dataset.frame.with_columns(
        pl.when(text.str.len_bytes() > 0).then(text).name.keep(), pl.col(pl.Float64).round_sig_figs(15)
    )
    facts = tuple(
        VariableFacts(c.name, c.label, "Num" if c.numeric else "Char", c.length, c.display_format)
        for c in dataset.columns
    )
    return Table(dataset.name, frame, dataset.label, file or f"{dataset.name.lower()}.xpt", size, facts)


def read_csv_tables(files: list[Path]) -> tuple[Table, ...]:
    """Comma-separated datasets with `_datasets.csv` (labels) and `_variables.csv` (types, lengths) beside them."""
    if not files:
        return ()
    folder = files[0].parent
    labels = {row.get("Filename"): row for row in _csv(folder / "_datasets.csv").iter_rows(named=True)}
    variables: dict[str, list[VariableFacts]] = {}
    for row in _csv(folder / "_variables.csv").iter_rows(named=True):
        length = row.get("length") or ""
        fact = VariableFacts(
            row.get("variable") or "",
            row.get("label") or "",
            row.get("type") or "Char",
            int(float(length)) if length.replace(".", "", 1).isdigit() else None,
        )
        variables.setdefault(Path(row.get("dataset") or "").stem.lower(), []).append(fact)
    return tuple(_csv_table(f, labels.get(f.stem) or {}, tuple(variables.get(f.stem.lower(), ()))) for f in files)


def _csv(file: Path) -> pl.DataFrame:
    if not file.is_file() or not file.stat().st_size:
        return pl.DataFrame()
    try:
        return pl.read_csv(file, infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.NoDataError:
        return pl.DataFrame()
    except pl.exceptions.PolarsError:
        raise Refused([_unreadable(file)]) from None


def _unreadable(file: Path) -> Finding:
    remedy = "Save it as UTF-8 with each column named once."
    return _finding("CNF-011", file.name, "a file that cannot be read", "comma-separated UTF-8", remedy)


def _csv_table(file: Path, head: dict[str, str | None], facts: tuple[VariableFacts, ...]) -> Table:
    frame = _csv(file)
    names = [name.strip() for name in frame.columns]
    if len(set(names)) < len(names):
        raise Refused([_unreadable(file)])
    frame.columns = names
    declared = {fact.name: fact.type for fact in facts}
    frame = frame.with_columns([_typed(frame[name], declared.get(name)) for name in frame.columns])
    name = head.get("Dataset Name") or file.stem.upper()
    return Table(name, frame, head.get("Label") or "", file.name, file.stat().st_size, facts)


def _typed(series: pl.Series, declared: str | None) -> pl.Series:
    """The values as declared, or as they look: a column of numbers or of truth values is one.

    Blanks at the end are no part of a text, as in SAS transport.
    """
    series = series.str.strip_chars_end(" ").replace("", None)
    if declared in ("Char", "String") or (declared is not None and declared not in ("Num", "Number", "Boolean")):
        return series
    known = series.drop_nulls()
    numbers = known.str.strip_chars().cast(pl.Float64, strict=False)
    if declared != "Boolean" and not numbers.has_nulls():
        return series.str.strip_chars().cast(pl.Float64, strict=False)
    truths = known.str.to_lowercase()
    if truths.is_in(["true", "false", "1", "0"]).all() and declared in (None, "Boolean"):
        return series.str.to_lowercase().is_in(["true", "1"])
    return series
