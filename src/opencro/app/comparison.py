"""`opencro compare`: a build beside another version of the same datasets, with a cause for every cell that differs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from opencro.analysis import read_switches
from opencro.app.build_files import package_of
from opencro.app.convert import read_any
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study
from opencro.tabulation import (
    Comparison,
    Explained,
    KnownDifferences,
    compare_versions,
    explain_differences,
    read_known_differences,
    render_differences,
)

KNOWN = ("tabulation/differences.yaml", "analysis/differences.yaml")
"""Where a study lists what it knows to differ."""


def read_version(path: Path) -> dict[str, pl.DataFrame]:
    """Datasets by upper-case name: those of a folder (the first format that has any), or of one file."""
    if path.is_file():
        dataset = read_any(path)
        return {(dataset.name or path.stem).upper(): dataset.frame}
    for suffix in ("parquet", "xpt", "json", "ndjson"):
        files = sorted(path.glob(f"*.{suffix}"))
        if files:
            return {f.stem.upper(): pl.read_parquet(f) if suffix == "parquet" else read_any(f).frame for f in files}
    remedy = "Name a folder with .parquet, .xpt, .json or .ndjson files."
    raise Refused([Finding("CMP-004", Place(str(path)), "no dataset", "a folder of datasets, or one", remedy)])


def compare_with(
    ours: Mapping[str, pl.DataFrame],
    theirs: Mapping[str, pl.DataFrame],
    study: Study | None,
    keys: tuple[str, ...] = (),
) -> Explained:
    """Compare all datasets that both have; a study lends its keys and its list of known differences."""
    known = _known(study) if study else KnownDifferences()
    if keys:
        known = known.model_copy(update={"keys": dict.fromkeys(theirs, keys)})
    both = [n for n in theirs if n in ours]
    if not both:
        got = f"{', '.join(sorted(ours))} beside {', '.join(sorted(theirs))}"
        raise Refused([Finding("CMP-005", Place(), got, "datasets with the same names", "Compare like with like.")])
    listed = [d for d in known.differences if d.dataset in both]
    return explain_differences(compare_versions(ours, theirs, known), listed, " and ".join(KNOWN))


def render_report(explained: Explained, title: str, study: Study | None) -> str:
    """The report as Markdown; behind the differences the peculiarities that the study reproduces on purpose."""
    text = render_differences(explained, title)
    shown = (
        [s for s in read_switches(study) if s.on]
        if study and any(_is_analysis(c) for c in explained.comparisons)
        else []
    )
    if not shown:
        return text
    lines = [
        "",
        "## Reproduced on purpose",
        "",
        "Switches of analysis/switches.yaml that are on; without them these cells would differ.",
    ]
    for switch in shown:
        lines += ["", f"- **{switch.id}** {switch.what} Evidence: {switch.evidence}"]
    return text + "\n".join(lines) + "\n"


def _is_analysis(comparison: Comparison) -> bool:
    return package_of(comparison.dataset) == "adam"


def _known(study: Study) -> KnownDifferences:
    """The lists of all stages as one."""
    lists = [read_known_differences(study.documents.get(name)) for name in KNOWN]
    return KnownDifferences(
        keys={name: keys for one in lists for name, keys in one.keys.items()},
        by_record=tuple(name for one in lists for name in one.by_record),
        differences=tuple(entry for one in lists for entry in one.differences),
    )
