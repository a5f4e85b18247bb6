"""Where an item of a form stands in SDTM, for the annotated CRF: the variables that take it as it was collected.

Source: CDISC SDTM metadata submission guidelines 2.0, section 3.2 (annotations). Nothing is annotated by hand: the
declarations that make the datasets are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from opencro.tabulation.algorithms.algorithm import Algorithm
from opencro.tabulation.algorithms.assign import CollectedItem
from opencro.tabulation.algorithms.derive import Case, FirstPresent, Greatest
from opencro.tabulation.lineage import asks_form, names_of_item
from opencro.tabulation.model import Domain, Source, Variable


@dataclass(frozen=True, slots=True)
class Target:
    """A variable of a dataset that an item goes to; perhaps in rows of one test only, perhaps by derivation."""

    domain: str
    variable: str
    where: str = ""
    supplemental: bool = False
    derived: bool = False


def find_targets(domains: Mapping[str, Domain], form: str, item: str) -> tuple[Target, ...]:
    """The variables that take an item as collected; where there are none, those that are derived from it directly."""
    found: list[Target] = []
    for domain in domains.values():
        found += _collected(domain, form, item)
    if not found:
        for domain in domains.values():
            found += _derived(domain, form, item)
    return tuple(dict.fromkeys(found))


def _collected(domain: Domain, form: str, item: str) -> Iterator[Target]:
    for source in domain.sources:
        names = names_of_item(source, form, item)
        where = _where(domain, source, item)
        for name, variable in _public(domain).items():
            if _takes(variable.algorithm, names):
                yield Target(domain.name, name, where, name in domain.supplemental)
    for name, variable in _public(domain).items():
        if asks_form(variable.algorithm, form, item):
            yield Target(domain.name, name, "", name in domain.supplemental)


def _derived(domain: Domain, form: str, item: str) -> Iterator[Target]:
    """By way of working variables too."""
    names = {name for source in domain.sources for name in names_of_item(source, form, item)}
    reached = {f"raw.{name}" for name in names}
    variables = domain.all_variables()
    through = {n for n, v in domain.working.items() if asks_form(v.algorithm, form, item)}
    while more := {n for n, v in domain.working.items() if v.algorithm.needs() & (reached | through)} - through:
        through |= more
    for name in _public(domain):
        if variables[name].algorithm.needs() & (reached | through):
            yield Target(domain.name, name, "", name in domain.supplemental, derived=True)


def _public(domain: Domain) -> dict[str, Variable]:
    return {**domain.variables, **domain.supplemental}


def _takes(algorithm: Algorithm, names: Iterable[str]) -> bool:
    if isinstance(algorithm, Case):
        return any(_takes(branch.then, names) for branch in algorithm.case)
    if isinstance(algorithm, FirstPresent):
        return any(_takes(part, names) for part in algorithm.first_of)
    if isinstance(algorithm, Greatest):
        return any(_takes(part, names) for part in algorithm.greatest_of)
    return algorithm.origin == "Collected" and bool(algorithm.needs() & {f"raw.{name}" for name in names})


def _where(domain: Domain, source: Source, item: str) -> str:
    """`VSTESTCD = SYSBP` where the item holds results of one test of an unpivoted record."""
    if source.unpivot is None:
        return ""
    patterns = [pattern for pattern in source.unpivot.items.values() if "{test}" in pattern]
    tests = [t for t in source.unpivot.tests if any(p.replace("{test}", t) == item for p in patterns)]
    named = next((n for n, v in domain.variables.items() if _is_test(v.algorithm)), "")
    return f"{named} = {tests[0]}" if tests and named else ""


def _is_test(algorithm: Algorithm) -> bool:
    return isinstance(algorithm, CollectedItem) and algorithm.item == "test"
