"""Two builds of one study: which results changed, and which facts between them can be the cause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from opencro.analysis.results import CELL_COLUMNS, names_of
from opencro.app.browse.chain import Node, variable_chain
from opencro.app.build import read_manifest
from opencro.app.build_displays import FOLDER, RESULTS, load_shells
from opencro.app.wiring import open_study_ledger
from opencro.kernel.finding import Finding, Place, Refused
from opencro.study import Study

ANALYSIS = CELL_COLUMNS[:7]


@dataclass(frozen=True)
class ChangedAnalysis:
    """An analysis with results that changed, and the facts between the builds that can be the cause."""

    analysis: Mapping[str, str]
    results: pl.DataFrame
    facts: pl.DataFrame


@dataclass(frozen=True)
class ChangedResults:
    """What differs between two builds: positions of the ledger, analyses, and all facts between."""

    before: int
    after: int
    analyses: tuple[ChangedAnalysis, ...]
    facts: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "before": self.before,
            "after": self.after,
            "analyses": [
                {**a.analysis, "results": a.results.to_dicts(), "facts": a.facts.to_dicts()} for a in self.analyses
            ],
        }


def is_build(folder: Path) -> bool:
    """Whether a folder is a build with results."""
    return (folder / FOLDER / RESULTS).is_file()


def compare_results(study: Study, before: Path, after: Path, database: str | None = None) -> ChangedResults:
    """The results that differ between two builds of a study, with the facts of its ledger that lie between them.

    A fact is told with an analysis when its item is among those that the analysis' variables are made of.
    """
    positions = [_position(folder) for folder in (before, after)]
    first, last = sorted(positions)
    facts = _facts(study, first, last, database)
    changed = _changed(*(pl.read_parquet(folder / FOLDER / RESULTS) for folder in (before, after)))
    chain = variable_chain(study)
    analyses = []
    for key, rows in changed.group_by(ANALYSIS, maintain_order=True):
        told = dict(zip(ANALYSIS, map(str, key), strict=True))
        items = items_behind(_variables(told, study), chain)
        analyses.append(ChangedAnalysis(told, rows, facts.filter(pl.col("item").is_in(sorted(items)))))
    return ChangedResults(positions[0], positions[1], tuple(analyses), facts)


def _position(folder: Path) -> int:
    manifest = read_manifest(folder)
    if manifest is None:
        raise Refused([Finding("CMP-006", Place(str(folder)), "no build", "a folder with manifest.json", "Build it.")])
    return int(manifest["inputs"]["position"])


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Results by cell that are not the same, with both values; a result that only one build has has no other."""
    both = before.join(after, on=CELL_COLUMNS, how="full", coalesce=True, suffix="_after", nulls_equal=True)
    differ = ~(pl.col("value").eq_missing(pl.col("value_after")) & pl.col("text").eq_missing(pl.col("text_after")))
    return both.filter(differ).rename({"value": "before", "value_after": "after"}).sort(CELL_COLUMNS)


def _facts(study: Study, first: int, last: int, database: str | None) -> pl.DataFrame:
    with open_study_ledger(study, database) as ledger:
        changes = ledger.changes_frame(after=first, until=last)
    item = pl.format("{}.{}", pl.col("form"), pl.col("item")).alias("item")
    return changes.select(
        pl.col("seq").alias("fact"),
        "participant",
        item,
        "old",
        "new",
        pl.col("actor").alias("who"),
        pl.col("recorded_at").alias("when"),
        pl.col("reason").alias("why"),
    )


def _variables(analysis: Mapping[str, str], study: Study) -> list[str]:
    """The variables that an analysis names, those of its groupings and of its population among them."""
    dataset = analysis["dataset"]
    names = [f"{dataset}.{n}" for n in (analysis["variable"], *names_of(analysis["where"])) if n]
    shells = load_shells(study)
    if shells is None:
        return names
    definitions = shells.empty.definitions
    options = json.loads(analysis["options"] or "{}")
    named = [
        *analysis["by"].split(", "),
        *(options.get(o, "") for o in ("across", "response")),
        *options.get("strata", ()),
    ]
    names += [f"{dataset}.{n}" for n in re.findall(r"[A-Za-z_]\w*", options.get("model", ""))]
    for identity in filter(None, named):
        grouping = definitions.groupings.get(identity)
        if grouping is None:
            names.append(f"{dataset}.{identity}")
            continue
        owner = grouping.dataset or dataset
        wanted = [grouping.variable, *(n for group in grouping.groups for n in names_of(group.where))]
        names += [f"{owner}.{n}" for n in wanted if n]
    population = definitions.populations.get(analysis["population"])
    return [*names, *(f"ADSL.{n}" for n in names_of(population.where if population else ""))]


def items_behind(variables: Iterable[str], chain: Mapping[str, Node]) -> set[str]:
    """The items of forms that variables are made of, however far back."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = list(variables)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in chain:
            continue
        seen.add(name)
        found |= set(chain[name]["items"])
        waiting += chain[name]["from"]
    return found


def render_changed(changed: ChangedResults, limit: int = 12) -> str:
    """The changes as text for a reader at a terminal."""
    count = sum(a.results.height for a in changed.analyses)
    lines = [
        f"{count:,} results of {len(changed.analyses)} analyses changed between ledger positions {changed.before:,} "
        f"and {changed.after:,}; {changed.facts.height:,} values were entered or changed in between"
    ]
    for one in changed.analyses:
        told = one.analysis
        of = f" of {told['variable']}" if told["variable"] else ""
        within = f" where {told['where']}" if told["where"] else ""
        lines.append(f"\n{told['method']}{of}, {told['dataset']}, population {told['population']}{within}")
        lines += [_result_line(row) for row in one.results.head(limit).iter_rows(named=True)]
        if one.results.height > limit:
            lines.append(f"    ... and {one.results.height - limit:,} more results")
        people = one.facts["participant"].n_unique()
        lines.append(f"  by {one.facts.height:,} facts of {people:,} participants")
        lines += [_fact_line(row) for row in one.facts.head(limit).iter_rows(named=True)]
        if one.facts.height > limit:
            lines.append(f"    ... and {one.facts.height - limit:,} more facts")
    return "\n".join(lines)


def _result_line(row: Mapping[str, Any]) -> str:
    cell = " ".join(part for part in (row["groups"], row["contrast"], row["operation"]) if part)
    return f"    {cell}: {_shown(row['before'])} -> {_shown(row['after'])}"


def _fact_line(row: Mapping[str, Any]) -> str:
    why = f" ({row['why']})" if row["why"] else ""
    change = f"{row['old'] or 'nothing'} -> {row['new'] or 'nothing'}"
    return f"    fact {row['fact']}: {row['participant']} {row['item']} {change}, {row['who']}{why}"


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
