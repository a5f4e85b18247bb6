"""What a reviewer is told of an analysis variable: where it comes from, and how it is made, in words.

Source: CDISC Define-XML 2.1 section 5.3.11.3 (origins of analysis data: Predecessor, Derived, Assigned).
"""

from __future__ import annotations

from collections.abc import Iterator

from opencro.analysis.adam.model import AnalysisDataset, Step


def steps_of(dataset: AnalysisDataset, variable: str) -> tuple[Step, ...]:
    """The steps that make a variable, in their order."""
    return tuple(step for step in dataset.steps if variable in step.makes())


def origin_of(dataset: AnalysisDataset, variable: str) -> str:
    """Predecessor (copied), Assigned (a fixed value) or Derived; what the declaration says goes first."""
    spec = dataset.variables[variable]
    if spec.origin:
        return spec.origin
    if predecessor_of(dataset, variable):
        return "Predecessor"
    making = steps_of(dataset, variable)
    return "Assigned" if all(step.derivation.name == "constant" for step in making) else "Derived"


def predecessor_of(dataset: AnalysisDataset, variable: str) -> str:
    """`ADSL.AGE` where the variable is copied unchanged from the row's record or by a plain merge; else empty."""
    spec = dataset.variables[variable]
    if spec.predecessor:
        return spec.predecessor
    making = steps_of(dataset, variable)
    if not making:
        return f"{dataset.rows[0].dataset}.{variable}"
    if len(making) > 1 or making[0].when or making[0].derivation.name not in ("merged", "computed", "text"):
        return ""
    step = making[0]
    if step.derivation.name == "merged":
        taken = next(iter(step.of_role("taken")))
        return "" if any(step.of_role("condition", "order")) else f"{step.source}.{taken[variable]}"
    text = str(step.arguments.get("value") or step.arguments.get("template", "")).strip("{}")
    return f"{dataset.rows[0].dataset}.{text}" if text.isidentifier() and not _makes(dataset, text) else ""


def _makes(dataset: AnalysisDataset, name: str) -> bool:
    return bool(steps_of(dataset, name))


def method_of(dataset: AnalysisDataset, variable: str) -> str:
    """How a variable is made: the declaration's own words, or those of its steps and of the columns they work with."""
    spec = dataset.variables[variable]
    if spec.derivation:
        return spec.derivation
    own = [step.words(variable) for step in steps_of(dataset, variable)]
    working = [f"{name}: {' '.join(words)}" for name, words in _working(dataset, variable, {variable})]
    return " ".join([*own, *working])


def _working(dataset: AnalysisDataset, variable: str, told: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Columns that are no variables of the dataset, with the words of the steps that make them."""
    for step in steps_of(dataset, variable):
        for name in sorted(step.reads() - told):
            making = steps_of(dataset, name)
            if name in dataset.variables or not making:
                continue
            told.add(name)
            yield name, [made.words(name) for made in making]
            yield from _working(dataset, name, told)
